"""PROV-JSON of a run: what it used, what it made, who began it, what it came from.

Source: W3C Member Submission of 24 April 2013, "The PROV-JSON Serialization".
"""

from __future__ import annotations

import hashlib
from typing import Any

from tui_tracker.exports import Export
from tui_tracker.exports.facts import NAMESPACE, Json, Run, iso, present, to_text
from tui_tracker.outgoing import clean_value
from tui_tracker.queries import Artifact

_PREFIXES = {"tt": NAMESPACE}


def export(run: Run) -> Export:
    return Export(to_text(document(run)))


def document(run: Run) -> Json:
    """Return the document; every name in it is qualified with `tt` or `prov`."""
    made = {_name("file", str(a.sha256), a.path): _file(a) for a in run.made}
    used = {_name("file", str(a.sha256), a.path): _file(a) for a in run.used}
    used |= {_name("data", str(facts)): _data(facts) for facts in run.datasets}
    used |= _code(run)
    used |= _environment(run)
    activity = f"tt:run-{run.id}"
    relations = {
        "used": [{"prov:activity": activity, "prov:entity": name} for name in used],
        "wasGeneratedBy": [{"prov:entity": name, "prov:activity": activity} for name in made],
        "wasDerivedFrom": [
            {"prov:generatedEntity": new, "prov:usedEntity": old, "prov:activity": activity}
            for new in made
            for old in used
            if old.startswith(("tt:file", "tt:data"))
        ],
        **_other_runs(run, activity),
        **_association(run, activity),
    }
    return {
        "prefix": _PREFIXES,
        "entity": {**used, **made},
        "activity": {activity: _activity(run), **_others(run)},
        "agent": _agents(run),
        **{
            kind: {f"_:{kind}{number}": one for number, one in enumerate(many)}
            for kind, many in relations.items()
            if many
        },
    }


def _activity(run: Run) -> Json:
    row = run.detail.row
    facts: Json = {
        "prov:startTime": iso(row.started_at),
        "prov:label": run.name,
        "prov:type": _qualified("tt:Run"),
        "tt:experiment": run.experiment,
        "tt:status": row.status,
        "tt:command": " ".join(run.argv),
    }
    if row.ended_at is not None:
        facts["prov:endTime"] = iso(row.ended_at)
    facts |= {_attribute("param", name): _literal(value) for name, value in run.params.items()}
    for label, summary in run.metrics.items():
        facts[_attribute("metric", label)] = _literal(summary["last"])
    return present(facts)


def _file(artifact: Artifact) -> Json:
    return present(
        {
            "prov:label": clean_value(artifact.path),
            "prov:type": _qualified("tt:File"),
            "tt:sha256": artifact.sha256,
            "tt:size": artifact.size_bytes,
            "tt:kind": clean_value(artifact.kind),
        }
    )


def _data(facts: Json) -> Json:
    names = ("digest", "version", "role", "kind", "bytes", "rows", "path")
    return {
        "prov:label": str(facts.get("name") or "data"),
        "prov:type": _qualified("tt:Data"),
        **present({f"tt:{name}": _literal(facts.get(name)) for name in names}),
    }


def _code(run: Run) -> Json:
    code = run.part("code")
    snapshot = code.get("snapshot")
    ids = snapshot if isinstance(snapshot, dict) else {}
    told = {
        "tt:commit": code.get("commit"),
        "tt:tree": ids.get("tree"),
        "tt:repository": code.get("remote"),
    }
    if not any(told.values()):
        return {}
    facts = {"prov:label": "code", "prov:type": _qualified("prov:Plan"), **told}
    return {_name("code", str(told)): present(facts)}


def _environment(run: Run) -> Json:
    if not run.packages and not run.python:
        return {}
    facts = {
        "prov:label": "environment",
        "prov:type": _qualified("tt:Environment"),
        "tt:python": run.python,
        "tt:packages": [f"{name}=={version}" for name, version in run.packages.items()],
    }
    return {_name("environment", str(facts)): present(facts)}


def _agents(run: Run) -> Json:
    agents: Json = {
        "tt:program": {
            "prov:type": _qualified("prov:SoftwareAgent"),
            "prov:label": f"tui-tracker {run.version}",
        }
    }
    if run.detail.user:
        who = {"prov:type": _qualified("prov:Person"), "prov:label": clean_value(run.detail.user)}
        agents["tt:user"] = who
    return agents


def _association(run: Run, activity: str) -> dict[str, list[Json]]:
    plan = next(iter(_code(run)), None)
    plans = {"prov:plan": plan} if plan else {}
    agents = [{"prov:activity": activity, "prov:agent": agent, **plans} for agent in _agents(run)]
    return {"wasAssociatedWith": agents}


def _others(run: Run) -> Json:
    return {f"tt:run-{other}": {"prov:type": _qualified("tt:Run")} for other in _other_ids(run)}


def _other_runs(run: Run, activity: str) -> dict[str, list[Json]]:
    """Return what other runs this one is part of or was derived from."""
    informed = [
        {"prov:informed": activity, "prov:informant": f"tt:run-{other}"}
        for other in _other_ids(run)
    ]
    return {"wasInformedBy": informed}


def _other_ids(run: Run) -> list[str]:
    derived = run.part("origin").get("derived_from")
    found = [run.detail.parent, derived if isinstance(derived, str) else None]
    return [other for other in dict.fromkeys(found) if other]


def _name(kind: str, *identity: str) -> str:
    digest = hashlib.sha256("\0".join(identity).encode("utf-8", "replace")).hexdigest()
    return f"tt:{kind}-{digest[:16]}"


def _attribute(kind: str, name: str) -> str:
    """Return a qualified name: only letters, digits, `_`, `-` and `.` stay as they are."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "_-.") else "_" for c in name)
    if plain != name:
        plain += "-" + hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:6]
    return f"tt:{kind}-{plain}"


def _literal(value: Any) -> Any:
    """Return a value as PROV-JSON takes it; lists and null are told as texts."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return {"$": repr(value), "type": "xsd:double"}
    return str(value)


def _qualified(name: str) -> Json:
    return {"$": name, "type": "prov:QUALIFIED_NAME"}
