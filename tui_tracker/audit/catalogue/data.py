"""Rules about data and splits: which bytes, which version, which rows for what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tui_tracker.audit.record import RunRecord
from tui_tracker.audit.rules import NOT_APPLICABLE, PASSED, UNKNOWN, Answer, Doubt, rule
from tui_tracker.facts import mapping, mappings, number, switch, whole, word, words
from tui_tracker.lineage.words import plural, short_digest
from tui_tracker.names.lint import is_pinned

_Check = Callable[[str, str, str], tuple[str, str] | None]
"""Takes name, version and digest of data; returns message and fix where there is a doubt."""

_SPLITTING = ("split_strategy", "split_method", "split", "split.strategy", "cv", "folds", "n_folds")


def splits_of(run: RunRecord) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield name and facts of each split."""
    for name, part in run.parts_of("split"):
        yield name, part.facts


@rule("data.name-missing", "data", "EEEE", fix="proposed")
def name_missing(run: RunRecord) -> Answer:
    """A result without the data it was taken on says nothing."""
    if run.data_names:
        return PASSED
    return Doubt(
        "data.name",
        "no data set is recorded",
        'declare it: `run.log_data("name", path="data/train.csv", version="v2025-05-01")`',
    )


@rule("data.version-missing", "data", "EEEE", fix="automatic")
def version_missing(run: RunRecord) -> Answer:
    """Data change; without a version or a digest nobody knows which state was used."""
    return _each(
        run,
        lambda name, version, digest: (
            None
            if version or digest
            else (
                f"neither version nor content hash of data {name!r} is recorded",
                f'`run.log_data("{name}", path=..., version="v2025-05-01")` hashes the bytes, too',
            )
        ),
        "version",
    )


@rule("data.version-mutable", "data", "WEEE", fix="proposed")
def version_mutable(run: RunRecord) -> Answer:
    """A version such as `latest` is another one tomorrow."""

    def check(name: str, version: str, digest: str) -> tuple[str, str] | None:
        if not version or is_pinned(version):
            return None
        today = f"; it was {short_digest(digest)} in this run" if digest else ""
        return (
            f"version {version!r} of data {name!r} does not pin the data{today}",
            "name the version by its date (v2025-05-01), its number or its digest",
        )

    if not any(version for _, version, _ in run.data_versions):
        return NOT_APPLICABLE
    return _each(run, check, "version")


@rule("data.hash-missing", "data", "WWEE", fix="automatic")
def hash_missing(run: RunRecord) -> Answer:
    """A label alone cannot show that the bytes are still the same."""
    if any(part.status == "pending" for _, part in run.parts_of("data")):
        return UNKNOWN
    return _each(
        run,
        lambda name, version, digest: (
            None
            if digest or not version
            else (
                f"data {name!r} has the label {version!r} only, so its bytes cannot be verified",
                f'give the files or the table: `run.log_data("{name}", path=...)`',
            )
        ),
        "digest",
    )


@rule("data.hash-partial", "data", "-IWE", fix="automatic")
def hash_partial(run: RunRecord) -> Answer:
    """A digest of some of the bytes misses changes in the others."""
    known = [part.facts for _, part in run.parts_of("data") if word(part.facts, "digest")]
    if not known:
        return NOT_APPLICABLE
    for facts in known:
        if word(facts, "digest").startswith("sample:") or switch(facts, "full") is False:
            return Doubt(
                f"data:{word(facts, 'name')}.digest",
                f"the digest of {word(facts, 'name')!r} covers only some of its bytes",
                "raise the limit, `TUI_TRACKER_FULL_HASH_LIMIT=200GB`, and run again",
            )
    return PASSED


@rule("data.changed-during-run", "data", "EEEE")
def changed_during_run(run: RunRecord) -> Answer:
    """Data that were rewritten while they were read were two versions at once."""
    known = [part.facts for _, part in run.parts_of("data") if "digest" in part.facts]
    if not known:
        return NOT_APPLICABLE
    for facts in known:
        changed = words(facts, "changed")
        if changed:
            more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
            return Doubt(
                f"data:{word(facts, 'name')}",
                f"`{changed[0]}`{more} of {word(facts, 'name')!r} was rewritten while the run "
                "was active",
                "write new data under a new name, and run again",
            )
    return PASSED


