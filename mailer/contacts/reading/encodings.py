"""In which encoding a list was written: found from its bytes, and named as an officer knows it.

What our officers' spreadsheets write is told apart by whether the bytes make words in it: a wrong one puts Arabic
and Latin letters into one word, capitals into the middle, or symbols between letters. charset-normalizer is asked
only where none of these fits.

A name or two may make words in more than one of them. Then a heading or a city that is known in one reading decides,
and where none is, the officer is asked and shown how each reads it: a misread name would go out on her mail.
"""

import codecs
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from charset_normalizer import from_bytes

from mailer.contacts.cities import known_city
from mailer.contacts.reading.headings import field_called
from mailer.contacts.table import clean
from mailer.errors import BadTable, UnclearEncoding, nearest

CHUNK = 1 << 20
SAMPLE = 1 << 16
"""Bytes of lines with other than ASCII in them that are judged; a name or two is enough mostly."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding of text."""

    codec: str
    """As Python calls it."""
    name: str
    """As the officer's spreadsheet calls it."""


UTF_8 = Encoding("utf-8-sig", "UTF-8")
UTF_16 = Encoding("utf-16", "UTF-16")
_UTF_16_LE, _UTF_16_BE = Encoding("utf-16-le", "UTF-16 LE"), Encoding("utf-16-be", "UTF-16 BE")
_WINDOWS_1252 = Encoding("cp1252", "Windows-1252")
_WINDOWS_1256 = Encoding("cp1256", "Windows-1256")
_ISO_8859_6 = Encoding("iso8859-6", "ISO-8859-6")

_JUDGED = (_WINDOWS_1252, _WINDOWS_1256, _ISO_8859_6)
"""The likelier first: it is taken where the judgement is even."""

_OTHERS = (
    *(Encoding(f"cp{n}", f"Windows-{n}") for n in (1250, 1251, 1253, 1254, 1255, 1257, 1258)),
    *(Encoding(f"iso8859-{n}", f"ISO-8859-{n}") for n in (1, 2, 3, 4, 5, 7, 8, 9, 10, 13, 14, 15, 16)),
    *(Encoding(f"cp{n}", f"DOS {n}") for n in (437, 720, 850, 852, 857, 862, 864, 866)),
    *(Encoding("mac-roman", "Mac Roman"), Encoding("mac-arabic", "Mac Arabic"), Encoding("koi8-r", "KOI8-R")),
    *(Encoding("gb18030", "GB18030"), Encoding("big5", "Big5"), Encoding("shift-jis", "Shift JIS")),
    *(Encoding("euc-jp", "EUC-JP"), Encoding("euc-kr", "EUC-KR"), Encoding("utf-32", "UTF-32")),
    *(_UTF_16_LE, _UTF_16_BE, UTF_16),
)

# Two names of one codec are one encoding; US-ASCII is read as UTF-8, whose part it is.
_BY_CODEC = {codecs.lookup(e.codec).name: e for e in (*_JUDGED, *_OTHERS, UTF_8)}
_BY_CODEC |= {"utf-8": UTF_8, "ascii": UTF_8}
_FALLBACK = ["mac_roman", "cp850", "cp1250", "cp1251", "cp1253", "cp1254", "cp720", "mac_arabic"]


def encoding_called(name: str) -> Encoding | None:
    """The encoding of this name, as officers or programs write it: ``Windows-1256``, ``cp1256``, ``arabic``."""
    plain = name.strip()
    dos = re.fullmatch(r"dos[ -]?(\d+)", plain, re.IGNORECASE)
    try:
        return _BY_CODEC.get(codecs.lookup(f"cp{dos[1]}" if dos else plain.replace(" ", "-")).name)
    except (LookupError, ValueError):
        return None


def chosen(file: Path, name: str) -> Encoding:
    """The encoding that the officer names. Raises ``BadTable`` where there is none of that name."""
    encoding = encoding_called(name)
    if encoding is None:
        known = ("UTF-8", "UTF-16", "Windows-1256", "Windows-1252", "ISO-8859-6")
        raise BadTable(file=file, reason=f"there is no encoding {name[:40]}", remedy=nearest(name, known))
    return encoding


