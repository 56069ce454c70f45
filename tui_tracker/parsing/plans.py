"""Plans: which number of a shape is the step, and which are values of what.

Numbers in prose are not metrics. A line with a step (`epoch 3`, `[12]`, `step 5/100`) is read
where one name is that of a metric, or where nothing else stands in it but names and values. A line
without a step is read only where its names are those of metrics and of nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tui_tracker.parsing.shapes import Part, Shape
from tui_tracker.parsing.words import (
    PHASES,
    TRIGGERS,
    has_phase,
    is_best,
    is_clock,
    is_metric,
    is_prose,
    is_schedule,
    is_sentence,
    words_of,
)

if TYPE_CHECKING:
    from tui_tracker.parsing.hot import Hot

Kind = Literal["record", "heading", "lone", "none"]
_PHASE = re.compile(
    r"[^\w]*(?P<phase>train_inner|train(?:ing)?|val(?:id(?:at(?:ion|e))?)?|test(?:ing)?"
    r"|eval(?:uation)?|dev)(?P<of> \((?:EMA|ema|avg)\))?"
    r"(?P<next>\s*[:|\]\[>/-]|\s+|$)(?P<noun>set\b)?",
    re.I,
)
_INNER = re.compile(
    r"[|:\[(,>-]\s*(?P<phase>train(?:ing)?|val(?:id(?:at(?:ion|e))?)?|test(?:ing)?"
    r"|eval(?:uation)?|dev)\b",
    re.I,
)
_GROUPED = re.compile(r"\((?P<phase>train|val|test|eval)\)")
_CODE = re.compile(r"\s*[;*{]|\s*[-+/] ")
_NO_RECORD = re.compile(
    r"[-+](?:\s{2,}|[A-Za-z]|\t)"  # a line of a difference
    r"|\W*(?:successfully )?(?:better|sav(?:ed|ing)(?! dict for)|writ(?:ing|ten)|wrote"
    r"|load(?:ed|ing)|resum(?:e|ed|ing)"
    r"|restor(?:ed|ing)|download(?:ed|ing)|collecting|requirement|using cached|installing"
    r"|building|compiling|checkpoint|early.stopping|return|http|get |post |put )\b",
    re.I,
)
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(slots=True)
class Plan:
    """Which number of a shape is what."""

    kind: Kind = "none"
    axis: str = ""
    epoch: int = -1
    batch: int = -1
    step: int = -1
    total: int = -1
    names: tuple[str, ...] = ()
    picks: tuple[tuple[int, int], ...] = ()
    """Where a value is, and where what it is a count of; -1 where it is none."""
    why: str = ""
    uses: int = 0
    hot: Hot | None = None


_LETTERS = re.compile(r"[a-z]+")
_TWO_CASES = re.compile(r"[a-z][A-Z]")


def may_say_values(text: str) -> bool:
    """Return whether a line has a word of a step or a metric in it; cheap."""
    if text[0] in "[0123456789 {" and (text[:1] == "[" or ":" in text[:12]):
        return True
    words = _LETTERS.findall(text.lower())
    if not TRIGGERS.isdisjoint(words):
        return True
    return _TWO_CASES.search(text) is not None and not TRIGGERS.isdisjoint(words_of(text))


def make_plan(shape: Shape, forms: tuple[bool, ...], phase: str) -> tuple[Plan, bool]:
    """Return what to do with lines of a shape, and whether that hangs on the form of the numbers.

    `forms` says of each number whether it is more than digits.
    """
    if _NO_RECORD.match(shape.first):
        return Plan(why="tells of files or downloads"), False
    plan = _steps(shape)
    picks = [at for at, part in enumerate(shape.parts) if _may_be_value(shape, at, part)]
    anchored = max(plan.epoch, plan.step, plan.batch) >= 0
    best = bool(picks) and all(is_best(shape.parts[at].name) for at in picks)
    if anchored and not picks:
        plan.kind = "heading" if _is_heading(shape) else "none"
        return plan, False
    if best:
        chosen, sensitive = _alone(shape, picks, forms), True
        kind: Kind = "lone"
    elif anchored:
        counts_batches = plan.epoch < 0 and plan.step < 0
        chosen, sensitive = _beside_step(shape, picks, forms, counts_batches)
        kind = "record"
    else:
        chosen, sensitive = _alone(shape, picks, forms), True
        kind = "lone"
    if not chosen:
        return Plan(why=plan.why), sensitive
    plan.kind = kind
    _name(plan, shape, chosen, phase)
    return plan, sensitive


def _steps(shape: Shape) -> Plan:
    """Return a plan that knows which numbers are steps."""
    plan = Plan()
    parts = shape.parts
    if parts[0].axis == "epoch" and not parts[0].name and not _has_batch(parts):
        # `[3/10]` counts builds and downloads as often: without a metric's name it is nothing.
        parts[0].axis, parts[0].name = "iteration", "["
    for at, part in enumerate(parts):
        if part.kind == "step":
            counted = at + 1 < len(parts) and parts[at + 1].kind == "total"
            _take_step(plan, at, part.axis, at + 1 if counted else -1)
    if plan.step >= 0:
        plan.batch = plan.total = -1
    elif plan.batch >= 0:
        plan.axis = "(epoch, batch)" if plan.epoch >= 0 else "batch"
    elif plan.epoch >= 0:
        plan.axis = "epoch"
    return plan


def _take_step(plan: Plan, at: int, axis: str, total: int) -> None:
    """Take a number as the step of its kind, if it is the first one."""
    if axis == "epoch":
        plan.epoch = at if plan.epoch < 0 else plan.epoch
    elif axis == "batch":
        if plan.batch < 0:
            plan.batch, plan.total = at, total
    elif plan.step < 0:
        if plan.epoch >= 0 and total >= 0 and plan.batch < 0:
            # `Epoch [1/5], Step [100/600]` counts anew in each epoch.
            plan.batch, plan.total = at, total
        else:
            plan.step, plan.axis = at, axis


def _has_batch(parts: list[Part]) -> bool:
    return any(part.kind == "step" and part.axis == "batch" for part in parts)


def _may_be_value(shape: Shape, at: int, part: Part) -> bool:
    if part.kind != "value" or part.unit not in ("", "%") or is_clock(part.name):
        return False
    opened = part.name.lower().split(" (")[0] in PHASES and at + 1 < len(shape.parts)
    return not (opened and shape.parts[at + 1].kind == "total")  # `Test: [ 10/100]`


def _is_heading(shape: Shape) -> bool:
    """Return whether a step is all that a line says: `Epoch 3/10`, `begin training epoch 1`."""
    said = [shape.first, *[part.before + part.name for part in shape.parts[1:]], shape.tail]
    if is_sentence(shape.first) or any(part.kind == "none" for part in shape.parts[:1]):
        return False
    return len(_WORD.findall(" ".join(said))) <= 4


def _beside_step(
    shape: Shape, picks: list[int], forms: tuple[bool, ...], counts_batches: bool
) -> tuple[list[int], bool]:
    """Return the values of a line that names a step, and whether their form decided.

    `batch=16` is as often a size, so beside a batch alone a metric must stand.
    """
    parts = shape.parts
    leads = parts[0].kind == "step" and not parts[0].name
    named = [at for at in picks if _is_named(parts[at])]
    if any(is_metric(parts[at].name) and parts[at].name.lower() != "value" for at in named):
        return named, False
    if leads:
        return [at for at in named if parts[at].explicit], False
    if counts_batches or not _is_clean(shape, picks):
        return [], False
    if named and all(parts[at].explicit for at in named):
        told = len(named) > 1 or forms[named[0]]
        return (named if told else []), True
    decimal = all(forms[at] for at in named) and all(" " not in parts[at].name for at in named)
    return (named if decimal else []), True


def _is_named(part: Part) -> bool:
    return not (is_sentence(part.name) if part.explicit else is_prose(part.name))


def _is_clean(shape: Shape, picks: list[int]) -> bool:
    """Return whether a line has no words but names, and those at its head."""
    between = [shape.parts[at].before for at in range(1, len(shape.parts)) if at in picks]
    if any(part.kind == "none" for part in shape.parts):
        return False
    return not _WORD.search(" ".join((*between, shape.tail)))


def _alone(shape: Shape, picks: list[int], forms: tuple[bool, ...]) -> list[int]:
    """Return the values of a line that names no step."""
    parts = shape.parts
    chosen: list[int] = []
    if _CODE.match(shape.tail):
        return []
    if _is_row_of_pairs(shape, picks):
        return picks
    for at in picks:
        part = parts[at]
        if not _is_named(part) or not _means_metric(part.name):
            continue
        counted = at + 1 < len(parts) and parts[at + 1].kind == "total"
        shown = forms[at] or part.unit == "%" or counted or is_best(part.name)
        spaced = part.explicit or (
            not _WORD.search(shape.tail)
            and (not _WORD.search(part.before) or _is_apart(part.before))
            and len(words_of(part.name)) < 4
        )
        if shown and spaced:
            chosen.append(at)
    return chosen


def _is_apart(before: str) -> bool:
    """Return whether words before a name are a column (`| end | `) or a phase (`DEV : `)."""
    return before.rstrip()[-1:] == "|" or before.strip(" :|-\t").lower() in PHASES


def _is_row_of_pairs(shape: Shape, picks: list[int]) -> bool:
    """Return whether a line is names and values alone, one of them surely a metric's."""
    parts = [shape.parts[at] for at in picks]
    named = all(part.explicit and not is_sentence(part.name) for part in parts)
    if len(parts) < 2 or not named or not _is_clean(shape, picks):
        return False
    return any(is_metric(part.name, strict=True) for part in parts)


