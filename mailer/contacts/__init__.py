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

from mailer.contacts import (
    search_index as search_index,  # Whoever changes a contact keeps her words in step by it.
)
