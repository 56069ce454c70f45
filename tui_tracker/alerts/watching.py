"""From two looks at a store to what happened between them.

A `Watch` remembers of each run that runs what it last knew. What is found is told once an
occurrence: an end once, a NaN once a metric, a threshold when it is crossed (a spike between
two looks is seen in the series' own extremes), a silence once until the next step. Of a
run that was there before the watch began only what holds now is told, unless `since` asks
for what happened before.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from tui_tracker.alerts.events import Event
from tui_tracker.alerts.rules import Rule
from tui_tracker.formatting import format_duration
from tui_tracker.health import Health
from tui_tracker.queries import (
    MetricSummary,
    RunKey,
    RunRow,
    Selection,
    get_rows,
    read_health,
)
from tui_tracker.queries.pulse import Pulse, read_pulses
from tui_tracker.queries.renamed import labels_as_read
from tui_tracker.queries.watched import find_watched, read_end
from tui_tracker.store import Store

AGAIN_MS = 60_000
"""A threshold that noise crosses again and again is told once a minute at most."""
_BAD_ENDS = ("failed", "crashed", "killed")


@dataclass(slots=True)
class _Crossing:
    """How a threshold of one metric stood at the last look."""

    holds: bool = False
    passed: bool = False
    """Any value so far met it."""
    told_ms: int | None = None

    def is_news(self, now_ms: int, *, once: bool) -> bool:
        return self.told_ms is None or (not once and now_ms - self.told_ms >= AGAIN_MS)


@dataclass(slots=True)
class _Seen:
    """What is known of a run."""

    status: str
    is_new: bool
    """It began, or went on, while it was watched."""
    since_start: bool
    """What is seen of it for the first time happened while it was watched."""
    told: set[tuple[object, ...]] = field(default_factory=set)
    crossings: dict[tuple[int, str], _Crossing] = field(default_factory=dict)
    """By rule and metric."""
    passed: dict[tuple[str, str], int] = field(default_factory=dict)
    """How many values that are none a metric had before it was watched, by kind and label."""

    def copy(self) -> _Seen:
        """Return what changes without this one changing with it."""
        crossings = {mark: replace(crossing) for mark, crossing in self.crossings.items()}
        return replace(self, told={*self.told}, crossings=crossings, passed={**self.passed})


class Watch:
    """Finds what rules are about, look by look; the clock is the caller's."""

    def __init__(
        self,
        rules: Sequence[Rule],
        *,
        selection: Selection | None = None,
        only: frozenset[RunKey] | None = None,
        since_ms: int | None = None,
        after: RunKey | None = None,
    ) -> None:
        """`only` takes these runs alone; `since_ms` also tells what ended from then on.

        `after` is the newest run of before, where the watch began earlier than its first look.
        """
        self.rules = self._said = tuple(rules)
        self._selection, self._only = selection or Selection(), only
        self._since_ms = since_ms
        self._seen: dict[RunKey, _Seen] = {}
        self._last = after
        """The newest run at the last look."""
        self._looked = False

    @property
    def watched(self) -> int:
        """How many runs are running and looked after."""
        return len(self._seen)

    def look(self, store: Store, now_ms: int) -> list[Event]:
        """Return what happened since the last look.

        Raises:
            TrackerError: the store cannot be read now; nothing is forgotten by that.
        """
        known = list(self._seen)
        since_ms = None if self._looked else self._since_ms
        newest, keys = find_watched(store, self._selection, known, self._last, since_ms)
        if self._only is not None:
            keys = [key for key in keys if key in self._only]
        # Somebody may give a metric another name while it is watched.
        names = labels_as_read(store, {rule.metric for rule in self._said})
        self.rules = tuple(replace(rule, metric=names[rule.metric]) for rule in self._said)
        metrics = self._metrics_wanted()
        rows = get_rows(store, keys, metrics=metrics)
        found = _Look(store, now_ms, rows, self.rules)
        events: list[Event] = []
        running: dict[RunKey, _Seen] = {}
        for row in rows:
            seen = self._known_of(row)
            events += self._of_run(found, row, seen)
            seen.since_start = True
            if row.status == "running":
                running[row.key] = seen
        # Remembered only now: a look that failed halfway is done again in full.
        self._seen, self._last, self._looked = running, newest, True
        return events

    def _known_of(self, row: RunRow) -> _Seen:
        """Return what is known of a run, to be changed by this look."""
        if (seen := self._seen.get(row.key)) is not None:
            return seen.copy()
        new = self._looked or (self._last is not None and row.key > self._last)
        return _Seen("", is_new=new, since_start=new or self._since_ms is not None)

    def _metrics_wanted(self) -> list[str] | None:
        """Return the labels that rules need, None for all."""
        rules = [rule for rule in self.rules if rule.kind in ("odd", "threshold")]
        if any(not rule.metric for rule in rules):
            return None
        return sorted({rule.metric for rule in rules})

    def _of_run(self, look: _Look, row: RunRow, seen: _Seen) -> Iterator[Event]:
        yield from self._of_status(look, row, seen)
        for number, rule in enumerate(self.rules):
            match rule.kind:
                case "odd":
                    yield from _odd(look, row, seen, rule)
                case "threshold":
                    yield from _threshold(look, row, seen, number, rule)
                case "silence":
                    yield from _silence(look, row, seen, rule)
                case "health":
                    yield from _health(look, row, seen, number, rule)
                case _:
                    pass

    def _of_status(self, look: _Look, row: RunRow, seen: _Seen) -> Iterator[Event]:
        before, seen.status = seen.status, row.status
        if before == row.status:
            return
        began = before == "" and seen.is_new
        for rule in self.rules:
            if rule.kind == "started" and began:
                yield look.event(row, rule, "started", "started")
            elif rule.kind == "ended" and row.status in rule.ends:
                yield look.event(row, rule, row.status, look.end_words(row))


