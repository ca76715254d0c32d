"""What the law gives a person: to know what is held on her, to be forgotten, and not to be kept for ever.

``dossier`` gathers everything on her and ``page`` makes it readable,
``erasure`` removes what identifies her, ``retention`` finds what is too old to be kept.
"""

from mailer.privacy.erasure import TABLES, Erased, Reason, erase, erase_all, survey

__all__ = ["TABLES", "Erased", "Reason", "erase", "erase_all", "survey"]
