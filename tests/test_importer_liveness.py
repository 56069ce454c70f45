"""Whether a foreign run without an end record is still at work."""

from __future__ import annotations

import os

import pytest

from tui_tracker.importers.liveness import changed_at, status_without_end

NOW = 1_800_000_000.0


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"x")
    return path


@pytest.mark.parametrize(
    ("age_s", "status"),
    [(0, "running"), (59, "running"), (61, "killed"), (86_400, "killed"), (-86_400, "killed")],
)
def test_a_run_whose_file_changed_within_a_minute_is_running(file, age_s, status):
    os.utime(file, (NOW - age_s, NOW - age_s))

    assert status_without_end(file, now=NOW) == status


def test_a_tool_without_end_records_says_what_a_quiet_run_is(file):
    os.utime(file, (NOW - 100, NOW - 100))

    assert status_without_end(file, now=NOW, otherwise="finished") == "finished"


def test_any_of_several_files_keeps_a_run_alive(file, tmp_path):
    os.utime(file, (NOW - 100, NOW - 100))
    other = tmp_path / "other"
    other.write_bytes(b"")
    os.utime(other, (NOW - 1, NOW - 1))

    assert status_without_end(file, tmp_path / "absent", other, now=NOW) == "running"


def test_a_file_that_is_not_there_never_changed(tmp_path):
    assert changed_at(tmp_path / "absent") == float("-inf")
    assert status_without_end(tmp_path / "absent", now=NOW) == "killed"


def test_without_a_moment_the_clock_is_asked(file):
    assert status_without_end(file) == "running"
