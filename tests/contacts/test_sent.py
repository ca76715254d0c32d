"""The tables of deliveries that searches name are the ones that there are."""

import pytest

from mailer.contacts import sent
from mailer.delivery.models import Attempt
from mailer.releases.models import Release, Version
from mailer.schedule.models import Delivery, DeliveryState, Wave, WaveState


@pytest.mark.parametrize(
    ("named", "model"),
    [
        (sent.DELIVERY, Delivery),
        (sent.WAVE, Wave),
        (sent.RELEASE, Release),
        (sent.VERSION, Version),
        (sent.ATTEMPT, Attempt),
    ],
)
def test_a_table_that_searches_name_is_as_the_model_says(named: object, model: type) -> None:
    assert named.name == model.__tablename__  # type: ignore[attr-defined]
    for column in named.c:  # type: ignore[attr-defined]
        assert column.name in model.__table__.c  # type: ignore[attr-defined]
    assert DeliveryState.ACCEPTED.value == sent.ACCEPTED
    assert (WaveState.CANCELLED.value, WaveState.DONE.value) == sent.WAVE_OVER
