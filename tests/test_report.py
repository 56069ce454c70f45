"""Pages about experiments: the same in three formats, escaped, bounded, and always the same."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from planted import GITHUB, NAMED

import tui_tracker as tt
from tui_tracker import edits
from tui_tracker.errors import NotFound, RuleInvalid
from tui_tracker.handing_on import escaping
from tui_tracker.plan.plan import read_plan
from tui_tracker.queries import list_run_keys
from tui_tracker.report import html, markdown
from tui_tracker.report.blocks import (
    Bullets,
    Code,
    Column,
    Drawn,
    Heading,
    Mono,
    Page,
    Paragraph,
    Picture,
    Strong,
    Table,
)
from tui_tracker.report.private import public, public_command
from tui_tracker.report.writing import FORMATS, report
from tui_tracker.store import Store

LogRun = Callable[..., tt.Run]
Cli = Callable[..., tuple[int, str, str]]
RULE = "highest mean val_f1 with std <= 0.1; tie-break by lowest val_loss"
HOSTILE = (
    "<script>alert(1)</script>|**x** `y` \\end{document}\\input{/etc/passwd} %$#&_^~ [a](b) ![i](j)"
)


def sweep(log_run: LogRun) -> None:
    for lr, base in ((0.1, 0.8), (0.01, 0.6), (0.9, 0.3)):
        for seed in range(3):
            wide = 0.3 * seed if lr == 0.9 else 0.01 * seed
            values = [base * share + wide for share in (0.5, 0.8, 1.0)]
            log_run(f"lr={lr}_seed={seed}", params={"lr": lr, "seed": seed}, val_f1=values,
                    val_loss=[2.0, 1.0, 0.5], tags=("purpose:sweep",))  # fmt: skip
    log_run("broken", params={"lr": 5.0, "seed": 0}, val_f1=[0.1], status="failed")


@pytest.fixture
def swept(log_run: LogRun, folder: Path) -> Store:
    sweep(log_run)
    return Store.open(folder)


def test_a_page_says_who_won_by_which_rule_and_what_was_dropped(swept: Store) -> None:
    page = report(swept, "sweep_lr", "md", rule=RULE)

    assert page.startswith("# sweep_lr\n")
    assert "> **lr=0.1** wins with `val_f1` 0.8100 ± 0.0100 (n=3; 95 % interval" in page
    assert f"Rule `{RULE}`, given for this page." in page
    assert "| 0.8100 ± 0.0100 (3) |" in page
    assert "**lr=0.9**: std is 0.3, not <= 0.1" in page
    assert "- `broken` failed" in page
    assert "Took no part: 1 failed." in page
    assert "standard deviation over the runs (by n - 1)" in page
    assert "a  lr=0.1\n" in page
    assert page.count("tt reproduce ") == 3


def test_the_runs_of_the_winner_are_told_with_the_value_that_counted(
    log_run: LogRun, folder: Path
) -> None:
    for seed in range(2):
        log_run(f"run{seed}", params={"seed": seed}, val_loss=[0.9, 0.25, 0.7])

    with Store.open(folder) as store:
        best = report(store, "sweep_lr", "md", rule="lowest mean(val_loss, best)")
        first = report(store, "sweep_lr", "md", rule="lowest mean(val_loss, at 0)")
        last = report(store, "sweep_lr", "md", rule="lowest mean(val_loss)")

    rows = [re.findall(r"\| `run\d` +\| +([\d.]+) \|", page) for page in (best, first, last)]
    assert rows == [["0.2500", "0.2500"], ["0.9000", "0.9000"], ["0.7000", "0.7000"]]


def test_without_a_rule_nothing_is_decided_and_the_best_mean_is_told(swept: Store) -> None:
    page = report(swept, "sweep_lr", "md")

    assert "No rule was given, so nothing was decided. The highest mean `val_f1` has" in page
    assert "wins" not in page


def test_the_rule_of_the_newest_decision_is_taken_and_its_standing_told(
    swept: Store, tt_: Cli, log_run: LogRun
) -> None:
    assert tt_("decide", "sweep_lr", RULE)[0] == 0
    log_run("late", params={"lr": 0.1, "seed": 9}, val_f1=[0.79], val_loss=[0.5])

    page = report(swept, "sweep_lr", "md")

    assert "from decision 1." in page
    assert "stale: 1 new run; the outcome would be the same, lr=0.1" in page


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_store_gives_the_same_bytes(swept: Store, folder: Path, form: str) -> None:
    first = report(swept, "sweep_lr", form, rule=RULE)  # type: ignore[arg-type]
    with Store.open(folder) as again:
        second = report(again, "sweep_lr", form, rule=RULE)  # type: ignore[arg-type]

    assert first == second


def test_a_note_changes_the_page_and_stands_in_it(swept: Store) -> None:
    before = report(swept, "sweep_lr", "md", rule=RULE)
    edits.note(swept, list_run_keys(swept)[:1], "the scheduler was wrong here")
    after = report(swept, "sweep_lr", "md", rule=RULE)

    assert before != after
    assert "the scheduler was wrong here" in after


def test_a_note_of_many_runs_stands_once(swept: Store) -> None:
    edits.note(swept, list_run_keys(swept), "grid over lr")
    edits.note(swept, list_run_keys(swept)[:1], "a note of its own")

    page = report(swept, "sweep_lr", "md", rule=RULE)

    assert page.count("grid over lr") == 1
    assert re.search(r"^- `\S+` and 9 more runs \(\d{4}-\d\d-\d\d\): grid over lr$", page, re.M)
    assert "a note of its own" in page


def test_configurations_that_are_level_are_told_where_nothing_was_decided(
    log_run: LogRun, folder: Path
) -> None:
    for lr in (0.1, 0.2, 0.3):
        log_run(f"{lr}", params={"lr": lr, "seed": 0}, val_f1=[0.5 if lr < 0.3 else 0.4])

    with Store.open(folder) as store:
        page = report(store, "sweep_lr", "md")

    # Whichever of the two took less time is first.
    told = re.search(
        r"has \*\*lr=(.+)\*\*: 0.5000 \(n=1, so no spread is known\). Level with it: lr=(.+)\.\n",
        page,
    )
    assert told is not None
    assert sorted(told.groups()) == ["0.1", "0.2"]


def test_the_outcome_is_laid_beside_the_plan(swept: Store, tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(
        'experiment = "sweep_lr"\nquestion = "Which rate?"\nrule = "highest val_f1"\n'
        "[grid]\nlr = [0.1, 0.01, 0.3]\n[seeds]\nvalues = [0, 1, 2]\n"
        '[metrics]\nprimary = "val_f1"\n'
    )

    page = report(swept, "sweep_lr", "md", plan=read_plan(path))

    assert "**Which rate?**" in page
    assert "9 runs were planned: 6 done, 3 missing." in page
    assert "- `lr=0.3 seed=0` missing" in page
    assert "4 runs were not in the plan" in page
    assert "from the plan." in page


def test_runs_that_do_not_compare_get_no_verdict(log_run: LogRun, folder: Path) -> None:
    log_run("a", params={"lr": 1}, test_f1=[0.5])
    with Store.open(folder) as store:
        page = report(store, "sweep_lr", "md", rule="highest test_f1")

    assert "> **No verdict.** 'test_f1' was taken on test data" in page
    assert "| lr=1" in page or "all runs" in page


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "values",
    [{}, {"val_f1": [0.5]}, {"val_f1": [math.nan] * 3}, {"val_f1": [math.inf, 0.5, math.nan]},
     {"loss": [1e300, -1e300]}, {"x": [0.0, 0.0]}],
)  # fmt: skip
def test_odd_experiments_have_a_page(
    log_run: LogRun, folder: Path, form: str, values: dict[str, list[float]]
) -> None:
    log_run("only", **values)

    with Store.open(folder) as store:
        page = report(store, "sweep_lr", form)  # type: ignore[arg-type]

    assert "sweep" in page
    assert "nan" not in page.replace("nanosecond", "")


def test_experiments_whose_runs_all_failed_or_are_unknown_are_told(
    log_run: LogRun, folder: Path
) -> None:
    log_run("bad", val_f1=[0.1], status="failed")

    with Store.open(folder) as store:
        assert "No finished run has a value to compare." in report(store, "sweep_lr", "md") or (
            "Nothing is ranked" in report(store, "sweep_lr", "md")
        )
        with pytest.raises(NotFound):
            report(store, "nowhere", "md")
        with pytest.raises(RuleInvalid):
            report(store, "sweep_lr", "md", rule="best of all")


def test_many_runs_still_give_a_page_that_can_be_read(log_run: LogRun, folder: Path) -> None:
    for number in range(120):
        status = "failed" if number % 4 == 0 else "finished"
        log_run(f"r{number}", params={"lr": number, "seed": 0}, val_f1=[number / 200, 0.5],
                status=status)  # fmt: skip

    with Store.open(folder) as store:
        pages = {form: report(store, "sweep_lr", form) for form in FORMATS}

    assert max(map(len, pages.values())) < 120_000
    assert "50 more configurations are left out." in pages["md"]
    assert "10 more are left out." in pages["md"]


# Curves.


def test_a_configuration_that_diverged_presses_no_other_curve_flat(store, log_run):
    for lr, ends in ((0.1, (2.0, 0.5)), (0.2, (2.0, 0.4)), (0.3, (2.0, 9e7))):
        for seed in range(2):
            steps = [ends[0] + (ends[1] - ends[0]) * step / 9 for step in range(10)]
            params = {"lr": lr, "seed": seed}
            log_run(f"{lr}-{seed}", params=params, val_loss=steps, val_acc=[0.1, 0.2])

    page = report(store, "sweep_lr", "md", rule="lowest val_loss")

    chart = page[page.index("val_loss\n") :]
    rows = [line for line in chart.splitlines() if "┤" in line or "│" in line][:15]
    assert "lr=0.3 leaves the picture" in page
    assert all(any(letter in row for row in rows[10:]) for letter in "ab")
    assert any("c" in row for row in rows[:1])
    assert "logarithmic" not in page


# Hostile words.


def hostile_page(words: str) -> Page:
    picture = Picture(words, words, words, (Drawn(words, [0, 1], [0.1, 0.2], [0.1, 0.2],
                      [0.1, 0.3]),), 0.1, 0.3, 0, 1, False, (words,))  # fmt: skip
    cells: tuple[tuple[str | Mono, ...], ...] = ((words,), (Mono(words),))
    table = Table((Column(words, cells), Column("n", (("1",), ("2",)), right=True)), (words,))
    return Page(words, (Heading(1, words), Paragraph((Strong(words), " ", words, " ", Mono(words))),
                        Bullets(((words,),)), table, picture, Code((words,))))  # fmt: skip


class Seen(HTMLParser):
    """What a browser would see: the tags in order, with their attributes, and all text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(text: str) -> Seen:
    parser = Seen()
    parser.feed(text)
    parser.close()
    return parser


