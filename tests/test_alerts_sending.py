"""Webhooks, commands, bells: what leaves the process, and what happens when it does not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from processes import wait_until
from webhook_host import PATIENCE_S

from tui_tracker.alerts import Event, sending
from tui_tracker.alerts.claim import Claim
from tui_tracker.alerts.sending import Sender, check_address
from tui_tracker.alerts.telling import caveat, notification
from tui_tracker.errors import InvalidArgument

EVENT = Event(
    datetime(2026, 11, 25, 10, 30, tzinfo=UTC),
    *(7, "01a2", "mlp; drop", "digits", "crashed", "crashed", "crashed", "it vanished", True),
)


def sender(said, **options):
    return Sender(said.append, pauses_s=(0.01,) * 3, timeout_s=5.0, **options)


def test_an_event_is_posted_as_json(host):
    said = []
    sends = sender(said, webhook=host.address)

    sends.send(EVENT)

    assert sends.finish(PATIENCE_S)
    (body,) = host.bodies
    assert (body["at"], body["what"], body["run"]) == (
        "2026-11-25T10:30:00.000Z",
        "crashed",
        "01a2",
    )
    assert body["text"] == "mlp; drop: it vanished"
    assert said == []


def test_a_host_that_is_busy_is_tried_again(host):
    host.codes = [503, 429]
    said = []
    sends = sender(said, webhook=host.address)

    sends.send(EVENT)

    assert sends.finish(PATIENCE_S)
    assert len(host.bodies) == 3
    assert said == []


def test_what_another_process_posts_is_not_posted_here(host, tmp_path):
    sends = sender([], webhook=host.address, may_post=lambda: False, command=f"touch {tmp_path}/x")

    sends.send(EVENT)

    assert sends.finish(PATIENCE_S)
    assert host.bodies == []
    assert (tmp_path / "x").exists()


def test_of_all_who_want_to_post_one_may_and_hands_it_on(tmp_path):
    first, second = Claim(tmp_path, "http://a"), Claim(tmp_path, "http://a")
    elsewhere, other = Claim(tmp_path / "x", "http://a"), Claim(tmp_path, "http://b")

    held = [one.held() for one in (first, second, first, elsewhere, other)]
    first.release()

    assert held == [True, False, True, True, True]
    assert second.held()
    assert not first.held()


def test_where_nobody_can_tell_who_posts_everybody_does(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))

    assert Claim(tmp_path, "http://a").held()


@pytest.mark.parametrize("code", [400, 404, 302])
def test_a_refusal_is_told_once_without_the_address_and_not_tried_again(host, code):
    host.codes = [code, code]
    said = []
    sends = sender(said, webhook=host.address)

    for _ in range(3):
        sends.send(EVENT)

    assert sends.finish(PATIENCE_S)
    assert len(host.bodies) == 3
    assert said == [
        f"the webhook at 127.0.0.1: it answered {code}; what it misses is not sent again",
        "the webhook at 127.0.0.1 works again",
    ]


def test_a_host_that_is_not_there_is_told_once():
    said = []
    sends = sender(said, webhook="http://127.0.0.1:9/s3cret")

    sends.send(EVENT)
    sends.send(EVENT)

    assert sends.finish(PATIENCE_S)
    assert len(said) == 1
    assert "cannot be reached (Connection refused)" in said[0]
    assert "s3cret" not in said[0]


def test_a_host_that_hangs_holds_up_nobody(host):
    host.held.clear()
    sends = sender([], webhook=host.address)

    for _ in range(5):
        sends.send(EVENT)
    wait_until(lambda: host.bodies)

    assert not sends.finish(0.05)


@pytest.mark.parametrize("address", ["", "ftp://host/x", "host/x", "http:///x", "https://a b/"])
def test_an_address_that_is_none_is_refused_without_being_repeated(address):
    with pytest.raises(InvalidArgument) as caught:
        check_address(address)

    assert not address or address not in str(caught.value)


def test_a_command_gets_the_event_in_environment_and_input(tmp_path):
    said, out = [], tmp_path / "out"
    sends = sender(said, command=f'(printf "%s|" "$TT_WHAT" "$TT_NAME"; cat) > {out}')

    sends.send(EVENT)

    assert sends.finish(PATIENCE_S)
    head, _, body = out.read_text().rpartition("|")
    assert head == "crashed|mlp; drop"
    assert json.loads(body)["words"] == "it vanished"
    assert said == []


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b", "x" * 200_000])
def test_a_name_that_no_environment_can_hold_stops_no_command(tmp_path, name):
    said, out = [], tmp_path / "out"
    sends = sender(said, command=f"cat > {out}")

    sends.send(replace(EVENT, name=name))

    assert sends.finish(PATIENCE_S)
    assert said == []
    assert json.loads(out.read_text())["name"] == name


def test_a_sentence_is_short_enough_for_a_chat(host):
    sends = sender([], webhook=host.address)

    sends.send(replace(EVENT, words="ValueError: " + "x" * 5_000))

    assert sends.finish(PATIENCE_S)
    (body,) = host.bodies
    assert len(body["content"]) == 1_000
    assert len(body["words"]) > 5_000


def test_a_command_that_fails_is_told_once():
    said = []
    sends = sender(said, command="exit 3")

    sends.send(EVENT)
    sends.send(EVENT)

    assert sends.finish(PATIENCE_S)
    assert said == ["command: it exited with 3; what it misses is not sent again"]


@pytest.mark.parametrize(
    ("environ", "sequence"),
    [
        ({"TERM": "xterm-256color"}, "\x1b]9;tui_tracker: a  b\x1b\\"),
        ({"TERM": "foot"}, "\x1b]777;notify;tui_tracker;a  b\x1b\\"),
        ({"VTE_VERSION": "7600"}, "\x1b]777;notify;tui_tracker;a  b\x1b\\"),
        ({"TMUX": "x"}, "\x1bPtmux;\x1b\x1b]9;tui_tracker: a  b\x1b\x1b\\\x1b\\"),
        ({"STY": "x"}, "\x1bP\x1b]9;tui_tracker: a  b\a\x1b\\"),
    ],
)
def test_a_notification_speaks_the_terminals_language(environ, sequence):
    assert notification("a;\x1bb", environ) == sequence


def test_what_keeps_a_notification_back_is_said():
    assert caveat({"TERM": "xterm-256color"}) == ""
    assert "linux" not in caveat({"TERM": "linux"}) != ""
    assert "allow-passthrough" in caveat({"TERM": "tmux", "TMUX": "/nowhere,1,0", "PATH": ""})


def test_a_command_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path, monkeypatch):
    monkeypatch.setattr(sending, "COMMAND_TIMEOUT_S", 0.5)
    told = tmp_path / "pid"

    problem = sending.run_command(f"sleep 600 & echo $! > {told}; wait", EVENT)

    assert "it was stopped" in problem
    wait_until(lambda: not is_alive(int(told.read_text())))


def is_alive(pid):
    """Whether a process runs; one that ended and waits to be collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
