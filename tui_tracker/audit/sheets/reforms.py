"""REFORMS, modules 2 (reproducibility), 6 (leakage) and 7 (metrics), in our own words.

Source: Kapoor et al., REFORMS: Consensus-based Recommendations for Machine-learning-based
Science, Science Advances 10(18), 2024.
"""

from __future__ import annotations

from tui_tracker.audit.sheets.items import (
    README,
    Answer,
    Evidence,
    Item,
    Subject,
    by_files,
    by_hand,
    by_rules,
)


def _again(subject: Subject) -> Answer:
    """Say how far runs were had again; the command that does it is there for every run."""
    proofs = [one.record.detail.proof for one in subject.audited]
    told = [proof.level for proof in proofs if proof is not None and proof.level != "L0"]
    names = [one.record.detail.row.name for one in subject.audited]
    if not told:
        add = f"`tt reproduce {names[0]}` makes it again and grades what comes out"
        return Answer("partly", "`tt reproduce RUN` is there, and was not tried yet", add=(add,))
    evidence = tuple(
        Evidence(one.record.detail.row.id, "run.unverified", "proof")
        for one in subject.audited
        if one.record.detail.proof is not None
    )
    why = f"{len(told)} of {len(proofs)} runs were had again, to {max(told)} at best"
    return Answer("yes" if len(told) == len(proofs) else "partly", why, evidence[:6])


def _tests(subject: Subject) -> Answer:
    if subject.decisions:
        rule = subject.decisions[0]
        evidence = tuple(
            Evidence(one.record.detail.row.id, "", "decision") for one in subject.audited[:3]
        )
        return Answer("yes", f"decided by {rule!r}, whose record tells the test", evidence)
    add = '`tt decide EXPERIMENT "RULE"` tests the difference of winner and runner-up'
    return Answer("no", "no decision with its test is recorded", add=(add,))


REFORMS: tuple[Item, ...] = (
    Item("2a", "Is the data set that was used there for others?",
         by_rules("data.name-missing", "data.version-missing", "data.unresolvable",
                  "data.hash-missing", says=lambda s: s.data(), also="cite it with a link")),
    Item("2b", "Is the code there, at the version that gave the results?",
         by_rules("code.commit-missing", "code.snapshot-incomplete", "code.commit-unpushed",
                  "code.entry-mismatch")),
    Item("2c", "Is the computing environment told?",
         by_rules("env.python-missing", "env.freeze-missing", "env.hardware-missing",
                  says=lambda s: "; ".join(w for w in (s.software(), s.machines()) if w))),
    Item("2d", "Is there a README that says how to use them?",
         by_files("README", README, add="write one with the commands that give the results")),
    Item("2e", "Is there a script that gives all results again?", _again),
    Item("6a", "Were train and test data kept apart through all steps?",
         by_rules("data.split-overlap", "data.split-strategy-missing", "metrics.test-selection",
                  "data.split-mismatch")),
    Item("6b", "Is the test data free of duplicates and relatives of train data?",
         by_rules("data.split-leak-declared", "data.split-overlap",
                  needs=("data.split-strategy-missing",),
                  also="split by the groups or times that rows share: `tt.split(n, groups=...)`")),
    Item("6c", "May every feature be used: none stands for the target?",
         by_hand("argue for each feature that it is known before the target is")),
    Item("7a", "Is told which metrics are used, and why those?",
         by_rules("metrics.main-missing", "metrics.undefined", "metrics.context-missing",
                  also="say why this metric fits the question")),
    Item("7b", "Is uncertainty told, and how it was computed?",
         by_rules("metrics.uncertainty-missing", "seed.too-few", "seed.selection")),
    Item("7c", "Are the statistical tests fit for the comparison?", _tests),
)  # fmt: skip
