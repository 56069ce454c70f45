from __future__ import annotations

import json

from tui_pilot import opened, see

from tui_tracker.queries import list_run_keys
from tui_tracker.tui.copying import copied


def test_tsv_has_a_line_a_run_and_a_column_a_param_and_metric(store, log_run):
    log_run("one", loss=[0.5, 0.25], params={"lr": 0.1, "flag": True}, tags=("a", "b"))
    log_run("two\tb", acc=[0.75], params={"lr": 0.2})
    keys = sorted(list_run_keys(store))

    found = copied(store, keys, 0)

    head, one, two = (line.split("\t") for line in found.text.splitlines())
    assert head[1:4] == ["name", "experiment", "status"]
    assert set(head[7:]) == {"lr", "flag", "loss", "acc"}
    values = dict(zip(head, one, strict=True))
    assert (values["lr"], values["flag"], values["loss"], values["acc"]) == (
        "0.1",
        "true",
        "0.25",
        "",
    )
    assert (values["tags"], dict(zip(head, two, strict=True))["name"]) == ("a b", "two b")
    assert found.words == "2 runs as TSV"


def test_json_is_what_show_prints(store, log_run):
    log_run("one", loss=[0.5])

    found = copied(store, list_run_keys(store), 1)

    assert json.loads(found.text)["name"] == "one"


def test_a_command_is_the_recorded_one_as_a_shell_takes_it(store, log_run, monkeypatch):
    monkeypatch.setattr("sys.orig_argv", ["python", "train.py", "--name", "a b"])
    log_run("one", loss=[0.5])

    found = copied(store, list_run_keys(store), 2)

    assert found.text == "python train.py --name 'a b'\n"


async def test_where_there_is_nothing_to_copy_it_is_said(store, log_run):
    for seed in range(2):
        log_run(f"a-s{seed}", loss=[0.5], params={"seed": seed})

    async with opened(store) as pilot:
        await pilot.press("B", "y")
        await see(pilot, "nothing here that y copies: Y copies runs")
        await pilot.press("B", "slash", *"none of them", "enter")
        await see(pilot, "No run here fits")
        await pilot.press("Y")

        await see(pilot, "There is no run here to copy")
