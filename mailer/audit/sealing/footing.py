"""What the sealer stands on: that the tree in the database is the one that was signed last, and no older one.

Who owns the database could otherwise change entries, build the tree anew over them, and have the office's own sealer
sign that a moment later.
"""

from sqlalchemy.orm import Session

from mailer.audit.sealing.keys import LogKey, remembered
from mailer.audit.sealing.merkle import EMPTY_ROOT, consistency_proof, is_consistent, root
from mailer.audit.sealing.models import LogCheckpoint
from mailer.audit.sealing.notes import Checkpoint, good_for, signer_of
from mailer.audit.sealing.tiles import Tiles
from mailer.errors import LogNotOurs, LogSetBack, LogTreeBroken


def require_footing(session: Session, last: LogCheckpoint | None, key: LogKey) -> tuple[int, int]:
    """Entries in the tree, and up to which number no entry comes any more.

    Raises ``LogNotOurs`` where the last checkpoint was not signed by a key of ours, ``LogSetBack`` where more was
    sealed here already than there is, and ``LogTreeBroken``.
    """
    told = _signed(last, key) if last else Checkpoint(key.name, 0, EMPTY_ROOT, 0)
    tiles = Tiles(session)
    try:
        if root(told.size, tiles.subtree) != told.root:
            raise LogTreeBroken(reason=f"it is not the one that the checkpoint of {told.size} entries is of")
        note = remembered(key.folder) if key.folder else ""
        before = Checkpoint.parsed(note) if note else told
        if before.size > told.size:
            raise LogSetBack(sealed=before.size, there=told.size)
        path = consistency_proof(before.size, told.size, tiles.subtree)
        if not is_consistent(before.size, before.root, told.size, told.root, path):
            raise LogTreeBroken(reason=f"it does not begin with the {before.size} entries that were sealed here")
    except ValueError as error:
        raise LogTreeBroken(reason=str(error)) from error
    settled = last.settled_entry_id if last and told.settled is None else told.settled
    return told.size, settled or 0


def _signed(last: LogCheckpoint, key: LogKey) -> Checkpoint:
    try:
        told = Checkpoint.parsed(last.note)
    except ValueError as error:
        raise LogTreeBroken(reason=f"the checkpoint of {last.size} entries cannot be read") from error
    if told.size != last.size:
        raise LogTreeBroken(reason=f"the checkpoint of {last.size} entries says that they are {told.size}")
    if signer_of(last.note, good_for(key.known(), told.size)) is None:
        raise LogNotOurs(sealed=told.size)
    return told
