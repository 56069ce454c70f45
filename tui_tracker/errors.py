"""Every error that is raised on purpose, in one tree.

    TrackerError
      NotFound           a name or id that matches nothing
      Ambiguous          a name or prefix that matches several runs
      InvalidArgument    a value that cannot be used
        BadColumn        a text that says no column of a table
      QueryError         a query that cannot be read, with the place
      RuleError          a rule of an alert that cannot be read
      StoreError         the store as a whole
        NotAStore        a path that holds something else
        StoreTooNew      written by a later version of this program
        StoreDamaged     SQLite cannot read it
        StoreBusy        another process holds the lock for too long
      JournalDamaged     a journal whose head cannot be read
      RuleInvalid        a decision rule that says nothing that can be decided by
      QuestionStopped    nobody waits for the answer any more
      RunIsLive          the run still runs in another process
      EditorFailed       no editor, or one that ended in trouble
      CannotRun          a command that is none, or cannot be started
      BundleError        a file that cannot be taken for a bundle of runs
      ImportFailed       a file of another tool that cannot be read
      ViewsDamaged       the file of saved views cannot be read

Each carries its facts as attributes and reads as one sentence: what was wanted,
where, and the nearest way out.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class TrackerError(Exception):
    """Anything this package raises on purpose."""


class NotFound(TrackerError):
    """A name or id that matches nothing in the store."""

    def __init__(self, kind: str, wanted: str, known: Sequence[str] = ()) -> None:
        from difflib import get_close_matches  # costs the logger's import otherwise

        self.kind, self.wanted = kind, wanted
        near = get_close_matches(wanted, known, n=1)
        are = "is" if len(known) == 1 else "are"
        hint = f"did you mean {near[0]!r}?" if near else f"{len(known)} {are} recorded."
        super().__init__(f"no {kind} named {wanted!r}: {hint}")


class EditorFailed(TrackerError):
    """The person's editor is missing, cannot be started, or ended in trouble."""


class Ambiguous(TrackerError):
    """A run address that fits more than one run."""

    def __init__(self, wanted: str, candidates: Sequence[str]) -> None:
        self.wanted, self.candidates = wanted, tuple(candidates)
        shown = "; ".join(candidates[:8])
        more = f"; and {len(candidates) - 8} more" if len(candidates) > 8 else ""
        super().__init__(f"{wanted!r} fits {len(candidates)} runs, name one by id: {shown}{more}")


class InvalidArgument(TrackerError):
    """A value that cannot be used, with the reason and a value that can."""


class BadColumn(InvalidArgument):
    """A text that says no column, or none that can be used there."""

    def __init__(self, spec: str, problem: str, *, nearest: str = "") -> None:
        self.spec, self.nearest = spec, nearest
        super().__init__(f"{problem}: did you mean {nearest!r}?" if nearest else problem)


class QueryError(TrackerError):
    """A query that cannot be read, or that names what is not there."""

    def __init__(
        self, query: str, column: int, problem: str, *, nearest: str = "", length: int = 1
    ) -> None:
        self.query, self.problem, self.nearest = query, problem, nearest
        self.column = column
        """Of the first character that is wrong, from 0; the query's length where more is wanted."""
        self.length = length
        """Characters that are wrong."""
        hint = f": did you mean {nearest!r}?" if nearest else ""
        super().__init__(f"{problem}{hint}")


class RuleError(TrackerError):
    """A rule of an alert that cannot be read."""

    def __init__(self, rule: str, problem: str, nearest: str = "") -> None:
        self.rule, self.problem, self.nearest = rule, problem, nearest
        hint = f": did you mean {nearest!r}?" if nearest else "."
        super().__init__(f"rule {rule!r}: {problem}{hint}")


class StoreError(TrackerError):
    """The store as a whole cannot be used."""

    def __init__(self, path: str, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path}: {problem}")


class NotAStore(StoreError):
    """The path holds something that is not a store of ours."""


class StoreTooNew(StoreError):
    """The store was written by a later version of this program."""

    def __init__(self, path: str, found: int, known: int) -> None:
        self.found, self.known = found, known
        super().__init__(
            path,
            f"the store has schema {found} and this version reads up to {known}: "
            "upgrade tui-tracker to open it.",
        )


class StoreDamaged(StoreError):
    """SQLite cannot read the database file."""


class StoreBusy(StoreError):
    """Another process held the store's lock for longer than the wait."""


class JournalDamaged(TrackerError):
    """A journal whose head cannot be read, so that its run is not known."""

    def __init__(self, path: str, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path}: {problem}")


class RuleInvalid(TrackerError):
    """A decision rule that does not parse, or asks for what cannot be decided."""

    def __init__(self, rule: str, column: int, problem: str, nearest: str) -> None:
        self.rule, self.problem, self.nearest = rule, problem, nearest
        self.column = column
        """From 1; 0 where the rule as a whole is meant."""
        place = f" at column {column}" if column else ""
        hint = f", did you mean {nearest!r}?" if nearest else ""
        super().__init__(f"the rule{place}: {problem}{hint}")


class NameCollision(TrackerError):
    """An alias by which a run would have two values of one name."""

    def __init__(self, kind: str, one: str, other: str, run: str, canonical: str) -> None:
        self.kind, self.one, self.other = kind, one, other
        self.run, self.canonical = run, canonical
        super().__init__(
            f"the run {run!r} has the {kind}s {one!r} and {other!r} with other values, and both "
            f"would be {canonical!r} [naming.collision]. Nothing was renamed."
        )


class QuestionStopped(TrackerError):
    """A question to the store was given up, because another took its place."""

    def __init__(self) -> None:
        super().__init__("the question was given up")


class RunIsLive(TrackerError):
    """The run still runs in another process, so this cannot be done to it."""


class CannotRun(TrackerError):
    """A command that cannot be started."""

    def __init__(self, program: str, problem: str, exit_code: int) -> None:
        self.program, self.problem = program, problem
        self.exit_code = exit_code
        """As shells tell it: 127 for a program that is not there, 126 for one that is none."""
        super().__init__(f"{program!r} cannot be run: {problem}")


class BundleError(TrackerError):
    """A file that is no bundle of runs, or one that was cut, changed or made to do harm."""

    def __init__(self, path: str, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path}: {problem}")


class ImportFailed(TrackerError):
    """A file of another tool, or a place in it, that cannot be read."""

    def __init__(self, path: str, place: str, problem: str) -> None:
        self.path, self.place, self.problem = path, place, problem
        super().__init__(f"{path}{', ' if place else ''}{place}: {problem}")


class ViewsDamaged(TrackerError):
    """The file of saved views cannot be read as what it should be."""

    def __init__(self, path: str, line: int, problem: str) -> None:
        self.path, self.line, self.problem = path, line, problem
        super().__init__(
            f"{path}:{line}: {problem}. Nothing was changed: correct it, or move it away."
        )
