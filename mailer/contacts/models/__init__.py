"""The registry's tables.

``issuers``: cities, organisations and offices. ``people``: contacts and outlets. ``distinct``: who only look
like one. ``media_lists``: who is on one. ``lawful``: embargo terms, suppression, erasure. ``search_index``: the words
by which contacts are found.
"""

from mailer.contacts.models.distinct import ContactDistinct
from mailer.contacts.models.issuers import City, Office, Organisation, OrganisationText
from mailer.contacts.models.lawful import (
    EmbargoAcceptance,
    EmbargoTerms,
    ErasedAddress,
    LawfulBasis,
    Suppression,
    SuppressionKind,
)
from mailer.contacts.models.media_lists import MediaList, MediaListMember, MediaListQuery
from mailer.contacts.models.people import (
    Affiliation,
    Beat,
    Contact,
    ContactBeat,
    ContactKind,
    ContactLanguage,
    ContactMerge,
    ContactNote,
    ContactPoint,
    ContactStatus,
    ContactTag,
    ImportMapping,
    NoteKind,
    Outlet,
    OutletType,
    PointKind,
)
from mailer.contacts.models.search_index import ContactText, ContactUnindexed

__all__ = [
    "Affiliation",
    "Beat",
    "City",
    "Contact",
    "ContactBeat",
    "ContactDistinct",
    "ContactKind",
    "ContactLanguage",
    "ContactMerge",
    "ContactNote",
    "ContactPoint",
    "ContactStatus",
    "ContactTag",
    "ContactText",
    "ContactUnindexed",
    "EmbargoAcceptance",
    "EmbargoTerms",
    "ErasedAddress",
    "ImportMapping",
    "LawfulBasis",
    "MediaList",
    "MediaListMember",
    "MediaListQuery",
    "NoteKind",
    "Office",
    "Organisation",
    "OrganisationText",
    "Outlet",
    "OutletType",
    "PointKind",
    "Suppression",
    "SuppressionKind",
]
