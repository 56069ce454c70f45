"""Which data: files that did not change since before the start still tell their bytes."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from tui_tracker.audit.record import DATA_NAMES
from tui_tracker.capture.data_cache import HashCache
from tui_tracker.capture.manifest import digest_path
from tui_tracker.capture.pointers import is_address
from tui_tracker.drill.arguments import read_flags
from tui_tracker.drill.case import Case
from tui_tracker.drill.recipes import Answers, recipe
from tui_tracker.facts import mapping, mappings, whole, word, words
from tui_tracker.formatting import format_size, format_time
from tui_tracker.lineage.words import short_digest
from tui_tracker.names.lint import is_pinned

_MOST_FILES = 20_000
LARGEST = 20 * 10**9
"""Bytes that are read again at most for one data set."""
_DATA = re.compile(r"\.(csv|tsv|parquet|npy|npz|arrow|feather|jsonl?|h5|hdf5|txt|pt|zip|gz)$", re.I)
_NO_DATA = re.compile(
    r"(^|[_.])(out\w*|save\w*|logs?|config|cfg|conf|params|settings|model\w*|init\w*|resume\w*"
    r"|pretrained|checkpoint\w*|ckpt|weights|results?|pred\w*|report|metrics|dest\w*|target|export"
    r"|tokenizer|vocab|requirements|script|note)([_.]|$)"
)
"""Params whose files a run writes, or is set by, and does not learn from."""
_FLAGS = ("data", "dataset", "data_path", "train_data", "train_file", "input", "data_dir", "csv")


@dataclass(frozen=True, slots=True)
class Rehashed:
    """What lies at a path now, and whether it may be what the run read."""

    digest: str = ""
    evidence: str = ""
    refused: str = ""


def rehash(path: str, shown: str, start: datetime, size: int | None) -> Rehashed:
    """Return the digest of files whose times and size precede the start; else why not."""
    if is_address(path):
        return Rehashed(refused=f"`{shown}` is not on this machine, and no network is asked")
    try:
        newest, found, bytes_ = _times(path)
    except OSError as error:
        return Rehashed(refused=f"`{shown}` cannot be read: {error.strerror or error}")
    if not found:
        return Rehashed(refused=f"`{shown}` holds no file any more")
    if newest >= start:
        when = format_time(newest)
        return Rehashed(refused=f"`{shown}` was written or replaced at {when}, after the start")
    if size is not None and size != bytes_:
        told = f"{bytes_:,} bytes, and the run read {size:,}"
        return Rehashed(refused=f"`{shown}` has {told}")
    if bytes_ > LARGEST:
        told = f"{format_size(bytes_)} are more than a drill reads"
        return Rehashed(refused=f"`{shown}`: {told}; `tt lineage RUN --deep` does")
    cache = HashCache()
    try:
        result = digest_path(path, cache=cache)
    finally:
        cache.close()
    if not result.digest or result.problems:
        return Rehashed(refused=f"`{shown}` cannot be hashed: {result.reason}")
    same = ", in the size that was recorded" if size is not None else ""
    told = f"`{shown}` was last changed at {format_time(newest)}, before the start{same}"
    return Rehashed(result.digest, told)


def _times(path: str) -> tuple[datetime, int, int]:
    """Return the newest of the times of content and change, the number of files, the bytes."""
    if not os.path.isdir(path):
        facts = os.stat(path)
        return _moment(max(facts.st_mtime, facts.st_ctime)), 1, facts.st_size
    newest, files, size = 0.0, 0, 0
    for here, folders, names in os.walk(path):
        folders[:] = [name for name in folders if name not in (".git", ".tui_tracker")]
        # A folder's own time tells of files that were added and removed.
        newest = max(newest, os.stat(here).st_mtime)
        for name in names:
            facts = os.stat(os.path.join(here, name))
            newest = max(newest, facts.st_mtime, facts.st_ctime)
            files, size = files + 1, size + facts.st_size
        if files > _MOST_FILES:
            raise OSError(0, f"more than {_MOST_FILES:,} files")
    return _moment(newest), files, size


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@recipe("data.version-missing", "data.hash-missing", "data.hash-partial")
def digest(case: Case) -> Answers:
    """Hash again what did not change since before the start."""
    parts = list(case.parts_of("data"))
    if not parts:
        yield from _named_by_params(case)
        return
    for name, facts in parts:
        known = word(facts, "digest")
        if known and not known.startswith("sample:") and facts.get("full") is not False:
            continue
        path = word(facts, "path")
        if not path:
            yield f"no path of data {name!r} is recorded"
            continue
        told = rehash(case.path(path), path, case.start, whole(facts, "bytes"))
        if told.digest:
            yield case.propose(f"data:{name}.digest", told.digest, told.evidence, "likely")
        else:
            yield told.refused


def _named_by_params(case: Case) -> Answers:
    name = next((str(case.record.params[n]) for n in DATA_NAMES if case.record.params.get(n)), "")
    path = _path_of(case)
    if not path:
        yield f"no path of data {name!r} is recorded"
        return
    told = rehash(case.path(path), path, case.start, None)
    if told.digest:
        stem = name or os.path.splitext(os.path.basename(path))[0]
        yield case.propose(f"data:{stem}.digest", told.digest, told.evidence, "likely")
    else:
        yield told.refused


@recipe("data.name-missing", "data.unrecorded-read")
def name(case: Case) -> Answers:
    """Name the data by what was read, or by the command line."""
    part = case.record.part("reads")
    folders = mapping(part.facts, "folders") if part is not None else {}
    found = False
    for folder in folders:
        for file in words(mapping(folders, folder), "names")[:20]:
            if _DATA.search(file):
                found = True
                path = os.path.join(folder, file)
                yield from _declared(case, path, f"the run opened `{path}` to read it")
    if found:
        return
    if path := _path_of(case):
        yield from _declared(case, path, f"`{path}` was named on the command line or as a param")
        return
    yield "no file was seen to be read, and none is named on the command line"


def _declared(case: Case, path: str, evidence: str) -> Answers:
    stem = os.path.splitext(os.path.basename(path.rstrip("/")))[0]
    yield case.propose(f"data:{stem}.path", path, evidence, "likely")
    told = rehash(case.path(path), path, case.start, None)
    if told.digest:
        yield case.propose(f"data:{stem}.digest", told.digest, told.evidence, "likely")
    else:
        yield told.refused


def _path_of(case: Case) -> str:
    """Return the path of data on the command line, or in a param."""
    said: dict[str, object] = {**case.record.params, **read_flags(case.argv)}
    for key in _FLAGS:
        value = said.get(key)
        if isinstance(value, str) and ("/" in value or _DATA.search(value)):
            return value
    others = (v for key, v in said.items() if isinstance(v, str) and not _NO_DATA.search(key))
    return next((value for value in others if _DATA.search(value)), "")


@recipe("data.version-mutable")
def version(case: Case) -> Answers:
    """Name the version by what another run called the same bytes, else by their digest."""
    for data, facts in case.parts_of("data"):
        label, known = word(facts, "version"), word(facts, "digest")
        if not label or is_pinned(label):
            continue
        if not known:
            yield f"{label!r} of {data!r} has no digest, so nothing tells which content it was"
            continue
        other = _called_by_others(case, data, known)
        if other is not None:
            label, run = other
            told = f"run {run!r} recorded {short_digest(known)} as {label!r}"
            yield case.propose(f"data:{data}.version", label, told, "certain")
        else:
            pinned = short_digest(known)
            told = f"the bytes that were read have the digest {pinned}, as it was recorded"
            yield case.propose(f"data:{data}.version", pinned, told, "certain")


def _called_by_others(case: Case, data: str, digest_: str) -> tuple[str, str] | None:
    """Return a pinned version of the same bytes, and the run that has it."""
    for other in case.siblings:
        for name_, label, known in other.data_versions:
            if name_ == data and known == digest_ and label and is_pinned(label):
                return label, other.detail.row.name
    return None


@recipe("data.unresolvable")
def unresolvable(case: Case) -> Answers:
    """Look whether a file that could not be read is there now and was not touched since."""
    for data, part in case.record.parts_of("data"):
        if part.status != "failed" and not mappings(part.facts, "problems"):
            continue
        path = word(part.facts, "path")
        if not path:
            yield f"no path of data {data!r} is recorded"
            continue
        told = rehash(case.path(path), path, case.start, None)
        if told.digest:
            evidence = f"{told.evidence}; it could not be read then: {part.reason}"
            yield case.propose(f"data:{data}.digest", told.digest, evidence, "guess")
        else:
            yield told.refused


@recipe("data.licence-missing")
def licence(case: Case) -> Answers:
    """Another run of the same data may have told its licence."""
    for other in case.siblings:
        for data, part in other.parts_of("data"):
            said = word(part.facts, "licence") or word(part.facts, "license")
            if said and data in case.record.data_names:
                told = f"run {other.detail.row.name!r} recorded it of data {data!r}"
                yield case.propose(f"data:{data}.licence", said, told, "likely")
                return
    yield from _licence_beside(case)


def _licence_beside(case: Case) -> Answers:
    for data, facts in case.parts_of("data"):
        found = _licence_file(case, facts)
        if found:
            yield case.propose(f"data:{data}.licence", *found, "likely")
            return
    yield "no run tells the licence of these data, and no LICENSE file lies beside them"


def _licence_file(case: Case, facts: Mapping[str, object]) -> tuple[str, str] | None:
    path = word(facts, "path")
    if not path or is_address(path):
        return None
    place = case.path(path)
    folder = place if os.path.isdir(place) else os.path.dirname(place)
    for file in ("LICENSE", "LICENSE.txt", "LICENCE", "LICENSE.md"):
        try:
            with open(os.path.join(folder, file), encoding="utf-8", errors="replace") as opened:
                first = next((line.strip() for line in opened if line.strip()), "")
        except OSError:
            continue
        if first:
            return first[:80], f"the first line of `{file}` beside the data"
    return None
