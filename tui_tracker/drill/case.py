"""One run and the places where evidence about it may lie; each is looked at when asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from tui_tracker.audit.amendments import Confidence, Correction, value_of
from tui_tracker.audit.record import RunRecord
from tui_tracker.code_store import CodeStore, CodeUnavailable
from tui_tracker.drill.repository import Repository, open_repository
from tui_tracker.facts import mappings, word
from tui_tracker.queries import RunKey, read_console
from tui_tracker.store import Store

_MOST_LINES = 5_000
_LARGEST_FILE = 1 << 20
SHORT = 9
"""Letters of a commit in a sentence."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of the run's code, and where it was found."""

    path: str
    text: str
    where: str
    """As in "the snapshot of the run"."""


@dataclass(frozen=True)
class Case:
    """A run that is drilled."""

    record: RunRecord
    store: Store
    siblings: Sequence[RunRecord] = ()
    """The other runs of its experiment."""
    found: dict[str, object] = field(default_factory=dict)
    """What earlier recipes proposed, by field: a list of packages may rest on a commit."""

    @property
    def key(self) -> RunKey:
        return self.record.key

    @property
    def start(self) -> datetime:
        return self.record.detail.row.started_at

    def propose(
        self, field_: str, new: object, evidence: str, confidence: Confidence
    ) -> Correction:
        """Return a correction of what the record holds now."""
        return Correction(field_, value_of(self.record.detail, field_), new, evidence, confidence)

    @cached_property
    def argv(self) -> list[str]:
        """The command line, "" where it was not recorded."""
        found = self.record.fact("process", "argv")
        return [str(item) for item in found] if isinstance(found, list) else []

    @cached_property
    def cwd(self) -> str:
        """The folder that the run was started in, as this machine would open it."""
        told = self.record.fact("process", "cwd")
        return os.path.expanduser(_nameable(str(told))) if told else ""

    def path(self, path: str) -> str:
        """Return a recorded path as this machine would open it."""
        return os.path.join(self.cwd, os.path.expanduser(_nameable(path)))

    @cached_property
    def repository(self) -> Repository | None:
        """The repository at the recorded top, or around the folder of the start."""
        top = str(self.record.fact("code", "top") or "")
        return open_repository(top) or open_repository(self.cwd)

    @property
    def commit(self) -> str:
        """The commit that is recorded, or that was found just now."""
        return str(self.record.fact("code", "commit") or self.found.get("code.commit") or "")

    @cached_property
    def entry(self) -> tuple[str, str]:
        """Path below the top, and SHA-256, of the script that ran; "" for what is not known."""
        for part in ("modules", "code"):
            told = self.record.fact(part, "entry")
            if isinstance(told, dict) and word(told, "path"):
                return word(told, "path"), word(told, "sha256")
        script = str(self.record.fact("process", "script") or "")
        named = next((item for item in self.argv if os.path.basename(item) == script), script)
        if named.endswith(".py") and self.repository is not None and self.cwd:
            below = os.path.relpath(os.path.realpath(self.path(named)),
                                    os.path.realpath(self.repository.top))  # fmt: skip
            return ("", "") if below.startswith("..") else (below, "")
        return (named, "") if named.endswith(".py") else ("", "")

    @cached_property
    def modules(self) -> dict[str, str]:
        """SHA-256 of the local files that the process imported, by path below the top."""
        part = self.record.part("modules")
        told = mappings(part.facts, "modules") if part is not None else []
        found = {word(module, "path"): word(module, "sha256") for module in told}
        return {path: digest for path, digest in found.items() if path and digest}

    @cached_property
    def code_paths(self) -> list[str]:
        """The paths of the run's code: of its snapshot, else of its commit."""
        return list(self._snapshot) or self._commit_paths()

    @cached_property
    def _snapshot(self) -> dict[str, int]:
        commit = str(self.record.fact("code", "snapshot", "commit") or "")
        if not commit:
            return {}
        try:
            store = CodeStore.holding(self.store.folder, commit)
            return {file.path: file.size for file in store.list_files(commit)}
        except (CodeUnavailable, OSError):
            return {}

    def _commit_paths(self) -> list[str]:
        if self.repository is None or not self.commit:
            return []
        return self.repository.files(self.commit)

    def read_code(self, path: str) -> SourceFile | None:
        """Return a text file of the run's code; None where there is none of that path."""
        data, where = self._read_bytes(path)
        if data is None or len(data) > _LARGEST_FILE:
            return None
        return SourceFile(path, data.decode("utf-8", "replace"), where)

    def _read_bytes(self, path: str) -> tuple[bytes | None, str]:
        if path in self._snapshot:
            commit = str(self.record.fact("code", "snapshot", "commit"))
            try:
                store = CodeStore.holding(self.store.folder, commit)
                return store.read_file(commit, path), "the snapshot of the run"
            except (CodeUnavailable, OSError):
                return None, ""
        if self.repository is None or not self.commit:
            return None, ""
        return self.repository.read(self.commit, path), f"commit {self.commit[:SHORT]}"

    @cached_property
    def script(self) -> SourceFile | None:
        """The text of the script that ran."""
        return self.read_code(self.entry[0]) if self.entry[0] else None

    @cached_property
    def console(self) -> list[str]:
        """The first lines that the run printed."""
        if not self.record.detail.console_lines:
            return []
        lines = read_console(self.store, self.key, 0, _MOST_LINES)
        return [line.text for line in lines]

    def parts_of(self, kind: str) -> Iterator[tuple[str, Mapping[str, object]]]:
        """Yield name and facts of the parts of a kind, also of those that failed."""
        for name, part in self.record.parts.items():
            head, colon, rest = name.partition(":")
            if head == kind and colon:
                yield rest, part.facts


def _nameable(path: str) -> str:
    """Return a path that a system may be asked for.

    No file has a NUL in its name, and Python answers one not with an OSError as for any
    other that is not there, but with a ValueError.
    """
    return path.replace("\0", "\N{SYMBOL FOR NULL}")
