"""What came from other tools, by tool and one line a run: what a preview of an import shows."""

from __future__ import annotations

from dataclasses import dataclass

from tui_tracker.queries.contents import source_of
from tui_tracker.store import Store


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """A run of another tool, with counts of what is known of it."""

    tool: str
    path: str
    name: str
    experiment: str
    status: str
    params: int
    metrics: int
    points: int
    lines: int
    files: int


@dataclass(frozen=True, slots=True)
class ImportedTool:
    """A tool that runs came from, and how many."""

    tool: str
    runs: int
    points: int


def list_imported_tools(store: Store) -> list[ImportedTool]:
    """Return the tools that runs came from, by name."""
    rows = store.read(
        "SELECT json_extract(source, '$.tool') AS tool, count(*), sum(points) FROM run "
        "WHERE source IS NOT NULL GROUP BY tool ORDER BY tool"
    )
    return [ImportedTool(str(tool or ""), runs, points) for tool, runs, points in rows]


def list_imported(store: Store, most: int = 2000) -> list[ImportedLine]:
    """Return up to `most` runs that came from other tools, by tool and path."""
    rows = store.read(
        "SELECT r.source, r.name, e.name, r.status, "
        "(SELECT count(*) FROM param AS p WHERE p.run=r.id), "
        "(SELECT count(*) FROM metric AS m JOIN key AS k ON k.id=m.key "
        "WHERE m.run=r.id AND k.kind=1), r.points, r.console_lines, "
        "(SELECT count(*) FROM artifact AS a WHERE a.run=r.id) "
        "FROM run AS r JOIN experiment AS e ON e.id=r.experiment WHERE r.source IS NOT NULL "
        "ORDER BY json_extract(r.source, '$.tool'), json_extract(r.source, '$.path'), r.id LIMIT ?",
        (most,),
    )
    found = []
    for source, *facts in rows:
        told = source_of(source) or {}
        found.append(ImportedLine(told.get("tool", ""), told.get("path", ""), *facts))
    return found
