"""The seal: an RFC 6962 Merkle tree over the log's entries, signed in checkpoints, so that no entry is changed unseen.

``leaf`` says which bytes of an entry are hashed; ``merkle`` is the tree's arithmetic, ``tiles`` where its hashes lie,
``notes`` what is signed; ``sealer`` takes new entries in, ``keeping`` does so while a process runs, ``verify`` goes
through all of them.
"""

from mailer.audit.sealing.keeping import kept_sealed
from mailer.audit.sealing.keys import LogKey, known_keys, log_key_of
from mailer.audit.sealing.models import LogCheckpoint, LogRun, LogTile
from mailer.audit.sealing.notes import Checkpoint, VerifierKey, signer_of
from mailer.audit.sealing.sealer import Sealed, Sealer
from mailer.audit.sealing.verify import Fault, Problem, Report, Verified, verify

__all__ = [
    "Checkpoint",
    "Fault",
    "LogCheckpoint",
    "LogKey",
    "LogRun",
    "LogTile",
    "Problem",
    "Report",
    "Sealed",
    "Sealer",
    "Verified",
    "VerifierKey",
    "kept_sealed",
    "known_keys",
    "log_key_of",
    "signer_of",
    "verify",
]