def detect(file: Path) -> Encoding:
    """The encoding of the file, all of which is looked at, a piece at a time.

    Raises ``BadTable`` where it is damaged UTF-8, or in no encoding that makes words of it, and ``UnclearEncoding``
    where several do and nothing tells which is right. OSError is the caller's.
    """
    return _detect(file, _pieces(file))


def detect_of_cards(file: Path) -> Encoding:
    """The encoding of a file of vCards, each line of which may have one of its own: UTF-8 where they differ.

    Raises ``UnclearEncoding``, as ``detect`` does.
    """
    try:
        return _detect(file, _unfolded(_pieces(file)))
    except UnclearEncoding:
        raise
    except BadTable:
        return UTF_8


def detect_in(file: Path, content: bytes) -> Encoding:
    """The encoding of some bytes of the file, the likeliest one where it is not clear; see ``detect``."""
    judge = _Judge()
    judge.see(content)
    return judge.verdict(file, ask=False)


def _detect(file: Path, pieces: Iterator[bytes]) -> Encoding:
    with file.open("rb") as stream:
        start = stream.read(SAMPLE)
    if found := _by_byte_order_mark(start) or _utf_16_without_mark(start):
        return found
    judge = _Judge()
    for piece in pieces:
        judge.see(piece)
    return judge.verdict(file)


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while piece := stream.read(CHUNK):
            yield piece


