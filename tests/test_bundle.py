"""Runs in one file, and out of it into another store."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import planted
import pytest
from test_code_store import keep

import tui_tracker as tt
from tui_tracker import edits
from tui_tracker.bundle import format as layout
from tui_tracker.bundle.cleaning import keep_facts
from tui_tracker.bundle.reading import Unbundled, unbundle
from tui_tracker.bundle.writing import Bundled, write_bundle
from tui_tracker.cli import main
from tui_tracker.code_git import CodeGit
from tui_tracker.code_store import CodeStore
from tui_tracker.errors import BundleError, InvalidArgument, RunIsLive, StoreError
from tui_tracker.queries import find_run, get_run, list_run_keys, read_console
from tui_tracker.queries.records import run_records
from tui_tracker.store import Store

LogRun = Callable[..., tt.Run]


@pytest.fixture
def run(folder: Path, tmp_path: Path) -> tt.Run:
    """A finished run with params, points, a note and a file."""
    made = tmp_path / "model.bin"
    made.write_bytes(b"weights" * 1000)
    run = tt.init("deep/er", "rich", {"lr": 0.1}, tags=("t",), store=folder)
    for step in range(1500):
        run.log({"loss": 1 / (step + 1)}, step=step)
    run.note("a note")
    run.log_artifact(made, kind="model")
    run.finish()
    return run


@pytest.fixture
def file(store: Store, run: tt.Run, tmp_path: Path) -> Path:
    """A bundle of that run."""
    return bundle(store, tmp_path / "a.ttb", run.name)


def bundle(store: Store, target: Path, *names: str, **how: bool) -> Path:
    written(store, target, *names, **how)
    return target


def written(store: Store, target: Path, *names: str, **how: bool) -> Bundled:
    return write_bundle(store, [find_run(store, name) for name in names], str(target), **how)


def record(store: Store, name: str) -> dict[str, object]:
    shape: dict[str, object] = json.loads(
        next(run_records(store, [find_run(store, name)], bulky=True))
    )
    return shape


def set_facts(store: Store, name: str, part: str, facts: object) -> None:
    """Record a part of the lineage by hand."""
    with store.write() as connection:
        digest = keep_facts(connection, facts)
        connection.execute(
            "INSERT OR REPLACE INTO lineage VALUES (?,?,'ok','',0,?)",
            (find_run(store, name), part, digest),
        )


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


def test_a_run_is_the_same_on_the_other_side_but_for_where_it_came_from(
    store: Store, file: Path, tmp_path: Path
) -> None:
    unbundle(str(file), str(tmp_path / "other"))

    with Store.open(tmp_path / "other") as other:
        found = record(other, "rich")
    lineage = found["lineage"]
    assert isinstance(lineage, dict)
    origin = lineage.pop("origin")
    assert origin["relation"] == "bundle"
    assert found == record(store, "rich")


def test_the_files_of_a_run_are_in_the_other_store(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unbundle(str(file), str(tmp_path / "other"))

    other = ["--store", str(tmp_path / "other")]
    assert main([*other, "artifacts", "rich", "--out", str(tmp_path / "out")]) == 0
    (out,) = (path for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert out.read_bytes() == b"weights" * 1000
    capsys.readouterr()


def test_a_second_time_adds_nothing(file: Path, tmp_path: Path) -> None:
    unbundle(str(file), str(tmp_path / "other"))
    before = files_below(tmp_path / "other")

    done = unbundle(str(file), str(tmp_path / "other"))

    assert (done.runs.added, len(done.runs.same)) == ((), 1)
    assert files_below(tmp_path / "other") == before


def test_what_was_left_out_once_comes_with_the_next_bundle(
    store: Store, run: tt.Run, tmp_path: Path
) -> None:
    thin = bundle(store, tmp_path / "thin", run.name, with_artifacts=False)
    whole = bundle(store, tmp_path / "whole", run.name)
    other = tmp_path / "other"
    unbundle(str(thin), str(other))
    with Store.open(other) as opened:
        (before,) = get_run(opened, find_run(opened, run.name)).artifacts

    unbundle(str(whole), str(other))

    with Store.open(other) as opened:
        (after,) = get_run(opened, find_run(opened, run.name)).artifacts
    assert (before.copied, before.problem) == (False, "left out of the bundle")
    assert (after.copied, after.problem) == (True, "")


def test_splits_and_manifests_stay_in_a_bundle_without_artifacts(
    store: Store, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "x.split").write_bytes(b"indices")
    run = tt.init("e", "split", store=folder)
    run.log_artifact(tmp_path / "x.split", kind="split")
    run.finish()

    done = written(store, tmp_path / "a", "split", with_artifacts=False)

    assert done.contents.counts["artifacts"] == 1


def test_a_run_that_came_with_a_bundle_keeps_its_first_origin(
    store: Store, file: Path, tmp_path: Path
) -> None:
    set_facts(store, "rich", "origin", {"relation": "reproduction", "derived_from": "x"})
    again = bundle(store, tmp_path / "again", "rich")

    unbundle(str(again), str(tmp_path / "other"))

    with Store.open(tmp_path / "other") as other:
        lineage = record(other, "rich")["lineage"]
    assert isinstance(lineage, dict)
    assert lineage["origin"]["relation"] == "reproduction"
    assert file.exists()


def test_where_an_imported_run_came_from_stays_what_it_was(
    store: Store, run: tt.Run, tmp_path: Path
) -> None:
    with store.write() as connection:
        connection.execute('UPDATE run SET source=\'{"tool": "mlflow"}\'')

    unbundle(str(bundle(store, tmp_path / "a", run.name)), str(tmp_path / "other"))

    with Store.open(tmp_path / "other") as other:
        assert record(other, run.name)["source"] == {"tool": "mlflow"}


def test_a_run_that_still_runs_is_refused_in_a_sentence(
    store: Store, folder: Path, tmp_path: Path
) -> None:
    live = tt.init("e", "live", store=folder)
    live.log({"loss": 1.0})
    from tui_tracker.drain import recover

    recover(store)

    with pytest.raises(RunIsLive, match="'live' is still running"):
        bundle(store, tmp_path / "a", "live")

    assert not (tmp_path / "a").exists()


def test_a_file_that_exists_is_not_written_over(store: Store, run: tt.Run, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")

    with pytest.raises(InvalidArgument, match="exists already"):
        bundle(store, tmp_path / "a", run.name)

    assert (tmp_path / "a").read_text() == "mine"


def test_a_bundle_leaves_no_trace_beside_it(store: Store, run: tt.Run, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()

    bundle(store, tmp_path / "out" / "a", run.name)

    assert os.listdir(tmp_path / "out") == ["a"]


def test_a_file_that_was_changed_in_the_store_is_left_out_and_said(
    store: Store, run: tt.Run, tmp_path: Path
) -> None:
    (path,) = (p for p in (Path(store.folder) / "artifacts").rglob("*") if p.is_file())
    path.write_bytes(b"other")

    done = written(store, tmp_path / "a", run.name)

    assert [item.why for item in done.contents.left_out] == [
        "left out of the bundle: its bytes are not those that were logged"
    ]


# -- code


@pytest.fixture
def code(store: Store) -> CodeGit:
    return CodeGit(store.folder)


def test_the_code_comes_along_without_the_repository(
    store: Store, run: tt.Run, code: CodeGit, tmp_path: Path
) -> None:
    base = keep(code, {b"train.py": ("100644", b"print(0)\n")})
    commit = keep(code, {b"train.py": ("100644", b"print(1)\n")}, (base,))
    set_facts(store, run.name, "code", {"snapshot": {"commit": commit, "complete": True}})

    done = unbundle(str(bundle(store, tmp_path / "a", run.name)), str(tmp_path / "other"))

    there = CodeStore(str(tmp_path / "other"))
    assert done.snapshots == 1
    assert there.read_file(commit, "train.py") == b"print(1)\n"
    assert there.base_of(commit) == base


def test_the_code_of_an_editable_package_comes_along(
    store: Store, run: tt.Run, code: CodeGit, tmp_path: Path
) -> None:
    commit = keep(code, {b"lib.py": ("100644", b"x = 1\n")})
    origins = {"lib": {"kind": "editable", "snapshot": {"commit": commit}}}
    set_facts(store, run.name, "environment", {"packages": {}, "origins": origins})

    unbundle(str(bundle(store, tmp_path / "a", run.name)), str(tmp_path / "other"))

    assert CodeStore(str(tmp_path / "other")).has(commit)


def test_a_file_with_a_secret_is_not_in_the_bundle_and_the_record_says_so(
    store: Store, run: tt.Run, code: CodeGit, tmp_path: Path
) -> None:
    files = {b"train.py": ("100644", b"print(1)\n"), b".env": ("100644", planted.TEXT.encode())}
    commit = keep(code, files, (keep(code, files),))
    tree = CodeStore(store.folder).tree_of(commit)
    facts = {
        "snapshot": {"commit": commit, "tree": tree, "base": tree, "complete": True},
        "secrets": [{"path": ".env", "line": 1, "kind": "AWS access key id"}],
    }
    set_facts(store, run.name, "code", facts)
    file = bundle(store, tmp_path / "a", run.name)

    unbundle(str(file), str(tmp_path / "other"))

    with Store.open(tmp_path / "other") as other:
        lineage = record(other, run.name)["lineage"]
    assert isinstance(lineage, dict)
    snapshot = lineage["code"]["snapshot"]
    there = CodeStore(str(tmp_path / "other"))
    assert snapshot["complete"] is False
    assert [(item["path"], item["why"]) for item in snapshot["skipped"]] == [
        (".env", "left out of the bundle: it may hold a secret")
    ]
    assert snapshot["original"] == {"commit": commit, "tree": tree}
    assert there.tree_of(snapshot["commit"]) == snapshot["tree"] != tree
    assert there.read_file(snapshot["commit"], "train.py") == b"print(1)\n"
    assert planted.found_in(there.read_file(snapshot["commit"], ".env")) == set()
    assert not there.has(commit)


def test_code_that_the_store_does_not_hold_is_said(
    store: Store, run: tt.Run, tmp_path: Path
) -> None:
    set_facts(store, run.name, "code", {"snapshot": {"commit": "a" * 40}})

    done = written(store, tmp_path / "a", run.name)

    assert [(item.what, item.why) for item in done.contents.left_out] == [
        ("code", "the store does not hold this code")
    ]


# -- data


def test_data_that_is_still_as_it_was_read_comes_along_when_asked(
    store: Store, run: tt.Run, tmp_path: Path
) -> None:
    data = tmp_path / "train.csv"
    data.write_bytes(b"a,b\n1,2\n")
    digest = hashlib.sha256(data.read_bytes()).hexdigest()
    facts = {"name": "train", "kind": "file", "digest": f"sha256:{digest}", "path": str(data)}
    set_facts(store, run.name, "data:train", facts)
    set_facts(store, run.name, "data:frame", {"name": "frame", "kind": "pandas", "digest": "x"})

    done = written(store, tmp_path / "a", run.name, with_data=True)

    unbundle(str(tmp_path / "a"), str(tmp_path / "other"))
    with Store.open(tmp_path / "other") as other:
        artifacts = {a.path: a for a in get_run(other, find_run(other, run.name)).artifacts}
    assert artifacts["data/train/train.csv"].copied
    assert [(item.what, item.path) for item in done.contents.left_out] == [("data", "frame")]


def test_data_that_changed_since_is_left_out_and_said(
    store: Store, run: tt.Run, tmp_path: Path
) -> None:
    data = tmp_path / "train.csv"
    data.write_bytes(b"other")
    facts = {"name": "train", "kind": "file", "digest": f"sha256:{'0' * 64}", "path": str(data)}
    set_facts(store, run.name, "data:train", facts)

    done = written(store, tmp_path / "a", run.name, with_data=True)

    (left,) = done.contents.left_out
    assert left.path == "data/train/train.csv"
    assert "not those that were logged" in left.why


def test_a_folder_of_data_comes_by_its_manifest(store: Store, folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "sub").mkdir(parents=True)
    (data / "sub" / "x.csv").write_bytes(b"1\n")
    inner = hashlib.sha256(b"1\n").hexdigest()
    manifest = tmp_path / "train.manifest"
    manifest.write_bytes(b"sub/x.csv\0002\0sha256:" + inner.encode() + b"\n")
    digest = hashlib.sha256(manifest.read_bytes()).hexdigest()
    run = tt.init("e", "folder", store=folder)
    run.log_artifact(manifest, kind="manifest")
    run.finish()
    facts = {"name": "train", "kind": "folder", "digest": f"sha256:{digest}", "path": str(data)}
    set_facts(store, "folder", "data:train", {**facts, "manifest": digest})

    done = written(store, tmp_path / "a", "folder", with_data=True)

    assert done.contents.left_out == ()
    assert f"artifacts/{inner[:2]}/{inner}" in done.contents.members


# -- secrets


@pytest.fixture
def leaky(store: Store, folder: Path, tmp_path: Path, code: CodeGit) -> str:
    """A run with a secret in every place that a run has."""
    (tmp_path / "conf.env").write_text(planted.TEXT)
    params = {
        "token": planted.NAMED,
        "url": f"https://user:{planted.URL_PASSWORD}@host/x",
        "aws": planted.AWS,
        "many": [planted.GITHUB, {"hf": planted.HF}],
        "long": "x" * 500 + planted.TEXT,
        f"odd {planted.GITHUB}": 1,
    }
    run = tt.init("e", "leaky", params, tags=(planted.GITHUB,), store=folder)
    run.log({"loss": 1.0, f"m {planted.HF}": 2.0})
    run.log_params({"token": planted.NAMED + "2"})
    run.note(planted.TEXT)
    run.log_artifact(tmp_path / "conf.env")
    run.finish()
    key = find_run(store, "leaky")
    commit = keep(code, {b"c.py": ("100644", planted.TEXT.encode())})
    secrets = [{"path": "c.py", "line": 1, "kind": "x"}]
    remote = f"https://user:{planted.URL_PASSWORD}@github.com/a/b.git"
    set_facts(
        store,
        "leaky",
        "code",
        {"remote": remote, "snapshot": {"commit": commit}, "secrets": secrets},
    )
    set_facts(store, "leaky", "process", {"argv": ["train.py", planted.OPENAI, planted.PEM]})
    set_facts(store, "leaky", "variables", {"variables": {"X": planted.TEXT}})
    lines = [[1, "o", line] for line in planted.TEXT.split("\n")]
    first, second = lines[:6], lines[6:]
    with store.write() as connection:
        start = 0
        for seq, block in enumerate((first, second)):
            data = zlib.compress(json.dumps(block).encode())
            connection.execute(
                "INSERT INTO console_block VALUES (?,?,?,?,?)", (key, seq, start, len(block), data)
            )
            start += len(block)
        connection.execute(
            "UPDATE run SET ended_by=?, console_lines=?, host=?",
            (planted.TEXT, start, planted.GITHUB),
        )
    edits.rename(store, key, f"leaky {planted.HF}")
    edits.rename(store, key, "leaky")
    edits.note(store, [key], planted.TEXT)
    return "leaky"


def test_nothing_that_was_planted_is_in_a_bundle(store: Store, leaky: str, tmp_path: Path) -> None:
    file = bundle(store, tmp_path / "a", leaky)

    found = {where: planted.found_in(data) for where, data in planted.everything_in(file)}

    assert {where: values for where, values in found.items() if values} == {}
    assert "code.bundle" in found


def test_a_cleaned_run_is_whole_and_readable(store: Store, leaky: str, tmp_path: Path) -> None:
    unbundle(str(bundle(store, tmp_path / "a", leaky)), str(tmp_path / "other"))

    with Store.open(tmp_path / "other") as other:
        run = get_run(other, find_run(other, leaky))
        lines = read_console(other, run.row.key, 0, 100)
    assert run.row.params["token"].startswith("***(sha256:")  # type: ignore[union-attr]
    assert len(lines) == run.console_lines == len(planted.TEXT.split("\n"))
    assert run.row.metrics["loss"].last == 1.0


def test_equal_secrets_read_alike_so_that_runs_can_be_compared(
    store: Store, folder: Path, tmp_path: Path
) -> None:
    for name in "ab":
        tt.init("e", name, {"api_key": planted.NAMED}, store=folder).finish()

    unbundle(str(bundle(store, tmp_path / "f", "a", "b")), str(tmp_path / "other"))

    with Store.open(tmp_path / "other") as other:
        shown = {get_run(other, key).row.params["api_key"] for key in list_run_keys(other)}
    assert len(shown) == 1


def test_facts_that_only_sound_like_secrets_are_kept(
    store: Store, run: tt.Run, tmp_path: Path
) -> None:
    packages = {"google-auth": "2.38.0rc1", "keyring": "25.6", "secretstorage": "3.3.3a1"}
    set_facts(store, run.name, "environment", {"packages": packages})

    unbundle(str(bundle(store, tmp_path / "a", run.name)), str(tmp_path / "other"))

    with Store.open(tmp_path / "other") as other:
        lineage = record(other, run.name)["lineage"]
    assert isinstance(lineage, dict)
    assert lineage["environment"]["packages"] == packages


# -- files that must not be trusted


def tried(path: Path, target: Path) -> Unbundled | str:
    """Return what became of an attempt: the outcome, or the sentence of the refusal."""
    try:
        return unbundle(str(path), str(target))
    except (BundleError, StoreError) as error:
        return str(error)


def test_a_cut_file_is_refused_wherever_it_was_cut(file: Path, tmp_path: Path) -> None:
    data = file.read_bytes()
    cut = tmp_path / "cut"
    said = set()
    for length in (*range(0, len(data), 997), len(data) - 1):
        cut.write_bytes(data[:length])
        outcome = tried(cut, tmp_path / "other")
        assert isinstance(outcome, str)
        said.add(outcome.removeprefix(f"{cut}: "))

    assert not (tmp_path / "other").exists()
    assert said == {
        "this is no bundle of runs: tt bundle makes them",
        "the end of a bundle is missing: it was cut, or another program made this file",
    }


def test_a_flipped_byte_is_refused_wherever_it_is(file: Path, tmp_path: Path) -> None:
    data = bytearray(file.read_bytes())
    flipped = tmp_path / "flipped"
    for place in (*range(0, len(data), 211), len(data) - 100, len(data) - 1):
        data[place] ^= 0x10
        flipped.write_bytes(data)
        assert isinstance(tried(flipped, tmp_path / "other"), str)
        data[place] ^= 0x10

    assert not (tmp_path / "other").exists()


def rewrite(source: Path, target: Path, change: Callable[[dict[str, bytes]], object]) -> None:
    """Write a bundle anew with other members, sealed as a hostile hand would do it."""
    with zipfile.ZipFile(source) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(target, "w") as archive:
        archive.comment = layout.unsealed_comment()
        for name, data in members.items():
            kind = zipfile.ZIP_DEFLATED if name in ("store.db", "bundle.json") else 0
            archive.writestr(zipfile.ZipInfo(name), data, kind)
    layout.seal(str(target))


def listed(members: dict[str, bytes]) -> None:
    """Make the list of contents agree with the members."""
    facts = json.loads(members["bundle.json"])
    facts["members"] = {
        name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in members.items()
        if name != "bundle.json"
    }
    members["bundle.json"] = json.dumps(facts).encode()


def with_list(**facts: object) -> Callable[[dict[str, bytes]], object]:
    def change(members: dict[str, bytes]) -> None:
        old = json.loads(members["bundle.json"])
        members["bundle.json"] = json.dumps({**old, **facts}).encode()

    return change


def with_sql(*statements: str) -> Callable[[dict[str, bytes]], object]:
    def change(members: dict[str, bytes]) -> None:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "store.db")
            path.write_bytes(members["store.db"])
            connection = sqlite3.connect(path, isolation_level=None)
            for statement in statements:
                connection.execute(statement)
            connection.close()
            members["store.db"] = path.read_bytes()
        listed(members)

    return change


def with_member(name: str, data: bytes) -> Callable[[dict[str, bytes]], object]:
    def change(members: dict[str, bytes]) -> None:
        members[name] = data
        listed(members)

    return change


_BOMB = zlib.compress(bytes(300 << 20), 9)

HOSTILE: dict[str, tuple[Callable[[dict[str, bytes]], object], str]] = {
    "a later version": (with_list(version=2), "has format 2"),
    "another list": (with_list(members=[1]), "list of contents is not one"),
    "another format": (with_list(format="zip"), "list of contents is not one"),
    "no list": (lambda m: m.pop("bundle.json"), "no readable list of contents"),
    "no JSON": (lambda m: m.update({"bundle.json": b"["}), "list of contents is not one"),
    "deep JSON": (lambda m: m.update({"bundle.json": b"[" * 10**6}), "list of contents is not"),
    "a way out": (with_member("../../x", b""), "no name of a bundle's member"),
    "an absolute path": (with_member("/etc/passwd", b""), "no name of a bundle's member"),
    "a drive": (with_member("C:\\x", b""), "no name of a bundle's member"),
    "a name of its own": (with_member("artifacts/ab/x", b""), "no name of a bundle's member"),
    "an unlisted member": (
        lambda m: m.update({"artifacts/ab/ab" + "0" * 62: b"x"}),
        "members are not those",
    ),
    "a missing member": (lambda m: m.pop("store.db"), "members are not those"),
    "another hash than its name": (
        with_member("artifacts/ab/ab" + "0" * 62, b"x"),
        "another hash than its name",
    ),
    "other bytes": (
        lambda m: m.update({"store.db": m["store.db"][:-1] + b"\1"}),
        "not what its list of contents says",
    ),
    "no database": (with_member("store.db", b"x" * 1000), "no store of runs"),
    "a database of others": (with_sql("PRAGMA application_id=1"), "no store of runs"),
    "a later schema": (with_sql("PRAGMA user_version=99"), "schema 99"),
    "a trigger": (
        with_sql("CREATE TRIGGER t AFTER INSERT ON tag BEGIN DELETE FROM run; END"),
        "a trigger 't'",
    ),
    "a view": (with_sql("DROP TABLE tag", "CREATE VIEW tag AS SELECT 1"), "a view 'tag'"),
    "a missing table": (with_sql("DROP TABLE content"), "cannot be read"),
    "other runs": (with_sql("UPDATE run SET uuid=randomblob(16)"), "runs inside are not those"),
    "an odd id": (with_sql("UPDATE run SET uuid=x'00'"), "without an id"),
    "a running run": (with_sql("UPDATE run SET status='running'"), "has not ended"),
    "an odd status": (with_sql("UPDATE run SET status='/x'"), "has not ended"),
    "a number as a name": (with_sql("UPDATE run SET name=x'00'"), "a row of 'run' inside"),
    "no UTF-8": (with_sql("UPDATE note SET text=CAST(x'ff' AS TEXT)"), "cannot be read"),
    "a missing experiment": (with_sql("DELETE FROM experiment"), "a row of 'run' inside"),
    "a missing key": (with_sql("DELETE FROM key WHERE kind=1"), "a row of 'metric' inside"),
    "missing points": (with_sql("DELETE FROM block"), "a row of 'series_block' inside"),
    "missing facts": (with_sql("DELETE FROM content"), "a row of 'lineage' inside"),
    "a column of its own": (with_sql("ALTER TABLE tag ADD COLUMN x TEXT"), "table 'tag' inside"),
    "a source that is no JSON": (with_sql("UPDATE run SET source='{'"), "cannot be read"),
    "facts that are no facts": (
        with_sql(
            f"INSERT INTO content VALUES (x'{hashlib.sha256(b'[1]').hexdigest()}', "
            f"x'{zlib.compress(b'[1]').hex()}')",
            f"UPDATE lineage SET digest=x'{hashlib.sha256(b'[1]').hexdigest()}'",
        ),
        "cannot be read",
    ),
    "a console that is none": (
        with_sql(
            f"INSERT INTO console_block VALUES (1, 0, 0, 1, x'{zlib.compress(b'[1]').hex()}')",
            "UPDATE run SET console_lines=1",
        ),
        "cannot be read",
    ),
    "other texts": (
        with_sql(
            "UPDATE content SET data=(SELECT max(data) FROM content)",
            "INSERT INTO content VALUES (x'00', x'789c030000000001')",
        ),
        "not what its hash says",
    ),
    "a cut text": (
        with_sql("INSERT INTO content VALUES (x'00', x'789c')"),
        "a text in the store inside is cut",
    ),
    "a bomb in a text": (
        with_sql(f"INSERT INTO content VALUES (x'00', x'{_BOMB.hex()}')"),
        "inflates beyond",
    ),
    "a bomb": (
        lambda m: (m.update({"store.db": bytes(300 << 20)}), listed(m)),
        "inflates beyond",
    ),
    "a long block": (with_sql("UPDATE block SET data=zeroblob(100000)"), "longer than any block"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_file_made_to_do_harm_is_refused_in_a_sentence(
    kind: str, file: Path, tmp_path: Path
) -> None:
    change, sentence = HOSTILE[kind]
    rewrite(file, tmp_path / "hostile", change)

    outcome = tried(tmp_path / "hostile", tmp_path / "other")

    assert isinstance(outcome, str)
    assert sentence in outcome
    assert "\n" not in outcome
    assert not (tmp_path / "other").exists()


def test_a_link_among_the_members_is_refused(file: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(tmp_path / "link", "w") as archive:
        archive.comment = layout.unsealed_comment()
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            info.external_attr = 0o120777 << 16
            archive.writestr(info, data)
    layout.seal(str(tmp_path / "link"))

    assert "is a link" in str(tried(tmp_path / "link", tmp_path / "other"))


def test_a_name_that_comes_twice_is_refused(file: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(tmp_path / "twice", "w") as archive:
        archive.comment = layout.unsealed_comment()
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr(zipfile.ZipInfo(members[0][0]), members[0][1])
    layout.seal(str(tmp_path / "twice"))

    assert "two members have one name" in str(tried(tmp_path / "twice", tmp_path / "other"))


def test_a_zip_of_something_else_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "foreign", "w") as archive:
        archive.writestr("x", "y")

    assert "another program made this file" in str(tried(tmp_path / "foreign", tmp_path / "other"))


def test_sealed_rubbish_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rubbish"
    path.write_bytes(b"PK" + os.urandom(500) + layout.unsealed_comment())
    layout.seal(str(path))

    assert "no zip file inside" in str(tried(path, tmp_path / "other"))


def test_every_byte_of_the_zip_structure_may_be_wrong(file: Path, tmp_path: Path) -> None:
    """As above, but sealed anew: what `zipfile` raises on odd bytes never comes through."""
    data = bytearray(file.read_bytes())
    start = bytes(data).index(b"PK\x01\x02")
    for place in range(start, len(data) - 91, 3):
        data[place] ^= 0x41
        (tmp_path / "odd").write_bytes(data)
        layout.seal(str(tmp_path / "odd"))
        outcome = tried(tmp_path / "odd", tmp_path / f"other{place}")
        assert isinstance(outcome, (str, Unbundled))
        data[place] ^= 0x41


def test_a_store_that_others_use_is_as_it_was_after_a_refusal(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    unbundle(str(file), str(other))
    before = files_below(other)
    data = bytearray(file.read_bytes())
    data[200] ^= 1
    (tmp_path / "flipped").write_bytes(data)

    tried(tmp_path / "flipped", other)

    assert files_below(other) == before


def test_what_was_cut_short_goes_on_with_the_next_try(
    store: Store, log_run: LogRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        log_run(f"r{number}", loss=[1.0])
    file = bundle(store, tmp_path / "a", "r0", "r1", "r2")
    other = tmp_path / "other"
    writes = 0
    first = Store.write

    def full(self: Store) -> object:
        nonlocal writes
        writes += self.folder == str(other)
        if writes == 2:
            raise StoreError(self.path, "the disk is full")
        return first(self)

    monkeypatch.setattr(Store, "write", full)
    assert "the disk is full" in str(tried(file, other))
    monkeypatch.undo()

    done = unbundle(str(file), str(other))

    assert (len(done.runs.added), len(done.runs.same)) == (2, 1)


def test_a_gigabyte_is_never_in_memory(store: Store, folder: Path, tmp_path: Path) -> None:
    """With a twentieth of it, and a limit that a whole file would break."""
    import tracemalloc

    (tmp_path / "large").write_bytes(os.urandom(1 << 20) * 50)
    run = tt.init("e", "large", store=folder)
    run.log_artifact(tmp_path / "large")
    run.finish()

    tracemalloc.start()
    file = bundle(store, tmp_path / "a", "large")
    unbundle(str(file), str(tmp_path / "other"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 30 << 20


def test_a_bundle_goes_over_where_the_folders_are_on_a_network(
    store: Store, run: tt.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setenv("TUI_TRACKER_NETWORK", "1")
    file = bundle(store, tmp_path / "a", run.name)

    done = unbundle(str(file), str(tmp_path / "other"))

    assert done.runs.added == (run.id,)
    assert len(list(cache.rglob("store.db"))) == 1  # of the store that was made


# -- the command line


def test_the_commands_say_what_they_did(
    store: Store, run: tt.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "a")

    assert main(["--store", store.folder, "bundle", run.name, "--out", file]) == 0
    first = capsys.readouterr()
    assert main(["--store", str(tmp_path / "other"), "unbundle", file]) == 0
    second = capsys.readouterr()

    assert (first.out, second.out) == ("", "")
    assert first.err.startswith(f"{file}, ")
    assert "1 run, 1 file (7.0 kB)" in first.err
    assert second.err == "1 run added\n"


def test_the_commands_answer_in_json(
    store: Store, run: tt.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "a")

    assert main(["--store", store.folder, "bundle", run.name, "--out", file, "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert main(["--store", str(tmp_path / "other"), "unbundle", file, "--json"]) == 0
    second = json.loads(capsys.readouterr().out)

    assert [item["id"] for item in first["runs"]] == [run.id]
    assert second["sha256"] == first["sha256"]
    assert second["added"] == [run.id]


def test_a_file_that_is_not_there_is_told_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--store", str(tmp_path / "s"), "unbundle", str(tmp_path / "none")]) == 2

    assert capsys.readouterr().err == f"tt: {tmp_path / 'none'}: No such file or directory\n"


def test_a_hundred_runs_go_over_at_once(store: Store, log_run: LogRun, tmp_path: Path) -> None:
    names = [f"r{number:02d}" for number in range(100)]
    for number, name in enumerate(names):
        log_run(name, params={"n": number}, loss=[1.0] * 3)

    unbundle(str(bundle(store, tmp_path / "a", *names)), str(tmp_path / "other"))

    with Store.open(tmp_path / "other") as other:
        assert [row[0] for row in other.read("SELECT name FROM run ORDER BY name")] == names


def test_runs_whose_names_are_read_as_others_go_into_a_bundle_and_out(
    log_run: Callable[..., tt.Run], tmp_path: Path, tt_: Callable[..., tuple[int, str, str]]
) -> None:
    run = log_run("r", val_acc=[0.5, 0.75])
    tt_("names", "fix", "--metric", "val_acc=val_accuracy", "--reason", "clear")

    written = tt_("bundle", run.id, "--out", str(tmp_path / "b.ttb"))
    taken = tt_("--store", str(tmp_path / "other"), "unbundle", str(tmp_path / "b.ttb"))

    assert (written[0], taken[0], taken[2]) == (0, 0, "1 run added\n")
    assert list(tt.list_runs(store=tmp_path / "other")[0]["metrics"]) == ["val_accuracy"]
