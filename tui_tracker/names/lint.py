"""The naming rules: a name in, doubts out, each with names that would be clear."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from tui_tracker.names.metric import Proposal, declared, propose_metric, read_metric
from tui_tracker.names.words import (
    EXPERIMENT_PURPOSES,
    METRICS,
    MUTABLE,
    PARAM_ALIASES,
    MetricWord,
    snake,
)

Kind = Literal["metric", "param", "experiment", "run", "tag", "data version"]
Severity = Literal["error", "warn", "info"]

LONGEST_RUN = 80
LOOSE = 2.0
"""So large may a share be by a mistake of rounding or weighting, before it is a percent."""
SEVERITIES: dict[str, Severity] = {
    "naming.metric-case": "warn",
    "naming.metric-split": "error",
    "naming.metric-averaging": "warn",
    "naming.metric-registered": "info",
    "naming.metric-unit": "warn",
    "naming.metric-step-suffix": "warn",
    "naming.data-version": "error",
    "naming.experiment": "warn",
    "naming.run": "warn",
    "naming.param": "warn",
    "naming.tag": "warn",
    "naming.collision": "error",
}

_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
_DATED = re.compile(r"v?(\d{4})-(\d{2})-(\d{2})([T_.-].*)?\Z")
_HOLDS_DATE = re.compile(r"(?<![\d-])\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?![\d-])")
_HOLDS_DIGEST = re.compile(r"\b[0-9a-f]{32,64}\b")
_VERSION = re.compile(r"v?\d+(\.\d+)*([-+.][0-9A-Za-z.-]+)?\Z")
_DIGEST = re.compile(r"([a-z][a-z0-9]*[:-])?[0-9a-f]{7,64}\Z")
_REVISION = re.compile(r"[\w./-]+@[0-9A-Za-z._-]{4,}\Z")
_VAGUE = re.compile(
    r"(test|final|new|exp|experiment|run|try|trial|asdf|tmp|temp|untitled|foo|bar|debug|model|my"
    r"|real|old|last|latest|copy|default|default|v)*[\d_\-. ]*\Z",
    re.I,
)
_PAIRS = re.compile(r"[\w.\-/]+=[^=\s_]+([_,;][\w.\-/]+=[^=\s]+)*\Z")
_HANDLE = re.compile(r"@?[\w.+-]+(@[\w-]+\.[\w.-]+)?\Z")
_TICKET = re.compile(r"([A-Z][A-Z0-9]+-\d+|#\d+|https?://\S+)\Z")
_TIME = re.compile(r"(^|_)(time|latency|duration|elapsed|runtime)$")
_TIME_UNITS = {"s", "ms", "us", "ns", "min", "h", "sec", "seconds", "minutes", "hours"}
_BOOKKEEPING = re.compile(
    r"((global|optimizer|trainer|env|total|current|num)_)+(steps?|epochs?|episodes?)$|loss_scale$|eta$"
)
"""Where a training is and how it goes on: of no split, as a step is."""
_SIZE = re.compile(r"(^|_)(size|memory|mem|rss)$")


@dataclass(frozen=True, slots=True)
class NameDoubt:
    """What is unclear about a name."""

    rule: str
    kind: Kind
    name: str
    message: str
    proposals: tuple[Proposal, ...] = ()

    @property
    def severity(self) -> Severity:
        return SEVERITIES[self.rule]


def lint_metric(
    name: str,
    *,
    siblings: Collection[str] = (),
    classes: int | None = None,
    known: Mapping[str, MetricWord] = METRICS,
) -> tuple[NameDoubt, ...]:
    """Return the doubts about a metric's name."""
    read = read_metric(name, known)
    word = known.get(read.base)
    if word is not None and word.direction is None and not read.split:
        return ()  # a step or a learning rate is of no split
    proposals = propose_metric(name, siblings=siblings, classes=classes, known=known)
    if unit := _missing_unit(read.base):
        proposals = (Proposal(f"{snake(name)}_{unit}", "guess"),)
    return tuple(
        NameDoubt(f"naming.{rule}", "metric", name, message, proposals)
        for rule, message in _metric_doubts(name, known)
    )


