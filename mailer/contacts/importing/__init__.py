"""Takes contact lists into the registry: good rows go in, bad rows are told with their place, reason and remedy.

In the order of the way: ``reading`` (its own room) opens a file. ``cells`` checks a row, with ``words`` and
``vocabulary`` for what its words mean, into a ``candidate``. ``people`` says which rows and which contacts are one
person. ``standing`` is what the registry knows of them, ``defaults`` what is said of all who are new, ``needed`` what
these cannot be without, ``plan`` what is to change, ``store`` writes it. ``taking`` is all of that in turn,
``account`` what is told of it, and ``refused`` writes the refused rows as a list to correct. ``entering`` takes one
contact by the same way who is typed in and not in a list, and ``told`` is what was typed.
"""

from mailer.contacts.importing.account import Change, Changed, Imported, Merged, Newcomer, Notice, Refusal
from mailer.contacts.importing.defaults import defaults_of, with_kept
from mailer.contacts.importing.entering import Entered, add_contact, change_contact, plan_change, plan_contact
from mailer.contacts.importing.people import IsErased
from mailer.contacts.importing.refused import write_refused
from mailer.contacts.importing.taking import Manner, Progress, import_contacts, plan_import
from mailer.contacts.importing.told import CLEARABLE, REMOVABLE, Told

__all__ = [
    "CLEARABLE",
    "REMOVABLE",
    "Change",
    "Changed",
    "Entered",
    "Imported",
    "IsErased",
    "Manner",
    "Merged",
    "Newcomer",
    "Notice",
    "Progress",
    "Refusal",
    "Told",
    "add_contact",
    "change_contact",
    "defaults_of",
    "import_contacts",
    "plan_change",
    "plan_contact",
    "plan_import",
    "with_kept",
    "write_refused",
]
