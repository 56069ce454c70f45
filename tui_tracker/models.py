"""The tables of a store, once, as SQLModel classes; the SQL files beside are made of them.

    python -m tui_tracker.models      writes schema.sqlite.sql and schema.postgresql.sql

Opening a store runs the SQL text and imports neither SQLModel nor SQLAlchemy, which
cost twenty times what `sqlite3` does; a test proves that classes and text agree. Users
may open sessions on these classes for questions of their own.

A run is known everywhere by its UUID and inside one store by a small integer, as are
the names of params and metrics: ids as text tripled the measured size. Every table of
a run's facts has the run at the head of its key. What people filter on is rows
(`param`, `metric`, `tag`), what they draw is blocks (`series_block`). Times are Unix
milliseconds. SQLite keeps NaN as NULL: `metric.first` and `metric.last` are never
otherwise null, so there NULL is NaN.
"""
# No `from __future__ import annotations`: SQLModel reads the annotations as types.

from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    LargeBinary,
    MetaData,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

VERSION = 4
"""Of the schema these classes describe; the last step of `database.MIGRATIONS` reaches it."""

metadata = MetaData()
_RUNNING = text("status = 'running'")
_SHOWN = text("deleted_ms IS NULL AND archived_ms IS NULL")


class _RunId(TypeDecorator[bytes]):
    """A UUID: 16 bytes in SQLite, `uuid` in PostgreSQL."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Uuid(as_uuid=False))
        return dialect.type_descriptor(LargeBinary(16))


class _Integer(TypeDecorator[int]):
    """64 bits everywhere; SQLite makes only the word INTEGER an alias of the rowid."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        from sqlalchemy import Integer

        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else BigInteger())


def _whole(*, null: bool = False, key: bool = False, default: int | None = None) -> Any:
    server = None if default is None else str(default)
    return Field(
        default=default,
        sa_column=Column(_Integer, primary_key=key, nullable=null, server_default=server),
    )


def _real(*, null: bool = True) -> Any:
    return Field(default=None, sa_column=Column(Double, nullable=null))


def _text(*, null: bool = False, key: bool = False, unique: bool = False, default: str = "") -> Any:
    server = None if null or key or unique else default
    return Field(
        default=None if null else default,
        sa_column=Column(
            Text, primary_key=key, nullable=null, unique=unique or None, server_default=server
        ),
    )


def _bytes(*, null: bool = False, key: bool = False) -> Any:
    return Field(default=None, sa_column=Column(LargeBinary, primary_key=key, nullable=null))


class Table(SQLModel):
    """What all tables share: a collection of their own, apart from the user's models."""

    metadata = metadata


class Experiment(Table, table=True):
    """A named set of runs; `/` in the name makes branches of a tree."""

    id: int | None = _whole(key=True)
    name: str = _text(unique=True)
    created_ms: int = _whole()


