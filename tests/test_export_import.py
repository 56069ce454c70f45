"""What was written for other trackers, read back by our own readers of their stores."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

import tui_tracker as tt
from tui_tracker.handing_on.spelling import read_mlflow_name
from tui_tracker.importers import find_sources
from tui_tracker.importers.records import ImportedRun, Points

Series = dict[str, list[tuple[int, int, bytes]]]


@pytest.fixture
def logged(folder: Path) -> Series:
    """Two runs of odd values; returned is what was logged in each."""
    found: Series = {}
    for number in range(2):
        run = tt.init("exp/a", "same name", {"lr": 0.1, "n": number}, tags=["k:v"], store=folder)
        for step in range(1500):
            odd = math.nan if step % 5 == 0 else math.inf if step % 7 == 0 else -step * 0.1
            run.log({"loss": 1 / (step + 1), "odd name": odd, "a": step, "a/b": 1.0}, step=step)
        run.log({"loss": 1e300}, step=-3, context="val")
        run.finish("failed" if number else "finished")
    for run_ in tt.list_runs(store=folder):
        for label in run_["metrics"]:
            frame = run_.series(label)
            times = frame["time"].astype("int64")
            rows = zip(frame["step"], times, map(bits, frame["value"]), strict=True)
            found[f"{run_['params']['n']} {label}"] = list(rows)
    return found


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


def read_back(path: Path) -> tuple[dict[str, ImportedRun], Series]:
    runs: dict[str, ImportedRun] = {}
    found: Series = {}
    for source in find_sources(path):
        for piece in source.open().read():
            if isinstance(piece, ImportedRun):
                runs[piece.key] = piece
            elif isinstance(piece, Points):
                name = f"{runs[piece.run].params['n']} {read_mlflow_name(piece.metric)}"
                rows = zip(piece.steps, piece.times_ms, map(bits, piece.values), strict=True)
                found.setdefault(name, []).extend(rows)
    return runs, found


def as_float32(value: bytes) -> bytes:
    (number,) = struct.unpack("<d", value)
    try:
        return bits(struct.unpack("<f", struct.pack("<f", number))[0])
    except OverflowError:
        return bits(math.copysign(math.inf, number))


def test_a_file_store_of_mlflow_gives_back_every_bit(logged, tmp_path, tt_: Callable[..., object]):
    tt_("export", "--to", "mlflow", "--out", str(tmp_path / "mlruns"))

    runs, found = read_back(tmp_path / "mlruns")

    assert found == logged
    assert sorted(run.status for run in runs.values()) == ["failed", "finished"]
    assert {run.experiment for run in runs.values()} == {"exp/a"}
    assert {tuple(run.tags) for run in runs.values()} == {("k:v",)}


def test_event_files_give_back_every_value_as_a_32_bit_float(
    logged, tmp_path, tt_: Callable[..., object]
):
    tt_("export", "--to", "tensorboard", "--out", str(tmp_path / "tb"))

    runs, found = read_back(tmp_path / "tb")

    wanted = {
        name: [(step, at, as_float32(value)) for step, at, value in rows]
        for name, rows in logged.items()
    }
    assert found == wanted
    assert [run.params["lr"] for run in runs.values()] == [0.1, 0.1]
