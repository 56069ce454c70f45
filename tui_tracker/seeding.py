"""`seed_everything`: one seed for every generator that the process has loaded.

Libraries that are not loaded are not imported for it, and what cannot be done any more
is said: a Python process chooses how it hashes texts when it starts.
"""

from __future__ import annotations

import os
import sys

from tui_tracker.capture import determinism, seeds
from tui_tracker.errors import InvalidArgument
from tui_tracker.live import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal

_MOST = 2**32
"""numpy's legacy generator and PYTHONHASHSEED take less."""
_told: set[str] = set()


class Seeded:
    """What else a seed gives: generators of libraries, and what a DataLoader takes.

    Each is made when it is asked for, and imports its library then. `generator` and
    `numpy` are the same objects each time, so that drawing from them goes on.
    """

    def __init__(self, seed: int, notes: tuple[str, ...]) -> None:
        self.seed = seed
        self.notes = notes
        """What could not be done, one sentence each."""
        self._made: dict[str, Any] = {}

    @property
    def numpy(self) -> Any:
        """A `numpy.random.Generator`."""
        return self._once("numpy", _numpy_generator)

    @property
    def generator(self) -> Any:
        """A `torch.Generator`, for `DataLoader(generator=)` and `random_split`."""
        return self._once("torch", _torch_generator)

    @property
    def jax_key(self) -> Any:
        """A key of `jax.random`."""
        return self._once("jax", _jax_key)

    @property
    def worker_init_fn(self) -> Callable[[int], None]:
        """For `DataLoader(worker_init_fn=)`: each worker seeds `random` and numpy on its own."""
        return seed_worker

    def __repr__(self) -> str:
        return f"<seed {self.seed}>"

    def _once(self, library: str, make: Callable[[int], Any]) -> Any:
        if library not in self._made:
            with seeds.quiet():
                self._made[library] = make(self.seed)
            seeds.note(library, self.seed, f"seed_everything.{library}")
        return self._made[library]


def seed_everything(seed: int, *, deterministic: bool | Literal["warn"] = False) -> Seeded:
    """Seed what is loaded, switch to deterministic algorithms if asked; see `tt.seed_everything`.

    Raises:
        InvalidArgument: the seed is no whole number from 0 to 2**32 - 1.
    """
    seed = _checked(seed)
    if deterministic not in (False, True, "warn"):
        problem = f"deterministic is False, True or 'warn', not {deterministic!r:.60}"
        raise InvalidArgument(f"seed_everything(): {problem}")
    import random

    seeds.watch()
    with seeds.quiet():
        random.seed(seed)
    seeds.note("random", seed, "seed_everything")
    notes = [_seed_hashes(seed)]
    for library, apply in (("numpy", _numpy), ("torch", _torch), ("tensorflow", _tensorflow)):
        if library not in sys.modules:
            continue
        with seeds.quiet():
            notes += apply(seed, deterministic)
        seeds.note(library, seed, "seed_everything")
    seeds.watch()  # numpy may have loaded its generators only now
    found = tuple(note for note in notes if note)
    for note in found if deterministic else ():
        if note not in _told:
            _told.add(note)
            say(f"seed_everything(): {note}")
    return Seeded(seed, found)


def seed_worker(_: int) -> None:
    """Seed `random` and numpy of a DataLoader's worker from what torch gave it."""
    import random

    import torch  # type: ignore[import-not-found,unused-ignore]

    seed = torch.initial_seed() % _MOST
    with seeds.quiet():
        random.seed(seed)
        if (numpy := sys.modules.get("numpy")) is not None:
            numpy.random.seed(seed)


def _checked(seed: object) -> int:
    try:
        whole = int(seed.__index__())  # type: ignore[attr-defined]
    except AttributeError:
        whole = -1
    if not 0 <= whole < _MOST:
        problem = f"a seed is a whole number from 0 to 2**32 - 1, not {seed!r:.60}"
        raise InvalidArgument(f"seed_everything(): {problem}")
    return whole


def _seed_hashes(seed: int) -> str:
    if determinism.hash_seed() is not None:
        return ""  # chosen before Python started
    os.environ["PYTHONHASHSEED"] = str(seed)
    return (
        "sets of texts are ordered anew in each process; only PYTHONHASHSEED, set before "
        "Python starts, holds them still (now set for child processes)"
    )


def _numpy(seed: int, _: object) -> list[str]:
    sys.modules["numpy"].random.seed(seed)
    return []


def _torch(seed: int, deterministic: object) -> list[str]:
    torch = sys.modules["torch"]
    torch.manual_seed(seed)  # all devices, also those that are not in use yet
    if deterministic:
        # Read when the first matrix is multiplied on a card, and by some releases only.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.backends.cudnn.benchmark = False
        torch.backends.cudnn.deterministic = True
        torch.use_deterministic_algorithms(True, warn_only=deterministic == "warn")
    return []


def _tensorflow(seed: int, deterministic: object) -> list[str]:
    tensorflow = sys.modules["tensorflow"]
    tensorflow.random.set_seed(seed)
    if deterministic is True:
        tensorflow.config.experimental.enable_op_determinism()
    if deterministic == "warn":
        return ["tensorflow cannot warn: its deterministic algorithms are either on or off"]
    return []


def _numpy_generator(seed: int) -> Any:
    import numpy  # type: ignore[import-not-found,unused-ignore]

    return numpy.random.default_rng(seed)


def _torch_generator(seed: int) -> Any:
    import torch

    return torch.Generator().manual_seed(seed)


def _jax_key(seed: int) -> Any:
    import jax  # type: ignore[import-not-found,unused-ignore]

    return jax.random.PRNGKey(seed)
