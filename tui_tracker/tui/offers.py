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
    audited = [
        Offer(column_of(ColumnSpec("grade")), OTHERS, "readiness, by the audit"),
        Offer(column_of(ColumnSpec("proof")), OTHERS, "how far it was got again"),
    ]
    return (
        *(_offer(choice, total) for choice in plain),
        *(health if metrics else ()),
        *audited,
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
    """Return what the tree could have as levels, with how many branches each would make."""
    from tui_tracker.queries.value_counts import count_values

    counts = count_values(store)

    def told(offer: Offer) -> Offer:
        count = counts.get(offer.column.spec, 0)
        units = {"tags": "tag", "started": "day"}.get(offer.column.spec, "value")
        words = f"{format_count(count)} {units}{'' if count == 1 else 's'}" if count else ""
        return replace(offer, words=", ".join(part for part in (words, offer.words) if part))

    return tuple(map(told, list_keys(store, selection)))


def _offer(choice: ColumnChoice, total: int) -> Offer:
    spec = choice.spec
    words = [] if choice.runs == total else [f"in {_runs(choice.runs)}"]
    words += [] if choice.differs else ["the same in all"]
    more = tuple(column_of(replace(spec, statistic=statistic)) for statistic in STATISTICS)
    curve = column_of(replace(spec, kind="spark", statistic="best"))
    return Offer(
        column_of(spec),
        SECTIONS.get(spec.kind, OTHERS),
        ", ".join(words),
        (curve, *more) if spec.kind == "metric" else (),
    )


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{format_count(count)} runs"


def _facts(store: Store, total: int) -> Sequence[Offer]:
    """Return the recorded facts of lineage; without counts, which would read them all."""
    from tui_tracker.fact_rows import KIND

    names = store.read("SELECT name FROM key WHERE kind=? ORDER BY name", (KIND,))
    section = "Recorded lineage"
    return [Offer(column_of(ColumnSpec("fact", name)), section) for (name,) in names if total]
