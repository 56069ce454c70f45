"""What printed logs of real tools say, against what the trainings that printed them kept.

Run with -s to see the figures of each log.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from log_truth import check

from tui_tracker.parsing.result import parse

_SHARED = Path(__file__).parents[2] / "shared" / "data" / "logs"
_LOGS = sorted(_SHARED.glob("*.log"))
needs_shared = pytest.mark.skipif(not _LOGS, reason="the logs of ../shared/data are not here")
_LEAST = 0.98


def _report(path: Path):
    return check(parse([path.read_bytes()]), path.parent / f"{path.stem}.truth.json")


@needs_shared
def test_of_all_values_that_were_printed_nearly_all_are_found_with_name_and_step():
    reports = {path.stem: _report(path) for path in _LOGS}

    for name, report in reports.items():
        print(
            f"{name:16} values {report.found:>3}/{report.wanted:<3} "
            f"params {report.params_found}/{report.params} "
            f"final {report.finals_found}/{report.finals} "
            f"not listed: {', '.join(report.extra) or '-'}"
        )
    wanted = sum(report.wanted for report in reports.values())
    found = sum(report.found for report in reports.values())
    print(f"{'all':16} values {found}/{wanted}, {found / wanted:.2%}")
    assert found / wanted >= _LEAST


@needs_shared
@pytest.mark.parametrize("path", _LOGS, ids=lambda path: path.stem)
def test_a_log_gives_its_params_final_values_files_status_and_gaps(path):
    report = _report(path)

    assert report.wrong == []
    assert (report.params_found, report.finals_found) == (report.params, report.finals)
    assert [said for said in report.said if not said.startswith("axis '(epoch, batch)'")] == []


@needs_shared
@pytest.mark.parametrize("path", _LOGS, ids=lambda path: path.stem)
def test_a_log_in_pieces_of_any_size_says_the_same(path):
    data = path.read_bytes()
    whole = parse([data])

    for size in (1, 7, 1000):
        pieces = parse(data[at : at + size] for at in range(0, len(data), size))

        assert pieces.runs == whole.runs


def _listed(report) -> set[str]:
    counters = ("wps", "ups", "lr", "gnorm", "train_wall", "samples", "batch size", "scale")
    return {
        name
        for name in report.extra
        if not name.endswith((*counters, "iterations", "ppl", "PPL", "(avg)", "best_loss"))
    }


@needs_shared
def test_no_series_is_invented():
    """What the truth does not list is printed all the same: rates, counters, further metrics."""
    others = {path.stem: _listed(_report(path)) for path in _LOGS}

    assert {name: found for name, found in others.items() if found} == {
        "sk_sgd": {"Norm", "Bias", "Avg. loss", "Objective"},
        "tqdm_plain": {"acc"},
    }
