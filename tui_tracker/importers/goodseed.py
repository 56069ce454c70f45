"""Read the runs of goodseed: `projects/<workspace>/<project>/runs/<run id>.sqlite`, a run a file.

    run_meta        key, value: schema_version, run_id, project, created_at, name, status, closed_at
    configs         path, type_tag, value: what was assigned under a path, as text of the type
                    null, bool, int, float, str, datetime or string_set (a JSON list)
    metric_series   id, path            string_series alike
    metric_points   series_id, step, y, ts: steps are REAL, times whole Unix seconds
    string_points   series_id, step, value, ts: console output under `monitoring/<hash>/stdout`

Paths below `sys/`, `monitoring/` and `source_code/` are goodseed's own; all others are params.
A step that is logged again replaces the row. A step that is not whole becomes a running
count, and what it was is the series `<metric>.step`.

Source: the `goodseed` package, goodseed/storage.py, goodseed/utils.py, goodseed/run.py.
Checked with goodseed 0.4.0 (schema 1).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from tui_tracker.importers.batches import Batches
from tui_tracker.importers.cells import moment, number, parsed, text, whole
from tui_tracker.importers.claims import Claim, Listing
from tui_tracker.importers.databases import Session, is_database, list_tables
from tui_tracker.importers.following import Mark, Watched
from tui_tracker.importers.news import News
from tui_tracker.importers.records import (
    ImportedNote,
    ImportedRun,
    ParamValue,
    Piece,
    Printed,
    Reader,
    Status,
    Unread,
)

TOOL = "goodseed"
_NEEDED = frozenset({"run_meta", "configs", "metric_series", "metric_points"})
_BESIDE = ("-wal", "-shm", "-journal")
_SCHEMA = "1"
_STATUSES: Mapping[str, Status] = {
    "finished": "finished",
    "failed": "failed",
    "crashed": "failed",
    "error": "failed",
    "killed": "killed",
    "stopped": "killed",
}
_OWN = ("sys/", "monitoring/", "source_code/")
_CODE = {
    "source_code/git/commit_id": "commit",
    "source_code/git/current_branch": "branch",
    "source_code/git/dirty": "dirty",
}
_STREAMS = {"stdout": "o", "stderr": "e"}


def find_claims(listing: Listing) -> Iterator[Claim]:
    """Yield goodseed's databases, one a run."""
    for name in sorted(listing.files):
        if is_database(listing.head(name)) and list_tables(listing.folder / name) >= _NEEDED:
            yield listing.claim(TOOL, name, *({f"{name}{end}" for end in _BESIDE} & listing.files))


def open_reader(claim: Claim) -> Reader:
    """Return a reader of a run's database."""
    return GoodseedRun(claim)


