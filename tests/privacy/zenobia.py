"""A person with something in every table that can name her, and what she was sent."""

from datetime import date

from builders import DESK, NOON, make_contact, make_list, make_outlet
from newsroom import make_wave
from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.contacts.models import (
    Affiliation,
    Contact,
    ContactMerge,
    ContactNote,
    ContactPoint,
    ContactStatus,
    ContactTag,
    NoteKind,
    OutletType,
    PointKind,
    SuppressionKind,
)
from mailer.contacts.suppression import suppress
from mailer.delivery.models import Attempt
from mailer.schedule.models import Delivery, DeliveryState


def make_zenobia(session: Session) -> Contact:
    """A contact with something in every table that can name her."""
    zenobia = make_contact(
        session,
        "Zenobia Quartermain",
        address="Zenobia.Quartermain@courier.example",
        arabic_name="زنوبيا كوارترمين",
        languages=("en", "ar"),
        beats=("migration",),
        outlets=("Levant Courier",),
        terms=date(2026, 1, 5),
    )
    zenobia.given_name, zenobia.family_name = "Zenobia", "Quartermain"
    zenobia.phone, zenobia.title, zenobia.source = "+961 1 555 77 31", "Zenobia’s title", "xyzzy-card of Zenobia"
    zenobia.languages[0].salutation = "Dear Ms Quartermain"
    zenobia.tags = [ContactTag(tag="quartermain-fans")]
    zenobia.points = [
        ContactPoint(kind=PointKind.ADDRESS, value="zq@old-desk.example", key="zq@old-desk.example"),
        ContactPoint(kind=PointKind.PHONE, value="+961 1 555 77 32", key="+96115557732"),
    ]
    zenobia.acceptances[0].how = "by telephone, +961 1 555 77 31"
    practice = make_outlet(session, "Zenobia Quartermain, freelance")
    practice.type = OutletType.FREELANCE
    zenobia.affiliations.append(Affiliation(outlet=practice, role="Zenobia herself"))
    session.add(ContactNote(contact_id=zenobia.id, kind=NoteKind.NOTE, at=NOON, actor=DESK, text="Zenobia called"))
    session.flush()
    suppress(
        session,
        "zq@old-desk.example",
        reason="Zenobia has left",
        kind=SuppressionKind.UNDELIVERABLE,
        at=NOON,
        actor=DESK,
    )
    return zenobia


def merge(session: Session, merged: Contact, into: Contact) -> None:
    merged.status, merged.merged_into_id = ContactStatus.MERGED, into.id
    session.add(
        ContactMerge(
            kept_id=into.id, merged_id=merged.id, at=NOON, actor=DESK, laid_over={"name": "Zenobia Quartermain"}
        )
    )
    session.flush()


def make_sent(session: Session, *people: Contact) -> list[Delivery]:
    """The deliveries of a wave to these, each accepted with a reply that names the address."""
    wave = make_wave(session, make_list(session, *people, name=f"List {people[0].id}"))
    found = list(session.scalars(select(Delivery).where(Delivery.wave_id == wave.id).order_by(Delivery.id)))
    for delivery in found:
        delivery.state, delivery.attempts, delivery.finished_at = DeliveryState.ACCEPTED, 1, NOON
        delivery.sha256 = "5" * 64
        session.add(
            Attempt(
                delivery_id=delivery.id,
                number=1,
                at=NOON,
                relay="main",
                stage="end",
                code=250,
                enhanced="2.1.5",
                text=f"<{delivery.address}> ok",
            )
        )
    session.flush()
    return found
