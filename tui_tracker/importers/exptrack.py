"""Read the runs of an exptrack project: `.exptrack/experiments.db`, an SQLite file in WAL mode.

    experiments      one row a run: id, project, name, status (running, done, failed), created_at,
                     updated_at, script, command, git_branch, git_commit, hostname, python_ver,
                     duration_s, notes, tags (JSON list), studies (JSON list), stage_name,
                     output_dir, deleted_at
    params           exp_id, key, value (JSON); keys that begin with `_` are exptrack's own:
                     `_interrupted`, `_error_traceback`, `_environment`, `_gpu`,
                     `_dataset_manifest`
    metrics          id, exp_id, key, value, step, ts: NULL is NaN; without a step they are counted
    artifacts        exp_id, label, path, content_hash, size_bytes: paths of the writing machine
    code_snapshots   hash, content, kind: texts by hash, the environment as JSON among them

Times are ISO texts with an offset. Files are found below the folder that holds `.exptrack`, by
the last parts of their paths.

Source: the `exptrack` package, exptrack/core/db.py, exptrack/core/experiment.py.
Checked with exptrack 2.1.0.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from tui_tracker.importers.batches import Batches
from tui_tracker.importers.cells import milliseconds, moment, number, parsed, text, whole
from tui_tracker.importers.claims import Claim, Listing
from tui_tracker.importers.databases import Row, Session, is_database, list_columns, list_tables
from tui_tracker.importers.files import is_inside
from tui_tracker.importers.following import Mark, Watched
from tui_tracker.importers.mlflow_artifacts import list_files
from tui_tracker.importers.news import News
from tui_tracker.importers.records import (
    DELETED,
    ImportedArtifact,
    ImportedNote,
    ImportedRun,
    ParamValue,
    Piece,
    Reader,
    Status,
    Unread,
    flatten,
)

TOOL = "exptrack"
_FOLDER = ".exptrack"
_NEEDED = frozenset({"experiments", "params", "metrics", "artifacts"})
_COLUMNS = frozenset({"id", "project", "status", "created_at"})
_BESIDE = ("-wal", "-shm", "-journal")
_STATUSES: Mapping[str, Status] = {"done": "finished", "failed": "failed"}
_RUN = (
    *("id", "project", "name", "status", "created_at", "updated_at", "script", "command"),
    *("git_branch", "git_commit", "git_diff", "hostname", "python_ver", "notes", "tags"),
    *("studies", "stage_name", "output_dir", "deleted_at"),
)


def find_claims(listing: Listing) -> Iterator[Claim]:
    """Yield exptrack's databases."""
    for name in sorted(listing.files):
        file = listing.folder / name
        if not is_database(listing.head(name)) or not list_tables(file) >= _NEEDED:
            continue
        if list_columns(file, "experiments") >= _COLUMNS:
            others = {f"{name}{end}" for end in _BESIDE} | {"config.json"}
            yield listing.claim(TOOL, name, *(others & listing.files))


def open_reader(claim: Claim) -> Reader:
    """Return a reader of a project's database."""
    return ExptrackProject(claim)


