"""Answer the shell: what can stand where the cursor is.

Called by the scripts of `tt completion`. The last of WORDS is the one under the cursor,
perhaps empty. Each line is a candidate, a tab and what it means; `:files` and
`:folders` leave the answer to the shell. Journals are not drained and no trouble is
told: a key press must neither wait nor print.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from tui_tracker.cli import COMMANDS, command_parser, top_parser
from tui_tracker.errors import TrackerError
from tui_tracker.formatting import SHORT_ID, printable
from tui_tracker.queries import (
    Selection,
    find_run,
    get_rows,
    list_columns,
    list_experiments,
    list_run_keys,
)
from tui_tracker.store import Store

_MOST_RUNS = 500

_DIRECTIVES = (":files", ":folders")

Candidate = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Cursor:
    """What stands before the cursor, as far as a command's parser understands it."""

    command: str
    values: tuple[str, ...]
    """Of the command's positional arguments."""
    wanted: argparse.Action | None
    """What the word under the cursor belongs to."""
    asked: tuple[str, ...] = ()
    """Words before it that belong to the same argument."""
    current: str = ""
    """What of that word is typed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--line", help="the line up to the cursor instead of words")
    parser.add_argument("--last", help="the part of the last word that the shell replaces")
    parser.add_argument("words", metavar="WORDS", nargs=argparse.REMAINDER)


def run(args: argparse.Namespace) -> int:
    words = args.words[1:] if args.words[:1] == ["--"] else args.words
    if args.line is not None:
        words = split_line(args.line)[1:]
    words = words or [""]
    # bash breaks words at colons, and puts back only what follows the last one.
    kept = len(words[-1]) - len(args.last) if args.last is not None else 0
    try:
        for word, text in complete(words, args.store):
            shown = word if word in _DIRECTIVES else printable(word)[max(0, kept) :]
            print(f"{shown}\t{printable(text)}".rstrip("\t"))
    except TrackerError:
        return 0
    return 0


def complete(words: Sequence[str], store: str | None = None) -> Iterator[Candidate]:
    """Yield what can stand for the last of the words that follow `tt`.

    Raises:
        TrackerError: the store that the answer lies in cannot be read.
    """
    *before, current = words
    before, named = _without_store(before)
    if named is None:
        yield ":folders", ""
        return
    for word, text in _candidates(before, current, named or store):
        if word.startswith(current) or word in _DIRECTIVES:
            yield word, text


def split_line(line: str) -> list[str]:
    """Return the words of a line that may end inside a quoted one."""
    for closing in ("", "'", '"'):
        try:
            words = shlex.split(line + closing)
        except ValueError:
            continue
        ends = not closing and (line[-1:].isspace() or not line)
        return [*words, ""] if ends else words
    return line.split(" ")


def _without_store(words: Sequence[str]) -> tuple[list[str], str | None]:
    """Return the words without --store, and its value: None where it is still wanted."""
    rest: list[str] = []
    folder: str | None = ""
    for word in words:
        if folder is None:
            folder = word
        elif word == "--store":
            folder = None
        elif word.startswith("--store="):
            folder = word.partition("=")[2]
        else:
            rest.append(word)
    return rest, folder


def _candidates(before: Sequence[str], current: str, store: str | None) -> Iterable[Candidate]:
    if not before or before[0] not in COMMANDS:
        if current.startswith("-"):
            return _options(top_parser())
        return COMMANDS.items() if not before else ()
    parser = command_parser(before[0])
    cursor = _read(parser, before)
    named, sign, begun = current.partition("=")
    if sign and (option := parser._option_string_actions.get(named)) and option.nargs != 0:
        answered = _answers(replace(cursor, wanted=option, current=begun), store)
        return ((f"{named}={word}", said) for word, said in answered)
    if current.startswith("-") and (cursor.wanted is None or not cursor.wanted.option_strings):
        return _options(parser)
    return _answers(replace(cursor, current=current), store)


def _answers(cursor: _Cursor, store: str | None) -> Iterable[Candidate]:
    """Return what can stand for the argument that is wanted."""
    if cursor.wanted is None:
        return ()
    if cursor.wanted.choices:
        return ((str(choice), "") for choice in cursor.wanted.choices)
    answer = _ANSWERS.get(str(cursor.wanted.metavar))
    return answer(cursor, store) if answer else ()


def _read(parser: argparse.ArgumentParser, before: Sequence[str]) -> _Cursor:
    options = parser._option_string_actions
    values: list[str] = []
    pending: argparse.Action | None = None
    for word in before[1:]:
        if pending is not None:
            pending = None
        elif word in options:
            # Switches take no value: their `nargs` is 0.
            pending = options[word] if options[word].nargs != 0 else None
        elif not word.startswith("-"):
            values.append(word)
    asked: tuple[str, ...] = ()
    if pending is None:
        positionals = [a for a in parser._actions if not a.option_strings]
        for number, action in enumerate(positionals):
            if number >= len(values) or action.nargs in ("+", "*", argparse.REMAINDER):
                pending, asked = action, tuple(values[number:])
                break
    return _Cursor(before[0], tuple(values), pending, asked)


def _options(parser: argparse.ArgumentParser) -> Iterator[Candidate]:
    for action in parser._actions:
        for option in action.option_strings:
            if option.startswith("--") and action.help != argparse.SUPPRESS:
                yield option, action.help or ""


def _runs(cursor: _Cursor, folder: str | None) -> Iterator[Candidate]:
    """Yield run names, and the ends of ids where a name is not the only one."""
    with Store.open(folder) as store:
        away = cursor.command == "restore"
        keys = list_run_keys(store, Selection(archived=True))[:_MOST_RUNS]
        if away:
            keys += list_run_keys(store, Selection(deleted=True))[:_MOST_RUNS]
        rows = get_rows(store, keys)
    names = [row.name for row in rows]
    for row in rows:
        if away and not (row.archived or row.deleted):
            continue
        alone = names.count(row.name) == 1 and printable(row.name) == row.name
        said = f"{row.experiment}, {row.status}"
        if alone:
            yield row.name, said
        else:
            yield row.id[-SHORT_ID:], f"{row.name}, {said}"


def _metrics(cursor: _Cursor, folder: str | None) -> Iterator[Candidate]:
    with Store.open(folder) as store:
        if not cursor.values:
            return
        (row,) = get_rows(store, [find_run(store, cursor.values[0])], metrics=None)
    for label, metric in row.metrics.items():
        if label not in cursor.values[1:]:
            yield label, f"{metric.count:,} points"
    # `tt curve` takes further runs before the first metric.
    if not any(label in row.metrics for label in cursor.values[1:]):
        yield from (run for run in _runs(cursor, folder) if run[0] not in cursor.values)


def _paths(cursor: _Cursor, folder: str | None) -> Iterator[Candidate]:
    """Yield a run's artifacts where they are wanted, and leave other paths to the shell."""
    if cursor.command != "artifacts":
        yield ":files", ""
    elif cursor.values:
        from tui_tracker.queries import get_run

        with Store.open(folder) as store:
            found = get_run(store, find_run(store, cursor.values[0])).artifacts
        yield from ((artifact.path, artifact.kind or "") for artifact in found)


