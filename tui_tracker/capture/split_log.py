"""Splits that a run declares: checked before the call returns, kept in the thread."""

from __future__ import annotations

import sys

from tui_tracker.capture import split_format, splits
from tui_tracker.capture.digests import libraries_of
from tui_tracker.capture.splits import Unreadable
from tui_tracker.capture.splitting import columns_of
from tui_tracker.values import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tui_tracker.capture.data import DataLog, Facts, Outcome
    from tui_tracker.capture.split_format import Rows

_MOST_FOLDS = 100
_SOLD_AS = {"sklearn": "scikit-learn"}
_PLAIN = (bool, int, float, str, type(None))
_NOT_SETTINGS = ("indices", "cv", "y", "groups", "test_fold")


def log_split(
    log: DataLog,
    name: str,
    roles: Mapping[str, object],
    folds: object,
    said: Mapping[str, object],
    columns: Mapping[str, object],
    table: object,
    warn: Callable[[str], None],
) -> None:
    """Declare one split or several folds; see `Run.log_split`.

    `said` are facts that go in as they are, `columns` groups and times, or names of columns
    of `table`.
    """
    part = f"split:{name}"
    facts: Facts = {"name": name}
    try:
        facts |= _recipe(said)
        columns = columns_of(table, columns)
        if folds is None:
            given = {role: rows for role, rows in roles.items() if rows is not None}
            if not given:
                log.fail(part, facts, "no role was given, such as train= and test=")
                return
            _log_one(log, part, facts, given, columns, warn)
        else:
            _log_folds(log, name, facts, folds, columns, warn)
    except Unreadable as error:
        log.fail(part, facts, str(error))
    except Exception as error:  # noqa: BLE001  whatever was handed in
        log.fail(part, facts, f"{type(error).__name__}: {error}"[:300])


def _log_folds(
    log: DataLog,
    name: str,
    facts: Facts,
    folds: object,
    columns: Mapping[str, object],
    warn: Callable[[str], None],
) -> None:
    listed = list(folds)  # type: ignore[call-overload]
    for number, fold in enumerate(listed[:_MOST_FOLDS]):
        roles = (
            fold
            if hasattr(fold, "keys")
            else dict(zip(("train", "val", "test"), fold, strict=False))
        )
        label = f"{name}.fold{number}"
        own = {**facts, "name": label, "fold": number, "folds": len(listed)}
        _log_one(log, f"split:{label}", own, dict(roles.items()), columns, warn)
    if len(listed) > _MOST_FOLDS:
        warn(f"split {name!r}: the first {_MOST_FOLDS} of {len(listed)} folds are kept")


def _log_one(
    log: DataLog,
    part: str,
    facts: Facts,
    given: Mapping[str, object],
    columns: Mapping[str, object],
    warn: Callable[[str], None],
) -> None:
    roles = splits.read_roles(given)
    overlap, duplicates = splits.find_overlap(roles), splits.find_duplicates(roles)
    facts = {
        **facts,
        "n": {role: len(rows) for role, rows in roles.items()},
        "hash": splits.hash_roles(roles),
        "members": splits.hash_roles(roles, ordered=False),
        "overlap": overlap,
        "duplicates": duplicates,
    }
    told = [*splits.describe_checks(overlap, duplicates)]
    reason = _check_columns(facts, roles, columns, told)
    name = part.partition(":")[2]
    if told:
        warn(f"split {name!r}: {'; '.join(told)}")
    if reason:
        warn(f"split {name!r}: {reason}")
    log.later(part, facts, lambda: _keep(log, name, roles, reason))


def _check_columns(
    facts: Facts, roles: Mapping[str, Rows], columns: Mapping[str, object], told: list[str]
) -> str:
    """Look for leaks by groups and times; return why that could not be done.

    What was not looked for is left out of the facts: an empty one means that all is well.
    """
    problems = []
    checks = {"groups": splits.find_group_leak, "time": splits.find_time_leak}
    for column, find in checks.items():
        if (values := columns.get(column)) is None:
            continue
        try:
            leak = find(roles, values)
        except Unreadable as error:
            problems.append(f"leaks by {column} could not be looked for: {error}")
            continue
        facts["group_leak" if column == "groups" else "time_leak"] = leak
        told += splits.describe_leaks(*((leak, {}) if column == "groups" else ({}, leak)))
    return "; ".join(problems)


def _keep(log: DataLog, name: str, roles: Mapping[str, Rows], reason: str) -> Outcome:
    try:
        sha256 = log.keep(f"{name}.split", "split", split_format.write_split(roles))
    except OSError as error:
        return {}, "partial", f"the rows could not be kept: {error.strerror or error}"
    return {"indices": sha256}, "partial" if reason else "ok", reason


def _recipe(said: Mapping[str, object]) -> Facts:
    """Return how a split was made; a splitter of scikit-learn tells its own settings."""
    facts = {key: value for key, value in said.items() if value is not None}
    strategy = facts.get("strategy")
    if strategy is not None and not isinstance(strategy, str):
        facts |= _splitter(strategy)
    for key in ("data", "library", "strategy"):
        if key in facts:
            facts[key] = str(facts[key])
    return {key: plain(fact) for key, fact in facts.items()}


def _splitter(strategy: object) -> Facts:
    if isinstance(strategy, type):
        return {"splitter": _public_name(strategy), "strategy": strategy.__name__}
    kind = type(strategy)
    settings = {
        key: value if isinstance(value, _PLAIN) else repr(value)[:200]
        for key, value in sorted(getattr(strategy, "__dict__", {}).items())
        if key not in _NOT_SETTINGS
    }
    facts: Facts = {"strategy": kind.__name__, "splitter": _public_name(kind)}
    facts["arguments"] = settings
    if isinstance(seed := settings.get("random_state"), int):
        facts["seed"] = seed
    library = next(iter(libraries_of(strategy)), "")
    if version := getattr(sys.modules.get(library), "__version__", None):
        facts["library"] = f"{_SOLD_AS.get(library, library)} {version}"
    return facts


def _public_name(kind: type) -> str:
    """Return a class's name by which it can be imported, without the private modules in it."""
    parts = f"{kind.__module__}.{kind.__qualname__}".split(".")
    return ".".join(part for part in parts if not part.startswith("_") or part == "__main__")
