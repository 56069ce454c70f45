"""OpenLineage 2-0-2: the events of a run, one a line, as a file transport writes them.

START, and COMPLETE, FAIL or ABORT where the run has ended. The job is the experiment, so
that its runs are runs of one job. Data sets are inputs, files that the run made outputs;
params and metrics are in a run facet of our own.

Sources: OpenLineage/OpenLineage, spec/OpenLineage.json, spec/facets/*.json,
spec/Naming.md.
"""

from __future__ import annotations

import json
from typing import Any

from tui_tracker.exports import Export
from tui_tracker.exports.facts import Json, Run, iso, plain, present, repository_url
from tui_tracker.outgoing import clean_lines, clean_value
from tui_tracker.queries import Artifact

SPEC = "https://openlineage.io/spec"
EVENT = f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
FACETS = {
    "nominalTime": "1-0-1/NominalTimeRunFacet",
    "parent": "1-2-0/ParentRunFacet",
    "errorMessage": "1-0-1/ErrorMessageRunFacet",
    "processing_engine": "1-1-1/ProcessingEngineRunFacet",
    "sourceCodeLocation": "1-1-0/SourceCodeLocationJobFacet",
    "jobType": "2-0-4/JobTypeJobFacet",
    "version": "1-0-1/DatasetVersionDatasetFacet",
    "schema": "1-2-0/SchemaDatasetFacet",
}
OWN_SCHEMA = "pkg:pypi/tui-tracker?schema=openlineage-run-facet-1-0-0"
OWN_FACET = f"{OWN_SCHEMA}#/$defs/TuiTrackerRunFacet"
"""Described by `TuiTrackerRunFacet.json` beside this module."""
LOCAL = "tui-tracker"
"""Namespace of jobs without a repository, and of files that only a store holds."""
_ENDS = {
    "finished": "COMPLETE",
    "failed": "FAIL",
    "crashed": "FAIL",
    "killed": "ABORT",
    "pruned": "ABORT",
}


def export(run: Run) -> Export:
    made = events(run)
    notes = () if len(made) > 1 else ("the run has not ended, so there is no event of its end",)
    return Export("".join(json.dumps(event, allow_nan=False) + "\n" for event in made), notes)


def events(run: Run) -> list[Json]:
    """Return the events of a run: of its start, and of its end where it has ended."""
    row = run.detail.row
    job, inputs = _job(run), _inputs(run)
    start = _event(run, "START", iso(row.started_at))
    found = [{**start, "run": _run(run, _start_facets(run)), "job": job, "inputs": inputs}]
    found[0]["outputs"] = []
    if row.ended_at is not None and row.status in _ENDS:
        end = _event(run, _ENDS[row.status], iso(row.ended_at))
        facets = {**_start_facets(run), **_end_facets(run)}
        found.append(
            {
                **end,
                "run": _run(run, facets),
                "job": job,
                "inputs": inputs,
                "outputs": [_output(run, artifact) for artifact in run.made],
            }
        )
    return found


def producer(run: Run) -> str:
    """Return the URI of the program that says all this."""
    return f"pkg:pypi/tui-tracker@{run.version}"


def _event(run: Run, kind: str, time: str) -> Json:
    return {"eventType": kind, "eventTime": time, "producer": producer(run), "schemaURL": EVENT}


def _facet(run: Run, name: str, facts: Json) -> Json:
    version, _, kind = FACETS[name].partition("/")
    schema = f"{SPEC}/facets/{version}/{kind}.json#/$defs/{kind}"
    return {"_producer": producer(run), "_schemaURL": schema, **facts}


def _run(run: Run, facets: Json) -> Json:
    return {"runId": run.id, "facets": facets}


