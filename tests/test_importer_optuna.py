"""Stores of Optuna."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.import_told import run_sql
from tests.import_truth import check, gather, read_all, read_item, truth_of
from tui_tracker.errors import ImportFailed
from tui_tracker.importers import find_sources
from tui_tracker.importers.claims import Claim
from tui_tracker.importers.optuna import open_reader
from tui_tracker.importers.optuna_trials import external
from tui_tracker.importers.records import ImportedRun, Points, StartedOver

SCHEMA = """
CREATE TABLE version_info (version_info_id INTEGER PRIMARY KEY, schema_version, library_version);
CREATE TABLE studies (study_id INTEGER PRIMARY KEY, study_name);
CREATE TABLE study_directions (study_direction_id INTEGER PRIMARY KEY, direction, study_id,
                               objective);
CREATE TABLE study_user_attributes (study_user_attribute_id INTEGER PRIMARY KEY, study_id, key,
                                    value_json);
CREATE TABLE study_system_attributes (study_system_attribute_id INTEGER PRIMARY KEY, study_id, key,
                                      value_json);
CREATE TABLE trials (trial_id INTEGER PRIMARY KEY, number, study_id, state, datetime_start,
                     datetime_complete);
CREATE TABLE trial_user_attributes (id INTEGER PRIMARY KEY, trial_id, key, value_json);
CREATE TABLE trial_system_attributes (id INTEGER PRIMARY KEY, trial_id, key, value_json);
CREATE TABLE trial_params (param_id INTEGER PRIMARY KEY, trial_id, param_name, param_value FLOAT,
                           distribution_json);
CREATE TABLE trial_values (trial_value_id INTEGER PRIMARY KEY, trial_id, objective, value FLOAT,
                           value_type);
CREATE TABLE trial_intermediate_values (trial_intermediate_value_id INTEGER PRIMARY KEY, trial_id,
                                        step, intermediate_value FLOAT, intermediate_value_type);
INSERT INTO version_info VALUES (1, 12, '5.0.0');
INSERT INTO studies VALUES (1, 'search');
INSERT INTO study_directions VALUES (1, 'MINIMIZE', 1, 0);
"""
OLD_SCHEMA = """
CREATE TABLE version_info (version_info_id INTEGER PRIMARY KEY, schema_version, library_version);
CREATE TABLE studies (study_id INTEGER PRIMARY KEY, study_name, direction);
CREATE TABLE trials (trial_id INTEGER PRIMARY KEY, study_id, state, value FLOAT, datetime_start,
                     datetime_complete);
CREATE TABLE trial_system_attributes (id INTEGER PRIMARY KEY, trial_id, key, value_json);
CREATE TABLE trial_params (param_id INTEGER PRIMARY KEY, trial_id, param_name, param_value FLOAT,
                           distribution_json);
CREATE TABLE trial_values (trial_value_id INTEGER PRIMARY KEY, trial_id, step, value FLOAT);
INSERT INTO version_info VALUES (1, 12, '1.2.0');
INSERT INTO studies VALUES (1, 'old', 'MAXIMIZE');
INSERT INTO trials VALUES (7, 1, 'COMPLETE', 0.75, '2020-01-01 10:00:00', '2020-01-01 10:05:00');
INSERT INTO trial_system_attributes VALUES (1, 7, '_number', '0');
INSERT INTO trial_params VALUES (1, 7, 'n', 4.0,
    '{"name": "IntUniformDistribution", "attributes": {"low": 1, "high": 9}}');
