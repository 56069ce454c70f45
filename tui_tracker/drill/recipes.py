"""The list of recipes: which rule's gap is mended by what evidence.

    @recipe("tags.owner-missing")
    def owner(case: Case) -> Answers: ...

A recipe yields corrections, or sentences that say why it has none to offer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tui_tracker.audit.amendments import Correction
from tui_tracker.drill.case import Case

Answers = Iterator[Correction | str]
Recipe = Callable[[Case], Answers]

RECIPES: dict[str, Recipe] = {}
"""By the id of the rule; those that others rest on come first."""
AREAS = ("code", "environment", "data", "splits", "params", "metrics", "artifacts", "context")


def recipe(*rules: str) -> Callable[[Recipe], Recipe]:
    """Declare how the gaps that these rules find are mended."""

    def declare(make: Recipe) -> Recipe:
        for rule in rules:
            RECIPES[rule] = make
        return make

    return declare


def load_recipes() -> dict[str, Recipe]:
    """Return all recipes, in the order of the areas."""
    from importlib import import_module

    for area in AREAS:
        import_module(f"tui_tracker.drill.{area}")
    # Whoever imported one of them earlier does not change what comes first.
    return dict(sorted(RECIPES.items(), key=lambda pair: AREAS.index(_area(pair[1]))))


def _area(make: Recipe) -> str:
    return make.__module__.rpartition(".")[2]