def _start_facets(run: Run) -> Json:
    row = run.detail.row
    nominal = {"nominalStartTime": iso(row.started_at)}
    if row.ended_at is not None:
        nominal["nominalEndTime"] = iso(row.ended_at)
    facets = {"nominalTime": _facet(run, "nominalTime", nominal)}
    if run.detail.parent:
        # Of a parent only the id is known here; its job is the experiment that it is part of.
        parent = {"run": {"runId": run.detail.parent}, "job": _job_name(run)}
        facets["parent"] = _facet(run, "parent", parent)
    if run.python:
        engine = {
            "name": "Python",
            "version": run.python,
            "openlineageAdapterVersion": run.version,
        }
        facets["processing_engine"] = _facet(run, "processing_engine", engine)
    return facets


def _end_facets(run: Run) -> Json:
    facets: Json = {
        "tuiTracker_run": {
            "_producer": producer(run),
            "_schemaURL": OWN_FACET,
            "name": run.name,
            "status": run.detail.row.status,
            "params": run.params,
            "metrics": plain(run.metrics),
            "tags": clean_value(list(run.detail.row.tags)),
        }
    }
    why = clean_lines(run.detail.ended_by)
    if why and run.detail.row.status != "finished":
        error = {"message": why.rpartition("\n")[2], "programmingLanguage": "Python"}
        if "\n" in why:
            error["stackTrace"] = why
        facets["errorMessage"] = _facet(run, "errorMessage", error)
    return facets


def _job_name(run: Run) -> Json:
    remote = repository_url(str(run.part("code").get("remote") or ""))
    return {"namespace": remote or LOCAL, "name": run.experiment}


def _job(run: Run) -> Json:
    facets = {
        "jobType": _facet(
            run,
            "jobType",
            {"processingType": "BATCH", "integration": "TUI_TRACKER", "jobType": "TRAINING"},
        )
    }
    if location := _location(run):
        facets["sourceCodeLocation"] = _facet(run, "sourceCodeLocation", location)
    return {**_job_name(run), "facets": facets}


def _location(run: Run) -> Json:
    """Return where the code is; a repository without a remote has no URL to name."""
    code = run.part("code")
    url = repository_url(str(code.get("remote") or ""))
    if not url:
        return {}
    entry = code.get("entry")
    path = entry.get("path") if isinstance(entry, dict) else None
    said = {
        "path": path,
        "version": code.get("commit"),
        "branch": code.get("branch"),
    }
    return {"type": "git", "url": url, "repoUrl": url, **present(said)}


def _inputs(run: Run) -> list[Json]:
    found = [_dataset(run, facts) for facts in run.datasets]
    return [*found, *(_output(run, artifact) for artifact in run.used)]


def _dataset(run: Run, facts: Json) -> Json:
    facets: Json = {}
    version = str(facts.get("version") or facts.get("digest") or "")
    if version:
        facets["version"] = _facet(run, "version", {"datasetVersion": version})
    if columns := _columns(facts.get("columns")):
        facets["schema"] = _facet(run, "schema", {"fields": columns})
    path = str(facts.get("path") or "")
    name = str(facts.get("name") or "data")
    if "://" in path:
        place, _, rest = path.partition("://")
        host, _, below = rest.partition("/")
        where = {"namespace": f"{place}://{host}", "name": below or "/"}
    elif path:
        where = {"namespace": "file", "name": path}
    else:
        where = {"namespace": LOCAL, "name": name}
    return {**where, "facets": facets}


def _columns(columns: Any) -> list[Json]:
    if not isinstance(columns, list):
        return []
    pairs = [column for column in columns if isinstance(column, list) and column]
    return [
        present({"name": str(p[0]), "type": str(p[1]) if len(p) > 1 and p[1] else None})
        for p in pairs
    ]


def _output(run: Run, artifact: Artifact) -> Json:
    version = _facet(run, "version", {"datasetVersion": f"sha256:{artifact.sha256}"})
    name = f"{run.experiment}/{clean_value(artifact.path)}"
    return {"namespace": LOCAL, "name": name, "facets": {"version": version}}
