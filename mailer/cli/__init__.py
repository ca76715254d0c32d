"""The command line: each command reads its input, calls one function of the rooms below, and shows its result.

``app`` has the table of commands and ``loading`` imports them when they are asked for; ``home`` is the office's folder,
``office`` opens it, ``identity`` is as whom it speaks, ``console`` and ``output`` print; most other files hold one
group of commands each.
"""

from mailer.cli.app import main

__all__ = ["main"]
