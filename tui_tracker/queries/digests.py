"""What all params of a run but the seed come to, under the names that count."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from tui_tracker.queries.answers import RunKey
from tui_tracker.queries.rows import marks
from tui_tracker.store import Store
from tui_tracker.values import params_digest_text

_RENAMED = "SELECT run FROM main.param WHERE key IN (SELECT raw FROM temp.alias_key) "
_AMENDED = "UNION SELECT run FROM temp.amended_param"


def params_digests(
    store: Store, keys: Sequence[RunKey] | None = None
) -> dict[RunKey, bytes | None]:
    """Return a digest that is equal for runs whose params differ at most in their seed.

    Of these runs, or of all; None for a run without params. The store keeps it of the params
    as they were logged, so it is taken anew where one of them is read under another name.
    """
    bound = {} if keys is None else {"keys": marks(keys)}
    found: dict[RunKey, bytes | None] = dict(
        store.read(f"SELECT id, params_digest FROM run {_these('WHERE id', keys)}", bound)
    )
    if store.viewed:
        other = f"{_RENAMED} {_these('AND run', keys)} {_AMENDED if store.amended else ''}"
        names: dict[int, str] = dict(store.read("SELECT id, name FROM key WHERE kind=0"))
        params: dict[RunKey, dict[str, object]] = {}
        for run, key, *columns in store.read(
            "SELECT p.run, p.key, p.type, p.number, p.text, hex(p.digest) FROM param AS p "
            f"WHERE p.run IN ({other})",
            bound,
        ):
            params.setdefault(run, {})[names[key]] = list(columns)
        for run, logged in params.items():
            text = params_digest_text(logged).encode("utf-8", "replace")
            found[run] = hashlib.sha256(text).digest()[:8]
    return found


def _these(begun: str, keys: Sequence[RunKey] | None) -> str:
    # One condition for both cases would look at each run of the store for the few wanted.
    return "" if keys is None else f"{begun} IN (SELECT value FROM json_each(:keys))"
