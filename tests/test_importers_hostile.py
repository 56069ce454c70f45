"""Folders that nobody would wish for: pipes, devices, loops, names with control characters."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.import_truth import SHARED, age, aged_copy, gather
from tui_tracker.cli import main
from tui_tracker.errors import ImportFailed
from tui_tracker.importers import find_sources
from tui_tracker.importers.records import Piece, Unread
from tui_tracker.importers.regular import open_regular

TABLE = "step,loss\n1,0.5\n2,0.25\n"


def in_time(work: Callable[[], object]) -> object:
    """Return what is worked out; fail if it waits for something that never comes."""
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(work()), daemon=True)
    thread.start()
    thread.join(30)
    assert found, "it waited, or failed"
    return found[0]


def runs_in(path: Path) -> tuple[int, list[str]]:
    """Return how many runs are found, and what is told of the rest."""
    told: list[Unread] = []
    pieces: list[Piece] = []
    for source in find_sources(path, tell=told.append):
        try:
            pieces += source.open().read()
        except ImportFailed as error:
            told.append(Unread(Path(error.path), error.place, error.problem))
    found = gather(pieces)
    return len(found.runs), [str(one) for one in (*told, *found.unread)]


def table(path: Path) -> Path:
    path.write_text(TABLE)
    age(path)
    return path


def test_a_link_to_itself_hides_no_other_file(tmp_path):
    table(tmp_path / "a.csv")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "up").symlink_to("..")
    (tmp_path / "nowhere.csv").symlink_to("nothing")

    assert runs_in(tmp_path) == (1, [])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_that_is_named_is_not_waited_for(tmp_path, capsys):
    os.mkfifo(tmp_path / "p.csv")

    code = in_time(
        lambda: main(["--store", str(tmp_path / "s"), "import", str(tmp_path / "p.csv")])
    )

    assert code == 1
    assert "is a pipe or a device" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_no_file_is_opened_that_is_a_pipe_a_folder_or_a_device(tmp_path):
    os.mkfifo(tmp_path / "p")

    for path in (tmp_path / "p", tmp_path, Path(os.devnull)):
        with pytest.raises(OSError, match=r"pipe|directory"):
            open_regular(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize(
    "item", ["dvclive", "guild", "hf_trainer", "lightning", "swanlab", "tlog", "ultralytics"]
)
def test_no_file_of_a_store_is_waited_for_if_it_is_a_pipe(tmp_path, item):
    if not (SHARED / item).exists():
        pytest.skip("the data of other tools are kept beside the repository")
    store = aged_copy(SHARED / item, tmp_path / item)
    files = [path for path in store.rglob("*") if path.is_file()]

    for path in files:
        beside = path.rename(tmp_path / "kept")
        os.mkfifo(path)
        in_time(lambda: runs_in(store))
        path.unlink()
        beside.rename(path)

    assert len(files) > 2


def test_names_with_control_characters_reach_no_terminal(tmp_path, capsys):
    names = ["new\nline.csv", "esc\x1b[31mred.csv", "rtl\u202egnp.csv", "lr[bold].csv", "-rf.csv"]
    for name in names:
        table(tmp_path / name)

    code = main(["import", "--dry-run", str(tmp_path)])
    main(["--store", str(tmp_path / "s"), "import", str(tmp_path)])
    main(["--store", str(tmp_path / "s"), "ls"])

    said = "".join(capsys.readouterr())
    assert code == 0
    assert not set("\x1b\u202e") & set(said)
    assert "new\nline" not in said
    assert "5 runs imported" in said


@pytest.fixture
def reached_by_all() -> Iterator[Path]:
    """Return a folder that every user may enter; those of pytest are its own user's alone."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        for one in folder.iterdir():
            one.chmod(0o755)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be a user who may read only what all may: root may read all."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_what_may_not_be_read_is_told_and_the_rest_is_read(reached_by_all):
    table(reached_by_all / "a.csv")
    table(reached_by_all / "secret.csv").chmod(0)
    (reached_by_all / "closed").mkdir()
    (reached_by_all / "closed").chmod(0)

    with as_nobody():
        count, told = runs_in(reached_by_all)

    assert count == 1
    assert told == [
        f"{reached_by_all}/secret.csv: cannot be read: Permission denied",
        f"{reached_by_all}/closed: cannot be looked into: Permission denied",
    ]


def test_one_closed_run_of_a_store_hides_no_other(reached_by_all):
    (reached_by_all / "meta.yaml").write_text(
        "artifact_location: here\nexperiment_id: '1'\nname: e\n"
    )
    for name in ("a" * 32, "b" * 32):
        run = reached_by_all / name
        (run / "metrics").mkdir(parents=True)
        (run / "meta.yaml").write_text(
            f"experiment_id: '1'\nrun_id: {name}\nrun_name: {name[0]}\nstatus: 3\n"
        )
        (run / "metrics" / "loss").write_text("1700000000000 0.5 0\n")
    (reached_by_all / ("a" * 32)).chmod(0)

    with as_nobody():
        count, told = runs_in(reached_by_all)

    assert count == 1
    assert told == [f"{reached_by_all}/{'a' * 32}: cannot be looked into: Permission denied"]


def test_a_folder_with_nothing_in_it_is_named_once(tmp_path, capsys):
    code = main(["open", str(tmp_path), "ls"])

    said = capsys.readouterr().err
    assert code == 2
    assert said.count(str(tmp_path)) == 1
    assert "is nothing of any tool that is known" in said


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_where_all_was_left_out_there_is_nothing_to_ask(tmp_path, capsys):
    os.mkfifo(tmp_path / "p.csv")

    code = main(["open", str(tmp_path / "p.csv"), "ls"])

    said = capsys.readouterr()
    assert code == 2
    assert "is a pipe or a device" in said.err
    assert "no runs yet" not in said.err


@pytest.mark.parametrize("ending", ["log", "txt", "csv", "jsonl", "wandb", "json", "yaml", "db"])
def test_an_empty_file_is_told_whatever_it_is_called(tmp_path, ending):
    path = tmp_path / f"x.{ending}"
    path.touch()
    age(path)

    count, told = runs_in(path)

    assert (count, len(told)) == (0, 1) or ending == "wandb"
    assert "kept as console" not in "".join(told)
    assert str(path) in told[0]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_file_that_is_replaced_by_a_pipe_is_told_and_not_waited_for(tmp_path):
    path = table(tmp_path / "a.csv")
    (source,) = find_sources(tmp_path)
    path.unlink()
    os.mkfifo(path)

    def trouble() -> str:
        with pytest.raises(ImportFailed) as raised:
            list(source.open().read())
        return str(raised.value)

    assert "pipe" in str(in_time(trouble))
