"""Each recipient's mail goes to the relays that the settings name for it, in their order."""

import pytest

from mailer.config import Relay
from mailer.delivery.routes import Routes, domain_of

SENDER = "press@desk.example"


def relay(name: str, **settings: object) -> Relay:
    return Relay(name=name, host=f"{name}.example", **settings)  # type: ignore[arg-type]


RELAYS = [
    relay("main"),
    relay("second"),
    relay("reserve", standby=True),
    relay("gov", recipient_domains=("*.gov.example", "gov.example")),
    relay("health", recipient_domains=("health.gov.example",)),
    relay("desk", senders=("desk.example",)),
    relay("field", senders=("field.example",)),
    relay("health-reserve", recipient_domains=("health.gov.example",), standby=True),
]


@pytest.mark.parametrize(
    ("domain", "tiers"),
    [
        ("paper.example", [["desk"], ["main", "second"], ["reserve"]]),
        ("gov.example", [["gov"], ["desk"], ["main", "second"], ["reserve"]]),
        ("water.gov.example", [["gov"], ["desk"], ["main", "second"], ["reserve"]]),
        (
            "health.gov.example",
            [["health"], ["gov"], ["desk"], ["main", "second"], ["health-reserve"], ["reserve"]],
        ),
        ("north.health.gov.example", [["gov"], ["desk"], ["main", "second"], ["reserve"]]),
        ("notgov.example", [["desk"], ["main", "second"], ["reserve"]]),
        ("example", [["desk"], ["main", "second"], ["reserve"]]),
    ],
)
def test_the_relay_that_names_the_mail_most_exactly_goes_first(domain: str, tiers: list[list[str]]) -> None:
    routes = Routes(RELAYS, SENDER)
    assert [[RELAYS[number].name for number in tier] for tier in routes.to(domain)] == tiers


def test_only_relays_that_take_the_senders_mail_are_used() -> None:
    relays = [relay("main"), relay("field", senders=("field.example", "press@desk.example"))]
    assert Routes(relays, SENDER).to("paper.example") == ((1,), (0,))
    assert Routes(relays, "news@desk.example").to("paper.example") == ((0,),)


@pytest.mark.parametrize(
    "only", [{"recipient_domains": ("gov.example",)}, {"senders": ("field.example",)}], ids=["domains", "senders"]
)
def test_routes_that_would_miss_somebody_are_not_made(only: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="without recipient_domains"):
        Routes([relay("a", **only)], SENDER)


def test_a_lone_standby_takes_everything() -> None:
    assert Routes([relay("a", standby=True)], SENDER).to("paper.example") == ((0,),)


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("rana@Paper.Example", "paper.example"),
        ("rana@müller.example", "xn--mller-kva.example"),
        ('"a@b"@paper.example', "paper.example"),
        ("broken", "broken"),
        ("rana@b\u00fc cher..example", "b\u00fc cher..example"),
    ],
)
def test_a_recipients_domain_is_compared_in_ascii_and_lower_case(address: str, domain: str) -> None:
    assert domain_of(address) == domain
