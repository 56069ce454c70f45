"""Data and splits that a run declares, as a reader finds them afterwards."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from processes import end, run, start, the_run, wait_for_line

import tui_tracker as tt
from tui_tracker import artifacts, queries
from tui_tracker.capture import data as data_module
from tui_tracker.capture import manifest
from tui_tracker.capture.manifest import digest_path
from tui_tracker.drain import recover
from tui_tracker.queries.records import run_records
from tui_tracker.store import Store


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with a little data in it."""
    folder = tmp_path / "work"
    (folder / "data" / "images").mkdir(parents=True)
    (folder / "data" / "train.csv").write_bytes(b"a,b\n1,2\n")
    for number in range(3):
        (folder / "data" / "images" / f"{number}.png").write_bytes(bytes([number]))
    monkeypatch.chdir(folder)
    return folder


def lineage(folder: Path) -> dict[str, Any]:
    """Return the lineage of the store's only run, as scripts get it."""
    with Store.open(folder) as store:
        recover(store)
        (text,) = run_records(store, queries.list_run_keys(store), bulky=True)
    found: dict[str, Any] = json.loads(text)["lineage"]
    return found


def logged(folder: Path, name: str, *arguments: object, **options: Any) -> dict[str, Any]:
    """Log data in a run of its own; return what is recorded of it."""
    with tt.init("e", store=folder) as run:
        run.log_data(name, *arguments, **options)
    (found,) = lineage(folder)["data"]
    assert isinstance(found, dict)
    return found


def test_a_file_is_recorded_with_its_content_and_what_was_said(folder, here):
    found = logged(
        folder,
        "sales",
        path="data/train.csv",
        version="v2",
        role="train",
        source="https://example.org/x",
        licence="CC-BY-4.0",
    )

    assert found == {
        "status": "ok",
        "name": "sales",
        "version": "v2",
        "role": "train",
        "kind": "file",
        "digest": digest_path(str(here / "data/train.csv")).digest,
        "full": True,
        "bytes": 8,
        "files": 1,
        "path": "data/train.csv",
        "source": "https://example.org/x",
        "licence": "CC-BY-4.0",
    }


def test_the_list_of_a_folder_is_kept_and_is_what_the_digest_is_of(folder, here):
    found = logged(folder, "images", path=here / "data" / "images")

    assert (found["kind"], found["files"], found["status"]) == ("folder", 3, "ok")
    assert found["digest"] == f"sha256:{found['manifest']}"
    kept = Path(artifacts.stored_path(str(folder / "artifacts"), found["manifest"]))
    assert kept.read_bytes() == digest_path(str(here / "data/images")).manifest
    (artifact,) = the_run(folder).artifacts
    assert (artifact.path, artifact.kind, artifact.copied) == ("images.manifest", "manifest", True)


def test_a_pattern_and_a_list_are_folders_of_their_own(folder):
    with tt.init("e", store=folder) as run:
        run.log_data("pattern", path="data/**/*.png")
        run.log_data("list", path=(f"data/images/{number}.png" for number in range(3)))
        run.log_data("positional", Path("data") / "images")

    listed, pattern, positional = lineage(folder)["data"]
    assert pattern["digest"] == listed["digest"] == positional["digest"]
    assert (listed["path"], len(listed["paths"])) == ("data/images", 3)


def test_the_home_folder_is_not_told(folder, here, monkeypatch):
    monkeypatch.setenv("HOME", str(here))

    assert logged(folder, "x", path=str(here / "data"))["path"] == "~/data"


def test_a_path_is_that_of_the_moment_it_was_logged(folder):
    with tt.init("e", store=folder) as run:
        run.log_data("x", path="data/train.csv")
        os.chdir("/")

    assert lineage(folder)["data"][0]["status"] == "ok"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"path": "nowhere.csv"}, "there is no 'nowhere.csv'"),
        ({"path": "*.nothing"}, "no file has such a name"),
        ({"path": []}, "no file has such a name"),
        ({"path": 5}, "TypeError: path is a file, a folder or a list of them, not 5"),
        ({"path": "a\0b"}, None),
        ({}, "neither data nor path was given"),
    ],
)
def test_data_that_is_not_there_is_told_once_and_recorded(folder, capsys, options, reason):
    with tt.init("e", store=folder) as run:
        run.log_data("x", **options)
        run.log_data("x", **options)

    (found,) = lineage(folder)["data"]
    assert found["status"] == "failed"
    assert reason is None or found["reason"] == reason
    assert capsys.readouterr().err.count("'x' cannot be recorded") == 1


