"""What the README says is what the program does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import tui_tracker as tt

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_tables_of_commands_and_keys_are_those_of_the_code():
    scripts = ROOT / "scripts"
    code = (
        f"import sys; sys.path.insert(0, {str(scripts)!r}); import readme; "
        "text = readme.README.read_text(encoding='utf-8'); "
        "sys.exit(readme.refreshed(text) != text)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert done.returncode == 0, f"run scripts/readme.py\n{done.stderr}"


def test_the_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    monkeypatch.setenv("TUI_TRACKER_STORE", str(tmp_path / "store"))

    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)

    assert len(names["points"]) == 100  # type: ignore[arg-type]


def test_every_public_name_is_in_the_readme():
    missing = [
        name
        for name in tt.__all__
        if f"tt.{name}" not in README and name not in ("Run", "TrackerError")
    ]

    assert missing == []


def test_every_picture_and_page_that_the_readme_links_is_there():
    links = re.findall(r"\]\(([^)#:]+)\)", README)

    missing = [link for link in links if not (ROOT / link).exists()]

    assert links
    assert missing == []


def test_one_line_of_the_readme_installs_and_tests_and_one_shows_the_demo():
    lines = [line for line in README.splitlines() if line.startswith("python3 -m venv ")]

    assert [("pytest" in line, "tt demo" in line) for line in lines] == [
        (False, True),
        (True, False),
    ]
