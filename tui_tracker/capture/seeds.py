"""Which random generators were seeded, with what and when, as observed.

The seeding functions of libraries are wrapped where they stand, so that whoever calls
them by way of their library is heard; a wrapper notes the call and changes nothing. It
is put on at `import tui_tracker` for what is loaded by then, at `init`, and by the ticks
of the run's thread, with no import hook. What was seeded before anybody listened shows
in the state of the generators: that of a seed named in the params is known.

Times are milliseconds after `init`, negative before it. Of what came before, the last
call of each function counts.
"""

from __future__ import annotations

import functools
import sys
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType
    from typing import Any

_FUNCTIONS = (
    ("random", "random", ("seed",)),
    ("numpy", "numpy.random", ("seed", "default_rng")),
    # Where the function is defined comes first: by that name it is pickled.
    ("torch", "torch.random", ("manual_seed", "seed")),
    ("torch", "torch", ("manual_seed", "seed")),
    ("torch", "torch.cuda.random", ("manual_seed", "manual_seed_all")),
    ("torch", "torch.cuda", ("manual_seed", "manual_seed_all")),
    ("torch", "torch.mps", ("manual_seed",)),
    ("torch", "torch.xpu", ("manual_seed", "manual_seed_all")),
    ("tensorflow", "tensorflow.random", ("set_seed",)),
    ("tensorflow", "tensorflow._api.v2.random", ("set_seed",)),
    ("jax", "jax.random", ("PRNGKey", "key")),
)
"""Library, module and functions that seed."""

_MOST = 100
"""Calls of one run that are kept, each with its own seed."""
_NAMES = frozenset(("seed", "random_seed", "random_state", "rng_seed", "manual_seed"))
_MOST_PARAMS = 8
_DRAWN = 2**53
"""A seed beyond was drawn by torch itself when it was loaded, and not chosen by anybody."""
_FEW, _MANY = 4, 64
"""States behind a seed that are looked through at once, and by the thread."""


class Call:
    """One call that seeded a generator."""

    __slots__ = ("at", "library", "seed", "times", "via")

    def __init__(self, library: str, seed: object, via: str) -> None:
        self.library, self.seed, self.via = library, seed, via
        self.at = time.monotonic()
        self.times = 1

    def facts(self, began: float) -> dict[str, object]:
        facts: dict[str, object] = {"library": self.library, "seed": self.seed, "via": self.via}
        facts["after_ms"] = int((self.at - began) * 1000)
        return {**facts, "times": self.times} if self.times > 1 else facts


_last: dict[tuple[str, str], Call] = {}
"""The last call of each function in this process."""
_listening: list[Seeds] = []
_wrappers: dict[int, Any] = {}
"""By the id of what they wrap, which they keep alive."""
_quiet = threading.local()
_looked = 0
"""How many modules were loaded when `watch` last looked."""


def watch() -> None:
    """Listen to the seeding functions of what is loaded by now; cheap to repeat."""
    global _looked
    _looked = len(sys.modules)
    for library, place, names in _FUNCTIONS:
        module = sys.modules.get(place)
        if module is not None:
            for name in names:
                _wrap(library, module, place, name)


def note(library: str, seed: object, via: str) -> None:
    """Note a call that seeded a generator."""
    call = Call(library, _plain(seed), via)
    _last[library, via] = call
    if len(sys.modules) != _looked:
        watch()  # who seeds one generator goes on to the next, of a library just imported
    for listener in tuple(_listening):
        listener.take(call)


class quiet:  # noqa: N801  a with statement
    """Inside of it, wrapped functions note nothing: what they serve is noted as a whole."""

    def __enter__(self) -> None:
        _quiet.depth = getattr(_quiet, "depth", 0) + 1

    def __exit__(self, *_: object) -> None:
        _quiet.depth -= 1


