"""Textual without the parts that this app never asks for, which are a sixth of its import.

Its own command palette (we have one), the sockets' encryption that asyncio would load, and
folders for downloads. While Textual is imported empty modules stand in their places;
afterwards they are gone, so whoever imports the real ones gets them.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

_NAMES = {
    "textual.command": (
        *("CommandListItem", "CommandPalette", "Provider", "SimpleProvider"),
        *("DiscoveryHit", "Hit", "Hits"),
    ),
    "platformdirs": ("user_downloads_path",),
}
"""Modules, and the names that Textual's app takes from them but never calls for us."""
_ABSENT = ("ssl",)
"""Modules whose absence the importers provide for."""


def import_textual() -> None:
    """Import Textual's app; whole, where another version of it needs what is left out."""
    if "textual.app" in sys.modules:
        return
    held = _stand_in()
    try:
        importlib.import_module("textual.app")
    except (ImportError, AttributeError):
        for name in [name for name in sys.modules if name.split(".")[0] == "textual"]:
            del sys.modules[name]
        _step_aside(held)
        importlib.import_module("textual.app")
    finally:
        _step_aside(held)


def _stand_in() -> dict[str, ModuleType | None]:
    """Put empty modules in their places; return them by name."""
    held: dict[str, ModuleType | None] = {}
    for name, needed in _NAMES.items():
        if name not in sys.modules:
            module = ModuleType(name)
            for attribute in needed:
                setattr(module, attribute, type(attribute, (), {}))
            held[name] = sys.modules[name] = module
    for name in _ABSENT:
        if name not in sys.modules:
            held[name] = sys.modules[name] = None  # type: ignore[assignment]
    return held


def _step_aside(held: dict[str, ModuleType | None]) -> None:
    """Take away what still stands where it was put."""
    for name, module in held.items():
        if name in sys.modules and sys.modules[name] is module:
            del sys.modules[name]