def _tags(cursor: _Cursor, folder: str | None) -> Iterator[Candidate]:
    with Store.open(folder) as store:
        if cursor.command == "untag" and cursor.values:
            (row,) = get_rows(store, [find_run(store, cursor.values[0])])
            tags = list(row.tags)
        else:
            tags = [row[0] for row in store.read("SELECT DISTINCT tag FROM tag ORDER BY tag")]
    for tag in tags:
        yield tag, ""


def _experiments(_: _Cursor, folder: str | None) -> Iterator[Candidate]:
    with Store.open(folder) as store:
        for experiment in list_experiments(store):
            yield experiment.name, f"{experiment.runs:,} runs"


def _stats(cursor: _Cursor, _: str | None) -> Iterator[Candidate]:
    """Yield the statistics that are not there yet, behind those that are."""
    from tui_tracker.cli.group_stats import STATS

    before, comma, _last = cursor.current.rpartition(",")
    taken = before.split(",")
    for name in STATS:
        if name not in taken:
            yield f"{before}{comma}{name}", ""


def _specs(cursor: _Cursor, folder: str | None) -> Iterator[Candidate]:
    """Yield columns behind what stands before the last comma, a sign of a sort key included."""
    before, comma, last = cursor.current.rpartition(",")
    sign = last[:1] if last[:1] in ("-", "+") else ""
    head = f"{before}{comma}{sign}"
    named = before.split(",")
    for name, said in _column_names(folder):
        if name not in named:
            yield f"{head}{name}", said


def _column_names(folder: str | None) -> Iterator[Candidate]:
    from tui_tracker.queries.columns import PLAIN

    for plain in PLAIN:
        yield plain, ""
    with Store.open(folder) as store:
        params, metrics = list_columns(store)
        facts = store.read("SELECT name FROM key WHERE kind=3 ORDER BY name")
    for label in metrics:
        yield label, "metric"
    for name in params:
        yield name, "param"
    for (name,) in facts:
        yield name, "fact"


def _query_fields(_: _Cursor, folder: str | None) -> Iterator[Candidate]:
    """Yield the fields that a query can name."""
    from tui_tracker.queries.facets import list_fields

    with Store.open(folder) as store:
        for field in list_fields(store):
            yield field.written, field.says or field.kind


def _queries(cursor: _Cursor, folder: str | None) -> Iterator[Candidate]:
    """Yield how a query can go on, each as a whole word of the shell; it may have more words."""
    from tui_tracker.queries.suggestions import suggest

    before = "".join(f"{word} " for word in cursor.asked)
    text = before + cursor.current
    with Store.open(folder) as store:
        found = suggest(store, text, len(text))
    for item in found.items:
        whole = text[: found.start] + item.text
        if whole.startswith(before):
            yield whole[len(before) :], item.says


def _views(_: _Cursor, folder: str | None) -> Iterator[Candidate]:
    from tui_tracker import folder as folders
    from tui_tracker.views import list_views

    for view in list_views(folders.locate(folder)):
        yield view.name, view.query


def _chosen(cursor: _Cursor, folder: str | None) -> Iterator[Candidate]:
    """Yield what commands take that judge a run, an experiment or what a query fits."""
    yield from _runs(cursor, folder)
    yield from _experiments(cursor, folder)
    yield from _queries(cursor, folder)


_ANSWERS: dict[str, Callable[[_Cursor, str | None], Iterator[Candidate]]] = {
    "RUN": _runs,
    "METRIC": _metrics,
    "TAG": _tags,
    "E": _experiments,
    "EXPERIMENT": _experiments,
    "STATS": _stats,
    "SORT": _specs,
    "COLUMNS": _specs,
    "SPECS": _specs,
    "SPEC": _specs,
    "LEVELS": _specs,
    "QUERY": _queries,
    "QUERYFIELD": _query_fields,
    "VIEW": _views,
    "WHAT": _chosen,
    "WORDS": _chosen,
    "PATH": _paths,
    "LOG": lambda *_: iter([(":files", "")]),
    "COMMAND": lambda *_: iter([(":files", "")]),
    "FILE": lambda *_: iter([(":files", "")]),
    "DIR": lambda *_: iter([(":folders", "")]),
}
"""By the metavar of the argument that is wanted."""
