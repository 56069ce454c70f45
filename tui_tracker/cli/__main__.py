"""`python -m tui_tracker.cli` is `tt`."""

from __future__ import annotations

import sys

from tui_tracker.cli import main

if __name__ == "__main__":
    sys.exit(main())
