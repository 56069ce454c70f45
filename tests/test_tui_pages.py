"""The pages of a run as lines of text."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tui_tracker import queries
from tui_tracker.queries import LineagePart
from tui_tracker.tui import pages


def lineage_lines(store, log_run, *parts: LineagePart) -> list[str]:
    run = log_run("steady", loss=[0.5])
    detail = queries.get_run(store, queries.find_run(store, run.id))
    detail = replace(detail, lineage=parts)
    lines = pages.overview(detail, {}, datetime.now(UTC), 100)
    texts = ["".join(span[0] for span in line) for line in lines]
    return [" ".join(text.split()) for text in texts[texts.index("Lineage") + 1 :]]


def test_the_code_is_told_as_branch_commit_and_what_was_changed(store, log_run):
    facts = {
        "branch": "main",
        "commit": "e42a0c85e2a482a666541d8643ccc80b1b59f6ab",
        "dirty": True,
        "changes": {"staged": 0, "unstaged": 2, "untracked": 1, "conflicted": 0},
    }

    lines = lineage_lines(store, log_run, LineagePart("code", "ok", "", facts))

    assert lines == ["✓ code main @ e42a0c8, 2 unstaged, 1 untracked"]


def test_a_detached_clean_tree_is_told_by_its_commit(store, log_run):
    facts = {"branch": None, "commit": "e42a0c85e2a4", "dirty": False, "changes": {"staged": 0}}

    lines = lineage_lines(store, log_run, LineagePart("code", "ok", "", facts))

    assert lines == ["✓ code e42a0c8, clean"]


def test_environment_and_hardware_are_told_in_a_line_each(store, log_run):
    environment = {"python": "3.12.1", "packages": {"numpy": "2.1"}, "system": "Linux"}
    hardware = {
        "cpu": "EPYC",
        "cores": 8,
        "memory_bytes": 64_000_000_000,
        "gpus": [{"name": "A100"}],
    }

    lines = lineage_lines(
        store,
        log_run,
        LineagePart("environment", "ok", "", environment),
        LineagePart("hardware", "ok", "", hardware),
        LineagePart("data", "failed", "no such file", {}),
    )

    assert lines == [
        "✓ environment Python 3.12.1, 1 package, Linux",
        "✓ hardware EPYC, 8 cores, 64 GB, A100",
        "✗ data no such file",
    ]
