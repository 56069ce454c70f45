"""Packages, system, processor, memory and graphics cards, as the helper process sees them."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata


def capture_environment() -> dict[str, object]:
    """Return the Python build, the system, and every installed distribution's version."""
    packages: dict[str, str] = {}
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"]
        if name:
            packages.setdefault(name, distribution.version)
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "build": " ".join(platform.python_build()),
        "compiler": platform.python_compiler(),
        "prefix": sys.prefix,
        "virtual_environment": sys.prefix != sys.base_prefix,
        "system": platform.platform(),
        "packages": dict(sorted(packages.items(), key=lambda item: item[0].lower())),
    }


def capture_hardware() -> dict[str, object]:
    """Return processor, cores, memory in bytes, and the graphics cards where there are any."""
    facts: dict[str, object] = {
        "machine": platform.machine(),
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "memory_bytes": _memory_bytes(),
    }
    if gpus := _gpus():
        facts["gpus"] = gpus
    return facts


def _cpu_name() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith(("model name", "Hardware", "Processor")):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor()


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _gpus() -> list[dict[str, str]]:
    """Return name, memory and driver of each NVIDIA card; [] without its tool.

    Raises:
        subprocess.SubprocessError: the tool is there and fails.
    """
    if not shutil.which("nvidia-smi"):
        return []
    fields = ("name", "memory.total", "driver_version")
    query = f"--query-gpu={','.join(fields)}"
    output = subprocess.run(
        ["nvidia-smi", query, "--format=csv,noheader"],
        capture_output=True,
        text=True,
        timeout=5,
        check=True,
        stdin=subprocess.DEVNULL,
    ).stdout
    rows = [line.split(", ") for line in output.splitlines() if line.strip()]
    return [dict(zip(("name", "memory", "driver"), row, strict=False)) for row in rows]
