"""How the data were split: by the recorded recipe made again, else by the script's words."""

from __future__ import annotations

import ast
from array import array
from collections.abc import Mapping
from importlib import import_module

from tui_tracker.capture.splits import hash_roles
from tui_tracker.capture.splitting import make_split
from tui_tracker.drill.case import Case
from tui_tracker.drill.recipes import Answers, recipe
from tui_tracker.errors import InvalidArgument
from tui_tracker.facts import mapping, whole, word
from tui_tracker.lineage.words import role_counts

_CALLS = {
    "train_test_split": "random", "KFold": "k-fold", "StratifiedKFold": "stratified k-fold",
    "GroupKFold": "k-fold by groups", "TimeSeriesSplit": "by time", "ShuffleSplit": "random",
    "StratifiedShuffleSplit": "stratified", "GroupShuffleSplit": "by groups",
    "random_split": "random", "LeaveOneOut": "leave one out",
}  # fmt: skip


@recipe("data.split-strategy-missing")
def strategy(case: Case) -> Answers:
    """Find the call that splits in the script that ran."""
    for path in dict.fromkeys([case.entry[0], *case.modules]):
        file = case.read_code(path) if path else None
        told = _find_call(file.text) if file is not None else None
        if file is None or told is None:
            continue
        name, line, call = told
        where = f"{path}:{line} of {file.where}: {call}"
        yield case.propose("params.split_strategy", _CALLS[name], where, "likely")
        return
    yield "no call that splits data was found in the files that ran"


def _find_call(source: str) -> tuple[str, int, str] | None:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            name = getattr(function, "attr", None) or getattr(function, "id", "")
            if name in _CALLS:
                return name, node.lineno, ast.unparse(node)[:100]
    return None


@recipe("data.split-not-rebuildable")
def rebuild(case: Case) -> Answers:
    """Split again with the recorded arguments and the run's seed, and compare the counts."""
    parts = [(name, facts) for name, facts in case.parts_of("split") if not facts.get("hash")]
    if not parts:
        yield "no splitter and no rows are recorded, so there is nothing to run again"
    for name, facts in parts:
        yield from _again(case, name, facts)


def _again(case: Case, name: str, facts: Mapping[str, object]) -> Answers:
    seed = facts.get("seed")
    whence = "recorded with the split" if seed is not None else "the run's own seed"
    seed = case.record.seed if seed is None else seed
    if seed is None:
        yield f"neither the split {name!r} nor the run has a seed"
        return
    made = _make(word(facts, "splitter"), mapping(facts, "arguments"), seed)
    if isinstance(made, str):
        yield f"split {name!r}: {made}"
        return
    wanted = mapping(facts, "n")
    counts = {role: len(rows) for role, rows in made.items()}
    if "val" in wanted and "test" not in wanted and "test" in made:
        made = {"train": made["train"], "val": made["test"]}
        counts = {role: len(rows) for role, rows in made.items()}
    apart = [role for role in wanted if counts.get(role) != whole(wanted, role)]
    if apart:
        role = apart[0]
        yield (
            f"split {name!r}: made again it has {counts.get(role, 0)} rows of {role}, and the run "
            f"had {whole(wanted, role)}"
        )
        return
    shown = ", ".join(role_counts(facts)) or "no counts are recorded"
    told = f"{word(facts, 'splitter')} with seed {seed} ({whence}) gives the same counts: {shown}"
    # Counts hardly depend on the seed, so the rows rest on it being the one.
    sure = "likely" if wanted and facts.get("seed") is not None else "guess"
    yield case.propose(f"split:{name}.seed", seed, told, sure)  # type: ignore[arg-type]
    yield case.propose(f"split:{name}.hash", hash_roles(made), told, sure)  # type: ignore[arg-type]


def _make(
    splitter: str, arguments: Mapping[str, object], seed: object
) -> dict[str, array[int]] | str:
    """Return the rows of each role, or why they cannot be made here."""
    n = whole(arguments, "n")
    if n is None or n > 10**7:
        return "how many rows there were is not recorded" if n is None else "it has too many rows"
    if splitter == "tui_tracker.split":
        return _ours(n, arguments, seed)
    if splitter.rpartition(".")[2] == "train_test_split":
        return _sklearn(n, arguments, seed)
    return f"{splitter or 'its splitter'} cannot be run here without the data"


def _ours(n: int, arguments: Mapping[str, object], seed: object) -> dict[str, array[int]] | str:
    if not set(arguments) <= {"n", "test", "val"}:
        return "it was made by a column of the data"
    test, val = arguments.get("test", 0.0), arguments.get("val", 0.0)
    try:
        made = make_split(n, test=test, val=val, seed=seed)  # type: ignore[arg-type]
    except (InvalidArgument, TypeError) as error:
        return str(error)
    return {role: array("q", rows) for role, rows in made.items()}


def _sklearn(n: int, arguments: Mapping[str, object], seed: object) -> dict[str, array[int]] | str:
    try:
        split = import_module("sklearn.model_selection").train_test_split
    except ImportError:
        return "scikit-learn is not installed here"
    wanted = {key: value for key, value in arguments.items() if key in ("test_size", "train_size")}
    try:
        train, test = split(range(n), random_state=seed, **wanted)
    except (ValueError, TypeError) as error:
        return str(error)
    return {"train": array("q", train), "test": array("q", test)}