INSERT INTO trial_values VALUES (1, 7, 0, 0.25), (2, 7, 1, NULL), (3, 7, 2, 0.75);
"""


@pytest.fixture
def path(tmp_path) -> Path:
    file = tmp_path / "study.db"
    run_sql(file, SCHEMA)
    return file


def reader_of(path: Path):
    return open_reader(Claim("optuna", path, path.parent))


def told(pieces) -> list[str]:
    shown = []
    for piece in pieces:
        if isinstance(piece, Points):
            shown.append(f"{piece.run.rpartition(':')[2]}: {piece.metric} {list(piece.values)}")
        elif isinstance(piece, ImportedRun):
            shown.append(f"{piece.id} {piece.status}")
        elif isinstance(piece, StartedOver):
            shown.append("over")
        else:
            shown.append(str(piece))
    return shown


@pytest.fixture
def in_utc(monkeypatch) -> Iterator[None]:
    """The zone of the machine that wrote the shared store, whose times are local."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_utc")
def test_every_run_of_the_shared_store_is_as_stated(tmp_path):
    truth = truth_of("optuna")

    found = read_item("optuna", tmp_path)

    check(found, truth)
    assert not found.unread
    assert found.one("0").series("value").values == [truth["runs"][0]["values"][0]]
    assert found.one("0").run.lineage["search"]["directions"] == {"value": "minimize"}
    assert "study.owner:mara" in found.one("0").run.tags


