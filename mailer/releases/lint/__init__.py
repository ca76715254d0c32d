"""Looks over a release's text before it is frozen, for what an officer would not want to see in print.

``texts`` goes through the ``passages`` of each edition: ``placeholders`` that were never filled, ``directions`` that do
not fit the language, links that lead nowhere, the embargo, cities without a press contact. What comes of it is a
``finding``.
``rendering.lint`` does the same for the mail. Nothing here blocks: a finding is a question to the officer.
"""

from mailer.releases.lint.finding import Finding, Kind
from mailer.releases.lint.passages import place_of_link
from mailer.releases.lint.texts import check_texts

__all__ = ["Finding", "Kind", "check_texts", "place_of_link"]