class Run(Table, table=True):
    """One execution of a training script."""

    __table_args__ = (
        # The tree of experiments is counted from this alone.
        Index(
            "run_by_experiment",
            *("experiment", "status", "deleted_ms", "archived_ms", "started_ms"),
        ),
        # The start screen's list of all runs is read from this alone, already sorted.
        Index("run_shown", "started_ms", sqlite_where=_SHOWN, postgresql_where=_SHOWN),
        # The same with archived runs. Led by what both have in common it would be taken for
        # every count as well, and reads a row a run there.
        Index("run_by_start", "started_ms", "deleted_ms", "archived_ms"),
        Index("run_by_name", "name"),
        # Few runs run: this is read at every look, to end those whose journal is gone.
        Index("run_running", "id", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
    )

    id: int | None = _whole(key=True)
    uuid: bytes = Field(sa_column=Column(_RunId, nullable=False, unique=True))
    experiment: int = _whole()
    name: str = _text()
    status: str = _text()
    started_ms: int = _whole()
    ended_ms: int | None = _whole(null=True)
    parent: bytes | None = Field(default=None, sa_column=Column(_RunId, nullable=True))
    params_digest: bytes | None = _bytes(null=True)
    """Of all params but the seed: runs that differ only in it share this."""
    host: str = _text()
    user: str = Field(default="", sa_column=Column("user", Text, nullable=False, server_default=""))
    pid: int | None = _whole(null=True)
    ended_by: str = _text()
    source: str | None = _text(null=True)
    """JSON of tool, path and id of an imported run."""
    points: int = _whole(default=0)
    console_lines: int = _whole(default=0)
    lost: int = _whole(default=0)
    lost_why: str = _text()
    archived_ms: int | None = _whole(null=True)
    deleted_ms: int | None = _whole(null=True)


class Key(Table, table=True):
    """A name, interned: a param (0), a metric in a context (1), of the machine (2), a fact (3)."""

    __table_args__ = (Index("key_by_name", "name", "kind", "context", unique=True),)

    id: int | None = _whole(key=True)
    kind: int = _whole()
    name: str = _text()
    context: str = _text()


class Param(Table, table=True):
    """The value of a param now; texts beyond 512 characters continue in `content`."""

    __table_args__ = (
        Index("param_by_number", "key", "number"),
        Index("param_by_text", "key", "text"),
        {"sqlite_with_rowid": False},
    )

    run: int = _whole(key=True)
    key: int = _whole(key=True)
    type: str = _text()
    """`bool`, `int`, `float`, `str`, `none` or `list`."""
    number: float | None = _real()
    text: str | None = _text(null=True)
    """A str; the JSON of a list; the digits of a whole number that float64 cannot hold."""
    digest: bytes | None = _bytes(null=True)


class ParamChange(Table, table=True):
    """Every value of a param that was logged with more than one, with its time."""

    __tablename__ = "param_change"
    __table_args__ = (Index("param_change_by_run", "run", "key"),)

    id: int | None = _whole(key=True)
    run: int = _whole()
    key: int = _whole()
    at_ms: int = _whole()
    value: str = _text()
    """JSON."""


class Metric(Table, table=True):
    """What one series came to, kept up to date by the drain."""

    __table_args__ = (
        Index("metric_by_last", "key", "last"),
        Index("metric_by_min", "key", "min"),
        Index("metric_by_max", "key", "max"),
        {"sqlite_with_rowid": False},
    )

    run: int = _whole(key=True)
    key: int = _whole(key=True)
    count: int = _whole()
    first_step: int = _whole()
    last_step: int = _whole()
    first_ms: int = _whole()
    last_ms: int = _whole()
    first: float | None = _real()
    last: float | None = _real()
    min: float | None = _real()
    max: float | None = _real()
    mean: float | None = _real()
    m2: float | None = _real()
    """Sum of squared distances from the mean, over the finite values."""
    min_step: int | None = _whole(null=True)
    max_step: int | None = _whole(null=True)
    nan: int = _whole()
    inf: int = _whole()


class SeriesBlock(Table, table=True):
    """The head of one block of a series; a curve of any length is drawn from these."""

    __tablename__ = "series_block"
    __table_args__ = {"sqlite_with_rowid": False}

    run: int = _whole(key=True)
    metric: int = _whole(key=True)
    seq: int = _whole(key=True)
    n: int = _whole()
    low_step: int = _whole()
    high_step: int = _whole()
    low_ms: int = _whole()
    high_ms: int = _whole()
    min: float | None = _real()
    max: float | None = _real()
    sum: float | None = _real()
    data: int = _whole()
    """Row of `block`."""


class Block(Table, table=True):
    """The points of a block; apart from the heads, so that reading those stays dense."""

    id: int | None = _whole(key=True)
    data: bytes = _bytes()


class Tag(Table, table=True):
    """A short label of a run; one with a key reads `purpose:baseline`."""

    __table_args__ = (Index("tag_by_text", "tag"), {"sqlite_with_rowid": False})

    run: int = _whole(key=True)
    tag: str = _text(key=True)
    at_ms: int = _whole()


class NoteRow(Table, table=True):
    """A free text on a run."""

    __tablename__ = "note"
    __table_args__ = (Index("note_by_run", "run"),)

    id: int | None = _whole(key=True)
    run: int = _whole()
    at_ms: int = _whole()
    author: str = _text()
    text: str = _text()


class ArtifactRow(Table, table=True):
    """A file that a run made or used; one path logged twice keeps both versions."""

    __tablename__ = "artifact"
    __table_args__ = {"sqlite_with_rowid": False}

    run: int = _whole(key=True)
    path: str = _text(key=True)
    at_ms: int = _whole(key=True)
    kind: str = _text()
    size: int | None = _whole(null=True)
    sha256: bytes | None = _bytes(null=True)
    copied: int = _whole(default=0)
    problem: str = _text()


class Lineage(Table, table=True):
    """One group of recorded facts of a run, or why it could not be had."""

    __table_args__ = {"sqlite_with_rowid": False}

    run: int = _whole(key=True)
    part: str = _text(key=True)
    status: str = _text()
    reason: str = _text()
    took_ms: int | None = _whole(null=True)
    digest: bytes | None = _bytes(null=True)


class FactBody(Table, table=True):
    """Facts that one or more runs share: what `fact` is about, made of `lineage` by the drain."""

    __tablename__ = "fact_body"
    __table_args__ = (Index("fact_body_by_hash", "part", "hash", unique=True),)

    id: int | None = _whole(key=True)
    part: str = _text()
    hash: bytes = _bytes()
    """Of the facts as they are in `fact`."""


class FactRow(Table, table=True):
    """A recorded fact that queries name: `commit`, `data.version`, `package.torch`.

    Told once for all runs that have it, so that a sweep on one state costs each of its runs
    a few numbers in `run_body`. One name may have several values.
    """

    __tablename__ = "fact"
    __table_args__ = (
        Index("fact_by_text", "key", "text"),
        Index("fact_by_number", "key", "number", sqlite_where=text("number IS NOT NULL")),
        {"sqlite_with_rowid": False},
    )

    body: int = _whole(key=True)
    key: int = _whole(key=True)
    text: str = _text(key=True)
    number: float | None = _real()


class RunBody(Table, table=True):
    """Which facts a run has."""

    __tablename__ = "run_body"
    __table_args__ = (Index("run_body_by_body", "body", "run"), {"sqlite_with_rowid": False})

    run: int = _whole(key=True)
    body: int = _whole(key=True)


class Reproduction(Table, table=True):
    """One attempt to get a run again, and how far it came."""

    __table_args__ = (Index("reproduction_by_of", "of"), Index("reproduction_by_run", "run"))

    id: int | None = _whole(key=True)
    of: bytes = Field(sa_column=Column(_RunId, nullable=False))
    """UUID of the run that was to be had again, so that another store's rows still say it."""
    run: bytes | None = Field(default=None, sa_column=Column(_RunId, nullable=True))
    """UUID of the run that came of it; null where nothing was executed."""
    at_ms: int = _whole()
    mode: str = _text()
    """`rebuild`, `rescore` or `rerun`."""
    verdict: str = _text()
    level: str = _text()
    """`L0` to `L5`."""
    machine: str = _text()
    digest: bytes | None = _bytes(null=True)
    """The whole report, as JSON in `content`."""


class AliasRow(Table, table=True):
    """A name that is read in place of the one that was logged; no point is ever rewritten.

    The newest that was not taken back counts, one of an experiment before one of the store.
    """

    __tablename__ = "alias"

    id: int | None = _whole(key=True)
    scope: str = _text()
    """Name of the experiment it is for; "" for the whole store."""
    kind: str = _text()
    """`metric` or `param`."""
    raw: str = _text()
    canonical: str = _text()
    who: str = _text()
    at_ms: int = _whole()
    reason: str = _text()
    batch: int = _whole()
    reverted_ms: int | None = _whole(null=True)


class Amendment(Table, table=True):
    """What somebody says a run's record should have held; the record itself stays as it is."""

    __table_args__ = (Index("amendment_by_run", "run", "hash", unique=True),)

    id: int | None = _whole(key=True)
    run: int = _whole()
    field: str = _text()
    old: str | None = _text(null=True)
    """JSON; null where nothing was recorded."""
    new: str | None = _text(null=True)
    evidence: str = _text()
    confidence: str = _text()
    who: str = _text()
    at_ms: int = _whole()
    reason: str = _text()
    prev_hash: bytes | None = _bytes(null=True)
    """Of the amendment of this run before it."""
    hash: bytes = _bytes()


class Decision(Table, table=True):
    """What a rule decided about an experiment, and what of the runs it rested on."""

    __table_args__ = (Index("decision_by_experiment", "experiment"),)

    id: int | None = _whole(key=True)
    experiment: str = _text()
    """Its name, so that another store's rows still say it."""
    rule: str = _text()
    winner: str | None = _text(null=True)
    """JSON; null where nothing was decided."""
    at_ms: int = _whole()
    who: str = _text()
    members: bytes | None = _bytes(null=True)
    """Digest of the ids of the runs and the state of their records."""
    digest: bytes | None = _bytes(null=True)
    """The whole decision, as JSON in `content`."""


class Audit(Table, table=True):
    """What the audit found in a run, kept until what it rests on changes."""

    run: int = _whole(key=True)
    profile: str = _text(key=True)
    ruleset: str = _text()
    state: str = _text()
    """What of the record and of the rules it rests on."""
    score: int = _whole(default=0)
    grade: str = _text()
    errors: int = _whole(default=0)
    warnings: int = _whole(default=0)
    rules: str = _text()
    """Ids of the rules with an open finding, a blank around each."""
    findings: bytes = _bytes()
    """Deflated JSON."""


class Content(Table, table=True):
    """A large or repeated text, deflated, stored once by the SHA-256 of its bytes."""

    digest: bytes = _bytes(key=True)
    data: bytes = _bytes()


class ConsoleBlock(Table, table=True):
    """Lines that a run printed: deflated JSON of [milliseconds, stream, text] each."""

    __tablename__ = "console_block"

    run: int = _whole(key=True)
    seq: int = _whole(key=True)
    first_line: int = _whole()
    n: int = _whole()
    data: bytes = _bytes()


class Journal(Table, table=True):
    """How far a journal was drained; kept, so that no journal is ever drained twice."""

    __table_args__ = (Index("journal_by_run", "run"), {"sqlite_with_rowid": False})

    name: str = _text(key=True)
    run: int = _whole()
    writer: str = _text()
    attempt: int = _whole()
    drained: int = _whole()
    """Bytes."""
    status: str = _text()
    keysets: bytes = _bytes()
    damage: str = _text()


class Edit(Table, table=True):
    """A change that somebody made to a run after it was logged; what undo reads."""

    __table_args__ = (Index("edit_by_run", "run"),)

    id: int | None = _whole(key=True)
    batch: int = _whole()
    at_ms: int = _whole()
    who: str = _text()
    run: int = _whole()
    what: str = _text()
    old: str | None = _text(null=True)
    new: str | None = _text(null=True)
    undone_ms: int | None = _whole(null=True)


def schema(dialect: str) -> str:
    """Return the SQL that makes all tables in a new database."""
    dialects: dict[str, Any] = {"sqlite": sqlite.dialect, "postgresql": postgresql.dialect}
    speaks = dialects[dialect]()
    parts = ["-- Made from models.py by `python -m tui_tracker.models`. Do not edit."]
    for table in metadata.sorted_tables:
        parts.append(str(CreateTable(table).compile(dialect=speaks)).strip() + ";")
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            parts.append(str(CreateIndex(index).compile(dialect=speaks)).strip() + ";")
    lines = "\n\n".join(parts).replace("\t", "    ").split("\n")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def schema_path(dialect: str) -> Path:
    """Return where the committed SQL of a dialect stands."""
    return Path(__file__).with_name(f"schema.{dialect}.sql")


if __name__ == "__main__":
    for _dialect in ("sqlite", "postgresql"):
        schema_path(_dialect).write_text(schema(_dialect), encoding="utf-8")
