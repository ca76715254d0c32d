"""Compares the editions of one release, for an officer to look at before it is approved.

``editions`` sets two of them side by side: ``side`` cuts each into passages, ``alignment`` says which paragraph
answers which, ``counting`` compares their ``figures`` (with ``numerals``, ``units`` and ``moments``), ``quoting`` who
is heard in them (``voices``), ``furnishing`` what stands round the text. ``links`` knows one page in two languages,
``officers`` one person in two scripts. What comes of it is ``differing``. Nothing here blocks: a difference is
a question to the officer.
"""

from mailer.releases.comparison.differing import Difference, Kind, Part, Place, language_name
from mailer.releases.comparison.editions import compare, compare_all
from mailer.releases.comparison.officers import officers_names

__all__ = ["Difference", "Kind", "Part", "Place", "compare", "compare_all", "language_name", "officers_names"]
