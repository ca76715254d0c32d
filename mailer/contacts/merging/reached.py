"""How the merged contact can be reached: her addresses and telephone numbers become further ones of the kept one.

The kept one is written to at her own address, as before.
"""

from collections.abc import Iterator

from sqlalchemy import delete, select, update

from mailer.contacts.merging.laid import Change, Laid, Pair, Undo
from mailer.contacts.models import Contact, ContactPoint, PointKind
from mailer.contacts.phones import phone


def phone_key(text: str, country: str) -> str:
    """By which a number is compared: E.164 where it can be understood, else its digits."""
    try:
        return phone(text, country).key
    except ValueError:
        return "".join(character for character in text if character.isdigit()) or text


def lay(pair: Pair) -> Laid:
    """Give the kept one the points of both."""
    laid = Laid()
    kept, merged, session = pair.kept, pair.merged, pair.session
    place = max((point.position for point in kept.points), default=0)
    have = {(point.kind, point.key) for point in kept.points}
    have.add((PointKind.ADDRESS, kept.address_key))
    if kept.phone:
        have.add((PointKind.PHONE, phone_key(kept.phone, kept.city.country)))

    new = [(PointKind.ADDRESS, merged.address, merged.address_key)]
    if merged.phone and not kept.phone:
        laid.undo["phone"] = merged.phone
        laid.changes.append(Change("phone", "", merged.phone))
        kept.phone = merged.phone
        have.add((PointKind.PHONE, phone_key(merged.phone, merged.city.country)))
    elif merged.phone:
        new.append((PointKind.PHONE, merged.phone, phone_key(merged.phone, merged.city.country)))

    added, moved = [], []
    for kind, value, key in new:
        # A third contact may have the address among hers; then it is no news of this one.
        if (kind, key) in have or (kind is PointKind.ADDRESS and _taken(pair, key)):
            continue
        place += 1
        point = ContactPoint(contact_id=kept.id, kind=kind, value=value, key=key, position=place)
        session.add(point)
        session.flush()
        added.append([point.id, value])
        have.add((kind, key))
        laid.changes.append(Change(f"further {kind.value}", "", value))
    for point in list(merged.points):
        if (point.kind, point.key) in have:
            continue
        place += 1
        # Not by the objects: to take one out of its contact's list would delete it.
        session.execute(
            update(ContactPoint)
            .where(ContactPoint.id == point.id)
            .values(contact_id=kept.id, position=place)
            .execution_options(synchronize_session=False)
        )
        moved.append([point.id, point.value, point.position])
        have.add((point.kind, point.key))
        laid.changes.append(Change(f"further {point.kind.value}", "", point.value))
    if added:
        laid.undo["points"] = added
    if moved:
        laid.undo["points_moved"] = moved
    _forget(pair)
    return laid


def lift(pair: Pair, undo: Undo) -> Iterator[str]:
    """Give each her own again; yields what stays."""
    kept, merged, session = pair.kept, pair.merged, pair.session
    if (number := undo.get("phone")) is not None:
        if kept.phone == number:
            kept.phone = ""
        else:
            yield "phone, which was changed since"
    # By what they are, not by their numbers: a list, or an officer, that changes one writes all of hers anew.
    for _, value in undo.get("points", ()):
        hers = (ContactPoint.value == value, ContactPoint.contact_id == kept.id)
        session.execute(delete(ContactPoint).where(*hers).execution_options(synchronize_session=False))
    for _, value, position in undo.get("points_moved", ()):
        if value == kept.address:
            yield f"{value}, where she is written to now"
        session.execute(
            update(ContactPoint)
            .where(ContactPoint.value == value, ContactPoint.contact_id == kept.id)
            .values(contact_id=merged.id, position=position)
            .execution_options(synchronize_session=False)
        )
    _forget(pair)


def _taken(pair: Pair, address_key: str) -> bool:
    """Whether it is a further address of somebody; of the merged one herself it is not, it is her first."""
    others = select(ContactPoint.id).where(ContactPoint.kind == PointKind.ADDRESS, ContactPoint.key == address_key)
    return pair.session.scalar(others.limit(1)) is not None


def _forget(pair: Pair) -> None:
    pair.session.flush()
    for contact in (pair.kept, pair.merged):
        pair.session.expire(contact, [Contact.points.key])
