"""The console is searched block by block, and found by time."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

import tui_tracker as tt
from tui_tracker.cli import console as command
from tui_tracker.drain import recover
from tui_tracker.errors import StoreDamaged
from tui_tracker.queries import find_line_at, find_run, read_console, search_console

BLOCK = 4


@pytest.fixture
def console(store, log_run):
    """Give a run a console: `console(lines)` with [milliseconds, stream, text] each."""
    log_run("talker", loss=[1.0])
    key = find_run(store, "talker")

    def write(lines):
        with store.write() as connection:
            for seq, start in enumerate(range(0, len(lines), BLOCK)):
                some = lines[start : start + BLOCK]
                data = zlib.compress(json.dumps(some, separators=(",", ":")).encode())
                connection.execute(
                    "INSERT INTO console_block VALUES (?,?,?,?,?)",
                    (key, seq, start, len(some), data),
                )
            connection.execute("UPDATE run SET console_lines=? WHERE id=?", (len(lines), key))
        return key

    return write


def numbers(store, key, text, **how):
    return [n for step in search_console(store, key, text, **how) for n in step.numbers]


def test_a_line_is_found_by_what_it_shows(store, console):
    key = console(
        [
            [0, "o", "Epoch 1"],
            [1, "e", "\x1b[31mepo\x1b[1mch\x1b[0m 2"],
            [2, "o", "10%\repoch 3"],
            [3, "o", "epoch\r\x1b[Kgone"],
            [4, "o", 'a "quoted" é\tstraße'],
            [5, "o", "nothing"],
            [6, "o", "EPOCH"],
        ]
    )

    assert numbers(store, key, "epoch") == [0, 1, 2, 6]
    assert numbers(store, key, "EPOCH") == [6]
    assert numbers(store, key, '"quoted"') == [4]
    assert numbers(store, key, "É") == []
    assert numbers(store, key, "é   ") == [4]
    assert numbers(store, key, "epoch", first=2) == [2, 6]


def test_a_search_says_how_far_it_came_and_stops_when_told(store, console):
    key = console([[n, "o", f"line {n}"] for n in range(10 * BLOCK)])
    steps = list(search_console(store, key, "line 5"))
    seen = iter([False, False, True])

    stopped = list(search_console(store, key, "line", stop=lambda: next(seen)))

    assert [(step.first, step.end) for step in steps] == [
        (n, n + BLOCK) for n in range(0, 10 * BLOCK, BLOCK)
    ]
    assert len(stopped) == 2


def test_the_line_nearest_to_a_moment_is_found(store, console):
    key = console([[1000 * n, "o", str(n)] for n in range(40)])

    found = [find_line_at(store, key, at) for at in (-5, 0, 3400, 3600, 15_500, 99_999_999)]

    assert found == [0, 0, 3, 4, 15, 39]


def test_few_blocks_are_read_to_find_a_moment(store, console):
    key = console([[1000 * n, "o", str(n)] for n in range(400)])
    store.read("SELECT 1")
    seen = []
    store._reader.set_trace_callback(seen.append)

    assert find_line_at(store, key, 200_000) == 200
    store._reader.set_trace_callback(None)

    assert len([sql for sql in seen if not sql.startswith("PRAGMA")]) < 14


def test_a_run_that_printed_nothing_has_no_line(store, log_run):
    log_run("silent", loss=[1.0])

    assert find_line_at(store, find_run(store, "silent"), 0) is None


def test_a_damaged_block_is_told(store, console):
    key = console([[0, "o", "x"]])
    with store.write() as connection:
        connection.execute("UPDATE console_block SET data=x'00'")

    with pytest.raises(StoreDamaged):
        numbers(store, key, "x")


def test_lines_are_read_as_they_were_printed(store, console):
    key = console([[1500, "e", "\x1b[31mx"]])

    (line,) = read_console(store, key)

    assert (line.text, line.stream, line.at) == (
        "\x1b[31mx",
        "err",
        datetime.fromtimestamp(1.5, UTC),
    )


@pytest.fixture
def talked(console):
    """A console of 40 lines, one a minute, the last now."""
    now = round(datetime.now(UTC).timestamp() * 1000)
    lines = [[now - (39 - n) * 60_000, "o", f"\x1b[3{n % 8}mline\x1b[0m {n}"] for n in range(40)]
    return console(lines)


@pytest.mark.usefixtures("talked")
@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (("--grep", "line 3"), [3, *range(30, 40)]),
        (("--grep", "line 3", "--tail", "2"), [38, 39]),
        (("--tail", "3"), [37, 38, 39]),
        (("--since", "2m"), [37, 38, 39]),
        (("--since", "tomorrow"), None),
        (("--since", "1h ago", "--grep", "Line"), []),
        (("--since", "1999-01-01", "--tail", "1"), [39]),
        (("--since", "2999-01-01"), []),
    ],
)
def test_the_command_prints_what_is_wanted(tt_, arguments, wanted):
    code, out, err = tt_("console", "talker", "--json", *arguments)

    if wanted is None:
        assert (code, out) == (2, "")
        assert "'tomorrow' is no time" in err
    else:
        assert [line["number"] for line in json.loads(out)] == wanted


@pytest.mark.usefixtures("talked")
def test_following_a_run_that_has_ended_prints_it_and_ends(tt_):
    code, out, _ = tt_("console", "talker", "--follow", "--json", "--tail", "2")

    assert code == 0
    assert [json.loads(line)["number"] for line in out.splitlines()] == [38, 39]


def test_a_live_run_is_followed_until_it_ends(folder, store, tt_, monkeypatch):
    run = tt.init("e", "live", store=folder)
    recover(store)
    key = find_run(store, "live")

    def printed(*lines):
        data = zlib.compress(json.dumps([[0, stream, text] for stream, text in lines]).encode())
        with store.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO console_block VALUES (?,0,0,?,?)", (key, len(lines), data)
            )
            connection.execute("UPDATE run SET console_lines=? WHERE id=?", (len(lines), key))

    first, second, third = ("o", "first"), ("e", "second"), ("o", "third")
    printed(first)
    states = iter([(first, second, ("O", "thi")), (first, second, third)])

    def look(_seconds):
        if (lines := next(states, None)) is None:
            run.finish()
        else:
            printed(*lines)

    monkeypatch.setattr(command, "time", SimpleNamespace(sleep=look))

    code, out, _ = tt_("console", "live", "--follow", "--json")

    assert code == 0
    assert [json.loads(line)["text"] for line in out.splitlines()] == ["first", "second", "third"]
