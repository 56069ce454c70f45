"""Rules about the code of a run: is it known, is it kept, is it what ran?"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui_tracker.audit.record import RunRecord
from tui_tracker.audit.rules import NOT_APPLICABLE, PASSED, UNKNOWN, Answer, Doubt, rule
from tui_tracker.facts import mapping, mappings, members, number, switch, word, words
from tui_tracker.formatting import format_size
from tui_tracker.lineage.words import plural

if TYPE_CHECKING:
    from tui_tracker.audit.deep import Seen
    from tui_tracker.facts import Facts

_NAMED = 3
_SHORT = 7
_ENTRIES = ("script", "script_name", "entry_point", "command")
"""Params that people name the script by."""
_SCRIPTS = ("notebook", "python", "")


@rule("code.commit-missing", "code", "EEEE", fix="proposed", of=("code",))
def commit_missing(run: RunRecord) -> Answer:
    """Without a commit or a copy of the files nobody knows which code gave the result."""
    if run.is_open("code"):
        return UNKNOWN
    if run.fact("code", "commit") or run.fact("code", "snapshot", "commit"):
        return PASSED
    part = run.parts.get("code")
    why = f" ({part.reason})" if part is not None and part.reason else ""
    return Doubt(
        "code.commit",
        f"no version of the code is recorded{why}",
        "run inside a git repository, or leave the capture switched on, which keeps a copy of "
        "the files; `tt drill RUN` searches the history for the script that ran",
    )


@rule("code.snapshot-incomplete", "code", "WEEE", fix="proposed")
def snapshot_incomplete(run: RunRecord) -> Answer:
    """Changes that were not kept cannot be brought back, so another program would run again.

    A file that was too large is settled where it was logged, as data or as an artifact.
    """
    facts = run.part("code")
    if facts is None:
        return NOT_APPLICABLE
    snapshot = mapping(facts.facts, "snapshot")
    if not word(snapshot, "commit"):
        return _dirty_without_copy(run)
    if switch(snapshot, "complete") is not False:
        return PASSED
    listed = mappings(snapshot, "skipped")
    skipped = [entry for entry in listed if not _is_logged(run, entry)]
    if listed and not skipped:
        return PASSED
    size = sum(number(entry, "size") or 0 for entry in skipped)
    named = _named([word(entry, "path") for entry in skipped])
    count = plural(len(skipped), "file") if skipped else "some files"
    was = "was" if len(skipped) == 1 else "were"
    return Doubt(
        "code.snapshot",
        f"{count} ({format_size(int(size))}) {was} not kept{named}",
        "raise the limits in [tool.tui_tracker.snapshot] of pyproject.toml, or log large files "
        "as data with `run.log_data`",
    )


def _is_logged(run: RunRecord, entry: Facts) -> bool:
    """Whether a file that the copy of the code lacks is known elsewhere by its bytes."""
    digest, path = word(entry, "sha256"), word(entry, "path")
    if digest and any(item.sha256 == digest and item.copied for item in run.artifacts):
        return True
    for _, part in run.parts_of("data"):
        if digest and word(part.facts, "digest") == f"sha256:{digest}":
            return True
        place = posixpath.join(str(run.fact("process", "cwd_rel") or ""), word(part.facts, "path"))
        below = path.startswith(f"{posixpath.normpath(place)}/") and word(part.facts, "path")
        if below and switch(part.facts, "full"):
            return True
    return False


def _dirty_without_copy(run: RunRecord) -> Answer:
    if not run.fact("code", "dirty"):
        return PASSED if run.fact("code", "commit") else NOT_APPLICABLE
    return Doubt(
        "code.snapshot",
        "the work tree was changed on top of the commit, and the changes were not kept",
        "leave the capture switched on, or commit before the run",
    )


@rule("code.dirty", "code", "-IWW", fix="none", of=("code",))
def dirty(run: RunRecord) -> Answer:
    """A reader of a report looks a commit up; changes on top of it are not there."""
    if run.part("code") is None or not run.fact("code", "commit"):
        return NOT_APPLICABLE
    if not run.fact("code", "dirty"):
        return PASSED
    tree = str(run.fact("code", "snapshot", "tree") or "")[:_SHORT]
    stat = run.fact("code", "diffstat") or {}
    size = f" (+{stat.get('added', 0)}/-{stat.get('removed', 0)} in {stat.get('files')} files)"
    kept = f"; the exact tree is kept as {tree}" if tree else ""
    return Doubt(
        "code.dirty",
        f"ran with changes that were not committed{size if stat else ''}{kept}",
        "commit before the run that is reported",
    )


@rule("code.dirty-unknown", "code", "WWEE", fix="proposed", of=("code",))
def dirty_unknown(run: RunRecord) -> Answer:
    """That git could not be asked does not mean that nothing was changed."""
    if run.is_open("code"):
        return UNKNOWN
    if run.fact("code", "vcs") == "none" or not (
        run.fact("code", "commit") or run.fact("code", "vcs") == "unreadable"
    ):
        return NOT_APPLICABLE
    if isinstance(run.fact("code", "dirty"), bool):
        return PASSED
    part = run.parts["code"]
    advice = run.fact("code", "advice")
    return Doubt(
        "code.dirty",
        f"whether the code was changed is not known: {part.reason or 'git was not asked'}",
        f"run `{advice}`, which trusts this folder"
        if advice
        else "see that git can read the repository (`git status`), and run again",
    )


@rule("code.no-vcs", "code", "IWEE", of=("code",))
def no_vcs(run: RunRecord) -> Answer:
    """Without version control there is no history to find an earlier state in."""
    if run.part("code") is None or run.fact("code", "commit"):
        return NOT_APPLICABLE if run.part("code") is None else PASSED
    if run.fact("code", "vcs") != "none":
        return NOT_APPLICABLE
    return Doubt(
        "code.vcs",
        "the code is under no version control; the files that look like code were kept",
        "`git init && git add . && git commit` in the project's folder",
    )


@rule("code.ignored-import", "code", "WWEE", fix="automatic", of=("code", "modules"))
def ignored_import(run: RunRecord) -> Answer:
    """A module that git does not know is missing from every clone of the repository."""
    modules = run.part("modules")
    if modules is None or run.part("code") is None:
        return NOT_APPLICABLE
    ignored = words(run.parts["code"].facts, "ignored")
    # Without a repository all paths are whole ones, and what lies in its folder was kept.
    plain = run.fact("code", "vcs") == "none"
    kept = f"{run.fact('code', 'top')}/" if plain and run.fact("code", "top") else "\0"
    outside = [
        path
        for entry in mappings(modules.facts, "modules")
        if (path := word(entry, "path")).startswith(("/", "~", "..")) and not path.startswith(kept)
    ]
    if not ignored and not outside:
        return PASSED
    found = [*ignored, *outside]
    there = "outside of the folder that was kept" if plain else "outside of the repository"
    where = "ignored by git" if not outside else there
    where = f"ignored by git or {there}" if ignored and outside else where
    are = "are" if len(found) > 1 else "is"
    return Doubt(
        "modules",
        f"{_listed(found)} {are} {where} and {'were' if len(found) > 1 else 'was'} imported",
        "track it in git, or install it as a package with a version",
    )


@rule("code.changed-during-run", "code", "WWEE", of=("modules",))
def changed_during_run(run: RunRecord) -> Answer:
    """A file edited while the run was active may have been read in two versions."""
    modules = run.part("modules")
    if modules is None:
        return NOT_APPLICABLE
    changed = words(modules.facts, "changed")
    if not changed:
        return PASSED
    return Doubt(
        "modules.changed",
        f"{_listed(changed)} changed while the run was active, so its results may mix versions",
        "run again without editing, or work in a second work tree (`git worktree add`)",
    )


@rule("code.commit-unpushed", "code", "-IEE", of=("code",))
def commit_unpushed(run: RunRecord) -> Answer:
    """A commit that only this machine has is lost with it."""
    commit = run.fact("code", "commit")
    pushed = run.fact("code", "pushed")
    if not commit or pushed is None:
        return NOT_APPLICABLE
    if pushed:
        return PASSED
    return Doubt(
        "code.pushed",
        f"only this machine has commit {str(commit)[:_SHORT]}",
        "`git push`, or hand the run on with `tt bundle RUN`",
    )


@rule("code.commit-unreachable", "code", "-WWE", fix="automatic")
def commit_unreachable(run: RunRecord) -> Answer:
    """A commit that was rebased away is removed by git one day; a copy in the store is not.

    Only a deep look can tell whether it was.
    """
    if not run.fact("code", "commit"):
        return NOT_APPLICABLE
    if run.seen is not None and run.seen.commit is not None:
        return _reachable(run, run.seen)
    if run.fact("code", "snapshot", "commit"):
        return PASSED
    return UNKNOWN if run.is_open("code") else NOT_APPLICABLE


def _reachable(run: RunRecord, seen: Seen) -> Answer:
    commit = str(run.fact("code", "commit"))[:_SHORT]
    state = seen.commit.state if seen.commit is not None else "unknown"
    if state in ("unreached", "absent"):
        gone = "no branch leads to" if state == "unreached" else "the repository lost"
        copy = "; the copy in the store is used" if seen.copy_kept else ", and no copy is kept"
        fix = f"`git branch keep-{commit} {commit}` keeps it"
        if state == "absent":
            fix = "`tt code RUN --out FOLDER` writes the copy" if seen.copy_kept else (
                "fetch it from a clone that has it"
            )  # fmt: skip
        return Doubt("code.commit", f"{gone} commit {commit} any more{copy}", fix)
    if run.fact("code", "snapshot", "commit") and not seen.copy_kept:
        return Doubt(
            "code.snapshot",
            "the copy of the code is no longer in the store",
            "`git fetch` it into code.git, or take it from a bundle: `tt unbundle FILE`",
        )
    return PASSED if state == "reached" or seen.copy_kept else NOT_APPLICABLE


@rule("code.entry-missing", "code", "EEEE", fix="proposed")
def entry_missing(run: RunRecord) -> Answer:
    """A run whose script nobody knows cannot be started again."""
    entry = run.fact("code", "entry", "path") or run.fact("modules", "entry", "path")
    script = run.fact("process", "script")
    if entry or script not in (None, *_SCRIPTS) or run.fact("notebook", "path"):
        return PASSED
    if any(run.params.get(name) for name in _ENTRIES):
        return PASSED
    if run.fact("process", "argv") and run.fact("modules", "entry", "kind") in ("stdin", "repl"):
        return Doubt(
            "code.entry",
            "the code was typed in or piped, so no file holds it",
            "put it into a script, or run it with `tt run -- python SCRIPT`",
        )
    return Doubt(
        "code.entry",
        "neither script nor command line is recorded",
        'start it with `tt run -- COMMAND`, or log it: `run.log_params({"script": "train.py"})`',
    )


@rule("code.entry-mismatch", "code", "EEEE", of=("code", "modules"))
def entry_mismatch(run: RunRecord) -> Answer:
    """The script that ran and the one that is kept have to be the same bytes."""
    ran, kept = run.fact("modules", "entry", "sha256"), run.fact("code", "entry", "sha256")
    if not ran or not kept:
        return NOT_APPLICABLE
    if ran == kept:
        return PASSED
    path = run.fact("code", "entry", "path") or "the script"
    return Doubt(
        "code.entry",
        f"{path} was kept in another version than the one that ran",
        "run it again without editing it meanwhile",
    )


@rule("code.submodule-dirty", "code", "IWEE", of=("code",))
def submodule_dirty(run: RunRecord) -> Answer:
    """A submodule's commit does not tell of edits in it."""
    part = run.part("code")
    if part is None:
        return NOT_APPLICABLE
    inner = mappings(part.facts, "submodules")
    dirty_ = [word(entry, "path") for entry in inner if switch(entry, "dirty")]
    if not inner:
        return NOT_APPLICABLE
    if not dirty_ or switch(mapping(part.facts, "snapshot"), "complete"):
        return PASSED  # its files are in the snapshot
    return Doubt(
        "code.submodules",
        f"{_listed(dirty_)} had edits of its own that were not kept",
        "commit inside the submodule before the run",
    )


