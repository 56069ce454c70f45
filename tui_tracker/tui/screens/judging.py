"""The ways to the audit, to a decision and to a plan, from any screen with runs."""

from __future__ import annotations

from tui_tracker.tui.screens.base import TrackerScreen


class Judging(TrackerScreen, inherit_bindings=False):
    """A screen with runs that can be audited and decided among."""

    def runs_to_judge(self) -> tuple[list[int], str]:
        """Return the runs, and what they have in common in words."""
        raise NotImplementedError

    def asked_in_words(self) -> str:
        """Return the runs as `tt decide` takes them; "" where it cannot name them."""
        return ""

    def action_audit(self) -> None:
        keys, where = self.runs_to_judge()
        if not keys:
            self.say("There is no run here to audit")
            return
        from tui_tracker.tui.screens.audit import AuditScreen

        self.app.push_screen(AuditScreen(keys, where))

    def action_decide(self) -> None:
        keys, where = self.runs_to_judge()
        if not keys:
            self.say("There is no run here to decide among")
            return
        from tui_tracker.tui.screens.decide import DecideScreen

        self.app.push_screen(DecideScreen(keys, where, self.asked_in_words()))

    def action_plan(self) -> None:
        from tui_tracker.tui.screens.plan import PlanScreen

        self.app.push_screen(PlanScreen(self.asked_in_words()))
