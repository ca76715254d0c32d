"""The office's settings: ``config/dateline.toml`` and the environment, read once into a frozen object."""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from mailer.clock import zone_named
from mailer.errors import BadSetting, BadSyntax, DatelineError, OfficeMissing, UnknownSetting, UnreadableFile

_PREFIX = "DATELINE_"
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _duration(value: object) -> object:
    if isinstance(value, str) and (match := re.fullmatch(r"(\d{1,6})\s*([smhd])", value.strip(), re.ASCII)):
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    if isinstance(value, timedelta):
        return value
    raise ValueError("a whole number and s, m, h or d, such as 90m or 2d")


def _age(value: object) -> object:
    if value is None or value == "":
        return None
    if isinstance(value, str) and (match := re.fullmatch(r"(\d{1,5})\s*([dy])", value.strip(), re.ASCII)):
        age = timedelta(days=int(match[1]) * (365 if match[2] == "y" else 1))
        if timedelta(days=30) <= age <= timedelta(days=36_500):
            return age
    if isinstance(value, timedelta):
        return value
    raise ValueError('30 days or more as a whole number and d or y (of 365 days), such as 90d or 3y; "" for never')


def _web_address(value: str) -> str:
    if value and not re.fullmatch(r"https?://[^\s/?#]+[^\s]*", value):
        raise ValueError("an address that begins with https:// or http://")
    return value


def _folder(value: object) -> object:
    return None if value == "" else value


def _zone(value: str) -> str:
    try:
        zone_named(value)
    except DatelineError as error:
        raise ValueError(error.advice) from error
    return value


def _one_line(value: str) -> str:
    if re.search(r"[\x00-\x1f\x7f]", value):
        raise ValueError("one line of text without control characters")
    return value


def _language(value: str) -> str:
    # RFC 5646 2.1: a language of two or three letters, script and region after it.
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z]{4})?(-[A-Z]{2}|-\d{3})?", value, re.ASCII):
        raise ValueError("a language tag, such as en, ar or pt-BR")
    return value


# RFC 5321 4.1.2: a label of letters, digits and inner hyphens.
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"


def ascii_domain(value: str) -> str:
    """A domain as it is compared: in lower case and ASCII (RFC 5890 A-labels); what is none stays as it is."""
    if not value.isascii():
        with suppress(EmailNotValidError):
            value = validate_email(f"x@{value}", check_deliverability=False).ascii_domain
    return value.lower()


def _domain(value: str) -> str:
    domain = ascii_domain(value)
    if len(domain) > 253 or not re.fullmatch(rf"({_LABEL}\.)+{_LABEL}", domain, re.ASCII):
        raise ValueError("a domain, such as office.example")
    return domain


def _domain_or_below(value: str) -> str:
    below, star, domain = value.rpartition("*.")
    if below or not star:
        domain = value
    try:
        return star + _domain(domain)
    except ValueError as error:
        raise ValueError("a domain, such as paper.example, or *.gov.example for all below it") from error


def _sender(value: str) -> str:
    local, at, domain = value.rpartition("@")
    try:
        if bool(local) is not bool(at):
            raise ValueError
        return f"{local.lower()}{at}{_domain(domain)}"
    except ValueError as error:
        raise ValueError("an address, such as press@desk.example, or a domain, such as desk.example") from error


