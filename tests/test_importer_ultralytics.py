"""Reading what Ultralytics YOLO left."""

from __future__ import annotations

from pathlib import Path

from tests.import_damage import damaged, read_damaged
from tests.import_truth import Found, age, check, gather, read_all, read_item, truth_of
from tui_tracker.importers import find_sources
from tui_tracker.importers.records import Points, StartedOver

NEW = "epoch,time,train/box_loss,metrics/mAP50(B),lr/pg0\n1,2.5,1.2,0.5,0.01\n2,5.0,1.1,0.6,0.02\n"
OLD = (
    "               epoch,      train/box_loss,     metrics/mAP_0.5,               x/lr0\n"
    "                   0,              0.1174,            0.000143,              0.0714\n"
    "                   1,             0.11019,           0.0031456,            0.041424\n"
)


def make(folder: Path, results: str, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.csv").write_text(results)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    for path in folder.rglob("*"):
        age(path)
    return folder


def test_the_run_of_the_shared_folder_comes_out_as_stated(tmp_path):
    found = read_item("ultralytics", tmp_path)
    # Its script called it so; the store knows it by its folder.
    truth = truth_of("ultralytics")
    truth["runs"][0] |= {"id": "train", "name": "train"}

    check(found, truth, exact=False, more_params=True, not_told={"start_time", "end_time"})


def test_series_params_weights_and_pictures(tmp_path):
    folder = make(tmp_path / "exp", NEW, args="task: detect\nproject: runs/cars\nlr0: 1e-2\n")
    (folder / "weights").mkdir()
    (folder / "weights" / "best.pt").write_bytes(b"x")
    (folder / "F1_curve.png").write_bytes(b"x")

    run = read_all(tmp_path).one("exp")

    assert run.run.experiment == "cars"
    assert run.run.params == {"task": "detect", "project": "runs/cars", "lr0": 0.01}
    assert run.series("metrics/mAP50(B)").steps == [1, 2]
    assert run.series("time").values == [2.5, 5.0]
    assert {(one.path, one.kind) for one in run.run.artifacts} == {
        ("args.yaml", ""),
        ("weights/best.pt", "model"),
        ("F1_curve.png", "image"),
    }


def test_names_and_cells_that_are_padded(tmp_path):
    make(tmp_path / "exp3", OLD, opt="epochs: 2\n", hyp="lr0: 0.01\n")

    run = read_all(tmp_path).one("exp3")

    assert run.run.params == {"epochs": 2, "lr0": 0.01}
    assert run.series("train/box_loss").values == [0.1174, 0.11019]
    assert run.series("x/lr0").steps == [0, 1]


def test_a_table_of_something_else_is_left_to_others(tmp_path):
    make(tmp_path / "a", "epoch,loss\n0,1\n1,2\n")

    assert read_all(tmp_path).tools == {"table"}


def test_an_epoch_more_is_handed_on_alone(tmp_path):
    folder = make(tmp_path / "exp", NEW)
    (source,) = find_sources(tmp_path)
    reader = source.open()
    list(reader.read())

    with (folder / "results.csv").open("a") as file:
        file.write("3,7.5,1.0,0.7,0.03\n4,10")
    pieces = list(reader.read())

    assert {one.metric: one.steps for one in pieces if isinstance(one, Points)} == {
        "time": [3],
        "train/box_loss": [3],
        "metrics/mAP50(B)": [3],
        "lr/pg0": [3],
    }


def test_another_training_in_the_same_folder_starts_over(tmp_path):
    folder = make(tmp_path / "exp", NEW)
    (source,) = find_sources(tmp_path)
    reader = source.open()
    found = gather(reader.read())

    make(folder, OLD)
    pieces = list(reader.read())

    assert isinstance(pieces[0], StartedOver)
    assert list(gather(pieces, found).one("exp").metrics) == [
        ("train/box_loss", ""),
        ("metrics/mAP_0.5", ""),
        ("x/lr0", ""),
    ]


def test_settings_that_cannot_be_read_are_told(tmp_path):
    make(tmp_path / "exp", NEW, args="a: [1,\n")

    found = read_all(tmp_path)

    assert "the params cannot be read: line" in found.unread[0].problem
    assert found.points == 8


def test_damage_of_any_file_is_no_more_than_that(tmp_path):
    folder = make(tmp_path / "exp", NEW, args="a: 1\nb: [1, 2]\n")

    found = [
        read_damaged(tmp_path) for path in sorted(folder.iterdir()) for _ in damaged(path, 8, 200)
    ]

    assert sum(isinstance(one, Found) and one.points >= 4 for one in found) > 300
