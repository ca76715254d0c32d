"""``python -m mailer`` is ``dateline``."""

from mailer.cli import main

main()
