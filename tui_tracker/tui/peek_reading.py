"""What the peek pane asks the store about the run under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from tui_tracker.formatting import crop
from tui_tracker.health import Health, glyph
from tui_tracker.lineage.words import code_line
from tui_tracker.queries import get_run
from tui_tracker.queries.fact_cells import read_facts
from tui_tracker.queries.health import read_health
from tui_tracker.queries.sparks import read_sparks
from tui_tracker.store import Store
from tui_tracker.telling import metric_rank, rank_metrics
from tui_tracker.tui.peeking import KEY_METRICS, Peek
from tui_tracker.tui.widgets.line_widget import Role

_LONGEST_METRIC = 24
SEVERITY_ROLES: dict[str, Role] = {"bad": "bad", "warn": "second"}


def read_peek(store: Store, key: int, wanted: Sequence[str]) -> Peek:
    """Return what is shown of a run; `wanted` are the metrics that the table shows.

    Raises:
        NotFound: the run is gone.
    """
    run = get_run(store, key)
    ranked = [label for label in rank_metrics(list(run.row.metrics)) if metric_rank(label) < 3]
    known = [label for label in wanted if label in run.row.metrics]
    others = ranked or list(run.row.metrics)
    labels = tuple(dict.fromkeys((*known, *others)))[:KEY_METRICS]
    facts = read_facts(store, [key], ["data.name", "data.version"]).get(key, {})
    code = next((part.facts for part in run.lineage if part.name == "code"), {})
    found = read_health(store, [key]).get(key, ())
    return Peek(
        run,
        labels,
        read_sparks(store, [key], labels).get(key, {}),
        code_line(code) if code else "",
        " ".join(facts.values()),
        tuple(
            (f"{glyph(one.severity)} {_told(one)}", SEVERITY_ROLES.get(one.severity, "dim"))
            for one in found
        ),
        datetime.now(UTC),
    )


def _told(one: Health) -> str:
    return f"{crop(one.metric, _LONGEST_METRIC)}: {one.words}" if one.metric else one.words