def _metric_doubts(name: str, known: Mapping[str, MetricWord]) -> Iterator[tuple[str, str]]:
    read, plain = read_metric(name, known), snake(name)
    said = declared(name) or MetricWord(name, None)
    if not _SNAKE.match(name.replace("/", "_")):
        yield "metric-case", f"{name!r} is not in small letters with underscores"
    if read.suffix:
        yield "metric-step-suffix", f"{read.suffix!r} is a step, not a part of a metric's name"
    unit = _missing_unit(read.base)
    if unit:
        yield "metric-unit", f"{name!r} does not say its unit, such as {plain}_{unit}"
        return
    if not (read.split or said.split or _is_cost(read.base)):
        yield "metric-split", f"{name!r} does not say on which split it was taken"
    if read.lacks_averaging and not said.averaging:
        yield "metric-averaging", f"{name!r} does not say how classes were averaged"
    if not read.sure:
        yield "metric-averaging", f"{name!r} does not say which curve or average it is"
    if read.base not in known and not _is_cost(read.base):
        near = get_close_matches(read.base, known, n=1, cutoff=0.75)
        hint = f", is it {near[0]!r}?" if near else ""
        yield "metric-registered", f"{read.base!r} is in no registry of metrics{hint}"


def _missing_unit(base: str) -> str:
    if _TIME.search(base):
        return "ms" if "latency" in base else "s"
    return "mb" if _SIZE.search(base) else ""


def _is_cost(base: str) -> bool:
    """Return whether a metric is what a run costs, which is of no split."""
    stem, _, unit = base.rpartition("_")
    return bool(
        unit in _TIME_UNITS | {"mb", "gb", "kb", "bytes", "percent", "flops", "usd", "kwh"}
        or re.search(r"(^|_)(per_second|throughput|samples|tokens|steps|norm|lr|rate|count)$", base)
        or stem in ("learning", "grad")
        or _BOOKKEEPING.match(base)
    )


def lint_scale(
    name: str, largest: Sequence[float], known: Mapping[str, MetricWord] = METRICS
) -> tuple[NameDoubt, ...]:
    """Return a doubt where a share runs to 1 in some runs and to 100 in others.

    `largest` are the largest values of the metric, one a run.
    """
    word = known.get(read_metric(name, known).base)
    shares = [value for value in largest if 0 <= value <= 1]
    percents = [value for value in largest if 1 < value <= 100]
    if word is None or word.unit != "fraction" or not shares or max(percents, default=0) <= LOOSE:
        return ()
    message = (
        f"{name!r} runs to {max(shares):.4g} in some runs and to {max(percents):.4g} in others: "
        "shares of 1 and percents have one name"
    )
    return (NameDoubt("naming.metric-unit", "metric", name, message),)


def lint_collisions(
    names: Sequence[str], known: Mapping[str, MetricWord] = METRICS
) -> tuple[NameDoubt, ...]:
    """Return a doubt for every metric of one run that says the same as one before it."""
    seen: dict[str, str] = {}
    doubts = []
    for name in names:
        canonical = str(read_metric(name, known))
        if (other := seen.setdefault(canonical, name)) != name:
            message = f"{name!r} and {other!r} both say {canonical!r} in one run"
            doubts.append(NameDoubt("naming.collision", "metric", name, message))
    return tuple(doubts)


def lint_param(name: str, siblings: Collection[str] = ()) -> tuple[NameDoubt, ...]:
    """Return the doubts about a param's name; `siblings` are the run's other params.

    Who looks at many gives each those that are `alike` alone, as all of them are compared.
    """
    doubts = []
    leaf = name.rpartition(".")[2]
    canonical = _param(name)
    proposals = (Proposal(canonical, "certain"),) if canonical != name else ()
    if not all(_SNAKE.match(part) for part in re.split(r"[./]", name) if part):
        message = f"{name!r} is not in small letters with underscores"
        doubts.append(NameDoubt("naming.param", "param", name, message, proposals))
    twins = [other for other in siblings if other != name and _param(other) == canonical]
    if twins:
        message = f"{name!r} and {twins[0]!r} are two names for {_param(leaf)!r}"
        doubts.append(NameDoubt("naming.param", "param", name, message, proposals))
    return tuple(doubts)


def alike(params: Iterable[str]) -> Callable[[str], list[str]]:
    """Return what tells the params that mean the same as one of them."""
    found: dict[str, list[str]] = {}
    for name in params:
        found.setdefault(_param(name), []).append(name)
    return lambda name: found.get(_param(name), [])


def _param(name: str) -> str:
    head, dot, leaf = name.rpartition(".")
    plain = snake(leaf)
    # Of `*` nothing is left.
    return f"{head}{dot}{PARAM_ALIASES.get(plain, plain)}" if plain else name