@rule("data.version-drift", "data", "WEEE", scope="store")
def version_drift(runs: Sequence[RunRecord]) -> list[tuple[int, Doubt]]:
    """One name and version have to mean the same bytes in every run."""
    digests: dict[tuple[str, str], dict[str, list[int]]] = {}
    for run in runs:
        for name, version, digest in run.data_versions:
            if version and digest:
                digests.setdefault((name, version), {}).setdefault(digest, []).append(run.key)
    found = []
    for (name, version), by_digest in digests.items():
        if len(by_digest) < 2:
            continue
        doubt = Doubt(
            f"data:{name}.version",
            f"version {version!r} of {name!r} has more than one content in this store",
            "give every content a version of its own",
        )
        found += [(key, doubt) for keys in by_digest.values() for key in keys]
    return found


@rule("data.unrecorded-read", "data", "-IWW", fix="proposed", of=("reads",))
def unrecorded_read(run: RunRecord) -> Answer:
    """Files that were read and never declared are part of what the run depends on."""
    reads = run.part("reads")
    if reads is None:
        return NOT_APPLICABLE
    folders = mapping(reads.facts, "folders")
    count = sum(whole(mapping(folders, path), "files") or 0 for path in folders)
    if not count:
        return PASSED
    where = next(iter(folders))
    return Doubt(
        "reads",
        f"{plural(count, 'data file')} in `{where}`{' and elsewhere' if len(folders) > 1 else ''} "
        f"{'was' if count == 1 else 'were'} read and never declared",
        f'declare it: `run.log_data("name", path="{where}")`',
    )


@rule("data.split-strategy-missing", "data", "WEEE", fix="proposed")
def split_strategy_missing(run: RunRecord) -> Answer:
    """Which rows were held out decides what a score means."""
    if any(splits_of(run)) or any(name in run.params for name in _SPLITTING):
        return PASSED
    return Doubt(
        "split",
        "how the data were split into train, validation and test is not recorded",
        "split with `tt.split(n, val=0.2, test=0.1, seed=0)`, or log it: "
        "`run.log_split(train=..., val=..., test=...)`",
    )


@rule("data.split-not-rebuildable", "data", "WEEE", fix="proposed")
def split_not_rebuildable(run: RunRecord) -> Answer:
    """Without the indices or the whole recipe the same rows cannot be held out again."""
    found = list(splits_of(run))
    if not found:
        named = [name for name in _SPLITTING if name in run.params]
        if not named:
            return NOT_APPLICABLE
        return Doubt(
            f"params.{named[0]}",
            f"the split is told by the param {named[0]!r} alone, and its rows are not saved",
            "save the rows: `run.log_split(train=..., val=..., test=...)`",
        )
    for name, facts in found:
        recipe = word(facts, "splitter") and facts.get("seed") is not None
        if not (facts.get("indices") or facts.get("hash") or recipe):
            return Doubt(
                f"split:{name}",
                f"the rows of the split {name!r} are not saved, nor how to draw them again",
                "save the rows: `run.log_split(train=..., val=..., test=...)`",
            )
    return PASSED


@rule("data.split-mismatch", "data", "WEEE", scope="experiment")
def split_mismatch(runs: Sequence[RunRecord]) -> list[tuple[int, Doubt]]:
    """Scores on different rows do not compare."""
    hashes: dict[str, dict[str, list[RunRecord]]] = {}
    for run in runs:
        for name, facts in splits_of(run):
            if digest := word(facts, "hash"):
                hashes.setdefault(name, {}).setdefault(digest, []).append(run)
    found = []
    for name, by_hash in hashes.items():
        if len(by_hash) < 2:
            continue
        usual = max(by_hash, key=lambda digest: (len(by_hash[digest]), digest))
        first = by_hash[usual][0].detail.row.name
        for digest, members in by_hash.items():
            doubt = Doubt(
                f"split:{name}",
                f"the split {name!r} is {short_digest(digest)} here and {short_digest(usual)} in "
                f"{first!r}, so their scores do not compare",
                "give all runs of the experiment one split, with one seed of its own",
            )
            found += [(run.key, doubt) for run in members if digest != usual]
    return found


