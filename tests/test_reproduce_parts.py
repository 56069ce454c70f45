"""The parts of a reproduction by themselves: commands, machines, files, runs that go together."""

from __future__ import annotations

import gzip
import math
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tui_tracker import edits, queries, sweep
from tui_tracker.artifacts import take_in
from tui_tracker.queries import Artifact
from tui_tracker.queries.proofs import format_proof, list_reports, proof_levels
from tui_tracker.queries.rows import moment
from tui_tracker.reproduce.attempts import save_attempt
from tui_tracker.reproduce.code import Tree
from tui_tracker.reproduce.conditions import fill_secrets, replay
from tui_tracker.reproduce.env_cache import Rebuilt
from tui_tracker.reproduce.failures import CannotReproduce
from tui_tracker.reproduce.files import compare_files
from tui_tracker.reproduce.machines import compare_machines, expected_best
from tui_tracker.reproduce.options import Options
from tui_tracker.reproduce.places import below, bring_in, scratch_folder
from tui_tracker.reproduce.record import Code, Recorded, read_record
from tui_tracker.reproduce.siblings import find_siblings
from tui_tracker.store import Store

HERE = {
    "machine": "x86_64",
    "cpu": "A",
    "cpu_flags": ["avx2", "fma"],
    "blas": [{"lib": "openblas", "version": "0.3", "architecture": "Haswell"}],
    "threads": {"openblas": 2},
}


