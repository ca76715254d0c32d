"""Takes one list into the registry, or says what would come of it: reading, checking, planning and storing in turn."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path

from sqlalchemy.orm import Session

from mailer.audit import Actor
from mailer.contacts.collecting import without_collecting
from mailer.contacts.importing.account import BESIDE, Changed, Given, Imported, Newcomer, Notice, Refusal
from mailer.contacts.importing.candidate import Candidate
from mailer.contacts.importing.cells import Checker, Faulty, Heads, read_phones
from mailer.contacts.importing.defaults import Defaults
from mailer.contacts.importing.needed import default_advice, empty_cells, lacking, without_column
from mailer.contacts.importing.people import IsErased, Known, People, Person, joined, known_among
from mailer.contacts.importing.plan import Entry, Outlets, Planner
from mailer.contacts.importing.standing import Standing, standings
from mailer.contacts.importing.store import Store
from mailer.contacts.importing.unfit import Unfit
from mailer.contacts.importing.vocabulary import Vocabulary
from mailer.contacts.reading import Columns, OpenedList, Row, open_list, recognise
from mailer.contacts.stops import suppressed_spellings
from mailer.contacts.suppression import asked_among, suppressed_among
from mailer.contacts.terms import day_of
from mailer.database import Alongside, chunks, take_turn
from mailer.errors import BadTable

Progress = Callable[[int, int], None]
"""Told every one or two thousand: how many rows or people are done, and of how many; 0 where that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a file is to be read, as far as an officer says it."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)
    """Field by heading; see ``reading.recognise``."""
    defaults: Mapping[str, str] = field(default_factory=dict)
    """Value by field, of all who are new and whose rows say nothing there; see ``defaults``."""

    def open(self, file: Path) -> OpenedList:
        """Open the file. Raises ``UnreadableFile`` or ``BadTable``."""
        return open_list(file, encoding=self.encoding, delimiter=self.delimiter, sheet=self.sheet)


def nobody_erased(_keys: Collection[str]) -> set[str]:
    """For an office that has erased nobody."""
    return set()


def no_progress(_done: int, _of: int) -> None:
    """For nobody who watches."""


def import_contacts(
    session: Session,
    file: Path,
    *,
    at: datetime,
    actor: Actor,
    manner: Manner = Manner(),
    new_beats: bool = False,
    is_erased: IsErased = nobody_erased,
    progress: Progress = no_progress,
) -> Imported:
    """Add the people of a list, or bring them up to date by their address.

    Each cell that the file has replaces what the registry knows, column by column; a column that the file lacks is
    left as it is. Good rows go in, bad ones are told. Raises ``UnreadableFile``, ``BadTable``, ``BadMapping`` or
    ``BadDefault`` when nothing of it can be used.
    """
    take_turn(session)
    intake = _Intake(session, file, manner, new_beats, is_erased, progress, at)
    store = Store(session, intake.vocabulary, intake.outlets, how=f"list {file.name}", at=at, actor=actor)
    intake.carry_out(store.write)
    session.expire_all()  # its objects are not told of what statements have changed
    return intake.done


def plan_import(
    session: Session,
    file: Path,
    *,
    at: datetime,
    manner: Manner = Manner(),
    new_beats: bool = False,
    is_erased: IsErased = nobody_erased,
    progress: Progress = no_progress,
) -> Imported:
    """The same account without doing any of it; a session that only reads will do."""
    intake = _Intake(session, file, manner, new_beats, is_erased, progress, at)
    intake.carry_out(lambda _: None)
    return intake.done


_CHUNK = 2000
"""People who are planned and written at a time."""


@dataclass(frozen=True, slots=True)
class _Among:
    """Some people of a list, and what the registry knows of them."""

    people: Sequence[Person]
    before: Mapping[int, Standing]
    asked: Collection[str]
    """Keys of those of their addresses at which somebody asked not to be written to."""


