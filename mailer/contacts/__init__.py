"""The registry: organisations, offices, contacts, outlets, media lists and suppression.

``models`` are the tables. In: ``reading`` opens a list, ``importing`` takes people from it, and ``organisations`` takes
those who issue releases. Out: ``records`` are contacts as plain values, ``exporting`` writes them, ``query`` is the
language of searches and saved queries, ``search`` finds people, ``lists`` says who is on a media list. In full text,
``words`` says what a word is, ``search_index`` keeps everybody's words in step, by itself, and ``matching`` asks for
them. Care: ``duplicates`` and ``merging`` make one contact of two, ``affiliations`` and ``standing`` are where somebody
works and whether she can be written to, ``notes``, ``history`` and ``hygiene`` what an officer knows and has to check;
``mail_domains`` and ``name_server`` are where mail is accepted at all, as far as the DNS tells.
Lawful: ``suppression`` and ``stops`` say who must not be written to, ``terms`` who may be sent something under embargo,
``basis`` why we keep her, ``erased`` who must not come back. Below them, ``address``, ``phones``, ``cities``,
``countries``, ``beats``, ``outlets`` and ``language_names`` say what is one, ``spelling`` when two names are the same.
"""

from mailer.contacts.address import Address
from mailer.contacts.importing import Imported, Refusal, import_contacts
from mailer.contacts.lists import all_lists, change_list, create_list, list_named, members_of
from mailer.contacts.models import (
    Affiliation,
    City,
    Contact,
    ContactBeat,
    ContactKind,
    ContactLanguage,
    MediaList,
    Office,
    Organisation,
    OrganisationText,
    Outlet,
    Suppression,
)
from mailer.contacts.organisations import import_organisations, organisation_named
from mailer.contacts.query import Query
from mailer.contacts.search import contact_named, find_contacts
from mailer.contacts.search_index import refresh, reindex, stale
from mailer.contacts.suppression import lift, suppress, suppressed_among

__all__ = [
    "Address",
    "Affiliation",
    "City",
    "Contact",
    "ContactBeat",
    "ContactKind",
    "ContactLanguage",
    "Imported",
    "MediaList",
    "Office",
    "Organisation",
    "OrganisationText",
    "Outlet",
    "Query",
    "Refusal",
    "Suppression",
    "all_lists",
    "change_list",
    "contact_named",
    "create_list",
    "find_contacts",
    "import_contacts",
    "import_organisations",
    "lift",
    "list_named",
    "members_of",
    "organisation_named",
    "refresh",
    "reindex",
    "stale",
    "suppress",
    "suppressed_among",
]
