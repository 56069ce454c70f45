"""Printed logs of many shapes, and what must not be taken for one."""

from __future__ import annotations

import json
import math
import random
from itertools import product
from pathlib import Path

import pytest

from tui_tracker.errors import InvalidArgument, QueryError
from tui_tracker.parsing.config import read_given, read_patterns
from tui_tracker.parsing.events import Unclear, Values
from tui_tracker.parsing.parser import _MOST_QUIET, LogParser
from tui_tracker.parsing.patterns import read_pattern, suggest
from tui_tracker.parsing.prefixes import Prefixes, cut_prefix
from tui_tracker.parsing.preview import preview
from tui_tracker.parsing.reading import _MOST_PLANS, Reader
from tui_tracker.parsing.result import parse
from tui_tracker.parsing.steps import WholeSteps

_DATA = Path(__file__).parent / "data" / "logs"
_READ_AS = json.loads((_DATA / "read_as.json").read_text())
"""What the parser made of each log when that was last compared with what the log says. It is no
truth: a value that the parser misses is missing here too, so that every change is seen."""


def _parsed(text: str, *patterns: str):
    return parse([text.encode()], read_given(patterns))


def _points(text: str, *patterns: str) -> dict[str, list]:
    return {
        name: series.points()
        for run in _parsed(text, *patterns).runs
        for name, series in run.metrics.items()
    }


def _as_json(run) -> dict[str, object]:
    metrics = {
        name: [
            series.axis,
            [
                [list(step) if isinstance(step, tuple) else step, "nan" if math.isnan(v) else v]
                for step, v in series.points()
            ],
        ]
        for name, series in run.metrics.items()
    }
    return {
        "name": run.name,
        "status": run.status,
        "params": run.params,
        "final": run.final,
        "artifacts": run.artifacts,
        "metrics": metrics,
    }


@pytest.mark.parametrize("name", sorted(_READ_AS))
def test_a_log_of_another_tool_or_version_is_read_as_it_was_before(name):
    log = parse([(_DATA / f"{name}.log").read_bytes()])

    assert [_as_json(run) for run in log.runs if not run.is_empty] == _READ_AS[name]


@pytest.mark.parametrize("name", sorted(name for name in _READ_AS if name.startswith("none_")))
def test_what_is_no_training_gives_nothing(name):
    log = parse([(_DATA / f"{name}.log").read_bytes()])

    assert [(run.metrics, run.final, run.params) for run in log.runs if not run.is_empty] == []


@pytest.mark.parametrize(
    "line",
    [
        "The loss decreased to 0.5 after 3 epochs.",
        "Epoch 3 took 12.3 seconds",
        "Epoch 12: val_loss did not improve from 0.2312",
        "Reducing learning rate of group 0 to 1.0000e-03.",
        "Loaded 1,797 samples (64 features) in 12.3 ms",
        "Step 2/5 : RUN make -j4",
        "precision: 16",
        "0% packet loss",
        "loss_scale=65536 port=8080",
        "[3/",
        "[3/ loss",
        "[12/97] Building CXX object loss.cpp.o",
        "-    loss = 0.5",
        "    run.log(step=1, train_loss=0.5)",
        "engine: epochs=2, batch=16, imgsz=640",
        "Better model found at epoch 1 with valid_loss value: 0.0723.",
        "Recall that 3 of 4 = 0.75",
        "Loss of signal on channel 3: 12.5",
        "Accuracy of 5 digits: 12",
    ],
)
def test_numbers_in_prose_are_no_metrics(line):
    log = _parsed(f"{line}\n")

    assert all(not run.metrics and not run.final for run in log.runs)


def test_a_bar_counts_with_its_last_state():
    text = "\r".join(
        f"Epoch 0: {n}%|##| {n}/100 [00:01<00:02, 9.1it/s, loss={1 / n:.3f}]" for n in (10, 50, 100)
    )

    assert _points(text) == {"loss": [(0, 0.01)]}


def test_states_of_a_line_with_other_steps_are_all_points():
    text = "\rstep 1 loss 0.5\rstep 1 loss 0.4\rstep 2 loss 0.3\n"

    assert _points(text) == {"loss": [(1, 0.4), (2, 0.3)]}


