"""Show all that is known about one run: status, params, metrics, notes, artifacts, lineage."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tui_tracker.cli.opening import READ_WAIT_S, add_json, add_run, open_store
from tui_tracker.cli.output import print_json
from tui_tracker.names.aliases import raw_names
from tui_tracker.queries import Artifact, LineagePart, MetricSummary, RunDetail, find_run, get_run
from tui_tracker.queries.proofs import format_proof
from tui_tracker.queries.records import run_records

if TYPE_CHECKING:
    from tui_tracker.cli.tables import Column
    from tui_tracker.health import Health
    from tui_tracker.queries import RunKey
    from tui_tracker.store import Store

_LONGEST_FACT = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument(
        "--original", action="store_true", help="the record as it was, without its amendments"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    with open_store(args, wait_s=READ_WAIT_S) as store:
        key = find_run(store, args.run)
        if args.json:
            record = json.loads(next(run_records(store, [key], bulky=True)))
            record["aliases"] = {f"{kind}s": names for kind, names in raw_names(store, key).items()}
            print_json(record, indent=2)
        else:
            _print_record(store, key, original=args.original)
    return 0


def _print_record(store: Store, key: RunKey, *, original: bool) -> None:
    """Print a run as its amendments have it, and which those are."""
    from tui_tracker.queries.amendments import read_amendments

    detail = get_run(store, key, captured=True)
    logged_as = list(raw_names(store, key).values())
    amendments = read_amendments(store, [key]).get(key, ())
    found = _health(store, key)
    if not amendments:
        _print_run(detail, logged_as, found)
        return
    from tui_tracker.cli.amendments import mark_of, print_amendments
    from tui_tracker.queries.amended import amended

    shown = detail if original else amended(detail, amendments)
    _print_run(shown, logged_as, found, mark_of(amendments, original=original))
    print_amendments(amendments)


def _health(store: Store, key: RunKey) -> list[Health]:
    """Return what is wrong with a run but its end, which the status tells."""
    from tui_tracker.queries.health import read_health

    return [one for one in read_health(store, [key]).get(key, ()) if one.kind != "dead"]


def _print_run(
    detail: RunDetail,
    logged_as: Sequence[Mapping[str, str]],
    health: Sequence[Health],
    mark: str = "",
) -> None:
    from tui_tracker.cli.tables import print_facts, print_heading
    from tui_tracker.formatting import printable

    _print_facts(detail, mark)
    if "\n" in detail.ended_by:
        print_heading("how it ended")
        _print_text(detail.ended_by)
    if health:
        print_heading("health")
        print_facts([_health_fact(one) for one in health])
    _print_numbers(detail)
    _print_logged_as(logged_as)
    if detail.notes:
        print_heading("notes")
        for note in detail.notes:
            who = f", {printable(note.author)}" if note.author else ""
            print(f"{note.written_at.astimezone():%Y-%m-%d %H:%M}{who}")
            _print_text(note.text)
    if detail.artifacts:
        print_heading("artifacts")
        print_artifacts(detail.artifacts)
    if detail.lineage:
        print_heading("lineage")
        print_facts([fact for part in detail.lineage for fact in _part_facts(part)])


def _print_numbers(detail: RunDetail) -> None:
    """Print params, metrics and what the machine was busy with."""
    from tui_tracker.cli.tables import Column, print_heading, print_table
    from tui_tracker.formatting import format_value, printable

    row = detail.row
    if row.params:
        print_heading("params")
        names = [printable(name) for name in row.params]
        values = [format_value(value, digits=None) for value in row.params.values()]
        print_table([Column("name", names), Column("value", values)])
    if row.metrics:
        print_heading("metrics")
        _print_metrics(list(row.metrics.values()))
    if detail.system:
        print_heading("system")
        _print_system(detail.system)


def _health_fact(one: Health) -> tuple[str, str]:
    from tui_tracker.formatting import printable
    from tui_tracker.health import glyph

    metric = f"{one.metric}: " if one.metric else ""
    return f"{glyph(one.severity)} {one.kind}", printable(f"{metric}{one.words}")


def _print_logged_as(names: Sequence[Mapping[str, str]]) -> None:
    from tui_tracker.cli.tables import print_facts, print_heading
    from tui_tracker.formatting import printable

    if renamed := [pair for pairs in names for pair in pairs.items()]:
        print_heading("logged as")
        print_facts([(printable(name), printable(raw)) for name, raw in renamed])


def _print_text(text: str) -> None:
    from tui_tracker.formatting import printable

    for line in text.splitlines():
        print(f"    {printable(line)}")


def _print_facts(detail: RunDetail, mark: str) -> None:
    from tui_tracker.cli.tables import print_facts
    from tui_tracker.formatting import format_ago, format_duration, format_time, printable

    row = detail.row
    place = "in the trash" if row.deleted else "archived" if row.archived else ""
    status = f"{row.status}, {place}" if place else row.status
    who = "@".join(part for part in (detail.user, detail.host) if part)
    pid = f", process {detail.pid}" if detail.pid and row.status == "running" else ""
    ago = format_ago(row.started_at, datetime.now(UTC))
    source = detail.source or {}
    lost = f"{detail.lost}: {detail.lost_why}" if detail.lost else detail.lost_why
    colour = {"running": "green", "failed": "red", "crashed": "red"}.get(row.status, "")
    print_facts(
        [
            ("run", printable(row.name)),
            ("id", row.id),
            ("experiment", printable(row.experiment)),
            ("amended", mark),
            ("status", status),
            # Of a traceback the last line says what happened; the whole stands below.
            ("ended by", printable(detail.ended_by.rpartition("\n")[2])),
            ("started", f"{format_time(row.started_at)}, {ago}"),
            ("ended", format_time(row.ended_at) if row.ended_at else ""),
            ("duration", format_duration(row.duration_s)),
            ("tags", printable(", ".join(row.tags))),
            ("by", printable(who + pid)),
            ("parent", detail.parent or ""),
            ("proof", printable(format_proof(detail.proof)) if detail.proof else ""),
            ("source", printable(" ".join(source.values()))),
            ("lost", printable(lost)),
        ],
        styles={
            "run": "bold",
            "amended": "yellow",
            "status": colour,
            "ended by": colour,
            "lost": "red",
        },
    )


def _print_system(metrics: Mapping[str, MetricSummary]) -> None:
    """Print what the machine was busy with, in the order in which the app draws it."""
    from tui_tracker.capture.system import place_of, unit_of

    labels = sorted(metrics, key=place_of)
    _print_metrics([metrics[label] for label in labels], [unit_of(label) for label in labels])


def _print_metrics(metrics: Sequence[MetricSummary], units: Sequence[str] = ()) -> None:
    from tui_tracker.cli.tables import Column, print_table
    from tui_tracker.formatting import align_points, format_count, format_number, printable

    def numbers(values: list[float | None]) -> list[str]:
        return align_points(format_number(value) for value in values)

    print_table(
        [
            Column("name", [printable(m.label) for m in metrics]),
            *([Column("unit", list(units), styles=("dim",))] if units else []),
            Column("last", numbers([m.last for m in metrics]), right=True),
            Column("min", numbers([m.min for m in metrics]), right=True, rank=1),
            Column("max", numbers([m.max for m in metrics]), right=True, rank=1),
            Column("mean", numbers([m.mean for m in metrics]), right=True, rank=2),
            Column("points", [format_count(m.count) for m in metrics], right=True, rank=4),
            Column("last step", [format_count(m.last_step) for m in metrics], right=True, rank=3),
            *_not_finite(metrics),
        ]
    )


def _not_finite(metrics: Sequence[MetricSummary]) -> list[Column]:
    from tui_tracker.cli.tables import Column

    if not any(m.nan or m.inf for m in metrics):
        return []
    cells = [str(m.nan + m.inf or "") for m in metrics]
    return [Column("NaN or inf", cells, right=True, rank=1, styles=("red",))]


def print_artifacts(artifacts: Sequence[Artifact]) -> None:
    """Print a table of artifacts."""
    from tui_tracker.cli.tables import Column, print_table
    from tui_tracker.formatting import format_size, printable

    columns = [
        Column("path", [printable(a.path) for a in artifacts]),
        Column("kind", [printable(a.kind) for a in artifacts], rank=1),
        Column("size", [format_size(a.size_bytes) for a in artifacts], right=True),
        Column("stored", ["copy" if a.copied else "name" for a in artifacts], rank=2),
        Column("sha256", [(a.sha256 or "")[:12] for a in artifacts], rank=3),
    ]
    if any(a.problem for a in artifacts):
        problems = [printable(a.problem) for a in artifacts]
        columns.append(Column("problem", problems, styles=("red",)))
    print_table(columns)


def _part_facts(part: LineagePart) -> list[tuple[str, str]]:
    from tui_tracker.formatting import crop, printable

    said = part.status + (f" ({part.reason})" if part.reason else "")
    facts = [(part.name, said)]
    for name, value in part.facts.items():
        if isinstance(value, dict) and len(value) > 8:
            text = f"{len(value)} {name}"
        elif isinstance(value, str):
            text = value
        else:
            text = json.dumps(value, ensure_ascii=False, default=str)
        facts.append((f"  {printable(name)}", crop(printable(text), _LONGEST_FACT)))
    return facts
