"""What every error of a person's is made of: its words with named fields, and a name that is near a mistyped one."""

import difflib
from collections.abc import Iterable
from typing import ClassVar


def nearest(name: str, known: Iterable[str], *, cutoff: float = 0.5) -> str:
    """A sentence that suggests the known name most like a mistyped one, or lists the first few; else empty."""
    names = list(known)
    if near := difflib.get_close_matches(name, names, n=1, cutoff=cutoff):
        return f"Did you mean {near[0]}?"
    return f"There is: {', '.join(names[:10])}." if names else ""


class DatelineError(Exception):
    """Something that a person can put right; never shown as a traceback."""

    message: ClassVar[str] = "Something went wrong."
    remedy: ClassVar[str] = ""

    def __init__(self, **fields: object) -> None:
        self.fields = fields
        super().__init__(" ".join(filter(None, (self.problem, self.advice))))

    @property
    def problem(self) -> str:
        """What was wrong and where, as one sentence."""
        return self.message.format(**self.fields)

    @property
    def advice(self) -> str:
        """What to do about it; empty where the problem says it all."""
        return self.remedy.format(**self.fields).strip()
