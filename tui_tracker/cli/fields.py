"""List the fields that queries, columns and sorts can name.

TEXT takes those that have it in their name. Runs are counted over the whole store, the
trash and the archive too.
"""

from __future__ import annotations

import argparse

from tui_tracker.cli.opening import READ_WAIT_S, add_json, open_store
from tui_tracker.cli.output import print_json, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tui_tracker.queries.facets import FieldInfo

_EXAMPLES = 3
_MOST_SHOWN = 60
"""So many are shown with values: each asks the store once."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", nargs="?", default="", help="a part of the name")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from tui_tracker.queries.facets import list_fields, list_values

    with open_store(args, wait_s=READ_WAIT_S) as store:
        wanted = args.text.lower()
        fields = [field for field in list_fields(store, count=True) if wanted in field.name.lower()]
        examples: dict[str, list[str]] = {}
        shown = [field for field in fields if not field.says and not _is_package(field)]
        for field in shown[:_MOST_SHOWN]:
            address = _address(field.kind, field.written)
            found = list_values(store, address, limit=_EXAMPLES)
            examples[address] = [value.written for value in found.values]
    if args.json:
        print_json(
            [
                {
                    "name": field.name,
                    "kind": field.kind,
                    "written": field.written,
                    "runs": field.runs,
                    "says": field.says or None,
                    "examples": examples.get(_address(field.kind, field.written), []),
                }
                for field in fields
            ],
            indent=1,
        )
    elif fields:
        _print(fields, examples)
    else:
        say(f"no field has {args.text!r} in its name")
    return 0


def _is_package(field: FieldInfo) -> bool:
    return field.kind == "fact" and field.name.startswith(("package.", "env."))


def _address(kind: str, written: str) -> str:
    return written if kind == "run" else f"{kind}.{written}"


def _print(fields: list[FieldInfo], examples: dict[str, list[str]]) -> None:
    from tui_tracker.cli.tables import Column, print_table
    from tui_tracker.formatting import MISSING, format_count, printable

    said = [
        field.says or ", ".join(examples.get(_address(field.kind, field.written), []))
        for field in fields
    ]
    counts = [MISSING if field.runs is None else format_count(field.runs) for field in fields]
    print_table(
        [
            Column("field", [printable(field.written) for field in fields], styles=("bold",)),
            Column("kind", [field.kind for field in fields], styles=("dim",)),
            Column("runs", counts, right=True),
            Column("for example", [printable(text) for text in said], rank=1),
        ]
    )
