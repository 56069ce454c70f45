"""RO-Crate 1.1 metadata of a run: `ro-crate-metadata.json`, by the Process Run Crate profile.

The run is a CreateAction, its instrument the code, its objects params and data, its
results the files it made. The crate is detached from the files: each names its hash, and
`tt artifacts RUN --out DIR` puts them beside it.

Sources: w3id.org/ro/crate/1.1; w3id.org/ro/wfrun/process/0.5; schema.org.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from tui_tracker.exports import Export
from tui_tracker.exports.facts import (
    NAMESPACE,
    Json,
    Run,
    iso,
    plain,
    present,
    repository_url,
    to_text,
)
from tui_tracker.outgoing import clean_lines, clean_value
from tui_tracker.queries import Artifact

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
TERMS = "https://w3id.org/ro/terms/workflow-run/context"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_STATUS = {"finished": "CompletedActionStatus", "running": "ActiveActionStatus"}
_ACTION, _CODE, _PYTHON, _AGENT = "#run", "#code", "#python", "#agent"


def export(run: Run) -> Export:
    return Export(
        to_text(crate(run)),
        ("the crate names no licence: add one to the root before it is published",),
    )


def crate(run: Run) -> Json:
    """Return the metadata document: one flat graph."""
    made = [_file(artifact) for artifact in run.made]
    used = [_file(artifact) for artifact in run.used]
    data = [_data(facts) for facts in run.datasets]
    params = [_param(name, value) for name, value in run.params.items()]
    metrics = [_metric(label, facts) for label, facts in run.metrics.items()]
    files = _unique([*made, *used])
    root: Json = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{run.experiment}: {run.name}",
        "description": f"The run {run.name} of the experiment {run.experiment}",
        "datePublished": iso(run.detail.row.ended_at or run.detail.row.started_at),
        "conformsTo": _ref(PROFILE),
        "identifier": f"urn:uuid:{run.id}",
        "keywords": clean_value(list(run.detail.row.tags)),
        "hasPart": [_ref(file["@id"]) for file in files],
        "mentions": _ref(_ACTION),
    }
    action = _action(run, [*used, *data, *params], [*made, *metrics])
    graph = [
        _descriptor(),
        present(root),
        {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
        action,
        _code(run),
        *_python(run),
        *_agent(run),
        *files,
        *data,
        *params,
        *metrics,
    ]
    return {"@context": [CONTEXT, TERMS], "@graph": _unique(graph)}


def _descriptor() -> Json:
    return {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "conformsTo": _ref("https://w3id.org/ro/crate/1.1"),
        "about": _ref("./"),
    }


def _action(run: Run, objects: list[Json], results: list[Json]) -> Json:
    row = run.detail.row
    error = clean_lines(run.detail.ended_by) if row.status != "finished" else ""
    action = {
        "@id": _ACTION,
        "@type": "CreateAction",
        "name": run.name,
        "identifier": f"urn:uuid:{run.id}",
        "description": " ".join(run.argv),
        "startTime": iso(row.started_at),
        "endTime": iso(row.ended_at) if row.ended_at else None,
        "actionStatus": f"http://schema.org/{_STATUS.get(row.status, 'FailedActionStatus')}",
        "error": error,
        "instrument": _ref(_CODE),
        "agent": _ref(_AGENT) if run.detail.user else None,
        "object": [_ref(thing["@id"]) for thing in objects],
        "result": [_ref(thing["@id"]) for thing in results],
    }
    return present(action)


def _code(run: Run) -> Json:
    code, process = run.part("code"), run.part("process")
    url = repository_url(str(code.get("remote") or ""))
    snapshot = code.get("snapshot")
    tree = snapshot.get("tree") if isinstance(snapshot, dict) else None
    entry = code.get("entry")
    path = entry.get("path") if isinstance(entry, dict) else process.get("script")
    identifiers = [f"gitCommit:{code['commit']}"] if code.get("commit") else []
    identifiers += [f"gitTree:{tree}"] if tree else []
    return present(
        {
            "@id": _CODE,
            "@type": ["SoftwareSourceCode", "SoftwareApplication"],
            "name": str(path or run.experiment),
            "codeRepository": url,
            "version": code.get("commit") or tree,
            "identifier": identifiers,
            "programmingLanguage": _ref(_PYTHON) if run.python else None,
            "softwareRequirements": [f"{n}=={v}" for n, v in run.packages.items()],
        }
    )


def _python(run: Run) -> list[Json]:
    if not run.python:
        return []
    url = "https://www.python.org/"
    return [
        {
            "@id": _PYTHON,
            "@type": "ComputerLanguage",
            "name": "Python",
            "version": run.python,
            "url": url,
        }
    ]


def _agent(run: Run) -> list[Json]:
    user = str(clean_value(run.detail.user))
    return [{"@id": _AGENT, "@type": "Person", "name": user}] if user else []


def _file(artifact: Artifact) -> Json:
    path = str(clean_value(artifact.path))
    return present(
        {
            "@id": _place(path),
            "@type": "File",
            "name": path.rpartition("/")[2] or path,
            "alternateName": path,
            "contentSize": str(artifact.size_bytes) if artifact.size_bytes is not None else None,
            "sha256": artifact.sha256,
            "additionalType": str(clean_value(artifact.kind)),
            "dateModified": iso(artifact.logged_at),
        }
    )


def _place(path: str) -> str:
    """Return a path as a relative reference that stays inside the crate."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return quote("/".join(parts) or "unnamed", safe="/~!$&'()*+,;=@-._")


def _data(facts: Json) -> Json:
    name = str(facts.get("name") or "data")
    return present(
        {
            "@id": f"#data-{quote(name, safe='')}",
            "@type": "Dataset",
            "name": name,
            "version": facts.get("version"),
            "identifier": facts.get("digest"),
            "description": _described(facts),
            "license": facts.get("licence"),
            "url": facts.get("source"),
        }
    )


def _described(facts: Json) -> str:
    names = ("role", "kind", "rows", "files", "bytes", "path")
    return ", ".join(f"{name} {facts[name]}" for name in names if facts.get(name) is not None)


def _param(name: str, value: Any) -> Json:
    return _value(f"#param-{quote(name, safe='')}", name, value)


def _metric(label: str, facts: Json) -> Json:
    said = _value(f"#metric-{quote(label, safe='')}", label, facts.get("last"))
    rest = ", ".join(f"{name} {value}" for name, value in facts.items() if name != "last")
    return {**said, "description": rest}


def _value(place: str, name: str, value: Any) -> Json:
    """Return a name and a value; schema.org takes numbers, texts and switches."""
    shown = value if isinstance(value, (bool, int, float, str)) else str(plain(value))
    kind = {"propertyID": f"{NAMESPACE}{place[1:].partition('-')[0]}"}
    return {"@id": place, "@type": "PropertyValue", "name": name, "value": shown, **kind}


def _unique(entities: list[Json]) -> list[Json]:
    return list({entity["@id"]: entity for entity in entities}.values())


def _ref(place: str) -> Json:
    return {"@id": place}
