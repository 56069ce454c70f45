"""What differs between two runs, and what is told where it cannot be known."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest
from lineage_runs import changed_code, record_parts, run_with

import tui_tracker as tt
from tui_tracker import queries
from tui_tracker.compare import Difference, RunDifference, compare_runs
from tui_tracker.compare.ignoring import project_patterns
from tui_tracker.compare.patches import path_of, split_patch
from tui_tracker.drain import recover
from tui_tracker.errors import InvalidArgument
from tui_tracker.store import Store


def compare(folder: Path, a: str, b: str, *ignore: str) -> RunDifference:
    with Store.open(folder) as store:
        recover(store)
        keys = queries.find_run(store, a), queries.find_run(store, b)
        return compare_runs(store, *keys, ignore=ignore)


def log(folder: Path, name: str, params: dict[str, object], **metrics: list[float]) -> str:
    run = tt.init("e", name, params, store=folder)
    for metric, values in metrics.items():
        for step, value in enumerate(values):
            run.log({metric: value}, step=step)
    run.finish()
    return run.id


def names(differences: tuple[Difference, ...]) -> list[tuple[str, object, object]]:
    return [(d.name, d.a, d.b) for d in differences]


def test_a_run_does_not_differ_from_itself(folder: Path):
    run_id = log(folder, "one", {"lr": 0.1, "x": math.nan}, loss=[0.5, math.nan])

    difference = compare(folder, run_id, run_id)

    assert not difference.differs
    assert (difference.group("params").same, difference.metrics_same) == (2, 1)


def test_params_differ_by_value_kind_and_presence(folder: Path):
    a = log(folder, "a", {"lr": 0.1, "n": 1, "same": [1, 2], "old": "x"})
    b = log(folder, "b", {"lr": 0.2, "n": 1.0, "same": [1, 2], "new": None})

    group = compare(folder, a, b).group("params")

    assert group.differences == (
        Difference("lr", "differs", 0.1, 0.2),
        Difference("n", "differs", 1, 1.0),
        Difference("old", "only in a", "x"),
        Difference("new", "only in b", None, None),
    )
    assert group.same == 1


def test_metrics_are_told_by_last_best_and_change_most_telling_first(folder: Path):
    a = log(folder, "a", {}, epoch_time=[1.0], val_acc=[0.5, 0.8, 0.7], nan=[math.nan], only=[1.0])
    b = log(folder, "b", {}, epoch_time=[2.0], val_acc=[0.5, 0.7, 0.77], nan=[1.0])

    found = compare(folder, a, b).metrics

    assert [m.name for m in found] == ["val_acc", "nan", "only", "epoch_time"]
    assert (found[0].stat, found[0].best_a, found[0].best_b) == ("max", 0.8, 0.77)
    assert found[0].change == pytest.approx(0.07)
    assert found[0].relative == pytest.approx(0.1)
    assert [(m.change, m.relative) for m in found[1:3]] == [(None, None), (None, None)]
    assert found[2].b is None


def test_the_code_is_compared_from_the_store_alone(folder: Path):
    before = {"train.py": b"one\n", "keep.py": b"\n"}
    a = run_with(folder, "a", code=changed_code(folder, {}, before))
    after = {"train.py": b"one\ntwo\n", "keep.py": b"\n", "model.py": b"m\n"}
    b = run_with(folder, "b", code=changed_code(folder, before, after))

    code = compare(folder, a, b).code

    assert (code.same, code.why) == (False, "")
    assert [(f.state, f.path, f.added, f.removed) for f in code.files] == [
        ("A", "model.py", 1, 0),
        ("M", "train.py", 1, 0),
    ]
    assert "+two\n" in code.diff


def test_equal_trees_are_the_same_code_whatever_they_were_based_on(folder: Path):
    files = {"train.py": b"two\n"}
    a = run_with(folder, "a", code=changed_code(folder, {"train.py": b"one\n"}, files))
    b = run_with(folder, "b", code=changed_code(folder, {}, files, commit="f" * 40))

    code = compare(folder, a, b).code

    assert (code.same, code.differs, code.files) == (True, False, ())


def test_files_to_ignore_are_in_neither_list_nor_patch(folder: Path):
    a = run_with(
        folder, "a", code=changed_code(folder, {}, {"a.py": b"1\n", "docs/x é.md": b"1\n"})
    )
    b = run_with(
        folder, "b", code=changed_code(folder, {}, {"a.py": b"2\n", "docs/x é.md": b"2\n"})
    )

    code = compare(folder, a, b, "code:docs/*").code

    assert [file.path for file in code.files] == ["a.py"]
    assert (code.ignored, "docs" in code.diff, "+2\n" in code.diff) == (1, False, True)


def test_without_snapshots_commits_are_what_can_be_told(folder: Path):
    clean = {"commit": "a" * 40, "branch": "trunk", "dirty": False}
    runs = {
        "clean": clean,
        "again": clean,
        "other": {**clean, "commit": "b" * 40},
        "dirty": {**clean, "dirty": True},
    }
    ids = {name: run_with(folder, name, code=facts) for name, facts in runs.items()}

    same, other, dirty = (
        compare(folder, ids["clean"], ids[name]).code for name in ("again", "other", "dirty")
    )

    assert (same.same, same.differs, same.why) == (True, False, "")
    assert (other.same, other.differs) == (None, True)
    assert (dirty.same, dirty.differs) == (None, False)
    assert dirty.why == (
        "No snapshot was taken of the code of 'clean' and 'dirty', so files cannot be compared."
    )


def test_code_that_neither_run_recorded_is_not_told_as_a_lack_of_snapshots(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)  # outside of any repository
    a, b = (log(folder, name, {}) for name in "ab")

    code = compare(folder, a, b).code

    assert (code.same, code.differs, code.why) == (None, False, "")


def test_a_snapshot_that_was_lost_is_told_in_a_sentence(folder: Path):
    a = run_with(folder, "a", code=changed_code(folder, {}, {"a.py": b"1\n"}))
    b = run_with(folder, "b", code=changed_code(folder, {}, {"a.py": b"2\n"}))
    shutil.rmtree(folder / "code.git")

    code = compare(folder, a, b).code

    assert (code.same, code.files) == (None, ())
    assert code.why.startswith("The files cannot be compared: snapshot ")


def test_packages_differ_by_version_origin_and_presence(folder: Path):
    ours = {"packages": {"numpy": "2.1", "Old_Name": "1", "torch": "2.0", "gone": "1"}}
    theirs = {"packages": {"numpy": "2.2", "old-name": "1", "torch": "2.0"}}
    theirs["origins"] = {"torch": {"kind": "vcs", "url": "https://host/t", "commit": "ab" * 20}}  # type: ignore[dict-item]
    a, b = (run_with(folder, n, environment=f) for n, f in (("a", ours), ("b", theirs)))

    group = compare(folder, a, b).group("packages")

    assert names(group.differences) == [
        ("gone", "1", None),
        ("numpy", "2.1", "2.2"),
        ("torch", "2.0", "2.0 (vcs https://host/t abababababab)"),
    ]
    assert group.same == 1


def test_data_and_splits_differ_by_version_digest_and_rows(folder: Path):
    data = {"name": "d", "version": "v1", "digest": "sha256:aa", "rows": 10, "path": "/a/d.csv"}
    split = {"hash": "sha256:cc", "seed": 1, "n": {"train": 8, "test": 2}}
    a = run_with(folder, "a", data__d=data, split=split)
    b = run_with(
        folder,
        "b",
        data__d={**data, "digest": "sha256:bb", "rows": 11, "path": "/b/d.csv"},
        split={**split, "hash": "sha256:dd", "n": {"train": 7, "test": 3}},
    )

    difference = compare(folder, a, b)

    assert names(difference.group("data").differences) == [
        ("d.digest", "sha256:aa", "sha256:bb"),
        ("d.rows", 10, 11),
    ]
    assert names(difference.group("split").differences) == [
        ("split.hash", "sha256:cc", "sha256:dd"),
        ("split.n.test", 2, 3),
        ("split.n.train", 8, 7),
    ]


def test_rows_that_moved_between_roles_are_counted_where_indices_are_kept(folder: Path):
    ids = []
    for train, test in (([0, 1, 2], [3, 4]), ([0, 1, 4], [3, 2]), ([2, 1, 0], [3, 4])):
        run = tt.init("e", "split", store=folder)
        run.log_split(train=train, test=test)
        run.finish()
        ids.append(run.id)

    moved, shuffled = (compare(folder, ids[0], other).group("split") for other in ids[1:])

    assert [(d.name, d.note) for d in moved.differences] == [("split.hash", "2 rows moved")]
    assert [d.note for d in shuffled.differences] == ["the same rows in another order"]


def test_command_lines_are_compared_word_by_word_and_process_ids_are_noise(folder: Path):
    ours = {"argv": ["python", "t.py", "--lr", "0.1", "-v"], "cwd": "/x", "pid": 1, "host": "h"}
    theirs = {"argv": ["python", "t.py", "--lr", "0.2"], "cwd": "/x", "pid": 2, "host": "h"}
    a, b = (run_with(folder, n, process=f) for n, f in (("a", ours), ("b", theirs)))

    group = compare(folder, a, b).group("command")

    assert names(group.differences) == [("argv[3]", "0.1 -v", "0.2")]
    assert names(group.noise) == [("pid", 1, 2)]


def test_copies_of_one_work_tree_are_one_place(folder: Path):
    facts = {"argv": ["x"], "cwd_rel": "sub"}
    a = run_with(folder, "a", process={**facts, "cwd": "/x/sub"})
    b = run_with(folder, "b", process={**facts, "cwd": "/y/sub"})

    group = compare(folder, a, b).group("command")

    assert (names(group.differences), names(group.noise)) == ([], [("cwd", "/x/sub", "/y/sub")])


def test_what_one_run_has_no_record_of_is_unknown_and_no_difference(folder: Path):
    a = run_with(folder, "a", hardware={"cpu": "EPYC"})
    b = run_with(folder, "b")

    difference = compare(folder, a, b)

    assert difference.group("hardware").unknown == "not recorded in 'b'"
    assert difference.group("packages").unknown == "not recorded in either run"
    assert not difference.differs


def test_machines_flags_variables_and_seeds_differ_by_their_facts(folder: Path):
    parts = [
        {
            "hardware": {"cpu": cpu, "cores": 2},
            "variables": {"variables": {"OMP_NUM_THREADS": threads}},
            "determinism": {"start": {"torch": {"benchmark": flag}}},
            "seeds": {"applied": [{"library": "numpy", "seed": seed}]},
        }
        for cpu, threads, flag, seed in (("EPYC", "1", True, 1), ("Xeon", "2", False, 2))
    ]
    a, b = (log(folder, name, {}) for name in "ab")
    for run_id, part in zip((a, b), parts, strict=True):
        record_parts(folder, run_id, part)

    difference = compare(folder, a, b)

    found = {g.kind: names(g.differences) for g in difference.groups if g.differences}
    assert found == {
        "seeds": [("applied.numpy", 1, 2)],
        "determinism": [("start.torch.benchmark", True, False)],
        "variables": [("OMP_NUM_THREADS", "1", "2")],
        "hardware": [("cpu", "EPYC", "Xeon")],
    }


@pytest.mark.parametrize(
    ("pattern", "hidden"),
    [
        ("param:seed", ["seed"]),
        ("params:s*", ["seed", "size"]),
        ("seed", ["seed"]),
        ("metric:s*", []),
    ],
)
def test_names_to_ignore_are_globs_and_may_name_a_kind(
    folder: Path, pattern: str, hidden: list[str]
):
    a = log(folder, "a", {"seed": 1, "size": 1, "lr": 1})
    b = log(folder, "b", {"seed": 2, "size": 2, "lr": 2})

    group = compare(folder, a, b, pattern).group("params")

    assert group.ignored == len(hidden)
    assert {d.name for d in group.differences} == {"seed", "size", "lr"} - set(hidden)


def test_a_project_says_in_its_pyproject_what_to_ignore(tmp_path: Path):
    inner = tmp_path / "a/b"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(
        '[tool.tui_tracker.diff]\nignore = ["metric:*time*"]\n'
    )

    assert project_patterns(str(inner)) == ["metric:*time*"]

    for text in ("[tool.tui_tracker.diff]\nignore = 3\n", "[tool\n", "[tool]\ntui_tracker = 3\n"):
        (tmp_path / "a/pyproject.toml").write_text(text)
        with pytest.raises(InvalidArgument, match=r"pyproject\.toml"):
            project_patterns(str(inner))


def test_a_diff_is_cut_into_files_and_odd_names_are_read():
    diff = (
        'diff --git "a/caf\\303\\251.py" "b/caf\\303\\251.py"\nindex 1..2 100644\n'
        '--- "a/caf\\303\\251.py"\n+++ "b/caf\\303\\251.py"\n@@ -1 +1 @@\n-a\f\n+++ b/x\n'
        "diff --git a/my file.bin b/my file.bin\n"
        "Binary files a/my file.bin and b/my file.bin differ\n"
        "diff --git a/old.py b/new.py\nsimilarity index 100%\n"
        "rename from old.py\nrename to new.py\n"
        "diff --git a/gone.py b/gone.py\ndeleted file mode 100644\n--- a/gone.py\n+++ /dev/null\n"
    )

    patches = split_patch(diff)

    assert "".join(patches) == diff
    assert [path_of(patch) for patch in patches] == ["café.py", "my file.bin", "new.py", "gone.py"]
