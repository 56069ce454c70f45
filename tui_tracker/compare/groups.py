"""What differs in params, packages, data, and how and where two runs were run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tui_tracker.artifacts import stored_path
from tui_tracker.capture.split_format import read_split
from tui_tracker.compare.ignoring import Ignored
from tui_tracker.compare.sides import (
    Side,
    command_words,
    data_fields,
    flat,
    hardware_fields,
    package_fields,
    process_fields,
    python_fields,
    seed_fields,
    split_fields,
)
from tui_tracker.compare.values import Difference, Group, Kind
from tui_tracker.facts import mapping, word

if TYPE_CHECKING:
    from tui_tracker.facts import Facts

_OF_A_PROCESS = (
    *("pid", "user", "host", "scheduler.*", "container.id", "container.name", "rank"),
    "command.pid",
)
_NOISE: dict[Kind, tuple[str, ...]] = {
    "command": _OF_A_PROCESS,
    "hardware": _OF_A_PROCESS,
    "python": ("python.prefix", "python.base_prefix", "prefix"),
    # What a generator begins with before it is seeded is random.
    "seeds": ("state.start.*",),
}


def is_noise(kind: Kind, name: str) -> bool:
    """Return whether this differs between any two runs, or tells nothing about the result."""
    return any(fnmatchcase(name, pattern) for pattern in _NOISE.get(kind, ()))


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


def quiet(group: Group, *more: str) -> Group:
    """Return the group with what any two runs differ in set apart."""
    noise = [d for d in group.differences if d.name in more or is_noise(group.kind, d.name)]
    kept = [d for d in group.differences if d not in noise]
    return replace(group, differences=tuple(kept), noise=(*group.noise, *noise))


def params(a: Side, b: Side, ignored: Ignored) -> Group:
    return differing("params", a.run.row.params, b.run.row.params, ignored)


def packages(a: Side, b: Side, ignored: Ignored) -> Group:
    """Return packages that came, went, or have another version or origin."""
    ours, theirs = package_fields(a), package_fields(b)
    group = differing("packages", ours, theirs, ignored)
    return known(group, a, b, has=(bool(ours), bool(theirs)))


def python(a: Side, b: Side, ignored: Ignored) -> Group:
    ours, theirs = python_fields(a), python_fields(b)
    group = quiet(differing("python", ours, theirs, ignored))
    return known(group, a, b, has=(bool(ours), bool(theirs)))


def data(a: Side, b: Side, ignored: Ignored) -> Group:
    """Return datasets that came, went, or have another version, digest or size."""
    ours, theirs = a.named("data"), b.named("data")
    group = differing("data", data_fields(a), data_fields(b), ignored)
    return known(group, a, b, has=(bool(ours), bool(theirs)))


def split(a: Side, b: Side, ignored: Ignored, artifacts: str) -> Group:
    """Return splits that came, went or differ; of rows that moved where both kept their indices."""
    ours, theirs = a.named("split"), b.named("split")
    group = differing("split", split_fields(a), split_fields(b), ignored)
    notes = [
        replace(d, note=moved_rows(ours[name], theirs[name], artifacts))
        if (name := d.name.removesuffix(".hash")) != d.name and name in ours and name in theirs
        else d
        for d in group.differences
    ]
    group = replace(group, differences=tuple(notes))
    return known(group, a, b, has=(bool(ours), bool(theirs)))


def moved_rows(a: Facts, b: Facts, artifacts: str) -> str:
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


def command(a: Side, b: Side, ignored: Ignored) -> Group:
    """Return the words of the command line that differ, and where it was started."""
    ours, theirs = a.facts("process"), b.facts("process")
    group = quiet(differing("command", process_fields(a), process_fields(b), ignored))
    if "cwd_rel" in ours and ours["cwd_rel"] == theirs.get("cwd_rel"):
        # The same folder of two copies of one work tree.
        group = quiet(group, "cwd")
    argv = tuple(
        difference
        for difference in compare_words(command_words(a), command_words(b))
        if not ignored.hides("command", difference.name)
    )
    group = replace(group, differences=(*argv, *group.differences))
    return known(group, a, b, has=(bool(ours), bool(theirs)))


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
    group = quiet(differing("hardware", hardware_fields(a), hardware_fields(b), ignored))
    return known(group, a, b, has=(bool(ours), bool(theirs)))


def variables(a: Side, b: Side, ignored: Ignored) -> Group:
    ours, theirs = (mapping(side.facts("variables"), "variables") for side in (a, b))
    has = "variables" in a.parts, "variables" in b.parts
    return known(differing("variables", ours, theirs, ignored), a, b, has=has)


def seeds(a: Side, b: Side, ignored: Ignored) -> Group:
    """Return generators that were given another seed, or ended in another state."""
    ours, theirs = seed_fields(a), seed_fields(b)
    group = quiet(differing("seeds", ours, theirs, ignored))
    return known(group, a, b, has=(bool(ours), bool(theirs)))


def determinism(a: Side, b: Side, ignored: Ignored) -> Group:
    ours, theirs = (flat(side.facts("determinism")) for side in (a, b))
    group = differing("determinism", ours, theirs, ignored)
    return known(group, a, b, has=(bool(ours), bool(theirs)))
