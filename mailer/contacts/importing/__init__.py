"""Takes contact lists into the registry: good rows go in, bad rows are told with their place, reason and remedy.

In the order of the way: ``reading`` (its own room) opens a file. ``cells`` checks a row, with ``words`` and
``vocabulary`` for what its words mean, into a ``candidate``. ``people`` says which rows and which contacts are one
person. ``standing`` is what the registry knows of them, ``plan`` what is to change, ``store`` writes it. ``taking`` is
all of that in turn, ``account`` what is told of it, and ``refused`` writes the refused rows as a list to correct.
"""

from mailer.contacts.importing.account import Change, Changed, Imported, Merged, Newcomer, Notice, Refusal
from mailer.contacts.importing.people import IsErased
from mailer.contacts.importing.refused import write_refused
from mailer.contacts.importing.taking import Manner, Progress, import_contacts, plan_import

__all__ = [
    "Change",
    "Changed",
    "Imported",
    "IsErased",
    "Manner",
    "Merged",
    "Newcomer",
    "Notice",
    "Progress",
    "Refusal",
    "import_contacts",
    "plan_import",
    "write_refused",
]