def test_a_resumed_run_replaces_what_it_repeats():
    text = (
        "step 1 loss 0.5\nstep 2 loss 0.4\nstep 3 loss 0.9\nResuming from checkpoint a/b.pt\n"
        "step 2 loss 0.41\nstep 3 loss 0.31\n"
    )

    log = _parsed(text)

    assert log.runs[0].metrics["loss"].points() == [(1, 0.5), (2, 0.41), (3, 0.31)]
    assert (log.runs[0].resumed, log.runs[0].metrics["loss"].replaced) == (1, 2)


def test_a_training_that_begins_anew_is_another_run():
    text = "".join(f"epoch {e} loss {r + e / 10}\n" for r in (1, 2) for e in range(3))

    assert [len(run.metrics["loss"].values) for run in _parsed(text).runs] == [3, 3]


def test_ranks_are_not_mixed():
    text = "".join(f"[rank{r}]: step {s} loss {r}.{s}\n" for s in range(3) for r in (0, 1))

    found = {run.name: run.metrics["loss"].points() for run in _parsed(text).runs}

    assert found == {
        "rank0": [(0, 0.0), (1, 0.1), (2, 0.2)],
        "rank1": [(0, 1.0), (1, 1.1), (2, 1.2)],
    }


def test_bytes_of_any_encoding_are_read():
    text = "Epoch 1 \N{BOX DRAWINGS LIGHT VERTICAL} loss 0.5\r\nEpoch 2 loss 0.4\r\n"

    for data in (text.encode("utf-16"), text.encode() + b"\xff\xfe\x80\n", b"\xef\xbb\xbfstep 1\n"):
        parse([data])
    log = parse([text.encode("utf-16")])

    assert log.runs[0].metrics["loss"].points() == [(1, 0.5), (2, 0.4)]


def test_each_value_keeps_its_line():
    log = _parsed("hello\n\nepoch 1 loss 0.5\nnoise\nepoch 2 loss 0.4\n")

    assert list(log.runs[0].metrics["loss"].lines) == [3, 5]


def test_a_value_that_is_printed_once_is_final():
    log = _parsed("epoch 1 loss 0.5\nepoch 2 loss 0.4\nTest accuracy: 93.1%\n")

    assert log.runs[0].final == {"Test accuracy": 93.1}


def test_a_traceback_fails_the_run_unless_it_goes_on():
    trace = 'Traceback (most recent call last):\n  File "a.py", line 3, in f\nValueError: no\n'

    failed = _parsed(f"epoch 1 loss 0.5\n{trace}")
    went_on = _parsed(f"epoch 1 loss 0.5\n{trace}epoch 2 loss 0.4\n")

    assert (failed.runs[0].status, went_on.runs[0].status) == ("failed", "finished")


def test_keyboard_interrupt_and_slurm_kill_the_run():
    interrupted = "Traceback (most recent call last):\n  File\nKeyboardInterrupt\n"
    cancelled = "slurmstepd: error: *** JOB 1 ON n1 CANCELLED AT 2026-01-01 DUE TO TIME LIMIT ***\n"

    found = [_parsed(f"epoch 1 loss 0.5\n{end}").runs[0].status for end in (interrupted, cancelled)]

    assert found == ["killed", "killed"]


def test_a_taught_pattern_wins_over_what_would_be_read():
    text = "ep 1 -> L 0.5 (lr 0.1)\nep 2 -> L 0.4 (lr 0.1)\n"

    found = _points(text, "ep {epoch:d} -> L {loss:f}")

    assert found == {"loss": [(1, 0.5), (2, 0.4)]}


def test_what_varies_in_a_line_is_passed_over():
    found = _points("a7: 1 of x is 0.5\nb9: 2 of y is 0.25\n", "{}: {step:d} of {:w} is {q}")

    assert found == {"q": [(1, 0.5), (2, 0.25)]}


@pytest.mark.parametrize(
    ("text", "column"),
    [("ep {epoch:x} {loss}", 10), ("loss {loss} } x", 12), ("{loss} {loss}", 8), ("{step:d}", 8)],
)
def test_a_pattern_that_cannot_be_read_names_its_column(text, column):
    with pytest.raises(QueryError) as caught:
        read_pattern(text)

    assert caught.value.column == column


def test_a_project_teaches_patterns(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[tool.tui_tracker.parse]\npattern = ["a {x}", "b {step:d} {y}"]\n'
    )

    assert [pattern.text for pattern in read_patterns(tmp_path)] == ["a {x}", "b {step:d} {y}"]


