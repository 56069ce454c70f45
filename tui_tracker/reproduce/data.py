"""The recorded data, found and compared by digest before anything is executed.

A dataset inside the work tree is used from the rebuilt tree, or brought in from where it
lay, read-only; one outside is used where it is. What was in memory has no place to look
at: the rerun's own record of it is compared afterwards.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from tui_tracker.formatting import format_size
from tui_tracker.reproduce.code import Tree
from tui_tracker.reproduce.failures import DATA, CannotReproduce
from tui_tracker.reproduce.options import Options
from tui_tracker.reproduce.places import below, bring_in, size_of
from tui_tracker.reproduce.record import Dataset, Recorded, mapping, sequence, word

Digest = Callable[[str, Dataset], str]
"""The digest of what lies at a path, made as the dataset's own was."""
Tell = Callable[[str], None]
State = Literal["in the code", "brought in", "in place", "in memory", "elsewhere"]

_TOLD = 12


@dataclass(frozen=True, slots=True)
class Located:
    """Where a dataset of the run is now."""

    dataset: Dataset
    state: State
    source: Path | None
    target: Path | None
    """Where the script looks for it; None where that is the source itself."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The data as the rerun finds them."""

    located: tuple[Located, ...]
    moved: dict[str, str]
    """Old path to new one, for arguments."""
    linked: tuple[Located, ...]
    notes: tuple[str, ...]


def digest_of(path: str, dataset: Dataset) -> str:
    """Return the digest of a file, a folder or what a pointer stands for."""
    from tui_tracker.capture.manifest import digest_path
    from tui_tracker.capture.pointers import find_pointer

    if dataset.kind == "pointer":
        pointer = find_pointer(path)
        if pointer is not None and pointer.digest:
            return str(pointer.digest)
    return str(digest_path(path).digest)


def locate(record: Recorded, dataset: Dataset, options: Options) -> Located:
    """Return where a dataset may be; nothing is read.

    The rebuilt tree's own files are told by `prepare`, which has the tree.
    """
    if dataset.path is None:
        return Located(dataset, "in memory", None, None)
    if "://" in dataset.path:
        return Located(dataset, "elsewhere", None, None)
    mapped = map_path(dataset.path, options)
    old = os.path.join(record.cwd, os.path.expanduser(dataset.path))
    inside = below(os.path.normpath(old), record.code.top)
    if mapped is not None:
        return Located(dataset, "brought in", Path(mapped).absolute(), _target(dataset, inside))
    if inside is None and os.path.isabs(os.path.expanduser(dataset.path)):
        return Located(dataset, "in place", Path(old), None)
    return Located(dataset, "brought in", Path(old), _target(dataset, inside))


def map_path(path: str, options: Options) -> str | None:
    """Return where `--data-map` says that a path lies now; None where it says nothing."""
    for old, new in options.data_map.items():
        if path == old or path.startswith(old.rstrip("/") + "/"):
            return new + path[len(old.rstrip("/")) :]
    return None


def prepare(
    record: Recorded, tree: Tree, options: Options, tell: Tell, digest: Digest = digest_of
) -> Ready:
    """Verify every dataset and put it where the script looks for it.

    Raises:
        CannotReproduce: one is missing, or is not the one that the run used.
    """
    done: list[Located] = []
    linked: list[Located] = []
    moved: dict[str, str] = {}
    notes: list[str] = []
    for dataset in record.data:
        found = _resolve(locate(record, dataset, options), tree)
        if found.source is None:
            notes.append(_unseen(found))
        else:
            _verify(found, tell, digest)
            if _place(found, tell) == "linked":
                linked.append(found)
            if found.source and map_path(dataset.path or "", options) is not None:
                moved[dataset.path or ""] = str(found.target or found.source)
        done.append(found)
    notes += _bring_reads(record, tree, tell)
    return Ready(tuple(done), moved, tuple(linked), tuple(notes))


def check_linked(ready: Ready, tell: Tell, digest: Digest = digest_of) -> list[str]:
    """Return the names of linked datasets that changed while the rerun ran."""
    changed = []
    for found in ready.linked:
        tell(f"data         checking {found.dataset.name} again")
        if digest(str(found.source), found.dataset) != found.dataset.digest:
            changed.append(found.dataset.name)
    return changed


