"""Read the arguments of a Trainer of Hugging Face transformers: `training_args.bin`.

The file is the pickle of a `TrainingArguments`, which has about 120 fields; nothing in it is run
(see `pickled`). Params are the few of them that most trainings are told apart by, and of the others
those that are not as they are when nobody sets them. A nested one has dots in its name. Left
out are None, places on a machine, secrets, and what a machine or a console needs.

Source: huggingface/transformers, src/transformers/training_args.py. Defaults as of 4.30, 4.46
and 5.24, and checked with files of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from tui_tracker.importers.pickle_machine import Made, Named
from tui_tracker.importers.pickled import read_pickled
from tui_tracker.importers.records import ParamValue

FILE = "training_args.bin"

_ALWAYS = frozenset(
    "learning_rate per_device_train_batch_size per_device_eval_batch_size "
    "gradient_accumulation_steps num_train_epochs seed data_seed lr_scheduler_type warmup_steps "
    "warmup_ratio weight_decay optim adam_beta1 adam_beta2 adam_epsilon max_grad_norm bf16 fp16 "
    "logging_steps label_smoothing_factor gradient_checkpointing".split()
)
_NEVER = re.compile(
    r"_.*|.*(?:token|_dir|_plugin|_plugin_args|_space_id|_bucket_id)|report_to|run_name|do_.*|"
    r"disable_tqdm|log_level.*|log_on_each_node|local_rank|ddp_timeout|distributed_state|hub_.*|"
    r"push_to_hub.*|dataloader_pin_memory|resume_from_checkpoint|deepspeed|mixed_precision|"
    r"per_gpu_.*|project|logging_first_step|skip_memory_metrics|save_on_each_node"
)
_DEFAULTS: Mapping[str, tuple[object, ...]] = {
    "max_steps": (-1,),
    "average_tokens_across_devices": (True, False),
    "logging_strategy": ("steps",),
    "logging_nan_inf_filter": (True,),
    "include_num_input_tokens_seen": ("no", False),
    "evaluation_strategy": ("no",),
    "eval_strategy": ("no",),
    "eval_do_concat_batches": (True,),
    "save_strategy": ("steps",),
    "save_steps": (500,),
    "save_safetensors": (True, False),
    "dataloader_in_order": (True,),
    "remove_unused_columns": (True,),
    "train_sampling_strategy": ("random",),
    "length_column_name": ("length",),
    "fp16_opt_level": ("O1",),
    "half_precision_backend": ("auto",),
    "fp16_backend": ("auto",),
    "past_index": (-1,),
    "ray_scope": ("last",),
    "accelerator_config.even_batches": (True,),
    "accelerator_config.use_seedable_sampler": (True,),
}
"""Where what nobody set is neither false nor empty, or has changed."""
_MOST_TEXT, _MOST_ITEMS, _MOST_FIELDS, _DEEPEST, _MOST_BITS = 1_000, 100, 1_000, 2, 64
_Param = tuple[str, ParamValue]
_PLACE = re.compile(r"[/\\~]|[A-Za-z]:[/\\]|file:")


def read_arguments(path: Path) -> tuple[dict[str, ParamValue], str]:
    """Return the params in a `training_args.bin`, and what is wrong with it, "" if nothing is.

    Raises:
        ValueError: there are no arguments in it.
        OSError: it cannot be read.
    """
    value, problem = read_pickled(path)
    fields = value.fields() if isinstance(value, Made) else value
    if not isinstance(fields, dict) or not fields:
        raise ValueError(problem or "holds no arguments")
    if problem:
        problem += "; the arguments before it were kept"
    return dict(_worth_telling(fields)), problem


def _worth_telling(fields: Mapping[str, object]) -> Iterator[tuple[str, ParamValue]]:
    # An object that holds another one many times over could be walked for ever.
    for name, value in islice(_plain(fields, "", 0), _MOST_FIELDS):
        if value is None or _NEVER.fullmatch(name) or _is_place(value):
            continue
        as_nobody_set_it = value in _DEFAULTS.get(name, (False, 0, "", []))
        if name in _ALWAYS or not as_nobody_set_it:
            yield name, value


def _is_place(value: ParamValue) -> bool:
    return isinstance(value, str) and _PLACE.match(value) is not None


def _plain(fields: Mapping[str, object], prefix: str, depth: int) -> Iterator[_Param]:
    """Yield what is no object of a kind that nobody set, flat."""
    for name, value in islice(fields.items(), _MOST_FIELDS):
        full, value = _text(f"{prefix}{name}"), _value_of(value)
        if isinstance(value, (bool, int, float, str)) or value is None:
            if not isinstance(value, int) or value.bit_length() <= _MOST_BITS:
                yield full, _text(value) if isinstance(value, str) else value
        elif isinstance(value, (list, tuple)):
            yield full, [_text(str(one)) if isinstance(one, str) else one for one in _short(value)]
        elif depth < _DEEPEST and not _NEVER.fullmatch(full):
            inner = value.fields() if isinstance(value, Made) else value
            if isinstance(inner, dict):
                yield from _plain(inner, f"{full}.", depth + 1)


def _short(values: list[object] | tuple[object, ...]) -> Iterator[object]:
    for one in values[:_MOST_ITEMS]:
        value = _value_of(one)
        if isinstance(value, (bool, float, str)) or (
            isinstance(value, int) and value.bit_length() <= _MOST_BITS
        ):
            yield value


def _value_of(value: object) -> object:
    """Return the value of a member of an enumeration; anything else as it is."""
    if not isinstance(value, Made) or not isinstance(value.arguments, tuple):
        return value
    if not isinstance(value.of, Named) or value.state is not None:
        return value
    if value.of.name == "getattr" and len(value.arguments) == 2:
        # Python 3.11.0 to 3.11.3 write the member's name, which is its value in capitals.
        return str(value.arguments[1]).lower()
    if len(value.arguments) == 1 and isinstance(value.arguments[0], (str, int)):
        return value.arguments[0]
    return value


def _text(text: str) -> str:
    return text[:_MOST_TEXT].encode("utf-8", "replace").decode("utf-8")
