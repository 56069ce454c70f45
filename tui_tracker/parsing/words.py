"""Words that decide what a printed number is: a step, a metric, a phase, a time, or prose."""

from __future__ import annotations

import re

EPOCHS = frozenset(
    "epoch ep epoch_num epoch_idx current_epoch cur_epoch epoch_id epoch_loaded".split()
)
BATCHES = frozenset("batch minibatch mb batch_idx batch_num micro_batch".split())
STEPS: dict[str, str] = {
    "iteration": "iteration", "iterate": "iteration", "round": "iteration",
    "generation": "iteration", "gen": "iteration", "boosting_round": "iteration",
    "episode": "episode",
} | dict.fromkeys(
    "step iter it itr global_step globalstep num_updates update num_timesteps total_timesteps"
    " timestep n_updates trainer/global_step train_step current_step cur_step step_num iter_num"
    " training_step training_iteration optimizer_step train/global_step _step steps"
    " train_num_updates valid_num_updates test_num_updates".split(), "step",
)  # fmt: skip
"""Names of steps, and the axis that they are of."""

PHASES = frozenset(
    "train training valid val validation validate test testing eval evaluation dev"
    " train_inner".split()
)
_METRICS = frozenset(
    "loss losses acc accuracy auc auroc auprc roc f1 precision recall mse mae rmse rmsle mape"
    " smape r2 logloss nll ppl perplexity bleu rouge rouge1 rouge2 rougel rougelsum meteor chrf"
    " cer wer ter iou miou dice map map50 ap ap50 ar ndcg mrr mcc kappa spearman pearson"
    " correlation corr rew elbo kl kld kldiv entropy reward return fitness fid is psnr ssim lpips"
    " top1 top5 acc1 acc5 error err objective score value metric brier ece hinge crossentropy"
    " cross_entropy ce bce l1 l2 mlogloss binary_logloss multi_logloss merror cindex"
    " sensitivity specificity exact_match em hits silhouette inertia wasserstein energy"
    " likelihood loglik log_likelihood ll bpc bpb bpd accuracy1 winrate win_rate regret aic bic"
    " gnorm grad_norm gradnorm mfu lr learning_rate".split()
)
_RATES = frozenset("lr gnorm grad_norm gradnorm mfu learning_rate".split())
_LOOSE = frozenset(
    "is value metric error err ar energy return l1 l2 map ap em corr score ll".split()
)
"""Words that mean a metric beside a step only: they mean other things as often."""
_STRONG = _METRICS - _RATES - _LOOSE
_LETTERS = re.compile(r"[a-z]+")
_SPLIT = re.compile(r"[^a-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
_NO_METRIC = frozenset(
    "packet packets weight_loss data_loss scale size samples count num number params parameters"
    " threshold machine path file workers smoothing type name weight coef".split()
)
CLOCKS = frozenset(
    "time eta elapsed remaining took duration total_time data_time batch_time data seconds secs"
    " hours minutes ms it/s s/it img/s date uptime time_elapsed pid port rank local_rank cuda"
    " device mem memory max_mem gpu_mem max_memory fps".split()
)
_SCHEDULES = frozenset(
    "lr learning_rate wd weight_decay momentum time data eta mem memory max_mem speed throughput"
    " samples tokens seed gpu_mem it/s img/s".split()
)
PROSE = frozenset(
    "a an the of to from in on at is was were are be been by for with and or than as took after"
    " before since until will has have had no not using used use found loaded got takes take"
    " over under between about into its this that these those you we they now only every each"
    " all any some out up down off per if then so but when while where which via".split()
)
_SENTENCE = frozenset(
    "from to the is was were are will has have had not using used took after before since than"
    " into because did does improved increased decreased reached dropped".split()
)
"""Words that no name of a value has, even with a colon behind it."""

TRIGGERS = frozenset(
    word
    for name in (*EPOCHS, *BATCHES, *STEPS, *_STRONG, "best", "final", "score", "error")
    for word in _LETTERS.findall(name)
    if word not in ("num", "current", "cur", "total", "global", "train", "id", "optimizer", "in")
)
"""Words one of which is in every line of values."""
TIME_UNITS = frozenset(
    "ms us µs μs ns s sec secs second seconds m min mins minute minutes h hr hrs hour hours d day"
    " days".split()
)
_SIZE = re.compile(r"(?:[KMGTP]i?)?[Bb](?:ytes|its?)?(?:/s)?$|[KMGTk]$|bytes$")
_RATE = re.compile(
    r"[A-Za-z]{0,12}/(?:s|sec|second|ms|min|minute|h|hour|it|iter|step|batch|epoch|day)$"
)
COUNTED = frozenset(
    "epochs samples tokens params parameters features steps updates iterations batches images"
    " rows files items records examples classes layers gpus cpus threads workers devices"
    " categories trees leaves points seeds folds".split()
)
UNIT = re.compile(r"[ \t]?(%|[A-Za-zµμ]{0,12}/[A-Za-z]{1,10}|[A-Za-zµμ]{1,12})(?![\w@])")


def is_unit(word: str, *, apart: bool) -> bool:
    """Return whether a word behind a number is its unit; `apart`: with a space between."""
    if word in TIME_UNITS or _RATE.match(word) or word in COUNTED:
        return True
    return bool(_SIZE.match(word)) and (not apart or len(word) > 1)


def words_of(name: str) -> list[str]:
    """Return the words of a name in lower case: `valLoss`, `val/loss` and `val-loss` alike."""
    return [word for word in _SPLIT.split(_CAMEL.sub("_", name).lower()) if word]


def plain(name: str) -> str:
    """Return a name in lower case with underscores between its words."""
    return "_".join(words_of(name))


def is_metric(name: str, *, strict: bool = False) -> bool:
    """Return whether a name is one of a metric; `strict`: of nothing else."""
    words = words_of(name)
    if not words or not _NO_METRIC.isdisjoint(words) or words[-1] in ("fn", "function"):
        return False
    known = _STRONG if strict else _METRICS
    if not known.isdisjoint(words) or "_".join(words[-2:]) in known:
        return True
    return any(word.startswith(("map50", "rouge", "bleu", "top", "ndcg", "recall", "hit"))
               and any(c.isdigit() for c in word) for word in words)  # fmt: skip


def is_clock(name: str) -> bool:
    """Return whether a name is one of a time, a rate or a countdown."""
    low = name.lower().strip()
    if low in CLOCKS or plain(low) in CLOCKS:
        return True
    return low.startswith(("eta", "elapsed", "remaining", "ms/", "time ")) or low.endswith(
        ("_time", " time")
    )


def has_phase(name: str) -> bool:
    """Return whether a name says itself whether it is of training or of validation."""
    return not PHASES.isdisjoint(words_of(name))


def is_schedule(name: str) -> bool:
    """Return whether a value is the same whatever phase it is printed in."""
    return plain(name) in _SCHEDULES or name.lower() in _SCHEDULES


def is_sentence(name: str) -> bool:
    """Return whether what stands before a number reads as prose, not as a name."""
    words = name.lower().split()
    return len(words) > 5 or not _SENTENCE.isdisjoint(words)


def is_prose(name: str) -> bool:
    """Return whether a name without a colon or equals sign behind it is likely prose."""
    words = name.lower().split()
    return len(words) > 3 or not PROSE.isdisjoint(words) or is_sentence(name)


_OF_ALL = frozenset(
    "best final total max min num number last warmup first every patience of per maximum".split()
)


def is_best(name: str) -> bool:
    """Return whether a name is of a value for the run as a whole, as `best accuracy` is."""
    words = words_of(name)
    return bool(words) and (
        words[0] in ("best", "final", "overall") or words[:2] == ["new", "best"]
    )


def axis_of(name: str) -> str:
    """Return the axis that a name is a step of: epoch, batch, step ..., "" for none."""
    low = name.lower().strip()
    if not _OF_ALL.isdisjoint(low.split()) or low in ("total steps", "max steps"):
        return ""
    last = low.rsplit(None, 1)[-1] if low else ""
    for word in (low, plain(low) if low else "", last):
        if word in EPOCHS:
            return "epoch"
        if word in BATCHES:
            return "batch"
        if word in STEPS:
            return STEPS[word]
    return ""