@pytest.mark.parametrize(
    ("distribution", "kept", "meant"),
    [
        ({"name": "FloatDistribution", "attributes": {"low": 0, "high": 1}}, 0.5, 0.5),
        ({"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 8}}, 4.0, 4),
        ({"name": "CategoricalDistribution", "attributes": {"choices": ["a", None]}}, 1.0, None),
        ({"name": "CategoricalDistribution", "attributes": {"choices": [True, 1]}}, 0.0, True),
        ({"type": "categorical", "choices": [[1, 2], "x"]}, 0.0, [1, 2]),
        ({"type": "int", "low": 1, "high": 8}, 3.0, 3),
        ({"name": "CategoricalDistribution", "attributes": {"choices": ["a"]}}, 7.0, 7.0),
        ({"name": "FutureDistribution", "attributes": {}}, 7.0, 7.0),
        ({"name": "IntDistribution", "attributes": {}}, float("inf"), float("inf")),
        (None, 7.0, 7.0),
        ("odd", None, None),
    ],
)
def test_a_param_is_what_its_distribution_says(distribution, kept, meant):
    assert repr(external(kept, distribution)) == repr(meant)


def test_values_that_are_not_finite_come_out_as_logged(path):
    run_sql(
        path,
        "INSERT INTO trials VALUES (1, 0, 1, 'COMPLETE', '2026-01-01 00:00:00', NULL);"
        "INSERT INTO trial_intermediate_values VALUES (1, 1, 0, NULL, 'NAN'), "
        "(2, 1, 1, NULL, 'INF_POS'), (3, 1, 2, NULL, 'INF_NEG'), (4, 1, 3, 0.5, 'FINITE');"
        "INSERT INTO trial_values VALUES (1, 1, 0, NULL, 'INF_POS');",
    )

    run = read_all(path).one("0")

    values = run.series("intermediate").values
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf, 0.5]
    assert run.series("value").values == [math.inf]


def test_several_objectives_are_metrics_of_their_own(path):
    run_sql(
        path,
        "INSERT INTO study_directions VALUES (2, 'MAXIMIZE', 1, 1);"
        "INSERT INTO trials VALUES (1, 0, 1, 'COMPLETE', '2026-01-01 00:00:00', NULL);"
        "INSERT INTO trial_values VALUES (1, 1, 0, 0.5, 'FINITE'), (2, 1, 1, 9, 'FINITE');",
    )
    assert set(read_all(path).one("0").metrics) == {("value_0", ""), ("value_1", "")}

    run_sql(
        path,
        "INSERT INTO study_system_attributes VALUES (1, 1, 'study:metric_names', "
        """'["loss", "speed"]');""",
    )

    run = read_all(path).one("0")
    assert set(run.metrics) == {("loss", ""), ("speed", "")}
    assert run.run.lineage["search"]["directions"] == {"loss": "minimize", "speed": "maximize"}


def test_the_tables_before_version_2_4_are_read(tmp_path):
    path = tmp_path / "old.db"
    run_sql(path, OLD_SCHEMA)

    found = read_all(path)

    run = found.one("0")
    assert run.run.params == {"n": 4}
    values = run.series("intermediate").values
    assert (values[0], math.isnan(values[1]), values[2]) == (0.25, True, 0.75)
    assert run.series("value").values == [0.75]
    assert run.run.lineage["search"]["directions"] == {"value": "maximize"}
    assert not found.unread


def test_trials_are_told_as_they_go(path):
    run_sql(path, "INSERT INTO trials VALUES (1, 0, 1, 'RUNNING', '2026-01-01 00:00:00', NULL)")
    reader = reader_of(path)
    assert told(reader.read()) == ["0 running"]

    run_sql(path, "INSERT INTO trial_intermediate_values VALUES (1, 1, 0, 0.5, 'FINITE')")
    assert told(reader.read()) == ["0: intermediate [0.5]"]
    run_sql(
        path,
        "UPDATE trials SET state='COMPLETE', datetime_complete='2026-01-01 00:01:00';"
        "INSERT INTO trial_values VALUES (1, 1, 0, 0.5, 'FINITE');"
        "INSERT INTO trials VALUES (2, 1, 1, 'PRUNED', '2026-01-01 00:00:00', NULL)",
    )
    assert told(reader.read()) == ["0 finished", "1 pruned", "0: value [0.5]"]
    run_sql(path, "INSERT INTO study_user_attributes VALUES (1, 1, 'owner', '\"x\"')")
    assert told(reader.read()) == ["0 finished", "1 pruned"]
    assert told(reader.read()) == []


def test_a_trial_whose_process_is_gone_is_killed_by_silence(path):
    run_sql(path, "INSERT INTO trials VALUES (1, 0, 1, 'RUNNING', '2026-01-01 00:00:00', NULL)")
    reader = reader_of(path)
    assert told(reader.read()) == ["0 running"]

    os.utime(path, (time.time() - 1000,) * 2)

    assert told(reader.read()) == ["0 killed"]
    assert told(reader.read()) == []


def test_a_waiting_trial_is_marked(path):
    run_sql(path, "INSERT INTO trials VALUES (1, 0, 1, 'WAITING', NULL, NULL)")

    run = read_all(path).one("0").run

    assert run.tags == ["waiting"]
    assert run.started_at is None


def test_ids_that_are_used_again_are_read_anew(path):
    run_sql(
        path,
        "INSERT INTO trials VALUES (1, 0, 1, 'COMPLETE', '2026-01-01 00:00:00', NULL);"
        "INSERT INTO trial_intermediate_values VALUES (1, 1, 0, 0.5, 'FINITE')",
    )
    reader = reader_of(path)
    list(reader.read())
    run_sql(
        path,
        "DELETE FROM trials; DELETE FROM trial_intermediate_values; DELETE FROM studies;"
        "INSERT INTO studies VALUES (1, 'second');"
        "INSERT INTO trials VALUES (1, 0, 1, 'COMPLETE', '2026-01-02 00:00:00', NULL);"
        "INSERT INTO trial_intermediate_values VALUES (1, 1, 0, 0.25, 'FINITE')",
    )

    assert told(reader.read()) == ["over", "0 finished", "0: intermediate [0.25]"]


def test_an_unknown_schema_is_told(path):
    run_sql(path, "UPDATE version_info SET schema_version=99")

    (unread,) = read_all(path).unread

    assert "99" in str(unread)


# -- journals


def line(code: int, **facts: object) -> str:
    return json.dumps({"op_code": code, "worker_id": "w", **facts}) + "\n"


START = "2026-01-01T00:00:00.000000+00:00"
HEAD = line(0, study_name="search", directions=[1])
TRIAL = line(4, study_id=0, datetime_start=START)
PARAM = line(
    5,
    trial_id=0,
    param_name="kind",
    param_value_internal=1.0,
    distribution=json.dumps(
        {"name": "CategoricalDistribution", "attributes": {"choices": ["a", "b"]}}
    ),
)


@pytest.fixture
def journal(tmp_path) -> Path:
    file = tmp_path / "journal.log"
    file.write_text(HEAD + TRIAL + PARAM)
    return file


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_a_journal_is_read_as_it_grows(journal):
    reader = reader_of(journal)
    pieces = list(reader.read())
    assert told(pieces) == ["0 running"]
    assert pieces[0].params == {"kind": "b"}

    append(journal, line(7, trial_id=0, step=0, intermediate_value=0.5))
    assert told(reader.read()) == ["0 running", "0: intermediate [0.5]"]
    append(journal, line(6, trial_id=0, state=1, values=[0.25], datetime_complete=START))
    assert told(reader.read()) == ["0 finished", "0: value [0.25]"]
    # What comes after the end is void.
    append(journal, line(7, trial_id=0, step=1, intermediate_value=9.0))
    append(journal, line(6, trial_id=0, state=3, values=None))
    assert told(reader.read()) == []


def test_a_trial_that_was_made_whole_is_read_from_one_line(journal):
    append(
        journal,
        line(
            4,
            study_id=0,
            state=2,
            value=None,
            values=[1.5],
            datetime_start=START,
            datetime_complete=START,
            params={"n": 3.0},
            distributions={"n": json.dumps({"name": "IntDistribution", "attributes": {}})},
            user_attrs={"who": "me"},
            system_attrs={},
            intermediate_values={"0": 2.0, "1": 1.5},
        ),
    )

    run = gather(reader_of(journal).read()).one("1")

    assert run.run.status == "pruned"
    assert run.run.params == {"n": 3}
    assert run.run.tags == ["who:me"]
    assert run.series("intermediate").values == [2.0, 1.5]
    assert run.series("value").values == [1.5]


def test_an_unfinished_line_is_not_there_yet(journal):
    entry = line(7, trial_id=0, step=0, intermediate_value=0.5)
    append(journal, entry[:20])
    reader = reader_of(journal)
    assert told(reader.read()) == ["0 running"]

    append(journal, entry[20:])

    assert told(reader.read()) == ["0 running", "0: intermediate [0.5]"]


@pytest.mark.parametrize(
    "odd",
    [
        "{nonsense\n",
        "[1, 2]\n",
        "null\n",
        line(77),
        line(5, trial_id=99),
        line(4, study_id=-1),
        line(7, trial_id=0, step="x", intermediate_value=1.0),
        line(6, trial_id=0, state=44),
        line(8, trial_id=0, user_attr=5),
    ],
)
def test_a_line_that_says_nothing_is_passed_over_with_a_word(journal, odd):
    append(journal, odd + line(8, trial_id=0, user_attr={"k": 1}))

    found = gather(reader_of(journal).read())

    assert found.one("0").run.tags == ["k:1"]
    assert [one.place for one in found.unread] == ["line 4"]


def test_a_journal_that_was_replaced_is_read_anew(journal):
    reader = reader_of(journal)
    list(reader.read())
    journal.unlink()
    journal.write_text(line(0, study_name="other", directions=[2]) + TRIAL)

    assert told(reader.read()) == ["over", "0 running"]


def test_no_cut_or_flipped_byte_of_a_journal_brings_another_error_than_ours(journal):
    append(journal, line(7, trial_id=0, step=0, intermediate_value=0.5))
    sound = journal.read_bytes()
    for place in range(len(sound)):
        journal.write_bytes(sound[:place])
        gather(reader_of(journal).read())
        broken = bytearray(sound)
        broken[place] ^= 1 << place % 8
        journal.write_bytes(broken)
        try:
            gather(reader_of(journal).read())
        except ImportFailed as error:
            assert str(journal) in str(error)  # noqa: PT017


def test_the_lock_of_a_journal_is_no_journal(journal):
    journal.with_name("journal.log.lock").symlink_to(journal)

    assert [one.path for one in find_sources(journal.parent)] == [journal]
