"""The states of the random generators of this process: their hashes, and seeds in them.

A Mersenne twister's state changes as a whole once in 624 draws, so that the state that a
seed leads to is recognised long after. Nothing here draws from a generator of the user's.
"""

from __future__ import annotations

import struct
import sys

from tui_tracker.capture.modules import new_sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from typing import Any

_WORDS = 624


def hash_states() -> dict[str, str]:
    """Return the beginning of each state's SHA-256, by library and device."""
    found: dict[str, str] = {}
    for library, read in (("random", _random), ("numpy", _numpy), ("torch", _torch)):
        if (state := _try(read)) is not None:
            found[library] = _hash(state)
    for number, state in enumerate(_try(_cuda) or ()):
        found[f"cuda:{number}"] = _hash(state)
    return found


def find_seeds(
    candidates: Sequence[int], heard: Collection[str], reach: int
) -> Iterator[tuple[str, int]]:
    """Yield (library, seed) of generators outside of `heard` whose state tells their seed.

    torch and tensorflow say theirs. For the others a candidate counts whose state comes
    up among the first `reach` that it leads to.
    """
    for library, tell in (("torch", _torch_seed), ("tensorflow", _tensorflow_seed)):
        if library not in heard and (seed := _try(tell)) is not None:
            yield library, int(seed)
    for library, read, follow in (
        ("random", _random, _follow_random),
        ("numpy", _numpy, _follow_numpy),
    ):
        if library in heard or not candidates or (state := _try(read)) is None:
            continue
        for seed in candidates:
            if _leads_to(follow, seed, state[0], reach):
                yield library, seed
                break


def _leads_to(
    follow: Callable[[int], Iterator[bytes]], seed: int, state: bytes, reach: int
) -> bool:
    try:
        return any(found == state for _, found in zip(range(reach), follow(seed), strict=False))
    except Exception:  # noqa: BLE001  not every number is a seed
        return False


def _try(ask: Callable[[], Any]) -> Any:
    """Return the answer, None where a library has none: it may be of any release."""
    try:
        return ask()
    except Exception:  # noqa: BLE001
        return None


def _hash(state: tuple[bytes, bytes]) -> str:
    digest = new_sha256()
    for part in state:
        digest.update(part)
    return str(digest.hexdigest()[:16])


def _random() -> tuple[bytes, bytes] | None:
    module = sys.modules.get("random")
    if module is None:
        return None
    _, words, gauss = module.getstate()
    return _pack(words), repr((words[_WORDS:], gauss)).encode()


def _numpy() -> tuple[bytes, bytes] | None:
    module = sys.modules.get("numpy.random")
    if module is None:
        return None
    state = module.get_state(legacy=False)
    if "key" not in state["state"]:  # somebody exchanged the generator
        return repr(state).encode(), b""
    rest = (state["state"]["pos"], state.get("has_gauss"), state.get("gauss"))
    return state["state"]["key"].tobytes(), repr(rest).encode()


def _torch() -> tuple[bytes, bytes] | None:
    torch = sys.modules.get("torch")
    return None if torch is None else (_tensor(torch.get_rng_state()), b"")


def _cuda() -> list[tuple[bytes, bytes]]:
    cuda = sys.modules.get("torch.cuda")
    # To ask a device that nothing was computed on would take hold of it.
    if cuda is None or not cuda.is_initialized():
        return []
    return [(_tensor(state), b"") for state in cuda.get_rng_state_all()]


def _tensor(state: Any) -> bytes:
    try:
        return bytes(state.numpy().tobytes())
    except Exception:  # noqa: BLE001  a torch without numpy
        return bytes(state.tolist())


def _torch_seed() -> int | None:
    torch = sys.modules.get("torch")
    return None if torch is None else torch.initial_seed()


def _tensorflow_seed() -> int | None:
    context = sys.modules.get("tensorflow.python.eager.context")
    seed: int | None = None if context is None else context.global_seed()
    return seed


def _follow_random(seed: int) -> Iterator[bytes]:
    generator = sys.modules["random"].Random(seed)
    while True:
        yield _pack(generator.getstate()[1])
        generator.getrandbits(32 * _WORDS)


def _follow_numpy(seed: int) -> Iterator[bytes]:
    generator = sys.modules["numpy.random"].RandomState(seed)
    while True:
        yield generator.get_state()[1].tobytes()
        generator.bytes(4 * _WORDS)


def _pack(words: Sequence[int]) -> bytes:
    return struct.pack(f"={_WORDS}I", *words[:_WORDS])