class _Look:
    """What one look read, and what was asked for on the way."""

    def __init__(
        self, store: Store, now_ms: int, rows: Sequence[RunRow], rules: Sequence[Rule]
    ) -> None:
        self._store, self.now_ms = store, now_ms
        kinds = {rule.kind for rule in rules}
        running = [row.key for row in rows if row.status == "running"]
        self.pulses: dict[RunKey, Pulse] = read_pulses(store, running) if "silence" in kinds else {}
        self.health: dict[RunKey, tuple[Health, ...]] = (
            read_health(store, [row.key for row in rows], now_ms=now_ms)
            if "health" in kinds
            else {}
        )

    def end_words(self, row: RunRow) -> str:
        """Return how a run ended and why, in one line."""
        why = read_end(self._store, row.key).strip().rpartition("\n")[2]
        took = f"{row.status} after {format_duration(row.duration_s)}"
        return f"{took}: {why}" if why else took

    def odd_words(
        self, row: RunRow, odd: str, metric: MetricSummary, *, ends_so: bool
    ) -> tuple[str, int]:
        """Return how a metric came to values that are none, and the first step as far as known."""
        word = "NaN" if odd == "nan" else "infinite"
        found = read_health(self._store, [row.key], now_ms=self.now_ms).get(row.key, ())
        steps = [one.step for one in found if (one.kind, one.metric) == (odd, metric.label)]
        if ends_so:
            step = next((step for step in steps if step is not None), metric.last_step)
            return f"{metric.label} is {word} from step {step:,} on", step
        count = metric.nan if odd == "nan" else metric.inf
        times = f"{count:,} time{'' if count == 1 else 's'}"
        return (
            f"{metric.label} was {word} {times} up to step {metric.last_step:,}",
            metric.last_step,
        )

    def event(
        self,
        row: RunRow,
        rule: Rule,
        what: str,
        words: str,
        *,
        metric: str = "",
        step: int | None = None,
        value: float | None = None,
    ) -> Event:
        bad = what in (*_BAD_ENDS, "nan", "inf", "diverged", "stalled", "silence")
        return Event(
            datetime.fromtimestamp(self.now_ms / 1000, UTC),
            *(row.key, row.id, row.name, row.experiment, row.status, rule.text, what, words, bad),
            metric=metric,
            step=step,
            value=value,
        )


