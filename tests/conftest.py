"""What most tests begin with: an empty store, and a way to log whole runs into it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from webhook_host import Host

os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
# A shell starts background jobs deaf to Ctrl-C, and all their processes inherit that: the
# tests that press it would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

import tui_tracker as tt
from tui_tracker import endings
from tui_tracker.store import Store

_OURS = ("TUI_TRACKER_STORE", "TUI_TRACKER_MODE", "TUI_TRACKER_NETWORK", "TUI_TRACKER_EXPERIMENT")
_OURS += ("TUI_TRACKER_RUN", "TUI_TRACKER_PRIVACY", "TUI_TRACKER_BOOT", "TUI_TRACKER_THEME")
_OURS += ("TUI_TRACKER_COLORS", "TUI_TRACKER_ASCII", "TUI_TRACKER_LINK", "TUI_TRACKER_MOUSE")
_LAUNCHERS = ("RANK", "WORLD_SIZE", "SLURM_PROCID", "SLURM_NTASKS", "MASTER_ADDR", "MASTER_PORT")


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No test sees the settings of whoever runs it, writes elsewhere, or leaves a run open."""
    for name in (*_OURS, *_LAUNCHERS):
        monkeypatch.delenv(name, raising=False)
    # The helper process and the streams are switched on by the tests that are about them.
    monkeypatch.setenv("TUI_TRACKER_CAPTURE", "off")
    monkeypatch.setenv("TUI_TRACKER_CONSOLE", "off")
    monkeypatch.setenv("TUI_TRACKER_SYSTEM", "off")
    monkeypatch.setenv("TUI_TRACKER_NAMES", "off")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield
    for run in endings.open_runs():
        run.finish()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a store that nothing was logged to."""
    return tmp_path / "store"


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    """An open, empty store."""
    with Store.open(folder, create=True) as opened:
        yield opened


@pytest.fixture
def log_run(folder: Path) -> Callable[..., tt.Run]:
    """Log one finished run: `log_run("name", loss=[0.9, 0.5], params={...})`."""

    def log(
        name: str,
        *,
        experiment: str = "sweep_lr",
        params: dict[str, object] | None = None,
        tags: tuple[str, ...] = (),
        status: str = "finished",
        **metrics: list[float],
    ) -> tt.Run:
        run = tt.init(experiment, name, params, tags=tags, store=folder)
        for metric, values in metrics.items():
            for step, value in enumerate(values):
                run.log({metric: value}, step=step)
        run.finish(status)  # type: ignore[arg-type]
        return run

    return log


@pytest.fixture
def tt_(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run `tt --store FOLDER ...`; return exit code, standard output and standard error."""
    from tui_tracker import cli

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.main(["--store", str(folder), *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def host() -> Iterator[Host]:
    """A host that webhooks are posted to; `bodies` is what came."""
    opened = Host()
    yield opened
    opened.close()
