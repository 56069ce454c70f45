"""The drill's recipes on real repositories and files: what they find, and when they refuse."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lineage_runs import keep_snapshot, record_parts
from repositories import commit_all, git, make_repository

import tui_tracker as tt
from tui_tracker.drain import recover
from tui_tracker.drill.arguments import read_defaults, read_flags
from tui_tracker.drill.data import rehash
from tui_tracker.drill.drill import drill_runs
from tui_tracker.drill.locks import is_lock, read_lock
from tui_tracker.drill.params import read_config_text
from tui_tracker.drill.repository import Repository, open_repository
from tui_tracker.queries import find_run

SCRIPT = b"import argparse\nprint(1)\n"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository whose second commit holds the script that runs."""
    top = make_repository(tmp_path / "project")
    (top / "train.py").write_bytes(SCRIPT)
    commit_all(top, "ML-7 train for real")
    return top


@pytest.fixture
def drilled(store, folder, project, monkeypatch):
    """Log a run with parts and drill it: proposals by field, and what is gone by rule."""
    monkeypatch.chdir(project)

    def log(params=None, parts=None, *, name="sweep_1", experiment="digits", metrics=None,
            inside=None, printed=()):  # fmt: skip
        run = tt.init(experiment, name, params, store=folder)
        for label, value in (metrics or {}).items():
            run.log({label: value}, step=0)
        if inside is not None:
            inside(run)
        run.finish()
        recover(store)
        whole = {"process": {"cwd": str(project), "argv": ["python", "train.py"],
                             "script": "train.py"}, "code": {"vcs": "git"},
                 **(parts or {})}  # fmt: skip
        record_parts(folder, run.id, whole)
        if printed:
            say(folder, run.id, printed)
        recover(store)
        (found,) = drill_runs(store, [find_run(store, run.id)])
        gone = {gap.finding.rule: gap.refused for gap in found.gaps}
        return {item.field: item for item in found.proposals}, gone

    return log


def say(folder, run_id, lines):
    """Let a run have printed some lines."""
    from tui_tracker import folder as folders
    from tui_tracker import journal
    from tui_tracker.journal_writer import JournalWriter

    path = os.path.join(folders.journals(str(folder)), f"{run_id}.out{journal.SUFFIX}")
    writer = JournalWriter(path, {"run": run_id, "writer": "capture"})
    for line in lines:
        writer.append(journal.CONSOLE, {"t": 1, "stream": "out", "text": line})
    writer.append(journal.FINISH, {"t": 1, "status": "finished"})
    writer.close()


def modules(**files: bytes) -> dict[str, object]:
    """Facts of the modules of a script and what it imported."""
    told = {"train.py": SCRIPT, **files}
    listed = [{"name": path[:-3], "path": path, "sha256": sha(data)} for path, data in told.items()]
    entry = {"kind": "script", "path": "train.py", "sha256": sha(told["train.py"])}
    return {"modules": listed, "entry": entry, "changed": []}


# -- code


def test_the_reflog_and_the_scripts_bytes_together_are_certain(drilled, project):
    commit = git(project, "rev-parse", "HEAD")

    found, _ = drilled(parts={"modules": modules()})

    item = found["code.commit"]
    assert (item.new, item.confidence) == (commit, "certain")
    assert "by the reflog" in item.evidence


def test_what_a_skipped_part_says_of_the_commit_counts(store, folder, project, monkeypatch):
    monkeypatch.chdir(project)
    with tt.init("digits", "bare", store=folder):
        pass  # with the capture off HEAD is noted, and nothing asks git
    recover(store)

    (found,) = drill_runs(store, [find_run(store, "bare")])

    (item,) = [item for item in found.proposals if item.field == "code.commit"]
    assert (item.new, item.confidence) == (git(project, "rev-parse", "HEAD"), "certain")
    assert item.old is None


def test_a_commit_that_came_after_the_run_is_not_taken(drilled, project, store):
    commit = git(project, "rev-parse", "HEAD")
    found, _ = drilled(parts={"modules": modules()})
    time.sleep(1.1)
    (project / "train.py").write_text("print('later')\n")
    commit_all(project)

    (again,) = drill_runs(store, [find_run(store, "sweep_1")])

    assert found["code.commit"].new == commit
    assert again.corrected["code.commit"] == commit


