"""The press contacts at a release's foot: who, of which office, in which city, at which address."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mailer.contacts.address import address
from mailer.contacts.spelling import fold
from mailer.releases.content import PressContact
from mailer.releases.intake.anatomy import Anatomy, Folded, any_of
from mailer.releases.intake.dateline import is_city
from mailer.releases.intake.parts import BULLET, Block, Doubt, Line

# What guards against harvesters leave of an address, in the languages of a page's readers: “[email protected]”,
# “name (at) place”.
_HIDDEN = re.compile(
    r"\[+[^\[\]@]{0,40}(?:protected|prot[eé]g|محمي|geschützt|protett)[^\[\]@]{0,20}\]+(?:\s*\([^)]*\))?"
    r"|[\w.+-]{1,64}\s?[\[(]\s?(?:at|arobase)\s?[\])]\s?[\w.-]+",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s,;:<>()\[\]،؛|\"“”«»]*@[^\s,;:<>()\[\]،؛|\"“”«»]*")
_LABEL = re.compile(
    r"(?:e-?mail|mail|courriel|correo(?: electrónico)?|mailto|البريد الإلكتروني|بريد إلكتروني|"
    r"telephone|phone|tel|mobile|cell|whatsapp|t[eé]l[eé]phone|t[eé]l|portable|tel[eé]fono|m[oó]vil|هاتف|الهاتف|جوال)"
    r"\s?\.?\s?[:\uff1a]|\b(?:tel|tél)\.",
    re.IGNORECASE,
)
_PHONE = re.compile(r"(?<![\w/@.])(?:\+|00|\()?\d[\d ().\u00a0/-]{4,30}\d(?:\s?(?:ext\.?|x)\s?\d{1,8})?(?![\w@])")
_APART = re.compile(r"\s*[,،;؛|:]\s*|\s+[–—-]\s+|\s+/\s+")
# Abbreviations of a job, not of an office.
_NO_ACRONYM = frozenset(("PR", "VP", "CEO", "HR", "ICT", "IT", "DR", "MR", "MS", "MRS"))


@dataclass(frozen=True, slots=True)
class Officer:
    """A press contact as found, and where."""

    line: int
    contact: PressContact


@dataclass(slots=True)
class _Card:
    """The lines that seem to be about one person."""

    lines: list[Line]
    city: str = ""
    addresses: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    hidden: bool = False
    pieces: list[str] = field(default_factory=list)


def says_how_to_reach(text: str) -> bool:
    """Whether there is an address, a hidden one or a telephone number in a text."""
    return any(pattern.search(text) for pattern in (_HIDDEN, _ADDRESS, _PHONE))


def read_officers(blocks: Iterable[Block], anatomy: Anatomy) -> tuple[list[Officer], list[Block], list[Doubt]]:
    """The press contacts in the blocks of their section; the blocks that are none; and what is doubtful."""
    officers: list[Officer] = []
    left: list[Block] = []
    doubts: list[Doubt] = []
    cards: list[_Card] = []
    city = ""
    for block in blocks:
        if _is_prose(block):
            left.append(block)
            continue
        for place, line in enumerate(block.entries):
            if not line.text:
                continue
            card = _read([line])
            if not (card.addresses or card.phones or card.hidden) and (named := _only_city(card.pieces, anatomy)):
                city = named
                cards.append(_Card([], city))
            elif not cards or (
                card.pieces
                and cards[-1].lines
                and (place == 0 or BULLET.match(block.lines[place].text) or _reached(cards[-1]))
            ):
                cards.append(_Card([line], city))
            else:
                cards[-1].lines.append(line)
    for card in cards:
        if card.lines:
            whole = _read(card.lines)
            whole.city = card.city
            officer = _officer(whole, anatomy)
            officers.append(officer)
            doubts += _doubts(officer, whole)
    return officers, left, doubts


def _is_prose(block: Block) -> bool:
    text = block.text
    return not says_how_to_reach(" ".join(e.text for e in block.entries)) and (
        (text.endswith((".", "!", "?", "؟")) and len(text.split()) > 6) or len(text) > 200
    )


def _reached(card: _Card) -> bool:
    return any(says_how_to_reach(line.text) for line in card.lines)


def _read(lines: Sequence[Line]) -> _Card:
    """Take the lines apart. A long line is one that the next goes on from; short ones are a field each."""
    text = ""
    for line in lines:
        wrapped = len(text.rpartition("\n")[2]) >= 55 or text.endswith((",", "،"))
        text += (" " if wrapped else ",\n") * bool(text) + line.text
    text = text.replace("\n", " ")
    # “Name (Title at Office)”, while the acronym of “World Passage Agency (WPA)” stays where it is.
    text = re.sub(r"\(([^()]*[a-z][^()]*)\)", r", \1,", text)
    card = _Card(list(lines))
    text, hidden = _HIDDEN.subn(",", text)
    card.hidden = bool(hidden)
    for match in _ADDRESS.findall(text):
        card.addresses.append(match.strip(".'’*_").removeprefix("mailto:"))
    text = _LABEL.sub(",", _ADDRESS.sub(",", text))
    card.phones = [" ".join(phone.split()) for phone in _PHONE.findall(text)]
    text = _PHONE.sub(",", text)
    card.pieces = [piece for part in _APART.split(text) if (piece := part.strip(" \u00a0.<>[]()*_-"))]
    return card


def _only_city(pieces: Sequence[str], anatomy: Anatomy) -> str:
    if len(pieces) != 1:
        return ""
    city = _city_in(pieces[0], anatomy)
    return city or (pieces[0] if is_city(pieces[0]) else "")


def _city_in(piece: str, anatomy: Anatomy) -> str:
    """The city of “In Beirut”; the article that “au” has swallowed is given back."""
    for words, article in anatomy.city_in.items():
        match = re.fullmatch(rf"{words}\s+(\S+(?:\s+\S+){{0,2}})", piece, re.IGNORECASE)
        if match and not match[1][0].islower() and not _is_title(match[1], anatomy):
            return f"{article}{match[1]}"
    return ""


def _officer(card: _Card, anatomy: Anatomy) -> Officer:
    pieces = list(card.pieces)
    city = card.city
    if pieces and (named := _city_in(pieces[0], anatomy)):
        city = named
        del pieces[0]
    else:
        printed = next((p for p in pieces if is_city(p)), "")
        # The city of a heading above goes first; the same one printed again is not a piece of the office.
        if printed and (not city or fold(printed) == fold(city)):
            city = printed
            pieces.remove(printed)
    name, title, offices = _name(pieces, anatomy)
    if title:
        title, office = split_title(title, anatomy)
        offices = [office, *(o for o in offices if fold(o) != fold(office))] if office else offices
    return Officer(
        card.lines[0].number,
        PressContact(
            city=city,
            name=name,
            title=title,
            organisation=", ".join(offices),
            address=_checked(card),
            phone=", ".join(card.phones),
        ),
    )


def _name(pieces: Sequence[str], anatomy: Anatomy) -> tuple[str, str, list[str]]:
    """Which of the pieces is the name, which the title; the others are the office."""
    titled = [n for n, piece in enumerate(pieces) if _is_title(piece, anatomy)]
    if not pieces:
        return "", "", []
    name = 1 if titled[:1] == [0] and len(pieces) > 1 else 0
    if titled[:1] == [0] and len(pieces) == 1:
        return "", pieces[0], []
    others = [n for n in range(len(pieces)) if n != name]
    if titled:
        title = next((n for n in titled if n != name), -1)
    else:
        # Without a word that tells: a title comes before an office, and an acronym is never one.
        title = next((n for n in others[:1] if not pieces[n].isupper() and len(others) > 1), -1)
    return pieces[name], pieces[title] if title >= 0 else "", [pieces[n] for n in others if n != title]


def split_title(text: str, anatomy: Anatomy) -> tuple[str, str]:
    """“ESRF Head of Communications” and “Head of Communications at ESRF” as title and office."""
    if not text.isupper() and (match := re.match(r"((?:[A-Z][A-Z0-9&]+\s+)+)(?=\w)", text)):
        office = match[1].strip()
        if not _NO_ACRONYM & set(office.split()):
            return text[match.end() :], office
    folded = Folded.of(text)
    strong = re.search(rf"(?<!\w){any_of(anatomy.at)}(?:(?<=')| +)", folded.text)
    weak = [
        match
        for match in re.finditer(rf"(?<!\w){any_of(anatomy.of)}(?:(?<=')| +)", folded.text)
        if text[folded.places[match.end()] :][:1].isupper()
        and not _is_title(text[folded.places[match.end()] :].split()[0], anatomy)
    ]
    match = strong or (weak[-1] if weak else None)
    if match is None or not match.start():
        return text, ""
    return text[: folded.places[match.start()]].strip(), text[folded.places[match.end()] :].strip()


def _is_title(text: str, anatomy: Anatomy) -> bool:
    words = set(re.findall(r"[\w-]+", fold(text)))
    return not words.isdisjoint(fold(word) for word in anatomy.titles)


def _checked(card: _Card) -> str:
    try:
        return address(card.addresses[0]).text if card.addresses else ""
    except ValueError:
        return ""


def _doubts(officer: Officer, card: _Card) -> list[Doubt]:
    who = officer.contact.name or "A press contact"
    wrong = []
    if card.addresses:
        try:
            address(card.addresses[0])
        except ValueError as error:
            wrong.append(f"The address “{card.addresses[0][:80]}” of {who} is not one: {error}. Correct it.")
        wrong += [
            f"{who} has more than one address; {other[:80]} was left out. Say which one is printed."
            for other in card.addresses[1:]
            if fold(other) != fold(card.addresses[0])
        ]
    elif card.hidden:
        wrong.append(f"The address of {who} is hidden in the text, as web pages do it. Enter it by hand.")
    else:
        wrong.append(f"{who} has no address. Enter it, or take the contact out.")
    if not officer.contact.name:
        wrong.append("A press contact has no name. Write it as: In Beirut, title, name, address.")
    if not officer.contact.city:
        wrong.append(f"{who} has no city. Put “In …,” with the city before the name.")
    return [Doubt(line=officer.line, text=text) for text in wrong]
