"""Seeds that were asked for and seeds that were applied; flags that decide about equal bits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tui_tracker.facts import mapping, mappings, members, whole, word
from tui_tracker.formatting import format_value
from tui_tracker.lineage.present import Recorded
from tui_tracker.lineage.tree import LineageNode, group, listed, missing_part
from tui_tracker.lineage.words import determinism_line, flat, plural, seeds_line

if TYPE_CHECKING:
    from tui_tracker.facts import Facts


def seeds_group(recorded: Recorded) -> LineageNode:
    """Return the seeds; a param that reached no generator is a doubt."""
    part = recorded.parts.get("seeds")
    facts: Facts = part.facts if part else {}
    params = mapping(facts, "params") or {
        name: value
        for name, value in recorded.run.row.params.items()
        if name.rpartition(".")[2] in ("seed", "random_state", "random_seed")
    }
    applied = mappings(facts, "applied")
    nodes = [_param(name, params[name], applied, observed=bool(facts)) for name in params]
    nodes += [_applied(item) for item in applied]
    if part is None or (not facts and part.status != "ok"):
        gap = "generators", part.status if part else "", part.reason if part else ""
        nodes.append(missing_part(*gap))
    nodes += _states(facts)
    return group("seeds", nodes, seeds_line({**facts, "params": params}) if facts else "")


def _param(name: str, value: object, applied: list[Facts], *, observed: bool) -> LineageNode:
    reached = [word(item, "library") for item in applied if item.get("seed") == value]
    detail = format_value(value)
    if reached:
        return LineageNode(name, detail, why=f"applied to {', '.join(dict.fromkeys(reached))}")
    if not observed:
        return LineageNode(name, detail, why="whether it was applied was not observed")
    why = "no generator was seen to receive it"
    return LineageNode(name, detail, "recorded", why, doubt=True)


def _applied(item: Facts) -> LineageNode:
    after = whole(item, "after_ms")
    words = [f"by {word(item, 'via')}" if word(item, "via") else ""]
    words.append(f"after {after:,} ms" if after is not None else "")
    why = " ".join(part for part in words if part)
    return LineageNode(word(item, "library"), f"seed {format_value(item.get('seed'))}", why=why)


def _states(facts: Facts) -> list[LineageNode]:
    start, end = (
        mapping(mapping(facts, "states"), "start"),
        mapping(mapping(facts, "states"), "end"),
    )
    nodes = [
        LineageNode(
            library,
            f"{word(start, library)[:12]} at start, {word(end, library)[:12] or 'not read'} at end",
            value=word(start, library),
        )
        for library in {**start, **end}
    ]
    return [listed("states", nodes, plural(len(nodes), "generator"))] if nodes else []


def determinism_group(recorded: Recorded) -> LineageNode:
    """Return the flags as they were at the start, and those that changed until the end."""
    part = recorded.parts.get("determinism")
    if part is None or not part.facts:
        if part and part.status == "ok":
            return group("determinism", [LineageNode("flags", "none are set")])
        gap = missing_part("flags", part.status if part else "", part.reason if part else "")
        return group("determinism", [gap])
    start, end = (flat(mapping(part.facts, when)) for when in ("start", "end"))
    nodes = []
    for name in {**start, **end}:
        before, after = start.get(name), end.get(name)
        node = LineageNode(name, before if before is not None else str(after))
        if name in start and name in end and before != after:
            node = LineageNode(name, str(before), "recorded", f"{after} at the end", doubt=True)
        nodes.append(node)
    return group("determinism", nodes, determinism_line(part.facts))


def notebook_group(recorded: Recorded) -> LineageNode | None:
    """Return the cells of a notebook in the order they were executed; None outside of one."""
    part = recorded.parts.get("notebook")
    if part is None:
        return None
    if not part.facts:
        return group("notebook", [missing_part("cells", part.status, part.reason)])
    facts = part.facts
    cells = [item for key in ("cells", "executed") for item in members(facts, key)]
    nodes = [*_cells(cells)]
    nodes += _disorder(facts)
    path = word(facts, "path")
    detail = ", ".join(text for text in (path, f"{len(cells)} cells executed") if text)
    return listed("notebook", nodes, detail)


def _disorder(facts: Facts) -> list[LineageNode]:
    """Return how what ran differs from the notebook's file."""
    nodes = []
    if facts.get("out_of_order") is True:
        why = "cells ran in another order than they stand in: restart it and run all"
        nodes.append(LineageNode("order", "out of order", "recorded", why, doubt=True))
    edited = members(facts, "edited")
    if edited:
        why = "not as they ran in the file that was saved"
        cells = ", ".join(str(cell) for cell in edited[:20])
        nodes.append(LineageNode("edited", f"cell {cells}", "recorded", why, doubt=True))
    return nodes


def _cells(cells: list[object]) -> Iterator[LineageNode]:
    for place, cell in enumerate(cells, start=1):
        facts: Facts = cell if isinstance(cell, dict) else {}
        number = whole(facts, "n")
        title = f"cell {place if number is None else number}"
        source = word(facts, "source") or (cell if isinstance(cell, str) else "")
        first = source.strip().partition("\n")[0]
        yield LineageNode(title, first, value=word(facts, "sha256") or source)