def test_a_script_that_was_edited_and_not_committed_is_said_to_be(drilled, project):
    commit = git(project, "rev-parse", "HEAD")

    found, _ = drilled(parts={"modules": modules(**{"train.py": b"edited\n"})})

    assert (found["code.commit"].new, found["code.commit"].confidence) == (commit, "likely")
    assert (found["code.dirty"].new, found["code.dirty"].confidence) == (True, "likely")


def test_without_a_reflog_the_history_is_searched_for_the_scripts_bytes(drilled, project):
    commit = git(project, "rev-parse", "HEAD")
    shutil.rmtree(project / ".git/logs")

    found, _ = drilled(parts={"modules": modules()})

    item = found["code.commit"]
    assert (item.new, item.confidence) == (commit, "likely")
    assert "--find-object=" in item.evidence


def test_of_several_commits_with_the_script_the_newest_is_a_guess(drilled, project):
    (project / "other.txt").write_text("x")
    newest = commit_all(project)
    shutil.rmtree(project / ".git/logs")

    found, _ = drilled(parts={"modules": modules()})

    assert (found["code.commit"].new, found["code.commit"].confidence) == (newest, "guess")


def test_imported_modules_choose_among_commits(drilled, project):
    right = git(project, "rev-parse", "HEAD")
    before = (project / "src/model.py").read_bytes()
    (project / "src/model.py").write_text("x = 3\n")
    commit_all(project)
    shutil.rmtree(project / ".git/logs")

    found, _ = drilled(parts={"modules": modules(**{"src/model.py": before})})

    assert (found["code.commit"].new, found["code.commit"].confidence) == (right, "likely")


def test_a_script_that_no_commit_holds_is_refused(drilled, project):
    shutil.rmtree(project / ".git/logs")

    found, gone = drilled(parts={"modules": modules(**{"train.py": b"never\n"})})

    assert "code.commit" not in found
    assert "none of the 2 commits before the start holds" in gone["code.commit-missing"][0]


def test_without_a_repository_nothing_is_proposed(drilled, project):
    shutil.rmtree(project / ".git")

    found, gone = drilled(parts={"modules": modules()})

    assert "code.commit" not in found
    assert gone["code.commit-missing"][0].startswith("no repository is found")


def test_the_entry_is_read_from_the_command_line(drilled, project):
    process = {"cwd": str(project), "argv": ["python", "-u", "src/train.py", "--lr", "1"]}

    found, _ = drilled(parts={"process": process})

    item = found["code.entry.path"]
    assert (item.new, item.confidence) == ("src/train.py", "certain")


def test_questions_to_an_odd_repository_are_answered_with_nothing(tmp_path):
    (tmp_path / ".git").write_text("nonsense")
    odd = open_repository(str(tmp_path))

    assert odd is not None
    assert odd.reflog == []
    assert odd.commits_before(datetime.now(UTC)) == []
    assert odd.find("HEAD") is None
    assert open_repository("") is None


def test_head_is_where_the_reflog_has_it(project):
    repository = Repository(str(project))
    now = datetime.now(UTC) + timedelta(seconds=2)

    assert repository.head_at(now).commit == git(project, "rev-parse", "HEAD")
    assert repository.head_at(now - timedelta(days=9)) is None
    blob = git(project, "rev-parse", "HEAD:train.py")
    assert [c.id for c in repository.introduced(blob)] == [git(project, "rev-parse", "HEAD")]


# -- environment

UV = '[[package]]\nname = "numpy"\nversion = "2.1.3"\nsource = { registry = "x" }\n'


def test_packages_come_from_the_lock_of_the_commit(drilled, project):
    (project / "uv.lock").write_text(UV)
    commit_all(project)
    (project / "uv.lock").unlink()  # what lies there now is no evidence

    found, _ = drilled(parts={"modules": modules()})

    item = found["environment.packages"]
    assert (item.new, item.confidence) == ({"numpy": "2.1.3"}, "likely")
    assert "`uv.lock` of commit" in item.evidence


def test_a_lock_that_was_recorded_wins_and_one_that_disagrees_is_a_guess(drilled):
    told = {**modules(), "distributions": {"NumPy": "2.0.0"}}
    lock = {"files": [{"path": "uv.lock", "text": UV}]}

    found, _ = drilled(parts={"modules": told, "lock": lock})

    item = found["environment.packages"]
    assert (item.new, item.confidence) == ({"numpy": "2.0.0"}, "guess")
    assert "numpy 2.0.0 was imported where it says 2.1.3" in item.evidence


