"""What will be done to get a run again, told before any of it is.

What is there, what is missing, what is put in its place, the best verdict that can be
hoped for, and what it costs in time, disk and network.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tui_tracker.capture.process import shorten_home
from tui_tracker.code_store import CodeStore
from tui_tracker.formatting import format_duration, format_size
from tui_tracker.lineage.words import plural
from tui_tracker.reproduce import data as datasets
from tui_tracker.reproduce.code import check_code
from tui_tracker.reproduce.conditions import secrets_wanted
from tui_tracker.reproduce.env_cache import Decision
from tui_tracker.reproduce.environment import decide
from tui_tracker.reproduce.execute import time_limit
from tui_tracker.reproduce.failures import TROUBLE, CannotReproduce
from tui_tracker.reproduce.machines import Machines, compare_machines, expected_best, hardware_here
from tui_tracker.reproduce.options import Options
from tui_tracker.reproduce.packages import OURSELVES, normal
from tui_tracker.reproduce.places import COPIED_BYTES
from tui_tracker.reproduce.record import Dataset, Recorded, mapping
from tui_tracker.reproduce.siblings import Siblings
from tui_tracker.store import Store

_PACKAGE_BYTES = 20 << 20
"""As a rule of thumb: small ones have less, torch has more than all others."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done."""

    run: str
    name: str
    mode: str
    command: tuple[str, ...]
    code: str
    environment: Decision
    data: tuple[str, ...]
    machines: Machines
    best: str
    """The best verdict that can be hoped for."""
    best_why: str
    missing: tuple[str, ...]
    substituted: tuple[str, ...]
    notes: tuple[str, ...]
    secrets: tuple[str, ...]
    """Names of secrets that the command had."""
    original_s: float
    limit_s: float
    runs: int
    disk_bytes: int
    network: tuple[str, ...]

    def shape(self) -> dict[str, object]:
        """Return the plan in the public shape of JSON."""
        return {
            "run": self.run,
            "name": self.name,
            "mode": self.mode,
            "command": list(self.command),
            "code": self.code,
            "environment": {"kind": self.environment.kind, "why": self.environment.why},
            "data": list(self.data),
            "machine": self.machines.name,
            "expected_best": self.best,
            "expected_why": self.best_why,
            "missing": list(self.missing),
            "substituted": list(self.substituted),
            "notes": list(self.notes),
            "secrets": list(self.secrets),
            "original_s": self.original_s,
            "limit_s": self.limit_s,
            "runs": self.runs,
            "disk_bytes": self.disk_bytes,
            "network": list(self.network),
        }

    def told(self) -> list[tuple[str, str]]:
        """Return the plan as people read it: a label, "" where it is that above, and a text."""
        told = [
            ("run", f"{self.name}  {self.run}"),
            ("command", shorten_home(" ".join(self.command))),
            ("code", self.code),
            ("packages", self.environment.why),
            *[("data", shorten_home(text)) for text in self.data],
            ("machine", self.machines.name),
            ("best", f"{self.best}: {self.best_why}"),
            ("time", self._time()),
            ("disk", f"about {format_size(self.disk_bytes)}"),
            ("network", "; ".join(self.network) or "not needed"),
            *[("missing", text) for text in self.missing],
            *[("instead", text) for text in self.substituted],
            *[("secret", f"{name} has to be given") for name in self.secrets],
            *[("note", text) for text in self.notes],
        ]
        before = ["", *(label for label, _ in told)]
        return [
            ("" if label == last else label, text)
            for (label, text), last in zip(told, before, strict=False)
        ]

    def _time(self) -> str:
        if self.mode == "rebuild":
            return "nothing is run"
        times = f", {self.runs} times" if self.runs > 1 else ""
        took = format_duration(self.original_s)
        return f"the run took {took}{times}; stopped after {format_duration(self.limit_s)}"


def make_plan(store: Store, record: Recorded, siblings: Siblings, options: Options) -> Plan:
    """Return the plan.

    Raises:
        CannotReproduce: it is known beforehand that the run cannot be had again.
    """
    check_code(store, record)
    decision = decide(record, options)
    machines = compare_machines(record.hardware, hardware_here())
    best, why = expected_best(record, machines, options.variables, decision.substituted)
    code, code_bytes = _code(store, record)
    original_s = record.detail.row.duration_s
    disk = code_bytes + _data_bytes(record)
    _refuse_full_disk(disk)
    if decision.tool is not None:
        disk += len(decision.requirements) * _PACKAGE_BYTES
    several = len(siblings.records) if options.group else 1
    return Plan(
        run=record.id,
        name=record.name,
        mode="rebuild" if options.dry_run else options.mode,
        command=_command(record, options),
        code=code,
        environment=decision,
        data=tuple(_data_line(record, dataset, options) for dataset in record.data),
        machines=machines,
        best=best,
        best_why=why,
        missing=tuple(_missing(record)),
        substituted=decision.substituted,
        notes=tuple(_notes(record, siblings, options)),
        secrets=() if options.mode == "rescore" else tuple(_asked(record, options)),
        original_s=original_s,
        limit_s=time_limit(original_s, options.timeout_s),
        runs=options.reruns * several,
        disk_bytes=disk,
        network=tuple(_network(record, decision, options)),
    )


