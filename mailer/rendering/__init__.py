"""Templates to a compiled message: what is the same for everyone is made once, what is personal is spliced in.

``issue`` is what a wave sends, ``languages`` picks its editions for a contact, ``templates`` reads the office's
templates with their ``translations``, ``view`` is what they see (``markdown``, ``moments``, ``slots``),
``compiling`` runs them and isolates directions (``bidi``), ``compiled`` splices (``headers``, ``encoding``).
"""

from mailer.rendering.compiled import CompiledMessage, Preview, pictures_in, sender_in
from mailer.rendering.compiling import compile_message
from mailer.rendering.headers import date_field, header_address, mailbox_field, needs_smtputf8, text_field, verp
from mailer.rendering.issue import Asset, Issue, Occasion, Personal, Place, SenderIdentity
from mailer.rendering.languages import Layout, direction, pick_languages
from mailer.rendering.templates import Template, load_template

__all__ = [
    "Asset",
    "CompiledMessage",
    "Issue",
    "Layout",
    "Occasion",
    "Personal",
    "Place",
    "Preview",
    "SenderIdentity",
    "Template",
    "compile_message",
    "date_field",
    "direction",
    "header_address",
    "load_template",
    "mailbox_field",
    "needs_smtputf8",
    "pick_languages",
    "pictures_in",
    "sender_in",
    "text_field",
    "verp",
]
