"""What differs in params, packages, data, and how and where two runs were run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tui_tracker.artifacts import stored_path
from tui_tracker.capture.split_format import read_split
from tui_tracker.compare.ignoring import Ignored
from tui_tracker.compare.values import Difference, Group, Kind
from tui_tracker.facts import mapping, mappings, word, words
from tui_tracker.lineage.present import normalised
from tui_tracker.lineage.words import text_of
from tui_tracker.queries import LineagePart, RunDetail

if TYPE_CHECKING:
    from tui_tracker.facts import Facts

_NOISE = (
    "pid",
    "user",
    "host",
    "scheduler.*",
    "container.id",
    "container.name",
    "rank",
    "command.pid",
)
"""What differs between any two runs, or tells nothing about the result."""
_DATA = ("version", "digest", "rows", "files", "bytes", "role")
_SPLIT = ("hash", "strategy", "splitter", "library", "seed")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs."""

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


def differing(
    kind: Kind, a: Mapping[str, object], b: Mapping[str, object], ignored: Ignored
) -> Group:
    """Return what differs between two mappings, `a`'s names first."""
    found: list[Difference] = []
    same = hidden = 0
    for name in dict.fromkeys([*a, *b]):
        if name in a and name in b and equal(a[name], b[name]):
            same += 1
        elif ignored.hides(kind, name):
            hidden += 1
        elif name not in b:
            found.append(Difference(name, "only in a", a=a[name]))
        elif name not in a:
            found.append(Difference(name, "only in b", b=b[name]))
        else:
            found.append(Difference(name, "differs", a[name], b[name]))
    return Group(kind, tuple(found), same=same, ignored=hidden)


def equal(x: object, y: object) -> bool:
    """Return whether two recorded values are the same: `1`, `1.0` and `True` are three."""
    if type(x) is not type(y):
        return False
    return x == y or (x != x and y != y)  # NaN is like NaN


def known(group: Group, a: Side, b: Side, *, has: tuple[bool, bool]) -> Group:
    """Return the group, or where only one run has a record of it, that this is unknown."""
    if all(has):
        return group
    if not any(has):
        return Group(group.kind, unknown="not recorded in either run")
    lacking = a.name if has[1] else b.name
    return Group(group.kind, unknown=f"not recorded in {lacking!r}")


def quiet(group: Group, patterns: Iterable[str] = _NOISE) -> Group:
    """Return the group with what any two runs differ in set apart."""
    noise = [d for d in group.differences if any(fnmatchcase(d.name, p) for p in patterns)]
    kept = [d for d in group.differences if d not in noise]
    return replace(group, differences=tuple(kept), noise=(*group.noise, *noise))


def params(a: Side, b: Side, ignored: Ignored) -> Group:
    return differing("params", a.run.row.params, b.run.row.params, ignored)


def packages(a: Side, b: Side, ignored: Ignored) -> Group:
    """Return packages that came, went, or have another version or origin."""
    ours, theirs = _packages(a), _packages(b)
    group = differing("packages", ours, theirs, ignored)
    return known(group, a, b, has=(bool(ours), bool(theirs)))


def _packages(side: Side) -> dict[str, object]:
    facts = side.facts("environment")
    origins = mapping(facts, "origins")
    found: dict[str, object] = {}
    for name, version in sorted(mapping(facts, "packages").items(), key=lambda i: i[0].lower()):
        origin = mapping(origins, name)
        commit = word(origin, "commit") or word(mapping(origin, "snapshot"), "commit")
        where = [word(origin, "kind"), word(origin, "url"), commit[:12]]
        said = " ".join(part for part in where if part and part != "index")
        found[normalised(name)] = f"{version} ({said})" if said else str(version)
    return found


def python(a: Side, b: Side, ignored: Ignored) -> Group:
    ours, theirs = (
        {
            **_flat(mapping(side.facts("environment"), "python"), "python."),
            **_texts(side.facts("environment")),
            **_flat(mapping(side.facts("environment"), "system"), "system."),
        }
        for side in (a, b)
    )
    group = quiet(
        differing("python", ours, theirs, ignored),
        ("python.prefix", "python.base_prefix", "prefix"),
    )
    return known(group, a, b, has=(bool(ours), bool(theirs)))


def _texts(facts: Facts) -> dict[str, object]:
    return {key: value for key in facts if (value := text_of(facts, key))}


def data(a: Side, b: Side, ignored: Ignored) -> Group:
    """Return datasets that came, went, or have another version, digest or size."""
    ours, theirs = a.named("data"), b.named("data")
    group = differing("data", _fields(ours, _DATA), _fields(theirs, _DATA), ignored)
    return known(group, a, b, has=(bool(ours), bool(theirs)))


def split(a: Side, b: Side, ignored: Ignored, artifacts: str) -> Group:
    """Return splits that came, went or differ; of rows that moved where both kept their indices."""
    ours, theirs = a.named("split"), b.named("split")
    flat = (_split_fields(ours), _split_fields(theirs))
    group = differing("split", *flat, ignored)
    notes = [
        replace(d, note=_moved(ours[name], theirs[name], artifacts))
        if (name := d.name.removesuffix(".hash")) != d.name and name in ours and name in theirs
        else d
        for d in group.differences
    ]
    group = replace(group, differences=tuple(notes))
    return known(group, a, b, has=(bool(ours), bool(theirs)))


