"""What a run left and what it has to do with: artifacts, other runs, its collectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tui_tracker.formatting import format_duration, format_size
from tui_tracker.lineage.present import Present, Recorded
from tui_tracker.lineage.tree import LineageNode, Mark, listed
from tui_tracker.lineage.words import plural, short_digest
from tui_tracker.queries import Artifact
from tui_tracker.queries.proofs import MEANINGS, Proof
from tui_tracker.queries.relatives import Collector, Relative

_SPOKEN: dict[str, str] = {"reproduction": "reproduction", "resume": "resumed", "bundle": "bundled"}


def artifacts_group(recorded: Recorded, here: Present) -> LineageNode | None:
    """Return the files that the run made or used; None where it logged none."""
    artifacts = recorded.run.artifacts
    if not artifacts:
        return None
    nodes = [_artifact(artifact, recorded, here) for artifact in artifacts]
    size = sum(artifact.size_bytes or 0 for artifact in artifacts)
    detail = f"{plural(len(nodes), 'file')}, {format_size(size)}"
    return listed("artifacts", nodes, detail)


def _artifact(artifact: Artifact, recorded: Recorded, here: Present) -> LineageNode:
    digest = artifact.sha256 or ""
    words = (format_size(artifact.size_bytes), artifact.kind, short_digest(digest))
    node = LineageNode(artifact.path, ", ".join(w for w in words if w), value=digest)
    if not digest:
        return replace(node, mark="not recorded", why=artifact.problem or "it was not hashed")
    if artifact.copied:
        mark, why = here.check_kept(digest, artifact.size_bytes)
    else:
        path = recorded.path(artifact.path)
        mark, why = here.check_file(path, digest, artifact.size_bytes)
        # The name may be one that was given to it, so a file that is not there says nothing.
        mark = "recorded" if mark == "missing" else mark
        why = f"only its name and hash were kept: {why}"
    return replace(node, mark=mark, why="; ".join(w for w in (why, artifact.problem) if w))


def runs_group(relatives: Sequence[Relative], proof: Proof | None) -> LineageNode | None:
    """Return the runs that this one came from or led to, and how far it was had again.

    None where it stands alone.
    """
    if not relatives and proof is None:
        return None
    nodes = [_run(relative) for relative in relatives]
    words = [plural(len(relatives), "related run")] if relatives else []
    if proof is not None:
        words.append(f"proven to {proof.level}")
        nodes.append(_proof(proof))
    return listed("runs", nodes, ", ".join(words))


def _proof(proof: Proof) -> LineageNode:
    best = proof.best
    told = f"{best.level}, {MEANINGS.get(best.level, best.verdict)}"
    why = f"{plural(proof.attempts, 'attempt')}, on {best.machine or 'a machine without a name'}"
    if proof.newest != best:
        why += f"; the newest came to {proof.newest.level}, {proof.newest.verdict}"
    return LineageNode("had again", told, why=why, value=best.run or "")


def _run(relative: Relative) -> LineageNode:
    kind = _SPOKEN.get(relative.kind, relative.kind)
    title = f"{kind} of it" if relative.relation == "origin of" and kind else relative.relation
    node = LineageNode(title, relative.name or relative.id, value=relative.id)
    if not relative.found:
        return replace(node, mark="missing", why="it is not in this store")
    why = f"in this store, {relative.status}"
    if relative.relation == "derived from" and kind:
        why = f"{kind}; {why}"
    return replace(node, mark="verified", why=f"{why}, in the trash" if relative.trashed else why)


def collectors_group(collectors: Sequence[Collector]) -> LineageNode:
    """Return how each part was recorded and how long that took."""
    # The parts stand above with their marks, so these are told and not counted again.
    nodes = [replace(_collector(collector), summed=True) for collector in collectors]
    told = [f"{node.title} {node.detail}" for node in nodes if node.detail != "ok"]
    detail = ", ".join(told) if told else f"{plural(len(nodes), 'part')} recorded"
    return replace(listed("collectors", nodes, detail), closed=True, mark="recorded")


def _collector(collector: Collector) -> LineageNode:
    mark: Mark = "recorded" if collector.status in ("ok", "partial") else "not recorded"
    took = "" if collector.took_ms is None else f"took {format_duration(collector.took_ms / 1000)}"
    why = "; ".join(part for part in (collector.reason, took) if part)
    return LineageNode(collector.part, collector.status, mark, why)