class GoodseedRun:
    """One run, read on from where the last look ended."""

    def __init__(self, claim: Claim) -> None:
        self._path = claim.path
        self._watched = Watched(claim.path)
        self._news = News()
        self._points = Mark("metric_points", "series_id", "step", "y", "ts")
        self._strings = Mark("string_points", "series_id", "value", "ts")
        self._counts: Counter[str] = Counter()
        self._odd_steps: set[str] = set()
        self._version = _SCHEMA

    def read(self) -> Iterator[Piece]:
        """Yield what is new; see `records.Reader`."""
        if not self._watched.is_due():
            return
        with self._watched.database.look() as session:
            meta = {text(key): text(value) for key, value in session.table("run_meta", *_PAIR)}
            yield from self._check_version(meta.get("schema_version", ""))
            if self._points.is_lost(session) or self._strings.is_lost(session):
                self._points.forget()
                self._strings.forget()
                self._counts.clear()
                self._odd_steps.clear()
                yield from self._news.start_over()
            run = self._run(session, meta)
            yield from self._news.run(run)
            yield from self._metrics(session, run.key)
            yield from self._texts(session, run.key)
            yield from session.damages

    def close(self) -> None:
        """Nothing is held between two reads."""

    def _check_version(self, version: str) -> Iterator[Unread]:
        if version != self._version:
            self._version = version
            problem = f"has the unknown schema {version!r}, and was read as far as it is known"
            yield Unread(self._path, "table run_meta", problem)

    def _run(self, session: Session, meta: Mapping[str, str]) -> ImportedRun:
        configs = {
            text(path): _value(text(kind), value)
            for path, kind, value in session.table("configs", "path", "type_tag", "value")
        }
        run, project = meta.get("run_id") or self._path.stem, meta.get("project", "")
        workspace, _, experiment = project.rpartition("/")
        tags = configs.get("sys/tags")
        description = text(configs.get("sys/description"))
        code = {ours: configs[path] for path, ours in _CODE.items() if path in configs}
        return ImportedRun(
            key=f"{project}/{run}" if project else f"{self._path.resolve()}",
            id=run,
            name=text(configs.get("sys/name")) or meta.get("name") or run,
            experiment=experiment or workspace or self._path.parent.name or "goodseed",
            status=_STATUSES.get(meta.get("status", "")) or self._watched.open(),
            path=self._path,
            started_at=moment(meta.get("created_at") or configs.get("sys/creation_time")),
            ended_at=moment(meta.get("closed_at") or configs.get("sys/closed_time")),
            params={
                path.replace("/", "."): value
                for path, value in configs.items()
                if not path.startswith(_OWN)
            },
            tags=[text(tag) for tag in tags if text(tag)] if isinstance(tags, list) else [],
            notes=[ImportedNote(description)] if description else [],
            lineage={"code": code} if code else {},
            host=_monitored(configs, "hostname"),
            user=_monitored(configs, "username") or text(configs.get("sys/owner")),
        )

    def _metrics(self, session: Session, run: str) -> Iterator[Piece]:
        until = self._points.last(session)
        names = {key: text(path) for key, path in session.table("metric_series", "id", "path")}
        points, odd = Batches(), 0
        for rows in self._points.read(session, until):
            for _, series, step, value, at in rows:
                name, found = names.get(series, ""), number(value)
                if not name or found is None:
                    odd += 1
                    continue
                self._add(points, run, name, step, _milliseconds(at), found)
            yield from points.full()
        yield from points.take()
        if odd:
            problem = f"{odd} rows are no points of a series, and were passed over"
            yield Unread(self._path, "table metric_points", problem)

    def _add(
        self, points: Batches, run: str, name: str, step: object, time_ms: int, value: float
    ) -> None:
        place, system = whole(step), name.startswith("monitoring/")
        if place is None or name in self._odd_steps:
            self._odd_steps.add(name)
            place = self._counts[name]
            points.add(run, f"{name}.step", place, time_ms, number(step) or 0.0, system=system)
        self._counts[name] = max(self._counts[name], place) + 1
        points.add(run, name, place, time_ms, value, system=system)

    def _texts(self, session: Session, run: str) -> Iterator[Piece]:
        if "string_points" not in session.tables:
            return
        until = self._strings.last(session)
        names = {key: text(path) for key, path in session.table("string_series", "id", "path")}
        passed: Counter[str] = Counter()
        for rows in self._strings.read(session, until):
            lines: list[tuple[int, str, str]] = []
            for _, series, value, at in rows:
                name = names.get(series, "")
                stream = _STREAMS.get(name.rpartition("/")[2])
                if stream is None or not name.startswith("monitoring/"):
                    passed[name] += 1
                    continue
                said = text(value).splitlines()
                lines += [(_milliseconds(at), stream, line) for line in said]
            if lines:
                yield Printed(run, lines)
        for name, count in passed.items():
            problem = f"{count} texts of {name!r} were passed over: they are no numbers"
            yield Unread(self._path, "table string_points", problem, run)


_PAIR = ("key", "value")


def _milliseconds(cell: object) -> int:
    seconds = number(cell)
    return whole(seconds * 1000) or 0 if seconds is not None and abs(seconds) < 1e14 else 0


def _value(kind: str, cell: object) -> ParamValue:
    """Return a value of a type that goodseed names; its text where it is none of that type."""
    said = text(cell)
    if kind == "null" or cell is None:
        return None
    if kind == "bool":
        return said.lower() == "true"
    if kind == "string_set":
        found = parsed(said)
        return found if isinstance(found, list) else said
    try:
        if kind == "int":
            return int(said)
        return float(said) if kind == "float" else said
    except ValueError:
        return said


def _monitored(configs: Mapping[str, ParamValue], end: str) -> str:
    found = (
        text(value)
        for path, value in configs.items()
        if path.startswith("monitoring/") and path.endswith(f"/{end}")
    )
    return next(found, "")