def _mail_address(value: str) -> str:
    try:
        return validate_email(value, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise ValueError("a mail address, such as press@partner.example") from error


def _by_commas(value: object) -> object:
    # As the environment gives it.
    return [part for text in value.split(",") if (part := text.strip())] if isinstance(value, str) else value


def _selector(value: str) -> str:
    # RFC 6376 3.1.
    if len(value) > 63 or not re.fullmatch(rf"({_LABEL}\.)*{_LABEL}", value.lower(), re.ASCII):
        raise ValueError("letters, digits and hyphens, such as press2026")
    return value.lower()


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Age = Annotated[timedelta | None, BeforeValidator(_age)]
"""How long something is kept; ``None`` for as long as nobody deletes it."""
Zone = Annotated[str, AfterValidator(_zone)]
Line = Annotated[str, AfterValidator(_one_line)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Folder = Annotated[Path | None, BeforeValidator(_folder)]
"""``None`` where it is left empty."""
Language = Annotated[str, AfterValidator(_language)]
Domain = Annotated[str, AfterValidator(_domain)]
"""In ASCII (RFC 5890 A-labels)."""
Senders = Annotated[tuple[Annotated[str, AfterValidator(_sender)], ...], BeforeValidator(_by_commas)]
Addresses = Annotated[tuple[Annotated[str, AfterValidator(_mail_address)], ...], BeforeValidator(_by_commas)]
RecipientDomains = Annotated[
    tuple[Annotated[str, AfterValidator(_domain_or_below)], ...], BeforeValidator(_by_commas)
]
Selector = Annotated[str, AfterValidator(_selector)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Office(_Section):
    """``[office]``: who we are and the zone in which plans are shown."""

    name: Line = "Press Office"
    zone: Zone
    languages: tuple[Language, ...] = Field(("en", "ar"), min_length=1)
    default_language: Language = "en"

    @model_validator(mode="after")
    def _default_is_published(self) -> "Office":
        if self.default_language not in self.languages:
            raise ValueError(f"default_language must be one of languages: {', '.join(self.languages)}")
        return self


class Database(_Section):
    """``[database]``: where the registry, the schedule and the log are kept."""

    url: SecretStr = SecretStr("sqlite:///data/dateline.db")


class Relay(_Section):
    """``[[relay]]``: an SMTP server that takes our mail."""

    name: Line
    host: Line
    port: int = Field(587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: Line = ""
    password: SecretStr = SecretStr("")
    password_file: Path | None = None
    ca_file: Path | None = None
    connections: int = Field(10, ge=1, le=100)
    messages_per_minute: int = Field(0, ge=0)
    senders: Senders = ()
    recipient_domains: RecipientDomains = ()
    standby: bool = False

    def sends_for(self, sender: str) -> bool:
        """Whether it takes mail that is from this address."""
        local, _, domain = sender.lower().rpartition("@")
        domain = ascii_domain(domain)
        return not self.senders or domain in self.senders or f"{local}@{domain}" in self.senders


class Limit(_Section):
    """``[[limit]]``: how much one recipient domain is sent at most, over all relays."""

    domain: Domain
    connections: int = Field(0, ge=0, le=100)
    messages_per_minute: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _limits_something(self) -> "Limit":
        if not self.connections and not self.messages_per_minute:
            raise ValueError("connections or messages_per_minute, or both")
        return self


class Sender(_Section):
    """``[sender]``: whose name and addresses the mail carries."""

    name: Line = ""
    address: Line
    reply_to: Line = ""
    bounce_address: Line = ""
    list_unsubscribe_url: Line = ""


class Delivery(_Section):
    """``[delivery]``: what to do when things are late or in doubt."""

    in_doubt: Literal["resend", "hold"] = "resend"
    give_up_after: Duration = timedelta(days=2)
    late_grace: Duration = timedelta(hours=1)
    journal_sync: Literal["never", "begin", "always"] = "never"


class Privacy(_Section):
    """``[privacy]``: the key of erased addresses, and how long personal values are kept."""

    erasure_key_file: Path = Path("data/erasure.key")
    erase_unused_after: Age = None
    forget_attempt_texts_after: Age = None
    forget_personal_values_after: Age = None


class Log(_Section):
    """``[log]``: who else keeps the log's checkpoints."""

    checkpoint_folder: Folder = None
    checkpoint_url: WebAddress = ""
    checkpoint_every: Duration = timedelta(hours=1)
    checkpoint_mail: Addresses = ()
    checkpoint_mail_every: Duration = timedelta(days=1)


class Dkim(_Section):
    """``[[dkim]]``: a key that signs our mail, or has."""

    domain: Domain
    selector: Selector
    key_file: Path
    retired: bool = False


def _signing(value: "tuple[Dkim, ...]") -> "tuple[Dkim, ...]":
    if len({(key.domain, key.selector) for key in value}) < len(value):
        raise ValueError("each domain and selector once")
    if sum(not key.retired for key in value) > 2:
        raise ValueError("at most two that sign; mark the others with retired = true")
    return value


def _reaching_everybody(value: "tuple[Relay, ...]", info: ValidationInfo) -> "tuple[Relay, ...]":
    """Nobody is missed because no relay would take her mail."""
    if len({relay.name for relay in value}) < len(value):
        raise ValueError("each name once")
    sender = info.data.get("sender")
    if value and sender and not any(r.sends_for(sender.address) and not r.recipient_domains for r in value):
        raise ValueError(
            f"at least one relay without recipient_domains that takes mail from {sender.address}, or there would be "
            "recipients whom no relay takes"
        )
    return value


def _each_domain_once(value: tuple[Limit, ...]) -> tuple[Limit, ...]:
    if len({limit.domain for limit in value}) < len(value):
        raise ValueError("each domain once")
    return value


class Config(_Section):
    """All settings of one press office; nothing below reads a file or the environment for them again."""

    home: Path
    office: Office
    database: Database = Database()
    sender: Sender
    delivery: Delivery = Delivery()
    privacy: Privacy = Privacy()
    log: Log = Log()
    relay: Annotated[tuple[Relay, ...], AfterValidator(_reaching_everybody)] = ()
    limit: Annotated[tuple[Limit, ...], AfterValidator(_each_domain_once)] = ()
    dkim: Annotated[tuple[Dkim, ...], AfterValidator(_signing)] = ()

    @property
    def database_url(self) -> str:
        """The database's URL, a relative SQLite path taken from the office's folder. Holds a secret."""
        url = self.database.url.get_secret_value()
        scheme, _, path = url.partition(":///")
        if scheme.startswith("sqlite") and path and not path.startswith("/") and path != ":memory:":
            return f"{scheme}:///{self.home / path}"
        return url

    @property
    def keys_folder(self) -> Path:
        """Where secret keys lie that nobody names a file for."""
        return self.home / "config" / "keys"

    @property
    def erasure_key_file(self) -> Path:
        """Where the key of erased addresses lies, a relative path taken from the office's folder."""
        return self.home / self.privacy.erasure_key_file

    @property
    def checkpoint_folder(self) -> Path | None:
        """Where checkpoints are kept as well, a relative path taken from the office's folder."""
        folder = self.log.checkpoint_folder
        return None if folder is None else self.home / folder


_BLOCKS: Mapping[str, type[BaseModel]] = {"relay": Relay, "limit": Limit, "dkim": Dkim}
"""Sections that come as often as they are needed."""


def config_file(home: Path) -> Path:
    """Where an office's settings lie."""
    return home / "config" / "dateline.toml"


def load(home: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Read an office's settings; the environment goes before the file.

    Raises ``OfficeMissing``, ``UnreadableFile``, ``BadSyntax``, ``UnknownSetting`` or ``BadSetting``.
    No error shows a secret's value.
    """
    home = home.absolute()
    file = config_file(home)
    if not file.exists():
        raise OfficeMissing(folder=home)
    settings = _read(file)
    origins = _overlay(settings, environment)
    _refuse_unknown(settings, Config, "", file, origins)
    try:
        config = Config.model_validate({**settings, "home": home})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        key = _key(first["loc"])
        raise BadSetting(
            file=origins.get(key, file),
            key=key,
            value=_shown(settings, first["loc"]),
            allowed=first["msg"].removeprefix("Value error, ").removeprefix("Input should be ").rstrip("."),
        ) from error
    return config.model_copy(
        update={
            "relay": tuple(_with_files(r, home) for r in config.relay),
            "dkim": tuple(k.model_copy(update={"key_file": home / k.key_file}) for k in config.dkim),
        }
    )


def database_url_in(home: Path, environment: Mapping[str, str] = os.environ) -> str:
    """Where an office's database is, of its settings this alone: its other secrets may not be there yet.

    Raises what ``load`` raises of a file that cannot be read. Holds a secret.
    """
    settings: object = environment.get(f"{_PREFIX}DATABASE__URL")
    if settings is None:
        section = _read(config_file(home)).get("database", {})
        settings = section.get("url") if isinstance(section, dict) else None
    database = Database(url=SecretStr(settings)) if isinstance(settings, str) else Database()
    return Config.model_construct(home=home.absolute(), database=database).database_url


def _with_files(relay: Relay, home: Path) -> Relay:
    """The relay with its files taken from the office's folder, and its password read."""
    if relay.ca_file is not None:
        relay = relay.model_copy(update={"ca_file": home / relay.ca_file})
    if relay.password_file is None:
        return relay
    file = home / relay.password_file
    try:
        return relay.model_copy(update={"password": SecretStr(file.read_text("utf-8").rstrip("\r\n"))})
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UnreadableFile(file=file, reason=reason) from error


def _read(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise UnreadableFile(file=file, reason=error.strerror or "unknown reason") from error
    except UnicodeDecodeError as error:
        raise UnreadableFile(file=file, reason="it is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        reason, _, place = str(error).rpartition(" (at ")
        raise BadSyntax(file=file, place=place.rstrip(")"), reason=reason) from error


def _overlay(settings: dict[str, object], environment: Mapping[str, str]) -> dict[str, str]:
    """Lay ``DATELINE_SECTION__KEY`` over the file's settings; returns which key came from which name."""
    origins: dict[str, str] = {}
    for name, text in sorted(environment.items()):
        if not name.startswith(_PREFIX) or "__" not in name:
            continue
        section, *index, key = name.removeprefix(_PREFIX).lower().split("__")
        value: object = text
        if section == "office" and key == "languages":
            value = [part.strip() for part in text.split(",")]
        target: object = settings.setdefault(section, {})
        if isinstance(target, list):
            # DATELINE_RELAY__0__HOST is host in the first [[relay]].
            place = int(index[0]) if index and index[0].isdecimal() else -1
            if not 0 <= place < len(target):
                raise UnknownSetting(file=name, key=name, nearest=f"Number the {section} from 0 in the name.")
            origins[f"{section}[{place + 1}].{key}"] = name
            target = target[place]
        else:
            origins[f"{section}.{key}"] = name
        if isinstance(target, dict):
            target[key] = value
    return origins


def _refuse_unknown(
    settings: Mapping[str, object], model: type[BaseModel], path: str, file: Path, origins: Mapping[str, str]
) -> None:
    known = {name: field.annotation for name, field in model.model_fields.items() if name != "home"}
    for name, value in settings.items():
        key = f"{path}{name}"
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            advice = f"Did you mean {path}{near[0]}?" if near else f"Allowed here: {', '.join(known)}."
            raise UnknownSetting(file=origins.get(key, file), key=key, nearest=advice)
        section = known[name]
        if section is not None and isinstance(section, type) and issubclass(section, BaseModel):
            if isinstance(value, dict):
                _refuse_unknown(value, section, f"{key}.", file, origins)
        elif (block := _BLOCKS.get(name)) and isinstance(value, list):
            for number, settings_of_one in enumerate(value, 1):
                if isinstance(settings_of_one, dict):
                    _refuse_unknown(settings_of_one, block, f"{key}[{number}].", file, origins)


def _key(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "the file"


def _shown(settings: object, location: tuple[int | str, ...]) -> str:
    if location and location[-1] in ("password", "url"):
        return "that value"
    for part in location:
        try:
            settings = settings[part]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            return "left out"
    # A whole section is not shown: it may hold a secret.
    whole = isinstance(settings, dict) or (
        isinstance(settings, list) and any(isinstance(s, dict) for s in settings)
    )
    return "what it is" if whole else repr(settings)
