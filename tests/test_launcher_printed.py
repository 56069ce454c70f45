"""`tt run` on a script that knows nothing of us: what it prints is what the run has."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import the_run

from tui_tracker import queries
from tui_tracker.errors import InvalidArgument
from tui_tracker.launcher import LaunchResult, run_command
from tui_tracker.launcher.printed_values import PrintedValues

_PRINTS = """
print("seed=3 lr=0.5")
for epoch in range(3):
    print(f"epoch {epoch} loss {1 / (epoch + 1):.4f} val_acc {epoch / 4}", flush=True)
print("test accuracy: 0.93")
"""
_LOGS = """
import tui_tracker as tt
with tt.init(params={"lr": 1}) as run:
    for epoch in range(3):
        run.log({"loss": 5.0}, step=epoch)
        print(f"epoch {epoch} loss {1 / (epoch + 1):.4f}", flush=True)
"""


@pytest.fixture
def launch(folder: Path, tmp_path: Path) -> Callable[..., LaunchResult]:
    """Run Python code as a command; what it prints is kept and shown to nobody."""

    def launched(code: str, **options: object) -> LaunchResult:
        path = tmp_path / "train.py"
        path.write_text(code)
        return run_command(
            [sys.executable, str(path)],
            store=folder,
            cwd=tmp_path,
            environ={"TUI_TRACKER_CONSOLE": "on", "TUI_TRACKER_CAPTURE": "off"},
            console_to=lambda *_: None,
            **options,  # type: ignore[arg-type]
        )

    return launched


def _shown(folder: Path) -> queries.RunDetail:
    return the_run(folder)


def test_what_a_script_prints_becomes_params_and_metrics(launch, folder):
    launch(_PRINTS)

    run = _shown(folder)
    last = {name: (metric.count, metric.last) for name, metric in run.row.metrics.items()}
    assert last == {"loss": (3, 0.3333), "val_acc": (3, 0.5), "test accuracy": (1, 0.93)}
    assert run.row.params == {"seed": 3, "lr": 0.5}


def test_a_script_that_logs_itself_is_not_read_twice(launch, folder):
    launch(_LOGS)

    metrics = _shown(folder).row.metrics
    assert {name: (metric.count, metric.last) for name, metric in metrics.items()} == {
        "loss": (3, 5.0)
    }


def test_nothing_is_read_where_that_is_not_wanted(launch, folder):
    launch(_PRINTS, read_printed=False)

    row = _shown(folder).row
    assert (dict(row.metrics), dict(row.params)) == ({}, {})


def test_patterns_of_the_project_apply(launch, folder, tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[tool.tui_tracker.parse]\npattern = "z {step:d} q {q}"\n'
    )

    launch("for n in range(3): print('z', n, 'q', n * 2)")

    metrics = _shown(folder).row.metrics
    assert {name: metric.last for name, metric in metrics.items()} == {"q": 4.0}


def test_a_pattern_that_means_nothing_is_told_before_the_command_starts(launch, tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.tui_tracker.parse]\npattern = "{"\n')

    with pytest.raises(InvalidArgument):
        launch(f"open({str(tmp_path / 'ran')!r}, 'w')")

    assert not (tmp_path / "ran").exists()


def test_trouble_with_what_is_read_is_told_once_and_stops_nothing(capsys):
    class Broken:
        def log(self, *_: object, **__: object) -> None:
            raise RuntimeError("no room")

        log_params = log

    values = PrintedValues(Broken(), (), lambda: False, {})  # type: ignore[arg-type]
    for number in range(3):
        values.take("out", f"epoch {number} loss 0.5\n")
        time.sleep(0.05)
    values.finish()

    told = capsys.readouterr().err
    assert told.count("no longer read for metrics: RuntimeError: no room") == 1
