"""Queries on the command line and from Python."""

from __future__ import annotations

import json

import pytest

import tui_tracker as tt
from tui_tracker.errors import QueryError


@pytest.fixture(autouse=True)
def _runs(log_run):
    log_run("one", params={"lr": 0.1, "opt": "adam"}, loss=[0.5])
    log_run("two", params={"lr": 0.2, "opt": "sgd"}, tags=("best",), loss=[2.0])


def test_ls_takes_a_query_in_one_word_or_many(tt_):
    for words in (["lr < 0.15"], ["lr", "<", "0.15"], ["opt=adam"], ["loss.min", "<", "1"]):
        code, out, _ = tt_("ls", "--json", *words)

        assert code == 0
        assert [run["name"] for run in json.loads(out)] == ["one"]


def test_a_wrong_query_is_shown_with_a_mark_below_the_place(tt_):
    code, out, err = tt_("ls", "best and lrr < 1")

    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "  best and lrr < 1",
        "           ^^^",
        "tt: no field named 'lrr': did you mean 'lr'?",
    ]


def test_the_mark_stands_below_wide_letters_and_unprintable_ones(tt_):
    _, _, err = tt_("ls", "日本 and\x1b[31m lrr < 1")

    query, mark, _ = err.splitlines()
    assert "\x1b" not in err
    assert mark.index("^") >= query.index("lrr")


def test_of_a_query_that_was_pasted_whole_the_place_is_shown(tt_):
    _, _, err = tt_("ls", "a " * 190 + "lrr < 1 " + "b" * 6000)

    query, mark, told = err.splitlines()
    assert len(query) < 600
    assert query[mark.index("^") :].startswith("bbb")
    assert query.endswith("…")
    assert told == "tt: a word of 6,000 characters: 5,000 are the most"


def test_fields_lists_what_queries_can_name(tt_):
    code, out, _ = tt_("fields", "--json")

    found = {(field["kind"], field["name"]): field for field in json.loads(out)}
    assert code == 0
    assert found["param", "lr"]["runs"] == 2
    assert found["param", "opt"]["examples"] == ["adam", "sgd"]
    assert found["metric", "loss"]["written"] == "loss"
    assert found["run", "status"]["says"]


def test_fields_takes_a_part_of_the_name(tt_):
    code, out, err = tt_("fields", "lr")

    assert code == 0
    assert "0.1, 0.2" in out
    assert "opt" not in out
    assert tt_("fields", "zzz")[2] == "tt: no field has 'zzz' in its name\n"
    assert err == ""


def test_values_counts_the_values_of_the_runs_that_fit(tt_):
    code, out, _ = tt_("values", "opt", "tag:best", "--json")

    assert code == 0
    assert json.loads(out) == {
        "field": "opt",
        "kind": "param",
        "different": 1,
        "missing": 0,
        "values": [{"value": "sgd", "runs": 1, "range": False}],
    }
    assert "adam" in tt_("values", "opt")[1]


def test_list_runs_gives_what_ls_gives(tt_, folder):
    listed = json.loads(tt_("ls", "--json", "lr < 0.15")[1])

    assert tt.list_runs("lr < 0.15", store=folder) == listed
    assert len(tt.list_runs(store=folder)) == 2
    assert len(tt.list_runs(store=folder, limit=1)) == 1
    with pytest.raises(QueryError):
        tt.list_runs("lr =>", store=folder)


def test_the_shell_completes_a_query(tt_):
    assert tt_("__complete", "--", "ls", "lr < 0")[1] == "lr < 0.1\t1 run\nlr < 0.2\t1 run\n"
    assert "opt\tparam" in tt_("__complete", "--", "ls", "op")[1]
    assert "opt\tparam" in tt_("__complete", "--", "values", "op")[1]


def test_a_list_without_a_query_loads_no_language(folder):
    import subprocess
    import sys

    code = (
        "import sys\n"
        "from tui_tracker import cli\n"
        f"cli.main(['--store', {str(folder)!r}, 'ls', '--json'])\n"
        "assert not [m for m in sys.modules if m.startswith('tui_tracker.language')]\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("name", ["wd=0.3_seed=0", "lr=0.3_seed=0", "wd=0.3", "a(b"])
def test_a_query_that_is_the_name_of_a_run_finds_it(tt_, log_run, name):
    log_run(name)
    log_run("other")

    code, out, _ = tt_("ls", "--json", name)

    assert code == 0
    assert [run["name"] for run in json.loads(out)] == [name]


def test_a_query_that_can_be_read_is_no_name(tt_, log_run):
    log_run("lr=0.1")

    _, out, _ = tt_("ls", "--json", "lr=0.1")

    assert "lr=0.1" not in [run["name"] for run in json.loads(out)]
