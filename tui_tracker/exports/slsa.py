"""An in-toto Statement v1 with a SLSA provenance v1 predicate: what made these files.

The subject is the run's results; of a run without any it is the run's own record, by the
hash of its canonical JSON. The builder is whoever's machine this ran on, and nobody
signed: SLSA calls that build level 1. Signing is left to the tools that do it (cosign,
minisign), which take this statement as it is.

Sources: in-toto/attestation, spec/v1/statement.md, resource_descriptor.md,
digest_set.md; slsa.dev, spec/v1.0/provenance; package-url/purl-spec.
"""

from __future__ import annotations

from typing import Any

from tui_tracker.exports import Export
from tui_tracker.exports.facts import (
    NAMESPACE,
    Json,
    Run,
    canonical,
    digest_set,
    git_uri,
    iso,
    plain,
    present,
    purl,
    record_digest,
    sha256,
    to_text,
)
from tui_tracker.outgoing import clean_value
from tui_tracker.queries import Artifact

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = f"{NAMESPACE}training-run/v1"
BUILDER = f"{NAMESPACE}local"
RECORD = "run.json"
"""The subject's name where a run made no file."""


def export(run: Run) -> Export:
    ended = run.detail.row.ended_at is not None
    notes = () if ended else ("the run has not ended, so it has no time of an end yet",)
    return Export(to_text(statement(run)), notes)


def statement(run: Run) -> Json:
    """Return the statement."""
    return {
        "_type": STATEMENT,
        "subject": _subject(run),
        "predicateType": PREDICATE,
        "predicate": {"buildDefinition": _definition(run), "runDetails": _details(run)},
    }


def _subject(run: Run) -> list[Json]:
    files = [_file(artifact) for artifact in run.made]
    return files or [{"name": RECORD, "digest": {"sha256": record_digest(run)}}]


def _file(artifact: Artifact) -> Json:
    said = {"kind": clean_value(artifact.kind), "size": artifact.size_bytes}
    return {
        "name": clean_value(artifact.path),
        "digest": {"sha256": artifact.sha256},
        "annotations": present(said),
    }


def _definition(run: Run) -> Json:
    external = {"experiment": run.experiment, "params": run.params, "argv": run.argv}
    environment = run.part("environment")
    internal = {
        "seeds": run.part("seeds"),
        "determinism": run.part("determinism"),
        "variables": run.part("variables").get("variables"),
        "hardware": run.part("hardware"),
        "python": environment.get("python"),
        "system": environment.get("system"),
    }
    return {
        "buildType": BUILD_TYPE,
        "externalParameters": external,
        "internalParameters": present(internal),
        "resolvedDependencies": [*_code(run), *_data(run), *_packages(run)],
    }


def _code(run: Run) -> list[Json]:
    """Return the commit, and what lay in the work tree where a snapshot of it was taken."""
    code = run.part("code")
    commit, uri = code.get("commit"), git_uri(str(code.get("remote") or ""))
    found: list[Json] = []
    if commit:
        said = {name: code.get(name) for name in ("branch", "pushed", "dirty")}
        annotations = {name: value for name, value in said.items() if value is not None}
        where = {"uri": uri} if uri else {}
        found.append(
            {"name": "code", **where, "digest": {"gitCommit": commit}, "annotations": annotations}
        )
    snapshot = code.get("snapshot")
    if isinstance(snapshot, dict) and snapshot.get("tree"):
        digest = {"gitTree": snapshot["tree"], "gitCommit": snapshot.get("commit")}
        said = {name: snapshot.get(name) for name in ("complete", "skipped", "kind")}
        found.append(
            {
                "name": "work tree",
                "digest": present(digest),
                "annotations": {name: value for name, value in said.items() if value is not None},
            }
        )
    return found


def _data(run: Run) -> list[Json]:
    found = [_file(artifact) for artifact in run.used]
    for facts in run.datasets:
        digest = digest_set(str(facts.get("digest") or ""))
        names = ("role", "kind", "version", "full", "bytes", "files", "rows", "path", "source")
        said = {name: facts[name] for name in names if facts.get(name) is not None}
        if digest:
            name = f"data:{facts.get('name') or 'data'}"
            found.append({"name": name, "digest": digest, "annotations": said})
    return found


def _packages(run: Run) -> list[Json]:
    origins = run.origins
    return [_package(name, v, origins.get(name)) for name, v in run.packages.items()]


def _package(name: str, version: str, origin: Json | None) -> Json:
    found: Json = {"name": name, "uri": purl(name, version)}
    if not isinstance(origin, dict):
        return found
    snapshot = origin.get("snapshot")
    digest: dict[str, Any] = {}
    if origin.get("commit"):
        digest["gitCommit"] = origin["commit"]
    elif isinstance(snapshot, dict) and snapshot.get("tree"):
        digest["gitTree"] = snapshot["tree"]
    kind, equals, value = str(origin.get("hash") or "").partition("=")
    if equals:
        digest[kind] = value
    said = {n: origin[n] for n in ("kind", "url", "requested") if origin.get(n)}
    return {**found, **({"digest": digest} if digest else {}), "annotations": said}


def _details(run: Run) -> Json:
    row = run.detail.row
    metadata = {"invocationId": f"urn:uuid:{run.id}", "startedOn": iso(row.started_at)}
    if row.ended_at is not None:
        metadata["finishedOn"] = iso(row.ended_at)
    return {
        "builder": {"id": BUILDER, "version": present({"tui-tracker": run.version})},
        "metadata": metadata,
        "byproducts": _byproducts(run),
    }


def _byproducts(run: Run) -> list[Json]:
    """Return what the run left beside its results: metrics whole, the rest by hash."""
    said = {"status": run.detail.row.status, "run": run.name}
    found: list[Json] = [
        {
            "name": "metrics",
            "digest": {"sha256": sha256(canonical(run.metrics))},
            "mediaType": "application/json",
            "annotations": {"metrics": plain(run.metrics), **said},
        }
    ]
    if run.console_sha256 is not None:
        found.append(
            {
                "name": "console",
                "digest": {"sha256": run.console_sha256},
                "mediaType": "text/plain",
                "annotations": {"lines": run.detail.console_lines},
            }
        )
    lock = run.part("environment").get("lock")
    if isinstance(lock, dict) and lock.get("sha256"):
        name = str(lock.get("path") or "lock")
        annotations = present({"format": lock.get("format")})
        found.append(
            {"name": name, "digest": {"sha256": lock["sha256"]}, "annotations": annotations}
        )
    return [*found, *(_file(artifact) for artifact in run.evidence)]
