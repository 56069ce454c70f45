"""Params that nobody logged: from the command line, config files, defaults and generators."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tui_tracker.audit.amendments import Confidence
from tui_tracker.audit.catalogue.params import MEANS, missing_params
from tui_tracker.audit.record import RunRecord
from tui_tracker.drill.arguments import as_value, read_defaults, read_flags
from tui_tracker.drill.case import Case
from tui_tracker.drill.recipes import Answers, recipe
from tui_tracker.facts import mappings, word
from tui_tracker.formatting import format_value
from tui_tracker.lineage.words import plural
from tui_tracker.names.words import PARAM_ALIASES, snake

_CONFIGS = re.compile(r"(^|/)[^/]*(config|conf|params|hparams|settings|args)[^/]*"
                      r"\.(ya?ml|toml|json)$", re.I)  # fmt: skip
_CONFIG = re.compile(r"\.(ya?ml|toml|json)$", re.I)
_LINE = re.compile(r"^\s*([A-Za-z_][\w.-]*)\s*:\s*([^#\n]+?)\s*(?:#.*)?$")
_NO_VALUE = re.compile(r"(null|~|\?\?\?)$|['\"]?\$\{", re.I)
"""What a YAML file leaves open, or reads from elsewhere."""
_MOST_CONFIGS = 20
_LEAST_SIBLINGS = 3


@dataclass(frozen=True, slots=True)
class Said:
    """A value of a param, who says so, and how sure that makes it."""

    value: object
    evidence: str
    confidence: Confidence


@recipe("params.required-missing")
def required(case: Case) -> Answers:
    """Propose each missing param by the surest that tells it."""
    sources = [_flags(case), _configs(case), _defaults(case)]
    for name in missing_params(case.record):
        said = _seed(case) if name == "seed" else None
        for source in sources if said is None else ():
            said = _named(source, name)
            if said is not None:
                break
        said = said or _by_siblings(case, name)
        if said is None:
            yield f"nothing that is recorded tells {name}"
        else:
            yield case.propose(f"params.{name}", said.value, said.evidence, said.confidence)


def _named(source: Mapping[str, Said], name: str) -> Said | None:
    others = [alias for alias, canonical in PARAM_ALIASES.items() if canonical == name]
    return next((source[n] for n in (name, *others, *MEANS.get(name, ())) if n in source), None)


def _flags(case: Case) -> dict[str, Said]:
    shown = " ".join(case.argv)[:120]
    return {
        name: Said(value, f"the command line: {shown}", "certain")
        for name, value in read_flags(case.argv).items()
    }


def _configs(case: Case) -> dict[str, Said]:
    """Return what config files of the run's code say; those on the command line first."""
    named = [word for word in case.argv if _CONFIG.search(word)]
    paths = [path for path in case.code_paths if _CONFIGS.search(path)]
    chosen = [p for p in paths if any(w.partition("=")[2].endswith(p) or w.endswith(p)
                                      for w in named)]  # fmt: skip
    found: dict[str, Said] = {}
    for path in [*chosen, *(p for p in paths if p not in chosen)][:_MOST_CONFIGS]:
        file = case.read_code(path)
        if file is None:
            continue
        sure: Confidence = "likely" if path in chosen or len(paths) == 1 else "guess"
        for leaf, told in _leaves_of(path, file.text).items():
            name, value = told[0]
            # One name below two heads: nobody knows which is meant, the training's or another's.
            alone = len({repr(value) for _, value in told}) == 1
            where = f"`{name}` in {path} of {file.where}"
            found.setdefault(leaf, Said(value, where, sure if alone else "guess"))
    return found


def _leaves_of(path: str, text: str) -> dict[str, list[tuple[str, object]]]:
    """Return the settings of a file by the last words of their names."""
    found: dict[str, list[tuple[str, object]]] = {}
    for name, value in read_config_text(path, text):
        found.setdefault(snake(name.rpartition(".")[2]), []).append((name, value))
    return found


def read_config_text(path: str, text: str) -> Iterator[tuple[str, object]]:
    """Yield name and value of the plain settings in a JSON, TOML or simple YAML file."""
    try:
        if path.lower().endswith(".json"):
            yield from _leaves(json.loads(text))
        elif path.lower().endswith(".toml"):
            yield from _leaves(tomllib.loads(text))
        else:
            lines = map(_LINE.match, text.splitlines())
            yield from ((m[1], as_value(m[2])) for m in lines if m and not _NO_VALUE.match(m[2]))
    except (ValueError, RecursionError):
        return


def _leaves(value: object, above: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{above}.{name}" if above else str(name))
    elif isinstance(value, (str, int, float, bool)):
        yield above, value


def _defaults(case: Case) -> dict[str, Said]:
    file = case.script
    found = read_defaults(file.text) if file is not None else {}
    return {
        name: Said(value, f"{file.path}:{line} of {file.where}: its default", "likely")
        for name, (value, line) in found.items()
        if file is not None
    }


def _seed(case: Case) -> Said | None:
    """Return the one seed that the generators got."""
    flags = _named(_flags(case), "seed")
    part = case.record.part("seeds")
    applied = mappings(part.facts, "applied") if part is not None else []
    seeds = {item["seed"] for item in applied if isinstance(item.get("seed"), int)}
    if flags is not None or len(seeds) != 1:
        return flags
    libraries = ", ".join(dict.fromkeys(word(item, "library") for item in applied))
    return Said(seeds.pop(), f"{libraries} got it while the run was active", "certain")


def _by_siblings(case: Case, name: str) -> Said | None:
    """Return the value that all other runs of the experiment have."""
    names = (name, *(a for a, c in PARAM_ALIASES.items() if c == name), *MEANS.get(name, ()))
    if name == "seed":
        return None  # it is the very thing in which they differ
    values = [_first(other, names) for other in case.siblings]
    known = [value for value in values if value is not None]
    if len(known) < _LEAST_SIBLINGS or len({repr(value) for value in known}) != 1:
        return None
    told = f"{plural(len(known), 'other run')} of the experiment have it, and no run another"
    return Said(known[0], told, "guess")


def _first(record: RunRecord, names: Sequence[str]) -> object:
    return next((record.params[n] for n in names if record.params.get(n) is not None), None)


@recipe("params.search-undocumented")
def search(case: Case) -> Answers:
    """Say which params the runs of the sweep differ in, and in how many runs."""
    runs = [case.record, *case.siblings]
    names = dict.fromkeys(name for run in runs for name in run.params)
    varied = {}
    for name in names:
        values = {format_value(run.params[name]) for run in runs if name in run.params}
        if len(values) > 1:
            varied[name] = sorted(values)
    if not varied:
        yield "the runs of the experiment differ in no param"
        return
    told = "; ".join(f"{name} in {', '.join(values[:8])}" for name, values in varied.items())
    text = f"sweep over {told}; {plural(len(runs), 'trial')}"
    yield case.propose("notes.search", text, f"the params of {plural(len(runs), 'run')}", "likely")


@recipe("params.absolute-path")
def absolute_path(case: Case) -> Answers:
    """Write a path below the repository as seen from its top."""
    top = case.repository.top if case.repository is not None else ""
    found = False
    for name, value in case.record.params.items():
        if top and isinstance(value, str) and value.startswith(f"{top}/"):
            found = True
            below = value[len(top) + 1 :]
            yield case.propose(f"params.{name}", below, f"it lies below `{top}`", "likely")
    if not found:
        yield "no path lies below the repository, so none can be written without its machine"