def _unfolded(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Without the folds of vCards, which some programs make inside a character."""
    rest = b""
    for piece in pieces:
        text = rest + piece.replace(b"\r", b"")
        end = text.rfind(b"\n")
        rest = text[end:] if end > 0 else b""
        yield (text[:end] if end > 0 else text).replace(b"\n ", b"").replace(b"\n\t", b"")
    yield rest


def _by_byte_order_mark(start: bytes) -> Encoding | None:
    if start.startswith(codecs.BOM_UTF8):
        return UTF_8
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return encoding_called("utf-32")
    if start.startswith(codecs.BOM_UTF16_LE):
        return Encoding("utf-16", "UTF-16 LE")
    return Encoding("utf-16", "UTF-16 BE") if start.startswith(codecs.BOM_UTF16_BE) else None


def _utf_16_without_mark(start: bytes) -> Encoding | None:
    """Only where it is clearly so: every second byte is the upper half of Latin, Arabic or punctuation."""
    start = start[: len(start) // 2 * 2]
    for encoding, upper, lower in ((_UTF_16_LE, start[1::2], start[::2]), (_UTF_16_BE, start[::2], start[1::2])):
        if not upper or upper.count(0) == 0 or lower.count(0):
            continue
        if sum(map(upper.count, (b"\x00", b"\x06", b"\x20", b"\xfb", b"\xfe"))) >= 0.9 * len(upper):
            return encoding
    return None


class _Judge:
    """Sees a file's bytes, and says in the end what they are in."""

    _HIGH_LINE = re.compile(rb"[^\r\n\x80-\xff]{0,200}[\x80-\xff][^\r\n]{0,400}")
    _ASCII = bytes(range(128))

    def __init__(self) -> None:
        self._utf_8 = codecs.getincrementaldecoder("utf-8")()
        self._is_utf_8 = True
        self._has_utf_8 = False
        self._high: set[int] = set()
        self._sample = bytearray()

    def see(self, piece: bytes) -> None:
        if self._is_utf_8:
            try:
                self._utf_8.decode(piece)
            except UnicodeDecodeError:
                self._is_utf_8 = False
        high = piece.translate(None, self._ASCII)
        if not high:
            return
        self._high.update(high)
        self._has_utf_8 = self._has_utf_8 or bool(_UTF_8_LETTERS.search(piece))
        for match in self._HIGH_LINE.finditer(piece):
            if len(self._sample) >= SAMPLE:
                break
            self._sample += match[0] + b"\n"

    def verdict(self, file: Path, *, ask: bool = True) -> Encoding:
        """``ask``: whether to refuse what is not clear. Raises ``BadTable`` and ``UnclearEncoding``."""
        if self._is_utf_8:
            try:
                self._utf_8.decode(b"", final=True)
            except UnicodeDecodeError:
                self._is_utf_8 = False
        if self._is_utf_8:
            return UTF_8
        sample = bytes(self._sample)
        if self._has_utf_8 or _mostly_utf_8(sample):
            raise BadTable(
                file=file,
                reason="it is UTF-8 with bytes in it that are not",
                remedy="It was cut or pasted together; save it again as 'CSV UTF-8' in the program it comes from.",
            )
        texts = {e: text for e in _JUDGED if (text := self._decoded(sample, e)) is not None}
        scores = {encoding: _score(text) for encoding, text in texts.items()}
        best = max(scores, key=scores.__getitem__, default=None)  # the first of several
        if best is not None and scores[best] >= 0:
            clear = _clear_by(texts[best])
            close = [e for e in scores if scores[e] >= 0 and scores[best] - scores[e] < clear]
            close = [
                e for e in close if texts[e] != texts[best] or e is best
            ]  # what reads the same is no other reading
            if len(close) == 1:
                return best
            return _known_in({e: texts[e] for e in close}, file, ask=ask)
        guess = from_bytes(sample, cp_isolation=_FALLBACK).best()
        found = encoding_called(guess.encoding) if guess is not None else None
        text = self._decoded(sample, found) if found is not None else None
        if found is not None and text is not None and (best is None or _score(text) > scores[best]):
            return found
        if best is None:
            raise BadTable(
                file=file,
                reason="it is in no encoding that makes words of it",
                remedy="Save it as 'CSV UTF-8' in the program it comes from, or say which with --encoding.",
            )
        return best

    def _decoded(self, sample: bytes, encoding: Encoding) -> str | None:
        try:
            bytes(self._high).decode(encoding.codec)
            return sample.decode(encoding.codec)
        except UnicodeDecodeError:
            return None


def _clear_by(text: str) -> float:
    """By how much the likeliest reading must score above another one. Of one to eight Arabic names alone, none that is
    read wrongly does; a wrong one that is ahead by a little in each word gets further with each."""
    words = sum(1 for word in islice(_WORD.findall(text), _WORDS) if not word.isascii())
    return min(3.0, max(1.5, 0.9 + 0.5 * words))


_WORDS = 1000


def _known_in(readings: Mapping[Encoding, str], file: Path, *, ask: bool) -> Encoding:
    """That reading in which most headings and cities are known. Raises ``UnclearEncoding`` where two are even."""
    known = {encoding: _known(text) for encoding, text in readings.items()}
    best = max(known, key=known.__getitem__)  # the first of several
    if ask and list(known.values()).count(known[best]) > 1:
        shown = "; ".join(f"“{_sample_of(text)}” in {encoding.name}" for encoding, text in readings.items())
        names = " or ".join(f"--encoding {encoding.name}" for encoding in readings)
        raise UnclearEncoding(file=file, readings=shown, choices=names)
    return best


def _known(text: str) -> int:
    cells = {cell.strip() for cell in _BETWEEN_CELLS.split(text)}
    # With vowel signs anything may be like a city: they are left out where names are compared.
    return sum(
        bool(field_called(cell) or known_city(cell))
        for cell in cells
        if not cell.isascii() and not _VOWEL.search(cell)
    )


def _sample_of(text: str) -> str:
    """The first words that are read differently."""
    cells = (cell.strip() for cell in _BETWEEN_CELLS.split(text))
    return clean(next((cell for cell in cells if not cell.isascii()), ""))[:_PREVIEW]


_BETWEEN_CELLS = re.compile(r"[,;\t|؛،\r\n\"]")
_VOWEL = re.compile("[\u064b-\u0652\u0670]")
_PREVIEW = 40
"""Characters of a name that are shown in each reading."""


# Two Arabic letters side by side, or an accented one within a Latin word: lists of several hands are pasted together,
# and no other encoding that we judge has words of such bytes ("ط§ظ„", "HÃ©lÃ¨ne").
_UTF_8_LETTERS = re.compile(rb"(?:[\xd8-\xdb][\x80-\xbf]){2}|[A-Za-z]\xc3[\xa0-\xb6\xb8-\xbf][a-z]", re.DOTALL)
_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


def _mostly_utf_8(sample: bytes) -> bool:
    rest, count = _SEQUENCE.subn(b"", sample)
    return count >= 10 * max(1, len(re.findall(rb"[\x80-\xff]", rest)))


_MARKS = "\u064b-\u0652\u0670"
_WORD = re.compile(rf"(?:[^\W\d_]|[{_MARKS}])+")
_ARABIC = re.compile("[\u0600-\u06ff\ufb50-\ufdff\ufe70-\ufefc]")
_MISPLACED = re.compile(r"(?<=[^\W\d_])[^\w\s\x00-\x7f’‘´·–—،؛؟«»…\u200c\u200d\u064b-\u0652](?=[^\W\d_])")
"""A symbol between two letters: × in Arabic that is read as the wrong one, a quotation mark that was é under DOS."""
_LONE_ARABIC = re.compile(
    rf"(?:(?<=[A-Za-z])|(?<=[A-Za-z][. ])|(?<=[A-Za-z]\.[ -]))[\u0600-\u06ff](?!\w|[{_MARKS}])"
    rf"|(?<![\w{_MARKS}])[\u0600-\u06ff](?:\.? |\.-)(?=[A-Za-z])"
)
"""One Arabic letter by itself beside a Latin word: the capital of a name that is read as the wrong one (É. Dupont)."""
_LATE_CAPITAL = re.compile(r"[a-zß-öø-ÿ][À-ÖØ-ÞŒŠŽŸČĎĚŇŘŤŮŁĄĘŚŹŻ]")

# How often each letter comes in a thousand of Arabic prose and names, roughly: it tells ISO-8859-6 from Windows-1256
# where both make Arabic words, since the letters from feh on lie in different places.
_PER_MILLE = dict(
    zip(
        "اليمنورتبعدهفسقكحجصشطخضأةىإذزغئثظءؤآ",
        [
            130,
            115,
            75,
            65,
            62,
            60,
            55,
            45,
            42,
            40,
            36,
            32,
            28,
            27,
            25,
            24,
            24,
            15,
            12,
            12,
            11,
            10,
            9,
            12,
            18,
            8,
            7,
            8,
            8,
            6,
            4,
            7,
            3,
            4,
            2,
            2,
        ],
        strict=True,
    )
)
_OFTEN = (
    *(
        "ال",
        "عبد",
        "بن",
        "محمد",
        "احمد",
        "أحمد",
        "علي",
        "حسن",
        "حسين",
        "نور",
        "سمير",
        "خالد",
        "يوسف",
        "مريم",
        "ليلى",
    ),
    *("صحيفة", "قناة", "وكالة", "اذاعة", "إذاعة", "جريدة", "مجلة", "بيروت", "تونس", "عمان", "دمشق", "بغداد"),
)


def _score(text: str) -> float:
    """Above 0 where the text is words, below where they were decoded wrongly; pure ASCII words count nothing."""
    score = -3.0 * (len(_MISPLACED.findall(text)) + len(_LONE_ARABIC.findall(text)))
    for word, count in Counter(_WORD.findall(text)).items():
        if word.isascii():
            continue
        score += count * _score_of_word(word)
    return score - 8 * sum(1 for c in text if "\x80" <= c <= "\x9f")


def _score_of_word(word: str) -> float:
    arabic = len(_ARABIC.findall(word))
    if arabic and arabic < len(word):
        return -4.0
    if arabic:
        if arabic == 1:
            return 0.0
        frequent = sum(_PER_MILLE.get(letter, 1) for letter in word) / len(word)
        # A vowel sign never begins a word, and a name has few of them.
        marks = len(re.findall(f"[{_MARKS}]", word)) + 3 * bool(re.match(f"[{_MARKS}]", word))
        return 1.0 + frequent / 50 + 1.5 * word.startswith(_OFTEN) - 1.0 * marks
    if _LATE_CAPITAL.search(word):
        return -3.0
    if len(word) == 1 and word.isupper():
        return 0.0  # an initial
    others = sum(not letter.isascii() for letter in word)
    if others == len(word) > 1:
        return -2.0 * others
    return 1.0 if others <= len(word) / 2 else -1.0
