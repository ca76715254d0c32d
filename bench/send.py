"""``make bench``: how fast Dateline sends, as ratios to what others do on the same machine in the same run."""

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from statistics import median

import keys
import yardsticks
from measure import Figures, Setting, measure, postgres_where_wanted
from rich.console import Console
from rich.table import Table
from runner import Failed
from sample import sample

_HEADINGS = (
    "what",
    "per second",
    "x smtp-source",
    "x nodemailer",
    "x mailmerge",
    "CPU s/1,000",
    "MB",
    "sink busy",
    "first mail, ms",
)


def main() -> int:
    """Exit 0 if everything was measured, 1 if something failed."""
    options = _options()
    # The sinks, servers and processes that were started are stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        rates = _yardsticks(options)
        rows = [*_yardstick_rows(rates), *_dateline_rows(options, rates)]
    except Failed as failed:
        print(f"not measured: {failed}", file=sys.stderr)
        return 1
    table = Table(*_HEADINGS)
    for row in rows:
        table.add_row(*row)
    Console(stderr=True, width=160).print(table)
    return 0


def _options() -> argparse.Namespace:
    wanted = argparse.ArgumentParser(description=__doc__)
    add = wanted.add_argument
    add("--deliveries", type=_each(_count), default=[1_000, 10_000, 100_000, 500_000], help="1k,10k,100k,500k")
    add("--databases", type=_each(_one_of("sqlite", "postgresql")), default=["sqlite", "postgresql"])
    add("--processes", type=_each(int), default=[1, 2], help="dateline run so many times: 1,2")
    add("--dkim", type=_each(_one_of(*keys.KINDS)), default=list(keys.KINDS), help="none,ed25519,rsa")
    add("--repeat", type=int, default=1, help="measure so often and print the median (1)")
    add("--smtp-source", type=_count, default=20_000, help="messages of this yardstick (20k)")
    add("--nodemailer", type=_count, default=5_000, help="messages of this yardstick (5k); 0 leaves it out")
    add("--mailmerge", type=_count, default=500, help="messages of this yardstick (500); 0 leaves it out")
    return wanted.parse_args()


def _yardsticks(options: argparse.Namespace) -> dict[str, float]:
    """Messages per second of each one that was measured."""
    with tempfile.TemporaryDirectory(prefix="dateline-sample-") as folder:
        like = sample(Path(folder))
    rates: dict[str, float] = {}
    best = [yardsticks.smtp_source(like, options.smtp_source) for _ in range(options.repeat)]
    rates["smtp-source"] = median(rate for rate, _ in best)
    _print_yardstick("smtp-source", rates, like.size, sessions=best[-1][1])
    for name, count, send in (
        ("nodemailer", options.nodemailer, yardsticks.nodemailer),
        ("mailmerge", options.mailmerge, yardsticks.mailmerge),
    ):
        found = [send(like, count) for _ in range(options.repeat if count else 0)]
        if measured := [rate for rate in found if rate is not None]:
            rates[name] = median(measured)
            _print_yardstick(name, rates, like.size)
    return rates


def _print_yardstick(name: str, rates: dict[str, float], size: int, **more: object) -> None:
    line = {"name": name, "messages_per_second": round(rates[name], 1), "message_bytes": size}
    others = {other: rate for other, rate in rates.items() if other != name}
    _print("yardstick", line | _ratios(rates[name], others) | more)


def _dateline_rows(options: argparse.Namespace, rates: dict[str, float]) -> list[Sequence[str]]:
    rows = []
    with postgres_where_wanted(options.databases) as socket:
        for deliveries, database in product(options.deliveries, options.databases):
            expanded: list[float] = []
            for processes, dkim in product(options.processes, options.dkim):
                setting = Setting(deliveries=deliveries, database=database, processes=processes, dkim=dkim)
                each = [measure(setting, socket) for _ in range(options.repeat)]
                expanded += [figures.expanded_per_second for figures in each]
                rows.append(_report(setting, each, rates))
            line = {"deliveries": deliveries, "database": database}
            _print("expand", line | {"deliveries_per_second": round(median(expanded))})
            rows.append((f"{_spell(deliveries)} {database}: expansion", f"{median(expanded):,.0f}"))
    return rows


def _report(setting: Setting, each: list[Figures], rates: dict[str, float]) -> Sequence[str]:
    """Print the medians of one setting; returns them as a row of the table."""
    middle = {name: median(getattr(figures, name) for figures in each) for name in Figures.__dataclass_fields__}
    rate = middle["messages_per_second"]
    what = {name: getattr(setting, name) for name in Setting.__dataclass_fields__}
    _print(
        "send",
        what
        | {"messages_per_second": round(rate, 1), "recorded_per_second": round(middle["recorded_per_second"], 1)}
        | _ratios(rate, rates)
        | {
            "cpu_seconds_per_1000": round(middle["cpu_seconds_per_1000"], 4),
            "peak_memory_mb": round(middle["peak_memory_mb"], 1),
            "sink_busy": round(middle["sink_busy"], 2),
        },
    )
    _print("first_mail", what | {"milliseconds": round(middle["first_mail_ms"])})
    name = f"{_spell(setting.deliveries)} {setting.database}, processes {setting.processes}, DKIM {setting.dkim}"
    return (
        name,
        *_ratio_cells(rate, rates),
        f"{middle['cpu_seconds_per_1000']:.3f}",
        f"{middle['peak_memory_mb']:.0f}",
        f"{middle['sink_busy']:.2f}",
        f"{middle['first_mail_ms']:.0f}",
    )


def _yardstick_rows(rates: dict[str, float]) -> list[Sequence[str]]:
    return [(name, *_ratio_cells(rate, rates)) for name, rate in rates.items()]


def _ratios(rate: float, rates: dict[str, float]) -> dict[str, float]:
    return {f"ratio_to_{name.replace('-', '_')}": round(rate / other, 3) for name, other in rates.items()}


def _ratio_cells(rate: float, rates: dict[str, float]) -> Sequence[str]:
    cells = (f"{rate / rates[n]:.2f}" if n in rates else "" for n in ("smtp-source", "nodemailer", "mailmerge"))
    return (f"{rate:,.0f}", *cells)


def _print(bench: str, line: dict[str, object]) -> None:
    print(json.dumps({"bench": bench} | line), flush=True)


def _spell(count: int) -> str:
    return f"{count // 1000}k" if count % 1000 == 0 else str(count)


def _count(text: str) -> int:
    return int(text.lower().removesuffix("k")) * (1000 if text.lower().endswith("k") else 1)


def _one_of(*known: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in known:
            raise argparse.ArgumentTypeError(f"{text}: one of {', '.join(known)}")
        return text

    return check


def _each(read: Callable[[str], object]) -> Callable[[str], list[object]]:
    return lambda text: [read(part) for part in text.split(",")]


if __name__ == "__main__":
    sys.exit(main())
