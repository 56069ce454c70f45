"""Any table with a step: what its columns are, and what is read of it while it grows."""

from __future__ import annotations

import json
import math
import os
import random
from pathlib import Path

import pytest

from tests.import_damage import damaged, read_damaged
from tests.import_truth import Found, age, check, gather, read_all, read_item, truth_of
from tui_tracker.errors import ImportFailed, InvalidArgument
from tui_tracker.importers import find_sources
from tui_tracker.importers.claims import Claim
from tui_tracker.importers.records import Piece, Points, StartedOver
from tui_tracker.importers.tabular import (
    TOOL,
    describe,
    guess_columns,
    open_reader,
    parse_columns,
)


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """Write a file that nobody has touched for a day."""
    path.write_bytes(text.encode(encoding))
    age(path)
    return path


def read(path: Path, text: str, encoding: str = "utf-8") -> Found:
    return read_all(write(path, text, encoding))


# -- the shared data


def test_what_keras_logged_comes_out_as_stated(tmp_path):
    found = read_item("keras_csvlogger", tmp_path)

    check(found, truth_of("keras_csvlogger"), not_told={"start_time", "end_time"})


def test_what_fastai_logged_comes_out_as_stated(tmp_path):
    found = read_item("fastai_csvlogger", tmp_path)

    check(found, truth_of("fastai_csvlogger"), not_told={"start_time", "end_time"})


# -- the guess


@pytest.mark.parametrize(
    ("header", "rows", "step", "metrics"),
    [
        ("epoch,loss", "0,1\n1,0.5", "epoch", ("loss",)),
        ("loss,Step,epoch", "1,10,0\n2,20,0", "Step", ("loss", "epoch")),
        ("trainer/global_step,loss", "0,1\n1,2", "trainer/global_step", ("loss",)),
        (",loss", "0,1\n1,2\n2,3", "index", ("loss",)),
        ("n,loss", "1,0.5\n2,0.4\n3,0.3", "n", ("loss",)),
        ("loss,acc", "0.5,0.1\n0.4,0.2", "", ("loss", "acc")),
        ("Wall time,Step,Value", "1700000000.5,0,1\n1700000001.5,1,2", "Step", ("Value",)),
    ],
)
def test_the_step_is_told_by_name_or_by_counting(tmp_path, header, rows, step, metrics):
    columns = guess_columns(write(tmp_path / "a.csv", f"{header}\n{rows}\n"))

    assert (columns.step, columns.metrics) == (step, metrics)


def test_what_never_changes_is_a_param_unless_it_is_a_measurement(tmp_path):
    text = "epoch,loss,acc,batch_size,optimizer,lr\n0,1,1.0,32,adam,0.1\n1,2,1.0,32,adam,0.1\n"

    columns = guess_columns(write(tmp_path / "a.csv", text))

    assert columns.params == ("batch_size", "optimizer")
    assert columns.metrics == ("loss", "acc", "lr")


def test_texts_and_durations_are_left_out(tmp_path):
    text = "epoch,loss,note,time\n0,1,good,00:10\n1,2,bad,00:10\n"

    columns = guess_columns(write(tmp_path / "a.csv", text))

    assert columns.ignored == ("note", "time")


def test_a_guess_is_shown_line_by_line(tmp_path):
    text = "run_id,timestamp,epoch,loss,bs,note\n"
    text += "a,1700000000,0,1,32,x\na,1700000001,1,2,32,y\nb,1700000002,0,3,64,z\n"

    lines = describe(guess_columns(write(tmp_path / "a.csv", text)))

    assert lines == [
        "step: 'epoch'",
        "time: 'timestamp'",
        "run: one for each value of 'run_id'",
        "metrics: loss",
        "params: bs",
        "left out: note",
    ]


def test_thousands_of_columns_are_shown_in_one_line(tmp_path):
    names = [f"w{number}" for number in range(3000)]
    rows = [",".join(map(str, range(step, step + 3001))) for step in range(3)]
    path = write(tmp_path / "a.csv", "\n".join([",".join(["step", *names]), *rows, ""]))

    lines = describe(guess_columns(path))

    assert lines[2].endswith("w11 and 2,988 more")
    assert read_all(path).points == 9000


# -- roles that are told