def test_a_second_role_under_one_name_is_data_of_its_own(folder):
    with tt.init("e", store=folder) as run:
        run.log_data("mnist", [1], role="train")
        run.log_data("mnist", [2], role="test")

    assert [(each["name"], each["role"]) for each in lineage(folder)["data"]] == [
        ("mnist", "train"),
        ("mnist", "test"),
    ]


def test_data_that_was_logged_again_with_other_content_is_told(folder, capsys):
    with tt.init("e", store=folder) as run:
        for value in (1, 1, 2):
            run.log_data("x", [value])

    assert capsys.readouterr().err == "tui_tracker: data 'x' was logged again with other content\n"


def test_an_object_is_recorded_with_its_columns(folder):
    pd = pytest.importorskip("pandas")
    found = logged(folder, "table", pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), path="db://x")

    assert (found["kind"], found["rows"], found["path"]) == ("pandas", 2, "db://x")
    assert found["columns"] == [["a", "int64"], ["b", str(pd.Series(["x"]).dtype)]]
    assert found["digest"].startswith("sha256:")


def test_features_and_labels_are_as_many_rows_as_they_have(folder):
    np = pytest.importorskip("numpy")
    found = logged(folder, "digits", (np.zeros((7, 4)), np.arange(7)))

    assert (found["kind"], found["rows"]) == ("numpy", 7)


def test_an_array_that_is_changed_right_after_is_recorded_as_it_was(folder):
    np = pytest.importorskip("numpy")
    values = np.arange(500_000.0)
    wanted = data_module.digests.digest(values).digest
    with tt.init("e", store=folder) as run:
        run.log_data("x", values)
        values[:] = 0

    assert lineage(folder)["data"][0]["digest"] == wanted


def test_a_large_object_is_read_at_once_and_said_so(folder, capsys, monkeypatch):
    np = pytest.importorskip("numpy")
    monkeypatch.setattr(data_module, "_SMALL", 100)
    monkeypatch.setattr(data_module, "_LARGE", 1000)
    with tt.init("e", store=folder) as run:
        run.log_data("x", np.zeros(1000))

        assert threading.active_count() < 4
    assert "reading 0.0 GB of 'x', about 1 s" in capsys.readouterr().err
    assert lineage(folder)["data"][0]["status"] == "ok"


def test_an_object_that_nobody_can_verify_is_partial_and_has_no_digest(folder):
    class Stream:
        def __getattr__(self, name: str) -> object:
            raise RuntimeError("no")

    assert "digest" not in logged(folder, "x", iter([1]))
    with tt.init("e", store=folder) as run:
        run.log_data("y", Stream())
        run.log_data("z", [object()])

    with Store.open(folder) as store:
        recover(store)
        texts = list(run_records(store, queries.list_run_keys(store), bulky=True))
    statuses = {
        part["name"]: (part["status"], part.get("digest", "")[:7])
        for text in texts
        for part in json.loads(text)["lineage"]["data"]
    }
    assert statuses["x"] == ("partial", "")
    assert statuses["y"][0] in ("failed", "partial")
    assert statuses["z"] == ("partial", "sample:")


def test_a_hash_that_fails_in_the_thread_is_a_reason(folder, monkeypatch, capsys):
    class Panic(BaseException):
        pass

    def fail(*_: object, **__: object) -> object:
        raise Panic("gone")

    monkeypatch.setattr(manifest, "digest_path", fail)
    found = logged(folder, "x", path="data/train.csv")

    assert (found["status"], found["reason"]) == ("failed", "Panic: gone")
    assert "'x' cannot be recorded: Panic: gone" in capsys.readouterr().err


def test_a_pointer_is_recorded_as_such(folder):
    with tt.init("e", store=folder) as run:
        run.log_data("bucket", path="s3://bucket/key?versionId=7&X-Amz-Signature=secret")
        run.log_data("several", path=["s3://bucket/a?versionId=1", "s3://bucket/b?versionId=1"])

    bucket, several = lineage(folder)["data"]
    assert (bucket["kind"], bucket["digest"]) == ("pointer", "s3://bucket/key?versionId=7")
    assert several["digest"].startswith("addresses:")
    assert "secret" not in str(lineage(folder))


