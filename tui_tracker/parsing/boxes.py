"""Boxes of names and values, one pair a line, as Stable-Baselines3 and Lightning print them.

    | rollout/           |          |        │     test_acc      │    0.97    │
    |    ep_rew_mean     | 22.1     |        │     test_loss     │    0.11    │
    | time/              |          |
    |    total_timesteps | 2048     |

    Result for PPO_CartPole-v1_00000:                          Ray, RLlib
      episode_reward_mean: 22.1
      training_iteration: 1

A name that ends with a slash leads those below it. The box ends with its border, or with any other
line. A step among the names is the step of all.
"""

from __future__ import annotations

import re

from tui_tracker.parsing.reading import number_of
from tui_tracker.parsing.shapes import NUMBER

_LINE = re.compile(
    r"\s*[|│┃]\s*(?P<name>[A-Za-z_][\w/.@ -]{0,60}?)\s*[|│┃]\s*(?P<value>[^|│┃\s]*)\s*[|│┃]\s*$"
)
_INDENTED = re.compile(r" {2}(?P<name>[A-Za-z_][\w/.]{0,60}): (?P<value>\S+)\s*$")
_MOST = 500


class Box:
    """The pairs of a box that is being printed."""

    def __init__(self, *, is_result: bool = False) -> None:
        self._is_result = is_result
        self.values: dict[str, float | str] = {}
        self.line = 0
        """Of its first pair."""
        self._home = ""

    def take(self, line: int, text: str) -> bool:
        """Return whether a line is a pair of a box, and take it."""
        if self._is_result:
            return self._take_indented(line, text)
        found = _LINE.match(text)
        if found is None or len(self.values) >= _MOST:
            return False
        name, value = found["name"], found["value"]
        if not value and name.endswith("/"):
            self._home = name
        elif NUMBER.fullmatch(value):
            self.line = self.line or line
            indented = text.lstrip()[1:].startswith("    ")
            home = self._home if indented and "/" not in name else ""
            self.values[f"{home}{name}"] = number_of(value)
        else:
            return False
        return True

    def _take_indented(self, line: int, text: str) -> bool:
        if text[0] != " " or len(self.values) >= _MOST:
            return False
        found = _INDENTED.match(text)
        if found is not None and NUMBER.fullmatch(found["value"]):
            self.line = self.line or line
            self.values[found["name"]] = number_of(found["value"])
        return True


def begins_result(text: str) -> bool:
    """Return whether a line begins what Ray prints of an iteration: names and values, indented."""
    return text.startswith("Result for ") and text.rstrip().endswith(":")


def may_be_pair(text: str) -> bool:
    """Return whether a line may be a pair of a box; cheap."""
    return (
        text.lstrip()[:1] in ("|", "│", "┃")
        and text.count("|") + text.count("│") + text.count("┃") == 3
    )
