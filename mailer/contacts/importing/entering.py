"""One contact entered or changed by hand: by the checks, the plan and the storage of a list's row."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append
from mailer.contacts.address import Address
from mailer.contacts.erased import ErasureKey, erased_among, readmit
from mailer.contacts.importing.account import Change
from mailer.contacts.importing.candidate import Candidate
from mailer.contacts.importing.cells import Checker, Faulty, Heads, read_phones
from mailer.contacts.importing.needed import empty_cells, lacking
from mailer.contacts.importing.people import Known, known_among
from mailer.contacts.importing.plan import Entry, Outlets, Planner
from mailer.contacts.importing.standing import Standing, standings
from mailer.contacts.importing.store import Store
from mailer.contacts.importing.told import Told, lay_over, removed_cells, told_cells
from mailer.contacts.importing.unfit import Unfit
from mailer.contacts.importing.vocabulary import ADD_IT, Vocabulary
from mailer.contacts.models import Contact
from mailer.contacts.spelling import CONTROLS
from mailer.contacts.standing import require_living
from mailer.contacts.stops import suppressed_spellings
from mailer.contacts.suppression import asked_among, suppressed_among
from mailer.contacts.table import clean
from mailer.contacts.terms import day_of
from mailer.database import take_turn
from mailer.errors import BadEntry

_SHOWN = 60  # characters of a value in a message
_ROW = 1  # of the only one


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of one contact, or would."""

    contact_id: int | None
    """``None`` where she is not in the registry yet."""
    name: str
    changes: tuple[Change, ...]
    """Field by field, as cells show them; none where all was so already."""
    notices: tuple[str, ...]
    """What an officer should know besides."""


def add_contact(session: Session, told: Told, *, key: ErasureKey, at: datetime, actor: Actor) -> Entered:
    """Take in somebody new. Raises ``BadEntry``, ``ErasureKeyMissing`` or ``BadErasureKey``."""
    take_turn(session)
    return _carry_out(session, _plan(session, told, None, key, day_of(at)), key, at, actor)


def plan_contact(session: Session, told: Told, *, key: ErasureKey, at: datetime) -> Entered:
    """The same account without doing it; a session that only reads will do."""
    return _plan(session, told, None, key, day_of(at)).account()


def change_contact(
    session: Session, contact: Contact, told: Told, *, key: ErasureKey, at: datetime, actor: Actor
) -> Entered:
    """Bring somebody up to date. Raises as ``add_contact``, or ``ContactGone``."""
    take_turn(session)
    # What is not told is written as it was read, so that nobody may change it in between.
    session.execute(select(Contact.id).where(Contact.id == contact.id).with_for_update())
    session.refresh(contact)
    return _carry_out(session, _plan(session, told, contact, key, day_of(at)), key, at, actor)


def plan_change(session: Session, contact: Contact, told: Told, *, key: ErasureKey, at: datetime) -> Entered:
    """The same account without doing it; a session that only reads will do."""
    return _plan(session, told, contact, key, day_of(at)).account()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    entry: Entry
    vocabulary: Vocabulary
    outlets: Outlets
    readmitted: tuple[str, ...]
    """Keys of addresses that were erased."""
    notices: tuple[str, ...]
    day: date

    def account(self, contact_id: int | None = None) -> Entered:
        before = self.entry.before
        name = self.entry.after.get("name", before.name)
        return Entered(contact_id or before.id or None, name, self.entry.changes(self.day), self.notices)


def _plan(session: Session, told: Told, contact: Contact | None, key: ErasureKey, day: date) -> _Plan:
    before = _before(session, contact, told)
    vocabulary, outlets = Vocabulary(session, new_beats=False, to_add=ADD_IT), Outlets()
    gone = _checked(removed_cells(told, before), vocabulary, day, told.removed, told.removed_names)
    cells = told_cells(told, before, gone)
    candidate = _checked(cells, vocabulary, day, told.values, told.names)
    new = {one.key: one.text for one in candidate.address}
    all_hers = [*new, *(one.key for one in before.address)]
    known = known_among(session, all_hers, lambda keys: erased_among(session, keys, key))
    readmitted = _require_free(session, told, candidate, known, before)
    fields = (cells.keys() - {"country"}) | told.touched - {"country"}
    if contact is not None:
        try:
            fields |= lay_over(candidate, told, before, gone)
        except Unfit as unfit:
            raise _bad([unfit], told.removed, told.removed_names) from unfit
        if asked := asked_among(session, [one.key for one in gone.address]):
            problems = [_of_who_asked(one) for one in gone.address if one.key in asked]
            raise _bad(problems, told.removed, told.removed_names)
        first = candidate.address[0]
        if (owner := known.held.get(first.key, before.id)) != before.id:
            raise _bad([_of_merged(first, owner)], told.values, told.names)
    outlets.look_up(session, {place.key for place in candidate.outlets})
    planner = Planner(sorted(fields), known, vocabulary, outlets, day=day)
    if contact is None and (problems := lacking(candidate, fields)):
        raise _bad(problems, told.values, told.names)
    try:
        entry = planner.plan(candidate, before if contact is not None else None)
    except Unfit as unfit:
        raise _bad([unfit], told.values, told.names) from unfit
    stopped = suppressed_among(session, new)
    otherwise = {
        one: f" as {', '.join(keys)}" for one, keys in suppressed_spellings(session, stopped, by_all=True).items()
    }
    notices = [f"{new[one]} is suppressed{otherwise.get(one, '')}; it is not written to" for one in stopped]
    if told.again and not readmitted:
        notices.append(f"none of her addresses was erased, so that {told.names['again']} was not needed")
    return _Plan(
        entry=entry,
        vocabulary=vocabulary,
        outlets=outlets,
        readmitted=readmitted,
        notices=tuple(sorted(notices)),
        day=day,
    )


