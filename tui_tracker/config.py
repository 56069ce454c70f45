"""The params of a live run, by item and by attribute, as in wandb's `run.config`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping


class Config:
    """A run's params as they were given; setting one logs it.

    Values keep their kind here; the store has them flattened. A name that is also a
    method of this class is reached by item only.
    """

    def __init__(self, params: Mapping[str, object], log: Callable[[object], None]) -> None:
        object.__setattr__(self, "_params", dict(params))
        object.__setattr__(self, "_log", log)

    _params: dict[str, object]
    _log: Callable[[object], None]

    def update(self, params: object = None, **more: object) -> None:
        """Set several params at once."""
        given = params if isinstance(params, dict) else vars(params) if params else {}
        changed = {str(key): value for key, value in {**given, **more}.items()}
        self._params.update(changed)
        self._log(changed)

    def get(self, name: str, default: object = None) -> object:
        return self._params.get(name, default)

    def keys(self) -> KeysView[str]:
        return self._params.keys()

    def items(self) -> ItemsView[str, object]:
        return self._params.items()

    def as_dict(self) -> dict[str, object]:
        return dict(self._params)

    def __getitem__(self, name: str) -> object:
        return self._params[name]

    def __setitem__(self, name: str, value: object) -> None:
        self.update({name: value})

    def __getattr__(self, name: str) -> object:
        try:
            return self._params[name]
        except KeyError:
            raise AttributeError(f"no param named {name!r} was set") from None

    def __setattr__(self, name: str, value: object) -> None:
        self.update({name: value})

    def __contains__(self, name: str) -> bool:
        return name in self._params

    def __iter__(self) -> Iterator[str]:
        return iter(self._params)

    def __len__(self) -> int:
        return len(self._params)

    def __repr__(self) -> str:
        return f"Config({self._params!r})"
