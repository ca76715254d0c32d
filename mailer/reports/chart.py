"""A chart of a campaign, as SVG: how many deliveries were accepted how long after their instant."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import accumulate

from mailer.reports.numbers import Pace
from mailer.reports.values import clock_length
from mailer.reports.words import Words, said

_WIDTH, _HEIGHT = 760, 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 24, 64, 56
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
"""Seconds between two marks of the time axis; beyond a day, whole days."""

# One file for a light page and a dark one: the browser, or whoever shows it, says which it is.
_STYLE = """\
text{font:13px system-ui,"Noto Sans","Noto Sans Arabic",sans-serif;fill:#222}
.title{font-size:17px;font-weight:600}.small{font-size:12px;fill:#555}
.back{fill:#fff}.axis{stroke:#888}.grid{stroke:#e2e2e2}
.area{fill:#1b62a8;fill-opacity:.18}.line{fill:none;stroke:#1b62a8;stroke-width:2}
.mark{stroke:#b2471d;stroke-dasharray:4 3}
@media (prefers-color-scheme:dark){
text{fill:#eee}.small{fill:#bbb}.back{fill:#16181c}.axis{stroke:#888}.grid{stroke:#2d3138}
.area{fill:#6fb1f2}.line{stroke:#6fb1f2}.mark{stroke:#f0946c}}"""


def chart(pace: Pace | None, release: str, words: Words) -> str:
    """The chart in the words' language; time runs from left to right in each. Without deliveries it says so."""
    title = words.say(said("%(release)s: accepted deliveries over time", release=release))
    parts = [f'<text class="title" x="{_start(words)}" y="28">{escape(title)}</text>']
    if pace is None:
        told = words.say(said("Nothing was accepted yet."))
        parts.append(f'<text x="{_start(words)}" y="{_TOP + 20}">{escape(told)}</text>')
    else:
        told = words.say(
            said(
                "%(count)s accepted; half of them within %(median)s, 95 %% within %(p95)s, the last after %(slowest)s "
                "(hours:minutes:seconds after the embargo, or after the instant of the wave).",
                count=sum(pace.counts),
                median=clock_length(pace.times.median),
                p95=clock_length(pace.times.p95),
                slowest=clock_length(pace.times.slowest),
            )
        )
        parts.extend(_plot(pace, words))
    body = "\n".join(parts)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" role="img" aria-labelledby="title desc" lang="{words.language}" '
        f'direction="{words.direction}">\n'
        f'<title id="title">{escape(title)}</title>\n<desc id="desc">{escape(told)}</desc>\n'
        f"<style>{_STYLE}</style>\n"
        f'<rect class="back" width="{_WIDTH}" height="{_HEIGHT}"/>\n{body}\n</svg>\n'
    )


def _start(words: Words) -> int:
    """Where a line of text begins, on its side."""
    return _WIDTH - _RIGHT if words.direction == "rtl" else _RIGHT


def _plot(pace: Pace, words: Words) -> Iterator[str]:
    span = pace.bin_seconds * len(pace.counts)
    sums = list(accumulate(pace.counts))
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM

    def across(seconds: float) -> float:
        return round(_LEFT + (right - _LEFT) * min(max(seconds / span, 0), 1), 1)

    def up(count: float) -> float:
        return round(bottom - (bottom - _TOP) * count / sums[-1], 1)

    for count in _counts(sums[-1]):
        yield f'<line class="grid" x1="{_LEFT}" x2="{right}" y1="{up(count)}" y2="{up(count)}"/>'
        yield _text(_LEFT - 8, up(count) + 4, str(count), "end")
    step = _step(span)
    for number in range(int(span / step) + 1):
        x = across(number * step)
        yield f'<line class="axis" x1="{x}" x2="{x}" y1="{bottom}" y2="{bottom + 5}"/>'
        yield _text(x, bottom + 20, _clock(number * step), "middle")
    points = [(_LEFT, bottom), *((across((n + 1) * pace.bin_seconds), up(total)) for n, total in enumerate(sums))]
    path = " ".join(f"{x},{y}" for x, y in points)
    yield f'<polygon class="area" points="{path} {right},{bottom}"/>'
    yield f'<polyline class="line" points="{path}"/>'
    yield f'<line class="axis" x1="{_LEFT}" x2="{right}" y1="{bottom}" y2="{bottom}"/>'
    for seconds, share in ((pace.times.median, "50 %"), (pace.times.p95, "95 %")):
        x = across(seconds)
        yield f'<line class="mark" x1="{x}" x2="{x}" y1="{_TOP}" y2="{bottom}"/>'
        yield _text(x, _TOP - 6, share, "middle")
    axis = words.say(said("Hours:minutes:seconds after the instant"))
    yield f'<text class="small" x="{_start(words)}" y="{_HEIGHT - 12}">{escape(axis)}</text>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    """A number: it is written from the left whatever the language is, and so is where it is anchored."""
    return f'<text class="small" direction="ltr" x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'


def _counts(top: int) -> Sequence[int]:
    """Round numbers from 0 to the top, at most six of them, and the top itself."""
    step = next(n * 10**power for power in range(12) for n in (1, 2, 5) if n * 10**power * 5 >= top)
    marks = [count for count in range(0, top, step) if top - count >= step / 2]
    return [*marks, top]


def _step(span: float) -> int:
    """Seconds between two marks, so that there are eight of them at most."""
    return next((step for step in _STEPS if span / step <= 8), -(-int(span) // (8 * 86400)) * 86400)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
