"""What users hand to the logger, turned into what a journal keeps.

Params become bool, int, float, str, None or lists of those, nested ones flattened with
dots; metrics become floats. Arrays of numpy, torch and jax are recognised by what they
can do, never by importing their libraries.
"""

from __future__ import annotations

import operator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_STEP = 2**63 - 1
_LONGEST_LIST = 10_000
_LONGEST_INT_BITS = 10_000
_ITSELF = "<a group above>"
_ESCAPES = {code: f"\\u{code:04x}" for code in range(32)}
_ESCAPES |= {ord('"'): '\\"', ord("\\"): "\\\\", ord("\n"): "\\n", ord("\t"): "\\t"}
_SEEDS = frozenset(("seed", "random_seed", "random_state", "rng_seed", "manual_seed"))
"""The last parts of names of params that runs of one group may differ in."""


def flatten(params: object, prefix: str = "", above: tuple[int, ...] = ()) -> dict[str, object]:
    """Return params by dotted name, in order.

    Takes mappings, `argparse.Namespace`, dataclasses and anything with attributes.

    Raises:
        TypeError: `params` is nothing that has names.
    """
    found: dict[str, object] = {}
    above = (*above, id(params))
    for name, value in _members(params):
        path = f"{prefix}{name}"
        if id(value) in above:
            found[path] = _ITSELF
        elif _has_members(value):
            inner = flatten(value, path + ".", above)
            # An empty group still says something: it was there, and empty.
            found.update(inner or {path: "{}"})
        else:
            found[path] = plain(value, above)
    return found


def plain(value: object, above: tuple[int, ...] = ()) -> object:
    """Return a value as bool, int, float, str, None or a list of those.

    `above` are the ids of what contains it: a group within itself ends there.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return _exact(value)
    if isinstance(value, (list, tuple, set, frozenset, range)):
        members = sorted(value, key=repr) if isinstance(value, (set, frozenset)) else list(value)
        if len(members) > _LONGEST_LIST:
            return f"<{type(value).__name__} of {len(members)}>"
        inside = (*above, id(value))
        return [_ITSELF if id(m) in inside else plain(m, inside) for m in members]
    if _has_members(value):
        inside = (*above, id(value))
        return {
            str(name): _ITSELF if id(m) in inside else plain(m, inside)
            for name, m in _members(value)
        }
    return _from_array(value)


def number(value: object) -> float:
    """Return a metric's value.

    Raises:
        TypeError, ValueError: the value is no single number.
    """
    if isinstance(value, (str, bytes, bytearray)):
        raise TypeError(f"{type(value).__name__} is no number")
    item = getattr(value, "item", None)
    if callable(item) and not isinstance(value, (int, float)):
        value = item()  # of one element only; libraries raise ValueError for more
    try:
        return float(value)  # type: ignore[arg-type]
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")  # type: ignore[operator]


def whole(value: object) -> int:
    """Return a step as an int of 64 bits.

    Raises:
        TypeError, ValueError: the value is no whole number, or leaves 64 bits.
    """
    try:
        step = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        as_float = number(value)
        if not as_float.is_integer():
            raise ValueError(f"{value!r} is no whole number") from None
        step = int(as_float)
    if not -MOST_STEP - 1 <= step <= MOST_STEP:
        raise ValueError(f"{step} leaves 64 bits")
    return step


def flatten_metrics(metrics: Mapping[object, object], prefix: str = "") -> dict[str, object]:
    """Return metrics by name; nested groups are joined with dots."""
    found: dict[str, object] = {}
    for name, value in metrics.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict):
            found.update(flatten_metrics(value, path + "."))
        else:
            found[path] = value
    return found


def is_seed(name: str) -> bool:
    """Return whether a param is a seed by its name: the part behind the last dot counts."""
    return name.rsplit(".", 1)[-1].lower() in _SEEDS


def seed_of(params: Mapping[str, object]) -> object:
    """Return the seed among params, `seed` itself before other names; None where there is none."""
    if (seed := params.get("seed")) is not None:
        return seed
    return next((params[name] for name in sorted(params) if is_seed(name)), None)


def params_digest_text(params: Mapping[str, object]) -> str:
    """Return a text that is equal for runs whose params differ at most in their seed."""
    rest = {k: v for k, v in params.items() if not is_seed(k)}
    return to_json(dict(sorted(rest.items())))


def to_json(value: object) -> str:
    """Return compact JSON; NaN and infinities as Python's `json` reads them.

    The standard library's encoder would load the regular expressions with it, which is
    a third of what importing the logger may cost.
    """
    if isinstance(value, str):
        return f'"{value.translate(_ESCAPES)}"'
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        text = float.__repr__(value)
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(text, text)
    if isinstance(value, dict):
        pairs = [f"{to_json(str(key))}:{to_json(member)}" for key, member in value.items()]
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join([to_json(member) for member in value]) + "]"
    return to_json(str(value))


def _exact(value: object) -> object:
    """Return a plain Python value; subclasses (numpy.float64, IntEnum) lose their kind."""
    for kind in (bool, int, float, str):
        # A bool is an int too, so the search ends at a value's own kind.
        if type(value) is kind:
            break
        if isinstance(value, kind):
            value = kind(value) if kind is not str else str.__str__(value)
            break
    if type(value) is int and value.bit_length() > _LONGEST_INT_BITS:
        return hex(value)  # Python refuses so many decimal digits
    return value


def _from_array(value: object) -> object:
    if isinstance(value, type) or callable(value):
        return getattr(value, "__qualname__", None) or str(value)
    size = getattr(value, "size", None)
    try:
        to_list = getattr(value, "tolist", None)
        if callable(to_list):
            count = size() if callable(size) else size
            if not isinstance(count, int) or count <= _LONGEST_LIST:
                return plain(to_list())
        return str(value)
    except Exception as error:  # noqa: BLE001  a user's __str__ may raise anything
        return f"<{type(value).__name__}: {type(error).__name__}>"


def _has_members(value: object) -> bool:
    if isinstance(value, type):
        return False
    return (
        isinstance(value, dict)
        or (hasattr(value, "keys") and hasattr(value, "__getitem__"))
        or hasattr(value, "__dataclass_fields__")
        or type(value).__name__ == "Namespace"
    )


def _members(params: object) -> Iterator[tuple[object, object]]:
    if isinstance(params, dict):
        yield from params.items()
    elif hasattr(params, "keys") and hasattr(params, "__getitem__"):
        for key in params.keys():  # noqa: SIM118  a mapping by duck typing
            yield key, params[key]
    elif hasattr(params, "__dict__"):
        yield from vars(params).items()
    elif hasattr(params, "__dataclass_fields__"):
        for key in params.__dataclass_fields__:
            yield key, getattr(params, key)
    else:
        raise TypeError(f"params take names and values, such as a dict, not {params!r:.80}")
