"""Processor, memory and their limits, linear algebra libraries and graphics cards.

What differs in the last bits of a result is recorded: equal code, seed and packages gave
four different products of matrices by the kernel that OpenBLAS chose and its threads.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from tui_tracker.capture import blas, gpus

_SIMD: tuple[str, ...] = (
    "sse4_2",
    "avx",
    "avx2",
    "fma",
    "f16c",
    "avx_vnni",
    "neon",
    "asimd",
    "sve",
    "sve2",
)
_SIMD += ("asimddp", "bf16", "i8mm", "avx512", "amx")
_UNLIMITED = 1 << 60
"""What version 1 of cgroups writes for no limit is a little less than 2**63."""


def capture_hardware(root: str = "/") -> tuple[dict[str, object], str]:
    """Return the facts, and why they are not complete ("" where they are)."""
    facts: dict[str, object] = {
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        **processor_facts(root),
        **_limits(root),
    }
    if memory := _memory_bytes():
        facts["memory_bytes"] = memory
    reasons = []
    for capture in (blas.capture_blas, gpus.capture_gpus):
        found, reason = capture(root)
        facts |= found
        reasons += [reason] if reason else []
    return facts, "; ".join(reasons)


def processor_facts(root: str = "/") -> dict[str, object]:
    """Return the processor's name and what it computes with."""
    fields: dict[str, str] = {}
    for line in _read(root, "proc/cpuinfo").splitlines():
        name, colon, value = line.partition(":")
        if not line.strip() and fields:
            break  # the other processors
        if colon:
            fields.setdefault(name.strip(), value.strip())
    names = ("model name", "Hardware", "Processor", "cpu model", "cpu")
    facts: dict[str, object] = {
        "cpu": next((fields[name] for name in names if fields.get(name)), platform.processor())
    }
    flags = sorted(set((fields.get("flags") or fields.get("Features") or "").split()))
    if flags:
        facts["cpu_flags"] = [flag for flag in flags if _is_simd(flag)]
        facts["cpu_flags_sha256"] = sha256(" ".join(flags).encode()).hexdigest()
    return facts


def _is_simd(flag: str) -> bool:
    return flag in _SIMD or flag.startswith(("avx512", "amx", "sve"))


def _limits(root: str) -> dict[str, object]:
    """Return what of processors and memory this process may use, where that is not all."""
    facts: dict[str, object] = {}
    if hasattr(os, "sched_getaffinity"):
        usable = len(os.sched_getaffinity(0))
        if usable != os.cpu_count():
            facts["cores_usable"] = usable
    shares = [share for folder in _groups(root) if (share := _processor_share(folder))]
    if shares:
        facts["cores_limit"] = round(min(shares), 3)
    sizes = [size for folder in _groups(root) if (size := _memory_limit(folder))]
    if sizes:
        facts["memory_limit_bytes"] = min(sizes)
    return facts


def _groups(root: str) -> Iterator[Path]:
    """Yield the folders of the control groups that this process is in, innermost first."""
    base = Path(root, "sys/fs/cgroup")
    for line in _read(root, "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        kinds, _, path = rest.partition(":")
        places = [base, *(base / kind for kind in kinds.split(",") if kind)]
        for place in places:
            inner = place / path.strip("/")
            # Inside a container the path may be the host's, and only the top is there.
            yield from (f for f in (inner, *inner.parents) if f == base or base in f.parents)


def _processor_share(folder: Path) -> float:
    quota, _, period = _text(folder / "cpu.max").partition(" ")
    if not quota:
        quota, period = _text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us")
    return int(quota) / int(period) if quota.isdecimal() and period.isdecimal() else 0.0


def _memory_limit(folder: Path) -> int:
    text = _text(folder / "memory.max") or _text(folder / "memory.limit_in_bytes")
    return int(text) if text.isdecimal() and int(text) < _UNLIMITED else 0


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _read(root: str, path: str) -> str:
    return _text(Path(root, path))
