"""Say what differs between two runs: params, metrics, code, data, packages, and the rest.

The exit code is 0 where nothing differs, 1 where something does, and 2 in trouble. What
differs between any two runs (process ids, job numbers) is told last and does not count.

Patterns of --ignore are globs over names: `param:seed`, `metric:*time*`, `code:docs/*`, or
a bare name. A project's own stand in its pyproject.toml: [tool.tui_tracker.diff] ignore = [...].
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui_tracker.cli.opening import READ_WAIT_S, add_json, open_store
from tui_tracker.cli.output import on_terminal, plural, print_json, rich_console, terminal_size
from tui_tracker.compare import KINDS, compare_runs
from tui_tracker.compare.ignoring import project_patterns
from tui_tracker.queries import find_run

if TYPE_CHECKING:
    from tui_tracker.cli.tables import Column
    from tui_tracker.compare import CodeDifference, Difference, Group, RunDifference

_LONG_PATCH = 200
"""Lines of a patch above which a terminal gets the list of files instead."""
_LONGEST_VALUE = 200
_WHAT = {
    "params": "param",
    "metrics": "metric",
    "code": "file",
    "packages": "package",
    "variables": "variable",
}
"""What the things of a kind are called; others are facts."""


def shown(text: str) -> str:
    """Return a recorded text safe to show: on one line, and without what looks like a secret."""
    from tui_tracker.capture.redaction import redact_text
    from tui_tracker.formatting import printable

    return printable(redact_text(text))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    for name, which in (("a", "first"), ("b", "second")):
        # By this metavar the shell completes names of runs.
        parser.add_argument(
            name, metavar="RUN", help=f"the {which} run: its id, a part of it, or its name"
        )
    parser.add_argument(
        "--ignore",
        metavar="KEY",
        action="append",
        default=[],
        help="names that may differ, as a glob; may be given several times",
    )
    parser.add_argument(
        "--only", metavar="KIND", action="append", choices=KINDS, help=f"one of {', '.join(KINDS)}"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--stat", action="store_true", help="of code list the files, print no patch")
    how.add_argument("--patch", action="store_true", help="print the patch however long it is")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from tui_tracker.cli.diff_json import difference_shape, only

    ignore = [*project_patterns(os.getcwd()), *args.ignore]
    with open_store(args, wait_s=READ_WAIT_S) as store:
        keys = find_run(store, args.a), find_run(store, args.b)
        difference = compare_runs(store, *keys, ignore=ignore)
    kinds = tuple(args.only or KINDS)
    difference = only(difference, kinds)
    if args.json:
        print_json(difference_shape(difference, kinds), indent=2)
    else:
        _print_all(difference, kinds, _with_patch(args, difference.code))
    return 1 if difference.differs else 0


def _with_patch(args: argparse.Namespace, code: CodeDifference) -> bool:
    if args.stat:
        return False
    return args.patch or not (on_terminal() and code.diff.count("\n") > _LONG_PATCH)


def _print_all(difference: RunDifference, kinds: Sequence[str], patch: bool) -> None:
    """Print what differs, then in a line each what does not, then what any two runs differ in."""
    _print_heads(difference)
    alike: list[tuple[str, str]] = []
    for kind in KINDS:
        if kind not in kinds:
            continue
        if kind == "metrics":
            differs = bool(difference.metrics)
            words = _metrics_alike(difference)
        elif kind == "code":
            differs = difference.code.differs
            words = _code_alike(difference.code)
        else:
            group = difference.group(kind)
            differs, words = group.differs, _group_alike(group)
        if differs:
            _print_kind(kind, difference, patch)
        else:
            alike.append((kind, words))
    _print_alike(alike)
    _print_noise([d for group in difference.groups if group.kind in kinds for d in group.noise])


def _print_heads(difference: RunDifference) -> None:
    from tui_tracker.cli.tables import print_facts
    from tui_tracker.formatting import format_time

    print_facts(
        [
            (letter, f"{shown(row.name)}   {row.id[-8:]}   {format_time(row.started_at)}")
            for letter, row in (("a", difference.a), ("b", difference.b))
        ]
    )


def _print_kind(kind: str, difference: RunDifference, patch: bool) -> None:
    from tui_tracker.cli.tables import print_heading

    print_heading(kind)
    if kind == "metrics":
        _print_metrics(difference)
    elif kind == "code":
        _print_code(difference.code, patch)
    else:
        group = next(group for group in difference.groups if group.kind == kind)
        _print_differences(group.differences)


def _print_differences(differences: Sequence[Difference]) -> None:
    from tui_tracker.cli.tables import Column, print_table

    columns = [
        Column("", [shown(d.name) for d in differences]),
        Column("a", [_cell(d.a, d.state != "only in b") for d in differences]),
        Column("b", [_cell(d.b, d.state != "only in a") for d in differences]),
    ]
    if any(d.note for d in differences):
        columns.append(Column("", [shown(d.note) for d in differences]))
    print_table(columns)


def _cell(value: object, there: bool) -> str:
    from tui_tracker.formatting import MISSING, crop, format_value

    if not there:
        return MISSING
    text = format_value(value, digits=None)
    return crop(shown(_short_hash(text)), _LONGEST_VALUE)


def _short_hash(text: str) -> str:
    """Return a digest short enough to compare by eye; other text as it is."""
    from tui_tracker.lineage.words import short_digest

    digits = text.rpartition(":")[2]
    is_hash = len(digits) in (40, 64) and all(c in "0123456789abcdef" for c in digits)
    return short_digest(text) if is_hash else text


def _print_metrics(difference: RunDifference) -> None:
    from tui_tracker.cli.tables import Column, print_table
    from tui_tracker.formatting import MISSING, align_points, format_number

    found = difference.metrics
    arrows = {"min": " ↓", "max": " ↑", "last": ""}

    def numbers(values: Sequence[float | None]) -> list[str]:
        return align_points(format_number(value) for value in values)

    def relative(value: float | None) -> str:
        return MISSING if value is None else f"{100 * value:+.3g}%"

    print_table(
        [
            Column("", [shown(m.name) + arrows[m.stat] for m in found]),
            Column("last a", numbers([m.a.last if m.a else None for m in found]), right=True),
            Column("last b", numbers([m.b.last if m.b else None for m in found]), right=True),
            Column("b - a", numbers([m.change for m in found]), right=True, rank=1),
            Column("", [relative(m.relative) for m in found], right=True, rank=1),
            Column("best a", numbers([m.best_a for m in found]), right=True, rank=2),
            Column("best b", numbers([m.best_b for m in found]), right=True, rank=2),
            *_points(difference),
        ]
    )


def _points(difference: RunDifference) -> list[Column]:
    """Return how many points each run logged, where that differs."""
    from tui_tracker.cli.tables import Column
    from tui_tracker.formatting import format_count

    pairs = [(m.a.count if m.a else 0, m.b.count if m.b else 0) for m in difference.metrics]
    if all(a == b for a, b in pairs):
        return []
    cells = ["" if a == b else f"{format_count(a)} / {format_count(b)}" for a, b in pairs]
    return [Column("points a / b", cells, right=True, rank=3)]


def _print_code(code: CodeDifference, patch: bool) -> None:
    from tui_tracker.cli.tables import Column, print_facts, print_table

    print_facts([("a", shown(code.a.line)), ("b", shown(code.b.line))])
    if code.why:
        print_facts(_wrapped("", shown(code.why), 2))
    if not code.files:
        return
    print_table(
        [
            Column("", [file.state for file in code.files]),
            Column("file", [_file_name(file.old_path, file.path) for file in code.files]),
            Column("added", [_lines(file.added, "+") for file in code.files], right=True),
            Column("removed", [_lines(file.removed, "-") for file in code.files], right=True),
        ]
    )
    if patch:
        print()
        print_patch(code.diff)
    elif code.diff:
        lines = code.diff.count("\n")
        print(f"\n{plural(lines, 'line')} of patch: --patch prints them")


def _file_name(old: str, path: str) -> str:
    return shown(path if old in ("", path) else f"{old} → {path}")


def _lines(count: int | None, sign: str) -> str:
    return "binary" if count is None else f"{sign}{count:,}" if count else ""


def print_patch(diff: str) -> None:
    """Print a unified diff, coloured on a terminal."""
    from tui_tracker.formatting import printable

    lines = [printable(line.expandtabs(4)) for line in diff.split("\n")]
    if lines and not lines[-1]:
        lines.pop()
    if not on_terminal():
        for line in lines:
            print(line)
        return
    from rich.text import Text

    console = rich_console()
    for line in lines:
        if not line.startswith("index "):  # two ids of 40 digits, which nobody reads
            console.print(Text(line, patch_style(line)), soft_wrap=True)


def patch_style(line: str) -> str:
    """Return the Rich style of a line of a unified diff."""
    if line.startswith(("diff --git", "index ", "--- ", "+++ ", "new file", "deleted file")):
        return "bold"
    return {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")


def _metrics_alike(difference: RunDifference) -> str:
    ignored = _ignored(difference.metrics_ignored)
    if difference.metrics:
        return ""
    if not difference.metrics_same and not ignored:
        return "none in either"
    return f"the same {difference.metrics_same:,}{ignored}"


def _code_alike(code: CodeDifference) -> str:
    ignored = _ignored(code.ignored)
    if code.same or (not code.files and code.ignored):
        moved = code.a.commit != code.b.commit
        based = f", on commits {code.a.commit[:7]} and {code.b.commit[:7]}" if moved else ""
        return f"the same{based}{ignored}"
    return code.why or "not recorded in either run"


def _group_alike(group: Group) -> str:
    """Return in a line how a group is alike, or why that cannot be told."""
    ignored = _ignored(group.ignored)
    if group.unknown:
        return f"{group.unknown}{ignored}"
    if group.differs:
        return ""
    if not group.same:
        return f"none in either{ignored}"
    what = _WHAT.get(group.kind)
    return f"the same {plural(group.same, what) if what else ''}".rstrip() + ignored


def _ignored(count: int) -> str:
    return f"; {count:,} ignored" if count else ""


def _print_alike(alike: Sequence[tuple[str, str]]) -> None:
    from tui_tracker.cli.tables import print_facts

    if alike:
        print()
        label = max(len(kind) for kind, _ in alike) + 2
        print_facts([line for kind, words in alike for line in _wrapped(kind, shown(words), label)])


def _wrapped(kind: str, words: str, label: int) -> list[tuple[str, str]]:
    """Return a fact as one line, on a terminal as so many as it takes to fit."""
    from tui_tracker.formatting import wrap

    if not on_terminal():
        return [(kind, words)]
    lines = wrap(words, max(20, terminal_size()[0] - label))
    return [("" if number else kind, line) for number, line in enumerate(lines)]


def _print_noise(noise: Sequence[Difference]) -> None:
    if not noise:
        return
    names = ", ".join(
        f"{shown(d.name)} {_cell(d.a, d.state != 'only in b')} / "
        f"{_cell(d.b, d.state != 'only in a')}"
        for d in noise
    )
    if not on_terminal():
        print(f"\nalso: {names}")
        return
    from rich.text import Text

    rich_console().print(Text(f"\nalso: {names}", "dim"))
