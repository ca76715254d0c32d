"""What is in hand goes out in fair turns, by the relay and at the pace that its domain wants."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import count

from newsroom import TestClock

from mailer.config import Limit, Relay
from mailer.delivery.claims import Claim
from mailer.delivery.endpoint import Endpoint
from mailer.delivery.queues import AHEAD, BATCH, LONGEST_SECONDS, SHARE, Queues
from mailer.delivery.relays import Lane
from mailer.delivery.reply import parse
from mailer.delivery.routes import Routes

MESSAGES = parse(b"451 4.7.1 You send at too high a rate\r\n")
MAIN = Relay(name="main", host="main.example")
GOV = Relay(name="gov", host="gov.example", recipient_domains=("*.gov.example", "gov.example"))
RESERVE = Relay(name="reserve", host="reserve.example", standby=True)
SLOW = Limit(domain="slow.example", connections=1)

_numbers = count(1)


def claims(how_many: int, *, wave: int = 1, domain: str = "paper.example") -> list[Claim]:
    return [
        Claim(number, wave, 1, "Rana", f"person{number}@{domain}", "t", 0, "")
        for number in (next(_numbers) for _ in range(how_many))
    ]


class Hands:
    """Queues with the lanes of these relays."""

    def __init__(self, *relays: Relay, limits: Iterable[Limit] = ()) -> None:
        self.clock = TestClock()
        relays = relays or (MAIN,)
        self.lanes = [
            Lane(
                Endpoint(name=r.name, host=r.host, port=25, security="none", helo="desk.example"),
                self.clock,
                connections=r.connections,
                messages_per_minute=r.messages_per_minute,
            )
            for r in relays
        ]
        routes = Routes(relays, "press@desk.example")
        self.queues = Queues(self.lanes, self.clock, routes=routes, limits=limits)

    def put(self, *groups: Sequence[Claim]) -> None:
        for group in groups:
            self.queues.put(group, 0.0)

    def take(self, lane: int = 0) -> Claim | None:
        taken = self.queues.take(self.lanes[lane])
        return taken[0] if taken else None

    def drain(self, lane: int = 0) -> list[Claim]:
        """All that the lane may take, each ended before the next."""
        taken = []
        while (claim := self.take(lane)) is not None:
            taken.append(claim)
            self.queues.done(claim)
        return taken

    def pass_time(self, seconds: float) -> None:
        self.clock.pass_time(timedelta(seconds=seconds))


# Turns.


def test_claims_of_one_wave_go_in_their_order_with_the_time_of_claiming() -> None:
    hands = Hands()
    group = claims(3)
    hands.queues.put(group, 7.5)
    assert len(hands.queues) == 3
    assert [hands.queues.take(hands.lanes[0]) for _ in range(4)] == [*((claim, 7.5) for claim in group), None]
    assert len(hands.queues) == 0


def test_a_small_wave_gets_every_other_turn_beside_a_large_one() -> None:
    hands = Hands()
    hands.put(claims(500, wave=1))
    for _ in range(100):
        hands.take()
    hands.put(claims(20, wave=2))
    turns = [claim.wave_id for claim in hands.drain()]
    assert len(turns) == 420
    assert Counter(turns[:40]) == {1: 20, 2: 20}


def test_three_waves_go_round_even_where_one_comes_back() -> None:
    hands = Hands()
    hands.put(claims(4, wave=1), claims(2, wave=2), claims(1, wave=3))
    first = [claim.wave_id for claim in (hands.take() for _ in range(4)) if claim]
    hands.put(claims(2, wave=3))
    assert first == [1, 2, 3, 1]
    assert [claim.wave_id for claim in hands.drain()] == [2, 1, 3, 1, 3]


# Limited domains.


def test_a_domain_has_no_more_under_way_than_its_limit_and_the_others_go_on() -> None:
    hands = Hands(limits=[SLOW])
    hands.put(claims(3, domain="Slow.example"), claims(2))
    slow = hands.take()
    assert slow is not None
    assert slow.address.endswith("@Slow.example")
    assert [c.address.partition("@")[2] for c in hands.drain()] == ["paper.example"] * 2
    assert hands.queues.wait(hands.lanes[0]) is None  # no time ends that, but the message that is under way
    assert hands.queues.done(slow)
    assert not hands.queues.done(slow)
    assert hands.queues.wait(hands.lanes[0]) == 0
    second = hands.take()
    assert second is not None
    assert hands.take() is None
    assert hands.queues.unsent(second)
    assert len(hands.drain()) == 1


def test_a_domains_messages_in_any_minute_are_limited_over_all_relays() -> None:
    hands = Hands(
        MAIN, Relay(name="b", host="b.example"), limits=[Limit(domain="slow.example", messages_per_minute=3)]
    )
    hands.put(claims(10, domain="slow.example"))
    times = []
    for second in range(130):
        times += [second] * (len(hands.drain(0)) + len(hands.drain(1)))
        hands.pass_time(1)
    assert times == [0, 0, 0, 60, 60, 60, 120, 120, 120]
    assert hands.queues.wait(hands.lanes[1]) == 50


def test_a_domain_is_the_same_however_it_is_written() -> None:
    hands = Hands(limits=[Limit(domain="xn--mller-kva.example", connections=1)])
    hands.put(claims(1, domain="müller.example"), claims(1, domain="XN--MLLER-KVA.example"))
    assert hands.take() is not None
    assert hands.take() is None


def test_a_relays_own_minute_is_used_by_what_it_takes() -> None:
    hands = Hands(Relay(name="main", host="main.example", messages_per_minute=2))
    hands.put(claims(5))
    assert len(hands.drain()) == 2
    assert hands.queues.wait(hands.lanes[0]) == 60
    hands.pass_time(60)
    taken = hands.take()
    assert taken is not None
    hands.queues.unsent(taken)
    assert len(hands.drain()) == 2


# Routes.


def test_each_relay_takes_its_own_mail_and_another_relays_only_while_that_is_away() -> None:
    hands = Hands(MAIN, GOV)
    hands.put(claims(2), claims(2, domain="water.gov.example"))
    assert {c.address.partition("@")[2] for c in hands.drain(1)} == {"water.gov.example"}
    assert {c.address.partition("@")[2] for c in hands.drain(0)} == {"paper.example"}
    hands.put(claims(2), claims(2, domain="water.gov.example"))
    hands.lanes[1].down("away")
    assert Counter(c.address.partition("@")[2] for c in hands.drain(0)) == {
        "paper.example": 2,
        "water.gov.example": 2,
    }
    hands.put(claims(2))
    hands.lanes[0].down("away")
    assert hands.drain(1) == []  # not its mail, whatever happens


def test_a_standby_takes_mail_only_while_the_others_are_away_and_leaves_it_then() -> None:
    hands = Hands(MAIN, RESERVE)
    hands.put(claims(10))
    assert hands.take(1) is None
    hands.lanes[0].down("away")
    assert hands.take(1) is not None
    hands.pass_time(hands.lanes[0].wait)
    assert hands.take(1) is not None  # while it is not known whether the other is back
    assert hands.take(0) is not None  # which that finds out by taking
    hands.lanes[0].up()
    assert hands.take(1) is None


def test_a_relay_that_pauses_for_a_minute_is_stood_in_for() -> None:
    hands = Hands(MAIN, RESERVE)
    hands.put(claims(10))
    hands.lanes[0].slow_down(MESSAGES)
    assert hands.take(1) is None
    hands.pass_time(30)
    hands.lanes[0].slow_down(MESSAGES)
    assert hands.take(1) is not None
    hands.pass_time(60)
    assert hands.take(1) is None


def test_equal_relays_share_the_load() -> None:
    hands = Hands(MAIN, Relay(name="b", host="b.example"))
    hands.put(claims(3))
    assert hands.take(0) is not None
    assert hands.take(1) is not None
    assert hands.take(0) is not None


# How much is in hand.


def fill(hands: Hands, *, wave: int, source: list[Claim]) -> int:
    """As the engine does: claim while there is room, and put off what is too much. How often it claimed."""
    times = 0
    while source and (room := hands.queues.room(wave)):
        hands.queues.put(source[:room], 0.0)
        del source[:room]
        hands.queues.surplus()
        times += 1
    return times


def test_a_wave_has_a_batch_in_hand_and_is_fed_when_half_of_it_is_gone() -> None:
    hands = Hands()
    assert hands.queues.room(1) == BATCH
    hands.put(claims(BATCH))
    assert hands.queues.room(1) == 0
    for _ in range(BATCH // 2):
        hands.take()
    assert hands.queues.room(1) == BATCH


def test_a_full_hand_of_one_wave_leaves_room_for_another() -> None:
    hands = Hands()
    hands.put(claims(BATCH))
    assert hands.queues.room(2) > 0


def test_many_waves_together_have_little_more_in_hand_than_one() -> None:
    hands = Hands()
    for wave in range(1, 41):
        fill(hands, wave=wave, source=claims(BATCH, wave=wave))
    assert len(hands.queues) < 40 * SHARE + 4 * BATCH


def test_five_thousand_for_a_slow_domain_do_not_keep_the_others_from_going() -> None:
    hands = Hands(limits=[SLOW])
    source = [*claims(5000, domain="slow.example"), *claims(10)]
    fill(hands, wave=1, source=source)
    assert source == []
    assert len(hands.queues) == SHARE + 10
    assert hands.take() is not None  # the slow domain's one
    assert len(hands.drain()) == 10


def test_what_waits_for_a_relay_that_is_down_does_not_keep_the_others_from_going() -> None:
    hands = Hands(MAIN, GOV)
    hands.lanes[0].down("away")
    source = [*claims(5000), *claims(10, domain="gov.example")]
    fill(hands, wave=1, source=source)
    assert source == []
    assert len(hands.drain(1)) == 10


def test_while_no_relay_takes_mail_nothing_is_put_off_and_the_hands_are_filled_once() -> None:
    for relays in ([MAIN], [MAIN, GOV]):
        hands = Hands(*relays, limits=[SLOW])
        for lane in hands.lanes:
            lane.down("away")
        source = [*claims(5000, domain="slow.example"), *claims(10)]
        assert fill(hands, wave=1, source=source) == 1
        assert len(hands.queues) == BATCH


def test_a_relay_without_work_has_it_looked_for_behind_what_a_slow_one_has_to_do() -> None:
    hands = Hands(MAIN, GOV)
    source = [*claims(5000, domain="gov.example"), *claims(10)]
    fill(hands, wave=1, source=source)
    assert len(hands.queues) == BATCH
    while source and hands.take(0) is None and fill(hands, wave=1, source=source):
        pass
    assert len(hands.queues) == AHEAD


def test_a_standby_that_is_not_needed_has_nothing_looked_for() -> None:
    hands = Hands(Relay(name="main", host="main.example", messages_per_minute=60), RESERVE, limits=[SLOW])
    source = claims(5000)
    fill(hands, wave=1, source=source)
    assert len(hands.drain()) == 60
    assert hands.take(1) is None
    while fill(hands, wave=1, source=source) and hands.take(1) is None:
        pass
    assert BATCH // 2 < len(hands.queues) <= 2 * BATCH
    assert hands.queues.surplus() == []


def test_what_is_put_off_is_wanted_again_before_its_turn_and_never_much_later() -> None:
    hands = Hands(limits=[Limit(domain="slow.example", messages_per_minute=60)])
    group = claims(SHARE + 50, domain="slow.example")
    hands.put(group)
    off = hands.queues.surplus()
    assert sorted(claim.id for claim, _ in off) == [claim.id for claim in group[SHARE:]]
    for claim, seconds in off:
        turn = group.index(claim)
        assert min(turn / 2, LONGEST_SECONDS) <= seconds + 1
        assert seconds < turn
    hands.put(claims(5000, domain="slow.example"))
    assert max(seconds for _, seconds in hands.queues.surplus()) == LONGEST_SECONDS


def test_a_limited_domains_pace_is_measured() -> None:
    hands = Hands(limits=[SLOW])
    hands.put(claims(40, domain="slow.example"))
    for _ in range(30):
        claim = hands.take()
        assert claim is not None
        hands.pass_time(0.01)
        hands.queues.done(claim)
    hands.put(claims(BATCH, domain="slow.example"))
    assert max(seconds for _, seconds in hands.queues.surplus()) < BATCH * 0.02 / 2


def test_a_fast_domain_has_in_hand_what_goes_in_a_second() -> None:
    hands = Hands(limits=[Limit(domain="slow.example", connections=2)])
    hands.put(claims(40, domain="slow.example"))
    for _ in range(40):
        claim = hands.take()
        assert claim is not None
        hands.pass_time(0.01)
        hands.queues.done(claim)
    hands.put(claims(3 * BATCH, domain="slow.example"))
    hands.queues.surplus()
    assert 1.5 * SHARE < len(hands.queues) <= 2 * SHARE


# Taking back.


def test_what_is_not_kept_is_removed_and_the_rest_goes_on() -> None:
    hands = Hands(limits=[SLOW])
    one, two, slow = claims(3, wave=1), claims(3, wave=2), claims(1, domain="slow.example")
    hands.put(one, two, slow)
    gone = hands.queues.sift(lambda claim, since: claim.wave_id == 1 and claim.id % 2 == 0)
    kept = [claim for claim in [*one, *slow] if claim.id % 2 == 0]
    assert len(hands.queues) == len(kept)
    assert {c.id for c in gone} | {c.id for c in kept} == {c.id for c in [*one, *two, *slow]}
    assert {c.id for c in hands.drain()} == {c.id for c in kept}
    hands.put(one)
    assert hands.queues.clear() == one
    assert (len(hands.queues), hands.take()) == (0, None)
    assert hands.queues.room(1) == BATCH


def test_claims_are_sifted_by_the_time_that_they_were_taken_in_hand() -> None:
    hands = Hands()
    hands.queues.put(claims(2), 5.0)
    hands.queues.put(claims(3), 9.0)
    assert len(hands.queues.sift(lambda claim, since: since > 6)) == 2
    assert len(hands.queues) == 3