@rule("data.split-overlap", "data", "EEEE")
def split_overlap(run: RunRecord) -> Answer:
    """Rows that were trained on and tested on make any score too good."""
    return _leaks(run, ("overlap",), "row", "leave the rows out of one of them")


@rule("data.split-leak-declared", "data", "WWEE")
def split_leak_declared(run: RunRecord) -> Answer:
    """A group on both sides, or a future that was trained on, leaks what is to be predicted."""
    if not any("group_leak" in facts or "time_leak" in facts for _, facts in splits_of(run)):
        return NOT_APPLICABLE
    remedy = "split by them: `tt.split(n, groups=...)` or `tt.split(n, time=...)`"
    return _leaks(run, ("group_leak", "time_leak"), "group", remedy)


@rule("data.unresolvable", "data", "-IWW", fix="proposed")
def unresolvable(run: RunRecord) -> Answer:
    """Data that could not be read while the run was active cannot be found again either.

    A deep look also tells of data that are gone or differ by now.
    """
    for name, (mark, why) in (run.seen.data if run.seen is not None else {}).items():
        gone = "is gone" if mark == "missing" else "is another one now"
        return Doubt(
            f"data:{name}",
            f"data {name!r} {gone}: {why}",
            "bring the recorded version back, or say where it is: "
            "`tt reproduce RUN --data-map OLD=NEW`",
        )
    for name, part in run.parts_of("data"):
        if part.status == "failed":
            return Doubt(
                f"data:{name}",
                f"data {name!r} could not be read: {part.reason}",
                f'give a path that exists: `run.log_data("{name}", path=...)`',
            )
        if problems := mappings(part.facts, "problems"):
            count = int(number(part.facts, "problem_count") or len(problems))
            return Doubt(
                f"data:{name}",
                f"{plural(count, 'file')} of {name!r} could not be read, such as "
                f"`{word(problems[0], 'path')}`",
                "see to its permissions, and run again",
            )
    return PASSED if any(run.parts_of("data")) else NOT_APPLICABLE


@rule("data.licence-missing", "data", "--WW")
def licence_missing(run: RunRecord) -> Answer:
    """Who hands a model on has to know what the data allow."""
    if not run.data_names:
        return NOT_APPLICABLE
    said = any("licen" in name.lower() for name in run.params) or any(
        word(part.facts, "licence") or word(part.facts, "license")
        for _, part in run.parts_of("data")
    )
    if said or run.tag("licence") or run.tag("license"):
        return PASSED
    return Doubt(
        "data.licence",
        f"no licence of data {run.data_names[0]!r} is recorded",
        "tag the run: `tt tag RUN licence:CC-BY-4.0`",
    )


def _each(run: RunRecord, check: _Check, field: str) -> Answer:
    """Return the first doubt about one of the run's data sets."""
    known = run.data_versions
    if not known:
        return NOT_APPLICABLE
    for name, version, digest in known:
        told = check(name, version, digest)
        if told is not None:
            return Doubt(f"data:{name}.{field}" if name else f"data.{field}", *told)
    return PASSED


def _leaks(run: RunRecord, fields: Sequence[str], what: str, remedy: str) -> Answer:
    found = list(splits_of(run))
    if not found:
        return NOT_APPLICABLE
    for name, facts in found:
        for field in fields:
            counts = mapping(facts, field)
            for pair in counts:
                if count := whole(counts, pair):
                    told = _leak(field, pair, count, what)
                    return Doubt(f"split:{name}", f"{told} of the split {name!r}", remedy)
    return PASSED


def _leak(field: str, pair: str, count: int, what: str) -> str:
    first, _, second = pair.partition("/")
    if field == "time_leak":
        rows = plural(count, f"{first} row")
        return f"{rows} {'lies' if count == 1 else 'lie'} later in time than the first of {second}"
    return f"{plural(count, what)} {'is' if count == 1 else 'are'} in both {first} and {second}"