_WITH_BEST = frozenset("iteration test metric score epoch step value model valid".split())


def _means_metric(name: str) -> bool:
    if is_metric(name, strict=True) or (has_phase(name) and is_metric(name)):
        return True
    words = words_of(name)
    return is_best(name) and not _WITH_BEST.isdisjoint(words[1:])


def _name(plan: Plan, shape: Shape, chosen: list[int], phase: str) -> None:
    parts = shape.parts
    phase = phase or _phase(shape, chosen)
    names = [parts[at].name for at in chosen]
    twice = set(names) if len(set(names)) < len(names) else set()
    shared = _shared_phase([parts[at] for at in chosen])
    names = []
    picks: list[tuple[int, int]] = []
    near = ""
    for at, part in enumerate(parts):
        near = next((w for w in words_of(part.before + " " + part.name) if w in PHASES), near)
        if at not in chosen:
            continue
        name = part.name
        led = shared or (phase if name not in twice else near or phase)
        if led and not has_phase(name) and not is_schedule(name) and not is_best(name):
            name = f"{led} {name}"
        if name in names or name.lower() == "best":
            continue
        behind = parts[at + 1] if at + 1 < len(parts) else Part()
        over = at + 1 if behind.kind == "total" else -1
        names.append(name)
        picks.append((at, over))
        if behind.kind in ("mean", "spread"):
            word = "avg" if behind.kind == "mean" else "std"
            names.append(f"{name} ({word})")
            picks.append((at + 1, -1))
    plan.names, plan.picks = tuple(names), tuple(picks)
    beside = f"at its {plan.axis}" if plan.kind == "record" else "without a step"
    plan.why = f"names and values {beside}"
    if not names:
        plan.kind = "none"


