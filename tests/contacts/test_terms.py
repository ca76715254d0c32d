"""Who accepted which embargo terms, when and until when, is kept as evidence; nonsense is refused."""

from datetime import UTC, date, datetime, timedelta

import pytest
from builders import DESK, NOON, make_contact
from sqlalchemy import select

from mailer.audit import Event, entries
from mailer.contacts.basis import set_basis
from mailer.contacts.models import Contact, ContactStatus, EmbargoAcceptance, LawfulBasis
from mailer.contacts.terms import accept, accepts_embargo, add_terms, all_terms, terms_named, withdraw
from mailer.database import Database
from mailer.errors import BadAcceptance, BadBasis, BadTerms, BadWithdrawal, TermsExist, UnknownTerms

TODAY = NOON.date()
DAY = timedelta(days=1)


@pytest.fixture
def office(database: Database) -> Database:
    return database


def test_a_text_is_kept_under_its_name_once_and_its_hash_is_in_the_log(office: Database) -> None:
    with office.write() as session:
        terms = add_terms(session, " Embargo  2026 ", "I keep it\r\nto myself.\n", at=NOON, actor=DESK)
        assert (terms.name, terms.text) == ("Embargo 2026", "I keep it\nto myself.")
        with pytest.raises(TermsExist):
            add_terms(session, "EMBARGO 2026", "Another text.", at=NOON, actor=DESK)
        assert [kept.text for kept in all_terms(session)] == ["I keep it\nto myself."]
        assert terms_named(session, "embargo 2026") is terms
        with pytest.raises(UnknownTerms, match="Embargo 2026"):
            terms_named(session, "Embargo 2025")
        (entry,) = entries(session)
        assert (entry.event, entry.data) == (Event.TERMS_ADDED, {"terms": terms.id, "sha256": terms.sha256})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("", "x"),
        ("a\x00b", "x"),
        ("n" * 121, "x"),
        ("n", ""),
        ("n", " \n "),
        ("n", "x" * 100_001),
        ("n", "a\x00b"),
    ],
)
def test_what_is_no_text_or_has_no_name_is_refused(office: Database, name: str, text: str) -> None:
    with office.write() as session, pytest.raises(BadTerms):
        add_terms(session, name, text, at=NOON, actor=DESK)


def test_an_acceptance_holds_from_its_day_to_its_last_and_the_log_has_the_days(office: Database) -> None:
    with office.write() as session:
        nour = make_contact(session)
        terms = add_terms(session, "Terms", "Text.", at=NOON, actor=DESK)
        accept(session, nour, terms, on=TODAY, how="her letter", until=TODAY + DAY, at=NOON, actor=DESK)
        for day, held in ((-1, False), (0, True), (1, True), (2, False)):
            found = session.scalars(select(Contact.id).where(accepts_embargo(TODAY + day * DAY))).all()
            assert found == ([nour.id] if held else [])
        entry = list(entries(session))[-1]
        assert (entry.event, entry.contact_id) == (Event.TERMS_ACCEPTED, nour.id)
        days = {"on": "2026-11-24", "until": "2026-11-25"}
        assert entry.data == {"terms": terms.id, "sha256": terms.sha256, **days}


def test_her_day_may_have_begun_before_the_day_in_utc(office: Database) -> None:
    late = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)  # half past midnight in Beirut
    with office.write() as session:
        nour = make_contact(session)
        accept(session, nour, None, on=TODAY + DAY, how="", at=late, actor=DESK)
        assert withdraw(session, nour, on=TODAY + DAY, at=late, actor=DESK) == 1
        assert not session.scalars(select(Contact.id).where(accepts_embargo(TODAY + DAY))).all()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"on": TODAY + 2 * DAY}, "yet to come"),
        ({"on": TODAY, "until": TODAY - DAY}, "before it began"),
        ({"on": TODAY, "how": "x" * 201}, "no line of text"),
        ({"on": TODAY, "how": "a\x00b"}, "no line of text"),
        ({"on": date(2026, 1, 5)}, "recorded already"),
    ],
)
def test_an_acceptance_that_makes_no_sense_is_refused(
    office: Database, change: dict[str, object], reason: str
) -> None:
    with office.write() as session:
        nour = make_contact(session, terms=date(2026, 1, 5))
        with pytest.raises(BadAcceptance, match=reason):
            accept(session, nour, None, **({"how": "", "at": NOON, "actor": DESK} | change))  # type: ignore[arg-type]
        assert len(session.scalars(select(EmbargoAcceptance)).all()) == 1


def test_who_is_not_active_accepts_nothing(office: Database) -> None:
    with office.write() as session:
        nour = make_contact(session)
        nour.status = ContactStatus.INACTIVE
        with pytest.raises(BadAcceptance, match="inactive"):
            accept(session, nour, None, on=TODAY, how="", at=NOON, actor=DESK)


def test_a_withdrawal_counts_from_its_day_and_only_once(office: Database) -> None:
    with office.write() as session:
        nour = make_contact(session, terms=date(2026, 1, 5))
        with pytest.raises(BadWithdrawal, match="yet to come"):
            withdraw(session, nour, on=TODAY + 2 * DAY, at=NOON, actor=DESK)
        with pytest.raises(BadWithdrawal, match="accepted on 2026-01-05"):
            withdraw(session, nour, on=date(2026, 1, 4), at=NOON, actor=DESK)
        assert withdraw(session, nour, on=TODAY, at=NOON, actor=DESK) == 1
        assert not session.scalars(select(Contact.id).where(accepts_embargo(TODAY))).all()
        assert session.scalars(select(Contact.id).where(accepts_embargo(TODAY - DAY))).all() == [nour.id]
        with pytest.raises(BadWithdrawal, match="withdrawn already"):
            withdraw(session, nour, on=TODAY, at=NOON, actor=DESK)
        entry = list(entries(session))[-1]
        assert (entry.event, entry.data) == (Event.TERMS_WITHDRAWN, {"on": "2026-11-24", "acceptances": 1})


def test_a_basis_is_kept_field_by_field_and_the_log_names_the_fields(office: Database) -> None:
    with office.write() as session:
        nour = make_contact(session)
        basis = LawfulBasis.LEGITIMATE_INTEREST
        kept = set_basis(session, nour, basis=basis, since=TODAY, source=" her  card ", at=NOON, actor=DESK)
        assert set(kept) == {"basis", "basis_since", "source"}
        assert (nour.lawful_basis, nour.basis_since, nour.source) == (basis, TODAY, "her card")
        assert set_basis(session, nour, basis=basis, source="her card", at=NOON, actor=DESK) == ()
        assert set_basis(session, nour, source="", at=NOON, actor=DESK) == ("source",)
        assert [e.data for e in entries(session)] == [{"fields": list(kept)}, {"fields": ["source"]}]
        for wrong in ({"since": TODAY + 2 * DAY}, {"source": "x" * 301}, {"source": "a\x00b"}):
            with pytest.raises(BadBasis):
                set_basis(session, nour, at=NOON, actor=DESK, **wrong)  # type: ignore[arg-type]
