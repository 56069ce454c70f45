"""What W&B's records say of a run beside its numbers; the numbers of fields are W&B's.

The record `run` comes first and again after each change; `config` sets or removes single
values, whose JSON may be nested; `environment` comes in several parts that are merged.
"""

from __future__ import annotations

from datetime import UTC, datetime

from tui_tracker.importers.files import safe_name
from tui_tracker.importers.records import ImportedArtifact, ImportedNote
from tui_tracker.importers.wandb_history import Keys, loaded, path_of, split_items
from tui_tracker.importers.wire import Message

_REMOVED = 2
_DEEPEST = 64
"""Levels of a config; hardly one has ten."""
_MEDIA_TYPES = {"run_table", "job"}
"""Artifacts that W&B makes itself of what else is there."""


class RunFacts:
    """All that was told of one run so far."""

    def __init__(self) -> None:
        self.id = self.project = self.entity = self.name = ""
        self.labels: dict[str, str] = {}
        """Of W&B's single-valued labels: group, job_type, sweep."""
        self.tags: list[str] = []
        self.config: dict[str, object] = {}
        self.host = self.user = self.parent_id = ""
        self.started_at: datetime | None = None
        self.exit_code: int | None = None
        self.runtime_s = 0
        self.alerts: list[ImportedNote] = []
        self.notes = ""
        self.logged: dict[str, ImportedArtifact] = {}
        self.media: dict[str, str] = {}
        """Paths below `files/` that records name, and their kinds."""
        self.lineage: dict[str, dict[str, object]] = {}

    def take_run(self, data: bytes) -> None:
        run = Message(data)
        self.id = run.text(1) or self.id
        self.entity = run.text(2) or self.entity
        self.project = run.text(3) or self.project
        self.name = run.text(8) or self.name
        self.notes = run.text(9) or self.notes
        self.tags = run.texts(10) or self.tags
        self.host = run.text(13) or self.host
        for label, number in (("group", 6), ("job_type", 7), ("sweep", 12)):
            if text := run.text(number):
                self.labels[label] = text
        self.take_config(run.raw(4))
        if (moment := moment_of(run.message(17))) is not None:
            self.started_at = min(self.started_at or moment, moment)
        self._take_git(run.message(21))
        branch = run.message(23)
        if branch.text(1) not in ("", self.id):
            self.parent_id = branch.text(1)
        if python := run.message(19).text(5):
            self._part("environment").setdefault("python", {"version": python})

    def take_config(self, data: bytes) -> None:
        pairs, rest = split_items(data)
        for name, text in pairs:
            self._set(path_of(name)[:_DEEPEST], _bounded(loaded(text), _DEEPEST))
        for number, item in rest:
            if number == _REMOVED and isinstance(item, bytes):
                self._unset(path_of(item))

    def take_environment(self, data: bytes) -> None:
        facts = Message(data)
        self.host = self.host or facts.text(12)
        self.user = facts.text(13) or self.user
        self._take_git(facts.message(9))
        process = self._part("process")
        if program := facts.text(6):
            process["script"] = program
            process["argv"] = [program, *facts.texts(5)]
        if root := facts.text(11):
            process["cwd"] = root
        if executable := facts.text(14):
            process["python"] = executable
        environment = self._part("environment")
        if python := facts.text(2):
            environment["python"] = {"version": python.rpartition(" ")[2]}
        if system := facts.text(1):
            environment["system"] = {"name": system}
        if cuda := facts.text(25):
            environment["cuda"] = cuda
        self._take_hardware(facts)

    def take_exit(self, data: bytes) -> None:
        record = Message(data)
        self.exit_code = record.integer(1)
        self.runtime_s = record.integer(2)

    def take_alert(self, data: bytes) -> None:
        alert = Message(data)
        title, text = alert.text(1), alert.text(2)
        self.alerts.append(ImportedNote(f"{title}: {text}" if title and text else title or text))

    def take_files(self, data: bytes) -> None:
        for one in Message(data).messages(1):
            if one.text(1):
                self.media.setdefault(one.text(1), "")

    def take_artifact(self, data: bytes) -> None:
        record = Message(data)
        kind, name = record.text(4), record.text(5)
        if kind in _MEDIA_TYPES or not name:
            return
        used = bool(record.integer(10))
        if used:
            self._take_used(kind, name, record.text(6))
        entries = list(record.message(12).messages(4))
        for entry in entries:
            path = safe_name(f"{name}/{entry.text(1)}")
            size = entry.integer(4)
            if path:
                self.logged[path] = ImportedArtifact(
                    path, None, kind, size if size >= 0 else None, used=used
                )
        if not entries and (path := safe_name(name)):
            self.logged[path] = ImportedArtifact(path, None, kind, used=used)

    def take_used_artifact(self, data: bytes) -> None:
        record = Message(data)
        self._take_used(record.text(2), record.text(3), "")

    def _take_used(self, kind: str, name: str, digest: str) -> None:
        plain, _, version = name.partition(":")
        if plain:
            facts = {"name": plain, "kind": kind, "version": version, "digest": digest}
            self._part(f"data:{plain}").update(
                {key: value for key, value in facts.items() if value}
            )

    def _take_git(self, git: Message) -> None:
        if commit := git.text(2):
            self._part("code")["commit"] = commit
        if remote := git.text(1):
            self._part("code")["remote_url"] = remote

    def _take_hardware(self, facts: Message) -> None:
        hardware = self._part("hardware")
        if processor := facts.message(22).text(3):
            hardware["cpu"] = processor
        if cores := facts.integer(17) or facts.integer(16):
            hardware["cores"] = cores
        if memory := facts.message(21).integer(1):
            hardware["memory_bytes"] = memory
        gpus: list[dict[str, object]] = [
            {"name": gpu.text(1), "memory_bytes": gpu.integer(2)} for gpu in facts.messages(24)
        ]
        gpus += [{"name": gpu.text(8) or gpu.text(9)} for gpu in facts.messages(26)]
        if not gpus and facts.text(18):
            gpus = [{"name": facts.text(18)}] * min(max(1, facts.integer(19)), 64)
        if gpus:
            hardware["gpus"] = gpus

    def _part(self, name: str) -> dict[str, object]:
        return self.lineage.setdefault(name, {})

    def _set(self, path: Keys, value: object) -> None:
        place = self.config
        for key in path[:-1]:
            below = place.get(key)
            if not isinstance(below, dict):
                below = place[key] = {}
            place = below
        place[path[-1]] = value

    def _unset(self, path: Keys) -> None:
        place: object = self.config
        for key in path[:-1]:
            place = place.get(key) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place.pop(path[-1], None)


def _bounded(value: object, depth: int) -> object:
    """Return a JSON value as it is; what is too deep in it as text."""
    if not isinstance(value, (dict, list)):
        return value
    if not depth:
        return "..."
    if isinstance(value, dict):
        return {key: _bounded(one, depth - 1) for key, one in value.items()}
    return [_bounded(one, depth - 1) for one in value]


def moment_of(stamp: Message) -> datetime | None:
    """Return a protobuf Timestamp as a datetime; None where it is none that exists."""
    seconds, nanos = stamp.integer(1), stamp.integer(2)
    if not seconds:
        return None
    try:
        return datetime.fromtimestamp(seconds + nanos / 1e9, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def milliseconds_of(stamp: Message, otherwise: int) -> int:
    """Return a protobuf Timestamp as Unix milliseconds."""
    moment = moment_of(stamp)
    return otherwise if moment is None else round(moment.timestamp() * 1000)
