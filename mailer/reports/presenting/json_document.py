"""A report for programs: one JSON document, whose rows are written as they come, one a line."""

import json
from typing import BinaryIO

from mailer.reports.presenting.manner import Manner, machine
from mailer.reports.report import Report
from mailer.reports.values import plain


def write_json(report: Report, stream: BinaryIO, manner: Manner) -> int:
    """Write it; ``docs/reference/json.md`` has the fields. Times are UTC, and states and reasons are not translated."""
    words = manner.words
    head = {
        "report": report.question,
        "title": words.say(report.title),
        "asked": [words.say(sentence) for sentence in report.asked],
        "made_at": report.made_at,
        "zone": words.zone,
        "language": words.language,
        "seal": {"size": report.seal.size, "root": report.seal.root, "at": report.seal.at}
        if report.seal
        else None,
        "figures": {figure.field: machine(figure.value) for figure in report.figures},
        "notes": [words.say(sentence) for sentence in report.notes],
    }
    stream.write(b"{\n")
    for name, value in head.items():
        stream.write(f"  {json.dumps(name)}: {_json(value)},\n".encode())
    stream.write(b'  "rows": [')
    fields = [column.field for column in report.columns]
    count = 0
    for count, row in enumerate(report.rows, 1):
        line = _json(dict(zip(fields, map(machine, row), strict=True)))
        stream.write(f"{',' if count > 1 else ''}\n    {line}".encode())
    stream.write(b"\n  ]\n}\n" if count else b"]\n}\n")
    return count


def _json(value: object) -> str:
    return json.dumps(plain(value), ensure_ascii=False)
