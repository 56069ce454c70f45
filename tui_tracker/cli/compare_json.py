"""A comparison of many runs as scripts get it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from tui_tracker.capture.redaction import redact_text
from tui_tracker.compare import Comparison, Doubt, Row, Unsaid, delta, relative


def comparison_shape(comparison: Comparison, sections: Sequence[str]) -> dict[str, object]:
    """Return a comparison as plain values, texts without secrets."""
    ids = [run.id for run in comparison.runs]
    return {
        "runs": [
            {"id": run.id, "name": run.name, "experiment": run.experiment, "status": run.status}
            for run in comparison.runs
        ],
        "reference": ids[comparison.reference],
        "differs": comparison.differs,
        "doubts": [_doubt(doubt, ids) for doubt in comparison.doubts],
        "rows": [
            _row(row, comparison.reference) for row in comparison.rows if row.section in sections
        ],
        "code": [
            {"run": run_id, **_plain_dict(asdict(changed))}
            for run_id, changed in zip(ids, comparison.code, strict=True)
        ],
    }


def _doubt(doubt: Doubt, ids: Sequence[str]) -> dict[str, object]:
    return {
        "kind": doubt.kind,
        "subject": doubt.subject,
        "metric": doubt.metric or None,
        "certain": doubt.certain,
        "groups": [[ids[place] for place in group] for group in doubt.groups],
        "unknown": [ids[place] for place in doubt.unknown],
        "words": doubt.words,
    }


def _row(row: Row, reference: int) -> dict[str, object]:
    """Return a row; its values stand in the order of the runs.

    Where there is none it is null, and `absent` and `unknown` have its place.
    """
    shape: dict[str, object] = {
        "section": row.section,
        "name": row.name,
        "state": row.state,
        "noise": row.noise,
        "values": [_plain(value) for value in row.values],
        "absent": [place for place, value in enumerate(row.values) if value is Unsaid.ABSENT],
        "unknown": [place for place, value in enumerate(row.values) if value is Unsaid.UNKNOWN],
    }
    if any(row.notes):
        shape["notes"] = list(row.notes)
    if row.metric:
        places = range(len(row.values))
        shape |= {
            "stat": row.stat,
            "better": row.better or None,
            "best": sorted(row.best),
            "delta": [delta(row, place, reference) for place in places],
            "relative": [relative(row, place, reference) for place in places],
        }
    return shape


def _plain_dict(values: dict[str, object]) -> dict[str, object]:
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: object) -> object:
    if isinstance(value, Unsaid):
        return None
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, dict):
        return _plain_dict(value)
    if isinstance(value, (list, tuple)):
        return [_plain(member) for member in value]
    return value
