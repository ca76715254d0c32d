"""Every error that a person can cause, with what was wrong, where, and what to do about it.

The class says the kind, ``message`` and ``remedy`` are its words with named fields, so that a face
(command line, web) can show or translate them without knowing the kinds one by one.

``base`` is what they are made of; each of the others has those of a part of the work: ``keeping``,
``log``, ``office``, ``registry``, ``releases``, ``sending``.
"""

from mailer.errors.base import DatelineError as DatelineError
from mailer.errors.base import nearest as nearest
from mailer.errors.keeping import *  # noqa: F403
from mailer.errors.log import *  # noqa: F403
from mailer.errors.office import *  # noqa: F403 - a table of names, each of which is for everybody
from mailer.errors.registry import *  # noqa: F403
from mailer.errors.releases import *  # noqa: F403
from mailer.errors.sending import *  # noqa: F403
