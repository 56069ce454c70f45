"""The tables as classes, and the SQL that is made of them."""

from __future__ import annotations

import sqlite3

import pytest
from sqlmodel import Session, create_engine, select

from tui_tracker import models
from tui_tracker.database import MIGRATIONS, SCHEMA_VERSION, schema_sql


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_the_sql_beside_the_classes_is_what_they_say(dialect):
    committed = models.schema_path(dialect).read_text(encoding="utf-8")

    assert models.schema(dialect) == committed, "run `python -m tui_tracker.models`"


def test_classes_store_and_migrations_agree_on_the_version():
    assert models.VERSION == SCHEMA_VERSION
    assert set(MIGRATIONS) == set(range(2, SCHEMA_VERSION + 1))


def test_the_classes_read_what_a_run_left(folder, log_run):
    log_run("one", params={"seed": 3}, loss=[0.5, 0.25])

    engine = create_engine(f"sqlite:///{folder / 'store.db'}")
    with Session(engine) as session:
        run = session.exec(select(models.Run)).one()
        metric = session.exec(select(models.Metric)).one()
        param = session.exec(select(models.Param)).one()
    engine.dispose()

    assert (run.name, run.status, run.points) == ("one", "finished", 2)
    assert (metric.run, metric.count, metric.last) == (run.id, 2, 0.25)
    assert (param.type, param.number) == ("int", 3.0)


def test_every_table_of_a_runs_facts_is_read_by_the_run_alone():
    connection = sqlite3.connect(":memory:")
    connection.executescript(schema_sql())
    tables = {
        table
        for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type='table'")
        if any(row[1] == "run" for row in connection.execute(f'PRAGMA table_info("{table}")'))
    }
    plans = {
        table: connection.execute(
            f'EXPLAIN QUERY PLAN SELECT * FROM "{table}" WHERE run=1'
        ).fetchone()[3]
        for table in tables
    }
    connection.close()

    assert len(tables) > 8
    assert [table for table, plan in plans.items() if not plan.startswith("SEARCH")] == []