def test_roles_are_changed_by_who_knows(tmp_path):
    path = write(
        tmp_path / "a.csv", "ep,wall,lr,loss,acc\n1,1700000000,0.1,5,6\n2,1700000001,0.1,7,8\n"
    )
    columns = guess_columns(path).changed(**parse_columns("step=ep,time=wall,param=lr,metric=loss"))

    found = gather(open_reader(Claim(TOOL, path, tmp_path), columns).read())

    run = found.one("a.csv")
    assert run.run.params == {"lr": 0.1}
    assert list(run.metrics) == [("loss", "")]
    assert run.series("loss").times_ms == [1_700_000_000_000, 1_700_000_001_000]


def test_a_column_leaves_the_role_it_had(tmp_path):
    columns = guess_columns(write(tmp_path / "a.csv", "step,epoch,loss\n0,0,1\n1,0,2\n"))

    changed = columns.changed(step="epoch", params=["loss"])

    assert (changed.step, changed.metrics, changed.params) == ("epoch", (), ("loss",))
    assert changed.ignored == ("step",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stp=epoch", "'stp' is no role of a column: did you mean 'step'?"),
        ("epoch", "'epoch' gives no column a role: write ROLE=COLUMN, as in step=epoch."),
        ("step=a,step=b", "'step' is given twice: only one column can be the step."),
        ("", "no column was named"),
    ],
)
def test_what_is_no_role_is_told_with_the_way_out(text, words):
    with pytest.raises(InvalidArgument) as caught:
        parse_columns(text)

    assert words in str(caught.value)


def test_names_with_commas_stand_in_quotes():
    roles = parse_columns('metric="a,b", metric=c ,step="s"')

    assert roles == {"metrics": ["a,b", "c"], "step": "s"}


def test_a_column_that_is_not_there_is_told_with_the_nearest(tmp_path):
    columns = guess_columns(write(tmp_path / "a.csv", "epoch,loss\n0,1\n1,2\n"))

    with pytest.raises(InvalidArgument) as caught:
        columns.changed(metrics=["los"])

    assert str(caught.value) == "there is no column named 'los': did you mean 'loss'?"


# -- forms


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path, encoding, end):
    found = read(tmp_path / "a.csv", end.join(["epoch,größe", "0,1.5", "1,0.5", ""]), encoding)

    assert found.one("a.csv").series("größe").values == [1.5, 0.5]


def test_commas_for_points_between_semicolons(tmp_path):
    found = read(tmp_path / "a.csv", "epoch;loss;big\n1;0,5;1.234,5\n2;1e-3;2\n")

    run = found.one("a.csv")
    assert run.series("loss").values == [0.5, 0.001]
    assert run.series("big").values == [1234.5, 2.0]


def test_cells_in_all_spellings(tmp_path):
    cells = ["nan", "-inf", "Infinity", "NA", "", "None", "90 %", "tensor(0.25)", "1e400"]
    rows = "".join(f"{step},{cell}\n" for step, cell in enumerate(cells))

    found = read(tmp_path / "a.csv", f"step,x\n{rows}")

    series = found.one("a.csv").series("x")
    assert series.steps == [0, 1, 2, 6, 7, 8]
    assert math.isnan(series.values[0])
    assert series.values[1:] == [-math.inf, math.inf, 90.0, 0.25, math.inf]


def test_quoted_cells_with_commas_quotes_and_line_ends(tmp_path):
    text = 'epoch,note,"loss, mean"\n0,"a ""b"", c",1\n1,"x\ny",2\n'

    found = read(tmp_path / "a.csv", text)

    assert found.one("a.csv").series("loss, mean").values == [1.0, 2.0]
    assert not found.unread


@pytest.mark.parametrize("rows", [10, 900])
def test_a_quote_that_stands_for_itself_swallows_nothing(tmp_path, rows):
    text = "".join(f"{step},{step},ok\n" for step in range(2, rows))

    found = read(tmp_path / "a.csv", f'epoch,loss,note\n0,0,24" screen\n1,1,fine\n{text}')

    assert found.one("a.csv").series("loss").steps == list(range(rows))


