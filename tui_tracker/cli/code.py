"""Show the code that a run started from, or write it to a folder exactly as it was."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from tui_tracker.cli.opening import READ_WAIT_S, add_json, add_run, open_store
from tui_tracker.cli.output import plural, print_json, say, tell
from tui_tracker.errors import InvalidArgument
from tui_tracker.formatting import format_size, printable
from tui_tracker.queries import LineagePart, RunDetail, find_run, get_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tui_tracker.code_store import CodeChange, CodeStore

    Facts = Mapping[str, object]

_MOST_LINES = 40
"""Of one table; `--json` has them all."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument("--out", metavar="DIR", help="write the exact work tree there")
    parser.add_argument("--force", action="store_true", help="write into a folder that holds files")
    parser.add_argument(
        "--repository", action="store_true", help="leave a .git in DIR whose HEAD is the snapshot"
    )
    parser.add_argument(
        "--diff", action="store_true", help="print what was changed on top of the commit"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    with open_store(args, wait_s=READ_WAIT_S) as store:
        detail = get_run(store, find_run(store, args.run))
        folder = store.folder
    part = next((p for p in detail.lineage if p.name == "code"), None)
    code = _Code(detail, part, folder)
    if args.diff:
        return _print_diff(code)
    wrong = _write_out(code, args) if args.out else None
    if args.json:
        print_json(_as_json(code, args.out, wrong), indent=2)
    elif not args.out:
        _print(code)
    whole = code.is_complete and code.pinned
    return 0 if wrong is None or (whole and not wrong) else 1


class _Code:
    """What a run recorded of its code, and the store that holds the snapshot."""

    def __init__(self, detail: RunDetail, part: LineagePart | None, folder: str) -> None:
        from tui_tracker.code_store import CodeStore, CodeUnavailable

        self.detail, self.part = detail, part
        self.facts: Facts = part.facts if part else {}
        self.snapshot: Facts = _mapping(self.facts.get("snapshot"))
        self.commit = str(self.snapshot.get("commit") or "")
        self.is_complete = bool(self.snapshot.get("complete"))
        self.reader: CodeStore = CodeStore.holding(folder, self.commit)
        self.unavailable = CodeUnavailable

    @property
    def pinned(self) -> bool:
        return bool(self.commit) and self.reader.has(self.commit)

    def need(self) -> str:
        """Return the snapshot's commit.

        Raises:
            CodeUnavailable: the run has none.
        """
        if self.commit:
            return self.commit
        name = self.detail.row.name
        raise self.unavailable(f"run {name!r} has no snapshot of its code: {self.why}")

    @property
    def why(self) -> str:
        """Return in words why there is no snapshot."""
        if self.part is None:
            return "nothing was recorded"
        if self.part.status == "ok":
            return "it was captured by an earlier version, which kept the commit's name only"
        return self.part.reason or f"the part is {self.part.status}"

    def changes(self) -> list[CodeChange]:
        """Return what differs from the commit; empty where that is not known."""
        try:
            base = self.reader.base_of(self.commit) if self.commit else None
            return self.reader.changes(base, self.commit) if base else []
        except self.unavailable:
            return []


def _print_diff(code: _Code) -> int:
    """Print the uncommitted change; 1 where there is one, as `diff` does."""
    snapshot = code.need()
    base = code.reader.base_of(snapshot)
    if base is None and code.facts.get("dirty") is not False:
        raise code.unavailable("the run has no commit to compare its code with")
    text = code.reader.diff(base, snapshot) if base else ""
    # Colours and other commands to the terminal are part of some files.
    print("\n".join(map(printable, text.splitlines()))) if text else None
    return 1 if text else 0


def _write_out(code: _Code, args: argparse.Namespace) -> list[tuple[str, str]]:
    """Write the work tree and look whether it is there; return what is not as it was."""
    snapshot, target = code.need(), os.path.abspath(args.out)
    if os.path.isdir(target) and os.listdir(target) and not args.force:
        raise InvalidArgument(
            f"{args.out!r} holds files already: name an empty folder, or add --force"
        )
    count = code.reader.write_out(snapshot, target, as_repository=args.repository)
    wrong = code.reader.verify(snapshot, target)
    for path, what in wrong:
        say(f"{path}: {what}")
    exact = "all as they were" if not wrong else f"{len(wrong)} not as they were"
    tell(f"{plural(count, 'file')} written to {args.out}, {exact}")
    _tell_missing(code)
    return wrong


def _tell_missing(code: _Code) -> None:
    for entry in _mappings(code.snapshot.get("skipped")):
        say(f"{entry.get('path')} is not in the snapshot: {entry.get('why')}")
    if code.snapshot.get("kind") == "plain":
        say(f"not a whole work tree: {code.part.reason if code.part else ''}")


def _as_json(
    code: _Code, out: str | None, wrong: Sequence[tuple[str, str]] | None
) -> dict[str, object]:
    part = code.part
    files = [asdict(file) for file in code.reader.list_files(code.commit)] if code.pinned else []
    written = {} if out is None else {"out": out, "wrong": [list(pair) for pair in wrong or ()]}
    return {
        "run": code.detail.row.id,
        "status": part.status if part else "skipped",
        "reason": part.reason if part else "nothing was recorded",
        **code.facts,
        "files_in_snapshot": files,
        "changed_in_snapshot": [asdict(change) for change in code.changes()],
        **written,
    }


def _print(code: _Code) -> None:
    from tui_tracker.cli.tables import print_facts, print_heading

    if not code.commit:
        say(f"no snapshot was kept: {code.why}")
    facts, snapshot = code.facts, code.snapshot
    entry = _mapping(facts.get("entry"))
    print_facts(
        [
            ("run", printable(code.detail.row.name)),
            ("commit", _commit(facts)),
            ("state", _state(facts)),
            ("remote", _remote(facts)),
            ("top", printable(str(facts.get("top") or ""))),
            ("entry", printable(str(entry.get("path") or entry.get("kind") or ""))),
            ("snapshot", _snapshot(code)),
            ("left out", _counts(_mapping(snapshot.get("left_out")))),
            ("submodules", _names(_mappings(facts.get("submodules")))),
            ("embedded", printable(", ".join(map(str, _items(facts.get("embedded")))))),
            ("advice", printable(str(facts.get("advice") or ""))),
        ],
        styles={"run": "bold"},
    )
    _print_changes(code)
    if skipped := _mappings(snapshot.get("skipped")):
        print_heading("not in the snapshot")
        _print_skipped(skipped)
    if secrets := _mappings(facts.get("secrets")):
        print_heading("what looks like a secret")
        for found in secrets[:_MOST_LINES]:
            print(printable(f"{found.get('path')}:{found.get('line')}  {found.get('kind')}"))


def _print_changes(code: _Code) -> None:
    from tui_tracker.cli.tables import Column, print_heading, print_table

    changed = {change.path: change for change in code.changes()}
    files = [(str(letter), str(path)) for letter, path in _pairs(code.facts.get("files"))]
    if not files:
        return
    print_heading("changed")
    shown = files[:_MOST_LINES]
    lines = [_lines(changed.get(path)) for _, path in shown]
    print_table(
        [
            Column("", [letter for letter, _ in shown]),
            Column("path", [printable(path) for _, path in shown]),
            Column("added", [added for added, _ in lines], right=True, rank=1),
            Column("removed", [removed for _, removed in lines], right=True, rank=2),
        ]
    )
    if len(files) > len(shown):
        print(f"and {len(files) - len(shown)} more")


def _print_skipped(skipped: Sequence[Facts]) -> None:
    from tui_tracker.cli.tables import Column, print_table

    shown = skipped[:_MOST_LINES]
    sizes = [entry.get("size") for entry in shown]
    print_table(
        [
            Column("path", [printable(str(entry.get("path"))) for entry in shown]),
            Column("size", [format_size(s if isinstance(s, int) else None) for s in sizes]),
            Column("why", [printable(str(entry.get("why"))) for entry in shown]),
            Column("sha256", [str(e.get("sha256") or "")[:12] for e in shown], rank=1),
        ]
    )
    if len(skipped) > len(shown):
        print(f"and {len(skipped) - len(shown)} more")


def _lines(change: CodeChange | None) -> tuple[str, str]:
    if change is None:
        return "", ""
    if change.added is None:
        return "binary", "binary"
    return str(change.added), str(change.removed)


def _commit(facts: Facts) -> str:
    commit = facts.get("commit")
    if not commit:
        return "none yet" if facts.get("vcs") == "git" else ""
    branch = f"on {facts['branch']}" if facts.get("branch") else "detached"
    when = str(facts.get("commit_time") or "")[:10]
    return printable(", ".join(part for part in (str(commit), branch, when) if part))


def _state(facts: Facts) -> str:
    if "dirty" not in facts:
        return "not known" if facts else ""
    if not facts["dirty"]:
        return "clean"
    stat = _mapping(facts.get("diffstat"))
    lines = f"; +{stat['added']} -{stat['removed']} lines" if stat else ""
    return (_counts(_mapping(facts.get("changes"))) or "changed") + lines


def _remote(facts: Facts) -> str:
    if not facts.get("remote"):
        return ""
    pushed = facts.get("pushed")
    has = "" if pushed is None else f", {'has' if pushed else 'does not have'} the commit"
    return printable(str(facts["remote"])) + has


def _snapshot(code: _Code) -> str:
    if not code.commit:
        return ""
    try:
        files = code.reader.list_files(code.commit)
    except code.unavailable as error:
        return f"{code.commit[:12]}, {error}"
    size = format_size(sum(file.size for file in files))
    whole = "complete" if code.is_complete else "not complete"
    kind = "" if code.snapshot.get("kind") != "plain" else ", chosen files"
    reason = f" ({code.part.reason})" if code.part and code.part.reason else ""
    return f"{code.commit[:12]}, {plural(len(files), 'file')}, {size}{kind}, {whole}" + printable(
        reason
    )


def _counts(counts: Facts) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)


def _names(submodules: Sequence[Facts]) -> str:
    words = [f"{s.get('path')}{' (dirty)' if s.get('dirty') else ''}" for s in submodules]
    return printable(", ".join(words))


def _mapping(value: object) -> Facts:
    return value if isinstance(value, dict) else {}


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _mappings(value: object) -> list[Facts]:
    return [item for item in _items(value) if isinstance(item, dict)]


def _pairs(value: object) -> list[list[object]]:
    return [pair for pair in _items(value) if isinstance(pair, list) and len(pair) == 2]
