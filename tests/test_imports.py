"""What importing costs: the logger loads the standard library alone, and little of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    *("sqlmodel", "sqlalchemy", "pydantic", "git", "rich", "textual", "plotext"),
    *("asyncio", "numpy", "importlib.metadata", "unittest", "email", "http", "ssl"),
}


def modules_after(script: str) -> set[str]:
    """Return the modules of a fresh interpreter after a script, but for those it began with."""
    code = (
        "import sys; before = set(sys.modules)\n"
        f"{script}\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
    return set(done.stdout.splitlines()[-1].split())


def top(modules: set[str]) -> set[str]:
    return {name.split(".")[0] for name in modules} | modules


def test_the_import_adds_fewer_than_forty_modules_all_of_the_standard_library():
    found = modules_after("import tui_tracker")

    assert len(found) < 40
    foreign = {
        name
        for name in top(found)
        if "." not in name and name not in sys.stdlib_module_names and name != "tui_tracker"
    }
    assert foreign == set()
    assert found & {"sqlite3", "subprocess", "logging", "typing", "dataclasses", "re"} == set()


@pytest.mark.parametrize("finish", [True, False])
def test_a_whole_run_loads_nothing_heavy(folder, finish):
    script = (
        "import tui_tracker as tt\n"
        f"run = tt.init('e', params={{'seed': 1}}, store={str(folder)!r})\n"
        "run.log({'loss': 1.0}); run.note('x'); run.tag('y'); run.log_params({'a': [1]})\n"
        + ("run.finish()\n" if finish else "")
    )

    found = modules_after(script)

    assert top(found) & HEAVY == set()


def test_a_reader_loads_neither_tables_nor_terminal(folder, log_run):
    log_run("one", loss=[1.0])

    found = modules_after(
        "from tui_tracker import queries\n"
        "from tui_tracker.drain import recover\n"
        "from tui_tracker.store import Store\n"
        f"with Store.open({str(folder)!r}) as store:\n"
        "    recover(store); [queries.get_run(store, k) for k in queries.list_run_keys(store)]\n"
    )

    assert top(found) & HEAVY == set()


def test_the_tables_are_loaded_by_nobody_but_those_who_ask():
    found = modules_after("import tui_tracker.cli, tui_tracker.queries, tui_tracker.drain")

    assert top(found) & {"sqlmodel", "sqlalchemy", "pydantic", "textual"} == set()