def test_two_such_quotes_swallow_nothing_between_them(tmp_path):
    text = 'epoch,loss,note\n0,0,24" screen\n1,1,x\n2,2,27" screen\n3,3,x\n'

    found = read(tmp_path / "a.csv", text)

    assert found.one("a.csv").series("loss").steps == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "text",
    [
        "".join(f'{{"step":{step},"k{step}":1}}\n' for step in range(800)),
        '{"a":' * 3000 + "1" + "}" * 3000 + '\n{"step":1,"b":1}\n{"step":2,"b":1}\n',
        "step," + ",".join(map(str, range(150_000))) + "\n",
        '{"step":' + "9" * 10_000 + ',"b":' + "9" * 5000 + '}\n{"step":2,"b":1}\n',
    ],
)
def test_hostile_sizes_are_read_or_refused(tmp_path, text):
    path = write(tmp_path / "a.jsonl", text)

    result = read_damaged(path)

    assert isinstance(result, ImportFailed) or result.points >= 2


def test_a_header_that_comes_again_and_with_more_columns(tmp_path):
    text = "epoch,loss\n0,1\n1,0.5\nepoch,loss\n1,0.6\nepoch,loss,acc\n2,0.3,0.9\n"

    found = read(tmp_path / "a.csv", text)

    run = found.one("a.csv")
    assert run.series("loss").steps == [0, 1, 1, 2]
    assert run.series("acc").steps == [2]


def test_comments_and_padded_cells(tmp_path):
    found = read(
        tmp_path / "a.csv", "# made by me\n  epoch,   loss\n#x\n    0,    1\n    1,  0.5\n"
    )

    assert found.one("a.csv").series("loss").values == [1.0, 0.5]


def test_names_behind_a_number_sign(tmp_path):
    path = write(tmp_path / "a.txt", "# epoch loss\n0 1.5\n1 0.5\n")

    assert read_all(path).one("a.txt").series("loss").values == [1.5, 0.5]


def test_json_lines_with_settings_first(tmp_path):
    lines = [{"config": {"lr": 0.1, "opt": "adam"}}]
    lines += [{"step": step, "loss": 1 / (step + 1), "val": {"acc": step}} for step in range(3)]

    found = read(tmp_path / "a.jsonl", "".join(json.dumps(line) + "\n" for line in lines))

    run = found.one("a.jsonl")
    assert run.run.params == {"config.lr": 0.1, "config.opt": "adam"}
    assert run.series("loss").values == [1.0, 0.5, 1 / 3]
    assert run.series("val.acc").steps == [0, 1, 2]


def test_epochs_in_parts_are_counted_and_kept_as_a_series(tmp_path):
    found = read(tmp_path / "a.csv", "epoch,loss\n0.25,1\n0.5,2\n1.0,3\n")

    run = found.one("a.csv")
    assert run.series("loss").steps == [0, 1, 2]
    assert run.series("epoch").values == [0.25, 0.5, 1.0]


def test_a_column_of_seeds_parts_a_file_into_runs(tmp_path):
    rows = [(seed, rate, step) for seed, rate in ((0, 0.1), (1, 0.01)) for step in range(3)]
    text = "".join(f"{seed},{rate},{step},{seed + step}\n" for seed, rate, step in rows)

    found = read(tmp_path / "a.csv", f"seed,lr,epoch,loss\n{text}")

    assert sorted(one.run.name for one in found.runs.values()) == ["a.csv seed=0", "a.csv seed=1"]
    assert found.one("a.csv#1").run.params == {"seed": 1, "lr": 0.01}
    assert found.one("a.csv#1").series("loss").values == [1.0, 2.0, 3.0]


def test_one_seed_throughout_is_a_param(tmp_path):
    found = read(tmp_path / "a.csv", "seed,epoch,loss\n7,0,1\n7,1,2\n")

    assert found.one("a.csv").run.params == {"seed": 7}


# -- what is wrong with a file


def test_rows_that_do_not_fit_are_named_and_the_rest_is_read(tmp_path):
    text = "epoch,loss,acc\n0,1,1\n1,2\n2,3,4,5\n3,x,6\n4,5,6\n"

    found = read(tmp_path / "a.csv", text)

    run = found.one("a.csv")
    assert run.series("loss").steps == [0, 1, 4]
    assert run.series("acc").steps == [0, 3, 4]
    assert [(one.place, one.problem) for one in found.unread] == [
        ("line 3", "has 2 cells for 3 columns; the rest is missing"),
        ("line 4", "has 4 cells for 3 columns; left out"),
        ("line 5", "1 cells of 'loss' are no numbers; left out"),
    ]