def test_data_beside_another_tools_outdated_pointer_is_read(folder, here):
    (here / "data" / "train.csv.dvc").write_text("outs:\n- md5: ab\n  size: 3\n  path: train.csv\n")
    found = logged(folder, "x", path="data/train.csv")

    assert found["digest"] == digest_path(str(here / "data/train.csv")).digest
    assert found["pointer"]["differs"] is True
    assert (found["kind"], found["status"]) == ("file", "ok")


def test_a_pointer_without_its_content_is_recorded(folder, here):
    (here / "data" / "gone.csv.dvc").write_text("outs:\n- md5: ab\n  size: 3\n  path: gone.csv\n")
    found = logged(folder, "x", path="data/gone.csv")

    assert (found["digest"], found["status"]) == ("dvc:md5:ab", "partial")


def test_data_is_pending_until_it_was_read_and_a_killed_run_keeps_its_name(folder):
    process = start(
        folder,
        """
        import threading
        from tui_tracker.capture import manifest
        manifest._hash_once = lambda *a: threading.Event().wait()
        run = tt.init("e")
        run.log_data("x", path="data/train.csv")
        ready(); wait()
        """,
    )
    wait_for_line(process)
    process.kill()
    end(process)

    (found,) = lineage(folder)["data"]
    assert (found["status"], found["name"], found["path"]) == ("failed", "x", "data/train.csv")
    assert found["reason"] == "the run ended before it was recorded"


def test_a_script_may_end_while_data_is_still_read(folder):
    done = run(folder, "tt.init('e'); tt.log_data('x', path='data')")

    assert (done.returncode, done.stderr) == (0, "")
    assert lineage(folder)["data"][0]["status"] == "ok"


def test_a_forked_child_logs_data_too(folder):
    done = run(
        folder,
        """
        run = tt.init("e")
        run.log_data("parent", path="data")
        child = os.fork()
        if not child:
            run.log_data("child", path="data/train.csv")
            run.finish()
            os._exit(0)
        os.waitpid(child, 0)
        """,
    )

    assert done.returncode == 0
    assert {part["name"]: part["status"] for part in lineage(folder)["data"]} == {
        "parent": "ok",
        "child": "ok",
    }


