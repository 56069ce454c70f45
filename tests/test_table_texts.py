"""Tables as texts to paste: Markdown, LaTeX, CSV and TSV, from any view."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_tracker.handing_on.table_texts import TextColumn, best_places, write_table
from tui_tracker.queries import list_run_keys
from tui_tracker.tui.copying import WAYS, copied

Cli = Callable[..., tuple[int, str, str]]
NAMES = TextColumn("name", ["a_b", "c|d"])
LOSS = TextColumn(
    "loss ↓", ["0.50 ± 0.01", "1.2e-05    "], True, [0.5, 1.2e-5], frozenset({1}), name="loss"
)


def test_markdown_is_aligned_and_the_best_stands_out():
    assert write_table([NAMES, LOSS], "markdown").splitlines() == [
        "| name |      loss ↓ |",
        "| ---- | ----------: |",
        "| a_b  | 0.50 ± 0.01 |",
        "| c\\|d | **1.2e-05** |",
    ]


def test_latex_has_numbers_as_mathematics_between_the_rules_of_booktabs():
    assert write_table([NAMES, LOSS], "latex").splitlines() == [
        r"% \usepackage{booktabs}",
        r"\begin{tabular}{@{}lr@{}}",
        r"\toprule",
        r"name & loss \ensuremath{\downarrow} \\",
        r"\midrule",
        r"{}a\_b & $0.50 \pm 0.01$ \\",
        r"{}c\textbar{}d & {\boldmath\bfseries $1.2 \times 10^{-5}$\phantom{$0000$}} \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


def test_csv_and_tsv_have_the_values_with_all_digits():
    odd = TextColumn("x", ["–", "cut…"], values=[None, 'a "b"\n\tc'])

    assert write_table([NAMES, LOSS, odd], "csv") == (
        'name,loss,x\na_b,0.5,\nc|d,1.2e-05,"a ""b""\n\tc"\n'
    )
    assert write_table([NAMES, LOSS, odd], "tsv") == (
        'name\tloss\tx\na_b\t0.5\t\nc|d\t1.2e-05\ta "b"  c\n'
    )


def test_a_time_is_a_date_and_a_text_is_whole():
    at = datetime(2026, 11, 25, 12, 0, 1, 5000, UTC)
    columns = [
        TextColumn("started", ["3m ago"], values=[at]),
        TextColumn("name", ["a very lo…"], values=["a very long name"]),
    ]

    assert "2026-11-25" in write_table(columns, "markdown")
    assert "a very long name" in write_table(columns, "markdown")
    assert "2026-11-25T12:00:01.005Z" in write_table(columns, "csv")


@pytest.mark.parametrize(
    ("values", "direction", "best"),
    [
        ([3, 1, 1.0, None, float("nan")], "min", {1, 2}),
        ([3, 1], "max", {0}),
        ([3, 1], "last", set()),
        ([2, 2], "max", set()),
        ([2, float("inf")], "max", set()),
        ([], "min", set()),
    ],
)
def test_the_best_are_the_finite_ones_where_a_direction_is_known(values, direction, best):
    assert best_places(values, direction) == best


@given(st.text(max_size=20))
def test_no_words_bring_tex_or_a_column_of_their_own(words):
    column = TextColumn(words, [words], values=[words])

    tex = write_table([column, NAMES_ONE], "latex")
    markdown = write_table([column, NAMES_ONE], "markdown")

    body = [line for line in tex.splitlines() if line.endswith(r"\\")]
    assert [len(re.findall(r"(?<!\\)&", line)) for line in body] == [1, 1]
    assert len(markdown.splitlines()) == 3
    assert [len(re.findall(r"(?<!\\)\|", line)) for line in markdown.splitlines()] == [3, 3, 3]


NAMES_ONE = TextColumn("n", ["x"])


@pytest.fixture
def runs(log_run):
    for number, lr in enumerate((0.1, 0.01)):
        for seed in range(2):
            log_run(
                f"lr_{lr}_{seed}",
                params={"lr": lr, "seed": seed},
                val_acc=[0.5 + number / 4, 0.625 + number / 4 + seed / 100],
                train_loss=[1.0, 0.123456789 - number / 10],
            )


@pytest.mark.usefixtures("runs")
def test_ls_prints_any_format_and_the_best_in_bold(tt_: Cli):
    markdown = tt_("ls", "--format", "markdown")[1]
    latex = tt_("ls", "--columns", "name,val_acc,train_loss.last", "--format", "latex")[1]
    rows = list(csv.DictReader(io.StringIO(tt_("ls", "--format", "csv")[1])))

    assert "**0.8850**" in markdown
    assert "✓" not in markdown
    assert markdown.count("**0.02346**") == 2
    assert r"{\boldmath\bfseries $0.8850$}" in latex
    assert [row["metric:train_loss"] for row in rows] == [str(0.123456789 - 0.1)] * 2 + [
        "0.123456789"
    ] * 2
    assert len(rows[0]["id"]) == 36
    assert rows[0]["lr"] == "0.01"


@pytest.mark.usefixtures("runs")
def test_groups_part_mean_and_spread_where_the_table_goes_on(tt_: Cli):
    latex = tt_("group", "--metrics", "val_acc", "--format", "latex")[1]
    rows = list(
        csv.DictReader(io.StringIO(tt_("group", "--metrics", "val_acc", "--format", "csv")[1]))
    )

    assert r"$0.6300 \pm 0.0071$ ($2$)" in latex
    assert r"{\boldmath\bfseries $0.8800 \pm 0.0071$ ($2$)}" in latex
    assert rows[0].keys() == {
        *("lr", "runs", "metric:val_acc mean", "metric:val_acc std", "metric:val_acc n")
    }
    assert {row["metric:val_acc n"] for row in rows} == {"2"}


@pytest.mark.usefixtures("runs")
def test_a_tree_keeps_its_levels(tt_: Cli):
    arguments = ("tree", "--by", "experiment,lr", "--metric", "val_acc", "--format")

    assert "| &emsp;0.01" in tt_(*arguments, "markdown")[1]
    assert r"{}\quad 0.1 & " in tt_(*arguments, "latex")[1]
    assert "sweep_lr / 0.01,2,0.885," in tt_(*arguments, "csv")[1]


@pytest.mark.usefixtures("runs")
def test_a_comparison_is_a_table_with_a_column_a_run(tt_: Cli):
    code, text, _ = tt_("compare", "--query", "seed = 1", "--format", "csv")
    latex = tt_("compare", "--query", "seed = 1", "--format", "latex")[1]

    rows = {row[1]: row[2:] for row in csv.reader(io.StringIO(text))}
    assert code == 1
    assert rows["lr"] == ["0.1", "0.01"]
    assert rows["val_acc.max"] == ["0.635", "0.885"]
    assert r"{\boldmath\bfseries $0.885$}" in latex or r"{\boldmath\bfseries $0.8850$}" in latex


@pytest.mark.usefixtures("runs")
def test_a_saved_view_prints_as_any_of_them(folder: Path, tt_: Cli):
    (folder / "views.toml").write_text(
        '[view.best]\nquery = "seed = 1"\ncolumns = ["name", "metric:val_acc"]\n'
        'sort = ["-metric:val_acc"]\n'
    )

    code, text, _ = tt_("ls", "--view", "best", "--format", "tsv")

    assert (code, text.splitlines()[:2]) == (0, ["name\tmetric:val_acc", "lr_0.01_1\t0.885"])


@pytest.mark.usefixtures("runs")
def test_the_app_copies_the_table_as_markdown_and_latex(store):
    names = [name for name, _ in WAYS]
    keys = list_run_keys(store)

    markdown = copied(store, keys, names.index("Markdown"))
    latex = copied(store, keys, names.index("LaTeX"))

    assert markdown.text.splitlines()[0].startswith("| status   | name")
    assert "**0.8850**" in markdown.text
    assert latex.text.startswith("% \\usepackage{booktabs}")
    assert latex.words == "4 runs as LaTeX"


@pytest.mark.usefixtures("runs")
@pytest.mark.skipif(not shutil.which("pdflatex"), reason="there is no TeX here")
def test_a_table_of_odd_names_compiles(tmp_path: Path, log_run, tt_: Cli):
    log_run("$x_1$ & #%{}~^\\ [a] 日本 “q” λ", val_acc=[0.5], params={"lr": "a_b|<c>"})
    tables = [
        tt_("ls", "--format", "latex")[1],
        tt_("group", "--format", "latex")[1],
        tt_("tree", "--by", "lr,status", "--metric", "val_acc", "--format", "latex")[1],
        tt_("compare", "--query", "", "--format", "latex")[1],
    ]
    head = r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{textcomp,booktabs}"
    body = "\n\n".join([head, r"\begin{document}", *tables, r"\end{document}"])
    (tmp_path / "x.tex").write_text(body, encoding="utf-8")

    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-draftmode", "x.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=100, check=False)

    assert done.returncode == 0, done.stdout[-2000:].decode(errors="replace")


@pytest.mark.usefixtures("runs")
def test_a_ranking_and_the_values_of_a_field_print_so_too(tt_: Cli):
    arguments = ("decide", "sweep_lr", "lowest mean train_loss", "--no-save", "--format")

    latex = tt_(*arguments, "latex")[1]
    rows = list(csv.reader(io.StringIO(tt_(*arguments, "csv")[1])))
    values = tt_("values", "lr", "--format", "tsv")[1]

    assert r"{\boldmath\bfseries $0.02346$}" in latex
    assert rows[1][1:3] == ["lr=0.01", "2"]
    assert float(rows[1][3]) == pytest.approx(0.123456789 - 0.1, rel=1e-12)
    assert values == "value\truns\n0.01\t2\n0.1\t2\n"
