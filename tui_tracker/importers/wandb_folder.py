"""The folder of one W&B run on disk: what its name tells, and the files beside the records.

    offline-run-20261123_070150-uu34r34d/        or run-..., or dryrun-... of the oldest versions
        run-uu34r34d.wandb                       all records
        files/                                   media/..., what the script saved, and W&B's own
        logs/                                    of W&B itself, of no use to us

The date is local time. W&B's own files are `requirements.txt`, `output.log`, and, of online runs
and of older versions, `config.yaml`, `wandb-metadata.json`, `wandb-summary.json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tui_tracker.importers.records import ImportedArtifact
from tui_tracker.importers.regular import open_regular
from tui_tracker.importers.run_folders import list_artifacts
from tui_tracker.importers.wandb_facts import RunFacts

FOLDER = re.compile(r"(?:offline-run|dryrun|run)-(\d{8}_\d{6})-(.+)")
_RECORDS = re.compile(r"run-(.+)\.wandb")
OWN_FILES = frozenset(
    (
        *("config.yaml", "requirements.txt", "output.log", "conda-environment.yaml"),
        *("wandb-metadata.json", "wandb-summary.json", "wandb-history.jsonl"),
        *("wandb-events.jsonl", "config.defaults.yaml"),
    )
)
_MOST_TEXT = 1 << 26


def id_of(path: Path) -> str:
    """Return the run id that the name of a records file or run folder tells."""
    found = _RECORDS.fullmatch(path.name) or FOLDER.fullmatch(path.name)
    return found.groups()[-1] if found else path.stem


def folder_started_at(path: Path) -> datetime | None:
    """Return the moment in a folder's name, as this machine's clock would tell it."""
    found = FOLDER.fullmatch(path.name)
    if found is None:
        return None
    try:
        return datetime.strptime(found[1], "%Y%m%d_%H%M%S").astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def signs_of_life(path: Path, folder: Path | None) -> list[Path]:
    """Return the files that W&B writes while a run lives: records are held back for long."""
    if folder is None:
        return [path]
    logs = ("debug.log", "debug-internal.log", "debug-core.log")
    return [path, folder / "files" / "output.log", *(folder / "logs" / name for name in logs)]


def list_files(folder: Path, kinds: dict[str, str]) -> Iterator[ImportedArtifact]:
    """Yield the files that the script left in a run's folder; links are not followed."""
    files = folder / "files"
    for one in list_artifacts(files, without=[files / name for name in OWN_FILES]):
        yield replace(one, kind=kind_of(one.path, kinds))


def kind_of(path: str, kinds: dict[str, str]) -> str:
    """Return the kind of a file: as it was logged, else by the folder that it lies in."""
    if found := kinds.get(path):
        return found.removesuffix("-file").partition("/")[0]
    top = path.partition("/")[0]
    return top if top in ("code", "media") else ""


def packages(folder: Path) -> dict[str, str]:
    """Return the packages that were installed, by name."""
    found = {}
    for line in read_text(folder / "files" / "requirements.txt").splitlines():
        name, equals, version = line.strip().partition("==")
        if equals and name:
            found[name] = version
    return found


def read_json(path: Path) -> dict[str, object]:
    """Return the object in a JSON file; an empty one where it is absent or is none."""
    try:
        found = json.loads(read_text(path) or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def read_text(path: Path) -> str:
    """Return a file's text, "" where it cannot be read."""
    try:
        with open_regular(path) as file:
            return file.read(_MOST_TEXT).decode("utf-8", "replace")
    except OSError:
        return ""


def add_folder_facts(folder: Path, facts: RunFacts) -> None:
    """Add what W&B's own files beside the records tell, where the records do not."""
    environment = facts.lineage.setdefault("environment", {})
    if "packages" not in environment and (found := packages(folder)):
        environment["packages"] = found
    if facts.lineage.get("process"):
        return  # the records have it all since 0.20
    said = read_json(folder / "files" / "wandb-metadata.json")
    for name, value in _process(said).items():
        facts.lineage.setdefault("process", {}).setdefault(name, value)
    git = said.get("git")
    for name, key in (("commit", "commit"), ("remote_url", "remote")):
        if isinstance(git, dict) and isinstance(git.get(key), str):
            facts.lineage.setdefault("code", {}).setdefault(name, git[key])
    for name, value in _hardware(said).items():
        facts.lineage.setdefault("hardware", {}).setdefault(name, value)
    if isinstance(system := said.get("os"), str):
        environment.setdefault("system", {"name": system})
    facts.host = facts.host or str(said.get("host") or "")
    facts.user = facts.user or str(said.get("username") or "")


def _process(said: dict[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    arguments = said.get("args")
    if isinstance(program := said.get("program"), str) and program:
        found["script"] = program
        found["argv"] = [
            program,
            *(str(one) for one in (arguments if isinstance(arguments, list) else [])),
        ]
    for name, key in (("cwd", "root"), ("python", "executable")):
        if isinstance(text := said.get(key), str):
            found[name] = text
    return found


def _hardware(said: dict[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    if isinstance(cores := said.get("cpu_count_logical") or said.get("cpu_count"), int):
        found["cores"] = cores
    if isinstance(gpu := said.get("gpu"), str):
        count = said.get("gpu_count")
        found["gpus"] = [{"name": gpu}] * min(count if isinstance(count, int) else 1, 64)
    return found
