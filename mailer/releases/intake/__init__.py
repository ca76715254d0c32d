"""Intake: a release as it comes, from Word, a page, text or Markdown, taken apart into what an edition says.

``reading`` opens the file; ``text`` and ``markdown`` cut it into blocks, ``word`` (with ``package`` and
``word_styles``) and ``webpage`` do so by way of what is ``written``; ``assembly`` finds the parts among
them with ``anatomy`` (the words for each part, per language), ``headings``, ``dateline``, ``photo`` and
``officers``; ``quotes`` finds who is quoted. What cannot be found or is not trusted comes back as
a ``Doubt``, never as a guess.
"""

from mailer.releases.intake.parts import Doubt, Intake
from mailer.releases.intake.quotes import Quote, quotes
from mailer.releases.intake.reading import read_release

__all__ = ["Doubt", "Intake", "Quote", "quotes", "read_release"]
