"""Write the tables of commands and keys into README.md, from the code that knows them.

python scripts/readme.py
"""

from __future__ import annotations

import re
from pathlib import Path

from tui_tracker import cli
from tui_tracker.tui.keys import markdown_table

README = Path(__file__).parent.parent / "README.md"


def commands_table() -> str:
    """Return the commands as a Markdown table."""
    rows = ["| command | what it does |", "| --- | --- |"]
    rows += [f"| `tt {name}` | {text} |" for name, text in cli.COMMANDS.items()]
    return "\n".join(rows)


def refreshed(text: str) -> str:
    """Return the README with its generated parts made anew."""
    parts = {"commands": commands_table(), "keys": markdown_table().strip()}
    for name, table in parts.items():
        text, found = re.subn(
            rf"<!-- {name} -->\n.*?<!-- end of {name} -->",
            lambda _, n=name, t=table: f"<!-- {n} -->\n{t}\n<!-- end of {n} -->",
            text,
            flags=re.DOTALL,
        )
        if found != 1:
            raise SystemExit(f"README.md: expected one '<!-- {name} -->' part, found {found}")
    return text


if __name__ == "__main__":
    README.write_text(refreshed(README.read_text(encoding="utf-8")), encoding="utf-8")
