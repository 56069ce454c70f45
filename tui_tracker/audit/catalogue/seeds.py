"""Rules about seeds and determinism: was the seed given to what draws, and how often?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_tracker.audit.record import RunRecord
from tui_tracker.audit.rules import NOT_APPLICABLE, PASSED, Answer, Doubt, Profile, rule
from tui_tracker.facts import mapping, mappings, members, word, words
from tui_tracker.formatting import format_value
from tui_tracker.lineage.words import plural
from tui_tracker.telling import metric_stat

ENOUGH: dict[Profile, int] = {"minimal": 3, "seed": 3, "paper": 5, "regulated": 3}
_LIBRARIES = ("random", "numpy", "torch", "tensorflow", "jax")
_SEEDED_AS = {"numpy": ("numpy",), "torch": ("torch",), "tensorflow": ("tensorflow",)}


@rule("seed.not-applied", "seeds", "WEEE", of=("seeds",))
def not_applied(run: RunRecord) -> Answer:
    """A seed that is only written down seeds nothing."""
    part = run.part("seeds")
    if part is None or not mapping(part.facts, "params"):
        return NOT_APPLICABLE
    applied = mappings(part.facts, "applied")
    if applied and not members(part.facts, "unseen"):
        return PASSED
    params = mapping(part.facts, "params")
    names = words(part.facts, "unseen") or list(params)
    if applied and not _needs_all(names):
        return PASSED
    name = names[0]
    return Doubt(
        f"params.{name}",
        f"{name}={format_value(params.get(name))} is logged, but no generator was seen to get it",
        f"`tt.seed_everything({format_value(params.get(name))})` before anything is drawn",
    )


def _needs_all(names: Sequence[str]) -> bool:
    """Whether one of the seeds is the run's own, not that of a split or a sampler."""
    return any(name.rpartition(".")[2] in ("seed", "random_seed", "rng_seed") for name in names)


@rule("seed.partial", "seeds", "IWWW", of=("seeds", "modules"))
def partial(run: RunRecord) -> Answer:
    """One generator without a seed is enough to make every run another."""
    part, modules = run.part("seeds"), run.part("modules")
    if part is None or modules is None:
        return NOT_APPLICABLE
    applied = {word(entry, "library") for entry in mappings(part.facts, "applied")}
    if not applied:
        return NOT_APPLICABLE
    used = set(mapping(modules.facts, "distributions")) & set(_LIBRARIES)
    drawn = set(mapping(part.facts, "drawn")) | _moved(mapping(part.facts, "states"))
    missing = [name for name in _LIBRARIES if name in (used | drawn) - applied and name in drawn]
    if not missing:
        return PASSED
    seed = format_value(run.seed) if run.seed is not None else "SEED"
    return Doubt(
        "seeds",
        f"{', '.join(sorted(applied))} got a seed, {', '.join(missing)} did not and was used",
        f"`tt.seed_everything({seed})` seeds them all",
    )


def _moved(states: Mapping[str, object]) -> set[str]:
    """Return the libraries whose generator changed its state while the run was active."""
    start, end = mapping(states, "start"), mapping(states, "end")
    return {name for name in end if name in start and start[name] != end[name]}


@rule("seed.too-few", "seeds", "-WEW", scope="group", fix="proposed")
def too_few(runs: Sequence[RunRecord], least: int = 3) -> list[tuple[int, Doubt]]:
    """Without repeats nobody knows how much of a score is luck."""
    seeds = {repr(run.seed) for run in runs if run.seed is not None}
    count = len(seeds) or len(runs)
    if count >= least:
        return []
    doubt = Doubt(
        "params.seed",
        f"{plural(count, 'seed')} only: "
        + ("no spread can be stated" if count < 2 else f"{least} are the least to state a spread"),
        f"run the same params with {least - count} more "
        f"{'seed' if least - count == 1 else 'seeds'}",
    )
    return [(run.key, doubt) for run in runs]


