"""What a person is told at the terminal: the two streams, and how a run ends that cannot go on."""

from collections.abc import Iterable
from typing import NoReturn

from rich.console import Console
from rich.text import Text

from mailer.errors import DatelineError

out = Console(soft_wrap=True, highlight=False, emoji=False)
err = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)


def say(text: str) -> None:
    """Tell a person something that is not the result."""
    err.print(text, markup=False)


def look_at(sentences: Iterable[str]) -> None:
    """Tell a person what is no error and may not be what was meant."""
    for sentence in sentences:
        err.print(Text(f"look at this: {sentence}", style="yellow"))


def fail(error: DatelineError) -> NoReturn:
    """Print what was wrong and what to do, and end with 1."""
    err.print(Text(error.problem, style="bold red"))
    if error.advice:
        err.print(error.advice, markup=False)
    raise SystemExit(1)


def fail_usage(text: str) -> NoReturn:
    """Print how the command is used, and end with 2."""
    err.print(Text(text, style="bold red"))
    raise SystemExit(2)