def _command(record: Recorded, options: Options) -> tuple[str, ...]:
    if options.mode == "rescore":
        said = "what [tool.tui_tracker.reproduce] rescore says"
        return (options.command or said,)
    return record.argv


def _code(store: Store, record: Recorded) -> tuple[str, int]:
    snapshot = record.code.snapshot or ""
    files = CodeStore.holding(store.folder, snapshot).list_files(snapshot)
    base = f" on commit {record.code.commit:.9}" if record.code.commit else ""
    size = sum(file.size for file in files)
    return f"{plural(len(files), 'file')}, {format_size(size)}, snapshot {snapshot:.9}{base}", size


def _data_line(record: Recorded, dataset: Dataset, options: Options) -> str:
    found = datasets.locate(record, dataset, options)
    name = dataset.name if dataset.path is None else f"{dataset.name} ({dataset.path})"
    size = f", {format_size(dataset.bytes)}" if dataset.bytes else ""
    match found.state:
        case "in memory":
            return f"{name}: in memory, compared after the rerun"
        case "elsewhere":
            return f"{name}: not on this disk, its version is recorded"
        case "in place":
            where = "where it was" if found.source and found.source.exists() else "gone"
        case _:
            there = found.source is not None and found.source.exists()
            where = f"from {found.source}" if there else "from the recorded code, else missing"
    verified = "" if dataset.digest else ", without a digest"
    return f"{name}: {where}{size}{verified}"


def _missing(record: Recorded) -> list[str]:
    found = []
    if record.code.skipped:
        found.append(f"{len(record.code.skipped)} files were too large for the snapshot")
    if record.environment.missing_why:
        found.append(record.environment.missing_why)
    if record.variables is None:
        found.append("no environment variables were recorded: today's are used")
    if not record.data:
        found.append("no dataset was declared, so what the script reads is not verified")
    if not record.splits:
        found.append("no split was declared")
    if not any("seed" in name.lower() for name in record.detail.row.params):
        found.append("no param names a seed: the run may never have repeated itself")
    if not record.hardware:
        found.append("the machine was not recorded")
    return found


def _notes(record: Recorded, siblings: Siblings, options: Options) -> list[str]:
    notes = []
    packages = {normal(name) for name in record.environment.packages}
    if OURSELVES in packages or record.environment.missing_why:
        notes.append("the logger is this installation's own, whatever the environment has")
    if record.variables is not None and "PYTHONHASHSEED" not in record.variables:
        notes.append("PYTHONHASHSEED was not set: sets of texts had an order of that run alone")
    if record.detail.row.status != "finished":
        notes.append(f"the run itself {record.detail.row.status}")
    others = len(siblings.records) - 1
    if others:
        more = f", {siblings.left_out} left out for other code or data" if siblings.left_out else ""
        done = "rerun, too" if options.group else "their spread is the margin; --group reruns them"
        notes.append(f"{others} more seeds of it are recorded{more}: {done}")
    if options.offline:
        notes.append(
            "offline: installers and the hubs of Hugging Face are told so; other libraries "
            "are not kept from the network"
        )
    return notes


def _asked(record: Recorded, options: Options) -> list[str]:
    given = {name.upper().replace("-", "_") for name in options.secrets}
    return [name for name in secrets_wanted(record) if name not in given]


def _network(record: Recorded, decision: Decision, options: Options) -> list[str]:
    found = []
    if decision.tool is not None and not options.offline:
        found.append("packages, where they are not in the installer's cache")
    addresses = [d.path for d in record.data if d.path and "://" in d.path]
    if addresses:
        found.append(f"data at {addresses[0]}")
    return found


def _data_bytes(record: Recorded) -> int:
    sizes = [dataset.bytes or 0 for dataset in record.data]
    return sum(size for size in sizes if size <= COPIED_BYTES)


def _refuse_full_disk(needed: int) -> None:
    place = Path(tempfile.gettempdir())
    free = shutil.disk_usage(place).free
    if needed > free:
        raise CannotReproduce(
            "plan",
            f"about {format_size(needed)} are needed and {format_size(free)} are free in {place}",
            exit_code=TROUBLE,
            ways_out=("TMPDIR=FOLDER of a larger disk",),
        )


def examples_of(record: Recorded) -> Mapping[str, int]:
    """Return the size of each part of the run's splits, by role."""
    found: dict[str, int] = {}
    for part in record.splits:
        for role, count in mapping(part.facts.get("n")).items():
            if isinstance(count, int):
                found[role] = max(found.get(role, 0), count)
    return found