PRINTABLE = st.text(st.characters(exclude_categories=["C", "Z"]) | st.sampled_from(" <>&\"'`|\\"),
                    min_size=1, max_size=40)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(PRINTABLE)
def test_no_words_bring_html_of_their_own(words: str) -> None:
    plain, found = seen(html.to_html(hostile_page("x"))), seen(html.to_html(hostile_page(words)))

    assert found.tags == plain.tags
    assert found.attributes == plain.attributes
    assert words in found.text


@settings(max_examples=150, deadline=None)
@given(PRINTABLE | st.sampled_from([HOSTILE, "\\", "\\\\", "[x]*", "--", "?`!`"]))
def test_no_words_bring_tex_of_their_own(words: str) -> None:
    escaped = escaping.in_latex(words)

    commands = set(re.findall(r"\\[a-zA-Z]+|\\.", escaped))
    known = {c for e in escaping._SPECIAL.values() for c in re.findall(r"\\[a-zA-Z]+|\\.", e)}
    assert commands <= known | {r"\ttletter"}
    bare = re.sub(r"\\[\\{}$&#%_]", "", re.sub(r"\\[a-zA-Z]+", "", escaped))
    assert bare.count("{") == bare.count("}")
    assert not set(bare) & set("$&#%_^~\\\"'`<>|")
    assert escaped.isascii() or all(0xC0 <= ord(c) <= 0xFF for c in escaped if ord(c) > 127)


