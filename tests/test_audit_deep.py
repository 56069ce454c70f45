"""The deep audit: commits, data and files as they are now."""

from __future__ import annotations

import json
import shutil

import pytest
from lineage_runs import changed_code, record_parts
from repositories import commit_all, git, make_repository

import tui_tracker as tt
from tui_tracker import folder as folders
from tui_tracker.artifacts import stored_path
from tui_tracker.audit import catalogue  # noqa: F401 - declares the rules
from tui_tracker.audit.deep import look_deep
from tui_tracker.audit.record import read_records
from tui_tracker.audit.rules import NOT_APPLICABLE, PASSED, RULES, Doubt
from tui_tracker.drain import recover
from tui_tracker.queries import find_run

REACH = RULES["code.commit-unreachable"].check
DATA = RULES["data.unresolvable"].check
FILES = RULES["artifacts.lost-or-modified"].check


@pytest.fixture
def project(tmp_path):
    return make_repository(tmp_path / "project")


@pytest.fixture
def seen(store, folder):
    """Log a run with parts, do something, and look deep."""

    def log(parts=None, *, before=None, then=None, **options):
        run = tt.init("deep", "one", store=folder)
        if before is not None:
            before(run)
        run.finish()
        recover(store)
        record_parts(folder, run.id, parts or {})
        recover(store)
        if then is not None:
            then()
        records = list(read_records(store, [find_run(store, run.id)]))
        (found,) = look_deep(store, records, [records[0].key], **options)
        return found

    return log


def code(project, commit):
    return {"code": {"vcs": "git", "top": str(project), "commit": commit}}


def test_a_commit_that_a_branch_leads_to_passes(seen, project):
    found = seen(code(project, git(project, "rev-parse", "HEAD")))

    assert found.seen.commit.state == "reached"
    assert REACH(found) is PASSED


def test_a_commit_that_was_rebased_away_is_told_and_how_to_keep_it(seen, project):
    (project / "train.py").write_text("print(2)\n")
    commit = commit_all(project)
    git(project, "reset", "-q", "--hard", "HEAD^")

    doubt = REACH(seen(code(project, commit)))

    assert isinstance(doubt, Doubt)
    assert f"no branch leads to commit {commit[:7]} any more, and no copy is kept" in doubt.message
    assert doubt.fix.startswith(f"`git branch keep-{commit[:7]}")


def test_a_lost_commit_with_a_copy_says_that_the_copy_is_used(seen, project, folder):
    facts = changed_code(folder, {"a.py": b"1"}, {"a.py": b"2"})

    doubt = REACH(seen({"code": {**facts, "top": str(project)}}))

    assert isinstance(doubt, Doubt)
    assert "the repository lost commit 1a2b3c4" in doubt.message
    assert "the copy in the store is used" in doubt.message


def test_a_copy_that_is_no_longer_in_the_store_is_told(seen, project, folder):
    facts = changed_code(folder, {"a.py": b"1"}, {"a.py": b"2"})
    commit = git(project, "rev-parse", "HEAD")

    doubt = REACH(seen({"code": {**facts, "top": str(project), "commit": commit}},
                       then=lambda: shutil.rmtree(folder / "code.git")))  # fmt: skip

    assert isinstance(doubt, Doubt)
    assert doubt.field == "code.snapshot"


def test_without_the_repository_nothing_can_be_told(seen, tmp_path):
    assert REACH(seen(code(tmp_path / "elsewhere", "ab" * 20))) is NOT_APPLICABLE


@pytest.mark.parametrize(
    ("after", "words"), [(None, ""), (b"a,b\n9,9\n", "is another one now"), (b"", "is gone")]
)
def test_data_are_compared_with_what_lies_there(seen, tmp_path, after, words):
    path = tmp_path / "train.csv"
    path.write_bytes(b"a,b\n1,2\n")

    def change():
        if after:
            path.write_bytes(after)
        elif after is not None:
            path.unlink()

    found = seen(before=lambda run: run.log_data("sales", path=path), then=change)

    answer = DATA(found)
    if words:
        assert f"data 'sales' {words}" in answer.message
        assert answer.field == "data:sales"
    else:
        assert answer is PASSED


@pytest.mark.parametrize("damage", ["changed", "lost"])
def test_kept_files_that_are_damaged_or_lost_are_told(seen, tmp_path, folder, damage):
    path = tmp_path / "model.pt"
    path.write_bytes(b"weights")

    def spoil():
        (kept,) = (p for p in (folder / "artifacts").rglob("*") if p.is_file())
        kept.chmod(0o644)
        kept.write_bytes(b"WEIGHTS") if damage == "changed" else kept.unlink()

    found = seen(before=lambda run: run.log_artifact(path, kind="model"), then=spoil)

    doubt = FILES(found)
    assert ("was changed after the run" if damage == "changed" else "is lost") in doubt.message


def test_when_the_time_is_over_sizes_have_to_do(seen, tmp_path):
    path = tmp_path / "model.pt"
    path.write_bytes(b"weights")

    found = seen(before=lambda run: run.log_artifact(path), longest_s=0.0)

    assert not found.seen.whole
    assert FILES(found) is PASSED


def test_without_a_deep_look_nothing_is_read(store, folder, tmp_path):
    path = tmp_path / "model.pt"
    path.write_bytes(b"weights")
    with tt.init("deep", "one", store=folder) as run:
        run.log_artifact(path)
    recover(store)
    (found,) = read_records(store, [find_run(store, "one")])
    sha = found.artifacts[0].sha256
    kept = stored_path(folders.artifacts(str(folder)), sha)
    shutil.os.unlink(kept)

    assert found.seen is None
    assert FILES(found) is PASSED


def test_the_command_looks_deep_where_it_is_asked_to(tt_, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "train.csv"
    path.write_bytes(b"a,b\n1,2\n")
    with tt.init("deep", "one", store=folder) as run:
        run.log_data("sales", path=path)
    path.write_bytes(b"a,b\n3,4\n")

    def rules(*more):
        _, out, _ = tt_("audit", "one", "--json", *more)
        return {f["rule"] for f in json.loads(out)["runs"][0]["findings"]}

    assert "data.unresolvable" not in rules()
    assert "data.unresolvable" in rules("--deep")
