"""Points gathered metric by metric."""

from __future__ import annotations

from tui_tracker.importers.batches import Batches
from tui_tracker.importers.records import BATCH_POINTS


def test_points_are_handed_on_in_batches():
    points = Batches()
    for step in range(BATCH_POINTS - 1):
        points.add("a", "loss", step, 0, 1.0, "val", system=True)
    assert list(points.full()) == []

    points.add("b", "acc", 0, 0, 2.0)

    batch = list(points.full())
    assert [(one.run, one.metric, len(one.values)) for one in batch] == [
        ("a", "loss", BATCH_POINTS - 1),
        ("b", "acc", 1),
    ]
    assert (batch[0].context, batch[0].system) == ("val", True)
    assert list(points.take()) == []