def test_a_tex_document_is_closed_and_balanced(swept: Store) -> None:
    text = report(swept, "sweep_lr", "tex", rule=RULE)

    begun = re.findall(r"\\begin\{(\w+)\}", text)
    assert sorted(begun) == sorted(re.findall(r"\\end\{(\w+)\}", text))
    bare = re.sub(r"\\[{}]", "", text)
    assert bare.count("{") == bare.count("}")
    assert r"\toprule" in text
    assert text.count(r"\addplot") >= 3


@settings(max_examples=150, deadline=None)
@given(PRINTABLE | st.sampled_from([HOSTILE, "a|b", "`|`", "``", "\\|", "<!--", "1. x", "- x"]))
def test_no_words_break_a_markdown_table(words: str) -> None:
    cells = ((words,), (Mono(words),))
    table = Table((Column("a", cells), Column("b", (("1",), ("2",)))))

    lines = markdown.to_markdown(Page("x", (table,))).splitlines()

    assert len(lines) == 4
    for line in lines:
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 3, line


@settings(max_examples=150, deadline=None)
@given(PRINTABLE | st.sampled_from([HOSTILE, "# x", "> x", "+ x", "7) x", "~~x~~", "&amp;"]))
def test_markdown_words_are_read_as_they_are(words: str) -> None:
    escaped = escaping.in_markdown(words)

    assert re.sub(r"\\([\\`*\[\]<>|~&$_#+=.)-])", r"\1", escaped) == words
    assert not re.search(r"(?<!\\)(?:\\\\)*([`*\[~|]|<[A-Za-z/!?])", escaped)
    assert not re.match(r"[#>+-]|\d+[.)](\s|$)", escaped)


