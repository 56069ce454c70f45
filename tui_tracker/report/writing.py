"""A whole page from a store, in the format that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from tui_tracker.plan.plan import Plan
from tui_tracker.report.blocks import Page
from tui_tracker.report.findings import read_findings
from tui_tracker.report.html import to_html
from tui_tracker.report.latex import to_latex
from tui_tracker.report.markdown import to_markdown
from tui_tracker.report.pictures import draw
from tui_tracker.report.sections import make_page
from tui_tracker.store import Store

Format = Literal["md", "html", "tex"]
FORMATS: tuple[Format, ...] = get_args(Format)
_WRITERS = {"md": to_markdown, "html": to_html, "tex": to_latex}


def report(
    store: Store,
    experiment: str,
    format: Format,
    *,
    rule: str = "",
    plan: Plan | None = None,
    project: Path | None = None,
) -> str:
    """Return the page about an experiment; the same store gives the same text.

    Raises:
        NotFound: there is no such experiment.
        RuleInvalid: the rule cannot be read.
    """
    found = read_findings(store, experiment, rule=rule, plan=plan, project=project)
    return write(make_page(found, draw(store, found)), format)


def write(page: Page, format: Format) -> str:
    """Return a page in a format."""
    return _WRITERS[format](page)