@rule("code.notebook-order", "code", "IWEW", of=("notebook",))
def notebook_order(run: RunRecord) -> Answer:
    """Cells that ran in another order than they stand give another result from top to bottom."""
    part = run.part("notebook")
    if part is None or not members(part.facts, "cells"):
        return NOT_APPLICABLE
    edited = members(part.facts, "edited")
    if not part.facts.get("out_of_order") and not edited:
        return PASSED
    order = [str(int(n)) for cell in mappings(part.facts, "cells") if (n := number(cell, "n"))]
    what = f"cells ran in the order {', '.join(order[:8])}{' ...' if len(order) > 8 else ''}"
    if not part.facts.get("out_of_order"):
        what = f"{plural(len(edited), 'cell')} changed after running"
    return Doubt("notebook", what, "restart and run all, or turn the notebook into a script")


@rule("code.secret-in-snapshot", "code", "WEEE", fix="automatic", of=("code",))
def secret_in_snapshot(run: RunRecord) -> Answer:
    """A secret in the code leaves with every bundle and every push."""
    part = run.part("code")
    if part is None:
        return NOT_APPLICABLE
    found = mappings(part.facts, "secrets")
    if not found:
        return PASSED
    first = found[0]
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return Doubt(
        "code.secrets",
        f"what looks like a secret ({word(first, 'kind')}) stands in {word(first, 'path')}:"
        f"{word(first, 'line')}{more}; it is left out of bundles",
        "take it out of the file, and make a new one: this one is no secret any more",
    )


def _listed(paths: Sequence[str]) -> str:
    shown = ", ".join(f"`{path}`" for path in paths[:_NAMED])
    return shown if len(paths) <= _NAMED else f"{shown} and {len(paths) - _NAMED} more"


def _named(paths: Sequence[str]) -> str:
    return f": {_listed(paths)}" if paths else ""
