"""The five things a repository of a paper should have.

Source: Papers with Code, ML Code Completeness Checklist, 2020 (asked in our own words).
"""

from __future__ import annotations

from tui_tracker.audit.sheets.items import EVALUATION, README, Item, by_files, by_rules

COMPLETENESS: tuple[Item, ...] = (
    Item("1", "Are the dependencies specified?",
         by_rules("env.freeze-missing", "env.python-missing", "env.lock-unhashed",
                  says=lambda s: s.software())),
    Item("2", "Is the training code there?",
         by_rules("code.commit-missing", "code.entry-missing", "code.snapshot-incomplete")),
    Item("3", "Is the evaluation code there?",
         by_files("file named for an evaluation", EVALUATION,
                  add="keep the script that evaluates beside the one that trains")),
    Item("4", "Are trained models there?",
         by_rules("artifacts.model-missing", "artifacts.lost-or-modified")),
    Item("5", "Is there a README with a table of results and the commands that give them?",
         by_files("README", README, add="write one; `tt report EXPERIMENT` makes the table")),
)  # fmt: skip
