"""Facts of lineage as rows that queries name: from the drain, into other stores, and gone again."""

from __future__ import annotations

import pytest
from lineage_runs import run_with

from tui_tracker import edits, journal, sweep
from tui_tracker.bundle.reading import unbundle
from tui_tracker.bundle.writing import write_bundle
from tui_tracker.fact_rows import fact_rows
from tui_tracker.merge import merge_runs
from tui_tracker.queries import Selection, find_run, get_rows, list_run_keys
from tui_tracker.queries.fact_cells import read_facts
from tui_tracker.records import RunWriter
from tui_tracker.store import Store

CODE = {"commit": "4f2ab1" + "0" * 34, "branch": "main", "dirty": True}
ENVIRONMENT = {
    "python": {"version": "3.11.7"},
    "packages": {"torch": "2.1.0+cu121", "Scikit_Learn": "1.5"},
    "system": {"distro": "Debian GNU/Linux 12"},
}
DATA = {"name": "digits", "version": "v2", "digest": "sha256:02d36e", "path": "digits.csv"}


def tell(store: Store, run_id: str, **record: object) -> None:
    """Drain one more record about the code of a run."""
    with store.write() as connection:
        RunWriter(connection, run_id).apply(journal.LINEAGE, {"part": "code", **record})


def names(store: Store, query: str) -> list[str]:
    keys = list_run_keys(store, Selection(query=query))
    return sorted(row.name for row in get_rows(store, keys))


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("dirty", True),
        ("dirty = false", False),
        ("commit:4F2", True),
        ("commit = 4f2a", True),
        ("commit = f2a", False),
        ("branch = main", True),
        ("package.torch >= 2.1", True),
        ("package.torch > 2.1", False),
        ("package.torch < 2.10", True),
        ("package.scikit-learn = 1.5.0", True),
        ("has:package.pandas", False),
        ("python >= 3.9", True),
        ("python:3.11", True),
        ("os:debian", True),
        ("data.version = v2 data.name = digits", True),
        ("data.hash:02d3", True),
        ("data.hash:sha256:02d3", True),
        ("gpu:a100 gpus = 2", True),
        ("seed.recorded", False),
        ("seed.recorded = true seed.numpy = 3", True),
        ("command:--lr", True),
        ("env.LANG = C", True),
        ("has:grade", True),
    ],
)
def test_what_was_recorded_of_a_run_can_be_asked_for(folder, query, fits):
    run_with(
        folder,
        "traced",
        code=CODE,
        environment=ENVIRONMENT,
        data__digits=DATA,
        hardware={"gpus": [{"name": "NVIDIA A100"}] * 2, "cores": 8},
        seeds={"applied": [{"library": "numpy", "seed": 3}], "params": {}},
        process={"argv": ["python", "train.py", "--lr", "0.1"], "cwd": "/work"},
        variables={"variables": {"LANG": "C"}},
    )

    with Store.open(folder) as store:
        assert names(store, query) == (["traced"] if fits else [])


def test_a_part_that_is_told_again_takes_the_place_of_what_it_said(folder, store):
    run_id = run_with(folder, code=CODE)

    tell(store, run_id, status="ok", facts={**CODE, "dirty": False})

    assert names(store, "dirty") == []
    assert names(store, "dirty = false") == ["traced"]


def test_a_part_that_failed_at_last_says_nothing_any_more(folder, store):
    run_id = run_with(folder, code=CODE)

    tell(store, run_id, status="failed", reason="git is gone")

    assert names(store, "has:commit") == []


def test_runs_of_one_state_share_their_facts(folder, store):
    for number in range(5):
        run_with(folder, f"run{number}", code=CODE, environment=ENVIRONMENT)

    shared = store.read(
        "SELECT count(*) FROM run_body GROUP BY body HAVING body IN "
        "(SELECT id FROM fact_body WHERE part IN ('code', 'environment'))"
    )

    assert shared == [(5,), (5,)]
    assert len(names(store, "dirty")) == 5


def test_facts_go_over_with_a_run_and_through_a_bundle(folder, store, tmp_path):
    run_with(folder, code=CODE, data__digits=DATA)
    key = find_run(store, "traced")
    write_bundle(store, [key], str(tmp_path / "runs.ttb"))

    with Store.open(tmp_path / "merged", create=True) as merged:
        merge_runs(store, merged)
        assert names(merged, "dirty data.version = v2") == ["traced"]
    unbundle(str(tmp_path / "runs.ttb"), str(tmp_path / "unbundled"))
    with Store.open(tmp_path / "unbundled") as unbundled:
        assert names(unbundled, "dirty data.version = v2") == ["traced"]


def test_a_deleted_run_leaves_no_facts(folder, store):
    run_with(folder, code=CODE)
    edits.trash(store, [find_run(store, "traced")])
    edits.empty_trash(store)

    sweep.sweep(store)

    counts = [store.read(f"SELECT count(*) FROM {t}") for t in ("run_body", "fact_body", "fact")]
    assert counts == [[(0,)]] * 3
    assert store.read("SELECT name FROM key WHERE kind=3") == []


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"commit": 3, "dirty": "yes", "branch": None},
        {"packages": [], "python": "3", "system": 4},
        {"gpus": "A100", "applied": [3], "argv": "x", "variables": {"A": [1]}},
        {"digest": "x" * 5000, "cores": 10**400, "seed": float("nan")},
    ],
)
@pytest.mark.parametrize(
    "part", "code environment hardware seeds data:x split:x process variables".split()
)
def test_facts_of_any_shape_are_read_without_trouble(part, facts):
    rows = [row for body in fact_rows(part, facts) for row in body]

    assert all(isinstance(name, str) and len(text) <= 512 for name, text, _ in rows)


def test_a_fact_that_two_parts_tell_stands_once_in_a_cell(folder):
    run_with(folder, "one", environment=ENVIRONMENT, process={"python": "3.11.7"})

    with Store.open(folder) as store:
        keys = list_run_keys(store)
        found = read_facts(store, keys, ["python"])

    assert found == {keys[0]: {"python": "3.11.7"}}
