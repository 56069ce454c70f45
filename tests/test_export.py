"""What `tt export` writes: tables, JSON lines that bring all back, other trackers' stores."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import random
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import tui_tracker as tt
from tui_tracker import journal
from tui_tracker.errors import ImportFailed, InvalidArgument
from tui_tracker.handing_on import lines_format
from tui_tracker.handing_on.event_files import EventWriter, _crc, _masked
from tui_tracker.handing_on.lines_reading import restore
from tui_tracker.handing_on.places import new_file, new_folder
from tui_tracker.handing_on.points import read_points
from tui_tracker.handing_on.spelling import (
    file_name,
    mlflow_name,
    read_file_name,
    read_mlflow_name,
)
from tui_tracker.handing_on.yaml_writing import yaml_value
from tui_tracker.importers.claims import Claim, Listing, list_claims
from tui_tracker.importers.records import ImportedRun, Points, Printed, Unread
from tui_tracker.importers.tracker_jsonl import find_claims, open_reader
from tui_tracker.queries import list_run_keys
from tui_tracker.store import Store

Cli = Callable[..., tuple[int, str, str]]
ODD_NAN = struct.unpack("<d", bytes.fromhex("010000000000f8ff"))[0]
"""A NaN with a sign and a payload, as a processor may make it."""
PARAMS = {
    "lr": 1e-5,
    "n": 10**20,
    "big": 2**60,
    "long": "x" * 600,
    "nan": math.nan,
    "inf": -math.inf,
    "mixed": [1, "a", None],
    "odd": [math.nan],
    "yes": "yes",
    "text": "1e-3",
    "multi": 'a\n"b": c\u2028\x85 é 😀',
    "on": True,
    "none": None,
    "whole": 2,
    "zero": -0.0,
}


@pytest.fixture
def busy(folder: Path) -> Path:
    """A store with one of everything that a run may have."""
    for number in range(3):
        run = tt.init(
            "exp/a",
            "same name" if number else "r: x/y?",
            PARAMS | {"seed": number, "either": 1 if number else 2.5},
            tags=("a", "k:v", "k:w"),
            store=folder,
        )
        for step in range(2500):
            odd = ODD_NAN if step % 7 == 0 else math.inf if step % 11 == 0 else step * 0.1
            run.log({"loss": 1 / (step + 1), "odd@x ü~": odd, "a": step, "a/b": -step}, step=step)
        run.log({"loss": 5.0}, step=-5, context="val")
        run.log({"loss": math.nan}, step=2**62, context="val")
        run.note('a note, with "quotes"\nand lines')
        (folder.parent / "model.txt").write_text("weights")
        run.log_artifact(folder.parent / "model.txt", name="deep/model.txt")
        run.log_params({"lr": 0.5})
        # As the captured stream does.
        run._append(journal.CONSOLE, {"stream": "out", "text": "printed, once"})
        run.finish()
    return folder


def lines_of(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def points_of(store: Store) -> dict[tuple[int, str], list[tuple[int, int, bytes]]]:
    """Return all points of a store, values by their bits."""
    found: dict[tuple[int, str], list[tuple[int, int, bytes]]] = {}
    for one in read_points(store, list_run_keys(store), system=True):
        bits = [struct.pack("<d", value) for value in one.values]
        rows = zip(one.steps, one.times_ms, bits, strict=True)
        found.setdefault((one.run, one.label), []).extend(rows)
    return found


@pytest.mark.usefixtures("busy")
def test_json_lines_bring_back_a_store_that_writes_the_same_bytes(tmp_path, tt_: Cli):
    assert tt_("tag", "r: x/y?", "starred")[0] == 0
    assert tt_("rename", "r: x/y?", "other")[0] == 0
    assert tt_("undo")[0] == 0
    code, text, _ = tt_("export", "--to", "jsonl", "--archived")
    assert code == 0
    (tmp_path / "runs.jsonl").write_text(text, encoding="utf-8", newline="")

    with Store.open(tmp_path / "other", create=True) as other:
        done = restore(str(tmp_path / "runs.jsonl"), other)
    again = tt_("--store", str(tmp_path / "other"), "export", "--to", "jsonl")

    assert (len(done.merged.added), done.problems) == (3, ())
    assert again[1] == text


def test_json_lines_keep_every_bit_of_every_value(busy, tmp_path, tt_: Cli):
    path = tmp_path / "runs.jsonl"
    assert tt_("export", "--to", "jsonl", "--out", str(path))[0] == 0

    with Store.open(tmp_path / "other", create=True) as other, Store.open(busy) as store:
        restore(str(path), other)
        # Keys may differ, as newest first does not say which came first into a store.
        before = sorted(points_of(store).values())
        after = sorted(points_of(other).values())

    assert before == after


@pytest.mark.usefixtures("busy")
def test_an_import_of_json_lines_is_idempotent_and_says_so(tmp_path, tt_: Cli):
    path = tmp_path / "runs.jsonl"
    tt_("export", "--to", "jsonl", "--out", str(path))

    first = tt_("--store", str(tmp_path / "other"), "import", str(path), "--json")
    second = tt_("--store", str(tmp_path / "other"), "unbundle", str(path), "--json")

    assert len(json.loads(first[1])["imported"]) == 3
    assert json.loads(first[1])["warnings"] == []
    assert len(json.loads(second[1])["same"]) == 3


def test_a_bundle_gives_back_a_store_that_exports_the_same_runs(busy, tmp_path, tt_: Cli):
    bundle = str(tmp_path / "b.ttb")
    ids = [run["id"] for run in tt.list_runs(store=busy)]
    assert tt_("bundle", *ids, "--out", bundle)[0] == 0
    other = str(tmp_path / "other")
    tt_("--store", other, "unbundle", bundle)

    before, after = (
        lines_of(tt_("--store", one, "export", "--to", "jsonl")[1]) for one in (str(busy), other)
    )

    # A run says where it was unbundled from, and that is all that is new.
    after = [line for line in after if dict(line.get("lineage", {})).get("part") != "origin"]  # type: ignore[call-overload]
    assert before == after


@pytest.mark.usefixtures("busy")
def test_a_file_that_is_cut_gives_what_is_whole_and_says_the_rest(tmp_path, tt_: Cli):
    whole = tt_("export", "--to", "jsonl")[1].encode()
    path = tmp_path / "cut.jsonl"
    path.write_bytes(whole[: len(whole) * 2 // 3])

    with Store.open(tmp_path / "other", create=True) as other:
        done = restore(str(path), other)

    assert 1 <= len(done.merged.added) <= 3
    assert "ends before" in done.problems[-1]


def test_damaged_lines_are_named_and_never_break_the_rest(log_run, tmp_path, tt_: Cli):
    for name in ("one", "two"):
        log_run(name, params=PARAMS, tags=("a",), loss=[0.5, math.nan], acc=[1.0] * 30)
    whole = tt_("export", "--to", "jsonl")[1].encode()
    chance = random.Random(7)
    for number in range(12):
        damaged = bytearray(whole)
        for _ in range(chance.randrange(1, 12)):
            damaged[chance.randrange(40, len(whole))] = chance.choice(b'0"{}[]xe-\n\x00\xff')
        path = tmp_path / f"{number}.jsonl"
        path.write_bytes(damaged)

        try:
            with Store.open(tmp_path / f"s{number}", create=True) as other:
                done = restore(str(path), other)
                list(points_of(other))
        except ImportFailed as error:
            said = str(error)
        else:
            said = f"{path}: {len(done.problems)} lines"
        assert said.startswith(str(path))


def changed_somewhere(value: object, chance: random.Random) -> object:
    """Return JSON in which one value somewhere is of another kind, or gone."""
    if isinstance(value, dict) and value and chance.random() < 0.8:
        name = chance.choice(sorted(value))
        rest = {key: one for key, one in value.items() if key != name}
        if chance.random() < 0.2:
            return rest
        return rest | {name: changed_somewhere(value[name], chance)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        place = chance.randrange(len(value))
        changed = changed_somewhere(value[place], chance)
        return [*value[:place], changed, *value[place + 1 :]]
    return chance.choice([None, -1, 1.5, "x", [], {}, True, 2**70, "NaN", [[1]], {"a": 1}])


def test_values_of_other_kinds_are_told_and_never_taken(log_run, tmp_path, tt_: Cli):
    log_run("r", params=PARAMS, tags=("a",), loss=[0.5, math.nan])
    lines = lines_of(tt_("export", "--to", "jsonl")[1])
    chance = random.Random(11)
    for number in range(24):
        place = chance.randrange(1, len(lines))
        odd = [*lines[:place], changed_somewhere(lines[place], chance), *lines[place + 1 :]]
        path = tmp_path / "odd.jsonl"
        path.write_text("".join(f"{json.dumps(line)}\n" for line in odd))

        with Store.open(tmp_path / f"s{number}", create=True) as other:
            try:
                restore(str(path), other)
            except ImportFailed as error:
                told = str(error)
            else:
                told = str(path)
        seen = list(open_reader(Claim("tui_tracker", path, tmp_path)).read())

        assert told.startswith(str(path))
        assert len(tt.list_runs(store=tmp_path / f"s{number}")) <= 1
        assert all(one.path == path for one in seen if isinstance(one, Unread))


@pytest.mark.parametrize(
    "line",
    [
        {"run": "x", "is": {}},
        {"run": "x", "points": ["metric", "a", ""], "steps": [1], "times_ms": [], "values": [1]},
        {"run": "x", "block": {"id": 1, "data": "00"}},
        {"run": "x", "sqlite_master": {"sql": "x"}},
        {"alias": {"id": 3}},
        {"run": ["x"], "tag": {"tag": 3, "at_ms": "x"}},
        {"fact": {"body": 1}},
    ],
)
def test_a_line_that_says_nothing_that_can_be_is_named(tmp_path, line):
    path = tmp_path / "x.jsonl"
    head = {"tui_tracker": "runs", "version": 1}
    path.write_text(f"{json.dumps(head)}\n{json.dumps(line)}\n" + '{"end": {}}\n')

    with Store.open(tmp_path / "other", create=True) as other:
        done = restore(str(path), other)

    assert done.merged.added == ()
    assert [problem.split(":")[0] for problem in done.problems] == ["line 2"]


def test_lines_of_a_later_version_are_refused_in_a_sentence(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"tui_tracker": "runs", "version": 99}\n')

    with (
        Store.open(tmp_path / "other", create=True) as other,
        pytest.raises(ImportFailed, match="version 99 and this program reads 1"),
    ):
        restore(str(path), other)


@pytest.mark.usefixtures("busy")
def test_json_lines_can_be_looked_at_where_they_lie(tmp_path, tt_: Cli):
    path = tmp_path / "runs.jsonl"
    tt_("export", "--to", "jsonl", "--out", str(path))
    ((_, claim),) = list_claims(tmp_path / "runs.jsonl", [find_claims], lambda _: None)
    reader = open_reader(claim)

    pieces = list(reader.read())
    later = list(reader.read())

    runs = {one.key: one for one in pieces if isinstance(one, ImportedRun)}
    assert len(runs) == 3
    assert later == []
    assert not [one for one in pieces if isinstance(one, Unread)]
    one = next(iter(runs.values()))
    assert one.experiment == "exp/a"
    assert one.params["big"] == 2**60
    assert math.isnan(one.params["nan"])  # type: ignore[arg-type]
    assert set(one.tags) == {"a", "k:v", "k:w"}
    assert [note.text for note in one.notes] == ['a note, with "quotes"\nand lines']
    assert [artifact.path for artifact in one.artifacts] == ["deep/model.txt"]
    points = [p for p in pieces if isinstance(p, Points) and (p.run, p.metric) == (one.key, "a")]
    assert sum(len(p.values) for p in points) == 2500
    assert [p.lines[0][2] for p in pieces if isinstance(p, Printed)] == ["printed, once"] * 3


def test_other_jsonl_is_not_taken_for_ours(tmp_path):
    (tmp_path / "x.jsonl").write_text('{"step": 1}\n')

    assert list(find_claims(Listing(tmp_path, tmp_path, files={"x.jsonl"}))) == []


@pytest.mark.usefixtures("busy")
def test_points_as_csv_have_all_digits(tt_: Cli):
    code, text, said = tt_("export", "--to", "csv", "seed = 0")

    rows = list(csv.DictReader(io.StringIO(text)))
    loss = [row for row in rows if (row["metric"], row["context"]) == ("loss", "")]
    assert code == 0
    assert [float(row["value"]) for row in loss] == [1 / (step + 1) for step in range(2500)]
    assert [int(row["step"]) for row in loss] == list(range(2500))
    val = [(row["step"], row["value"]) for row in rows if row["context"] == "val"]
    assert val == [("-5", "5.0"), (str(2**62), "NaN")]
    assert loss[0]["time"].endswith("Z")
    assert "17 params left out" in said
    assert "1 note left out" in said


@pytest.mark.usefixtures("busy")
def test_runs_as_csv_have_a_column_a_param_and_the_figures_of_each_metric(tt_: Cli):
    text = tt_("export", "seed = 1", "--to", "csv", "--shape", "runs")[1]

    ((row),) = csv.DictReader(io.StringIO(text))
    assert row["name"] == "same name"
    assert row["param:long"] == "x" * 600
    assert row["param:big"] == str(2**60)
    assert row["param:on"] == "true"
    assert json.loads(row["tags"]) == ["a", "k:v", "k:w"]
    assert float(row["metric:loss.min"]) == 1 / 2500
    assert row["metric:loss.count"] == "2500"
    assert row["metric:loss@val.last"] == "NaN"


@pytest.mark.usefixtures("busy")
def test_columns_and_order_are_those_of_ls(tt_: Cli):
    text = tt_("export", "--to", "csv", "--columns", "name,lr,loss.min=best", "--sort", "-seed")[1]

    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["name", "param:lr", "best"]
    assert [row[0] for row in rows[1:]] == ["same name", "same name", "r: x/y?"]
    assert rows[1][1:] == ["0.5", "0.0004"]


def test_parquet_reads_back_equal_in_pandas_and_polars(busy, tmp_path, tt_: Cli):
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    arrow = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "points.parquet"
    assert tt_("export", "--to", "parquet", "--out", str(path))[0] == 0

    with Store.open(busy) as store:
        wanted = [bits for rows in points_of(store).values() for *_, bits in rows]
    read = polars.read_parquet(path)
    assert [struct.pack("<d", v) for v in read["value"]] == wanted
    frame = pandas.read_parquet(path)
    assert [struct.pack("<d", v) for v in frame["value"]] == wanted
    assert str(frame["time"].dtype) == "datetime64[ms, UTC]"
    assert str(frame["step"].dtype) == "int64"
    assert arrow.read_schema(path).metadata[b"what"] == b"points"


@pytest.mark.usefixtures("busy")
def test_parquet_of_runs_has_types_that_hold_the_values(tmp_path, tt_: Cli):
    arrow = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "runs.parquet"
    assert tt_("export", "--to", "parquet", "--shape", "runs", "--out", str(path))[0] == 0

    table = arrow.read_table(path)

    types = {name: str(table.schema.field(name).type) for name in table.schema.names}
    assert types["param:big"] == "int64"
    assert types["param:n"] == "string"  # of more than 64 bits
    assert types["param:either"] == "double"
    assert types["param:on"] == "bool"
    assert types["started"] == "timestamp[ms, tz=UTC]"
    assert types["tags"] == "list<element: string>"
    assert table["param:big"].to_pylist() == [2**60] * 3
    assert table["param:n"].to_pylist() == [str(10**20)] * 3


@pytest.mark.usefixtures("busy")
def test_without_pyarrow_a_sentence_says_what_to_install(tmp_path, tt_: Cli, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    code, _, said = tt_("export", "--to", "parquet", "--out", str(tmp_path / "x.parquet"))

    assert code == 2
    assert "pip install 'tui-tracker[export]'" in said
    assert not list(tmp_path.glob("x.parquet*"))


def records_of(path: Path) -> list[bytes]:
    """Return the records of an event file, their checksums checked bit by bit."""
    raw, at, found = path.read_bytes(), 0, []
    while at < len(raw):
        head, check = raw[at : at + 8], raw[at + 8 : at + 12]
        assert check == _masked(_crc(head))
        (length,) = struct.unpack("<Q", head)
        record = raw[at + 12 : at + 12 + length]
        assert raw[at + 12 + length : at + 16 + length] == _masked(_crc(record))
        found.append(record)
        at += 16 + length
    return found


def test_the_checksum_is_crc32c_as_the_standard_has_it():
    # RFC 3720, B.4, and the mask of TensorFlow's record writer.
    assert _crc(b"123456789") ^ 0xFFFFFFFF == 0xE3069283
    assert _crc(bytes(32)) ^ 0xFFFFFFFF == 0x8A9136AA


def test_a_point_of_an_event_file_is_a_simple_value_with_step_and_time(tmp_path):
    path = tmp_path / "events"
    with path.open("wb") as file:
        writer = EventWriter(file, 1.5)
        rounded = writer.points("loss", [3, -1], [1500, 2500], [0.5, 0.1])

    first, one, two = records_of(path)
    assert b"brain.Event:2" in first
    assert one == (
        b"\x2a\x0d\x0a\x0b\x0a\x04loss\x15" + struct.pack("<f", 0.5)
        + b"\x09" + struct.pack("<d", 1.5) + b"\x10\x03"
    )  # fmt: skip
    assert two.endswith(b"\x10" + b"\xff" * 9 + b"\x01")
    assert rounded == 1


@pytest.mark.usefixtures("busy")
def test_each_run_has_an_event_file_in_a_folder_of_its_own(tmp_path, tt_: Cli):
    out = tmp_path / "tb"

    code, _, said = tt_("export", "--to", "tensorboard", "--out", str(out))

    made = json.loads((out / "tui_tracker.json").read_text())
    assert code == 0
    assert sorted(place.partition("~~")[0] for place in made["runs"]) == [
        "exp/a/r~3A x~2Fy~3F",
        "exp/a/same name",
        "exp/a/same name",
    ]
    for place in made["runs"]:
        (path,) = (out / place).iterdir()
        records = records_of(path)
        assert sum(b"loss@val" in one for one in records) == 2
        assert sum(b"_hparams_/session_start_info" in one for one in records) == 1
    assert "rounded to a 32-bit float" in said
    assert "'r: x/y?' is 'r~3A x~2Fy~3F' there" in said


@pytest.mark.usefixtures("busy")
def test_a_file_store_has_the_layout_of_mlflow(tmp_path, tt_: Cli):
    out = tmp_path / "mlruns"

    code, _, said = tt_("export", "seed = 0", "--to", "mlflow", "--out", str(out))

    (meta,) = out.glob("*/*/meta.yaml")
    run = meta.parent
    facts = dict(line.split(": ", 1) for line in meta.read_text().splitlines())
    assert code == 0
    assert facts["run_name"] == '"r: x/y?"'
    assert facts["status"] == "3"
    assert facts["run_id"] == json.dumps(run.name)
    assert facts["artifact_uri"] == json.dumps((run / "artifacts").as_uri())
    lines = (run / "metrics/loss").read_text().splitlines()
    assert [float(line.split()[1]) for line in lines] == [1 / (step + 1) for step in range(2500)]
    assert (run / "metrics/loss_x40_val").read_text().split()[1:3] == ["5.0", "-5"]
    # `a` is a file, so `a/b` cannot lie in a folder of that name.
    assert (run / "metrics/a").is_file()
    assert (run / "metrics/a_x2F_b").is_file()
    assert (run / "params/multi").read_bytes().decode() == PARAMS["multi"]
    assert (run / "tags/k").read_text() == "v"
    assert (run / "tags/k:w").read_text() == ""
    assert (run / "artifacts/deep/model.txt").read_text() == "weights"
    assert "MLFLOW_ALLOW_FILE_STORE=true" in said


@pytest.mark.usefixtures("busy")
def test_config_files_hold_params_as_wandb_writes_them(tmp_path, tt_: Cli):
    yaml = pytest.importorskip("yaml")
    out = tmp_path / "configs"

    assert tt_("export", "--to", "wandb-config", "--out", str(out))[0] == 0

    found = [yaml.safe_load(path.read_text()) for path in sorted(out.glob("*/*/*/config.yaml"))]
    assert [one.pop("wandb_version") for one in found] == [1, 1, 1]
    first = {name: entry["value"] for name, entry in found[0].items()}
    for name in ("n", "big", "yes", "text", "multi", "on", "none", "mixed", "inf"):
        assert (type(first[name]), first[name]) == (type(PARAMS[name]), PARAMS[name])
    sweep = yaml.safe_load((out / "exp/a/sweep.yaml").read_text())
    assert sweep["method"] == "grid"
    assert sorted(sweep["parameters"]["seed"]["values"]) == [0, 1, 2]
    assert sweep["parameters"]["lr"] == {"value": 0.5}


@pytest.mark.parametrize(
    "value",
    [1e-05, 1e300, -0.0, 0.1, math.inf, 5, True, None, "no", "1", "", " a", "é\u2028\x85\ufeff\t"],
)
def test_yaml_reads_back_as_the_same_value(value):
    yaml = pytest.importorskip("yaml")

    found = yaml.safe_load(yaml_value(value))

    assert (type(found), repr(found)) == (type(value), repr(value))


@pytest.mark.parametrize(
    "name", ["a", "loss@val", "~", "", "..", "a/b", " x ", "é", "CON.", "a~40"]
)
def test_names_read_back_from_their_spelling(name):
    assert read_file_name(file_name(name)) == name
    assert read_mlflow_name(mlflow_name(name)) == name
    assert "/" not in file_name(name)


@pytest.mark.parametrize("name", ["../x", "/etc", "a//b", "a/../b", "_x40_", "x/", "a/./b", ".."])
def test_no_name_leads_out_of_a_file_store(name):
    made = mlflow_name(name)

    assert os.path.normpath(made) == made
    assert not made.startswith(("/", ".."))
    assert read_mlflow_name(made) == name


@pytest.mark.usefixtures("busy")
def test_what_is_there_stays_without_force(tmp_path, tt_: Cli):
    path = tmp_path / "points.csv"
    path.write_text("mine")

    refused = tt_("export", "--to", "csv", "--out", str(path))
    kept = path.read_text()
    forced = tt_("export", "--to", "csv", "--out", str(path), "--force")

    assert (refused[0], kept) == (2, "mine")
    assert "add --force" in refused[2]
    assert forced[0] == 0
    assert path.read_text().startswith("run,metric")


@pytest.mark.usefixtures("busy")
def test_a_folder_that_is_none_of_ours_is_not_replaced_even_with_force(tmp_path, tt_: Cli):
    home = tmp_path / "home"
    home.mkdir()
    (home / "thesis.tex").write_text("years of work")

    code, _, said = tt_("export", "--to", "mlflow", "--out", str(home), "--force")

    assert code == 2
    assert "no folder that tt export made" in said
    assert (home / "thesis.tex").read_text() == "years of work"


@pytest.mark.usefixtures("busy")
def test_a_folder_of_ours_is_replaced_whole(tmp_path, tt_: Cli):
    out = str(tmp_path / "tb")
    tt_("export", "--to", "tensorboard", "--out", out)

    assert tt_("export", "seed = 0", "--to", "tensorboard", "--out", out, "--force")[0] == 0

    assert len(json.loads((tmp_path / "tb/tui_tracker.json").read_text())["runs"]) == 1
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".tt-export")]


def test_an_export_that_fails_leaves_nothing(tmp_path):
    def write_half() -> None:
        with new_file(str(tmp_path / "x")) as draft, new_folder(str(tmp_path / "y"), {}) as folder:
            Path(draft).write_text("half")
            (folder / "z").write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()

    assert os.listdir(tmp_path) == []


def test_a_file_that_somebody_made_meanwhile_is_not_overwritten(tmp_path):
    path = tmp_path / "x"

    def write() -> None:
        with new_file(str(path)) as draft:
            Path(draft).write_text("ours")
            path.write_text("theirs")

    with pytest.raises(InvalidArgument, match="exists already"):
        write()

    assert path.read_text() == "theirs"


def test_secrets_stay_here_unless_they_are_to_be_kept(log_run, tt_: Cli):
    token = "ghp_" + "a1B2c3D4e5" * 3 + "abcdef"
    run = log_run("r", loss=[1.0])
    assert tt_("note", run.id, f"the token is {token}")[0] == 0

    hidden = tt_("export", "--to", "jsonl")
    kept = tt_("export", "--to", "jsonl", "--keep-secrets")

    assert token not in hidden[1]
    assert "looks like a secret, which is hidden" in hidden[2]
    assert token in kept[1]
    assert "secret" not in kept[2]


def test_what_makes_no_sense_together_is_refused(log_run, tt_: Cli):
    log_run("r", loss=[1.0])

    assert tt_("export", "--to", "jsonl", "--shape", "runs")[0] == 2
    assert tt_("export", "--to", "csv", "--shape", "points", "--columns", "name")[0] == 2
    assert tt_("export", "--to", "csv", "--json")[0] == 2
    code, out, said = tt_("export", "name = nobody", "--to", "csv")
    assert (code, out, said) == (1, "", "tt: no run fits\n")


def test_what_was_made_is_told_as_json(log_run, tmp_path, tt_: Cli):
    log_run("r", loss=[1.0, 2.0])
    path = str(tmp_path / "x.csv")

    told = json.loads(tt_("export", "--to", "csv", "--out", path, "--json")[1])

    (note,) = told.pop("notes")
    assert told == {"path": path, "runs": 1, "points": 2}
    assert "parts of the lineage left out" in note


def test_names_are_those_that_were_logged_and_aliases_go_along(log_run, tmp_path, tt_: Cli):
    log_run("r", val_acc=[0.5, 0.75])
    assert tt_("names", "fix", "--metric", "val_acc=val_accuracy", "--reason", "clear")[0] == 0
    path = tmp_path / "runs.jsonl"
    tt_("export", "--to", "jsonl", "--out", str(path))

    with Store.open(tmp_path / "other", create=True) as other:
        restore(str(path), other)

    lines = lines_of(path.read_text())
    assert ["metric", "val_acc", ""] in [line.get("points") for line in lines]
    read = tt.list_runs(store=tmp_path / "other")[0]["metrics"]
    assert list(read) == ["val_accuracy"]


def test_a_series_of_short_blocks_is_written_in_full_ones():
    from array import array

    from tui_tracker.handing_on.points import Stretch, in_full_blocks

    def stretch(first: int, count: int) -> Stretch:
        steps = array("q", range(first, first + count))
        return Stretch(1, "loss", "", False, steps, steps, array("d", steps))

    found = list(in_full_blocks(iter([stretch(0, 10), stretch(10, 2000), stretch(2010, 70)])))

    assert [len(one.values) for one in found] == [1024, 1024, 32]
    assert [step for one in found for step in one.steps] == list(range(2080))


def test_a_nan_of_other_bits_is_written_with_its_bits():
    from array import array

    said = lines_format.numbers(array("d", [math.nan, ODD_NAN, -math.inf, 0.1]))

    assert said == ["NaN", "NaN:fff8000000000001", "-Infinity", 0.1]
    assert (
        lines_format.read_numbers(said).tobytes()
        == array("d", [math.nan, ODD_NAN, -math.inf, 0.1]).tobytes()
    )
