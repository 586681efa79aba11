"""Every value does what it says: it is set to something else, and seen where it must be."""

from __future__ import annotations

import pytest

from tests.charts import monitoring_effects, process_effects, release_effects
from tests.charts.effects import Effect
from tests.charts.overlays import merged, value_at
from tests.charts.rendering import Helm
from tests.charts.values_schema import described, values_schema

ROWS: tuple[Effect, ...] = (*release_effects.ROWS, *process_effects.ROWS, *monitoring_effects.ROWS)


def test_no_value_is_left_out() -> None:
    every = {each.path for each in described(values_schema()) if not each.is_group and each.path != "global"}
    assert {effect.path for effect in ROWS} == every
    assert [effect.path for effect in ROWS if not effect.seen] == []


@pytest.mark.parametrize("effect", ROWS, ids=lambda effect: effect.path)
def test_a_value_is_seen_where_it_must_be(effect: Effect) -> None:
    before = Helm().render(effect.given)
    after = Helm().render(merged(effect.given, value_at(effect.path, effect.value)))
    for sight in effect.seen:
        assert sight.of(after) == sight.expected, sight
        assert sight.of(before) != sight.expected, f"{sight} was so already"
