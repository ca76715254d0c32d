"""What others do with the same kind of message: Postfix's smtp-source, nodemailer with a pool, and mailmerge."""

import csv
import json
import re
import shutil
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import office
from runner import Failed
from sample import NAME, TOKEN, Sample
from sink import Sink, postfix_tool, sink

FOLDER = Path(__file__).resolve().parent / ".yardsticks"
SESSIONS = (4, 8, 10, 16)
_NODEMAILER, _MAILMERGE = "nodemailer@10", "mailmerge==2.3.0"
_SENDER = f"{office.SENDER.name} <{office.SENDER.address}>"


def smtp_source(sample: Sample, count: int) -> tuple[float, int]:
    """Messages per second with connections reused, at the best number of sessions, and that number."""
    rates: dict[int, float] = {}
    for sessions in SESSIONS:
        with sink() as taking:
            command = [
                *(postfix_tool("smtp-source"), "-d", "-s", str(sessions), "-m", str(count)),
                *("-l", str(sample.size), "-f", office.SENDER.address, "-t", "nour.haddad@paper.example"),
                f"127.0.0.1:{taking.port}",
            ]
            start = time.perf_counter()
            _run(command)
            rates[sessions] = count / (time.perf_counter() - start)
            _check(taking, count, "smtp-source")
    best = max(rates, key=rates.__getitem__)
    return rates[best], best


def nodemailer(sample: Sample, count: int) -> float | None:
    """Messages per second; nothing where npm is missing, which is said."""
    if not (shutil.which("npm") and shutil.which("node")):
        print("npm is missing, so that nodemailer is left out; apt-get install npm brings it", file=sys.stderr)
        return None
    FOLDER.mkdir(exist_ok=True)
    if not (FOLDER / "node_modules" / "nodemailer").is_dir():
        _run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(FOLDER), _NODEMAILER])
    marks = {"sender": _SENDER, "name": NAME, "token": TOKEN}
    (FOLDER / "sample.json").write_text(json.dumps(asdict(sample) | marks), "utf-8")
    with sink() as taking:
        script = Path(__file__).with_name("nodemailer.cjs")
        seconds = float(_run(["node", str(script), str(FOLDER), str(taking.port), str(count)]))
        _check(taking, count, "nodemailer")
    return count / seconds


def mailmerge(sample: Sample, count: int) -> float:
    """Messages per second of its command, without its start."""
    program = FOLDER / "venv" / "bin" / "mailmerge"
    if not program.exists():
        _run([sys.executable, "-m", "venv", str(FOLDER / "venv")])
        _run([str(program.with_name("pip")), "install", "--quiet", "--disable-pip-version-check", _MAILMERGE])
    (FOLDER / "template.txt").write_text(_mailmerge_template(sample), "utf-8")
    # What one message takes is taken off: the start of Python is paid once, however many there are.
    return count / (_mailmerge_seconds(program, count + 1) - _mailmerge_seconds(program, 1))


def _mailmerge_seconds(program: Path, count: int) -> float:
    people, server = FOLDER / "people.csv", FOLDER / "server.conf"
    with people.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("address", "name", "token"))
        rows.writerows((f"nour.haddad.{n}@paper.example", f"Nour Haddad {n}", f"token{n}") for n in range(count))
    with sink() as taking:
        server.write_text(f"[smtp_server]\nhost = 127.0.0.1\nport = {taking.port}\n", "utf-8")
        command = [
            *(str(program), "--no-dry-run", "--no-limit", "--template", str(FOLDER / "template.txt")),
            *("--database", str(people), "--config", str(server)),
        ]
        start = time.perf_counter()
        _run(command)
        seconds = time.perf_counter() - start
        _check(taking, count, "mailmerge")
    return seconds


def _mailmerge_template(sample: Sample) -> str:
    # Everything but the personal values is raw, as style sheets are full of braces.
    def raw(text: str) -> str:
        values = {NAME: "name", TOKEN: "token"}
        pieces = re.split(f"({NAME}|{TOKEN})", text)
        return "".join(f"{{{{{values[p]}}}}}" if p in values else f"{{% raw %}}{p}{{% endraw %}}" for p in pieces)

    return f"""TO: {{{{name}}}} <{{{{address}}}}>
FROM: {_SENDER}
SUBJECT: {raw(sample.subject)}
LIST-UNSUBSCRIBE: <https://desk.example/unsubscribe/{{{{token}}}}>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="two-parts-of-one"

--two-parts-of-one
Content-Type: text/plain

{raw(sample.text)}
--two-parts-of-one
Content-Type: text/html

{raw(sample.html)}
--two-parts-of-one--
"""


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, check=False, text=True, errors="replace")
    if done.returncode:
        raise Failed(f"{command[0]} failed with {done.returncode}: {(done.stderr or done.stdout)[-2000:]}")
    return done.stdout


def _check(taking: Sink, count: int, name: str) -> None:
    if taking.messages() != count:
        raise Failed(f"smtp-sink took {taking.messages()} messages of {count} from {name}")
