"""Lists of contacts in: a file of any usual kind becomes headings and rows of text, and its columns become fields.

``opening`` looks at what a file is. ``text_files`` reads CSV, after ``encodings`` has said in which one it is, and
``json_lists`` JSON; ``rows`` is what they all give. ``columns`` says which field each column is, by the names in
``headings`` or by a mapping, and ``mappings`` keeps those under a name. What the cells say is checked by
``contacts.importing``.
"""

from mailer.contacts.reading.columns import Columns, mapping_of, recognise
from mailer.contacts.reading.mappings import defaults_named, mapping_named, save_mapping
from mailer.contacts.reading.opening import open_list
from mailer.contacts.reading.rows import OpenedList, Row

__all__ = [
    "Columns",
    "OpenedList",
    "Row",
    "defaults_named",
    "mapping_named",
    "mapping_of",
    "open_list",
    "recognise",
    "save_mapping",
]