@pytest.mark.parametrize(
    "table", ['pattern = "{"', "pattern = 3", 'patern = "a {x}"', 'pattern = ["a {x:q}"]']
)
def test_a_pattern_of_a_project_that_means_nothing_is_refused(tmp_path, table):
    (tmp_path / "pyproject.toml").write_text(f"[tool.tui_tracker.parse]\n{table}\n")

    with pytest.raises(InvalidArgument, match=r"pyproject\.toml"):
        read_patterns(tmp_path)


def test_a_suggested_pattern_reads_the_lines_it_was_made_of():
    lines = ["pass 1 yields 0.51 of quality", "pass 2 yields 0.61 of quality"]

    pattern = read_pattern(suggest(lines)[0])

    assert [pattern.read(line).values for line in lines] == [(1.0, 0.51), (2.0, 0.61)]


def test_a_preview_tells_series_params_gaps_and_odd_lines(tmp_path):
    path = tmp_path / "a.log"
    path.write_text("seed=3\nepoch 1 loss 0.5\nepoch 2 loss 0.4\nroom 12 is warm\n")

    found = preview(path)

    series = found.runs[0].series[0]
    assert (series.name, series.axis, series.count, series.line) == ("loss", "epoch", 2, 2)
    assert found.runs[0].params == (("seed", 3),)
    assert "git_commit" in found.missing
    assert "seed" not in found.missing
    assert [odd.line for odd in found.odd] == [4]


_HOSTILE = [
    "(" * 1_000_000,
    "1 " * 500_000,
    "a=1 " * 250_000,
    "1,111" * 200_000,
    "\x1b[" * 500_000,
    "\x1b]0;" * 300_000,
    "{" * 1_000_000,
    "{'a': " * 150_000,
    "Epoch 1 " + " " * 1_000_000 + "x",
    "Namespace(a=" + "[" * 1_000_000,
    "loss: " + "9" * 1_000_000,
    "epoch " + "9" * 1_000_000 + " loss 0.5",
    "Saved to " + "a/" * 500_000,
    "a.b." * 250_000,
    "trial 1 finished with value: " + "1" * 1_000_000,
    "| a " * 250_000,
    "50%|" * 250_000,
    "\r1/2 [" * 150_000,
    "2026-01-01 00:00:00 " * 50_000,
    "x" * 1_000_000 + ": 0.5",
    "-" * 1_000_000,
    "\b" * 1_000_000,
    "2026-01-01 00:00:00 " + "abc " + " " * 1_000_000,
    "2026-01-01 00:00:00 INFO " + "abc " * 250_000,
    "Accuracy of the " + " is " * 250_000,
    "[CV 1/2] END " + "score=1, " * 100_000 + " total time=",
    "step 1 loss " + "1." * 500_000,
    "(a pid=1) " * 100_000,
    "Result for x:\n  " + "a: " * 300_000,
    "epoch  loss  acc\n1  " + "2 " * 500_000,
]


@pytest.mark.parametrize("line", _HOSTILE, ids=lambda line: line[:12].encode().hex())
@pytest.mark.timeout(20)
def test_a_hostile_line_of_a_megabyte_is_only_a_line(line):
    log = parse([f"{line}\nepoch 1 loss 0.5\nepoch 2 loss 0.4\n".encode()])

    assert "loss" in {name for run in log.runs for name in run.metrics}


def test_random_bytes_raise_nothing():
    for seed in range(60):
        dice = random.Random(seed)
        data = bytes(
            dice.choices(b"\x00\x08\r\n\x1b[]{}()|%=:,. 0123456789eaplosch/'\"\xff", k=3000)
        )

        parse([data])


def test_a_log_cut_or_damaged_anywhere_raises_nothing():
    for path in sorted(_DATA.glob("*.log")):
        data = path.read_bytes()
        dice = random.Random(path.stem)
        for _ in range(12):
            cut = bytearray(data[: dice.randrange(len(data) + 1)])
            for _ in range(5):
                if cut:
                    cut[dice.randrange(len(cut))] = dice.randrange(256)

            parse([bytes(cut)])


def test_steps_and_values_of_any_size_raise_nothing():
    for number in ("9" * 400, "1e400", "-1e999", "0." + "0" * 400 + "1", "nan", "1,000,000,000"):
        _parsed(f"step {number} loss {number}\nEpoch: [{number}][1/{number}] loss {number}\n")


