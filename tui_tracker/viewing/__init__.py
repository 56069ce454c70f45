"""Files of a run as people can look at them in a terminal: text, tables, arrays, pictures.

Nothing is read whole but what is small, nothing is run, and no pickle is ever opened. Files
are found by their content hash alone; what a run called them is only a name to show.
"""

from __future__ import annotations

from tui_tracker.viewing.finding import Unreadable, stored_file
from tui_tracker.viewing.kinds import Look, look_at

__all__ = ["Look", "Unreadable", "look_at", "stored_file"]
