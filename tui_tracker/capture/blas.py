"""Which linear algebra libraries compute, with which kernel and how many threads.

numpy is imported for it, in the helper process and under a time limit: the kernel is
chosen when the library is loaded. The helper has the training's variables, so it loads
the same library in the same way.

Source: joblib/threadpoolctl (names of OpenBLAS's functions in the wheels of numpy and scipy).
"""

from __future__ import annotations

import ctypes
import os
from importlib.util import find_spec

from tui_tracker.capture.limits import TimedOut, time_limit

_LIMIT_S = 4.0


def capture_blas(root: str = "/") -> tuple[dict[str, object], str]:
    """Return `blas` and `threads`, and why that may not be all."""
    if find_spec("numpy") is None:
        return {}, ""
    try:
        with time_limit(_LIMIT_S):
            _load()
            libraries = _by_threadpoolctl() or _by_maps(root) or _by_configuration()
    except TimedOut:
        return {}, f"numpy was not loaded within {_LIMIT_S:.0f} s"
    except Exception as error:  # noqa: BLE001  an installation may be broken in any way
        return {}, f"numpy could not be asked ({type(error).__name__})"
    if not libraries:
        return {}, ""
    threads = {str(entry["lib"]): entry["threads"] for entry in libraries if "threads" in entry}
    return {"blas": libraries, **({"threads": threads} if threads else {})}, ""


def _load() -> None:
    import numpy as np  # type: ignore[import-not-found,unused-ignore]

    np.dot(np.ones((2, 2)), np.ones((2, 2)))
    if find_spec("scipy") is not None:
        import scipy.linalg  # type: ignore[import-not-found,import-untyped,unused-ignore] # noqa: F401


def _by_threadpoolctl() -> list[dict[str, object]]:
    try:
        import threadpoolctl  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        return []
    found = []
    for entry in threadpoolctl.threadpool_info():
        facts = {
            "lib": entry.get("internal_api"),
            "version": entry.get("version"),
            "threads": entry.get("num_threads"),
            "architecture": entry.get("architecture"),
            "threading": entry.get("threading_layer"),
            "file": os.path.basename(str(entry.get("filepath", ""))),
        }
        found.append({key: value for key, value in facts.items() if value is not None})
    return sorted(found, key=lambda facts: str(facts["file"]))


def _by_maps(root: str) -> list[dict[str, object]]:
    """Return the OpenBLAS libraries that are loaded, asked by their own functions."""
    paths: set[str] = set()
    try:
        with open(os.path.join(root, "proc/self/maps"), encoding="utf-8") as file:
            paths = {line.split(None, 5)[-1].strip() for line in file if "openblas" in line}
    except OSError:
        return []
    return [facts for path in sorted(paths) if (facts := _ask_openblas(path))]


def _ask_openblas(path: str) -> dict[str, object]:
    library = ctypes.CDLL(path)
    for before in ("scipy_", ""):
        for after in ("64_", "_64", ""):
            core = getattr(library, f"{before}openblas_get_corename{after}", None)
            if core is None:
                continue
            config = getattr(library, f"{before}openblas_get_config{after}")
            core.restype = config.restype = ctypes.c_char_p
            threads = getattr(library, f"{before}openblas_get_num_threads{after}")
            words = (config() or b"").decode("utf-8", "replace").split()
            return {
                "lib": "openblas",
                "version": words[1] if words[:1] == ["OpenBLAS"] else "",
                "threads": threads(),
                "architecture": (core() or b"").decode("utf-8", "replace"),
                "file": os.path.basename(path),
            }
    return {}


def _by_configuration() -> list[dict[str, object]]:
    """Return what numpy was built against, where the library itself does not answer."""
    import numpy as np  # type: ignore[import-not-found,unused-ignore]

    said = np.show_config(mode="dicts")
    built = said.get("Build Dependencies", {}).get("blas", {}) if isinstance(said, dict) else {}
    facts = {"lib": built.get("name"), "version": built.get("version")}
    found = {key: str(value) for key, value in facts.items() if value}
    return [{**found, "asked": "numpy's build"}] if found else []