def test_what_is_held_does_not_grow_with_the_log():
    parser = LogParser()
    words = ["".join(letters) for letters in product("abcdefgh", repeat=5)]
    assert len(words) > 1.5 * _MOST_QUIET
    for number, word in enumerate(words[: _MOST_PLANS + 2000]):
        parser.feed(f"epoch {number} {word} 0.5\n".encode())
    for word in words:
        parser.feed(f"{word} says nothing\n".encode())

    assert len(parser._quiet) <= _MOST_QUIET
    assert len(parser._reader._plans) <= _MOST_PLANS


def test_a_shape_is_thought_about_once():
    reader = Reader()
    for number in range(100):
        reader.read(f"step {number} loss 0.{number}")

    assert len(reader._plans) == 1


def test_a_line_of_which_nothing_was_made_is_told_with_its_reason():
    events = LogParser().feed(b"room 12 is warm\n")

    assert [(e.line, e.text) for e in events if isinstance(e, Unclear)] == [(1, "room 12 is warm")]


def test_values_come_before_the_log_is_over():
    events = LogParser().feed(b"step 1 loss 0.5\n")

    assert [e.values for e in events if isinstance(e, Values)] == [(0.5,)]


def test_a_frequent_shape_says_the_same_as_a_rare_one():
    dice = random.Random(7)
    frequent = Reader()
    numbers = [
        "1",
        "0.5",
        "1e-3",
        "-2.5",
        "1,234",
        "1,23",
        "nan",
        "5.",
        ".5",
        "1D+05",
        "-",
        "",
        "7x",
    ]
    shapes = [
        "step {} loss {} acc {}",
        "Epoch {}/{} | loss {}, lr {}",
        "epoch {} step {} loss {}",
        "step {} loss {},acc {}",
        "[{}] loss:{} ({})",
    ]
    for shape in shapes:
        for number in range(40):
            frequent.read(shape.format(number, number + 1, 0.25, 0.5))
    for _ in range(4000):
        line = dice.choice(shapes).format(*dice.choices(numbers, k=4))

        assert str(frequent.read(line)) == str(Reader().read(line)), line


def test_a_frequent_prefix_is_cut_as_a_rare_one():
    dice = random.Random(8)
    heads = [
        "2026-11-23 06:00:01 INFO ",
        "[2026-11-23 06:00:01,5][main][INFO] - ",
        "INFO:root:",
        "",
    ]
    messages = ["step 1 loss 0.5", "trainer: step 2", "a - b", "[train] epoch 1", "x: y", "loss"]
    frequent = Prefixes()
    for _ in range(2000):
        line = dice.choice(heads) + dice.choice(messages).replace("1", str(dice.randrange(1, 10)))

        assert tuple(frequent.cut(line)) == tuple(cut_prefix(line)), line


def test_ranks_come_in_their_order_and_other_runs_stay_where_they_were():
    text = "".join(f"[rank{r}]: step {s} loss {r}.{s}\n" for s in range(3) for r in (10, 2, 0))

    assert [run.name for run in _parsed(text).runs] == ["rank0", "rank2", "rank10"]


def test_steps_that_count_anew_in_each_epoch_are_of_one_run():
    text = "".join(f"epoch {e} step {s} loss {e}.{s}\n" for e in (1, 2) for s in (10, 20))

    assert _points(text) == {
        "loss": [((1, 10), 1.10), ((1, 20), 1.20), ((2, 10), 2.10), ((2, 20), 2.20)]
    }


def test_a_table_whose_head_is_printed_again_at_its_first_step_is_another_run():
    head = "epoch     train_loss  valid_loss\n"

    log = _parsed(f"{head}0         0.5         0.6\n{head}0         0.4         0.5\n")

    assert [run.metrics["train_loss"].points() for run in log.runs] == [[(0, 0.5)], [(0, 0.4)]]


def test_a_row_with_cells_left_out_is_read_by_where_they_stand():
    text = "epoch    loss    cp    acc\n    1     0.5     +    0.6\n    2     0.4          0.7\n"

    assert _points(text) == {"loss": [(1, 0.5), (2, 0.4)], "acc": [(1, 0.6), (2, 0.7)]}


def test_counted_steps_go_on_behind_those_that_were_told():
    steps = WholeSteps()

    found = [steps.whole("loss", step) for step in (10, 20, (1, 10), (1, 20))]

    assert found == [10, 20, 21, 22]
