"""Two contacts who are one person: merged into one, and parted again.

``merge`` decides and writes down; ``details`` lays what is known of the merged one over the kept one, ``reached`` joins
their addresses and telephone numbers, ``listed`` their places on media lists, ``lawful`` their acceptances and
suppressions. ``family`` says who was merged into whom. Each part gives back, as JSON, what undoes it.
"""

from mailer.contacts.merging.family import everybody, kept_for_merged, kept_of, numbers_of, with_merged
from mailer.contacts.merging.laid import Change
from mailer.contacts.merging.merge import Merged, Parted, merge, unmerge

__all__ = [
    "Change",
    "Merged",
    "Parted",
    "everybody",
    "kept_for_merged",
    "kept_of",
    "merge",
    "numbers_of",
    "unmerge",
    "with_merged",
]
