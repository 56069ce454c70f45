"""The script that makes stores to measure with: whole stores, the same at every call."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tui_tracker.cli import main
from tui_tracker.queries import Selection, get_rows, group_runs, list_run_keys
from tui_tracker.store import Store


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    path = Path(__file__).parent.parent / "benchmarks" / "make_store.py"
    spec = importlib.util.spec_from_file_location("make_store", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_made_store_is_whole_and_has_what_it_should(
    maker: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    maker.fill(str(tmp_path / "s"), lambda connection: maker.make_runs(connection, 200, 0))

    assert main(["--store", str(tmp_path / "s"), "doctor"]) == 0
    assert "all is well" in capsys.readouterr().out
    with Store.open(tmp_path / "s") as store:
        rows = get_rows(store, list_run_keys(store), params=None, metrics=None)
        assert {(len(row.params), len(row.metrics), len(row.tags)) for row in rows} == {(12, 8, 3)}
        assert len({row.experiment for row in rows}) == 40
        assert {group.runs for group in group_runs(store)} == {5}
        assert list_run_keys(store, Selection(query="data.version = v1"))


def test_two_made_stores_are_the_same(maker: ModuleType, tmp_path: Path) -> None:
    dumps = []
    for name in "ab":
        maker.fill(str(tmp_path / name), lambda connection: maker.make_runs(connection, 20, 7))
        with Store.open(tmp_path / name) as store:
            tables = ("run", "param", "metric", "tag", "lineage", "block")
            dumps.append([store.read(f"SELECT * FROM {table}") for table in tables])

    assert repr(dumps[0]) == repr(dumps[1])


def test_a_long_series_has_its_spike(maker: ModuleType, tmp_path: Path) -> None:
    shapes = [(2, 3000)]
    maker.fill(str(tmp_path / "s"), lambda connection: maker.make_long(connection, shapes, 0))

    with Store.open(tmp_path / "s") as store:
        (row,) = get_rows(store, list_run_keys(store), metrics=None)
        assert {metric.count for metric in row.metrics.values()} == {3000}
        assert {metric.max_step for metric in row.metrics.values()} == {1000}
