"""The cells that a notebook really executed."""

from __future__ import annotations

import atexit
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tui_tracker as tt
from tui_tracker import helper, queries
from tui_tracker.capture import notebook, notebook_path
from tui_tracker.drain import recover
from tui_tracker.store import Store

pytest.importorskip("IPython")


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """A shell of IPython, as a notebook's kernel has one."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    InteractiveShell.clear_instance()
    made = InteractiveShell.instance(config=Config(HistoryManager={"hist_file": ":memory:"}))
    atexit.unregister(made.atexit_operations)
    yield made
    InteractiveShell.clear_instance()


def run(shell: Any, *cells: str) -> None:
    for cell in cells:
        shell.run_cell(cell, store_history=True)


def save(path: Path, *cells: str) -> None:
    document = {
        "cells": [{"cell_type": "code", "source": [c], "id": str(n)} for n, c in enumerate(cells)]
    }
    document["cells"].insert(0, {"cell_type": "markdown", "source": "# title"})
    path.write_text(json.dumps(document))


def numbers(facts: dict[str, Any]) -> list[int]:
    return [cell["n"] for cell in facts["cells"]]


def test_cells_before_and_after_the_start_are_kept_in_order(shell):
    run(shell, "a = 1", "b = 2\n")
    seen = notebook.Notebook(shell)
    run(shell, "c = 3", "1/0")
    seen.forget()
    run(shell, "d = 4")

    facts = seen.facts(whole=True)

    assert [cell["source"] for cell in facts["cells"]] == ["a = 1", "b = 2", "c = 3", "1/0"]
    assert numbers(facts) == [1, 2, 3, 4]
    assert facts["cells"][3]["failed"] is True
    # Nobody said which file it is, so nothing can be said about its order.
    assert "out_of_order" not in facts


def test_the_cell_that_begins_the_run_is_kept_once(shell):
    shell.user_ns["begin"] = lambda: shell.user_ns.update(seen=notebook.Notebook(shell))
    run(shell, "a = 1", "begin()", "b = 2")
    shell.user_ns["seen"].forget()

    assert numbers(shell.user_ns["seen"].facts()) == [1, 2, 3]


def test_against_the_notebooks_file_disorder_and_edits_show(shell, tmp_path, monkeypatch):
    path = tmp_path / "study.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    seen = notebook.Notebook(shell)
    run(shell, "a = 1", "b = 2")
    save(path, "a = 1", "b = 2")
    straight = seen.facts()
    run(shell, "a = 1", "c = 3")
    seen.forget()

    facts = seen.facts()

    assert straight["path"] == str(path)
    assert (straight["out_of_order"], straight["edited"]) == (False, [])
    assert (facts["out_of_order"], facts["edited"]) == (True, [4])


def test_a_file_that_is_no_notebook_is_told_and_the_cells_stay(shell, tmp_path, monkeypatch):
    path = tmp_path / "torn.ipynb"
    path.write_text("{")
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    seen = notebook.Notebook(shell)
    run(shell, "a = 1")
    seen.forget()

    facts = seen.facts()

    assert numbers(facts) == [1]
    assert "out_of_order" not in facts
    assert facts["unread"]


def test_sources_are_cut_and_cells_are_bounded(shell, monkeypatch):
    monkeypatch.setattr(notebook, "_LONGEST", 10)
    monkeypatch.setattr(notebook, "_MOST_CELLS", 2)
    seen = notebook.Notebook(shell)
    run(shell, "a = 'ä' * 100", "b = 2", "c = 3")
    seen.forget()

    facts = seen.facts(whole=True)

    assert facts["cells"][0]["source"] == "a = 'ä' *"
    assert (len(facts["cells"]), facts["more"]) == (2, 1)


def test_a_run_keeps_its_cells_as_an_artifact(shell, folder, monkeypatch):
    monkeypatch.setattr(notebook_path, "find_shell", lambda: shell)
    shell.user_ns.update(tt=tt, folder=str(folder))
    run(
        shell,
        "run = tt.init('e', store=folder, capture=True, console=False)",
        "run.log({'loss': 1.0})",
        "run.finish()",
    )
    helper.settle(20)

    with Store.open(folder) as store:
        recover(store)
        detail = queries.get_run(store, queries.list_run_keys(store)[0])
    (artifact,) = detail.artifacts
    (part,) = [part for part in detail.lineage if part.name == "notebook"]

    assert (artifact.kind, artifact.path, artifact.copied) == ("notebook", "notebook.json", True)
    stored = json.loads((folder / "artifacts" / artifact.sha256[:2] / artifact.sha256).read_text())
    assert [cell["source"] for cell in stored["cells"]][1:] == [
        "run.log({'loss': 1.0})",
        "run.finish()",
    ]
    assert part.status == "ok"
    assert "source" not in json.dumps(dict(part.facts))
