"""The command line: each command reads its input, calls one function of the rooms below, and shows its result.

``office`` opens the office, ``output`` prints; the other files hold one group of commands each.
"""

from mailer.cli.app import main

__all__ = ["main"]