def _shared_phase(parts: list[Part]) -> str:
    """Return the phase that the first name of `train Loss: 0.5 Acc: 0.6` tells for all."""
    word = parts[0].name.partition(" ")[0]
    others = parts[1:]
    if word.lower() not in PHASES or any(part.before.strip() not in ("", ",") for part in others):
        return ""
    return "" if any(has_phase(part.name) for part in others) else word


def _phase(shape: Shape, chosen: list[int]) -> str:
    """Return the phase that a line as a whole is about: `Train`, `test`, `validation`."""
    head = shape.parts[0]
    found = _PHASE.match(shape.first)
    if found and not (head.kind == "value" and has_phase(head.name) and 0 in chosen):
        word, behind = found["phase"] + (found["of"] or ""), found["next"].strip()
        # An adjective (`Train Epoch: 1`, `Test set:`) is written small, a title as it stands.
        return word if behind or found.end() == len(shape.first) else word.lower()
    if grouped := _GROUPED.search(shape.first):
        return grouped["phase"]
    if shape.first.startswith("Saving dict for"):
        return "eval"  # TensorFlow's estimators print so what an evaluation gave
    if chosen and chosen[0] and (inner := _INNER.search(shape.parts[chosen[0]].before)):
        return inner["phase"]
    steps = [part.name for part in shape.parts if part.kind == "step" and has_phase(part.name)]
    return next((word for word in words_of(steps[0]) if word in PHASES), "") if steps else ""