def test_packages_of_the_environment_count_where_they_are_older_than_the_run(drilled, project):
    place = project.parent / "env/lib/python3.11/site-packages"
    for name, age in (("numpy-2.1.3", -3600), ("late_one-1.0", 3600)):
        (place / f"{name}.dist-info").mkdir(parents=True)
        path = place / f"{name}.dist-info/RECORD"
        path.write_text("")
        os.utime(path, (time.time() + age,) * 2)
    process = {"cwd": str(project), "executable": str(project.parent / "env/bin/python3.11")}

    found, _ = drilled(parts={"process": process})

    item = found["environment.packages"]
    assert (item.new, item.confidence) == ({"numpy": "2.1.3"}, "guess")
    assert "1 were installed later" in item.evidence
    assert found["environment.python.version"].new == "3.11"


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("uv.lock", UV + '[[package]]\nname="me"\nversion="1"\nsource={editable="."}\n',
         {"numpy": "2.1.3"}),
        ("poetry.lock", '[[package]]\nname = "torch"\nversion = "2.9"\n', {"torch": "2.9"}),
        ("pylock.toml", '[[packages]]\nname = "six"\nversion = "1.16"\n', {"six": "1.16"}),
        ("Pipfile.lock", '{"default": {"six": {"version": "==1.16"}}}', {"six": "1.16"}),
        ("requirements.txt", "# x\nsix==1.16 ; python_version > '3'\nnumpy>=2\na[b]==1\n",
         {"six": "1.16", "a": "1"}),
        ("uv.lock", "not [ toml", {}),
        ("Pipfile.lock", "[1, 2]", {}),
        ("uv.lock", 'package = "odd"', {}),
    ],
)  # fmt: skip
def test_locks_of_all_kinds_are_read(name, text, wanted):
    assert is_lock(name)
    assert read_lock(name, text) == wanted


# -- data


def test_a_file_that_is_older_than_the_run_is_hashed(drilled, project):
    (project / "d.csv").write_bytes(b"1,2\n")
    time.sleep(0.05)

    found, _ = drilled(parts={"data:d": {"name": "d", "path": "d.csv", "bytes": 4}})

    item = found["data:d.digest"]
    assert (item.new, item.confidence) == (f"sha256:{sha(b'1,2' + bytes([10]))}", "likely")


def test_a_path_that_no_system_takes_is_a_file_that_is_not_there(drilled, store):
    def spoil(_):
        with store.write() as connection:
            connection.execute(
                "INSERT INTO artifact (run, path, at_ms, kind, size) VALUES (1, ?, 0, 'x', 1)",
                ("a\0b",),
            )

    found, gone = drilled(parts={"process": {"cwd": "/no\0where"}}, inside=spoil)

    assert "artifacts.a\0b" not in found
    assert any("No such file" in why for why in gone["artifacts.unhashed"])


def test_a_file_that_was_touched_after_the_start_is_refused(drilled, project):
    def later(_):
        (project / "d.csv").write_bytes(b"1,3\n")
        os.utime(project / "d.csv", (1, 1))  # a time that was set back hides nothing

    found, gone = drilled(parts={"data:d": {"name": "d", "path": "d.csv"}}, inside=later)

    assert "data:d.digest" not in found
    assert "after the start" in gone["data.version-missing"][0]


@pytest.mark.parametrize(
    ("make", "size", "why"),
    [
        (lambda _: None, None, "cannot be read"),
        (lambda top: (top / "d").write_bytes(b"123"), 9, "has 3 bytes, and the run read 9"),
        (lambda top: (top / "d").mkdir(), None, "holds no file"),
    ],
)
def test_what_may_be_another_content_is_refused_with_the_reason(tmp_path, make, size, why):
    make(tmp_path)

    told = rehash(str(tmp_path / "d"), "d", datetime.now(UTC) + timedelta(hours=1), size)

    assert told.digest == ""
    assert why in told.refused


def test_an_address_is_not_asked_for():
    told = rehash("s3://bucket/key", "s3://bucket/key", datetime.now(UTC), None)

    assert "no network is asked" in told.refused


def test_data_are_named_by_what_was_read(drilled, project):
    (project / "d.csv").write_bytes(b"1,2\n")
    time.sleep(0.05)
    reads = {"folders": {str(project): {"files": 1, "names": ["d.csv"]}}, "more": 0}

    found, _ = drilled(parts={"reads": reads})

    assert found["data:d.path"].new == str(project / "d.csv")
    assert found["data:d.digest"].new.startswith("sha256:")