class Seeds:
    """What one run knows of seeds, from its start to its end."""

    def __init__(self, params: Mapping[str, object]) -> None:
        self._began = time.monotonic()
        self._calls: list[Call] = []
        self._more = 0
        self._params: dict[str, object] = {}
        self._states: dict[str, dict[str, str]] = {}
        self._drawn: dict[str, int] = {}
        """Seeds that libraries drew by themselves, by which a run can still be repeated."""
        self._shown: list[dict[str, object]] = []
        """What the states of the generators tell of calls that nobody heard."""
        self.see_params(params)

    def begin(self) -> dict[str, object]:
        """Return what is known by now."""
        watch()
        self._calls = sorted(_last.values(), key=lambda call: call.at)
        self._read("start", _FEW)
        return self.facts()

    def listen(self) -> None:
        """Hear of each call from now on, until `end` or `forget`."""
        _listening.append(self)

    def see_params(self, params: Mapping[str, object]) -> None:
        """Take in the params that are called like seeds."""
        for name, value in params.items():
            if len(self._params) < _MOST_PARAMS and _is_seed(name.rsplit(".", 1)[-1].lower()):
                self._params[name] = value

    def tick(self) -> None:
        """Listen to what was imported meanwhile."""
        before = len(_wrappers)
        watch()
        if len(_wrappers) > before:
            self._search(_MANY)

    def catch_up(self) -> None:
        """Look further than the start had time for."""
        self._search(_MANY)

    def end(self) -> dict[str, object]:
        """Listen no more; return all that is known."""
        self.forget()
        self._read("end", _MANY)
        return self.facts()

    def forget(self) -> None:
        if self in _listening:
            _listening.remove(self)

    def take(self, call: Call) -> None:
        """Keep a call; one that repeats the last of its kind is counted."""
        for old in self._calls[-4:]:
            alike = (old.library, old.via, old.seed) == (call.library, call.via, call.seed)
            if alike and old.at >= self._began:
                old.times += 1
                return
        if len(self._calls) < _MOST:
            self._calls.append(call)
        else:
            self._more += 1

    def facts(self) -> dict[str, object]:
        applied = [call.facts(self._began) for call in self._calls] + self._shown
        facts: dict[str, object] = {"params": dict(self._params), "applied": applied}
        known = [_key(entry["seed"]) for entry in applied]
        seeds = {name: _key(seed) for name, seed in self._params.items() if seed is not None}
        if unseen := [name for name, seed in seeds.items() if seed not in known]:
            facts["unseen"] = unseen
        if self._more:
            facts["more"] = self._more
        if self._drawn:
            facts["drawn"] = self._drawn
        return {**facts, "states": self._states}

    def _read(self, when: str, reach: int) -> None:
        self._states[when] = {}
        if not _is_any_loaded():
            return
        from tui_tracker.capture import generators

        self._states[when] = generators.hash_states()
        self._search(reach)

    def _search(self, reach: int) -> None:
        """Find seeds in the states of generators that nobody was heard to seed."""
        if not _is_any_loaded():
            return
        from tui_tracker.capture import generators

        heard = {call.library for call in self._calls if call.seed is not None}
        heard |= {str(entry["library"]) for entry in self._shown}
        wanted = {_whole(value): None for value in self._params.values()}
        candidates = [seed for seed in wanted if seed is not None]
        for library, seed in generators.find_seeds(candidates, heard, reach):
            if seed < _DRAWN:
                self._shown.append({"library": library, "seed": seed, "via": "state"})
            else:
                self._drawn.setdefault(library, seed)


def _is_any_loaded() -> bool:
    return not sys.modules.keys().isdisjoint(("random", "numpy.random", "torch", "tensorflow"))


def _is_seed(name: str) -> bool:
    return name in _NAMES or name.endswith("_seed")


def _wrap(library: str, module: ModuleType, place: str, name: str) -> None:
    original = vars(module).get(name)
    if original is None or not callable(original) or hasattr(original, "_tui_tracker_wraps"):
        return
    wrapper = _wrappers.get(id(original))
    if wrapper is None:
        wrapper = _wrappers[id(original)] = _make_wrapper(library, original, place, name)
        _tell_torchscript(original, wrapper)
    setattr(module, name, wrapper)


def _tell_torchscript(original: object, wrapper: object) -> None:
    """Have TorchScript know the wrapper where it knows the function: it goes by identity."""
    builtins: Any = sys.modules.get("torch.jit._builtins")
    table = getattr(builtins, "_builtin_table", None)
    if isinstance(table, dict) and id(original) in table:
        table[id(wrapper)] = table[id(original)]


def _make_wrapper(
    library: str, original: Callable[..., object], place: str, name: str
) -> Callable[..., object]:
    via = f"{_public(place)}.{name}"

    def wrapper(*args: Any, **kwargs: Any) -> object:
        depth = getattr(_quiet, "depth", 0)
        _quiet.depth = depth + 1
        try:
            result = original(*args, **kwargs)
        finally:
            _quiet.depth = depth
        if depth == 0:
            try:
                note(library, args[0] if args else kwargs.get("seed", kwargs.get("a")), via)
            except Exception:  # noqa: BLE001  an odd seed may raise anything
                pass
        return result

    functools.update_wrapper(wrapper, original)
    # It is pickled by name, so that a spawned process finds the function of the library.
    wrapper.__module__, wrapper.__name__, wrapper.__qualname__ = place, name, name
    wrapper._tui_tracker_wraps = original  # type: ignore[attr-defined]
    return wrapper


def _public(place: str) -> str:
    """Return the name by which people call a function's module."""
    if place.startswith("torch."):
        return place.removesuffix(".random")
    return place.replace("._api.v2", "")


def _plain(seed: object) -> object:
    """Return a seed as it is recorded: a whole number, a short text, or None."""
    if seed is None or type(seed) is float:
        return seed
    if isinstance(seed, str):
        return seed[:60]
    entropy = getattr(seed, "entropy", None)  # of a numpy SeedSequence
    if entropy is not None:
        return _plain(entropy)
    whole = _whole(seed)
    return f"<{type(seed).__name__}>" if whole is None else whole


def _key(seed: object) -> object:
    """Return what two seeds are compared by: 7, 7.0, "7" and numpy's 7 are one."""
    whole = _whole(seed)
    return repr(seed) if whole is None else whole


def _whole(seed: object) -> int | None:
    """Return a seed as a whole number, None where it is none."""
    if isinstance(seed, str):
        return int(seed) if seed.isdecimal() and len(seed) < 40 else None
    if isinstance(seed, float):
        return int(seed) if seed.is_integer() else None
    try:
        return int(seed.__index__())  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001  of an array with several elements, of a traced value
        return None
