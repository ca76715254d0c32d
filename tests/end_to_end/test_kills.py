"""The kill harness of ``bench/`` in a small count: whenever it is killed, nobody is missed and no copy goes unnamed."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent.parent.parent / "bench"))

from harness import Office, judge, kill_again_and_again, killing
from receiver import Received

KILLS = 6
PEOPLE = 250


def test_killed_at_random_instants_misses_nobody_and_names_every_copy(database_url: str, tmp_path: Path) -> None:
    with killing(tmp_path, database_url, people=PEOPLE, seed=2026) as made:
        verdict = kill_again_and_again(made, KILLS)
    assert verdict.faults() == []
    assert verdict.kills == KILLS
    assert verdict.deliveries == PEOPLE * verdict.waves


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office whose one wave was sent to five people, without a kill."""
    folder = tmp_path_factory.mktemp("sent")
    with killing(folder, f"sqlite:///{folder}/dateline.db", people=5, seed=1) as made:
        wave_id, _ = made.plan()
        made.start()
        made.until(lambda: False, wave_id)
        yield made


Change = Callable[[Received], list[Received]]


@pytest.mark.parametrize(
    ("wrong", "change"),
    [
        ("nothing", lambda one: [one]),
        ("missed", lambda _: []),
        ("unnamed_duplicates", lambda one: [one, one]),
        ("early", lambda one: [replace(one, begun_at=one.begun_at - timedelta(minutes=1))]),
        ("altered", lambda one: [replace(one, sha256="0" * 64)]),
        ("strangers", lambda one: [replace(one, recipient="somebody@else.example")]),
        ("strangers", lambda one: [one, replace(one, sender="press+0000@desk.example")]),
    ],
)
def test_the_harness_sees_what_is_wrong_with_one_message(sent: Office, wrong: str, change: Change) -> None:
    first, *others = sent.receiver.received()
    verdict = judge(sent, [*change(first), *others])
    assert verdict.faults()[:1] == ([] if wrong == "nothing" else [f"{wrong}: 1"])