def test_a_moving_version_is_pinned_by_its_digest(drilled):
    digest = "sha256:" + "ab" * 32
    facts = {"name": "d", "version": "latest", "digest": digest, "full": True}

    found, _ = drilled(parts={"data:d": facts})

    item = found["data:d.version"]
    assert (item.old, item.new, item.confidence) == ("latest", "sha256:abababababab", "certain")


def test_a_split_is_found_in_the_script_and_made_again_from_its_recipe(drilled, project):
    script = b"from x import KFold\ncv = KFold(n_splits=5)\n"
    (project / "train.py").write_bytes(script)
    commit_all(project)

    found, _ = drilled(parts={"modules": modules(**{"train.py": script})})

    assert found["params.split_strategy"].new == "k-fold"
    assert "train.py:2 of commit" in found["params.split_strategy"].evidence


@pytest.mark.parametrize(("n", "wanted"), [({"train": 8, "test": 2}, True), ({"train": 7}, False)])
def test_a_recipe_that_gives_other_counts_is_refused(drilled, n, wanted):
    recipe = {"splitter": "tui_tracker.split", "n": n,
              "arguments": {"n": 10, "test": 0.2, "val": 0.0}}  # fmt: skip

    found, gone = drilled({"seed": 5}, {"split:d": {"name": "d", **recipe}})

    assert ("split:d.hash" in found) is wanted
    if wanted:
        assert found["split:d.hash"].confidence == "guess"
    else:
        assert "and the run had 7" in gone["data.split-not-rebuildable"][0]


# -- params


def test_params_come_from_the_surest_that_tells_them(drilled, project):
    script = b"p.add_argument('--batch-size', default=32)\np.add_argument('--lr', default=1.0)\n"
    (project / "train.py").write_bytes(script)
    (project / "config.yaml").write_text("model:\n  arch: resnet  # which\nepochs: 9\n")
    commit_all(project)
    argv = ["python", "train.py", "--lr", "0.3", "--seed=3"]
    process = {"cwd": str(project), "argv": argv, "script": "train.py"}

    found, _ = drilled(parts={"process": process,
                              "modules": modules(**{"train.py": script})})  # fmt: skip

    told = {f: (i.new, i.confidence) for f, i in found.items() if f.startswith("params.")}
    assert told == {
        "params.learning_rate": (0.3, "certain"),
        "params.seed": (3, "certain"),
        "params.batch_size": (32, "likely"),
        "params.epochs": (9, "likely"),
        "params.model_type": ("resnet", "likely"),
    }


def test_seeds_that_were_observed_count_where_there_is_one(drilled):
    one = {"applied": [{"library": "numpy", "seed": 4}, {"library": "random", "seed": 4}]}
    two = {"applied": [{"library": "numpy", "seed": 4}, {"library": "random", "seed": 5}]}

    assert drilled(parts={"seeds": one}, name="a")[0]["params.seed"].new == 4
    assert "params.seed" not in drilled(parts={"seeds": two}, name="b")[0]


def test_words_of_a_command_line_are_read_as_params():
    argv = "train.py --lr 1e-3 --amp --no-x=false data.path=a/b --token ***(sha256:ab) -v".split()

    assert read_flags(argv) == {"lr": 0.001, "amp": True, "no_x": False, "data_path": "a/b"}


def test_defaults_of_a_script_are_read_without_running_it():
    source = "import os\nLR = 0.1\np.add_argument('-b', '--batch-size', default=8)\n@c.option('--x', default=f())\n"  # noqa: E501

    assert read_defaults(source + "def g(): pass\n") == {"lr": (0.1, 2), "batch_size": (8, 3)}
    assert read_defaults("def broken(:") == {}


def test_a_setting_that_stands_twice_in_a_config_is_a_guess(drilled, project):
    (project / "config.yaml").write_text("eval:\n  batch_size: 256\ntrain:\n  batch_size: 64\n")
    commit_all(project)

    found, _ = drilled(parts={"modules": modules(**{"train.py": SCRIPT})})

    assert found["params.batch_size"].confidence == "guess"


