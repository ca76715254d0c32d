"""What is known of the merged contact and not of the kept one: plain fields, languages, beats, tags, outlets."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from mailer.contacts.merging.laid import Change, Laid, Pair, Undo
from mailer.contacts.models import Affiliation, Contact, ContactBeat, ContactLanguage, ContactTag, LawfulBasis
from mailer.contacts.spelling import fold

_TEXTS = ("arabic_name", "title", "arabic_title", "source")
"""Each is taken over where the kept one has none. Not ``verified_at``: that somebody looked at the other row says
nothing of this one. Not the city: everybody has one."""


def lay(pair: Pair) -> Laid:
    """Fill what is empty, and join what may be several."""
    laid = Laid()
    _lay_fields(pair, laid)
    _lay_languages(pair, laid)
    _lay_words(pair, laid)
    _lay_affiliations(pair, laid)
    pair.session.flush()
    return laid


def lift(pair: Pair, undo: Undo) -> Iterator[str]:
    """Put back what nobody has changed since; yields what stays."""
    yield from _lift_fields(pair.kept, undo)
    _lift_languages(pair.kept, undo)
    kept = pair.kept
    # Which of them somebody has put there since as well cannot be known: they go with whom they came with.
    kept.beats = [item for item in kept.beats if item.beat not in undo.get("beats", ())]
    kept.tags = [item for item in kept.tags if item.tag not in undo.get("tags", ())]
    yield from _lift_affiliations(kept, undo)
    pair.session.flush()


def _lay_fields(pair: Pair, laid: Laid) -> None:
    kept, merged = pair.kept, pair.merged
    values: dict[str, Any] = {name: getattr(merged, name) for name in _TEXTS if not getattr(kept, name)}
    # The parts of a name belong to that name: "N. Haddad" has no given name Nour.
    if not kept.given_name and not kept.family_name and fold(kept.name) == fold(merged.name):
        values |= {"given_name": merged.given_name, "family_name": merged.family_name}
    if kept.lawful_basis is None:
        values["lawful_basis"] = merged.lawful_basis
        values["basis_since"] = merged.basis_since if merged.lawful_basis else kept.basis_since
    fields = {}
    for name, value in values.items():
        before = getattr(kept, name)
        if value and value != before:
            setattr(kept, name, value)
            fields[name] = {"before": _as_json(before), "after": _as_json(value)}
            laid.changes.append(Change(name, str(before or ""), str(value)))
    if fields:
        laid.undo["fields"] = fields


def _lift_fields(kept: Contact, undo: Undo) -> Iterator[str]:
    for name, value in undo.get("fields", {}).items():
        if _as_json(getattr(kept, name)) == value["after"]:
            setattr(kept, name, _from_json(name, value["before"]))
        else:
            yield f"{name.replace('_', ' ')}, which was changed since"


def _as_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _from_json(name: str, value: Any) -> Any:
    convert: Callable[[Any], Any] = {"lawful_basis": LawfulBasis, "basis_since": date.fromisoformat}.get(name, str)
    return value if value is None else convert(value)


def _lay_languages(pair: Pair, laid: Laid) -> None:
    kept = pair.kept
    have = {item.language: item for item in kept.languages}
    place = max((item.position for item in kept.languages), default=-1)
    added, salutations = [], {}
    for item in pair.merged.languages:
        mine = have.get(item.language)
        if mine is None:
            place += 1
            kept.languages.append(
                ContactLanguage(language=item.language, position=place, salutation=item.salutation)
            )
            added.append(item.language)
        elif item.salutation and not mine.salutation:
            mine.salutation = item.salutation
            salutations[item.language] = item.salutation
            laid.changes.append(Change("salutations", "", f"{item.language}: {item.salutation}"))
    if added:
        laid.undo["languages"] = added
        laid.changes.append(Change("languages", ", ".join(have), ", ".join((*have, *added))))
    if salutations:
        laid.undo["salutations"] = salutations


def _lift_languages(kept: Contact, undo: Undo) -> None:
    added = undo.get("languages", ())
    left = [item for item in kept.languages if item.language not in added]
    # Nobody reads nothing: where her own languages were taken away since, those of the merged one stay.
    if left:
        kept.languages = left
    for item in kept.languages:
        if item.salutation and undo.get("salutations", {}).get(item.language) == item.salutation:
            item.salutation = ""


def _lay_words(pair: Pair, laid: Laid) -> None:
    kept, merged = pair.kept, pair.merged
    beats = sorted({item.beat for item in merged.beats} - {item.beat for item in kept.beats})
    tags = sorted({item.tag for item in merged.tags} - {item.tag for item in kept.tags})
    for name, have, added in (
        ("beats", [item.beat for item in kept.beats], beats),
        ("tags", [item.tag for item in kept.tags], tags),
    ):
        if added:
            laid.undo[name] = added
            laid.changes.append(Change(name, ", ".join(have), ", ".join(sorted((*have, *added)))))
    kept.beats.extend(ContactBeat(beat=beat) for beat in beats)
    kept.tags.extend(ContactTag(tag=tag) for tag in tags)


def _lay_affiliations(pair: Pair, laid: Laid) -> None:
    """Those that are current: the past ones are told in her history from the row that has them."""
    kept = pair.kept
    have = {affiliation.outlet_id: affiliation for affiliation in kept.current_affiliations}
    added: list[Affiliation] = []
    for theirs in pair.merged.current_affiliations:
        mine = have.get(theirs.outlet_id)
        if mine is None:
            mine = Affiliation(outlet=theirs.outlet, role=theirs.role, since=theirs.since)
            kept.affiliations.append(mine)
            added.append(mine)
            laid.changes.append(Change("outlets", "", _place(mine)))
        elif theirs.role and not mine.role:
            laid.undo.setdefault("roles", []).append([mine.id, theirs.role])
            laid.changes.append(Change("outlets", _place(mine), f"{mine.outlet.name} ({theirs.role})"))
            mine.role = theirs.role
    if added:
        pair.session.flush()
        laid.undo["affiliations"] = [[a.id, a.role, _as_json(a.since)] for a in added]


def _lift_affiliations(kept: Contact, undo: Undo) -> Iterator[str]:
    have = {affiliation.id: affiliation for affiliation in kept.affiliations}
    for number, role, since in undo.get("affiliations", ()):
        mine = have.get(number)
        if mine is None:
            continue
        if (mine.role, _as_json(mine.since), mine.until) == (role, since, None):
            kept.affiliations.remove(mine)
        else:
            yield f"{_place(mine)}, where something was changed since"
    for number, role in undo.get("roles", ()):
        mine = have.get(number)
        if mine is not None and mine.role == role:
            mine.role = ""


def _place(affiliation: Affiliation) -> str:
    return affiliation.outlet.name + (f" ({affiliation.role})" if affiliation.role else "")
