"""Console logs as runs: what is read, how it is told apart, and how it grows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tui_tracker.importers import find_sources
from tui_tracker.importers.console_log import open_reader
from tui_tracker.importers.records import ImportedRun, Points, Printed, StartedOver, Unread
from tui_tracker.parsing.config import read_given

_SHARED = Path(__file__).parents[2] / "shared" / "data" / "logs"
needs_shared = pytest.mark.skipif(
    not _SHARED.is_dir(), reason="the logs of ../shared/data are not here"
)
_LONG_AGO = 1_700_000_000


@pytest.fixture
def log(tmp_path):
    """Write a log that nobody writes any more, and return its path."""

    def write(text: str | bytes, name: str = "train.log", *, live: bool = False) -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        if not live:
            os.utime(path, (_LONG_AGO, _LONG_AGO))
        return path

    return write


def _reader(path: Path):
    (source,) = find_sources(path)
    assert source.tool == "log"
    return source.open()


def _points(pieces) -> dict[tuple[str, str], list[tuple[int, float]]]:
    found: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for piece in pieces:
        if isinstance(piece, Points):
            column = found.setdefault((piece.metric, piece.context), [])
            column += zip(piece.steps, piece.values, strict=True)
    return found


def _runs(pieces) -> dict[str, ImportedRun]:
    return {piece.key: piece for piece in pieces if isinstance(piece, ImportedRun)}


def _lines(pieces) -> list[tuple[int, str, str]]:
    return [line for piece in pieces if isinstance(piece, Printed) for line in piece.lines]


def test_a_log_is_a_run_with_params_curves_and_all_its_lines(log):
    path = log("seed=3 lr=0.1\nepoch 1 loss 0.5\nepoch 2 loss 0.4\ntest accuracy: 0.91\n")

    pieces = list(_reader(path).read())

    (run,) = _runs(pieces).values()
    assert (run.name, run.status, run.params) == ("train", "finished", {"seed": 3, "lr": 0.1})
    assert _points(pieces) == {
        ("loss", ""): [(1, 0.5), (2, 0.4)],
        ("test accuracy", ""): [(2, 0.91)],
    }
    assert [text for _, _, text in _lines(pieces)] == path.read_text().splitlines()


def test_a_value_has_the_time_of_its_line(log):
    path = log("hello\nepoch 1 loss 0.5\nnoise\nepoch 2 loss 0.4\n")

    pieces = list(_reader(path).read())

    times = [ms for ms, _, _ in _lines(pieces)]
    (points,) = [piece for piece in pieces if isinstance(piece, Points)]
    assert times == sorted(set(times))
    assert list(points.times_ms) == [times[1], times[3]]


def test_printed_times_are_the_times_of_lines(log):
    path = log(
        "start\n2026-01-02 03:04:05,250+00:00 INFO epoch 1 loss 0.5\n"
        "2026-01-02 03:04:06Z INFO epoch 2 loss 0.4\n"
    )

    times = [ms for ms, _, _ in _lines(_reader(path).read())]

    assert times == [1767323045249, 1767323045250, 1767323046000]


def test_a_log_that_grows_gives_only_what_is_new(log):
    path = log("epoch 1 loss 0.5\n", live=True)
    reader = _reader(path)
    first = list(reader.read())
    with path.open("a") as file:
        file.write("epoch 2 loss 0.4\nepoch 3 lo")

    second = list(reader.read())

    with path.open("a") as file:
        file.write("ss 0.3\n")
    third = list(reader.read())
    assert [_points(pieces) for pieces in (first, second, third)] == [
        {("loss", ""): [(1, 0.5)]},
        {("loss", ""): [(2, 0.4)]},
        {("loss", ""): [(3, 0.3)]},
    ]
    assert [run.status for run in _runs(first).values()] == ["running"]
    assert [text for _, _, text in _lines(second)] == ["epoch 2 loss 0.4"]


def test_nothing_new_gives_nothing(log):
    reader = _reader(log("epoch 1 loss 0.5\nepoch 2 loss 0.4\n"))
    list(reader.read())

    assert list(reader.read()) == []


def test_a_log_that_was_written_over_is_another_run(log):
    path = log("begin A\nepoch 1 loss 0.5\nepoch 2 loss 0.4\n")
    reader = _reader(path)
    first = list(reader.read())
    os.replace(log("begin B\nepoch 1 loss 0.7\n", "next.log"), path)

    second = list(reader.read())

    assert not [piece for piece in second if isinstance(piece, StartedOver)]
    assert _runs(first).keys().isdisjoint(_runs(second))
    assert _points(second) == {("loss", ""): [(1, 0.7)]}


def test_a_log_that_was_cut_starts_over(log):
    path = log("begin A\nepoch 1 loss 0.5\nepoch 2 loss 0.4\n")
    reader = _reader(path)
    first = list(reader.read())
    path.write_text("begin A\nepoch 1 loss 0.7\n")

    second = list(reader.read())

    assert [piece.run for piece in second if isinstance(piece, StartedOver)] == list(_runs(first))
    assert _points(second) == {("loss", ""): [(1, 0.7)]}


def test_ranks_are_contexts_of_one_run(log):
    path = log("".join(f"[rank{r}]: step {s} loss {r}.{s}\n" for s in (1, 2) for r in (0, 1)))

    pieces = list(_reader(path).read())

    assert len(_runs(pieces)) == 1
    assert _points(pieces) == {
        ("loss", ""): [(1, 0.1), (2, 0.2)],
        ("loss", "rank1"): [(1, 1.1), (2, 1.2)],
    }


def test_a_training_that_begins_anew_is_a_run_with_lines_of_its_own(log):
    text = "".join(f"epoch {e} loss {r + e / 10}\n" for r in (1, 2) for e in range(3))

    pieces = list(_reader(log(text)).read())

    counts = {piece.run: len(piece.lines) for piece in pieces if isinstance(piece, Printed)}
    assert [run.name for run in _runs(pieces).values()] == ["train", "train 2"]
    assert list(counts.values()) == [3, 3]


def test_batches_of_epochs_become_one_count_beside_their_epoch(log):
    path = log("Epoch [1/2], Step [10/60], Loss: 0.5\nEpoch [2/2], Step [10/60], Loss: 0.4\n")

    assert _points(_reader(path).read()) == {
        ("Loss", ""): [(70, 0.5), (130, 0.4)],
        ("epoch", ""): [(70, 1.0), (130, 2.0)],
    }


def test_a_text_without_values_is_kept_as_console_with_a_warning(log):
    pieces = list(_reader(log("hello\nworld\n")).read())

    assert [text for _, _, text in _lines(pieces)] == ["hello", "world"]
    problems = [piece.problem for piece in pieces if isinstance(piece, Unread)]
    assert problems == ["no value of a metric was found in it; its lines are kept as console"]


def test_in_a_folder_only_logs_that_hold_curves_are_taken(log, tmp_path):
    log("".join(f"epoch {n} loss 0.{n}\n" for n in range(5)), "a.out")
    log("".join(f"epoch {n} loss 0.{n}\n" for n in range(5)), "a.dat")
    log("we trained for 3 epochs\n" * 5, "notes.txt")
    log(b"\x00\x01epoch 1 loss 0.5\n" * 9, "binary.log")

    assert [source.path.name for source in find_sources(tmp_path)] == ["a.out"]


def test_what_each_metric_was_recognised_by_is_in_the_lineage(log):
    pieces = list(_reader(log("epoch 1 loss 0.5\nepoch 2 loss 0.4\n")).read())

    (run,) = _runs(pieces).values()
    facts = run.lineage["printed"]["metrics"]["loss"]
    assert facts == {
        "by": "names and values at its epoch",
        "axis": "epoch",
        "line": 1,
        "values": 2,
    }


def test_paths_in_a_log_lead_nowhere_outside(log):
    path = log("epoch 1 loss 0.5\nSaved model to ../../etc/passwd.pt\nSaved model to /etc/x.pt\n")

    (run,) = _runs(_reader(path).read()).values()

    assert [(artifact.path, artifact.file) for artifact in run.artifacts] == [("etc/x.pt", None)]


def test_reading_changes_no_byte(log):
    path = log("epoch 1 loss 0.5\n")
    before = path.read_bytes(), os.stat(path).st_mtime_ns

    list(_reader(path).read())

    assert (path.read_bytes(), os.stat(path).st_mtime_ns) == before


@needs_shared
def test_every_log_of_the_shared_data_is_taken_from_its_folder():
    found = {source.path.stem for source in find_sources(_SHARED)}

    assert found == {path.stem for path in _SHARED.glob("*.log")}


def test_patterns_may_be_given(log):
    (source,) = find_sources(log("z 1 q 5\nz 2 q 6\n"))

    pieces = list(open_reader(source.claim, read_given(["z {step:d} q {q}"])).read())

    assert _points(pieces) == {("q", ""): [(1, 5.0), (2, 6.0)]}


def test_patterns_of_the_project_around_a_log_apply(log):
    log('[tool.tui_tracker.parse]\npattern = "z {step:d} q {q}"\n', "pyproject.toml")

    assert _points(_reader(log("z 1 q 5\n")).read()) == {("q", ""): [(1, 5.0)]}


def test_a_project_whose_patterns_mean_nothing_is_told_and_the_log_read(log):
    log('[tool.tui_tracker.parse]\npattern = "{"\n', "pyproject.toml")

    pieces = list(_reader(log("epoch 1 loss 0.5\n")).read())

    assert "pattern '{'" in next(p.problem for p in pieces if isinstance(p, Unread))
    assert _points(pieces) == {("loss", ""): [(1, 0.5)]}
