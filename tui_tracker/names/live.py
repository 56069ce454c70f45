"""Naming rules while a run is logged: told once a name, never on the path of a log call.

The thread that drains a run calls `look` after each drain; names that it has not seen are
checked then. Training is never ended by a name: what may be refused is refused in `init`,
and a metric that breaks the rules later is told, and in strict mode tagged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from tui_tracker.errors import InvalidArgument, NameCollision, NotFound
from tui_tracker.live import say
from tui_tracker.names.lint import (
    NameDoubt,
    alike,
    lint_data_version,
    lint_experiment,
    lint_metric,
    lint_param,
    lint_run,
)
from tui_tracker.names.words import CLASSES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tui_tracker.names.aliases import Kind
    from tui_tracker.run import Run
    from tui_tracker.store import Store

TAG = "naming:broken"
"""Of a run of strict mode that logged an unclear name."""
MOST_TOLD = 8
"""Names of one run that are told; the rest are counted."""


class NameWatch:
    """What was said about the names of one run."""

    def __init__(self, run: Run, mode: str, *, experiment: bool, name: bool) -> None:
        """`experiment` and `name` say that the script chose them."""
        self._run, self._mode = run, mode
        self._chosen = experiment, name
        self._seen: set[tuple[str, str]] = set()
        self._keysets = -1
        self._params = -1
        self._waiting: list[tuple[Kind, str, str]] = []
        """Kind, name and what it is to be read as, until the store knows the name."""
        self._told = 0
        self._more = False
        self._broken = False
        self._marked = False

    def look(self, store: Store | None) -> None:
        """Tell of names that are new since the last look."""
        self._look_at_names()
        self._look_at_params()
        self._look_at_metrics()
        if store is not None:
            self._look_at_data(store)
            self._fix(store)
            self._mark(store)

    def _look_at_names(self) -> None:
        experiment, name = self._chosen
        self._chosen = False, False
        if experiment:
            self._tell(lint_experiment(self._run.experiment))
        if name:
            self._tell(lint_run(self._run.name))

    def _look_at_params(self) -> None:
        params = self._run.config.as_dict()
        if len(params) != self._params:
            self._params = len(params)
            twins = alike(params)
            for name in params:
                if self._is_new("param", name):
                    self._tell(lint_param(name, twins(name)))

    def _look_at_metrics(self) -> None:
        keysets = self._run._journal.keysets
        if len(keysets) == self._keysets:
            return
        self._keysets = len(keysets)
        # Copied, because the training goes on and may define another meanwhile.
        names = list(dict.fromkeys(_metrics(list(keysets))))
        classes = number_of_classes(self._run.config.as_dict())
        siblings = frozenset(names)
        for name in names:
            if self._is_new("metric", name):
                self._tell(lint_metric(name, siblings=siblings, classes=classes))

    def _look_at_data(self, store: Store) -> None:
        versions = store.read(
            "SELECT DISTINCT f.text FROM run AS r JOIN run_body AS b ON b.run = r.id "
            "JOIN fact AS f ON f.body = b.body WHERE r.uuid = ? AND f.key = "
            "(SELECT id FROM key WHERE name = 'data.version' AND kind = 3 AND context = '')",
            (_uuid(self._run),),
        )
        for (version,) in versions:
            if self._is_new("data version", version):
                self._tell(lint_data_version(version))

    def _is_new(self, kind: str, name: str) -> bool:
        new = (kind, name) not in self._seen
        self._seen.add((kind, name))
        return new

    def _tell(self, doubts: Iterable[NameDoubt]) -> None:
        """Tell all that is unclear about a name in one line."""
        found = [doubt for doubt in doubts if doubt.severity != "info"]
        if not found:
            return
        first = found[0]
        proposal = first.proposals[0] if first.proposals else None
        certain = proposal is not None and proposal.confidence == "certain"
        if self._mode == "fix" and certain and first.kind in ("metric", "param"):
            assert proposal is not None
            self._waiting.append((first.kind, first.name, proposal.name))
            return
        self._say(first.kind, in_words(found))
        self._broken = self._mode == "strict"

    def _say(self, kind: str, words: str) -> None:
        self._told += 1
        if self._told <= MOST_TOLD:
            loudly = "NAMING BROKEN: " if self._mode == "strict" else ""
            say(f"{loudly}{kind} {words}")
        elif not self._more:
            self._more = True
            say("more names are not clear: `tt names check` lists them")

    def _fix(self, store: Store) -> None:
        """Have names that leave no choice read as what they mean, in this experiment."""
        if not self._waiting:
            return
        from tui_tracker.names.aliases import Renaming, rename  # loads what asks a store

        for one in list(self._waiting):
            kind, raw, canonical = one
            try:
                renaming = Renaming(kind, raw, canonical, self._run.experiment)
                done = rename(store, [renaming], reason="named at log time")
            except NotFound:
                continue  # not in the store yet
            except (NameCollision, InvalidArgument) as error:
                self._say(kind, str(error))
            else:
                if done.batch:
                    self._say(kind, f"{raw!r} is read as {canonical!r} from now on")
            self._waiting.remove(one)

    def _mark(self, store: Store) -> None:
        """Tag a run of strict mode that logged an unclear name; it may have ended by now."""
        if not self._broken or self._marked:
            return
        from tui_tracker import edits

        rows = store.read("SELECT id FROM run WHERE uuid=?", (_uuid(self._run),))
        if rows:
            self._marked = True
            edits.tag(store, [rows[0][0]], [TAG])


def _uuid(run: Run) -> bytes:
    return bytes.fromhex(run.id.replace("-", ""))


def refuse_unclear(experiment: str, name: str, params: Mapping[str, object]) -> None:
    """Refuse names that break a rule, before anything is trained.

    Raises:
        InvalidArgument: one does; says which, and what is proposed.
    """
    doubts = [*(lint_experiment(experiment) if experiment else ())]
    doubts += lint_run(name) if name else ()
    twins = alike(params)
    for param in params:
        doubts += lint_param(param, twins(param))
    found = [doubt for doubt in doubts if doubt.severity != "info"]
    if found:
        same = [doubt for doubt in found if doubt.name == found[0].name]
        raise InvalidArgument(f"init(): {found[0].kind} {in_words(same)}")


def in_words(doubts: Collection[NameDoubt]) -> str:
    """Return what is unclear about one name, and what is proposed, as one line."""
    first, *others = doubts
    name = f"{first.name!r} "
    says = first.message if first.message.startswith(name) else f"{name.strip()}: {first.message}"
    for other in others:
        twin = other.message.startswith(f"{name}and ")
        says += ", " + (other.message if twin else other.message.removeprefix(name))
    proposals = first.proposals[:2]
    if not proposals:
        return says
    sure = proposals[0].confidence == "certain"
    names = " or ".join(repr(proposal.name) for proposal in proposals[: 1 if sure else 2])
    return f"{says}: {'use' if sure else 'perhaps'} {names}"


def number_of_classes(params: Mapping[str, object]) -> int | None:
    """Return the number of classes that a run's params tell; None where they tell none."""
    counts = {value for name in CLASSES if isinstance(value := params.get(name), int)}
    return counts.pop() if len(counts) == 1 else None


def _metrics(keysets: Iterable[object]) -> Iterable[str]:
    for keyset in keysets:
        names = keyset
        if isinstance(keyset, tuple) and len(keyset) == 2 and isinstance(keyset[1], tuple):
            names = keyset[1]  # behind its context
        if isinstance(names, tuple):
            yield from (name for name in names if isinstance(name, str))