def _target(dataset: Dataset, inside: str | None) -> Path | None:
    """Return where a dataset belongs: below the tree, or below its current folder."""
    if inside is not None:
        return Path(inside)
    path = dataset.path or ""
    return None if os.path.isabs(os.path.expanduser(path)) else Path(path)


def _resolve(found: Located, tree: Tree) -> Located:
    """Return the place with its target in the rebuilt tree, and the tree's own file if there."""
    if found.target is None or found.source is None:
        return found
    plain = found.dataset.path or ""
    absolute = tree.folder / found.target
    if not os.path.isabs(os.path.expanduser(plain)):
        absolute = Path(os.path.normpath(tree.cwd / plain))
    if below(str(absolute), str(tree.folder)) is None:
        # `../data` of a run in the top folder: outside, and there it is used.
        return Located(found.dataset, "in place", found.source, None)
    if absolute.exists():
        return Located(found.dataset, "in the code", absolute, absolute)
    return Located(found.dataset, "brought in", found.source, absolute)


def _verify(found: Located, tell: Tell, digest: Digest) -> None:
    dataset, source = found.dataset, found.source
    assert source is not None
    ways = (f"--data-map {dataset.path}=NEW",)
    if not source.exists():
        raise CannotReproduce(
            "data",
            f"{dataset.path} ({dataset.name}) is not at {source}. Nothing was run",
            exit_code=DATA,
            ways_out=(*ways, *_pointer_ways(dataset)),
        )
    if dataset.digest is None:
        return
    tell(f"data         reading {dataset.name}, {format_size(size_of(source))}")
    has = digest(str(source), dataset)
    if has != dataset.digest:
        changed = datetime.fromtimestamp(source.stat().st_mtime).astimezone()
        raise CannotReproduce(
            "data",
            f"{dataset.path} has {_short(has)} but the run used {_short(dataset.digest)} "
            f"(changed {changed:%Y-%m-%d}). Nothing was run",
            exit_code=DATA,
            ways_out=ways,
        )


def _place(found: Located, tell: Tell) -> str:
    if found.state != "brought in" or found.target is None or found.source is None:
        return ""
    try:
        return bring_in(found.source, found.target, tell)
    except OSError as error:
        raise CannotReproduce(
            "data",
            f"{found.source} cannot be brought into the rebuilt tree ({error.strerror})",
            exit_code=DATA,
        ) from error


def _bring_reads(record: Recorded, tree: Tree, tell: Tell) -> list[str]:
    """Bring in what the run read and never declared; return notes, for it is not verified."""
    brought, gone = [], []
    for folder, facts in mapping(record.reads.get("folders")).items():
        for name in sequence(mapping(facts).get("names")):
            where = os.path.expanduser(os.path.join(str(folder), str(name)))
            old = os.path.normpath(os.path.join(record.cwd, where))
            inside = below(old, record.code.top)
            target = tree.folder / inside if inside is not None else Path(old)
            if target.exists():
                continue
            if inside is not None and os.path.exists(old):
                bring_in(Path(old), target, tell)
                brought.append(inside)
            else:
                gone.append(inside or old)
    notes = []
    if brought:
        notes.append(f"read and never declared, so not verified: {_some(brought)}")
    if gone:
        notes.append(f"read and never declared, and no longer there: {_some(gone)}")
    return notes


def _unseen(found: Located) -> str:
    dataset = found.dataset
    if found.state == "in memory":
        return f"{dataset.name} was in memory ({dataset.kind}): compared after the rerun"
    return f"{dataset.name} lies at {dataset.path}: its version is recorded, and not fetched here"


def _pointer_ways(dataset: Dataset) -> tuple[str, ...]:
    """Return how data that a pointer stands for are fetched."""
    tool = word(mapping(dataset.facts.get("pointer")).get("kind")) or ""
    digest = dataset.digest or ""
    if tool == "dvc" or digest.startswith("dvc:"):
        return (f"dvc pull {dataset.path}",)
    if "lfs" in tool:
        return (f"git lfs pull --include {dataset.path}",)
    return ()


def _short(digest: str) -> str:
    kind, _, digits = digest.partition(":")
    return f"{kind}:{digits[:_TOLD]}.." if digits else digest or "no digest"


def _some(paths: list[str]) -> str:
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return ", ".join(paths[:3]) + more
