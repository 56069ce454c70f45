"""Audits as rows of the table `audit`, and back.

`findings` is deflated JSON: the findings in their order, how each rule ended as one letter
in the order of the rules (see `_LETTERS`), and what the score has beside its points. In a
store that nobody may write the rows are in a temporary table of the same name, which
SQLite finds first, and not deflated.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tui_tracker.audit.engine import Audited, Finding
from tui_tracker.audit.score import Score, Standing
from tui_tracker.audit.states import has_table
from tui_tracker.errors import StoreDamaged, StoreError
from tui_tracker.queries import RunKey
from tui_tracker.store import Store

COLUMNS = (
    *("run", "profile", "ruleset", "state", "score", "grade", "errors", "warnings", "rules"),
    "findings",
)
_LETTERS: dict[Standing | None, str] = {
    "passed": "p",
    "failed": "f",
    "waived": "w",
    "unknown": "u",
    None: "-",
}
_STANDINGS = {letter: standing for standing, letter in _LETTERS.items()}
_FAST = 1
"""Of zlib: the rows are short, and made anew at any time."""

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a run's audit came to."""

    key: RunKey
    points: int
    grade: str
    errors: int
    """Open ones, as are warnings and rules."""
    warnings: int
    rules: tuple[str, ...]


class Packer:
    """Makes rows; runs with the same findings are packed once."""

    def __init__(self, profile: str, ruleset: str) -> None:
        self._profile, self._ruleset = profile, ruleset
        self._known: dict[tuple[object, ...], tuple[Row, tuple[Finding, ...]]] = {}
        """The end of a row by the findings in it, which are kept so that each has an id."""

    def row(self, run: Audited, state: str) -> Row:
        # By identity: the auditor makes equal findings once, and hashing them takes longer.
        shape = (*map(id, run.findings), run.ended)
        known = self._known.get(shape)
        if known is None:
            known = self._known[shape] = (_end_of_row(run), run.findings)
        score = run.score
        begun = (run.record.key, self._profile, self._ruleset, state, score.points, score.grade)
        return begun + known[0]


def _end_of_row(run: Audited) -> Row:
    open_ = run.open
    errors = sum(finding.severity == "error" for finding in open_)
    warnings = sum(finding.severity == "warn" for finding in open_)
    rules = "".join(f" {finding.rule}" for finding in open_) + " "
    return errors, warnings, rules, zlib.compress(_pack(run).encode(), _FAST)


def _pack(run: Audited) -> str:
    score = run.score
    return json.dumps(
        {
            "findings": [
                [f.rule, f.severity, f.field, f.message, f.fix, f.waived, f.unknown]
                for f in run.findings
            ],
            "ended": "".join([_LETTERS[end] for end in run.ended]),
            "categories": dict(score.by_category),
            "cap": [score.cap, score.capped_by, score.without_cap],
        },
        ensure_ascii=False,
    )


def unpack(
    points: int, grade: str, packed: bytes | str, rules: Sequence[str]
) -> tuple[tuple[Finding, ...], Score, tuple[Standing | None, ...]]:
    """Return findings, score and how the rules ended."""
    text = packed if isinstance(packed, str) else zlib.decompress(packed).decode()
    found = json.loads(text)
    cap, by, without = found["cap"]
    score = Score(points, grade, found["categories"], cap, by, without)  # type: ignore[arg-type]
    ended = tuple(_STANDINGS[letter] for letter in found["ended"])
    assert len(ended) == len(rules)
    return tuple(Finding(*finding) for finding in found["findings"]), score, ended


def put_rows(store: Store, rows: Iterable[Row]) -> None:
    """Keep rows: in the store, or where it cannot be written beside it in memory."""
    rows = list(rows)
    if not rows:
        return
    if not store.read_only and not _is_overlaid(store):
        marks = ",".join("?" * len(COLUMNS))
        try:
            with store.write() as connection:
                connection.executemany(f"INSERT OR REPLACE INTO audit VALUES ({marks})", rows)
            return
        except StoreDamaged:
            raise
        except StoreError:
            # Locked, or no room: what waits for an answer can do without its being kept.
            pass
    overlay(store)
    texts = [(*row[:-1], zlib.decompress(row[-1]).decode()) for row in rows]
    values = ",".join(f"value ->> {number}" for number in range(len(COLUMNS)))
    store.read(
        f"INSERT OR REPLACE INTO temp.audit SELECT {values} FROM json_each(?)",
        (json.dumps(texts),),
    )


def overlay(store: Store) -> None:
    """Lay a temporary table over the store's, with the same rows."""
    if _is_overlaid(store):
        return
    names = ", ".join(COLUMNS)
    store.read(f"CREATE TEMP TABLE audit ({names}, PRIMARY KEY (run, profile))")
    if has_table(store, "audit"):
        store.read(f"INSERT INTO temp.audit SELECT {names} FROM main.audit")


def _is_overlaid(store: Store) -> bool:
    return bool(store.read("SELECT 1 FROM sqlite_temp_master WHERE name = 'audit'"))