@rule("seed.selection", "seeds", "-WEE", scope="group")
def selection(runs: Sequence[RunRecord]) -> list[tuple[int, Doubt]]:
    """Reporting the best of several seeds reports luck."""
    away = [r for r in runs if r.detail.row.archived or r.detail.row.deleted]
    put_away = {r.key for r in away}
    shown = [r for r in runs if r.detail.row.status == "finished" and r.key not in put_away]
    if len(shown) != 1:
        return []
    best = shown[0]
    # An earlier attempt at the same seed was no choice among seeds.
    hidden = [r for r in away if repr(r.seed) != repr(best.seed)]
    label = best.main_metric
    value = _value(best, label)
    others = [v for run in hidden if (v := _value(run, label)) is not None]
    if value is None or not others or not all(_is_better(label, value, v) for v in others):
        return []
    if all(value == other for other in others):
        return []  # as good as the others, so nothing was chosen
    total = len(shown) + len(hidden)
    doubt = Doubt(
        "params.seed",
        f"seed {format_value(best.seed)} is the best of {total}, and the others were put away",
        "bring them back (`tt restore RUN`) and report the mean of all seeds",
    )
    return [(best.key, doubt)]


def _value(run: RunRecord, label: str | None) -> float | None:
    summary = run.metrics.get(label) if label else None
    return summary.last if summary is not None else None


def _is_better(label: str | None, value: float, other: float) -> bool:
    return value <= other if label and metric_stat(label) == "min" else value >= other


@rule("det.flags-unrecorded", "seeds", "-WWE", fix="automatic", of=("determinism", "modules"))
def flags_unrecorded(run: RunRecord) -> Answer:
    """Whether a library may choose among algorithms decides whether bits can be equal."""
    modules = run.part("modules")
    used = set(mapping(modules.facts, "distributions")) if modules else set()
    frameworks = used & {"torch", "tensorflow", "jax"}
    if not frameworks:
        return NOT_APPLICABLE
    known = {
        name
        for when in ("start", "end")
        for name in mapping(
            run.parts["determinism"].facts if "determinism" in run.parts else {}, when
        )
    }
    missing = sorted(frameworks - known)
    if not missing:
        return PASSED
    return Doubt(
        "determinism",
        f"how deterministic {', '.join(missing)} was set is not recorded",
        "let the run end normally, or begin it after the import of the framework",
    )


@rule("det.nondeterministic", "seeds", "-IIW", fix="none", of=("determinism",))
def nondeterministic(run: RunRecord) -> Answer:
    """Some settings make equal bits impossible; that is fine, and good to know."""
    part = run.part("determinism")
    torch = mapping(mapping(part.facts, "end"), "torch") if part else {}
    torch = torch or (mapping(mapping(part.facts, "start"), "torch") if part else {})
    if not torch:
        return NOT_APPLICABLE
    loose = [name for name in ("cudnn_benchmark",) if torch.get(name) is True]
    loose += [name for name in ("deterministic_algorithms",) if torch.get(name) is False]
    if not loose:
        return PASSED
    return Doubt(
        "determinism.torch",
        f"torch may choose its algorithms ({', '.join(loose)}), so equal bits are not expected",
        "`tt.seed_everything(SEED, deterministic=True)` where equal bits are wanted",
    )


@rule("det.threads-unrecorded", "seeds", "-IWW", fix="automatic", of=("hardware", "modules"))
def threads_unrecorded(run: RunRecord) -> Answer:
    """The number of threads changes the order of sums, and with it the last bits."""
    part = run.part("hardware")
    if part is None:
        return NOT_APPLICABLE
    if part.facts.get("threads") or part.facts.get("blas"):
        return PASSED
    modules = run.part("modules")
    if modules is None or "numpy" not in mapping(modules.facts, "distributions"):
        return NOT_APPLICABLE
    return Doubt(
        "hardware.threads",
        "neither the number of threads nor the kernel of BLAS is recorded",
        "set OMP_NUM_THREADS before the run: variables of that kind are recorded",
    )