@pytest.mark.parametrize(
    ("last", "steps"),
    [("2,0.3234", [0, 1]), ("2,", [0, 1]), ("2", [0, 1]), ("2,0.323456789", [0, 1, 2])],
)
def test_a_last_row_without_an_end_counts_if_it_looks_whole(tmp_path, last, steps):
    found = read(tmp_path / "a.csv", f"epoch,loss\n0,0.123456789\n1,0.223456789\n{last}")

    assert found.one("a.csv").series("loss").steps == steps
    assert len(found.unread) == (len(steps) == 2)


def test_a_param_that_changes_after_all_is_told(tmp_path):
    rows = "".join(f"{step},{step},32\n" for step in range(9000)) + "9000,1,64\n"

    found = read(tmp_path / "a.csv", f"step,loss,batch_size\n{rows}")

    assert found.one("a.csv").run.params == {"batch_size": 32}
    assert "'batch_size' was taken for a param, but changes" in found.unread[0].problem


def test_a_line_of_many_megabytes_is_passed_over(tmp_path):
    path = tmp_path / "a.csv"
    long = b"x" * (33 << 20)
    path.write_bytes(b"epoch,loss\n" + b"0,1\n" * 40 + long + b"\n1,2\n")
    age(path)

    found = read_all(path)

    assert found.one("a.csv").series("loss").values[-1] == 2.0


@pytest.mark.parametrize("text", ["", "epoch,loss\n", "\n\n"])
def test_a_file_without_rows_is_told_with_what_was_wanted(tmp_path, text):
    path = write(tmp_path / "a.csv", text)

    with pytest.raises(ImportFailed, match=r"wanted rows with a header.*--columns"):
        list(open_reader(Claim(TOOL, path, tmp_path)).read())


def test_a_file_without_numbers_is_told_with_the_way_out(tmp_path):
    path = write(tmp_path / "a.csv", "a,b\nfoo,bar\nbaz,qux\n")

    with pytest.raises(ImportFailed, match=r"wanted a column of numbers.*--columns"):
        list(open_reader(Claim(TOOL, path, tmp_path)).read())


# -- in a folder


def test_only_curves_are_taken_in_a_folder(tmp_path):
    write(tmp_path / "curves.csv", "epoch,loss\n0,1\n1,2\n")
    write(tmp_path / "flowers.csv", "id,petal,kind\n0,1.5,a\n1,2.5,b\n2,0.5,a\n")
    write(tmp_path / "shuffled.csv", "step,x\n5,1\n2,1\n9,1\n1,1\n7,1\n0,1\n3,1\n")
    write(tmp_path / "one.csv", "epoch,loss\n0,1\n")
    write(tmp_path / "words.csv", "epoch,word\n0,a\n1,b\n")
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)) * 9)

    taken = [source.path.name for source in find_sources(tmp_path)]

    assert taken == ["curves.csv"]


def test_a_file_that_was_named_is_taken_more_freely(tmp_path):
    path = write(tmp_path / "flowers.csv", "id,petal,kind\n0,1.5,a\n1,2.5,b\n2,0.5,a\n")

    assert read_all(path).one("flowers.csv").series("petal").values == [1.5, 2.5, 0.5]


def test_settings_beside_the_only_table_are_its_params(tmp_path):
    write(tmp_path / "log.csv", "epoch,loss,batch_size\n0,1,32\n1,2,32\n")
    write(tmp_path / "args.json", '{"lr": 0.1, "net": {"depth": 3}, "batch_size": 16}')
    (tmp_path / ".hydra").mkdir()
    write(tmp_path / ".hydra" / "config.yaml", "opt: adam\nlr: 1e-3\n")

    params = read_all(tmp_path).one("log.csv").run.params

    assert params == {"lr": 0.001, "net.depth": 3, "batch_size": 32, "opt": "adam"}


def test_settings_beside_several_tables_belong_to_none(tmp_path):
    write(tmp_path / "a.csv", "epoch,loss\n0,1\n1,2\n")
    write(tmp_path / "b.csv", "epoch,loss\n0,1\n1,2\n")
    write(tmp_path / "config.yaml", "lr: 0.1\n")

    found = read_all(tmp_path)

    assert [one.run.params for one in found.runs.values()] == [{}, {}]


def test_settings_that_cannot_be_read_are_told(tmp_path):
    write(tmp_path / "a.csv", "epoch,loss\n0,1\n1,2\n")
    write(tmp_path / "config.yaml", "lr: [0.1\n")

    found = read_all(tmp_path)

    assert found.points == 2
    assert "the params cannot be read: line 1" in found.unread[0].problem


