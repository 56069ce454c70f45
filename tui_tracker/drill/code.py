"""Which commit ran: by the script's bytes in the history, and by where HEAD was."""

from __future__ import annotations

from collections.abc import Sequence

from tui_tracker.audit.amendments import Confidence
from tui_tracker.drill.case import SHORT, Case
from tui_tracker.drill.recipes import Answers, recipe
from tui_tracker.drill.repository import Commit, HeadEntry, Repository
from tui_tracker.facts import mappings, word
from tui_tracker.formatting import format_time
from tui_tracker.lineage.words import plural

_MOST_MODULES = 50


@recipe("code.commit-missing")
def commit(case: Case) -> Answers:
    """Search the history for the script that ran, and the reflog for the time of the start."""
    part = case.record.parts.get("code")
    if part is not None and (told := word(part.facts, "commit")):
        why = f"noted at the start; the capture of the code was {part.status}"
        yield case.propose("code.commit", told, why, "certain")
        return
    repository = case.repository
    if repository is None:
        place = case.cwd or "the folder it was started in, which is not recorded"
        yield f"no repository is found: looked at {place}"
        return
    path, digest = case.entry
    head = repository.head_at(case.start)
    if not path or not digest:
        yield from _by_reflog_alone(case, head)
        return
    commits = repository.commits_before(case.start)
    ids = [one.id for one in commits]
    if head is not None and head.commit not in ids:
        ids.append(head.commit)
    holding = repository.holding(ids, path, digest)
    if head is not None:
        yield from _by_head(case, repository, head, holding)
    elif holding:
        known = [one for one in commits if one.id in holding]
        yield from _by_content(case, repository, known, holding)
    else:
        yield (
            f"none of the {plural(len(ids), 'commit')} before the start holds the `{path}` that ran"
        )


def _by_reflog_alone(case: Case, head: HeadEntry | None) -> Answers:
    if head is None:
        yield "the script's hash is not recorded, and no reflog reaches back to the start"
        return
    told = (
        f"HEAD was at {head.commit[:SHORT]} since {format_time(head.since)}; the script's hash is "
        "not recorded, so nothing confirms it"
    )
    yield case.propose("code.commit", head.commit, told, "likely")


def _by_head(
    case: Case, repository: Repository, head: HeadEntry, holding: dict[str, str]
) -> Answers:
    path, _ = case.entry
    said = f"HEAD was at {head.commit[:SHORT]} since {format_time(head.since)} by the reflog"
    wrong = _modules_apart(case, repository, head.commit)
    if head.commit in holding and not wrong:
        blob = holding[head.commit][:SHORT]
        also = f", as are {plural(len(case.modules), 'module')}" if len(case.modules) > 1 else ""
        told = f"{said}, and its `{path}` is the one that ran (blob {blob}){also}"
        yield case.propose("code.commit", head.commit, told, "certain")
        return
    other = path if head.commit not in holding else wrong[0]
    told = f"{said}; its `{other}` is another than the one that ran: it was edited, not committed"
    yield case.propose("code.commit", head.commit, told, "likely")
    told = f"the `{other}` that ran is not the one of {head.commit[:SHORT]}"
    yield case.propose("code.dirty", True, told, "likely")


def _by_content(
    case: Case, repository: Repository, commits: Sequence[Commit], holding: dict[str, str]
) -> Answers:
    """Propose the commit that holds all files that ran; the newest where several do."""
    path, _ = case.entry
    whole = _with_all_modules(case, repository, commits)
    chosen = (whole or list(commits))[0]
    blob = holding[chosen.id]
    told = (
        f"`{path}` of {chosen.id[:SHORT]} ({format_time(chosen.at)}) is the one that ran "
        f"(git log --all --find-object={blob[:SHORT]})"
    )
    confidence: Confidence = "likely" if len(whole) == 1 else "guess"
    if len(whole) != 1:
        told += f"; so is that of {plural(len(commits) - 1, 'other commit')}, this is the newest"
    yield case.propose("code.commit", chosen.id, told, confidence)


def _modules_apart(case: Case, repository: Repository, commit: str) -> list[str]:
    """Return the imported files that a commit has with another content, or not at all."""
    apart = []
    for path, digest in _inside(case):
        if commit not in repository.holding([commit], path, digest):
            apart.append(path)
    return apart


def _with_all_modules(
    case: Case, repository: Repository, commits: Sequence[Commit]
) -> list[Commit]:
    """Return those commits that have all imported files as they ran."""
    left = list(commits)
    # A file at a time for all commits at once: git is started a few times, not once a commit.
    for path, digest in _inside(case):
        holding = repository.holding([one.id for one in left], path, digest)
        left = [one for one in left if one.id in holding]
    return left


def _inside(case: Case) -> list[tuple[str, str]]:
    """Return path and hash of imported files below the top, so many at most."""
    inside = [(p, d) for p, d in case.modules.items() if not p.startswith(("/", "~", ".."))]
    return inside[:_MOST_MODULES]


@recipe("code.dirty-unknown")
def dirty(case: Case) -> Answers:
    """Compare the kept files with those of the commit."""
    record, repository = case.record, case.repository
    tree = str(record.fact("code", "snapshot", "tree") or "")
    if repository is None or not case.commit:
        yield "there is no repository to compare with"
        return
    path, digest = case.entry
    apart = _modules_apart(case, repository, case.commit)
    if path and digest and case.commit not in repository.holding([case.commit], path, digest):
        apart.insert(0, path)
    if apart:
        told = f"the `{apart[0]}` that ran is not the one of commit {case.commit[:SHORT]}"
        yield case.propose("code.dirty", True, told, "certain")
    elif path and digest:
        told = (
            f"`{path}` and {plural(len(case.modules), 'imported file')} are those of commit "
            f"{case.commit[:SHORT]}; other files were not compared"
        )
        yield case.propose("code.dirty", False, told, "guess")
    else:
        yield f"no file that ran has a recorded hash{', only a tree' if tree else ''}"


@recipe("code.entry-missing")
def entry(case: Case) -> Answers:
    """Read the script from the command line."""
    for said in case.argv[1:] or case.argv:
        if said.endswith(".py") and not said.startswith("-"):
            told = f"the command line: {' '.join(case.argv)[:120]}"
            yield case.propose("code.entry.path", said, told, "certain")
            return
    part = case.record.part("modules")
    for module in mappings(part.facts, "modules") if part is not None else ():
        if word(module, "name") == "__main__" and word(module, "path"):
            told = "the process had it as its module `__main__`"
            yield case.propose("code.entry.path", word(module, "path"), told, "certain")
            return
    yield "neither the command line nor a module `__main__` is recorded"
