"""Runs as scripts get them: JSON of the public shape, written straight from SQL rows.

Objects for each of ten thousand metrics, and a walk over them to write them out, would
cost more than all queries together, so rows become text at once. The shape is a
promise: keys may be added, never changed. Where JSON has no number there are the words
"NaN", "Infinity" and "-Infinity".
"""

from __future__ import annotations

import json
import time
from json.encoder import encode_basestring_ascii as quote
from math import inf, isfinite, nan

from tui_tracker.queries.contents import content, source_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from tui_tracker.store import Store

    _Pieces = dict[int, list[str]]
    """JSON of a kind of things, by run."""

_BULKY = (
    *("packages", "origins", "conda", "shadowed", "cpu_flags", "files", "secrets"),
    *("columns", "problems", "left_out", "paths"),
)
"""Facts that would make a list of runs a hundred times longer; one run has them."""
_LISTS = ("data", "split")
"""Kinds of parts of which a run may have several, each with a name of its own."""
_CHUNK = 250
"""Runs that are read at once: rows in their ten thousands are dear to the garbage collector."""
_METRIC_KIND, _SYSTEM_KIND = 1, 2
_CHOSEN = "IN (SELECT value FROM json_each(:keys))"


def run_records(store: Store, keys: Sequence[int], *, bulky: bool = False) -> Iterator[str]:
    """Yield the JSON of these runs, in the order of `keys`; a vanished run is left out.

    `bulky` adds what would make a list of runs long: all packages, and the parts of the
    lineage that are another text in every run.
    """
    for start in range(0, len(keys), _CHUNK):
        yield from _chunk(store, keys[start : start + _CHUNK], bulky=bulky)


def _chunk(store: Store, keys: Sequence[int], *, bulky: bool) -> Iterator[str]:
    bound = {"keys": json.dumps(list(keys))}
    rows = {row[0]: row[1:] for row in _runs(store, bound)}
    # One whole record stands as it was, beside its amendments; a list is what counts.
    logged = bulky and store.amended
    params = _params(store, bound, "logged_param" if logged else "param")
    metrics = _metrics(store, bound)
    tags = _texts(store, bound, "main.tag" if logged else "tag", "tag")
    notes = _texts(store, bound, "main.note" if logged else "note", "text")
    artifacts = _artifacts(store, bound, "main.artifact" if logged else "artifact")
    lineages = _lineages(store, bound, bulky=bulky)
    proofs = _proofs(store, keys)
    wholes: dict[tuple[tuple[str, str], ...], str] = {}
    amendments = _amendments(store, keys) if bulky else None
    system = _metrics(store, bound, _SYSTEM_KIND) if bulky else None
    for key in keys:
        if key in rows:
            parts = tuple(lineages.get(key, {}).items())
            if parts not in wholes:  # mostly that of the run before
                wholes[parts] = _whole_lineage(parts)
            yield (
                f"{{{_head(rows[key])}"
                f', "params": {{{", ".join(params.get(key, ()))}}}'
                f', "metrics": {{{", ".join(metrics.get(key, ()))}}}'
                f"{_system(key, system)}"
                f', "tags": [{", ".join(tags.get(key, ()))}]'
                f', "notes": [{", ".join(notes.get(key, ()))}]'
                f', "artifacts": [{", ".join(artifacts.get(key, ()))}]'
                f', "lineage": {{{wholes[parts]}}}'
                f', "proof": {proofs.get(key, "null")}'
                f"{_amended(key, amendments)}"
                f"{_tail(rows[key])}}}"
            )


def iso_time(ms: int) -> str:
    """Return Unix milliseconds as ISO 8601 in UTC: `2026-11-23T08:30:00.125Z`."""
    seconds, rest = divmod(ms, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:03d}Z"