class ExptrackProject:
    """The runs of one database, read on from where the last look ended."""

    def __init__(self, claim: Claim) -> None:
        self._path = claim.path
        folder = claim.path.parent
        self._root = folder.parent if folder.name == _FOLDER else folder
        self._watched = Watched(claim.path)
        self._news = News()
        self._points = Mark("metrics", "exp_id", "key", "value", "step", "ts")
        self._counts: Counter[tuple[str, str]] = Counter()

    def read(self) -> Iterator[Piece]:
        """Yield what is new; see `records.Reader`."""
        if not self._watched.is_due():
            return
        with self._watched.database.look() as session:
            if self._points.is_lost(session):
                self._points.forget()
                self._counts.clear()
                yield from self._news.start_over()
            until = self._points.last(session)
            known = set()
            for run in self._runs(session):
                known.add(run.key)
                yield from self._news.run(run)
            yield from self._metrics(session, until, known)
            yield from session.damages

    def close(self) -> None:
        """Nothing is held between two reads."""

    def _metrics(self, session: Session, until: int, known: set[str]) -> Iterator[Piece]:
        points, odd = Batches(), 0
        for rows in self._points.read(session, until):
            for _, run, key, value, step, at in rows:
                if run not in known or not key:
                    odd += 1
                    continue
                found, place = number(value), whole(step)
                series = (run, text(key))
                place = self._counts[series] if place is None else place
                self._counts[series] = place + 1
                found = float("nan") if found is None else found
                points.add(run, text(key), place, milliseconds(at) or 0, found)
            yield from points.full()
        yield from points.take()
        if odd:
            problem = f"{odd} rows are no points of any run that is there, and were passed over"
            yield Unread(self._path, "table metrics", problem)

    def _runs(self, session: Session) -> Iterator[ImportedRun]:
        params: dict[str, dict[str, object]] = defaultdict(dict)
        for run, key, value in session.table("params", "exp_id", "key", "value"):
            found = parsed(value)
            params[text(run)][text(key)] = (
                text(value) if found is None and value != "null" else found
            )
        files: dict[str, list[Row]] = defaultdict(list)
        columns = ("exp_id", "label", "path", "content_hash", "size_bytes")
        for row in session.table("artifacts", *columns, where="ORDER BY rowid"):
            files[text(row[0])].append(row)
        environments = {
            text(key): parsed(content)
            for key, content in session.table(
                "code_snapshots", "hash", "content", where="WHERE kind='environment'"
            )
        }
        for row in session.table("experiments", *_RUN):
            facts = {name: text(cell) for name, cell in zip(_RUN, row, strict=True)}
            if facts["id"]:
                own = params[facts["id"]]
                yield self._run(facts, own, files[facts["id"]], environments)

    def _run(
        self,
        facts: Mapping[str, str],
        params: Mapping[str, object],
        files: list[Row],
        environments: Mapping[str, object],
    ) -> ImportedRun:
        status = _STATUSES.get(facts["status"]) or self._watched.open()
        if status == "failed" and params.get("_interrupted"):
            status = "killed"
        notes = [facts["notes"], text(params.get("_error_traceback"))]
        return ImportedRun(
            key=facts["id"],
            id=facts["id"],
            name=facts["name"] or facts["id"],
            experiment=facts["project"] or self._root.name or TOOL,
            status=status,
            path=self._path,
            started_at=moment(facts["created_at"]),
            ended_at=None if status == "running" else moment(facts["updated_at"]),
            params=_shown(params),
            tags=_tags(facts),
            notes=[ImportedNote(note) for note in notes if note.strip()],
            artifacts=list(self._artifacts(files, facts["output_dir"])),
            lineage=_lineage(facts, params, environments),
            host=facts["hostname"],
            archived=bool(facts["deleted_at"]),
        )

    def _artifacts(self, files: list[Row], output: str) -> Iterator[ImportedArtifact]:
        for _, label, place, digest, size in files:
            if text(place) == output:
                folder = self._found(text(place))
                if folder is not None and os.path.isdir(folder):
                    yield from list_files(folder, self._root, under=f"{folder.name}/")
                continue
            found = self._found(text(place))
            file = found if found is not None and os.path.isfile(found) else None
            name = (
                Path(text(place)).name if file is None else file.relative_to(self._root).as_posix()
            )
            if name and name != "..":
                kind = text(label)
                yield ImportedArtifact(name, file, kind, whole(size), text(digest))

    def _found(self, place: str) -> Path | None:
        """Return what a path of the writing machine is now, by the most of its last parts."""
        parts = [
            part for part in place.replace("\\", "/").split("/") if part not in ("", ".", "..")
        ]
        for start in range(len(parts)):
            path = self._root.joinpath(*parts[start:])
            if os.path.exists(path) and is_inside(path, self._root):
                return path
        return None


def _shown(params: Mapping[str, object]) -> dict[str, ParamValue]:
    return flatten({name: value for name, value in params.items() if not name.startswith("_")})


def _tags(facts: Mapping[str, str]) -> list[str]:
    tags, studies = parsed(facts["tags"]), parsed(facts["studies"])
    found = [text(tag) for tag in tags] if isinstance(tags, list) else []
    found += [f"study:{text(one)}" for one in studies] if isinstance(studies, list) else []
    found += [f"stage:{facts['stage_name']}"] if facts["stage_name"] else []
    return [tag for tag in found if tag] + ([DELETED] if facts["deleted_at"] else [])


def _lineage(
    facts: Mapping[str, str], params: Mapping[str, object], environments: Mapping[str, object]
) -> dict[str, Mapping[str, object]]:
    code: dict[str, object] = {"commit": facts["git_commit"], "branch": facts["git_branch"]}
    code = {name: value for name, value in code.items() if value}
    if code:
        code["dirty"] = bool(facts["git_diff"].strip())
    process = {"script": facts["script"], "argv": facts["command"].split()}
    seen = environments.get(text(params.get("_environment")))
    kept = seen if isinstance(seen, dict) else {}
    python = text(kept.get("python")) or facts["python_ver"]
    environment: dict[str, object] = {"python": {"version": python}} if python else {}
    environment |= {name: kept[name] for name in ("packages",) if isinstance(kept.get(name), dict)}
    parts: dict[str, Mapping[str, object]] = {
        "code": code,
        "process": {name: value for name, value in process.items() if value},
        "environment": environment,
        "hardware": {"gpus": [params["_gpu"]]} if isinstance(params.get("_gpu"), dict) else {},
    }
    manifest = params.get("_dataset_manifest")
    for name, data in manifest.items() if isinstance(manifest, dict) else ():
        more = data if isinstance(data, dict) else {"manifest": data}
        parts[f"data:{name}"] = {"name": name, **more}
    return {part: told for part, told in parts.items() if told}