@settings(max_examples=80, deadline=None)
@given(st.text("`a |", min_size=1, max_size=12))
def test_markdown_code_ends_where_it_should(words: str) -> None:
    shown = escaping.in_markdown_mono(words)
    if not words.strip():
        return

    fence = re.match(r"`+", shown)
    assert fence is not None
    inner = shown[len(fence[0]) : -len(fence[0])]
    assert shown.endswith(fence[0])
    assert fence[0] not in re.findall(r"`+", inner)


def test_hostile_names_and_notes_stay_words(log_run: LogRun, folder: Path) -> None:
    run = log_run(
        HOSTILE, experiment="x<b>y", params={"p<i>": "<u>|", "seed": 1}, val_f1=[0.1, 0.2]
    )
    with Store.open(folder) as store:
        edits.note(store, list_run_keys(store), f"{HOSTILE}\n# title")
        pages = {form: report(store, "x<b>y", form) for form in FORMATS}

    assert "<script" not in pages["html"]
    assert "\\input" not in pages["tex"]
    assert pages["tex"].count(r"\end{document}") == 1
    assert "\n# title" not in pages["md"]
    assert run.id in pages["md"]


# Privacy.


def test_paths_and_secrets_of_a_machine_are_not_told(log_run: LogRun, folder: Path) -> None:
    log_run("a", params={"data": "/home/ann/secret project/x.csv", "seed": 0}, val_f1=[0.5])
    log_run("b", params={"data": "/srv/lab/y.csv", "seed": 0}, val_f1=[0.6])
    with Store.open(folder) as store:
        edits.note(store, list_run_keys(store), f"log in with {GITHUB}, see /home/ann/notes.txt")
        edits.note(store, list_run_keys(store), f'API_KEY="{NAMED}"')
        pages = [report(store, "sweep_lr", form) for form in FORMATS]

    for page in pages:
        assert GITHUB not in page
        assert NAMED not in page
        assert "/home" not in page
        assert "/srv" not in page