class _Intake:
    def __init__(
        self,
        session: Session,
        file: Path,
        manner: Manner,
        new_beats: bool,  # noqa: FBT001 - handed on
        is_erased: IsErased,
        progress: Progress,
        at: datetime,
    ) -> None:
        self._session, self._file, self._is_erased, self._progress = session, file, is_erased, progress
        self._day = day_of(at)
        self._opened = manner.open(file)
        self._columns = recognise(self._opened.headings, manner.mapping)
        self._fields = tuple(dict.fromkeys(filter(None, self._columns.fields)))
        if "address" not in self._fields:
            raise _lacks(file, "address")
        self._heads = Heads(file.name, _headings(self._opened.headings, self._columns))
        self.vocabulary = Vocabulary(session, new_beats=new_beats)
        self._defaults = Defaults(manner.defaults, self.vocabulary, day=self._day)
        self._fields_of_new = tuple(dict.fromkeys((*self._fields, *self._defaults.fields)))
        self._faulty: list[Faulty] = []
        self.outlets = Outlets()
        self.done = Imported(file=file.name, how=self._opened.how, left_out=_left_out(self._columns))

    def carry_out(self, write: Callable[[list[Entry]], None]) -> None:
        with without_collecting():
            self._carry_out(write)

    def _carry_out(self, write: Callable[[list[Entry]], None]) -> None:
        candidates = self._check()
        keys = {one.key for row in candidates for one in row.address}
        keys.update(one.key for faulty in self._faulty for one in faulty.candidate.address)
        known = known_among(self._session, keys, self._is_erased)
        del keys
        self._tell_lacking(known)
        people = self._people(candidates, known)
        del candidates
        if (missing := without_column(self._fields_of_new)) and not known.contacts:
            raise _lacks(self._file, missing[0], default_advice(missing))
        self._look_outlets_up(people)
        planned = None
        done = 0
        with Alongside() as alongside:
            # What one chunk needs is read before the one before it is written, which goes on while this is planned.
            for chunk in chunks(people, _CHUNK):
                among = self._look_up(chunk)
                if planned is not None:
                    alongside.start(partial(write, planned))
                planned, taken = self._plan(among, known)
                alongside.wait()
                self._tell_suppressed(taken)
                done += len(chunk)
                self._progress(done, len(people))
            if planned is not None:
                write(planned)
        self.done.by_default = self._defaults.account()
        self.done.notices.sort(key=lambda notice: notice.row)
        self.done.refused.sort(key=lambda refusal: refusal.row)

    def _check(self) -> list[Candidate]:
        checker = Checker(self._heads, self._fields, self.vocabulary, day=self._day)
        width = len(self._opened.headings)
        candidates: list[Candidate] = []
        cells, refused = self._columns.cells, self.done.refused
        count = 0
        for count, row in enumerate(self._opened.rows, 1):
            if len(row.cells) > width and any(cell.strip() for cell in row.cells[width:]):
                refused.append(self._surplus(row, width))
            elif isinstance(found := checker.check(row.number, cells(row)), Faulty):
                refused += found.refusals
                self._faulty.append(found)
            else:
                candidates.append(found)
            if not count % 1000:
                self._progress(count, 0)
        self._progress(count, 0)
        return candidates

    def _surplus(self, row: Row, width: int) -> Refusal:
        value = next(cell for cell in row.cells[width:] if cell.strip())
        reason = "the row has more cells than there are headings"
        remedy = "Put quotation marks round a cell with a comma in it, or give the last cells a heading."
        return Refusal(self._file.name, row.number, self._opened.headings[-1], value.strip()[:200], reason, remedy)

    def _people(self, candidates: list[Candidate], known: Known) -> list[Person]:
        people = People(self._heads, known)
        for candidate in candidates:
            if (refusal := people.take(candidate)) is not None:
                self.done.refused.append(refusal)
        return people.people

    def _tell_lacking(self, known: Known) -> None:
        """Of rows that are refused anyway, what somebody new lacks in them besides."""
        for faulty in self._faulty:
            if known.contacts.keys().isdisjoint(one.key for one in faulty.candidate.address):
                problems = self._lacking(faulty.candidate)
                self._refuse([faulty.candidate], [one for one in problems if one.field not in faulty.faults])
        self._faulty.clear()

    def _lacking(self, candidate: Candidate) -> list[Unfit]:
        """What a row that is refused lacks, if she is new; her number's country too."""
        self._defaults.fill(candidate)
        # Without an address nobody knows whether she is new; that a cell is empty is true all the same.
        problems = (lacking if candidate.address else empty_cells)(candidate, self._fields_of_new)
        try:
            if candidate.national:
                read_phones(candidate.national, self._defaults.country)
        except Unfit as unfit:
            problems.append(unfit)
        return problems

    def _refuse(self, rows: Sequence[Candidate], problems: Sequence[Unfit]) -> None:
        self.done.refused += [self._heads.refusal(row.row, unfit) for row in rows for unfit in problems]

    def _look_outlets_up(self, people: Sequence[Person]) -> None:
        rows = chain.from_iterable((person.candidate, *person.further) for person in people)
        keys = {place.key for row in rows for place in row.outlets}
        keys.update(place.key for place in self._defaults.outlets)
        self.outlets.look_up(self._session, keys)

    def _look_up(self, people: list[Person]) -> _Among:
        """Read what the registry knows of these people."""
        before = standings(self._session, [p.contact_id for p in people if p.contact_id], self._fields)
        people = [person for person in people if self._read_national(person, before.get(person.contact_id or 0))]
        rows = chain.from_iterable((person.candidate, *person.further) for person in people)
        told = {one.key for row in rows for one in row.address} if before else set()
        untold = {one.key for standing in before.values() for one in standing.address} - told
        return _Among(people, before, asked_among(self._session, untold))

    def _plan(self, among: _Among, known: Known) -> tuple[list[Entry], list[Candidate]]:
        """What becomes of these people, and the rows of those who are taken in; reads nothing."""
        people, before = among.people, among.before
        wholes = [joined(person, known) for person in people]
        given = [{} if p.contact_id else self._defaults.fill(w) for p, (w, _) in zip(people, wholes, strict=True)]
        told_of_known, told_of_new = (
            Planner(fields, known, self.vocabulary, self.outlets, day=self._day, asked=among.asked)
            for fields in (self._fields, self._fields_of_new)
        )
        entries = []
        taken: list[Candidate] = []
        for person, (whole, told), by_default in zip(people, wholes, given, strict=True):
            standing = before.get(person.contact_id or 0)
            planner = told_of_known if standing else told_of_new
            problems = [] if standing else lacking(whole, self._fields_of_new)
            try:
                entry = planner.plan(whole, standing) if not problems else None
            except Unfit as unfit:
                entry, problems = None, [unfit]
            if entry is None:
                self._refuse((person.candidate, *person.further), problems)
                continue
            self.done.merged += told
            self._account(entry, planner, standing, by_default)
            entries.append(entry)
            taken += (person.candidate, *person.further)
        return entries, taken

    def _read_national(self, person: Person, standing: Standing | None) -> bool:
        """Read the numbers that wait for a country: that of another row of hers, else that of the city where she is
        known to work, else the default's. ``False`` where all her rows are refused."""
        rows = [person.candidate, *person.further]
        if not any(row.national for row in rows):
            return True
        default = standing.city[1] if standing else self._defaults.country
        country = next((row.city.country for row in rows if row.city), default)
        good = []
        for row in rows:
            try:
                if row.national:
                    row.phone = read_phones(row.national, country)
            except Unfit as unfit:
                alone = standing is None and len(rows) == 1
                self._refuse([row], self._lacking(row) if alone else [unfit])
            else:
                good.append(row)
        if good:
            person.candidate, *person.further = good
        return bool(good)

    def _account(
        self, entry: Entry, planner: Planner, standing: Standing | None, by_default: Mapping[str, str]
    ) -> None:
        done, row = self.done, entry.candidate.row
        if added := self.vocabulary.added:
            used = (added[slug] for slug in entry.after.get("beats", ()) if slug in added)
            done.new_beats = tuple(dict.fromkeys((*done.new_beats, *used)))
        name = entry.after.get("name", entry.before.name)
        if standing is None:
            done.added += 1
            given = tuple(Given(field, value) for field, value in by_default.items())
            done.newcomers.append(Newcomer(row, name, entry.candidate.address[0].text, given))
            self._defaults.count(by_default)
            return
        if text := planner.withdrawn(entry.candidate, standing):
            done.notices.append(Notice(self._file.name, row, self._heads.headings["embargo_terms"], text))
        if not entry.after:
            done.unchanged += 1
            return
        done.changed += 1
        done.changes.append(Changed(row, standing.id, name, entry.changes(self._day)))

    def _tell_suppressed(self, rows: Sequence[Candidate]) -> None:
        """Of rows that are taken in: one that is refused is told only that."""
        told = {one.key: (row.row, one.text) for row in rows for one in row.address}
        stopped = suppressed_among(self._session, told)
        otherwise = suppressed_spellings(self._session, stopped, by_all=True)
        for key in stopped:
            row, text = told[key]
            heading = self._heads.headings["address"]
            spelled = f" as {', '.join(otherwise[key])}" if key in otherwise else ""
            text = f"{text} is suppressed{spelled}; she is taken in, and not written to there"
            self.done.notices.append(Notice(self._file.name, row, heading, text))


def _headings(headings: tuple[str, ...], columns: Columns) -> dict[str, str]:
    """The first heading of each field."""
    found: dict[str, str] = {}
    for name, heading in zip(columns.fields, headings, strict=True):
        if name:
            found.setdefault(name, heading)
    return found


def _left_out(columns: Columns) -> tuple[str, ...]:
    """The headings that no field has, but for those that we put beside refused rows ourselves."""
    return tuple(heading for heading in columns.unknown if heading not in BESIDE)


def _lacks(file: Path, field: str, default: str = "") -> BadTable:
    remedy = (
        "Needed are address and, for people who are new, name, city and languages. If a column has another heading, "
        f"say which it is: --map HEADING={field}"
    )
    if default:
        remedy += f". If no column says it, say it of all who are new: {default}"
    return BadTable(file=file, reason=f"it lacks the column {field}", remedy=remedy)
