"""Reading what DVCLive left."""

from __future__ import annotations

import json
import math
from pathlib import Path

from tests.import_damage import damaged, read_damaged
from tests.import_truth import Found, age, check, gather, read_all, read_item, truth_of
from tui_tracker.importers import find_sources
from tui_tracker.importers.records import ImportedRun, Points, StartedOver


def make(folder: Path, series: dict[str, str], **files: str) -> Path:
    """Write a folder as DVCLive does; nobody has touched it for a day."""
    for name, text in series.items():
        path = folder / "plots" / "metrics" / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    for path in folder.rglob("*"):
        age(path)
    return folder


def test_all_runs_of_the_shared_folder_come_out_as_stated(tmp_path):
    found = read_item("dvclive", tmp_path)

    check(found, truth_of("dvclive"), not_told={"start_time", "end_time"})


def test_names_with_slashes_times_and_nan(tmp_path):
    make(
        tmp_path / "live",
        {
            "train/loss": "step\tloss\n0\t1.5\n2\tnan\n",
            "lr": "timestamp\tstep\tlr\n1700000000123\t0\t1e-3\n",
        },
    )

    run = read_all(tmp_path).one("live")

    assert run.series("train/loss").steps == [0, 2]
    assert math.isnan(run.series("train/loss").values[1])
    assert run.series("lr").times_ms == [1_700_000_000_123]


def test_system_metrics_are_no_metrics_of_the_script(tmp_path):
    text = "timestamp\tstep\tusage (%)\n1700000000000\t0\t55.5\n"
    make(tmp_path / "live", {"system/cpu/usage (%)": text, "a": "step\ta\n0\t1\n"})

    run = read_all(tmp_path).one("live")

    assert list(run.metrics) == [("a", "")]
    assert run.system["system/cpu/usage (%)", ""].values == [55.5]


def test_params_are_of_yaml_1_2(tmp_path):
    params = "flag: yes\nlr: 1e-3\nmodel:\n  layers: [64, 32]\n"
    make(tmp_path / "live", {"a": "step\ta\n0\t1\n"}, params_yaml=params)

    params = read_all(tmp_path).one("live").run.params

    assert params == {"flag": "yes", "lr": 0.001, "model.layers": [64, 32]}


def test_what_is_in_the_summary_alone_has_one_point(tmp_path):
    summary = json.dumps({"a": 1.0, "test": {"acc": 0.75}, "step": 3})
    make(tmp_path / "live", {"a": "step\ta\n0\t1\n"}, metrics_json=summary)

    run = read_all(tmp_path).one("live")

    assert run.series("test/acc").steps == [3]
    assert run.series("test/acc").values == [0.75]
    assert len(run.series("a").values) == 1


def test_artifacts_have_the_kinds_labels_and_words_of_dvc_yaml(tmp_path):
    make(tmp_path / "live", {"a": "step\ta\n0\t1\n"})
    (tmp_path / "live" / "artifacts").mkdir()
    (tmp_path / "live" / "artifacts" / "m.pt").write_bytes(b"x")
    (tmp_path / "dvc.yaml").write_text(
        "artifacts:\n  best:\n    path: live/artifacts/m.pt\n    type: detector\n"
        "    desc: the best one\n    labels: [prod]\n"
        "  other:\n    path: ../../etc/passwd\n    labels: [no]\n"
    )

    run = read_all(tmp_path).one("live").run

    assert [(one.path, one.kind) for one in run.artifacts] == [("artifacts/m.pt", "detector")]
    assert run.tags == ["prod"]
    assert [note.text for note in run.notes] == ["artifacts/m.pt: the best one"]


def test_the_folders_of_versions_before_1_0(tmp_path):
    (tmp_path / "live" / "scalars" / "train").mkdir(parents=True)
    path = tmp_path / "live" / "scalars" / "train" / "loss.tsv"
    path.write_text("timestamp\tstep\ttrain/loss\n1700000000000\t0\t0.5\n1700000001000\t1\t0.25\n")
    (tmp_path / "live.json").write_text('{"train": {"loss": 0.25}, "step": 1}')
    for one in tmp_path.rglob("*"):
        age(one)

    run = read_all(tmp_path, tool="dvclive").one("live")

    assert run.series("train/loss").values == [0.5, 0.25]


def test_a_run_in_the_folder_of_a_project_has_only_its_own_files(tmp_path):
    make(tmp_path, {"a": "step\ta\n0\t1\n"})
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text("x")
    (tmp_path / "plots" / "images").mkdir()
    (tmp_path / "plots" / "images" / "cm.png").write_bytes(b"x")

    (run,) = read_all(tmp_path).runs.values()

    assert [one.path for one in run.run.artifacts] == ["plots/images/cm.png"]


def test_texts_are_told_and_the_rest_is_read(tmp_path):
    make(tmp_path / "live", {"a": "step\ta\n0\t1\n", "word": "step\tword\n0\tabc\n1\tdef\n"})

    found = read_all(tmp_path)

    assert [one.problem for one in found.unread] == ["2 cells of 'word' are no numbers; left out"]
    assert found.points == 1


def test_a_live_folder_hands_on_what_is_new(tmp_path):
    folder = make(tmp_path / "live", {"a": "step\ta\n0\t1\n"})
    (source,) = find_sources(tmp_path)
    reader = source.open()
    found = gather(reader.read())

    with (folder / "plots" / "metrics" / "a.tsv").open("a") as file:
        file.write("1\t2\n2\t")
    (folder / "plots" / "metrics" / "b.tsv").write_text("step\tb\n0\t7\n")
    pieces = list(reader.read())

    assert [one.status for one in pieces if isinstance(one, ImportedRun)] == ["running"]
    points = {one.metric: one.steps for one in pieces if isinstance(one, Points)}
    assert points == {"a": [1], "b": [0]}
    assert gather(pieces, found).points == 3


def test_a_run_that_began_again_in_its_folder_starts_over(tmp_path):
    folder = make(tmp_path / "live", {"a": "step\ta\n0\t1\n1\t2\n"})
    (source,) = find_sources(tmp_path)
    reader = source.open()
    found = gather(reader.read())

    (folder / "plots" / "metrics" / "a.tsv").write_text("step\ta\n0\t5\n")
    pieces = list(reader.read())

    assert isinstance(pieces[0], StartedOver)
    assert gather(pieces, found).one("live").series("a").values == [5.0]


def test_links_out_of_the_folder_are_not_followed(tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "a.tsv").write_text("step\ta\n0\t1\n")
    folder = make(tmp_path / "runs" / "live", {"b": "step\tb\n0\t1\n"})
    (folder / "plots" / "metrics" / "out").symlink_to(tmp_path / "secret")
    (folder / "link.png").symlink_to(tmp_path / "secret" / "a.tsv")

    run = read_all(tmp_path / "runs").one("live")

    assert list(run.metrics) == [("b", "")]
    assert list(run.run.artifacts) == []


def test_damage_of_any_file_leaves_the_rest(tmp_path):
    rows = "".join(f"{step}\t{1 / (step + 1)}\n" for step in range(10))
    folder = make(
        tmp_path / "live",
        {"loss": f"step\tloss\n{rows}", "acc": f"step\tacc\n{rows}"},
        params_yaml="a: 1\nb: {c: [1, 2]}\n",
        metrics_json='{"loss": 0.1, "acc": 0.1, "step": 9}',
    )
    found = []

    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        for _ in damaged(path, 5, 60):
            found.append(read_damaged(tmp_path))

    assert all(isinstance(one, Found) and one.points >= 10 for one in found)