def _carry_out(session: Session, plan: _Plan, key: ErasureKey, at: datetime, actor: Actor) -> Entered:
    store = Store(session, plan.vocabulary, plan.outlets, how="entered by hand", at=at, actor=actor)
    address = plan.entry.candidate.address[0]
    try:
        with session.begin_nested():
            store.write([plan.entry])
    except IntegrityError as error:
        remedy = "See who it is with: dateline contacts show ADDRESS"
        unfit = Unfit("address", "somebody else has entered it in this moment", remedy, address.text)
        raise _bad([unfit], {}, {}) from error
    session.expire_all()  # its objects are not told of what statements have changed
    number = (
        plan.entry.before.id or session.scalars(select(Contact.id).where(Contact.address_key == address.key)).one()
    )
    if plan.readmitted:
        readmit(session, plan.readmitted, key)
        data = {"addresses": len(plan.readmitted)}
        append(session, Event.CONTACT_READMITTED, at=at, actor=actor, contact_id=number, data=data)
    return plan.account(number)


def _before(session: Session, contact: Contact | None, told: Told) -> Standing:
    if contact is None:
        return Standing()
    require_living(contact)
    return standings(session, [contact.id], told.touched)[contact.id]


def _checked(
    cells: Mapping[str, str],
    vocabulary: Vocabulary,
    day: date,
    typed: Mapping[str, Sequence[str]],
    names: Mapping[str, str],
) -> Candidate:
    """The row of these cells. Raises ``BadEntry`` with all that is wrong with it."""
    found = Checker(Heads("", {}), tuple(cells), vocabulary, day=day).check(_ROW, cells)
    if isinstance(found, Faulty):
        problems = [Unfit(one.column, one.reason, one.remedy, one.value) for one in found.refusals]
        problems += [one for one in empty_cells(found.candidate, cells) if one.field not in found.faults]
        raise _bad(problems, typed, names)
    problems = empty_cells(found, cells)
    try:
        if found.national:
            found.phone = read_phones(found.national, "")
    except Unfit as unfit:
        problems.append(unfit)
    if problems:
        raise _bad(problems, typed, names)
    return found


def _require_free(
    session: Session, told: Told, candidate: Candidate, known: Known, before: Standing
) -> tuple[str, ...]:
    """Make sure that her new addresses are nobody else's; returns those that were erased, where she is in again."""
    hers = {one.key for one in before.address}
    new = [one for one in candidate.address if one.key not in hers]
    problems, erased = [], []
    for one in new:
        owner = known.contacts.get(one.key)
        if owner is not None and owner == before.id:
            problems.append(_of_merged(one, known.held[one.key]))
        elif owner is not None:
            other_one = session.get_one(Contact, owner)
            reason = f"contact {owner}, {other_one.name}, has it"
            remedy = f"Change that one: dateline contacts change {owner}"
            if before.id:
                remedy = f"If they are one person: dateline contacts merge {before.id} {owner}"
            problems.append(Unfit("address", reason, remedy, one.text))
        elif one.key in known.erased:
            erased.append(one)
    if erased and not told.again:
        reason = "it was erased from the registry, and is not taken in again"
        remedy = (
            f"Only if she herself has asked to be in it again, say so with {told.names['again']}, "
            f"{told.names['source']} and {told.names['basis']}."
        )
        problems += [Unfit("address", reason, remedy, one.text) for one in erased]
    if told.again and not (candidate.source and candidate.basis):
        reason = "where her address comes from now, and on which lawful basis she is kept, must be said with it"
        remedy = f"Say both: {told.names['source']} and {told.names['basis']}."
        problems.append(Unfit("again", reason, remedy))
    if problems:
        raise _bad(problems, told.values, told.names)
    return tuple(one.key for one in erased)


def _of_merged(one: Address, owner: int) -> Unfit:
    reason = f"it is the one of contact {owner}, who was merged into her"
    remedy = f"To write to her there undo that first: dateline contacts unmerge {owner}"
    return Unfit("address", reason, remedy, one.text)


def _of_who_asked(one: Address) -> Unfit:
    # Without it nobody could tell that it was she who asked, and she would be written to at the others.
    reason = "she asked there not to be written to, which holds for all her addresses as long as it is hers"
    remedy = f"Keep it. If she wants to be written to again: dateline contacts unsuppress {one.text}"
    return Unfit("address", reason, remedy, one.text)


def _bad(problems: Iterable[Unfit], typed: Mapping[str, Sequence[str]], names: Mapping[str, str]) -> BadEntry:
    told, remedies = [], {}
    for unfit in problems:
        # A cell that was put together is not what she typed.
        several = len(typed.get(unfit.field, ())) != 1
        value = unfit.value if several or unfit.field == "address" else typed[unfit.field][0]
        shown = CONTROLS.sub("\ufffd", clean(value))[:_SHOWN]
        called = names.get(unfit.field, unfit.field)
        told.append(called + (f" “{shown}”" if shown else "") + f": {unfit.reason}")
        remedies[called] = unfit.remedy
    if len(remedies) == 1:
        return BadEntry(problems="; ".join(told), remedies=next(iter(remedies.values())))
    lines = [f"{called}: {remedy}" for called, remedy in remedies.items() if remedy]
    return BadEntry(problems="; ".join(told), remedies="\n".join(lines))