def test_the_other_ranks_leave_data_to_the_first(folder):
    script = """
    with tt.init("e") as r:
        r.log_data(os.environ["RANK"], [1])
        time.sleep(0.6)  # until the other rank has met this one
    """
    place = {"WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "29500"}
    ranks = [start(folder, script, RANK=str(rank), **place) for rank in range(2)]

    assert [end(process)[1] for process in reversed(ranks)] == ["", ""]
    assert [part["name"] for part in lineage(folder)["data"]] == ["0"]


def test_waiting_for_artifacts_waits_for_data(folder, here):
    with tt.init("e", store=folder) as run:
        run.log_data("x", path="data")
        run.wait_for_artifacts()
        for path in (here / "data" / "images").iterdir():
            path.unlink()
        run.log_data("y", path="data/train.csv")

    assert [part["status"] for part in lineage(folder)["data"]] == ["ok", "ok"]


def test_after_the_end_nothing_is_kept_and_that_is_said(folder, capsys):
    run = tt.init("e", store=folder)
    run.finish()
    run.log_data("x", [1])
    run.log_split(train=[1])

    assert "log_data() after finish()" in capsys.readouterr().err
    assert lineage(folder)["data"] == []


def test_many_runs_of_the_same_data_store_it_once(folder):
    for _ in range(3):
        with tt.init("e", store=folder) as run:
            run.log_data("x", path="data")
            run.log_split(train=[0, 1], test=[2])

    with Store.open(folder) as store:
        recover(store)
        rows = store.read(
            "SELECT part, count(DISTINCT digest), count(*) FROM lineage GROUP BY part"
        )
    counted = {part: (different, runs) for part, different, runs in rows}
    assert (counted["data:x"], counted["split:split"]) == ((1, 3), (1, 3))
    assert sum(path.is_file() for path in (folder / "artifacts").rglob("*")) == 2


# -- splits


def test_a_split_is_recorded_with_counts_hash_and_rows(folder):
    with tt.init("e", store=folder) as run:
        run.log_split(train=[0, 1], val=[2], test=[3], data="digits", strategy="random", seed=7)

    (found,) = lineage(folder)["splits"]
    assert found["n"] == {"train": 2, "val": 1, "test": 1}
    assert (found["status"], found["data"], found["seed"]) == ("ok", "digits", 7)
    assert (found["overlap"], found["duplicates"]) == ({}, {})
    assert "group_leak" not in found
    kept = artifacts.stored_path(str(folder / "artifacts"), found["indices"])
    assert tt.read_split(kept) == {"train": [0, 1], "val": [2], "test": [3]}


def test_planted_faults_are_told_once_and_recorded(folder, capsys):
    with tt.init("e", store=folder) as run:
        for _ in range(2):
            run.log_split(
                train=[0, 1, 1], test=[1, 2, 3], groups=["a", "b", "b", "a"], time=[1, 9, 3, 4]
            )

    (found,) = lineage(folder)["splits"]
    assert (found["overlap"], found["duplicates"]) == ({"train/test": 1}, {"train": 1})
    assert (found["group_leak"], found["time_leak"]) == ({"train/test": 2}, {"train/test": 2})
    assert capsys.readouterr().err == (
        "tui_tracker: split 'split': 1 row is in both train and test; 1 row comes again in train; "
        "2 groups have rows in both train and test; "
        "2 train rows lie later in time than the first of test\n"
    )


def test_what_could_not_be_looked_for_is_told_and_left_out(folder, capsys):
    with tt.init("e", store=folder) as run:
        run.log_split(train=[0], test=[5], groups=["a"], time=[1, 2, 3, 4, 5, 6])

    (found,) = lineage(folder)["splits"]
    assert found["status"] == "partial"
    assert "group_leak" not in found
    assert found["time_leak"] == {}
    assert "leaks by groups could not be looked for" in capsys.readouterr().err


def test_folds_are_splits_of_their_own(folder):
    with tt.init("e", store=folder) as run:
        run.log_split(folds=[([1, 2], [0]), ([0, 2], [1])], name="cv")

    found = lineage(folder)["splits"]
    assert [(each["name"], each["n"]) for each in found] == [
        ("cv.fold0", {"train": 2, "val": 1}),
        ("cv.fold1", {"train": 2, "val": 1}),
    ]


def test_the_split_of_data_is_named_after_it_and_takes_its_columns(folder):
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame({"patient": ["a", "a", "b"], "day": [1, 2, 3]})
    with tt.init("e", store=folder) as run:
        run.log_data("x", table, split={"train": [0], "test": [1, 2]}, groups="patient", time="day")

    (found,) = lineage(folder)["splits"]
    assert (found["name"], found["data"]) == ("x", "x")
    assert (found["group_leak"], found["time_leak"]) == ({"train/test": 1}, {})


def test_a_splitter_of_scikit_learn_tells_its_settings(folder):
    selection = pytest.importorskip("sklearn.model_selection")
    splitter = selection.KFold(2, shuffle=True, random_state=3)
    with tt.init("e", store=folder) as run:
        run.log_split(folds=splitter.split(range(10)), strategy=splitter)

    found = lineage(folder)["splits"][0]
    assert (found["strategy"], found["seed"]) == ("KFold", 3)
    assert found["splitter"] == "sklearn.model_selection.KFold"
    assert found["arguments"] == {"n_splits": 2, "random_state": 3, "shuffle": True}
    assert found["library"].startswith("scikit-learn ")


@pytest.mark.parametrize(
    "options",
    [{}, {"train": 5}, {"folds": 5}, {"folds": [5]}, {"train": [1], "strategy": object()},
     {"train": [1], "arguments": {"x": object()}}, {"train": [1], "groups": "column"}],
)  # fmt: skip
def test_a_split_that_makes_no_sense_never_raises(folder, options):
    with tt.init("e", store=folder) as run:
        run.log_split(**options)

    assert lineage(folder)["splits"][0]["status"] in ("ok", "failed")


def test_what_split_makes_is_logged_with_its_recipe(folder):
    with tt.init("e", store=folder):
        train, test = tt.split(50, seed=4, data="digits")
        folds = tt.split(50, folds=3, seed=4, name="cv", stratify=[0, 1] * 25)

    first, *others = sorted(lineage(folder)["splits"], key=lambda each: each["name"] != "split")
    assert first["arguments"] == {"n": 50, "test": 0.2, "val": 0.0}
    assert (first["splitter"], first["seed"], first["data"]) == ("tui_tracker.split", 4, "digits")
    assert first["n"] == {"train": len(train), "test": len(test)}
    kept = artifacts.stored_path(str(folder / "artifacts"), first["indices"])
    assert tt.read_split(kept) == {"train": list(train), "test": list(test)}
    assert [each["strategy"] for each in others] == ["stratified"] * len(folds)


def test_a_split_can_be_made_again_from_its_recipe(folder):
    with tt.init("e", store=folder):
        tt.split(50, seed=4, val=0.1)
    (found,) = lineage(folder)["splits"]

    with tt.init("again", store=folder.with_name("other")):
        arguments = found["arguments"]
        tt.split(arguments.pop("n"), seed=found["seed"], **arguments)

    assert lineage(folder.with_name("other"))["splits"][0]["hash"] == found["hash"]


def test_switched_off_everything_does_nothing_but_split(folder, monkeypatch, capsys):
    monkeypatch.setenv("TUI_TRACKER_MODE", "disabled")
    with tt.init("e", store=folder) as run:
        run.log_data("x", path="nowhere")
        run.log_split(train=5)
        tt.log_data("x", [1])
        tt.log_split(train=[1])
        train, test = tt.split(10, seed=0)

    assert (len(train), len(test)) == (8, 2)
    assert capsys.readouterr().err == ""
    assert not folder.exists()


def test_without_a_run_a_split_is_made_and_not_kept(folder):
    done = run(folder, "print(*[list(tt.split(9, test=2, seed=0)['test']) for _ in 'ab'])")

    one, other = done.stdout.strip().split("] [")
    assert one.strip("[") == other.strip("]")
    assert done.stderr.count("split() without a run") == 1


def test_data_loads_none_of_the_libraries_that_hold_it(folder):
    done = run(
        folder,
        """
        with tt.init("e") as run:
            run.log_data("x", path="data")
            run.log_data("y", {"a": [1, 2.5, "x"], "b": b"x"})
            tt.split(100, seed=0, val=0.1)
        found = {name.partition(".")[0] for name in sys.modules}
        print(found & {"numpy", "pandas", "polars", "pyarrow", "torch", "scipy", "dataclasses"})
        """,
    )

    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_a_list_of_runs_has_data_without_what_is_long(folder):
    logged(folder, "x", path=["data/train.csv", "data/images"])
    with Store.open(folder) as store:
        (text,) = run_records(store, queries.list_run_keys(store))

    (found,) = json.loads(text)["lineage"]["data"]
    assert found["name"] == "x"
    assert "paths" not in found
    assert sys.getsizeof(text) < 3000


def test_a_file_that_was_rewritten_while_the_run_was_active_is_named(folder, here):
    with tt.init("e", store=folder) as run:
        run.log_data("sales", path="data/train.csv")
        run.wait_for_artifacts()
        (here / "data/train.csv").write_bytes(b"a,b\n3,4\n")

    (found,) = lineage(folder)["data"]
    assert found["changed"] == ["train.csv"]
    assert found["digest"].startswith("sha256:")


def test_of_a_folder_the_changed_files_are_named_and_not_the_removed_ones(folder, here):
    with tt.init("e", store=folder) as run:
        run.log_data("pictures", path="data/images")
        run.wait_for_artifacts()
        (here / "data/images/0.png").write_bytes(b"longer now")
        (here / "data/images/2.png").unlink()

    (found,) = lineage(folder)["data"]
    assert found["changed"] == ["0.png"]


def test_a_touched_file_is_not_taken_for_a_rewritten_one(folder, here):
    with tt.init("e", store=folder) as run:
        run.log_data("sales", path="data/train.csv")
        run.wait_for_artifacts()
        (here / "data/train.csv").write_bytes(b"a,b\n1,2\n")
        os.utime(here / "data/train.csv", (1, 1))

    (found,) = lineage(folder)["data"]
    assert "changed" not in found


def test_of_many_files_some_are_looked_at_again(here, monkeypatch):
    from tui_tracker.capture import data_watch

    monkeypatch.setattr(data_watch, "MOST_FILES", 2)
    found = digest_path(str(here / "data/images"))
    watch = data_watch.watch(found, found.manifest)
    for number in range(3):
        (here / f"data/images/{number}.png").write_bytes(b"longer now")

    changed = watch.changed()

    assert changed == ["0.png", "2.png"]
