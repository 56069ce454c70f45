"""Make the pictures in this folder from the real app.

    python screenshots/make.py

`demo-*` show `tt demo` while it trains, `lineage-*` and `reproduce-*` a run of
`examples/lost_and_found.py`, `elsewhere-*` what other tools write, where TOOLS_PYTHON has
them; the others a store of made-up runs, one of which is running. Needs pyte and Pillow (in
the `dev` extra) and a DejaVu Sans Mono font; Chromium for the picture of a browser.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from browser import chromium, take_page
from elsewhere import take_elsewhere
from terminal import DARK, LIGHT, Look, Terminal

HERE = Path(__file__).resolve().parent
os.environ["PYTHONPATH"] = str(HERE.parent)
SWEEP = "resnet18"


@contextmanager
def nothing_remembered() -> Iterator[None]:
    """Let what is opened know nothing of the pictures before: the app remembers its layout."""
    with tempfile.TemporaryDirectory() as state:
        os.environ["XDG_STATE_HOME"] = state
        try:
            yield
        finally:
            del os.environ["XDG_STATE_HOME"]


@contextmanager
def app(
    folder: Path, columns: int, rows: int, look: Look = DARK, *, colors: str = ""
) -> Iterator[Terminal]:
    """Open the app, wait for its first page, and quit it."""
    command = [sys.executable, "-m", "tui_tracker.cli", "--store", str(folder), "tui"]
    command += ["--colors", colors] if colors else []
    with nothing_remembered():
        terminal = Terminal(command, columns, rows, look)
        try:
            terminal.wait_for(SWEEP)
            yield terminal
        finally:
            terminal.close()


def take(folder: Path) -> None:
    """Take all pictures."""
    with app(folder, 80, 24) as terminal:
        terminal.press("jj")
        terminal.save(HERE / "runs-80x24.png")
    with app(folder, 160, 45) as terminal:
        terminal.press("jjj")
        terminal.read(1.5)
        terminal.save(HERE / "runs-160x45.png")
        terminal.press("\r2")
        terminal.wait_for("val_accuracy")
        terminal.save(HERE / "curves-160x45.png")
        terminal.press("js\rlllll")
        terminal.save(HERE / "curve-160x45.png")
    with app(folder, 120, 36) as terminal:
        terminal.press("/")
        terminal.press("val_accuracy.max > 0.85 and learning_rate <= 1e-3 and not is:failed")
        terminal.read(1.0)
        terminal.save(HERE / "filter-120x36.png")
        terminal.press("\r")
        terminal.press("B")
        terminal.save(HERE / "groups-120x36.png")
    with app(folder, 140, 40) as terminal:
        terminal.press("jj jj j c")
        terminal.wait_for("val_accuracy")
        terminal.save(HERE / "compare-140x40.png")
        terminal.press("c")
        terminal.save(HERE / "overlay-140x40.png")
        terminal.press("\rlllllll")
        terminal.save(HERE / "cursor-140x40.png")
    with app(folder, 120, 36) as terminal:
        terminal.press("\tGkk\t")
        terminal.press("!")
        terminal.wait_for("missing")
        terminal.save(HERE / "audit-120x36.png")
        terminal.press("q")
        terminal.press("D")
        terminal.wait_for("decide")
        terminal.read(1.0)
        terminal.press("/")
        terminal.press("highest mean val_accuracy with std <= 0.5pp; tie-break by val_loss\r")
        terminal.read(1.5)
        terminal.save(HERE / "decide-120x36.png")
    with app(folder, 120, 36, DARK, colors="16") as terminal:
        terminal.press("jj")
        terminal.save(HERE / "colours16-120x36.png")
    with app(folder, 120, 32, LIGHT) as terminal:
        terminal.press("j")
        terminal.save(HERE / "runs-light-120x32.png")
        terminal.press("\r2")
        terminal.wait_for("val_accuracy")
        terminal.save(HERE / "curves-light-120x32.png")


FIRST_KEYS = ("", "", "j", "j", "j", "/", "val_accuracy > 0.87\r", "", "B", "j", "l", "", "")
FRAME_MS = 750


def record_first_seconds(folder: Path) -> None:
    """Record what a person sees in the first ten seconds, as a moving picture."""
    command = [sys.executable, "-m", "tui_tracker.cli", "--store", str(folder), "tui"]
    terminal = Terminal(command, 100, 28, DARK)
    frames = []
    try:
        terminal.wait_for("experiment")
        frames.append(terminal.picture())  # the first frame stands before anything is read
        terminal.wait_for(SWEEP)
        for keys in FIRST_KEYS:
            terminal.press(keys)
            frames.append(terminal.picture())
        terminal.press("q")
    finally:
        terminal.close()
    first, *others = (frame.resize((frame.width // 2, frame.height // 2)) for frame in frames)
    first.save(
        HERE / "first-ten-seconds.gif",
        save_all=True,
        append_images=others,
        duration=FRAME_MS,
        loop=0,
        optimize=True,
    )


def take_browser(folder: Path) -> None:
    """Take a picture of the app in a browser, where there is one."""
    if chromium() is None:
        print("no Chromium, so browser.png stays as it is")
        return
    command = [sys.executable, "-m", "tui_tracker.cli", "--store", str(folder), "serve"]
    with subprocess.Popen([*command, "--port", "8377"], stdout=subprocess.PIPE, text=True) as app_:
        assert app_.stdout is not None
        address = next(line for line in app_.stdout if "http://" in line).strip()
        try:
            take_page(address[address.index("http://") :], HERE / "browser.png")
        finally:
            app_.terminate()


def take_demo(folder: Path) -> None:
    """Take pictures of `tt demo` while it trains."""
    for columns, rows, name in ((80, 24, "80x24"), (120, 30, "120x30")):
        command = [sys.executable, "-m", "tui_tracker.cli", "--store", str(folder / name), "demo"]
        terminal = Terminal(command, columns, rows, DARK)
        try:
            terminal.wait_for("lr=0.01_seed=2")
            terminal.save(HERE / f"demo-{name}.png")
            terminal.press("jj\r2")
            terminal.wait_for("val_loss")
            terminal.save(HERE / f"demo-curves-{name}.png")
        finally:
            terminal.close()


def take_lineage(home: Path) -> None:
    """Take pictures of what a run came from, and of getting it again."""
    sys.path.insert(0, str(HERE.parent / "examples"))
    import lost_and_found

    project = home / "prices"
    store = str(project / ".tui_tracker")
    lost_and_found.make(project)
    # In an environment of its own, so that the pictures name a person's folders and not ours.
    venv.create(home / ".venv", symlinks=True)
    python = str(home / ".venv" / "bin" / "python")
    packages = next(home.glob(".venv/lib/*/site-packages"))
    places = [path for path in sys.path if "site-packages" in path]
    (packages / "ours.pth").write_text("\n".join([*places, str(HERE.parent)]))
    ours = os.environ.pop("PYTHONPATH")
    lost_and_found.run(Path(store), project, python, "train.py")
    tt = [python, "-m", "tui_tracker.cli", "--store", store]
    for columns, rows in ((80, 24), (120, 36)):
        terminal = Terminal(tt, columns, rows, DARK)
        try:
            terminal.wait_for("baseline")
            terminal.press("\r")
            terminal.wait_for("Overview")
            if columns == 120:
                terminal.save(HERE / "run-120x36.png")
            terminal.press("4")
            terminal.wait_for("verified")
            terminal.save(HERE / f"lineage-{columns}x{rows}.png")
        finally:
            terminal.close()
    terminal = Terminal([*tt, "reproduce", "baseline"], 100, 30, DARK)
    terminal.wait_for("reproduced", 60)
    terminal.save(HERE / "reproduce-100x30.png")
    terminal.close()
    os.environ["PYTHONPATH"] = ours


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        # Under the home of a made-up person, whose store the pictures name.
        folder = Path(home) / "project" / ".tui_tracker"
        os.environ.update(HOME=home, USER="ana", LOGNAME="ana")
        take_lineage(Path(home))
        take_demo(Path(home))
        take_elsewhere(Path(home))
        demo = subprocess.Popen(
            [sys.executable, HERE / "demo.py", folder], cwd=home, stdout=subprocess.PIPE, text=True
        )
        try:
            # The demo says so in one line when its last run is under way.
            assert demo.stdout is not None
            demo.stdout.readline()
            with nothing_remembered():
                record_first_seconds(folder)
            take(folder)
            with nothing_remembered():
                take_browser(folder)
        finally:
            demo.terminate()
            demo.wait()


if __name__ == "__main__":
    main()
