"""Read the runs of a trackio project: `<project>.db`, an SQLite file in WAL mode.

    metrics            id, run_id, run_name, timestamp, step, metrics: one row a call of `log`,
                       all its values as JSON; NaN and infinities as "NaN", "Infinity"
    configs            run_id, run_name, config (JSON), created_at
    system_metrics     run_id, run_name, timestamp, metrics: without steps
    alerts             run_id, run_name, timestamp, title, text, level
    artifacts, artifact_versions, run_artifact_links: versioned files, by manifest (JSON)

The first versions have `metrics` alone, then came `configs`; without `run_id` a run is known by its
name. Times are UTC with an offset, at first local without one. No run leaves an end: it is
over when its file is. Media lie in `media/`, artifacts in `artifacts/<project>/blobs/sha256/`,
both beside the database. JSON may be kept as blob.

Source: gradio-app/trackio, trackio/sqlite_storage.py, trackio/utils.py, trackio/cas.py.
Checked with trackio 0.2.3 and 0.43, and the schema of 0.10 by its source.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tui_tracker.importers.batches import Batches
from tui_tracker.importers.cells import milliseconds, moment, number, parsed, text, whole
from tui_tracker.importers.claims import Claim, Listing
from tui_tracker.importers.databases import Session, is_database
from tui_tracker.importers.databases import list_columns as columns_of
from tui_tracker.importers.files import safe_name
from tui_tracker.importers.following import Mark, Watched
from tui_tracker.importers.news import News
from tui_tracker.importers.records import (
    ImportedArtifact,
    ImportedNote,
    ImportedRun,
    Piece,
    Reader,
    Unread,
    flatten,
    utc_from_ms,
)

TOOL = "trackio"
_NEEDED = frozenset({"id", "timestamp", "run_name", "step", "metrics"})
_BESIDE = ("-wal", "-shm", "-journal")
_WORDS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_MEDIA = "trackio."


def find_claims(listing: Listing) -> Iterator[Claim]:
    """Yield databases of trackio projects, with what belongs to them."""
    for name in sorted(listing.files):
        if not is_database(listing.head(name)):
            continue
        if columns_of(listing.folder / name, "metrics") >= _NEEDED:
            stem = name.removesuffix(".db")
            others = {f"{name}{end}" for end in _BESIDE} | {f"{stem}.lock", f"{stem}.hash"}
            beside = {"media", "artifacts", "traces"} & listing.folders
            yield listing.claim(TOOL, name, *(others & listing.files), *beside)


def open_reader(claim: Claim) -> Reader:
    """Return a reader of a project."""
    return TrackioProject(claim)


@dataclass(slots=True)
class _Seen:
    """What the rows of a run said so far."""

    name: str
    first_ms: int | None = None
    last_ms: int | None = None
    media: dict[str, str] = field(default_factory=dict)
    """Kinds by path."""
    sampled: Counter[str] = field(default_factory=Counter)

    def met(self, time_ms: int | None) -> None:
        if time_ms is not None:
            self.first_ms = time_ms if self.first_ms is None else min(self.first_ms, time_ms)
            self.last_ms = time_ms if self.last_ms is None else max(self.last_ms, time_ms)


class TrackioProject:
    """The runs of one database, read on from where the last look ended."""

    def __init__(self, claim: Claim) -> None:
        self._path = claim.path
        self._folder = claim.path.parent
        self._project = claim.path.stem
        self._watched = Watched(claim.path)
        self._news = News()
        columns = ("run_id", "run_name", "timestamp", "metrics")
        self._logged = Mark("metrics", *columns, "step")
        self._sampled = Mark("system_metrics", *columns)
        self._runs: dict[str, _Seen] = {}
        self._passed: Counter[str] = Counter()

    def read(self) -> Iterator[Piece]:
        """Yield what is new; see `records.Reader`."""
        if not self._watched.is_due():
            return
        with self._watched.database.look() as session:
            if self._logged.is_lost(session) or self._sampled.is_lost(session):
                self._logged.forget()
                self._sampled.forget()
                self._runs.clear()
                yield from self._news.start_over()
            configs = self._configs(session)
            points = Batches()
            # Points wait until their run was told, which needs what is in them.
            for batch in self._batches(session, points):
                yield from self._tell(session, configs)
                yield from batch
            yield from self._tell(session, configs)
            yield from points.take()
            yield from self._passed_over()
            yield from session.damages

    def close(self) -> None:
        """Nothing is held between two reads."""

    def _batches(self, session: Session, points: Batches) -> Iterator[Iterator[Piece]]:
        for rows in self._logged.read(session, self._logged.last(session)):
            for _, run, name, at, values, step in rows:
                key, time_ms = self._key(run, name), milliseconds(at, None)
                seen = self._seen(key, name, time_ms)
                place = whole(step)
                self._add(key, seen, values, place or 0, time_ms or 0, points)
            yield points.full()
        if "system_metrics" not in session.tables:
            return
        for rows in self._sampled.read(session, self._sampled.last(session)):
            for _, run, name, at, values in rows:
                key, time_ms = self._key(run, name), milliseconds(at, None)
                seen = self._seen(key, name, time_ms)
                self._add(key, seen, values, None, time_ms or 0, points)
            yield points.full()

    def _key(self, run: object, name: object) -> str:
        """Return what tells a run from all others: its id, or file and name where it has none."""
        return text(run) or f"{self._path.resolve()}:{text(name)}"

    def _seen(self, key: str, name: object, time_ms: int | None) -> _Seen:
        seen = self._runs.get(key)
        if seen is None:
            seen = self._runs[key] = _Seen(text(name))
        seen.name = text(name) or seen.name
        seen.met(time_ms)
        return seen

    def _add(
        self, key: str, seen: _Seen, cell: object, step: int | None, time_ms: int, points: Batches
    ) -> None:
        values = parsed(cell)
        if not isinstance(values, dict):
            self._passed["rows that are no JSON object"] += 1
            return
        for name, value in _leaves(values, ""):
            found = _WORDS.get(value) if isinstance(value, str) else _plain(value)
            if found is not None:
                place = seen.sampled[name] if step is None else step
                seen.sampled[name] += step is None
                points.add(key, name, place, time_ms, found, system=step is None)
            else:
                self._pass_over(seen, name, value)

    def _pass_over(self, seen: _Seen, name: str, value: object) -> None:
        kind = text(value.get("_type")) if isinstance(value, dict) else ""
        place = safe_name(text(value.get("file_path"))) if isinstance(value, dict) else None
        if kind and place:
            seen.media[place] = kind.removeprefix(_MEDIA)
        else:
            shown = kind.removeprefix(_MEDIA) or ("text" if isinstance(value, str) else "other")
            self._passed[f"values of the kind {shown!r} of {name!r}"] += 1

    def _passed_over(self) -> Iterator[Unread]:
        passed, self._passed = self._passed, Counter()
        for what, count in passed.items():
            yield Unread(self._path, "table metrics", f"{count} {what} were passed over")

    # -- runs

    def _configs(self, session: Session) -> Mapping[str, tuple[dict[str, object], datetime | None]]:
        found = {}
        columns = ("run_id", "run_name", "config", "created_at")
        for run, name, config, created in session.table("configs", *columns):
            key, values = self._key(run, name), parsed(config)
            self._seen(key, name, None)
            found[key] = (values if isinstance(values, dict) else {}, moment(created, None))
        return found

    def _tell(
        self,
        session: Session,
        configs: Mapping[str, tuple[dict[str, object], datetime | None]],
    ) -> Iterator[Piece]:
        notes = self._alerts(session)
        artifacts = self._artifacts(session)
        nameless = self._key("", "")
        for key, seen in self._runs.items():
            config, created = configs.get(key, ({}, None))
            own = {name: config[name] for name in config if name.startswith("_")}
            started = moment(own.get("_Created"), None) or created or utc_from_ms(seen.first_ms)
            status = self._watched.open()
            status = "finished" if status == "killed" else status
            group = text(own.get("_Group"))
            yield from self._news.run(
                ImportedRun(
                    key=key,
                    id=(seen.name or key) if key.startswith(nameless) else key,
                    name=seen.name or key,
                    experiment=self._project,
                    status=status,
                    path=self._path,
                    started_at=started,
                    ended_at=utc_from_ms(seen.last_ms) if status == "finished" else None,
                    params=flatten({name: config[name] for name in config if name not in own}),
                    tags=[f"group:{group}"] if group else [],
                    notes=notes.get(key, []),
                    artifacts=[*self._media(seen), *artifacts.get(key, [])],
                    user=text(own.get("_Username")),
                )
            )

    def _alerts(self, session: Session) -> dict[str, list[ImportedNote]]:
        found: dict[str, list[ImportedNote]] = defaultdict(list)
        columns = ("run_id", "run_name", "timestamp", "title", "text", "level")
        for run, name, at, title, body, level in session.table("alerts", *columns):
            shown = ": ".join(text(part) for part in (level, title, body) if text(part))
            if shown:
                found[self._key(run, name)].append(ImportedNote(shown, moment(at, None)))
        return found

    def _media(self, seen: _Seen) -> Iterator[ImportedArtifact]:
        for place, kind in seen.media.items():
            file = self._folder / "media" / place
            yield ImportedArtifact(place, file if os.path.isfile(file) else None, kind=kind)

    def _artifacts(self, session: Session) -> dict[str, list[ImportedArtifact]]:
        found: dict[str, list[ImportedArtifact]] = defaultdict(list)
        links = ("run_id", "run_name", "artifact_version_id", "direction")
        rows = session.table("run_artifact_links", *links)
        if not rows:
            return found
        names = {row[0]: row[1:] for row in session.table("artifacts", "id", "name", "type")}
        columns = ("id", "artifact_id", "version", "manifest")
        versions = {row[0]: row[1:] for row in session.table("artifact_versions", *columns)}
        for run, name, version, direction in rows:
            if version in versions and versions[version][0] in names:
                artifact, number_, manifest = versions[version]
                label, kind = map(text, names[artifact])
                used = direction == "input"
                for one in self._files(f"{label}/v{number_}", kind, parsed(manifest), used=used):
                    found[self._key(run, name)].append(one)
        return found

    def _files(
        self, under: str, kind: str, manifest: object, *, used: bool
    ) -> Iterator[ImportedArtifact]:
        blobs = self._folder / "artifacts" / self._project / "blobs" / "sha256"
        for entry in manifest if isinstance(manifest, list) else []:
            if not isinstance(entry, dict):
                continue
            path = safe_name(f"{under}/{text(entry.get('path'))}")
            digest = text(entry.get("digest"))
            if path is None or not digest.isalnum():
                continue
            file: Path = blobs / digest[:2] / digest
            yield ImportedArtifact(
                path,
                file if os.path.isfile(file) else None,
                kind=kind,
                size_bytes=whole(entry.get("size")),
                sha256=digest if len(digest) == 64 else "",
                used=used,
            )


def _plain(value: object) -> float | None:
    return number(value) if isinstance(value, (int, float)) else None


def _leaves(
    values: Mapping[str, object], prefix: str, depth: int = 0
) -> Iterator[tuple[str, object]]:
    """Yield the values of nested mappings by names with dots; what has a `_type` is one value."""
    for name, value in values.items():
        full = f"{prefix}{name}"
        if isinstance(value, dict) and "_type" not in value and depth < 32:
            yield from _leaves(value, f"{full}.", depth + 1)
        else:
            yield full, value
