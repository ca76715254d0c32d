"""Proofs that entries are in the sealed log, under its last checkpoint."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audit.sealing.leaf import leaves
from mailer.audit.sealing.merkle import inclusion_proof
from mailer.audit.sealing.models import LogRun, last_checkpoint
from mailer.audit.sealing.tiles import Tiles
from mailer.errors import LogTreeBroken, NotSealed


@dataclass(frozen=True, slots=True)
class Proven:
    """An entry, and what proves it to somebody who has the checkpoint."""

    leaf: str
    index: int
    """Where it stands in the tree, from 0."""
    path: tuple[str, ...]
    """The hashes of the proof (RFC 6962 2.1.1) in base64, the lowest first."""


def prove(session: Session, entry_ids: Sequence[int]) -> tuple[str, list[Proven]]:
    """The last checkpoint as a note, and the entries of these numbers under it.

    Raises ``NotSealed`` for one that is not under it yet, and ``LogTreeBroken``.
    """
    last = last_checkpoint(session)
    tiles = Tiles(session)
    proven: list[Proven] = []
    for number in entry_ids:
        run = session.scalars(
            select(LogRun).where(LogRun.first_entry_id <= number).order_by(LogRun.first_entry_id.desc()).limit(1)
        ).first()
        if last is None or run is None or number >= run.first_entry_id + run.length:
            raise NotSealed(entry=number)
        index = run.first_index + number - run.first_entry_id
        found = list(leaves(session, "FROM log_entry WHERE id = ?", (number,)))
        try:
            path = inclusion_proof(index, last.size, tiles.subtree)
        except ValueError as error:
            raise LogTreeBroken(reason=str(error)) from error
        if not found:
            raise LogTreeBroken(reason=f"entry {number} was sealed and is not there")
        proven.append(Proven(found[0][1].decode(), index, tuple(base64.b64encode(step).decode() for step in path)))
    return last.note if last else "", proven
