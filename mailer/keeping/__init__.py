"""What keeps an office: backups while it runs, and bringing one back so that nothing is sent a second time.

``backup`` writes one file of the database (``snapshot``, ``programs``) and the office's folder (``papers``), with a
``manifest``; ``archive`` checks such a file from whoever hands it over, and ``restoring`` makes an office of it.
``aftermath`` holds whatever an office that was put back would send, and ``older`` notices one that was put back by
hand.
"""

from mailer.keeping.aftermath import Aftermath, HeldWave, recover
from mailer.keeping.backup import BackedUp, back_up
from mailer.keeping.manifest import Manifest
from mailer.keeping.older import Evidence, evidence, put_away, refuse_older
from mailer.keeping.papers import secrets_in_settings
from mailer.keeping.restoring import Restored, restore
from mailer.keeping.snapshot import Progress

__all__ = [
    "Aftermath",
    "BackedUp",
    "Evidence",
    "HeldWave",
    "Manifest",
    "Progress",
    "Restored",
    "back_up",
    "evidence",
    "put_away",
    "recover",
    "refuse_older",
    "restore",
    "secrets_in_settings",
]
