"""One of the runs of a comparison, and what its record says in each respect.

Facts are read as flat names and values, so that any two runs can be laid side by side. A
respect that a run has no record of is None, which is not the same as nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_tracker.facts import mapping, mappings, word, words
from tui_tracker.lineage.present import normalised
from tui_tracker.lineage.words import text_of
from tui_tracker.queries import LineagePart, RunDetail, RunKey, get_run
from tui_tracker.store import Store

if TYPE_CHECKING:
    from tui_tracker.facts import Facts

Fields = dict[str, object]
"""Flat facts by name."""

_DATA = ("version", "digest", "rows", "files", "bytes", "role")
_SPLIT = ("hash", "strategy", "splitter", "library", "seed")
_ELSEWHERE = ("argv", "redacted", "python", "executable")
"""Facts of a process that are compared in another place."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the runs, with the parts of its lineage by name."""

    run: RunDetail
    parts: Mapping[str, LineagePart]

    @property
    def name(self) -> str:
        return self.run.row.name

    def facts(self, part: str) -> Facts:
        return self.parts[part].facts if part in self.parts else {}

    def named(self, prefix: str) -> dict[str, Facts]:
        """Return the facts of the parts `prefix:a`, `prefix:b` ... by what stands behind."""
        return {
            name.removeprefix(prefix).lstrip(":.") or prefix: part.facts
            for name, part in sorted(self.parts.items())
            if name == prefix or name.startswith((f"{prefix}:", f"{prefix}."))
        }


def side_of(run: RunDetail) -> Side:
    """Return a run as one side of a comparison."""
    return Side(run, {part.name: part for part in run.lineage})


def read_sides(store: Store, keys: Sequence[RunKey]) -> list[Side]:
    """Return the runs of these keys, in their order.

    Raises:
        NotFound: a run is gone.
        StoreError: the store cannot be read.
    """
    return [side_of(get_run(store, key)) for key in keys]


def package_fields(side: Side) -> Fields:
    """Return each package's version, with its origin where that is no index."""
    facts = side.facts("environment")
    origins = mapping(facts, "origins")
    found: Fields = {}
    for name, version in sorted(mapping(facts, "packages").items(), key=lambda i: i[0].lower()):
        origin = mapping(origins, name)
        commit = word(origin, "commit") or word(mapping(origin, "snapshot"), "commit")
        where = [word(origin, "kind"), word(origin, "url"), commit[:12]]
        said = " ".join(part for part in where if part and part != "index")
        found[normalised(name)] = f"{version} ({said})" if said else str(version)
    return found


def python_fields(side: Side) -> Fields:
    """Return interpreter, operating system, and what else is told of an environment."""
    facts = side.facts("environment")
    return {
        **flat(mapping(facts, "python"), "python."),
        **{key: value for key in facts if (value := text_of(facts, key))},
        **flat(mapping(facts, "system"), "system."),
    }


def data_fields(side: Side) -> Fields:
    return _chosen(side.named("data"), _DATA)


def split_fields(side: Side) -> Fields:
    parts = side.named("split")
    found = _chosen(parts, _SPLIT)
    for name, facts in parts.items():
        found |= flat(mapping(facts, "n"), f"{name}.n.")
    return found


def _chosen(parts: Mapping[str, Facts], keys: Iterable[str]) -> Fields:
    return {
        f"{name}.{key}": facts[key]
        for name, facts in parts.items()
        for key in keys
        if facts.get(key) not in (None, "")
    }


def process_fields(side: Side) -> Fields:
    """Return how a run was started, without the words of its command line."""
    facts = flat(side.facts("process"))
    return {key: value for key, value in facts.items() if key not in _ELSEWHERE}


def command_words(side: Side) -> list[str]:
    return words(side.facts("process"), "argv")


def hardware_fields(side: Side) -> Fields:
    facts = side.facts("hardware")
    found = {key: value for key, value in flat(facts).items() if key != "gpus"}
    cards = [word(card, "name") for card in mappings(facts, "gpus")]
    if cards:
        found["gpus"] = ", ".join(cards)
    return {**found, "host": word(side.facts("process"), "host") or side.run.host}


def seed_fields(side: Side) -> Fields:
    """Return what generators were seeded with, by whom, and the states they came to."""
    facts = side.facts("seeds")
    found = flat(mapping(facts, "params"), "param.")
    for item in mappings(facts, "applied"):
        found[f"applied.{word(item, 'library')}"] = item.get("seed")
    return found | flat(mapping(facts, "states"), "state.")


def flat(facts: Facts, prefix: str = "", depth: int = 0) -> Fields:
    """Return nested facts by dotted names."""
    found: Fields = {}
    for name, value in facts.items():
        if isinstance(value, dict) and value and depth < 6:
            found |= flat(value, f"{prefix}{name}.", depth + 1)
        else:
            found[f"{prefix}{name}"] = value
    return found
