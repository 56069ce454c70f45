"""The Machine Learning Reproducibility Checklist, version 2.0, in our own words.

Source: Pineau et al., JMLR 22(164), 2021; the checklist of 7 April 2020.
"""

from __future__ import annotations

from tui_tracker.audit.sheets.items import (
    EVALUATION,
    README,
    Answer,
    Evidence,
    Item,
    Subject,
    by_files,
    by_hand,
    by_rules,
    by_theory,
)
from tui_tracker.formatting import format_duration
from tui_tracker.lineage.words import plural


def _runs(subject: Subject) -> Answer:
    rows = [one.record.detail.row for one in subject.audited]
    counts = {status: sum(row.status == status for row in rows) for status in
              ("finished", "failed", "crashed", "killed", "pruned", "running")}  # fmt: skip
    told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    evidence = tuple(Evidence(row.id, "", "status") for row in rows[:6])
    return Answer("yes", f"{plural(len(rows), 'run')}: {told}", evidence)


def _runtime(subject: Subject) -> Answer:
    ended = [one.record.detail.row for one in subject.audited if one.record.detail.row.ended_at]
    if not ended:
        return Answer("no", "no run has ended", add=("let a run end",))
    mean = sum(row.duration_s for row in ended) / len(ended)
    evidence = tuple(Evidence(row.id, "", "duration_s") for row in ended[:6])
    return Answer("yes", f"{format_duration(mean)} on average, {subject.compute()}", evidence)


MLRC: tuple[Item, ...] = (
    Item("models.1", "Is the algorithm or model described?",
         by_hand("describe model and training; `tt show RUN` has model_type and all params")),
    Item("models.2", "Are assumptions explained?", by_hand("state what the method assumes")),
    Item("models.3", "Is complexity told: time, space, samples?",
         by_hand("analyse it; measured times and memory are under `resources`")),
    Item("theory.1", "Are theoretical claims stated clearly?",
         by_theory("if the paper claims a theorem, state it")),
    Item("theory.2", "Are claims proved completely?",
         by_theory("if the paper claims a theorem, prove it")),
    Item("data.1", "Are statistics of the data told, such as the number of examples?",
         by_rules("data.name-missing", "data.version-missing", says=lambda s: s.data())),
    Item("data.2", "Are the splits into train, validation and test told?",
         by_rules("data.split-strategy-missing", "data.split-not-rebuildable",
                  "data.split-overlap", "data.split-mismatch")),
    Item("data.3", "Is told what was left out and how data were prepared?",
         by_hand("write down exclusions and preprocessing, or log them as params")),
    Item("data.4", "Is there a link to the data, or a simulation of them?",
         by_rules("data.unresolvable", "data.hash-missing", also="add a link that stays",
                  needs=("data.name-missing",))),
    Item("data.5", "For new data: is told how they were collected and checked?",
         by_hand("write how new data were collected and how their quality was controlled")),
    Item("code.1", "Are the dependencies specified?",
         by_rules("env.freeze-missing", "env.python-missing", "env.unlockable",
                  "env.lock-unhashed", says=lambda s: s.software())),
    Item("code.2", "Is the training code there?",
         by_rules("code.commit-missing", "code.entry-missing", "code.snapshot-incomplete")),
    Item("code.3", "Is the evaluation code there?",
         by_files("file named for an evaluation", EVALUATION,
                  add="keep the script that evaluates beside the one that trains")),
    Item("code.4", "Are trained models there?",
         by_rules("artifacts.model-missing", "artifacts.lost-or-modified")),
    Item("code.5", "Is there a README with results and the commands that give them?",
         by_files("README", README, add="write one; `tt report EXPERIMENT` makes the table")),
    Item("results.1", "Are ranges, choice and final values of params told?",
         by_rules("params.required-missing", "params.search-undocumented", "params.mutated")),
    Item("results.2", "Is the exact number of training and evaluation runs told?", _runs),
    Item("results.3", "Are the measures defined?",
         by_rules("metrics.main-missing", "metrics.undefined", "metrics.context-missing")),
    Item("results.4", "Are results told with centre and spread?",
         by_rules("seed.too-few", "metrics.uncertainty-missing", "seed.selection")),
    Item("results.5", "Is the average runtime of each result told?", _runtime),
    Item("results.6", "Is the computing infrastructure told?",
         by_rules("env.hardware-missing", says=lambda s: s.machines())),
)  # fmt: skip
