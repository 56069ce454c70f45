"""Whether a source file was edited after the process had read it.

A hash taken at `init` is that of a file which Python may have read a minute earlier: a
long import leaves time for an edit. Python says what it compiled in the head of the
cached file, and of the script itself it is enough that it is younger than the process.

Source: Python, Lib/importlib/_bootstrap_external.py (_code_to_timestamp_pyc);
Linux, Documentation/filesystems/proc.rst (field 22 of /proc/self/stat).
"""

from __future__ import annotations

import os
import struct
import sys
import time

_HEAD = struct.Struct("<4sIII")
_BY_CONTENT = 1
"""A flag in the head: the cached file is checked by a hash, and names no time."""
_SLACK_S = 1.0


def process_start() -> float | None:
    """Return when this process began, in Unix seconds; None where the system does not say."""
    try:
        with open("/proc/self/stat", "rb") as file:
            # The name of the program stands in brackets, and may hold any.
            ticks = int(file.read().rpartition(b")")[2].split()[19])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):
        return None
    return time.time() - age


def is_edited(name: str, mtime_ns: int, size: int, began: float) -> bool:
    """Return whether the file of a module, of that time and size, is not what was imported.

    False also where nothing tells.
    """
    if mtime_ns / 1e9 < began + _SLACK_S:
        return False
    module = sys.modules.get(name)
    spec = getattr(module, "__spec__", None)
    if name == "__main__" and spec is None:
        return True  # a script is read at once, and never cached
    cached = getattr(spec, "cached", None)
    # Where Python cannot write what it compiled, the cached file tells of another time.
    if not cached or sys.dont_write_bytecode or not os.access(cached, os.W_OK):
        return False
    try:
        with open(cached, "rb") as file:
            _, flags, mtime, length = _HEAD.unpack(file.read(_HEAD.size))
    except (OSError, struct.error):
        return False
    if flags & _BY_CONTENT:
        return False
    return (mtime, length) != (mtime_ns // 10**9 & 0xFFFFFFFF, size & 0xFFFFFFFF)
