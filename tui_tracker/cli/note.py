"""Write, change, remove or list the notes on a run; each is kept with its time and author.

tt note RUN TEXT ...              - reads it from standard input
tt note --query QUERY TEXT ...    on all runs that are found
tt note RUN --edit [N]            in $VISUAL or $EDITOR: a new note, or note N
tt note RUN --remove N
tt note RUN [--json]              list them with their numbers
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from tui_tracker import edits
from tui_tracker.cli.choosing import add_choice, choose, only_told, told
from tui_tracker.cli.opening import add_json, add_more, from_number, open_store
from tui_tracker.cli.output import plural, print_json, tell
from tui_tracker.errors import InvalidArgument
from tui_tracker.queries import Note, find_run, get_run
from tui_tracker.store import Store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", nargs="?", help="a run, unless --query is given")
    parser.add_argument("text", metavar="TEXT", nargs="*", help="the words, or - for stdin")
    parser.add_argument(
        "--edit",
        metavar="N",
        nargs="?",
        const=0,
        type=from_number(1),
        help="write in your editor: a new note, or change note N",
    )
    parser.add_argument("--remove", metavar="N", type=from_number(1), help="remove note N")
    add_more(parser)
    add_choice(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    words = [word for word in (args.run, *args.text) if word is not None]
    runs = [] if args.query is not None else words[:1]
    text = words[len(runs) :]
    with open_store(args) as store:
        if args.remove is not None or args.edit:
            return _change(store, args, runs, text)
        if not text and args.edit is None and args.query is None and len(runs) == 1:
            return _list(store, args, runs[0])
        keys = choose(store, args, [*runs, *args.more])
        if only_told(store, args, keys, "noted on"):
            return 0
        changed = edits.note(store, keys, _words(args, text))
    tell(f"noted on {told(args, keys, changed, '').strip()}")
    return 0


def _words(args: argparse.Namespace, text: list[str]) -> str:
    if args.edit is not None:
        from tui_tracker.editor import edit_text

        return edit_text(" ".join(text))
    return sys.stdin.read() if text == ["-"] else " ".join(text)


def _change(store: Store, args: argparse.Namespace, runs: list[str], text: list[str]) -> int:
    """Change or remove one note of one run."""
    if len(runs) != 1 or text or args.more:
        raise InvalidArgument("a note is changed on one run: tt note RUN --edit N, or --remove N")
    number = args.remove if args.remove is not None else args.edit
    note = _note(store, runs[0], number)
    if args.remove is not None:
        edits.remove_note(store, note.id)
        tell(f"note {number} removed: tt undo brings it back")
        return 0
    from tui_tracker.editor import edit_text

    changed = edits.edit_note(store, note.id, edit_text(note.text), was=note.text)
    tell(f"note {number} changed" if changed else "nothing to do: the note says that already")
    return 0


def _note(store: Store, address: str, number: int) -> Note:
    notes = get_run(store, find_run(store, address)).notes
    if number > len(notes):
        raise InvalidArgument(
            f"{address!r} has {plural(len(notes), 'note')}, and no number {number}"
        )
    return notes[number - 1]


def _list(store: Store, args: argparse.Namespace, address: str) -> int:
    from tui_tracker.formatting import format_ago, printable

    notes = get_run(store, find_run(store, address)).notes
    if args.json:
        print_json([_shape(number, note) for number, note in enumerate(notes, 1)])
        return 0
    for number, note in enumerate(notes, 1):
        ago = format_ago(note.written_at, datetime.now(UTC))
        author = f"{printable(note.author)}, " if note.author else ""
        print(f"{number}  {author}{ago}")
        for line in note.text.splitlines():
            print(f"   {printable(line)}".rstrip())
    if not notes:
        tell("no notes: tt note RUN TEXT writes one")
    return 0


def _shape(number: int, note: Note) -> dict[str, object]:
    at = note.written_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"number": number, "text": note.text, "author": note.author, "at": at}