def test_config_files_are_read_whatever_is_in_them():
    assert dict(read_config_text("c.json", '{"a": {"b": 1, "c": [1]}}')) == {"a.b": 1}
    assert dict(read_config_text("c.toml", "[a]\nb = 'x'\n")) == {"a.b": "x"}
    assert dict(read_config_text("c.yaml", "a:\n  b: 1e-3 # why\n- c\n")) == {"b": 0.001}
    assert dict(read_config_text("c.json", "{broken")) == {}
    odd = "seed: null\nlr: ${oc.env:LR}\nepochs: ???\nname: none\n"
    assert dict(read_config_text("c.yaml", odd)) == {"name": "none"}


# -- metrics, artifacts, context


def test_a_training_loss_that_was_printed_is_read(drilled):
    found, _ = drilled(metrics={"val_f1_macro": 0.5},
                       printed=["epoch 1 train loss: 0.50", "train_loss=0.25 lr=1"])  # fmt: skip

    loss = found["metrics.train_loss"].new
    assert (loss["count"], loss["first"], loss["last"]) == (2, 0.5, 0.25)


def test_a_model_that_was_written_meanwhile_is_found(drilled, project):
    def train(_):
        (project / "out").mkdir()
        (project / "out/net.pt").write_bytes(b"weights")

    (project / "old.pt").write_bytes(b"old")
    os.utime(project / "old.pt", (1, 1))
    found, _ = drilled(inside=train, printed=["saved to out/net.pt"])

    files = [field for field in found if field.startswith("artifacts.")]
    assert files == ["artifacts.out/net.pt"]
    item = found["artifacts.out/net.pt"]
    assert item.confidence == "likely"
    assert item.new == {"kind": "model", "sha256": f"sha256:{sha(b'weights')}", "size": 7}


def test_the_run_that_made_a_file_is_found_by_its_hash(drilled, project):
    (project / "net.pt").write_bytes(b"weights")
    drilled(name="maker", inside=lambda run: run.log_artifact(project / "net.pt", kind="model"))

    found, _ = drilled(
        name="user", inside=lambda run: run.log_artifact(project / "net.pt", kind="input")
    )

    assert found["origin.parent"].confidence == "certain"
    assert "'maker' made" in found["origin.parent"].evidence


def test_a_data_set_with_a_number_is_no_ticket(drilled, project):
    (project / "more.py").write_text("")
    commit_all(project, "Train on CIFAR-100 in UTF-8")

    found, _ = drilled(name="CIFAR-10 for ABC-7")

    assert found["tags.ticket"].new == "ABC-7"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("sweep_1", ("sweep", "likely")), ("grid_world", ("sweep", "guess")),
     ("test_time_aug", ("debug", "guess")), ("wide_baseline", ("baseline", "guess"))],
)  # fmt: skip
def test_a_word_that_may_mean_something_else_is_a_guess(drilled, name, wanted):
    found, _ = drilled(name=name)

    assert (found["tags.purpose"].new, found["tags.purpose"].confidence) == wanted


def test_owner_ticket_and_purpose_come_from_the_commit_and_the_names(drilled, store):
    found, _ = drilled(parts={"modules": modules()})
    with store.write() as connection:
        connection.execute("UPDATE run SET user=''")
    (again,) = drill_runs(store, [find_run(store, "sweep_1")])

    assert (found["tags.purpose"].new, found["tags.purpose"].confidence) == ("sweep", "likely")
    assert found["tags.ticket"].new == "ML-7"
    assert "the subject of the commit" in found["tags.ticket"].evidence
    assert again.corrected["tags.owner"] == "T"


def test_a_snapshot_in_the_store_is_read_where_there_is_one(drilled, folder):
    kept = keep_snapshot(folder, {"conf/config.json": json.dumps({"epochs": 4}).encode()})

    found, _ = drilled(parts={"code": {"snapshot": kept}})

    assert found["params.epochs"].new == 4
    assert "the snapshot of the run" in found["params.epochs"].evidence


def test_a_drill_writes_nothing(drilled, project, store):
    before = git(project, "status", "--porcelain")
    drilled(parts={"modules": modules()})

    assert store.read("SELECT count(*) FROM amendment") == [(0,)]
    assert git(project, "status", "--porcelain") == before


@pytest.mark.parametrize("name", ["config", "output_file", "log", "resume_from", "model.vocab"])
def test_files_that_a_run_writes_or_is_set_by_are_no_data(drilled, name):
    found, refused = drilled({name: "a/settings.json"})

    assert not [field for field in found if field.startswith("data:")]
    assert "none is named" in refused["data.name-missing"][0]
