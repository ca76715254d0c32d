"""Contacts as plain values with whatever may lawfully stand in a field, for properties of what goes in and out."""

from datetime import UTC, date, datetime

from hypothesis import strategies as st

from mailer.contacts.models import ContactKind, ContactStatus, LawfulBasis, OutletType
from mailer.contacts.records import Record
from mailer.contacts.table import clean

_HOSTILE = (
    "=cmd|' /C calc'!A0",
    "'=1+1",
    "''+1",
    "+1",
    "-2",
    "@SUM(A1)",
    "\uff1d1+1",
    "'Abd al-Rahman",
    'Tarek "Teta" Aziz, Jr.',
    "نور حداد",
    "د. هبة؛ سليم",
    "semi; colon, comma",
    "back\\slash \\n \\, end\\",
    "Élodie d’Arc",
    "https://paper.example/x",
    "_x0041_",
    "BEGIN:VCARD",
    "名" * 60,
    "a" * 200,
    "😀" * 40,
)

texts = (
    st.one_of(
        st.sampled_from(_HOSTILE),
        st.text(
            st.characters(exclude_categories=["Cc", "Cs", "Cf", "Co", "Cn", "Zl", "Zp"]), min_size=1, max_size=60
        ),
    )
    .map(lambda text: clean(text)[:200].strip())
    .filter(bool)
)
"""What an import takes for a name: cleaned, one line."""

words = st.text("abcdefgh'-", min_size=1, max_size=12).map(lambda word: f"w{word}")
days = st.dates(date(2015, 1, 1), date(2026, 11, 1))
mailboxes = st.builds(
    "{}w{}0@paper.example".format,
    st.sampled_from(["", "", "'=", "''+"]),  # all atoms (RFC 5321 4.1.2)
    st.text("abcdefgh-", min_size=1, max_size=12),
)
addresses = st.lists(mailboxes, min_size=1, max_size=3, unique=True)
instants = days.map(lambda day: datetime(day.year, day.month, day.day, tzinfo=UTC))
outlet_names = st.one_of(
    texts.map(lambda text: text[:100].strip()),
    st.text('ab()\\; :"', min_size=1, max_size=12).map(clean),
    st.sampled_from(["Radio Liban (96.2)", "Radio (Sat) One", "إذاعة (٩٦٫٢)", "radio", "tv: radio"]),
).filter(bool)


@st.composite
def people(draw: st.DrawFn) -> Record:
    """A journalist."""
    languages = draw(st.lists(st.sampled_from(["en", "ar", "fr", "pt-BR"]), min_size=1, unique=True))
    return Record(
        id=draw(st.integers(1, 10**6)),
        kind=ContactKind.JOURNALIST,
        status=ContactStatus.ACTIVE,
        name=draw(texts),
        given_name=draw(st.one_of(st.just(""), texts)),
        family_name=draw(st.one_of(st.just(""), texts)),
        name_ar=draw(st.sampled_from(["", "نور حداد", "'=نور"])),
        addresses=tuple(draw(addresses)),
        phones=tuple(draw(st.lists(st.sampled_from(["+961 1 555 0101", "+20 2 5550 0107"]), unique=True))),
        city="Beirut",
        country="LB",
        languages=tuple(languages),
        salutations=tuple((code, draw(texts)) for code in languages if draw(st.booleans())),
        beats=tuple(sorted(draw(st.lists(st.sampled_from(["migration", "health", "human-rights"]), unique=True)))),
        outlets=tuple(
            (name, draw(st.one_of(st.just(""), outlet_names)), draw(st.sampled_from([None, *OutletType])))
            for name in draw(st.lists(outlet_names, max_size=3, unique_by=str.casefold))
        ),
        organisation="",
        title=draw(st.one_of(st.just(""), texts)),
        title_ar="",
        tags=tuple(sorted(draw(st.lists(words, max_size=2, unique=True)))),
        embargo_terms=draw(st.one_of(st.none(), days)),
        source=draw(st.one_of(st.just(""), texts)),
        basis=draw(st.one_of(st.none(), st.sampled_from(LawfulBasis))),
        basis_since=draw(st.one_of(st.none(), days)),
        verified_at=draw(
            st.one_of(st.none(), days.map(lambda day: datetime(day.year, day.month, day.day, tzinfo=UTC)))
        ),
        added_at=datetime(2026, 11, 24, 12, tzinfo=UTC),
    )