def _metrics(row: RunRow, rule: Rule) -> Iterator[MetricSummary]:
    """Yield the metrics that a rule is about: by label, or by name in any context."""
    for label, metric in row.metrics.items():
        if rule.metric in ("", label, metric.name):
            yield metric


def _odd(look: _Look, row: RunRow, seen: _Seen, rule: Rule) -> Iterator[Event]:
    for metric in _metrics(row, rule):
        count = metric.nan if rule.odd == "nan" else metric.inf
        mark = (rule.odd, metric.label)
        # One that passed before anybody looked is no news; the next one is.
        passed = seen.passed.setdefault(mark, 0 if seen.since_start else count)
        ends_so = math.isnan(metric.last) if rule.odd == "nan" else math.isinf(metric.last)
        if mark in seen.told or not (ends_so or count > passed):
            continue
        seen.told.add(mark)
        words, step = look.odd_words(row, rule.odd, metric, ends_so=ends_so)
        value = metric.last if ends_so else None
        yield look.event(row, rule, rule.odd, words, metric=metric.label, step=step, value=value)


def _threshold(look: _Look, row: RunRow, seen: _Seen, number: int, rule: Rule) -> Iterator[Event]:
    for metric in _metrics(row, rule):
        crossing = seen.crossings.get((number, metric.label))
        news = _crossed(rule, metric, crossing, whole=seen.since_start)
        if crossing is None:
            crossing = seen.crossings[number, metric.label] = _Crossing()
        crossing.holds = rule.holds(getattr(metric, rule.statistic))
        crossing.passed = crossing.passed or _extreme(rule, metric) is not None
        if news is None or not crossing.is_news(look.now_ms, once=rule.once):
            continue
        crossing.told_ms = look.now_ms
        value, step = news
        shown = "" if rule.statistic == "last" else f".{rule.statistic}"
        words = f"{metric.label}{shown} is {value:.6g} at step {step:,} ({rule.text})"
        yield look.event(row, rule, "threshold", words, metric=metric.label, step=step, value=value)


def _crossed(
    rule: Rule, metric: MetricSummary, before: _Crossing | None, *, whole: bool
) -> tuple[float, int] | None:
    """Return value and step by which a threshold was crossed since the last look, if it was."""
    value: float | None = getattr(metric, rule.statistic)
    if value is not None and rule.holds(value):
        return (value, metric.last_step) if before is None or not before.holds else None
    # It may have been passed and left again between two looks.
    known = not whole if before is None else before.passed
    return None if known else _extreme(rule, metric)


def _extreme(rule: Rule, metric: MetricSummary) -> tuple[float, int] | None:
    """Return value and step by which a threshold was passed at any time, None if it was not."""
    if rule.statistic != "last" or rule.sign not in (">", ">=", "<", "<="):
        return None
    value, step = (metric.max, metric.max_step) if rule.rises else (metric.min, metric.min_step)
    if value is None or step is None or not rule.holds(value):
        return None
    return value, step


def _silence(look: _Look, row: RunRow, seen: _Seen, rule: Rule) -> Iterator[Event]:
    if row.status != "running":
        return
    pulse = look.pulses.get(row.key)
    last_ms = pulse.last_ms if pulse else int(row.started_at.timestamp() * 1000)
    mark = ("silence", rule.seconds, last_ms)
    if look.now_ms - last_ms < rule.seconds * 1000 or mark in seen.told:
        return
    seen.told.add(mark)
    span = format_duration((look.now_ms - last_ms) / 1000)
    yield look.event(row, rule, "silence", f"no new step for {span}")


def _health(look: _Look, row: RunRow, seen: _Seen, number: int, rule: Rule) -> Iterator[Event]:
    found = {
        (number, one.kind, one.metric): one
        for one in look.health.get(row.key, ())
        if one.kind in rule.health
    }
    for mark, one in found.items():
        if mark not in seen.told:
            seen.told.add(mark)
            words = f"{one.metric}: {one.words}" if one.metric else one.words
            yield look.event(row, rule, one.kind, words, metric=one.metric, step=one.step)
    stall = (number, "stalled", "")
    if stall not in found:
        seen.told.discard(stall)  # a run that goes on and stalls again is news again