def lint_experiment(name: str) -> tuple[NameDoubt, ...]:
    """Return the doubts about an experiment's name: purpose first, then the topic."""
    leaf = snake(name.rpartition("/")[2])
    purpose, _, topic = leaf.partition("_")
    if is_vague(name):
        message = f"{name!r} says neither purpose nor topic"
        return (NameDoubt("naming.experiment", "experiment", name, message),)
    if purpose in EXPERIMENT_PURPOSES and topic and not is_vague(topic):
        return ()
    proposals = tuple(
        Proposal(f"{word}_{rest}", "guess")
        for word in ("baseline", "sweep", "ablation")
        if (rest := leaf.replace(f"_{word}", "").replace(f"{word}_", "").strip("_"))
    )
    inside = [word for word in EXPERIMENT_PURPOSES if word in leaf.split("_")]
    if inside:
        rest = "_".join(part for part in leaf.split("_") if part != inside[0])
        proposals = (Proposal(f"{inside[0]}_{rest}" if rest else inside[0], "likely"),)
    message = f"{name!r} does not begin with its purpose, such as sweep_ or ablation_"
    return (NameDoubt("naming.experiment", "experiment", name, message, proposals),)


def lint_run(
    name: str, params: Mapping[str, object] | None = None, varying: Sequence[str] = ()
) -> tuple[NameDoubt, ...]:
    """Return the doubts about a run's name; `varying` params tell its experiment's runs apart."""
    proposals: tuple[Proposal, ...] = ()
    if params:
        keys = [*sorted(key for key in varying if key in params and key != "seed")]
        keys += ["seed"] if "seed" in params else []
        text = "_".join(f"{key}={params[key]}" for key in keys)
        if text and len(text) <= LONGEST_RUN and text != name:
            proposals = (Proposal(text, "certain"),)
    if len(name) > LONGEST_RUN:
        message = f"a run's name of {len(name)} characters is longer than {LONGEST_RUN}"
        return (NameDoubt("naming.run", "run", name, message, proposals),)
    if is_vague(name):
        message = f"{name!r} does not tell what the run tried"
        return (NameDoubt("naming.run", "run", name, message, proposals),)
    if not _PAIRS.match(name) and proposals:
        message = f"{name!r} does not name the params that tell it from others"
        return (NameDoubt("naming.run", "run", name, message, proposals),)
    return ()


def lint_tag(tag: str) -> tuple[NameDoubt, ...]:
    """Return the doubts about a tag; only tags with a known key have a form to keep."""
    key, colon, value = tag.partition(":")
    if not colon:
        return ()
    if key == "purpose" and value not in EXPERIMENT_PURPOSES:
        near = get_close_matches(value, EXPERIMENT_PURPOSES, n=1)
        proposals = tuple(Proposal(f"purpose:{word}", "likely") for word in near)
        message = f"{value!r} is no purpose: use {', '.join(EXPERIMENT_PURPOSES)}"
        return (NameDoubt("naming.tag", "tag", tag, message, proposals),)
    if key == "owner" and not _HANDLE.match(value):
        message = f"{value!r} is neither an address nor a handle"
        return (NameDoubt("naming.tag", "tag", tag, message),)
    if key in ("ticket", "task") and not _TICKET.match(value):
        message = f"{value!r} is no ticket such as ML-123 or #123"
        return (NameDoubt("naming.tag", "tag", tag, message),)
    return ()


def lint_data_version(version: str, digest: str = "") -> tuple[NameDoubt, ...]:
    """Return the doubts about a data version; `digest` is what it means today."""
    text = version.strip()
    if is_pinned(text):
        return ()
    proposals = (Proposal(digest, "certain"),) if digest else ()
    why = "changes its meaning over time" if text.lower() in MUTABLE else "does not pin the data"
    message = f"{version!r} {why}: use a date (v2025-05-01), a version number or a digest"
    return (NameDoubt("naming.data-version", "data version", version, message, proposals),)


def is_pinned(version: str) -> bool:
    """Return whether a data version means the same for ever."""
    text = version.strip()
    if not text or text.lower() in MUTABLE or "?" in text:
        return False
    if dated := _DATED.match(text):
        return 1 <= int(dated[2]) <= 12 and 1 <= int(dated[3]) <= 31
    if _HOLDS_DATE.search(text) or _HOLDS_DIGEST.search(text):
        return True  # a sentence of which one word says it: "extract of 2026-03-01"
    return any(form.match(text) for form in (_VERSION, _DIGEST, _REVISION)) or _is_compound(text)


def _is_compound(text: str) -> bool:
    """Return whether a name ends in a version, as `digits-v3` or `imagenet_2012` do."""
    return re.search(r"[-_.]v?\d[\w.]*\Z", text) is not None and not is_vague(text)


def is_vague(name: str) -> bool:
    """Return whether a name is made of words that say nothing: `test2`, `final_v2_REAL`."""
    leaf = name.rpartition("/")[2].strip()
    return not leaf or all(_VAGUE.match(part) for part in re.split(r"[_\-. ]+", leaf) if part)
