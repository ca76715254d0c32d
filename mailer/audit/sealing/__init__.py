"""The seal: an RFC 6962 Merkle tree over the log's entries, signed in checkpoints, so that no entry is changed unseen.

``leaf`` says which bytes of an entry are hashed; ``merkle`` is the tree's arithmetic, ``tiles`` where its hashes lie,
``notes`` what is signed; ``sealer`` takes new entries in, on the ``footing`` of what was signed last, and ``keeping``
does so while a process runs; ``changes`` are of the key and of the copy; ``verify`` goes through all entries,
``proofs`` proves one, ``receipt`` is the file for
somebody outside, and ``static`` the tree as files.
"""

from mailer.audit.sealing.changes import SetBack, accept_backup, rotate_key
from mailer.audit.sealing.keeping import kept_sealed, kept_witnessed
from mailer.audit.sealing.keys import LogKey, beside_the_keys, known_keys, log_key_of
from mailer.audit.sealing.models import LogCheckpoint, LogRun, LogTile, LogWitness, last_checkpoint
from mailer.audit.sealing.notes import Checkpoint, VerifierKey, signer_of
from mailer.audit.sealing.proofs import Proven, prove
from mailer.audit.sealing.receipt import Checked, check_receipt, write_receipt
from mailer.audit.sealing.sealer import Sealed, Sealer
from mailer.audit.sealing.static import Written, write_tree
from mailer.audit.sealing.verify import Fault, Problem, Report, Verified, verify
from mailer.audit.sealing.witness import SUFFIX, Witness, notes_in_mail, witnesses

__all__ = [
    "SUFFIX",
    "Checked",
    "Checkpoint",
    "Fault",
    "LogCheckpoint",
    "LogKey",
    "LogRun",
    "LogTile",
    "LogWitness",
    "Problem",
    "Proven",
    "Report",
    "Sealed",
    "Sealer",
    "SetBack",
    "Verified",
    "VerifierKey",
    "Witness",
    "Written",
    "accept_backup",
    "beside_the_keys",
    "check_receipt",
    "kept_sealed",
    "kept_witnessed",
    "known_keys",
    "last_checkpoint",
    "log_key_of",
    "notes_in_mail",
    "prove",
    "rotate_key",
    "signer_of",
    "verify",
    "witnesses",
    "write_receipt",
    "write_tree",
]
