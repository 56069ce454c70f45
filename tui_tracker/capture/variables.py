"""The environment variables that change what a training computes, and no others.

A list of what is allowed, because nobody can list all that is secret; where both could
be said of a name, the secret wins.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = frozenset(
    "PYTHONHASHSEED PYTHONPATH PYTHONOPTIMIZE PYTHONUTF8 CUDA_VISIBLE_DEVICES CUDA_DEVICE_ORDER "
    "CUDA_LAUNCH_BLOCKING CUBLAS_WORKSPACE_CONFIG NVIDIA_TF32_OVERRIDE NVIDIA_VISIBLE_DEVICES "
    "HIP_VISIBLE_DEVICES ROCR_VISIBLE_DEVICES TF_DETERMINISTIC_OPS TF_CUDNN_DETERMINISTIC "
    "TF_ENABLE_ONEDNN_OPTS XLA_FLAGS MKL_NUM_THREADS MKL_CBWR MKL_DYNAMIC BLIS_NUM_THREADS "
    "VECLIB_MAXIMUM_THREADS ATEN_CPU_CAPABILITY NPY_DISABLE_CPU_FEATURES "
    "LD_LIBRARY_PATH LD_PRELOAD DYLD_LIBRARY_PATH MALLOC_CONF VIRTUAL_ENV CONDA_DEFAULT_ENV "
    "CONDA_PREFIX LANG LC_ALL LC_CTYPE TZ HF_DATASETS_OFFLINE HF_HUB_OFFLINE "
    "TRANSFORMERS_OFFLINE".split()
)
_PREFIXES: tuple[str, ...] = (
    "TORCH_",
    "PYTORCH_",
    "JAX_",
    "OMP_",
    "OPENBLAS_",
    "NUMEXPR_",
    "KMP_",
    "GOMP_",
)
_PREFIXES += ("NCCL_", "XLA_PYTHON_", "NUMBA_", "POLARS_MAX_", "RAYON_")
_DENIED = ("KEY", "TOKEN", "SECRET", "PASS", "CRED", "AUTH")


def capture_variables(environ: Mapping[str, str] | None = None) -> dict[str, object]:
    """Return `{"variables": {name: value}}`; the home folder reads `~`."""
    from tui_tracker.capture.process import shorten_home
    from tui_tracker.capture.redaction import redact_text

    found = {
        name: redact_text(shorten_home(value))
        for name, value in sorted((os.environ if environ is None else environ).items())
        if is_recorded(name)
    }
    return {"variables": found}


def is_recorded(name: str) -> bool:
    """Return whether a variable of this name is recorded."""
    upper = name.upper()
    allowed = upper in _NAMES or upper.startswith(_PREFIXES)
    return allowed and not any(word in upper for word in _DENIED)
