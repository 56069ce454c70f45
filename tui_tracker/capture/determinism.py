"""What decides whether equal seeds give equal numbers: the switches of the libraries.

A library is asked only where the process imported it already, and each of its switches
on its own: one that a release renamed is left out, and the others stay.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_VARIABLES = (
    *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
    *("VECLIB_MAXIMUM_THREADS", "RAYON_NUM_THREADS", "POLARS_MAX_THREADS"),
    *("CUBLAS_WORKSPACE_CONFIG", "TF_DETERMINISTIC_OPS", "TF_CUDNN_DETERMINISTIC"),
)


def flags() -> dict[str, object]:
    """Return the switches as they stand now, by library."""
    found: dict[str, object] = {"python": _python()}
    for name, ask in (("torch", _torch), ("tensorflow", _tensorflow), ("jax", _jax)):
        module = sys.modules.get(name)
        # One that is half imported has not all of its parts yet.
        if module is not None and not _is_importing(module) and (facts := ask(module)):
            found[name] = facts
    if said := {name: os.environ[name] for name in _VARIABLES if name in os.environ}:
        found["variables"] = said
    return found


def hash_seed() -> str | None:
    """Return the PYTHONHASHSEED that this process was started with, None without one.

    What a script sets later reaches its child processes only.
    """
    if "PYTHONHASHSEED" not in os.environ:
        return None
    try:
        with open("/proc/self/environ", "rb") as file:
            first = file.read().split(b"\0")
    except OSError:  # another system, where the environment as it is now has to do
        return os.environ.get("PYTHONHASHSEED")
    for line in first:
        if line.startswith(b"PYTHONHASHSEED="):
            return os.fsdecode(line[15:]) or None
    return None


def _python() -> dict[str, object]:
    facts: dict[str, object] = {"hash_randomization": bool(sys.flags.hash_randomization)}
    if (first := hash_seed()) is not None:
        facts["hash_seed"] = first
    if (now := os.environ.get("PYTHONHASHSEED")) not in (None, first):
        facts["hash_seed_of_children"] = now
    return facts


def _torch(torch: Any) -> dict[str, object]:
    backends = torch.backends
    facts = _ask(
        deterministic_algorithms=torch.are_deterministic_algorithms_enabled,
        warn_only=torch.is_deterministic_algorithms_warn_only_enabled,
        cudnn_deterministic=lambda: backends.cudnn.deterministic,
        cudnn_benchmark=lambda: backends.cudnn.benchmark,
        cudnn_allow_tf32=lambda: backends.cudnn.allow_tf32,
        matmul_allow_tf32=lambda: backends.cuda.matmul.allow_tf32,
        float32_matmul_precision=torch.get_float32_matmul_precision,
        num_threads=torch.get_num_threads,
        num_interop_threads=torch.get_num_interop_threads,
        fill_uninitialized_memory=lambda: torch.utils.deterministic.fill_uninitialized_memory,
        default_dtype=lambda: str(torch.get_default_dtype()),
        autocast=lambda: _autocast(torch),
        cpu_capability=lambda: backends.cpu.get_cpu_capability(),
    )
    if (dynamo := sys.modules.get("torch._dynamo.utils")) is not None:
        facts |= _ask(compiled_frames=lambda: int(dynamo.counters["frames"]["ok"]))
    if (parallel := sys.modules.get("torch.distributed")) is not None:
        facts |= _ask(distributed=lambda: _distributed(parallel))
    return {name: fact for name, fact in facts.items() if fact is not None}


def _autocast(torch: Any) -> dict[str, str] | None:
    """Return the type that mixed precision takes, by kind of device; None while it is off."""
    kinds = [kind for kind in ("cuda", "cpu") if torch.is_autocast_enabled(kind)]
    return {kind: str(torch.get_autocast_dtype(kind)) for kind in kinds} or None


def _distributed(parallel: Any) -> dict[str, object] | None:
    if not (parallel.is_available() and parallel.is_initialized()):
        return None
    return {"world_size": parallel.get_world_size(), "backend": str(parallel.get_backend())}


def _tensorflow(_: Any) -> dict[str, object]:
    # Its public names load more of it; what is loaded already can be asked.
    facts: dict[str, object] = {}
    if (config := sys.modules.get("tensorflow.python.framework.config")) is not None:
        facts |= _ask(
            deterministic_ops=config.is_op_determinism_enabled,
            inter_op_threads=config.get_inter_op_parallelism_threads,
            intra_op_threads=config.get_intra_op_parallelism_threads,
            tensor_float_32=config.tensor_float_32_execution_enabled,
        )
    return facts


def _jax(jax: Any) -> dict[str, object]:
    return _ask(
        enable_x64=lambda: bool(jax.config.jax_enable_x64),
        default_prng_impl=lambda: str(jax.config.jax_default_prng_impl),
        threefry_partitionable=lambda: bool(jax.config.jax_threefry_partitionable),
        matmul_precision=lambda: jax.config.jax_default_matmul_precision,
    )


def _ask(**questions: Callable[[], object]) -> dict[str, object]:
    """Return the answers to the questions that a library answers."""
    found: dict[str, object] = {}
    for name, ask in questions.items():
        try:
            found[name] = ask()
        except Exception:  # noqa: BLE001  another release, another build, a warning as error
            continue
    return found


def _is_importing(module: object) -> bool:
    spec = getattr(module, "__spec__", None)
    return bool(getattr(spec, "_initializing", False))