@pytest.fixture
def record(store: Store, log_run) -> Recorded:
    """A run that was recorded in `/old/project/sub`, with an interpreter in `/old/env`."""
    log_run("one", params={"seed": 1}, loss=[0.5])
    found = read_record(store, queries.find_run(store, "one"))
    code = Code("/old/project", None, "c" * 40, None, True, (), None, None, "")
    return replace(
        found,
        argv=("/old/env/bin/python", "train.py"),
        cwd="/old/project/sub",
        cwd_rel="sub",
        executable="/old/env/bin/python",
        variables={"OMP_NUM_THREADS": "3", "PYTHONPATH": "/old/project/lib"},
        code=code,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    folder = tmp_path / "scratch" / "tree"
    (folder / "sub").mkdir(parents=True)
    return Tree(folder, folder / "sub", 1, (), ())


def built(folder: str = "/new/env") -> Rebuilt:
    return Rebuilt(f"{folder}/bin/python", folder, (), (), (), False, 0)


@pytest.mark.parametrize(
    ("argv", "wanted"),
    [
        (["python3.11", "-u", "train.py"], ["{env}/bin/python", "-u", "train.py"]),
        (["/old/env/bin/python", "/old/project/a.py"], ["{env}/bin/python", "{tree}/a.py"]),
        (
            ["/old/env/bin/python", "/old/env/bin/torchrun", "t.py"],
            ["{env}/bin/python", "{env}/bin/torchrun", "t.py"],
        ),
        (["/old/env/bin/train", "x"], ["{env}/bin/train", "x"]),
        (
            ["python", "t.py", "--out=/old/project/out", "/old/projects/x", "/old/project"],
            ["{env}/bin/python", "t.py", "--out={tree}/out", "/old/projects/x", "{tree}"],
        ),
        (
            ["python", "t.py", "--data", "/d/a.csv"],
            ["{env}/bin/python", "t.py", "--data", "/e.csv"],
        ),
    ],
)
def test_the_command_leads_into_the_rebuilt_tree_and_environment(record, tree, argv, wanted):
    command = replay(
        replace(record, argv=tuple(argv)), tree, built(), Options(), moved={"/d/a.csv": "/e.csv"}
    )

    expected = [text.format(env="/new/env", tree=tree.folder) for text in wanted]
    assert list(command.argv) == expected
    assert command.cwd == tree.cwd


def test_variables_are_those_of_then_and_not_those_of_today(record, tree, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("MKL_CBWR", "AVX2")
    monkeypatch.setenv("EDITOR", "vi")

    found = replay(record, tree, built(), Options(offline=True, variables={"A": "b"})).environment

    assert found["OMP_NUM_THREADS"] == "3"
    assert "MKL_CBWR" not in found
    assert (found["EDITOR"], found["A"], found["HF_HUB_OFFLINE"]) == ("vi", "b", "1")
    path = found["PYTHONPATH"].split(os.pathsep)
    assert path == [str(tree.folder.parent / "logger"), str(tree.folder / "lib")]
    assert found["PATH"].startswith("/new/env/bin:")


@pytest.mark.parametrize(
    "argv", [(), ("python",), ("python", "-"), ("python", "-m", "ipykernel_launcher", "-f", "x")]
)
def test_what_has_no_script_cannot_be_run_again(record, tree, argv):
    with pytest.raises(CannotReproduce) as caught:
        replay(replace(record, argv=argv), tree, built(), Options())

    assert caught.value.exit_code == 3


def test_an_argument_outside_the_tree_is_warned_of(record, tree, tmp_path):
    argv = ("python", "t.py", f"--out={tmp_path / 'results'}")

    notes = replay(replace(record, argv=argv), tree, built(), Options()).notes

    assert len(notes) == 1
    assert "may write there" in notes[0]


def test_a_secret_comes_from_its_option_else_from_its_variable(monkeypatch):
    argv = ["python", "t.py", "--api-key", "***(sha256:0123abcd)", "db=://***(sha256:89abcdef)@h"]
    monkeypatch.setenv("ARGUMENT_4", "two\\1")

    filled, notes = fill_secrets(argv, Options(secrets={"api-key": "one"}))

    assert filled == ["python", "t.py", "--api-key", "one", "db=://two\\1@h"]
    assert notes == [
        "the secret API_KEY is not the one that the run had",
        "the secret ARGUMENT_4 is not the one that the run had",
    ]


def test_machines_are_told_apart_by_class_and_by_condition(record):
    alike = compare_machines(HERE, HERE)
    threads = compare_machines(HERE, {**HERE, "threads": {"openblas": 4}})
    kernel = compare_machines(
        HERE, {**HERE, "blas": [{"lib": "openblas", "version": "0.3", "architecture": "Zen"}]}
    )
    other = compare_machines(HERE, {**HERE, "cpu": "B", "cpu_flags": ["avx2"]})
    card = compare_machines(HERE, {**HERE, "gpus": [{"name": "H100", "driver": "5"}]})

    assert (alike.same, threads.same, threads.same_class) == (True, False, True)
    assert threads.other_conditions == ("openblas threads 4 instead of 2",)
    assert kernel.other_conditions == ("openblas 0.3 Zen instead of 0.3 Haswell",)
    assert other.other_class == ("cpu B instead of A", "cpu_flags without fma")
    assert card.other_class == ("gpus with H100",)
    assert compare_machines({}, HERE).same is False
    known = replace(record, hardware=HERE)
    assert expected_best(known, alike, {}, ())[0] == "identical"
    assert expected_best(known, other, {}, ())[0] == "within tolerance"
    assert expected_best(known, alike, {"A": "1"}, ())[0] == "within tolerance"
    assert expected_best(known, alike, {}, ("six 2",))[0] == "consistent"


def artifact(store: Store, path: Path, kind: str = "model") -> Artifact:
    facts = take_in(os.path.join(store.folder, "artifacts"), str(path), copy=True)
    sha = str(facts["sha256"])
    return Artifact(path.name, kind, 1, sha, True, "", moment(0))


def test_archives_are_compared_by_what_is_in_them(store, tmp_path):
    found = []
    for folder, year, body in (("a", 2020, b"x"), ("b", 2021, b"x"), ("c", 2021, b"y")):
        (tmp_path / folder).mkdir()
        with zipfile.ZipFile(tmp_path / folder / "m.pt", "w") as archive:
            archive.writestr(zipfile.ZipInfo("m/data", (year, 1, 1, 0, 0, 0)), body)
        with gzip.GzipFile(tmp_path / folder / "m.gz", "w", mtime=year) as packed:
            packed.write(body)
        (tmp_path / folder / "plot.png").write_bytes(os.urandom(4))
        found.append([artifact(store, tmp_path / folder / n) for n in ("m.pt", "m.gz", "plot.png")])

    def verdicts(one: int, other: int) -> list[str]:
        return [file.verdict for file in compare_files(store, found[one], found[other])]

    assert verdicts(0, 0) == ["identical", "identical"]
    assert verdicts(0, 1) == ["same content", "same content"]
    assert verdicts(1, 2) == ["different", "different"]
    assert [f.verdict for f in compare_files(store, found[0], [])] == ["missing", "missing"]


def test_siblings_differ_in_the_seed_alone(store, log_run):
    for seed in range(3):
        log_run(f"s{seed}", params={"seed": seed, "lr": 0.1}, loss=[0.5])
    log_run("other", params={"seed": 0, "lr": 0.2}, loss=[0.5])
    log_run("elsewhere", experiment="x", params={"seed": 0, "lr": 0.1}, loss=[0.5])
    log_run("again", params={"seed": 0, "lr": 0.1}, tags=("reproduction",), loss=[0.5])
    log_run("broken", params={"seed": 4, "lr": 0.1}, status="failed", loss=[math.nan])
    record = read_record(store, queries.find_run(store, "s1")) if _drained(store) else None

    assert record is not None
    assert [r.name for r in find_siblings(store, record).records] == ["s1", "s0", "s2"]


def _drained(store: Store) -> bool:
    from tui_tracker.drain import recover

    recover(store)
    return True


def attempt(store: Store, of: str, verdict: str, level: str) -> None:
    save_attempt(
        *(store,),
        of=of,
        run=None,
        mode="rerun",
        verdict=verdict,
        level=level,
        machine="x86_64",
        report={"verdict": verdict, "value": math.nan},
    )


def test_a_proof_is_the_best_attempt_and_says_what_the_newest_one_found(store, record):
    for verdict, level in (("rebuilt", "L1"), ("identical", "L5"), ("different", "L1")):
        attempt(store, record.id, verdict, level)

    proof = proof_levels(store, [record.key])[record.key]

    assert (proof.level, proof.attempts, proof.newest.verdict) == ("L5", 3, "different")
    assert format_proof(proof).startswith("L5, the same bits (")
    assert "newest attempt: different" in format_proof(proof)
    assert queries.get_run(store, record.key).proof == proof


def test_a_sweep_keeps_reports_and_a_removed_run_takes_them_along(store, record):
    attempt(store, record.id, "identical", "L5")
    sweep.sweep(store)
    kept = list_reports(store, record.key)

    edits.trash(store, [record.key])
    edits.empty_trash(store)
    sweep.sweep(store)

    assert [report["verdict"] for report in kept] == ["identical"]
    assert store.read("SELECT count(*) FROM reproduction") == [(0,)]
    assert store.read("SELECT count(*) FROM content") == [(0,)]


def test_a_scratch_folder_goes_with_read_only_files_in_it(tmp_path):
    source = tmp_path / "data"
    (source / "inner").mkdir(parents=True)
    (source / "inner" / "a.csv").write_text("1")

    with scratch_folder(keep=False) as folder:
        how = bring_in(source, folder / "tree" / "data", lambda _: None)
        brought = folder / "tree" / "data" / "inner" / "a.csv"
        mode = brought.stat().st_mode & 0o777
        (folder / "tree" / "data" / "inner").chmod(0o555)

    assert (how, mode, folder.exists()) == ("copied", 0o444, False)
    assert (source / "inner" / "a.csv").read_text() == "1"
    assert bring_in(source, tmp_path / "l", lambda _: None, largest_bytes=0) == "linked"
    assert below("/a/b", "/a") == "b"
    assert (below("/ab", "/a"), below("b", "/a"), below("/a", None)) == (None, None, None)