def _moved(a: Facts, b: Facts, artifacts: str) -> str:
    """Return how many rows are in another role; "" where that cannot be told."""
    try:
        ours, theirs = (
            read_split(stored_path(artifacts, word(facts, "indices").rpartition(":")[2]))
            for facts in (a, b)
        )
    except (OSError, ValueError):
        return ""
    roles = dict.fromkeys([*ours, *theirs])
    moved = sum(len(set(ours.get(role, ())) - set(theirs.get(role, ()))) for role in roles)
    came = sum(len(set(theirs.get(role, ())) - set(ours.get(role, ()))) for role in roles)
    if not moved and not came:
        return "the same rows in another order"
    return f"{max(moved, came):,} rows moved"


def _split_fields(parts: Mapping[str, Facts]) -> dict[str, object]:
    found = _fields(parts, _SPLIT)
    for name, facts in parts.items():
        found |= _flat(mapping(facts, "n"), f"{name}.n.")
    return found


def _fields(parts: Mapping[str, Facts], keys: Iterable[str]) -> dict[str, object]:
    return {
        f"{name}.{key}": facts[key]
        for name, facts in parts.items()
        for key in keys
        if facts.get(key) not in (None, "")
    }


def command(a: Side, b: Side, ignored: Ignored) -> Group:
    """Return the words of the command line that differ, and where it was started."""
    ours, theirs = a.facts("process"), b.facts("process")
    rest = [
        {key: value for key, value in _flat(facts).items() if key not in _ELSEWHERE}
        for facts in (ours, theirs)
    ]
    group = quiet(differing("command", rest[0], rest[1], ignored))
    if "cwd_rel" in ours and ours["cwd_rel"] == theirs.get("cwd_rel"):
        # The same folder of two copies of one work tree.
        group = quiet(group, ("cwd",))
    argv = tuple(
        difference
        for difference in compare_words(words(ours, "argv"), words(theirs, "argv"))
        if not ignored.hides("command", difference.name)
    )
    group = replace(group, differences=(*argv, *group.differences))
    return known(group, a, b, has=(bool(ours), bool(theirs)))


_ELSEWHERE = ("argv", "redacted", "python", "executable")


def compare_words(a: list[str], b: list[str]) -> list[Difference]:
    """Return the stretches of two command lines that differ, named by their place in `a`."""
    found = []
    for what, low, high, start, end in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        old, new = " ".join(a[low:high]), " ".join(b[start:end])
        name = f"argv[{low}]"
        if what == "delete":
            found.append(Difference(name, "only in a", a=old))
        elif what == "insert":
            found.append(Difference(name, "only in b", b=new))
        elif what == "replace":
            found.append(Difference(name, "differs", old, new))
    return found


def hardware(a: Side, b: Side, ignored: Ignored) -> Group:
    ours, theirs = (side.facts("hardware") for side in (a, b))
    group = quiet(differing("hardware", _hardware(a), _hardware(b), ignored))
    return known(group, a, b, has=(bool(ours), bool(theirs)))


def _hardware(side: Side) -> dict[str, object]:
    facts = side.facts("hardware")
    found = {key: value for key, value in _flat(facts).items() if key != "gpus"}
    cards = [word(card, "name") for card in mappings(facts, "gpus")]
    if cards:
        found["gpus"] = ", ".join(cards)
    return {**found, "host": word(side.facts("process"), "host") or side.run.host}


def variables(a: Side, b: Side, ignored: Ignored) -> Group:
    ours, theirs = (mapping(side.facts("variables"), "variables") for side in (a, b))
    has = "variables" in a.parts, "variables" in b.parts
    return known(differing("variables", ours, theirs, ignored), a, b, has=has)


def seeds(a: Side, b: Side, ignored: Ignored) -> Group:
    """Return generators that were given another seed, or ended in another state."""
    ours, theirs = (_seeds(side.facts("seeds")) for side in (a, b))
    # What a generator begins with before it is seeded is random.
    group = quiet(differing("seeds", ours, theirs, ignored), ("state.start.*",))
    return known(group, a, b, has=(bool(ours), bool(theirs)))


def _seeds(facts: Facts) -> dict[str, object]:
    found = _flat(mapping(facts, "params"), "param.")
    for item in mappings(facts, "applied"):
        found[f"applied.{word(item, 'library')}"] = item.get("seed")
    return found | _flat(mapping(facts, "states"), "state.")


def determinism(a: Side, b: Side, ignored: Ignored) -> Group:
    ours, theirs = (_flat(side.facts("determinism")) for side in (a, b))
    group = differing("determinism", ours, theirs, ignored)
    return known(group, a, b, has=(bool(ours), bool(theirs)))


def _flat(facts: Facts, prefix: str = "", depth: int = 0) -> dict[str, object]:
    """Return nested facts by dotted names."""
    found: dict[str, object] = {}
    for name, value in facts.items():
        if isinstance(value, dict) and value and depth < 6:
            found |= _flat(value, f"{prefix}{name}.", depth + 1)
        else:
            found[f"{prefix}{name}"] = value
    return found
