"""`tt watch`: events as lines and as JSON, once and on and on, and its exit codes."""

from __future__ import annotations

import json
import math
import os
import select
import signal
import subprocess
import sys
from uuid import uuid4

import pytest
from processes import end, start, wait_for_line

from tui_tracker.alerts.claim import Claim
from tui_tracker.cli import watch as command


def test_once_tells_what_is_so_and_ends_with_one(tt_, log_run):
    log_run("ill", loss=[1.0, math.nan])

    code, out, _ = tt_("watch", "--once", "--on", "nan")

    assert code == 1
    assert out.split(maxsplit=1)[1] == "nan        ill (sweep_lr)  loss is NaN from step 1 on\n"


def test_once_ends_with_nothing_where_nothing_is_so(tt_, log_run):
    log_run("calm", loss=[1.0])

    assert tt_("watch", "--once", "--on", "nan")[:2] == (0, "")


def test_once_looks_a_day_back_unless_told(tt_, log_run, store):
    log_run("old", loss=[1.0])
    with store.write() as connection:
        connection.execute("UPDATE run SET started_ms=1, ended_ms=2")

    assert tt_("watch", "--once")[0] == 0
    assert tt_("watch", "--once", "--since", "100y")[0] == 1


def test_a_query_and_an_address_choose_runs(tt_, log_run):
    log_run("a", params={"lr": 0.1}, loss=[1.0])
    log_run("b", params={"lr": 0.2}, loss=[1.0])

    _, by_query, _ = tt_("watch", "--once", "--json", "lr > 0.15")
    _, by_address, _ = tt_("watch", "--once", "--json", "a")

    assert json.loads(by_query)["name"] == "b"
    assert json.loads(by_address)["name"] == "a"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--on", "finishd"), "did you mean 'finished'?"),
        (("--since", "soon"), "a span of time"),
        (("--webhook", "nowhere"), "https://"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_sentence(tt_, log_run, arguments, said):
    log_run("a", params={"lr": 0.1}, loss=[1.0])

    code, out, err = tt_("watch", "--once", *arguments)

    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_a_metric_that_no_run_has_yet_is_told_with_the_nearest(tt_, log_run):
    log_run("a", val_loss=[1.0])

    _, _, err = tt_("watch", "--once", "--on", "val_los > 3")

    assert err == "tt: no run has a metric 'val_los' yet: did you mean 'val_loss'?\n"


def test_rules_come_from_the_settings_where_none_are_given(tt_, log_run, tmp_path):
    config = tmp_path / "config" / "tui_tracker" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[alerts]\nrules = ["loss < 0.5"]\n')
    log_run("a", loss=[1.0, 0.1])

    _, out, _ = tt_("watch", "--once", "--json")

    assert json.loads(out)["rule"] == "loss < 0.5"


def watching(folder):
    """Start `tt watch --json`, which runs on."""
    words = [sys.executable, "-m", "tui_tracker.cli", "--store", str(folder), "watch", "--json"]
    return subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    )


def test_a_death_is_told_by_a_watch_that_runs_on(folder):
    process = start(folder, 'run = tt.init("e", "victim")\nrun.log({"loss": 1})\nready()\nwait()')
    wait_for_line(process)
    watch = watching(folder)
    try:
        assert watch.stderr is not None
        assert watch.stdout is not None
        announced = watch.stderr.readline()
        process.kill()
        end(process)

        event = json.loads(watch.stdout.readline())

        assert announced.startswith("watching 1 running run and those to come, on: finished;")
        assert (event["what"], event["name"]) == ("crashed", "victim")
        watch.send_signal(signal.SIGINT)
        assert watch.wait(20) == 130
    finally:
        process.kill()
        watch.kill()
        watch.communicate()


def test_a_watch_says_why_it_cannot_know_of_a_death(folder, log_run):
    log_run("old", loss=[1.0])
    watch = watching(folder)
    try:
        assert watch.stderr is not None
        watch.stderr.readline()

        (folder / "journals" / f"{uuid4()}.journal").mkdir()

        assert select.select([watch.stderr], [], [], 30)[0]
        assert "Is a directory" in watch.stderr.readline()
    finally:
        watch.kill()
        watch.communicate()


def test_an_event_is_posted_also_where_who_reads_its_line_ends_the_watch(
    tt_, log_run, host, monkeypatch
):
    log_run("ill", loss=[0.5, math.nan])

    def read(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "print_json", read)

    code, _, _ = tt_("watch", "--once", "--on", "nan", "--json", "--webhook", host.address)

    assert code == 130
    assert [body["name"] for body in host.bodies] == ["ill"]


@pytest.mark.parametrize(("arguments", "posted"), [((), 0), (("--on", "finished"), 1)])
def test_a_watch_beside_an_open_app_posts_only_what_rules_of_its_own_find(
    folder, host, log_run, tmp_path, arguments, posted
):
    config = tmp_path / "config" / "tui_tracker" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'[alerts]\nwebhook = "{host.address}"\n')
    log_run("old", loss=[1.0])
    app = Claim(folder, host.address)
    assert app.held()
    words = [sys.executable, "-m", "tui_tracker.cli", "--store", str(folder), "watch", "--json"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*words, *arguments], text=True, **pipes) as watch:
        watch.stderr.readline()
        log_run("new", loss=[1.0])
        event = json.loads(watch.stdout.readline())
        watch.send_signal(signal.SIGINT)
    app.release()

    assert event["name"] == "new"
    assert len(host.bodies) == posted
