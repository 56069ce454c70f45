"""What of a run's lineage can be had now: every mark, from records as collectors leave them."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lineage_runs import changed_code, record_parts, run_with

import tui_tracker as tt
from tui_tracker import queries
from tui_tracker.drain import recover
from tui_tracker.lineage import LineageNode, LineageTree, trace_lineage
from tui_tracker.store import Store

NOWHERE = "/nowhere/project"


def trace(folder: Path, run_id: str, *, deep: bool = False) -> LineageTree:
    with Store.open(folder) as store:
        recover(store)
        return trace_lineage(store, queries.find_run(store, run_id), deep=deep)


def node_at(tree: LineageTree, *titles: str) -> LineageNode:
    nodes, found = tree.groups, None
    for title in titles:
        found = next((node for node in nodes if node.title == title), None)
        assert found is not None, f"no {title!r} among {[node.title for node in nodes]}"
        nodes = found.children
    assert found is not None
    return found


def told(node: LineageNode) -> tuple[str, str, str]:
    return node.mark, node.detail, node.why


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def git(folder: Path, *arguments: str) -> str:
    names = {
        f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **names},
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().strip()


@pytest.fixture
def repository(tmp_path: Path) -> tuple[Path, str]:
    """A repository with one commit, and that commit."""
    top = tmp_path / "project"
    top.mkdir()
    git(top, "init", "-q", "-b", "trunk")
    (top / "train.py").write_text("print(1)\n")
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", "one")
    return top, git(top, "rev-parse", "HEAD")


def test_a_run_without_facts_says_what_was_not_recorded(folder: Path):
    tree = trace(folder, run_with(folder))

    assert {node.title: node.mark for node in tree.groups} == {
        "code": "not recorded",
        "command": "recorded",
        "data": "not recorded",
        "environment": "not recorded",
        "hardware": "not recorded",
        "seeds": "not recorded",
        "determinism": "not recorded",
        "collectors": "recorded",
    }
    assert tree.lost == 0


@pytest.mark.parametrize(
    ("status", "reason", "why"),
    [
        ("failed", "GitFailed: took longer than 15 s", "GitFailed: took longer than 15 s"),
        ("skipped", "not in a git work tree", "not in a git work tree"),
        ("pending", "", "the helper process ended before it was recorded"),
    ],
)
def test_a_collector_that_did_not_answer_is_named_with_its_reason(
    folder: Path, status: str, reason: str, why: str
):
    run_id = run_with(folder, environment=(status, reason))

    node = node_at(trace(folder, run_id), "environment", "packages")

    assert told(node) == ("not recorded", "", why)


def test_a_commit_is_verified_while_a_branch_leads_to_it(folder: Path, repository):
    top, commit = repository
    run_id = run_with(folder, code={"top": str(top), "commit": commit, "pushed": False})

    node = node_at(trace(folder, run_id), "code", "commit")

    assert told(node) == ("verified", commit[:12], "in the repository, not pushed")
    assert node.value == commit


def test_a_commit_on_a_remote_branch_is_told_as_pushed(folder: Path, repository):
    top, commit = repository
    git(top, "update-ref", "refs/remotes/origin/trunk", commit)

    tree = trace(folder, run_with(folder, code={"top": str(top), "commit": commit}))

    assert node_at(tree, "code", "commit").why == "in the repository and on a remote"


def test_a_commit_that_was_rebased_away_is_a_doubt_and_a_pruned_one_is_missing(
    folder: Path, repository
):
    top, commit = repository
    run_id = run_with(folder, code={"top": str(top), "commit": commit})
    git(top, "commit", "-q", "--amend", "-m", "two")
    rebased = node_at(trace(folder, run_id), "code", "commit")
    git(top, "reflog", "expire", "--expire=now", "--all")
    git(top, "gc", "-q", "--prune=now")

    tree = trace(folder, run_id)

    assert (rebased.mark, rebased.doubt) == ("verified", True)
    assert told(node_at(tree, "code", "commit")) == (
        "missing",
        commit[:12],
        "the repository lost it",
    )
    assert tree.lost == 1


def test_what_is_no_commit_id_never_reaches_git(folder: Path, repository, tmp_path: Path):
    run_id = run_with(folder, code={"top": str(repository[0]), "commit": f"--output={tmp_path}/x"})

    node = node_at(trace(folder, run_id), "code", "commit")

    assert (node.mark, node.why) == ("recorded", "what was recorded is no commit id")
    assert not (tmp_path / "x").exists()


def test_a_snapshot_in_the_store_is_verified_and_its_changes_with_it(folder: Path):
    files = {"train.py": b"two\n", "new/helper.py": b"x\n"}
    facts = changed_code(folder, {"train.py": b"one\n", "old.py": b"\n"}, files)
    run_id = run_with(folder, code=facts)

    tree = trace(folder, run_id, deep=True)

    code = node_at(tree, "code")
    assert told(code)[:2] == ("verified", "trunk @ 1a2b3c4, +41/-3 in 3 files, kept whole")
    assert node_at(tree, "code", "snapshot").why == (
        "2 files, 6 B, in the store and every hash is right"
    )
    assert [told(node) for node in node_at(tree, "code", "changes").children] == [
        ("verified", "changed", "in the snapshot"),
        ("verified", "deleted", "in the snapshot"),
        ("verified", "added", "in the snapshot"),
    ]
    assert node_at(tree, "code", "commit").mark == "recorded"
    assert tree.lost == 0


def test_a_snapshot_that_is_gone_is_missing(folder: Path):
    run_id = run_with(folder, code=changed_code(folder, {}, {"train.py": b"one\n"}))
    shutil.rmtree(folder / "code.git")

    tree = trace(folder, run_id)

    assert node_at(tree, "code", "snapshot").mark == "missing"
    assert node_at(tree, "code").mark == "missing"
    assert tree.lost == 1


def test_files_left_out_of_a_snapshot_are_looked_for_on_disk(folder: Path, repository):
    top, _ = repository
    (top / "big.bin").write_bytes(b"abc")
    facts = changed_code(folder, {}, {"train.py": b"one\n"}, top=str(top))
    skipped = [
        {"path": "big.bin", "size": 3, "sha256": sha256(b"abc"), "why": "larger than 5 MB"},
        {"path": "gone.bin", "size": 3, "sha256": sha256(b"abd"), "why": "larger than 5 MB"},
        {"path": "pipe", "why": "not a file"},
    ]
    facts["snapshot"] = {**facts["snapshot"], "complete": False, "skipped": skipped}  # type: ignore[dict-item]

    tree = trace(folder, run_with(folder, code=facts))

    snapshot = node_at(tree, "code", "snapshot")
    assert [(node.title, node.mark) for node in snapshot.children] == [
        ("big.bin", "verified"),
        ("gone.bin", "missing"),
        ("pipe", "not recorded"),
    ]
    assert snapshot.doubt
    assert "kept but for 3 files" in node_at(tree, "code").detail


def test_the_entry_file_is_compared_with_the_snapshot(folder: Path):
    files = {"train.py": b"two\n", "main.py": b"edited\n"}
    facts = changed_code(folder, {"train.py": b"one\n"}, files)
    same = {"path": "train.py", "sha256": sha256(b"two\n"), "kind": "script"}
    other = {"path": "main.py", "sha256": sha256(b"as it ran\n"), "kind": "script"}

    nodes = [
        node_at(trace(folder, run_with(folder, name, code={**facts, "entry": entry})), *place)
        for name, entry in (("same", same), ("other", other))
        for place in (("code", "entry file"),)
    ]

    assert [node.mark for node in nodes] == ["verified", "changed"]


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"vcs": "none"}, "it ran outside of version control: git init here names its versions"),
        ({"vcs": "unreadable", "advice": "git x"}, "git refused to read it: git x"),
    ],
)
def test_code_without_version_control_says_what_would_help(folder: Path, facts, why: str):
    files = changed_code(folder, {}, {"a.py": b"1\n"})
    del files["commit"]

    tree = trace(folder, run_with(folder, code={**files, **facts}))

    assert told(node_at(tree, "code", "repository"))[::2] == ("not recorded", why)
    assert node_at(tree, "code", "snapshot").mark == "verified"


def test_a_lock_file_whose_text_is_kept_is_verified_and_another_is_looked_for(
    folder: Path, tmp_path: Path
):
    (tmp_path / "uv.lock").write_bytes(b"new")
    locks = [{"path": "uv.lock", "sha256": "a" * 64}, {"path": "pylock.toml", "sha256": "b" * 64}]
    environment = {"packages": {"a": "1"}, "locks": locks}
    parts = {"environment": environment, "lock": {"files": [{**locks[1], "text": "x"}]}}

    tree = trace(folder, run_with(folder, code={"top": str(tmp_path)}, **parts))

    nodes = [n for n in node_at(tree, "environment").children if n.title == "lock file"]
    assert [(node.mark, node.informs) for node in nodes] == [("changed", True), ("verified", False)]


def test_what_a_run_used_is_told_beside_the_machine(folder: Path):
    facts = {"cpu_s": 90.0, "peak_rss_bytes": 2_000_000_000, "wall_s": 100.0}

    node = node_at(trace(folder, run_with(folder, resources=facts)), "hardware", "used")

    assert node.detail == "1m 30s of processor, 2.0 GB of memory at most"


def test_secrets_are_told_by_place_and_kind(folder: Path):
    facts = {"commit": "ab" * 20, "secrets": [{"path": "conf.py", "line": 12, "kind": "AWS key"}]}

    node = node_at(trace(folder, run_with(folder, code=facts)), "code", "secret")

    assert (node.detail, node.doubt) == ("conf.py:12", True)
    assert node.why.startswith("AWS key")


def test_a_dataset_that_is_gone_but_in_the_kept_code_is_verified(folder: Path, tmp_path: Path):
    data = b"a,b\n"
    facts = {"name": "train", "kind": "file", "digest": f"sha256:{sha256(data)}", "bytes": 4}
    facts["path"] = str(tmp_path / "data" / "train.csv")
    code = changed_code(folder, {}, {"data/train.csv": data}, top=str(tmp_path))

    node = node_at(trace(folder, run_with(folder, data__train=facts, code=code)), "data", "train")

    assert node.mark == "verified"
    assert node.why == "it is not there any more; the snapshot of the code holds it"


def test_a_dataset_is_verified_changed_or_missing_by_its_file(folder: Path, tmp_path: Path):
    path = tmp_path / "train.csv"
    path.write_bytes(b"a,b\n")
    facts = {"name": "train", "version": "v1", "role": "train", "kind": "file"}
    facts |= {"digest": f"sha256:{sha256(path.read_bytes())}", "bytes": 4, "path": str(path)}
    run_id = run_with(folder, data__train=facts)

    found = [told(node_at(trace(folder, run_id), "data", "train"))[::2]]
    path.write_bytes(b"a,c\n")
    found.append(told(node_at(trace(folder, run_id), "data", "train"))[::2])
    path.write_bytes(b"a,b,c\n")
    found.append(told(node_at(trace(folder, run_id), "data", "train"))[::2])
    path.unlink()
    found.append(told(node_at(trace(folder, run_id), "data", "train"))[::2])

    digest = str(facts["digest"])[:19]
    assert found == [
        ("verified", "its hash is right"),
        ("changed", f"{digest}, now sha256:{sha256(b'a,c' + bytes([10]))[:12]}"),
        ("changed", "4 B, now 6 B"),
        ("missing", "it is not there any more"),
    ]


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"kind": "pandas", "path": "x.csv"}, "it was in memory (pandas)"),
        ({"kind": "file", "path": "s3://bucket/x"}, "no network is asked"),
        ({"kind": "file"}, "no path was recorded"),
        ({"kind": "file", "path": "/bin/sh", "digest": "crc:ab"}, "no digest of its bytes"),
    ],
)
def test_data_that_cannot_be_compared_is_recorded_and_says_why(folder: Path, facts, why: str):
    part = {"name": "d", "digest": f"sha256:{'0' * 64}", **facts}

    node = node_at(trace(folder, run_with(folder, data__d=part)), "data", "d")

    assert node.mark == "recorded"
    assert why in node.why


def test_a_folder_is_compared_file_by_file_with_the_list_that_was_kept(
    folder: Path, tmp_path: Path
):
    top = tmp_path / "images"
    (top / "a").mkdir(parents=True)
    for name in ("a/one.png", "a/odd\nname", "two.png", "gone.png"):
        (top / name).write_bytes(name.encode())
    run = tt.init("e", "folder", store=folder)
    run.log_data("images", path=top)
    run.finish()
    before = node_at(trace(folder, run.id), "data", "images")
    (top / "a/one.png").write_bytes(b"a/ONE.png")
    (top / "gone.png").unlink()
    (top / "new.png").write_bytes(b"")

    after = node_at(trace(folder, run.id, deep=True), "data", "images")

    assert (before.mark, before.why) == ("verified", "the hashes of 4 files are right")
    assert (after.mark, after.why) == ("missing", "2 changed and 1 missing of 4 files")
    files = next(child for child in after.children if child.title == "files")
    assert [(node.title, node.mark) for node in files.children] == [
        ("a/one.png", "changed"),
        ("gone.png", "missing"),
        ("new.png", "changed"),
    ]


def test_a_large_file_is_read_by_a_deep_check_alone_and_known_from_then_on(
    folder: Path, tmp_path: Path
):
    path = tmp_path / "large.npy"
    path.write_bytes(b"x" * (5 << 20))
    os.utime(path, (1, 1))
    facts = {"kind": "file", "path": str(path), "bytes": 5 << 20}
    facts["digest"] = f"sha256:{sha256(path.read_bytes())}"
    run_id = run_with(folder, data__large=facts)
    told_of = []

    def mark(deep: bool) -> str:
        with Store.open(folder) as store:
            tree = trace_lineage(
                store,
                queries.find_run(store, run_id),
                deep=deep,
                progress=lambda *what: told_of.append(what),
            )
        return node_at(tree, "data", "large").mark

    first, deep = mark(deep=False), mark(deep=True)
    # Too young to be kept in the cache: a change within a tick could not be seen.
    assert (first, deep) == ("recorded", "verified")
    assert told_of[-1] == (str(path), 5 << 20, 5 << 20)


@pytest.mark.parametrize("size", [0, 100])
def test_a_sampled_digest_is_compared_by_its_sample(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
):
    monkeypatch.setenv("TUI_TRACKER_FULL_HASH_LIMIT", "1")
    path = tmp_path / "big.bin"
    path.write_bytes(b"abc" + b"x" * size)
    run = tt.init("e", "sampled", store=folder)
    run.log_data("big", path=path)
    run.finish()
    monkeypatch.delenv("TUI_TRACKER_FULL_HASH_LIMIT")

    quick, deep = (trace(folder, run.id, deep=deep) for deep in (False, True))
    path.write_bytes(b"abd" + b"x" * size)
    changed = trace(folder, run.id, deep=True)

    nodes = [node_at(tree, "data", "big") for tree in (quick, deep, changed)]
    assert [node.mark for node in nodes] == ["recorded", "verified", "changed"]
    assert ("digest", True) in [(child.title, child.doubt) for child in nodes[0].children]


def test_the_indices_of_a_split_are_read_and_hashed(folder: Path):
    run = tt.init("e", "split", store=folder)
    run.log_split(train=[0, 1, 2], test=[3, 4])
    run.finish()
    right = node_at(trace(folder, run.id), "splits", "split")
    with Store.open(folder) as store:
        (artifact,) = queries.get_run(store, queries.find_run(store, run.id)).artifacts
    assert artifact.sha256
    (folder / "artifacts" / artifact.sha256[:2] / artifact.sha256).unlink()

    gone = node_at(trace(folder, run.id), "splits", "split")

    assert (right.mark, right.why) == ("verified", "its indices are kept, and give this hash")
    assert gone.mark == "missing"


def test_leaks_of_a_split_are_worth_a_look(folder: Path):
    facts = {"hash": f"sha256:{'a' * 64}", "n": {"train": 120, "test": 30}, "strategy": "random"}
    facts |= {"overlap": {"train/test": 12}, "group_leak": {}, "seed": 7}

    tree = trace(folder, run_with(folder, split=facts))

    split = node_at(tree, "splits", "split")
    assert split.mark == "recorded"
    assert [(n.title, n.detail, n.doubt) for n in split.children] == [
        ("roles", "train 120, test 30", False),
        ("made by", "random", False),
        ("overlap", "train/test: 12", True),
        ("group leak", "0", False),
    ]


def test_packages_that_differ_here_are_told_and_are_no_loss(folder: Path):
    pytest_now = metadata.version("pytest")
    packages = {"pytest": pytest_now, "Hypothesis": "0.1", "no-such-package": "1.0"}
    facts = {"python": {"version": platform.python_version(), "kind": "venv"}, "packages": packages}
    origins = {"pytest": {"kind": "vcs", "url": "https://host/x", "commit": "ab" * 20}}

    tree = trace(folder, run_with(folder, environment={**facts, "origins": origins}))

    nodes = node_at(tree, "environment", "packages").children
    assert [(n.title, n.mark, n.informs) for n in nodes] == [
        ("Hypothesis", "changed", True),
        ("no-such-package", "changed", True),
        ("pytest", "verified", False),
    ]
    assert nodes[2].detail == f"{pytest_now}, vcs https://host/x {('ab' * 20)[:12]}"
    assert node_at(tree, "environment", "python").mark == "verified"
    assert tree.lost == 0
    assert (tree.counts["changed"], tree.informing) == (0, 2)
    assert node_at(tree, "environment").informs


def test_a_seed_that_reached_no_generator_is_worth_a_look(folder: Path):
    applied = [{"library": "random", "seed": 7, "via": "seed_everything", "after_ms": 12}]
    facts = {"params": {"seed": 7, "model.seed": 8}, "applied": applied}

    tree = trace(folder, run_with(folder, "seeded", {"seed": 7, "model": {"seed": 8}}, seeds=facts))

    other, seed, generator = node_at(tree, "seeds").children
    assert (seed.why, seed.doubt) == ("applied to random", False)
    assert (other.why, other.doubt) == ("no generator was seen to receive it", True)
    assert (generator.title, generator.why) == ("random", "by seed_everything after 12 ms")


def test_a_flag_that_changed_while_it_ran_is_worth_a_look(folder: Path):
    facts = {"start": {"torch": {"benchmark": False}}, "end": {"torch": {"benchmark": True}}}

    node = node_at(
        trace(folder, run_with(folder, determinism=facts)), "determinism", "torch.benchmark"
    )

    assert (node.detail, node.why, node.doubt) == ("False", "True at the end", True)


def test_undeclared_reads_are_not_recorded(folder: Path):
    folders = {"data/extra": {"files": 3, "bytes": 5000, "names": ["a.csv"]}}

    tree = trace(folder, run_with(folder, reads={"folders": folders, "more": 2}))

    assert node_at(tree, "reads").detail == "5 files read and never declared"
    assert told(node_at(tree, "reads", "data/extra")) == (
        "not recorded",
        "3 files, 5.0 kB",
        "read and never declared: a.csv",
    )


def test_artifacts_are_checked_in_the_store(folder: Path, tmp_path: Path):
    for name in ("kept.pt", "spoilt.pt", "lost.pt"):
        (tmp_path / name).write_bytes(name.encode())
    run = tt.init("e", "maker", store=folder)
    for name in ("kept.pt", "spoilt.pt", "lost.pt"):
        run.log_artifact(tmp_path / name)
    run.log_artifact(tmp_path / "kept.pt", name="named.pt", copy=False)
    run.finish()
    for name, data in (("spoilt.pt", b"SPOILT.pt"), ("lost.pt", None)):
        digest = sha256(name.encode())
        stored = folder / "artifacts" / digest[:2] / digest
        stored.unlink()
        if data is not None:
            stored.write_bytes(data)

    tree = trace(folder, run.id)

    marks = {node.title: node.mark for node in node_at(tree, "artifacts").children}
    assert marks["kept.pt"] == "verified"
    assert marks["spoilt.pt"] == "changed"
    assert marks["lost.pt"] == "missing"
    assert tree.lost == 2


def test_runs_that_have_to_do_with_each_other_are_found(folder: Path):
    parent = tt.init("e", "parent", store=folder)
    parent.finish()
    child = tt.init("e", "child", store=folder, parent=parent.id)
    child.finish()
    again = tt.init("e", "again", store=folder)
    again.finish()
    record_parts(
        folder, again.id, {"origin": {"derived_from": parent.id, "relation": "reproduction"}}
    )
    lost = run_with(folder, "lost", origin={"derived_from": "ab" * 16, "relation": "bundle"})

    runs = [trace(folder, run_id) for run_id in (parent.id, child.id, again.id, lost)]

    assert [
        [(n.title, n.detail, n.mark) for n in node_at(tree, "runs").children] for tree in runs
    ] == [
        [("child", "child", "verified"), ("reproduction of it", "again", "verified")],
        [("parent", "parent", "verified")],
        [("derived from", "parent", "verified")],
        [("derived from", "ab" * 16, "missing")],
    ]


def test_cells_of_a_notebook_are_listed_as_they_were_executed(folder: Path):
    cells = [{"n": 5, "source": "import x\nx()"}, {"n": 2, "source": "train()"}]

    facts = {"path": "a.ipynb", "cells": cells, "out_of_order": True, "edited": [2]}
    tree = trace(folder, run_with(folder, notebook=facts))

    notebook = node_at(tree, "notebook")
    assert notebook.detail == "a.ipynb, 2 cells executed"
    assert [(n.title, n.detail, n.doubt) for n in notebook.children] == [
        ("cell 5", "import x", False),
        ("cell 2", "train()", False),
        ("order", "out of order", True),
        ("edited", "cell 2", True),
    ]


def test_collectors_say_how_they_fared_and_how_long_they_took(folder: Path):
    run_id = run_with(folder, hardware={"cpu": "EPYC"}, environment=("failed", "no metadata"))

    collectors = node_at(trace(folder, run_id), "collectors")

    nodes = {node.title: told(node) for node in collectors.children}
    assert nodes["hardware"] == ("recorded", "ok", "took 12ms")
    assert nodes["environment"] == ("not recorded", "failed", "no metadata; took 12ms")


def test_a_secret_in_any_fact_is_hidden_in_the_tree(folder: Path):
    token = "ghp_" + "a1B2" * 9
    process = {"argv": ["python", "train.py", token], "cwd": f"/home/x {token}"}
    reads = {"folders": {token: {"files": 1, "names": [token]}}}

    tree = trace(folder, run_with(folder, process=process, reads=reads))

    texts = [f"{n.title}{n.detail}{n.why}{n.value}" for _, n in tree.walk()]
    assert not [text for text in texts if token in text]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=12,
)
_KEYS = st.sampled_from(
    "snapshot commit top files submodules secrets entry skipped left_out complete modules "
    "changed argv redacted scheduler digest kind path bytes columns manifest pointer n hash "
    "indices overlap packages origins python system lock variables gpus blas params applied "
    "states start end folders more names cells derived_from size sha256 diffstat".split()
)
_FACTS = st.dictionaries(
    _KEYS,
    _JSON | st.dictionaries(_KEYS, _JSON, max_size=4) | st.lists(_JSON, max_size=4),
    max_size=8,
)
_PARTS = st.dictionaries(
    st.sampled_from(
        "code process variables modules environment hardware data:x data split:y reads seeds "
        "determinism resources notebook origin".split()
    ),
    _FACTS,
    max_size=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(parts=_PARTS)
def test_facts_of_any_shape_are_passed_over(tmp_path_factory: pytest.TempPathFactory, parts):
    folder = tmp_path_factory.mktemp("odd") / "store"
    run = tt.init("e", "odd", store=folder)
    run.finish()
    record_parts(folder, run.id, parts)

    tree = trace(folder, run.id, deep=True)

    assert tree.groups
