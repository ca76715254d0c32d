"""Groups of commands whose modules are imported when a command is asked for, and not before.

All rooms with their libraries take a second or two to import and some sixty megabytes, of which a command needs a part:
one that lists contacts reads no Word files, and ``dateline run`` no spreadsheets.
"""

import gc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True, slots=True)
class Later:
    """A command, or a group of them, that is still to be imported."""

    place: str
    """The module within ``mailer.cli``, and the name there of a function or a ``Typer``: ``setup:check``."""
    help: str = ""
    """Its line in the list of commands. Where it has none, it is imported for that."""
    takes_query: bool = False
    """A word of a query may begin with a minus; it is no option for that."""

    def line(self, name: str, room: int) -> str:
        """Its line in the list of commands, of at most so many characters."""
        command: Any = TyperCommand(name, help=self.help) if self.help else self.load(name)
        return str(command.get_short_help_str(room))

    def load(self, name: str) -> Any:
        """Import it; as the command of this name."""
        module, _, member = self.place.partition(":")
        # An import leaves no garbage, and Python would look through all that it made for some again and again, for a
        # fifth of the time.
        was_on = gc.isenabled()
        gc.disable()
        try:
            found = getattr(import_module(f"mailer.cli.{module}"), member)
        finally:
            if was_on:
                gc.enable()
        above = typer.Typer(rich_markup_mode=None)
        if isinstance(found, typer.Typer):
            above.add_typer(found, name=name, help=self.help)
        else:
            above.command(name, context_settings={"ignore_unknown_options": self.takes_query})(found)
        return typer.main.get_group(above).commands[name]


def group_of(table: Mapping[str, Later]) -> type[TyperGroup]:
    """The ``cls`` of a ``Typer`` that has the commands of a table."""

    class Group(TyperGroup):
        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            self.commands: Any = _Commands(table)

        def list_commands(self, ctx: Any) -> list[str]:
            return list(table)

        def format_commands(self, ctx: Any, formatter: Any) -> None:
            """The list of commands for ``--help``, without importing those whose line is in the table."""
            room = formatter.width - 6 - max(map(len, table))
            with formatter.section("Commands"):
                formatter.write_dl([(name, later.line(name, room)) for name, later in table.items()])

    return Group


class _Commands(Mapping[str, Any]):
    """The commands of a table by name, each imported when it is first looked up."""

    def __init__(self, table: Mapping[str, Later]) -> None:
        self._table = table
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = self._table[name].load(name)
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)
