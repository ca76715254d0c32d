"""The folder of the press office that this run works in."""

from pathlib import Path
from typing import Annotated

import typer

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        envvar="DATELINE_HOME",
        help="The press office's folder; the current one where it is left out.",
        show_default=False,
    ),
]

_home: Path = Path()


def set_home(home: Path | None) -> None:
    """The folder that every command of this run works in."""
    global _home
    _home = home or Path()


def home() -> Path:
    """That folder."""
    return _home