def test_a_history_with_numbered_rows_is_taken_for_its_loss(tmp_path):
    write(tmp_path / "history.csv", ",loss,val_loss\n0,1,2\n1,0.5,1\n2,0.3,1\n")
    write(tmp_path / "frame.csv", ",height,weight\n0,1,2\n1,0.5,1\n2,0.3,1\n")

    assert [source.path.name for source in find_sources(tmp_path)] == ["history.csv"]


# -- while it grows


def test_a_longer_copy_in_its_place_has_grown(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("epoch,loss\n0,1\n1,2\n")
    reader = open_reader(Claim(TOOL, path, tmp_path))
    list(reader.read())

    (tmp_path / "new").write_text("epoch,loss\n0,1\n1,2\n2,3\n")
    (tmp_path / "new").replace(path)
    pieces = list(reader.read())

    assert _steps(pieces) == [2]
    assert not any(isinstance(one, StartedOver) for one in pieces)


def test_only_what_is_new_is_handed_on(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("epoch,loss\n0,1\n1,2\n2,")
    reader = open_reader(Claim(TOOL, path, tmp_path))

    first = list(reader.read())
    with path.open("a") as file:
        file.write("3\n3,4\n")
    second = list(reader.read())

    assert _steps(first) == [0, 1]
    assert _steps(second) == [2, 3]
    assert _status(first) == "running"
    assert list(reader.read()) == []


def test_the_last_row_comes_when_the_file_is_left_alone(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("epoch,loss\n0,1\n1,2\n2,3")
    reader = open_reader(Claim(TOOL, path, tmp_path))

    first = list(reader.read())
    age(path)
    second = list(reader.read())

    assert (_steps(first), _steps(second)) == ([0, 1], [2])
    assert (_status(first), _status(second)) == ("running", "finished")


@pytest.mark.parametrize("text", ["epoch,loss\n5,1\n6,2\n7,3\n", "epoch,loss\n0,9\n"])
def test_a_file_that_was_written_anew_starts_over(tmp_path, text):
    path = tmp_path / "a.csv"
    path.write_text("epoch,loss\n0,1\n1,2\n")
    reader = open_reader(Claim(TOOL, path, tmp_path))
    found = gather(reader.read())

    path.write_text(text)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    pieces = list(reader.read())

    assert isinstance(pieces[0], StartedOver)
    rows = text.splitlines()[1:]
    steps = gather(pieces, found).one("a.csv").series("loss").steps
    assert steps == [int(row.split(",")[0]) for row in rows]


def test_points_come_in_batches_of_bounded_size(tmp_path):
    rows = "".join(f"{step}," + ",".join(["1"] * 99) + "\n" for step in range(2000))
    names = ",".join(["step", *(f"m{number}" for number in range(99))])
    path = write(tmp_path / "a.csv", f"{names}\n{rows}")

    pieces = list(open_reader(Claim(TOOL, path, tmp_path)).read())

    assert max(len(one.steps) for one in pieces if isinstance(one, Points)) <= 500
    assert gather(pieces).points == 99 * 2000


def test_a_damaged_file_is_read_as_far_as_it_goes(tmp_path):
    chance = random.Random(1)
    rows = "".join(
        f'{step},{chance.random()},"a, {step}",{chance.random()}\n' for step in range(40)
    )
    path = write(tmp_path / "a.csv", f"epoch,loss,note,acc\n{rows}")
    lines = "".join(json.dumps({"step": s, "loss": chance.random()}) + "\n" for s in range(40))
    other = write(tmp_path / "b.jsonl", lines)
    found = []

    for file in (path, other):
        for _ in damaged(file, 3, 150):
            found.append(read_damaged(file))

    whole = [one for one in found if isinstance(one, Found) and one.points]
    assert len(whole) > 200


def _steps(pieces: list[Piece]) -> list[int]:
    return [step for one in pieces if isinstance(one, Points) for step in one.steps]


def _status(pieces: list[Piece]) -> str:
    return next(iter(gather(_only_runs(pieces)).runs.values())).run.status


def _only_runs(pieces: list[Piece]) -> list[Piece]:
    from tui_tracker.importers.records import ImportedRun

    return [one for one in pieces if isinstance(one, ImportedRun)]
