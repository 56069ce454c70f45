"""How this machine differs from the one a run was recorded on, and what that lets expect."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass

from tui_tracker.reproduce.record import Facts, Recorded, mapping, sequence, word

_PLACES = ("machine", "cpu", "cpu_flags", "gpus")
"""What makes a class of machine; the rest are conditions that can be set."""


@dataclass(frozen=True, slots=True)
class Machines:
    """Two machines, compared as far as both are known."""

    name: str
    """The class of this one, in words."""
    other_class: tuple[str, ...]
    """Differences of processor, SIMD and cards."""
    other_conditions: tuple[str, ...]
    """Differences of driver, BLAS and threads."""
    unknown: tuple[str, ...]
    """What was not recorded and so cannot be compared."""

    @property
    def same_class(self) -> bool:
        return not self.other_class and not self.unknown

    @property
    def same(self) -> bool:
        return self.same_class and not self.other_conditions


def machine_class(hardware: Facts) -> str:
    """Return a class of machine in words: architecture, processor, cards."""
    words = [word(hardware.get("machine")) or platform.machine()]
    if cpu := word(hardware.get("cpu")):
        words.append(cpu)
    words += [
        name for gpu in sequence(hardware.get("gpus")) if (name := word(mapping(gpu).get("name")))
    ]
    return ", ".join(words)


def compare_machines(recorded: Facts, here: Facts) -> Machines:
    """Return the differences between two records of hardware."""
    other_class: list[str] = []
    other_conditions: list[str] = []
    unknown: list[str] = []
    for key in _PLACES:
        one: object = _cards(recorded) if key == "gpus" else recorded.get(key)
        other: object = _cards(here) if key == "gpus" else here.get(key)
        if one is None or other is None:
            unknown += [key] if key in ("cpu", "machine") else []
            continue
        if one != other:
            other_class.append(_differ(key, one, other))
    drivers = (_drivers(recorded), _drivers(here))
    if drivers[0] != drivers[1] and not other_class:
        other_conditions.append(_differ("driver", *drivers))
    other_conditions += _blas(recorded, here)
    return Machines(
        machine_class(here), tuple(other_class), tuple(other_conditions), tuple(unknown)
    )


def hardware_here() -> Facts:
    """Return this machine's hardware; without libraries that this process has not loaded."""
    from tui_tracker.capture.hardware import capture_hardware

    facts, _ = capture_hardware()
    # Of BLAS this interpreter's libraries were asked, and not those of the rebuilt one.
    return {key: value for key, value in facts.items() if key not in ("blas", "threads")}


def expected_best(
    record: Recorded, machines: Machines, changed: Mapping[str, str], substituted: tuple[str, ...]
) -> tuple[str, str]:
    """Return the best verdict that can be hoped for, and why, before anything runs."""
    if substituted:
        return "consistent", f"substituted: {'; '.join(substituted[:3])}"
    if machines.other_class:
        reasons = "; ".join(machines.other_class)
        return "within tolerance", f"another machine ({reasons}): identical is not expected"
    conditions = [*machines.other_conditions, *(f"{k}={v} was set" for k, v in changed.items())]
    if conditions:
        reasons = "; ".join(conditions)
        return "within tolerance", f"other conditions ({reasons}): identical is not expected"
    if machines.unknown or not record.hardware:
        return "identical", "the recorded machine is not known: identical where it is like this one"
    return "identical", "same class of machine and same versions"


def _cards(facts: Facts) -> list[str]:
    return sorted(str(mapping(gpu).get("name")) for gpu in sequence(facts.get("gpus")))


def _drivers(facts: Facts) -> list[str]:
    found = {str(mapping(gpu).get("driver")) for gpu in sequence(facts.get("gpus"))}
    return sorted(found | {str(mapping(facts.get("cuda")).get("driver") or "")} - {""})


def _blas(recorded: Facts, here: Facts) -> list[str]:
    """Return how the BLAS kernels and thread counts differ, where both are known."""
    found = []
    if "blas" in recorded and "blas" in here:
        one, other = _kernels(recorded), _kernels(here)
        for library in sorted(one.keys() & other.keys()):
            if one[library] != other[library]:
                found.append(_differ(library, one[library], other[library]))
    if "threads" in recorded and "threads" in here:
        then, now = mapping(recorded.get("threads")), mapping(here.get("threads"))
        found += [
            _differ(f"{name} threads", then[name], now[name])
            for name in sorted(then.keys() & now.keys())
            if then[name] != now[name]
        ]
    return found


def _kernels(facts: Facts) -> dict[str, object]:
    """Return version and kernel of each library by its file."""
    found: dict[str, object] = {}
    for item in sequence(facts.get("blas")):
        library = mapping(item)
        name = word(library.get("file")) or word(library.get("lib")) or "blas"
        said = [word(library.get("version")), word(library.get("architecture"))]
        found[name] = " ".join(text for text in said if text)
    return found


def _differ(what: str, one: object, other: object) -> str:
    if isinstance(one, list) and isinstance(other, list):
        gone = [str(item) for item in one if item not in other]
        new = [str(item) for item in other if item not in one]
        parts = [f"without {', '.join(gone)}"] if gone else []
        parts += [f"with {', '.join(new)}"] if new else []
        return f"{what} {' and '.join(parts)}"
    return f"{what} {other} instead of {one}"
