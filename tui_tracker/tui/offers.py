"""What columns some runs could show, as the choosers offer it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tui_tracker.formatting import format_count
from tui_tracker.queries.choices import ColumnChoice, list_choices
from tui_tracker.queries.columns import ColumnSpec, Statistic
from tui_tracker.telling import metric_rank
from tui_tracker.tui.columns import column_of
from tui_tracker.tui.picking import Offer

if TYPE_CHECKING:
    from tui_tracker.queries import Selection
    from tui_tracker.store import Store

SECTIONS = {"metric": "Metrics", "param": "Params", "tag": "Tags, by what stands before the colon"}
OTHERS = "Facts of every run"
_LEVEL_WORDS = {"tags": "a branch for each tag", "started": "a branch for each day"}
STATISTICS: tuple[Statistic, ...] = ("last", "min", "max", "mean", "std", "first", "count")


def list_offers(store: Store, selection: Selection) -> tuple[Offer, ...]:
    """Return the columns that the selected runs can fill, the most telling metrics first."""
    choices = list_choices(store, selection)
    total = max((choice.runs for choice in choices), default=0)
    metrics = [choice for choice in choices if choice.spec.kind == "metric"]
    metrics.sort(key=lambda choice: metric_rank(choice.spec.key))
    plain = [choice for choice in choices if choice.spec.kind not in SECTIONS]
    others = [choice for choice in choices if choice.spec.kind in ("param", "tag")]
    health = [Offer(column_of(ColumnSpec("health")), OTHERS, "NaN, spikes, stalls")]
    return (
        *(_offer(choice, total) for choice in plain),
        *(health if metrics else ()),
        *(_offer(choice, total) for choice in metrics),
        *(_offer(choice, total) for choice in others),
        *_facts(store, total),
    )


def list_keys(store: Store, selection: Selection) -> tuple[Offer, ...]:
    """Return what runs could be grouped by: what some of them have in common."""
    choices = list_choices(store, selection)
    total = max((choice.runs for choice in choices), default=0)
    kinds = ("param", "tag", "experiment", "status", "host", "user", "tags", "started")
    keys = [choice for choice in choices if choice.spec.kind in kinds]
    # What differs comes first: by what is the same there is one group.
    keys.sort(key=lambda choice: (kinds.index(choice.spec.kind), not choice.differs))
    return (*(_offer(choice, total) for choice in keys), *_facts(store, total))


def list_levels(store: Store, selection: Selection) -> tuple[Offer, ...]:
    """Return what the tree could have as levels: what runs could be grouped by, and more."""
    more = ("tags", "started", "name")
    plain = [
        Offer(column_of(choice.spec), OTHERS, _LEVEL_WORDS.get(choice.spec.kind, ""))
        for choice in list_choices(store, selection)
        if choice.spec.kind in more
    ]
    keys = list_keys(store, selection)
    first = [offer for offer in keys if offer.section == OTHERS]
    return (*first, *plain, *(offer for offer in keys if offer.section != OTHERS))


def _offer(choice: ColumnChoice, total: int) -> Offer:
    spec = choice.spec
    words = [] if choice.runs == total else [f"in {format_count(choice.runs)} runs"]
    words += [] if choice.differs else ["the same in all"]
    more = tuple(column_of(replace(spec, statistic=statistic)) for statistic in STATISTICS)
    curve = column_of(replace(spec, kind="spark", statistic="best"))
    return Offer(
        column_of(spec),
        SECTIONS.get(spec.kind, OTHERS),
        ", ".join(words),
        (curve, *more) if spec.kind == "metric" else (),
    )


def _facts(store: Store, total: int) -> Sequence[Offer]:
    """Return the recorded facts of lineage; without counts, which would read them all."""
    from tui_tracker.fact_rows import KIND

    names = store.read("SELECT name FROM key WHERE kind=? ORDER BY name", (KIND,))
    section = "Recorded lineage"
    return [Offer(column_of(ColumnSpec("fact", name)), section) for (name,) in names if total]
