"""Mails a checkpoint of the log to whoever shall keep it, by the office's own relay."""

import secrets
from base64 import encodebytes
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from mailer.audit.sealing import SUFFIX, Checkpoint, Witness, witnesses
from mailer.clock import Clock
from mailer.config import Config
from mailer.delivery.dkim import Signer, sign
from mailer.delivery.single_mail import NotTaken, send_single
from mailer.errors import WitnessFailed
from mailer.rendering import (
    SenderIdentity,
    date_field,
    header_address,
    mailbox_field,
    text_field,
)

_WORDS: Mapping[str, tuple[str, str]] = {
    "en": (
        "Checkpoint of the log of {office}: {size} entries",
        "Please keep this mail, unread if you like, and do not throw it away.\n\n"
        "{office} keeps a log of every press release that it sends and of who approved it. The attached file is a "
        "checkpoint: it says, signed, how many entries the log has today ({size}) and what they add up to. As long as "
        "you have it, nobody can change any of those entries without its being found out, not even we.\n\n"
        "There is nothing to do. If the log is ever doubted, this mail is put beside it: save it as a file and run "
        "“dateline log verify --against FILE”. If these mails stop, ask us why.\n",
    ),
    "ar": (
        "نقطة تحقق من سجل {office}: {size} قيدًا",
        "يرجى الاحتفاظ بهذه الرسالة وعدم حذفها، ولا حاجة إلى قراءتها.\n\n"
        "يحتفظ {office} بسجل لكل بيان صحفي يرسله ولمن وافق عليه. الملف المرفق نقطة تحقق موقّعة تبيّن عدد قيود السجل "
        "اليوم ({size}) وخلاصتها الحسابية. ما دامت لديكم فلا يستطيع أحد أن يغيّر أيًا من تلك القيود دون أن يُكتشف ذلك، "
        "ولا نحن.\n\n"
        "ليس مطلوبًا منكم أي شيء. إذا شكّ أحد في السجل يومًا قورنت به هذه الرسالة: احفظوها في ملف ونفّذوا الأمر "
        "«dateline log verify --against FILE». وإذا انقطعت هذه الرسائل فاسألونا عن السبب.\n",
    ),
    "fr": (
        "Point de contrôle du journal de {office} : {size} entrées",
        "Merci de conserver ce message, sans forcément le lire, et de ne pas le supprimer.\n\n"
        "{office} tient un journal de chaque communiqué envoyé et de qui l’a approuvé. Le fichier joint est un point "
        "de contrôle : il dit, avec une signature, combien d’entrées le journal compte aujourd’hui ({size}) et quelle "
        "est leur empreinte. Tant que vous l’avez, personne ne peut modifier l’une de ces entrées sans que cela se "
        "voie, pas même nous.\n\n"
        "Il n’y a rien à faire. Si un jour le journal est mis en doute, on le compare à ce message : enregistrez-le "
        "dans un fichier et lancez « dateline log verify --against FILE ». Si ces messages cessent, demandez-nous "
        "pourquoi.\n",
    ),
}


def witnesses_of(
    config: Config, clock: Clock, *, sender: SenderIdentity, signers: Sequence[Signer] = ()
) -> list[Witness]:
    """Everybody to whom the settings give checkpoints: a folder, a web address, and whom they name by mail address."""
    log = config.log
    return witnesses(config.checkpoint_folder, log.checkpoint_url, every=log.checkpoint_every) + [
        Witness(
            f"mail to {address}",
            partial(_mail, address, config=config, clock=clock, sender=sender, signers=signers),
            config.log.checkpoint_mail_every,
            at_end=False,
        )
        for address in config.log.checkpoint_mail
    ]


def checkpoint_mail(
    note: str, address: str, *, language: str, sender: SenderIdentity, at: datetime, signers: Sequence[Signer] = ()
) -> bytes:
    """The whole message, signed by those of the keys that are not retired."""
    size = Checkpoint.parsed(note).size
    subject, body = _WORDS.get(language.partition("-")[0], _WORDS["en"])
    domain = header_address(sender.address).rpartition("@")[2]
    boundary = f"=_{secrets.token_hex(12)}"
    head = (
        date_field(at)
        + mailbox_field("From", sender.name, sender.address)
        + f"To: {header_address(address)}\r\n"
        + f"Message-ID: <log-{size}-{secrets.token_hex(8)}@{domain}>\r\n"
        + text_field("Subject", subject.format(office=sender.name, size=size))
        # RFC 3834 5: nobody's autoresponder should answer.
        + "Auto-Submitted: auto-generated\r\n"
        + "MIME-Version: 1.0\r\n"
        + f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n'
    )
    parts = (
        _part(body.format(office=sender.name, size=size), f"Content-Language: {language}\r\n"),
        _part(note, f'Content-Disposition: attachment; filename="{size:012}{SUFFIX}"\r\n'),
    )
    content = "".join(f"--{boundary}\r\n{part}" for part in parts) + f"--{boundary}--\r\n"
    fields, rest = head.encode(), content.encode("ascii")
    signing = [signer for signer in signers if not signer.retired]
    signatures = sign(signing, [fields], [rest], at=at) if signing else b""
    return signatures + fields + b"\r\n" + rest


def _part(text: str, field: str) -> str:
    # Base64, so that no relay or reader changes a line's end: the file's bytes are what was signed.
    encoded = encodebytes(text.encode()).decode().replace("\n", "\r\n")
    return f"Content-Type: text/plain; charset=utf-8\r\n{field}Content-Transfer-Encoding: base64\r\n\r\n{encoded}"


def _mail(
    address: str, note: str, *, config: Config, clock: Clock, sender: SenderIdentity, signers: Sequence[Signer]
) -> None:
    language = config.office.default_language
    content = checkpoint_mail(note, address, language=language, sender=sender, at=clock.now(), signers=signers)
    try:
        send_single(config, sender, address, [content])
    except NotTaken as error:
        raise WitnessFailed(witness=address, reason=str(error).rstrip(".")) from error