def json_number(value: float) -> float | str:
    """Return the number, or the word that stands for what JSON has no number for."""
    if isfinite(value):
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def to_json(value: object, *, indent: int | None = None) -> str:
    """Return any value as JSON; NaN and infinities as their words."""
    try:
        return json.dumps(value, allow_nan=False, indent=indent)
    except ValueError:
        return json.dumps(_worded(value), allow_nan=False, indent=indent)


def _worded(value: object) -> object:
    if isinstance(value, float):
        return json_number(value)
    if isinstance(value, dict):
        return {key: _worded(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_worded(member) for member in value]
    return value


def _number(value: float | None) -> str:
    return (
        "null" if value is None else repr(value) if isfinite(value) else f'"{json_number(value)}"'
    )


def _runs(store: Store, bound: dict[str, Any]) -> list[Any]:
    return store.read(
        "SELECT r.id, lower(hex(r.uuid)), r.name, e.name, r.status, r.started_ms, r.ended_ms, "
        "lower(hex(r.parent)), r.source, r.ended_by, r.host, r.user, r.points, r.lost, "
        "r.archived_ms, r.deleted_ms "
        f"FROM run AS r JOIN experiment AS e ON e.id = r.experiment WHERE r.id {_CHOSEN}",
        bound,
    )


def _head(row: Sequence[Any]) -> str:
    digits, name, experiment, status, started, ended, *_ = row
    until = int(time.time() * 1000) if ended is None else ended
    return (
        f'"id": "{_dashed(digits)}", "name": {quote(name)}, "experiment": {quote(experiment)}, '
        f'"status": "{status}", "started_at": "{iso_time(started)}", '
        f'"ended_at": {"null" if ended is None else _quoted_time(ended)}, '
        f'"duration_s": {max(0, until - started) / 1000!r}'
    )


def _tail(row: Sequence[Any]) -> str:
    *_, parent, source, ended_by, host, user, points, lost, archived, deleted = row
    return (
        f', "parent": {quote(_dashed(parent)) if parent else "null"}'
        f', "source": {to_json(source_of(source))}'
        f', "ended_by": {quote(ended_by)}, "host": {quote(host)}, "user": {quote(user)}'
        f', "points": {points}, "lost": {lost}'
        f', "archived": {_switch(archived is not None)}, "in_trash": {_switch(deleted is not None)}'
    )


def _params(store: Store, bound: dict[str, Any], table: str) -> _Pieces:
    names = {key: quote(name) for key, name in store.read("SELECT id, name FROM key WHERE kind=0")}
    found: _Pieces = {}
    current = None
    whole: list[tuple[int, int, str, bytes]] = []
    for run, key, kind, value, digest in store.read(
        # Where a number has a text as well, that is what it was logged as: digits that
        # no float holds, or NaN.
        f"SELECT run, key, type, coalesce(text, number), digest FROM {table} WHERE run {_CHOSEN}",
        bound,
    ):
        if digest is not None:
            whole.append((run, key, kind, digest))
            continue
        if kind == "str":
            text = f"{names[key]}: {quote(value)}"
        elif kind == "float" and value.__class__ is float and -inf < value < inf:
            text = f"{names[key]}: {value!r}"
        else:
            text = f"{names[key]}: {_param(kind, value)}"
        if run != current:  # rows come run by run
            current, append = run, found.setdefault(run, []).append
        append(text)
    for run, key, kind, digest in whole:
        said = content(store, digest).decode()
        text = quote(said) if kind == "str" else _param(kind, said)
        found.setdefault(run, []).append(f"{names[key]}: {text}")
    return found


def _param(kind: str, value: Any) -> str:
    if kind == "float":
        return _number(value) if isinstance(value, float) else f'"{value or "NaN"}"'
    if kind == "int":
        return str(value if isinstance(value, str) else int(value or 0))
    if kind == "bool":
        return _switch(bool(value))
    return to_json(json.loads(value or "[]")) if kind == "list" else "null"


def _system(key: int, found: _Pieces | None) -> str:
    """Return the member with what the machine was busy with; a list of runs goes without."""
    return "" if found is None else f', "system": {{{", ".join(found.get(key, ()))}}}'


def _metrics(store: Store, bound: dict[str, Any], of_kind: int = _METRIC_KIND) -> _Pieces:
    labels = {
        key: quote(f"{name}@{context}" if context else name)
        for key, name, context in store.read(
            "SELECT id, name, context FROM key WHERE kind=?", (of_kind,)
        )
    }
    found: _Pieces = {}
    current = None
    for row in store.read(
        "SELECT run, key, count, first_step, last_step, first, last, min, max, mean, nan, inf "
        f"FROM metric WHERE run {_CHOSEN}",
        bound,
    ):
        run, key, count, first_step, last_step, first, last, low, high, mean, nans, infs = row
        if key not in labels:
            continue  # of the other kind
        # A mean of huge values may leave the floats although none of them does.
        if nans or infs or mean is None or not -inf < mean < inf:
            values = _odd_values(first, last, low, high, mean)
            text = f'{values}, "nan": {nans}, "inf": {infs}}}'
        else:
            # A float takes longer to write than all else: of a short or steady series
            # first and last are also its ends.
            start = repr(first)
            end = start if last == first else repr(last)
            least = end if low == last else start if low == first else repr(low)
            most = start if high == first else end if high == last else repr(high)
            text = (
                f'{start}, "last": {end}, "min": {least}, "max": {most}, '
                f'"mean": {mean!r}, "nan": 0, "inf": 0}}'
            )
        text = (
            f'{labels[key]}: {{"count": {count}, "first_step": {first_step}, '
            f'"last_step": {last_step}, "first": {text}'
        )
        if run != current:  # rows come run by run
            current, append = run, found.setdefault(run, []).append
        append(text)
    return found


def _odd_values(first: float | None, last: float | None, *others: float | None) -> str:
    # SQLite keeps NaN as NULL; first and last are never otherwise null.
    ends = [nan if value is None else value for value in (first, last)]
    texts = map(_number, (*ends, *others))
    names = ("", '"last": ', '"min": ', '"max": ', '"mean": ')
    return ", ".join([name + text for name, text in zip(names, texts, strict=True)])


def _texts(store: Store, bound: dict[str, Any], table: str, column: str) -> _Pieces:
    order = "run, tag" if column == "tag" else "run, at_ms, id"
    found: _Pieces = {}
    for run, text in store.read(
        f"SELECT run, {column} FROM {table} WHERE run {_CHOSEN} ORDER BY {order}", bound
    ):
        found.setdefault(run, []).append(quote(text))
    return found


def _artifacts(store: Store, bound: dict[str, Any], table: str) -> _Pieces:
    found: _Pieces = {}
    for run, path, kind, size, sha256, copied, problem in store.read(
        f"SELECT run, path, kind, size, lower(hex(sha256)), copied, problem FROM {table} "
        f"WHERE run {_CHOSEN} ORDER BY run, path, at_ms",
        bound,
    ):
        facts = {"path": path, "kind": kind, "size": size, "sha256": sha256 or None}
        facts |= {"copied": bool(copied), "problem": problem or None}
        found.setdefault(run, []).append(to_json(facts))
    return found


def _proofs(store: Store, keys: Sequence[int]) -> dict[int, str]:
    """Return the JSON of how far each run was proven, of those that anybody tried."""
    tried = "SELECT 1 FROM sqlite_schema WHERE name = 'reproduction'"
    if not store.read(tried) or not store.read("SELECT 1 FROM reproduction LIMIT 1"):
        return {}
    from tui_tracker.queries.proofs import proof_levels, proof_shape  # few stores have any

    found = proof_levels(store, keys)
    return {key: to_json(proof_shape(proof)) for key, proof in found.items()}


def _amendments(store: Store, keys: Sequence[int]) -> _Pieces:
    """Return the JSON of what people said that records should have held."""
    from tui_tracker.queries.amendments import amendment_shape, read_amendments  # one run has them

    return {
        key: [to_json(amendment_shape(item)) for item in items]
        for key, items in read_amendments(store, keys).items()
    }


def _amended(key: int, found: _Pieces | None) -> str:
    """Return the member with the amendments; a list of runs goes without."""
    return "" if found is None else f', "amendments": [{", ".join(found.get(key, ()))}]'


def _lineages(store: Store, bound: dict[str, Any], *, bulky: bool) -> dict[int, dict[str, str]]:
    """Return the JSON of each part of each run's lineage."""
    # As ranges, because every part of every run is looked at.
    named = " OR ".join(f"part BETWEEN '{kind}:' AND '{kind};'" for kind in _LISTS)
    wanted = "" if bulky else f"AND (part IN ('code', 'environment', 'hardware') OR {named})"
    texts: dict[tuple[object, ...], str] = {}
    found: dict[int, dict[str, str]] = {}
    for run, *what in store.read(
        f"SELECT run, part, status, reason, digest FROM lineage WHERE run {_CHOSEN} {wanted}", bound
    ):
        part = tuple(what)
        if part not in texts:
            texts[part] = _part(store, *what[1:], bulky=bulky)
        found.setdefault(run, {})[what[0]] = texts[part]
    if not bulky:
        _amend(store, json.loads(bound["keys"]), found)
    return found


def _amend(store: Store, keys: Sequence[int], found: dict[int, dict[str, str]]) -> None:
    """Let the lineage of a list of runs say what counts, where somebody amended it."""
    told = "SELECT 1 FROM sqlite_schema WHERE name = 'amendment'"
    if not store.read(told) or not store.read("SELECT 1 FROM amendment LIMIT 1"):
        return
    from tui_tracker.amending import amended_facts, parts_said
    from tui_tracker.queries.amendments import read_amendments  # few stores have any

    for key, amendments in read_amendments(store, keys).items():
        newest = {item.field: item.new for item in amendments if item.intact}
        said = {field: new for field, new in newest.items() if new is not None}
        parts = found.setdefault(key, {})
        for part, fields in parts_said(said).items():
            facts = json.loads(parts.get(part, '{"status": "partial"}'))
            parts[part] = to_json(amended_facts(part, facts, fields))


def _part(store: Store, status: str, reason: str, digest: bytes | None, *, bulky: bool) -> str:
    facts: dict[str, object] = {}
    if digest is not None:
        facts = json.loads(content(store, digest) or b"{}")
    said: dict[str, object] = {"status": status, **({"reason": reason} if reason else {})}
    said |= {name: fact for name, fact in facts.items() if bulky or not _is_bulky(name, fact)}
    return to_json(said)


def _is_bulky(name: str, fact: object) -> bool:
    # A count of the same name stays: `files` are a list of code, and a number of data.
    return name in _BULKY and isinstance(fact, (list, dict))


def _whole_lineage(parts: Iterable[tuple[str, str]]) -> str:
    """Return the members of a lineage; those of the public shape are always there.

    The parts `data:...` are a list, as are the parts `split:...`.
    """
    whole = {"code": "{}", "environment": "{}", "hardware": "{}"}
    lists: dict[str, list[str]] = {kind: [] for kind in _LISTS}
    for part, text in sorted(parts):
        kind, mark, _ = part.partition(":")
        if mark and kind in lists:
            lists[kind].append(text)
        else:
            whole[part] = text
    whole |= {kind + ("" if kind == "data" else "s"): _list(lists[kind]) for kind in _LISTS}
    return ", ".join([f"{quote(part)}: {text}" for part, text in whole.items()])


def _list(texts: list[str]) -> str:
    return f"[{', '.join(texts)}]"


def _quoted_time(ms: int) -> str:
    return f'"{iso_time(ms)}"'


def _switch(on: bool) -> str:
    return "true" if on else "false"


def _dashed(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