@pytest.mark.parametrize(
    ("given_", "shown"),
    [
        ("OSError: /home/ann/x/data.csv is gone", "OSError: …/data.csv is gone"),
        (r"C:\Users\ann\x\y.csv is gone", "…/y.csv is gone"),
        ("~/lab/run.py failed", "…/run.py failed"),
        ("file:///home/ann/x/y.csv", "…/y.csv"),
        ("PATH=/usr/lib/a:/home/ann/b", "PATH=…/a:…/b"),
        ("ann@host:/home/ann/x", "ann@host:…/x"),
        ("\\\\lab\\share\\y.csv is gone", "…/y.csv is gone"),
        ("lr/10 and n/a", "lr/10 and n/a"),
        ("see https://example.org/a/b", "see https://example.org/a/b"),
    ],
)
def test_a_path_keeps_its_last_name_alone(given_: str, shown: str) -> None:
    assert public(given_) == shown


def test_a_command_is_told_as_it_is_typed_in_the_project() -> None:
    argv = ["/usr/local/bin/python3", "/home/ann/p/src/train.py", "--lr", "0.1", "--name", "a b"]

    assert public_command(argv, "src/train.py") == "python3 src/train.py --lr 0.1 --name 'a b'"
    assert public_command(["python", "-m", "x.train", f"--api-key={NAMED}"], "").startswith(
        "python -m x.train '--api-key=***"
    )
    assert NAMED not in public_command(["python", "t.py", f"--api-key={NAMED}"], "t.py")


# The command.


@pytest.mark.usefixtures("swept")
def test_the_command_writes_by_the_ending_and_says_when_nothing_changed(
    tt_: Cli, tmp_path: Path
) -> None:
    out = tmp_path / "report.html"

    assert tt_("report", "sweep_lr", "--out", str(out), "--rule", RULE)[0] == 0
    code, _, told = tt_("report", "sweep_lr", "--out", str(out), "--rule", RULE)

    assert (code, out.read_text()[:15]) == (0, "<!doctype html>")
    assert "is up to date" in told


@pytest.mark.usefixtures("swept")
def test_a_page_can_be_written_into_a_pipe(folder: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "page.md"
    os.mkfifo(pipe)
    words = ["--store", str(folder), "report", "sweep_lr", "--out", str(pipe)]
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True)

    made = subprocess.run([sys.executable, "-m", "tui_tracker.cli", *words], timeout=60,
                          capture_output=True, check=False)  # fmt: skip

    assert made.returncode == 0, made.stderr
    assert reader.communicate()[0].startswith("# sweep_lr")


@pytest.mark.usefixtures("swept")
def test_the_command_prints_a_page_and_refuses_what_says_no_format(tt_: Cli) -> None:
    assert tt_("report", "sweep_lr", "--out", "-")[1].startswith("# sweep_lr")
    assert tt_("report", "sweep_lr", "--out", "-", "--format", "tex")[1].startswith("\\document")

    code, _, told = tt_("report", "sweep_lr", "--out", "report.pdf")
    assert code == 2
    assert "says no format: end it in .md, .html or .tex" in told


def kinds(words: str) -> list[str]:
    """What a Markdown reader finds in a page full of these words, without the words."""
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    tokens = reader.parse(markdown.to_markdown(hostile_page(words)))
    return [
        part.type
        for token in tokens
        for part in (token, *(token.children or ()))
        if part.type not in ("text", "text_special")
    ]


@settings(max_examples=150, deadline=None)
@given(PRINTABLE.filter(str.strip).map(str.strip) | st.sampled_from([HOSTILE, "a_b_", "1) x"]))
def test_no_words_bring_markdown_of_their_own(words: str) -> None:
    if "\\|" in words:  # written as plain words in a table
        return

    assert kinds(words) == kinds("x")
