"""Pasted texts: the same record in every notation that people paste."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_tracker.audit.snippets.loose import read_loose
from tui_tracker.audit.snippets.reader import read_snippet
from tui_tracker.audit.snippets.snippet import Snippet
from tui_tracker.audit.snippets.texts import read_file, read_records
from tui_tracker.errors import InvalidArgument

COMMIT = "12e4567"
NESTED: dict[str, Any] = {
    "git_commit": COMMIT,
    "seed": 3,
    "note": None,
    "dirty": False,
    "data": {"name": "wine", "version": "1.10"},
    "metrics": {"val_auc": 0.91, "val_loss": [2.1, 1.6]},
}
FLAT: dict[str, Any] = {
    "git_commit": COMMIT,
    "seed": 3,
    "data.name": "wine",
    "data.version": "1.10",
    "metrics.val_auc": 0.91,
}
NOTATIONS = {
    "json": json.dumps(NESTED),
    "json with a fence and words": f"Look:\n\n```json\n{json.dumps(NESTED, indent=2)}\n```\nOdd?",
    "json in a list": f"[{json.dumps(NESTED)}]",
    "a comma too many": json.dumps(NESTED, indent=1).replace("\n}", ",\n}") + ",",
    "no commas": "\n".join(
        line.rstrip(",") if line.startswith(' "') else line
        for line in json.dumps(NESTED, indent=1).splitlines()
    ),
    "the inside": json.dumps(NESTED, indent=1)[2:-2],
    "a dict of Python": f"{NESTED!r}",
    "a name before": f"config: dict = {NESTED!r};",
    "comments": """// of the run
        {  # in Python's way
            git_commit: '12e4567', /* whole? */ seed: 3, // the only one
            note: null, dirty: false,
            data: {name: "wine", version: "1.10",},
            'metrics': {"val_auc": .91, "val_loss": [2.1, 1.6,],},
        }""",
    "curly quotes": json.dumps(NESTED).replace('"', "“", 1).replace('"', "”"),
    "objects": "Namespace(git_commit='12e4567', seed=np.int64(3), note=None, dirty=False, "
    "data=OrderedDict([('name', 'wine'), ('version', '1.10')]), "
    "metrics=defaultdict(<class 'float'>, {'val_auc': tensor(0.91, device='cuda:0'), "
    "'val_loss': array([2.1, 1.6])}))",
    "yaml": "git_commit: 12e4567\nseed: 3\nnote:\ndirty: false\ndata: &d\n  name: wine\n"
    "  version: 1.10\nmetrics:\n  val_auc: 0.91\n  val_loss: [2.1, 1.6]\n",
    "bullets": "* **git_commit**: 12e4567\n* seed: 3\n* `note`: null\n* dirty: False\n* data:\n"
    "    - name: wine\n    - version: 1.10\n* metrics:\n    - val_auc: 0.91\n"
    "    - val_loss: [2.1, 1.6]\n",
    "toml": 'git_commit = "12e4567"\nseed = 3\nnote = ""\ndirty = false\n[data]\nname = "wine"\n'
    'version = "1.10"\n[metrics]\nval_auc = 0.91\nval_loss = [2.1, 1.6]\n',
}
TABLES = {
    "csv": "git_commit,seed,data.name,data.version,metrics.val_auc\n12e4567,3,wine,1.10,0.91\n",
    "semicolons": "git_commit;seed;data.name;data.version;metrics.val_auc\n"
    "12e4567;3;wine;1.10;0.91\n",
    "tabs": "git_commit\tseed\tdata.name\tdata.version\tmetrics.val_auc\n"
    "12e4567\t3\twine\t1.10\t0.91",
    "markdown": "| git_commit | seed | data.name | data.version | metrics.val_auc |\n"
    "|:---|---:|---|---|---|\n| `12e4567` | 3 | wine | 1.10 | **0.91** |\n",
    "a row a key": "Field,Value\ngit_commit,12e4567\nseed,3\ndata.name,wine\ndata.version,1.10\n"
    "metrics.val_auc,0.91\n",
    "pairs": "git_commit=12e4567 seed=3, data.name='wine' data.version=1.10 metrics.val_auc=0.91",
    "ini": "git_commit = 12e4567\nseed = 3\ndata.name = wine\ndata.version = 1.10\n"
    "metrics.val_auc = 0.91",
}


def same(found: object, wanted: object) -> bool:
    """Whether two records say the same: a list may be written out, null may be empty."""
    if isinstance(wanted, dict):
        assert isinstance(found, dict)
        return set(found) == set(wanted) and all(same(found[k], wanted[k]) for k in wanted)
    if wanted is None:
        return found in (None, "", {})
    return str(found) == str(wanted) and type(found) is type(wanted)


@pytest.mark.parametrize("name", NOTATIONS)
def test_a_nested_record_is_the_same_in_every_notation(name):
    records = read_records(NOTATIONS[name], "it")

    assert len(records) == 1
    assert same(records[0], NESTED), records[0]


@pytest.mark.parametrize("name", TABLES)
def test_a_flat_record_is_the_same_in_every_notation(name):
    records = read_records(TABLES[name], "it")

    assert len(records) == 1
    assert same(records[0], FLAT), records[0]


@pytest.mark.parametrize(
    "text",
    [
        "name,lr,val_accuracy\na,0.1,0.8\nb,0.2,0.9\n",
        '{"name": "a", "lr": 0.1, "val_accuracy": 0.8}\n{"name": "b", "lr": 0.2,'
        ' "val_accuracy": 0.9}\n',
        '[{"name": "a", "lr": 0.1, "val_accuracy": 0.8},'
        " {'name': 'b', 'lr': 0.2, 'val_accuracy': 0.9}]",
        "name: a\nlr: 0.1\nval_accuracy: 0.8\n---\nname: b\nlr: 0.2\nval_accuracy: 0.9\n",
    ],
)
def test_several_records_are_several_runs(text):
    assert read_records(text, "it") == [
        {"name": "a", "lr": 0.1, "val_accuracy": 0.8},
        {"name": "b", "lr": 0.2, "val_accuracy": 0.9},
    ]


def test_a_table_by_epochs_is_one_run_with_its_curves():
    (record,) = read_records("epoch,run,val_loss\n1,a,2.5\n2,a,1.5\n", "it")

    assert record == {"run": "a", "history": {"epoch": [1, 2], "val_loss": [2.5, 1.5]}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{1, 2}", [1, 2]),
        ("(1,)", [1]),
        ("('a' )", "a"),
        ("{}", {}),
        ("datetime.datetime(2026, 3, 1, 10, 0, tzinfo=utc)", "2026-03-01T10:00:00"),
        (r"'a\tbé\'c'", "a\tbé'c"),
        ('"""two\nlines"""', "two\nlines"),
        ("{a: s3://b/c, b: 10 # ten\n}", {"a": "s3://b/c", "b": 10}),
        ("[1, 2, ...]", [1, 2]),
        ("{'f': <function f at 0x7f>}", {"f": "<function f at 0x7f>"}),
        ("{lr: -1e-3, v: 1.10, n: None}", {"lr": -0.001, "v": "1.10", "n": None}),
    ],
)
def test_what_python_and_javascript_print_is_read(text, value):
    assert read_loose(text)[0] == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (f"seed:{' ' * 40_000}3{' ' * 40_000}\nlr: 0.1\n@", 3),
        (f"{{'seed': '{' ' * 40_000}3'}}", f"{' ' * 40_000}3"),
        (f"seed: 3\n{chr(10) * 100_000}lr: 0.1", 3),
        (f"seed: 3\nlr: 0.1\nnote: 4\nval acc 0.1{' ' * 40_000}x", 3),
    ],
)
def test_long_blanks_are_read_in_one_pass(text, value):
    (record,) = read_records(text, "it")

    assert record["seed"] == value
    assert read_snippet(record).seeds == [value]


def test_nan_of_python_stays_not_finite():
    (record,) = read_records("{'val_loss': nan, 'test_loss': float('inf'), }", "it")

    assert str(record["val_loss"]).lower() == "nan"
    assert math.isinf(float(record["test_loss"]))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no record"),
        ("[1, 2]", "holds no record"),
        ("some words: that are none", "holds no record"),
        ("epoch 1: loss=0.3\nepoch 2: loss=0.2\n", "tt parse"),
        ('{"a": ', "line 1, column 6: a value is wanted"),
        ('{"a": 1,\n "b" 2}', "line 2, column 6: ',' or '}' is wanted, not '2'"),
        ('{"a": [1, 2', r"column 7: this \[ is never closed"),
        ('{"a": "b}', "column 7: this text is never closed"),
        ('{"a": 1}\nmore', "line 2, column 1: the record ended"),
        ("[" * 100_000, "nested deeper"),
        ("a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "\n".join(
            f"b{n}: &b{n} [{','.join(['*' + ('a' if not n else f'b{n - 1}')] * 10)}]"
            for n in range(12)), "holds no record"),
    ],
)  # fmt: skip
def test_a_text_that_holds_no_record_is_one_sentence_with_the_place(tmp_path, text, words):
    path = tmp_path / "record.txt"
    path.write_text(text)

    with pytest.raises(InvalidArgument, match=words):
        read_file(path)


def test_a_file_that_is_no_text_is_one_sentence(tmp_path):
    path = tmp_path / "record.bin"
    path.write_bytes(b"lr\x80\x81\x00")

    with pytest.raises(InvalidArgument, match="holds no text, at byte 2"):
        read_file(path)
    with pytest.raises(InvalidArgument, match="cannot be read"):
        read_file(Path(tmp_path / "none"))


def test_a_source_without_an_end_is_not_read_to_it():
    with pytest.raises(InvalidArgument, match="/dev/zero is larger than a record"):
        read_file(Path("/dev/zero"))


@given(st.text(alphabet="{}[](),:='\"# \n\tab1.-<>/*|`", max_size=60))
def test_no_text_breaks_the_reader(text):
    try:
        records = read_records(text, "it")
    except InvalidArgument:
        return
    assert records


def metrics_of(snippet: Snippet) -> list[tuple[str, str, float]]:
    return [(metric.name, metric.split, metric.values[-1]) for metric in snippet.metrics]


PASTED: list[tuple[str, dict[str, Any]]] = [
    ("| Hyperparameter | Value |\n|---|---|\n| Learning rate | 3e-4 |\n| Seed | 42 |\n",
     {"seeds": [42], "params": {"Learning rate": 3e-4}}),
    ("┏━━━━┳━━━━┓\n┃ Param ┃ Value ┃\n┡━━━╇━━━┩\n│ lr │ 0.1 │\n│ seed │ 4 │\n└──┴──┘\n",
     {"seeds": [4], "params": {"lr": 0.1}}),
    ("+-------+-------+\n| param | value |\n+=======+=======+\n| seed  | 4     |\n",
     {"seeds": [4]}),
    ("     name    lr  seed\n0  run_a  0.15     1\n", {"names": {"name": "run_a"}, "seeds": [1],
     "params": {"lr": 0.15}}),
    ("lr        0.001\nseed         42\nval_accuracy    0.913\nName: 3, dtype: object\n",
     {"seeds": [42], "names": {}, "metrics": [("val_accuracy", "val", 0.913)]}),
    ("# The run\n\n| | |\n|---|---|\n| Seed | 4 |\n| Val dice | 0.91 |\n\nIt was fine.\n",
     {"seeds": [4], "metrics": [("Val dice", "val", 0.91)]}),
    ("trainer:\n  max_epochs: 10\nseed_everything: 42\n", {"seeds": [42]}),
    ("[run]\nname = a_run\nseed = 1\n[optim]\nlr = 20\n",
     {"seeds": [1], "names": {"run.name": "a_run"}, "params": {"lr": 20}}),
    ("[run]  # of June\nseed = 1\n[data]\nname = \"ptb\"\n", {"seeds": [1], "data_name": "ptb"}),
    ("---\nname: bert-ner\nmetrics:\n- f1\nmodel-index:\n- name: bert-ner\n  results:\n"
     "  - dataset:\n      name: conll2003\n      split: validation\n    metrics:\n"
     "    - name: F1\n      type: f1\n      value: 0.94\n---\n",
     {"data_name": "conll2003", "metrics": [("f1", "val", 0.94)]}),
    ("### Hyperparameters\n\nThe following hyperparameters were used during training:\n"
     "- learning_rate: 2e-05\n- seed: 42\n\n### Framework versions\n\n- Pytorch 1.13.1+cu116\n",
     {"seeds": [42], "params": {"learning_rate": 2e-05}, "environment": [
      "The following hyperparameters were used during training[2]: Pytorch 1.13.1+cu116"]}),
    ("export SEED=42\nexport LR=0.001\n", {"seeds": [42], "params": {"LR": 0.001}}),
    ("lr=0.1 seed=0 | val_acc=0.93", {"seeds": [0], "params": {"lr": 0.1},
     "metrics": [("val_acc", "val", 0.93)]}),
    ("$ OMP_NUM_THREADS=1 python t.py \\\n    --lr 3e-4 \\\n    --seed 1 --dataset cifar10",
     {"script": "OMP_NUM_THREADS=1 python t.py --lr 3e-4 --seed 1 --dataset cifar10",
      "seeds": [1], "params": {"lr": 3e-4}, "data_name": "cifar10"}),
    ("python train.py data.name=cub optimizer.lr=0.1 data.val_size=0.1",
     {"data_name": "cub", "params": {"optimizer_lr": 0.1, "data_val_size": 0.1},
      "split": "data_val_size: 0.1"}),
    ("lr: 0.01\nseed: 1\nval auc 0.871 (test 0.866)\n", {"metrics": [("val auc", "val", 0.871)]}),
    ("seed: 1\nmetrics: val AUC 0.871, test AUC 0.866\n",
     {"metrics": [("val AUC", "val", 0.871), ("test AUC", "test", 0.866)]}),
    ("lr\t0.1\nseed\t3\nval_acc\t0.9\n",
     {"seeds": [3], "metrics": [("val_acc", "val", 0.9)]}),
    ("Setup\n- lr 0.1\n- batch size 64\n- seed 3\nResults\n- val acc 90.8 %\n",
     {"seeds": [3], "params": {"lr": 0.1, "batch size": 64},
      "metrics": [("val acc", "val", 0.908)]}),
    ("make train LR=0.1 SEED=3", {"seeds": [3], "params": {"lr": 0.1}}),
    ("python t.py --name 'my run' --bias -1 --seed 5",
     {"seeds": [5], "params": {"name": "my run", "bias": -1}}),
    ("seed: not set\nlr: 0.1\n", {"seeds": []}),
    ("seed: random\nlr: 0.1\n", {"seeds": []}),
    ("val_ppl: 1,024.5\ntest_ppl: 1.024,5\nseed: 1\n",
     {"metrics": [("val_ppl", "val", 1024.5), ("test_ppl", "test", 1024.5)]}),
    ("lr:0.1\nseed:3\n", {"seeds": [3], "params": {"lr": 0.1}}),
    ("In [3]: config\nOut[3]: {'seed': 3, 'val_loss': 0.2}",
     {"seeds": [3], "metrics": [("val_loss", "val", 0.2)]}),
    (">>> config\n{'seed': 3}\n", {"seeds": [3]}),
    ("INFO:root:{'seed': 3, 'lr': 0.1}", {"seeds": [3], "params": {"lr": 0.1}}),
    ('It was this one\n{"seed": 3, "lr": 0.1}\nand it reached 0.91 on val\n', {"seeds": [3]}),
    ("name;seed;val_accuracy\na_run;1;0,81\n", {"metrics": [("val_accuracy", "val", 0.81)]}),
    ("seeds: 0, 1, 2\nval_acc: 91,2 % (mean of 3 seeds)\n",
     {"repeats": 3, "seeds": ["0", "1", "2"], "metrics": [("val_acc", "val", 0.912)]}),
    (r'{"data_path": "C:\data\new\a.csv", "seed": 3}', {"data_name": "C:\\data\new\\a.csv"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "facts"), PASTED)
def test_a_text_says_what_a_person_reads_in_it(text, facts):
    (record,) = read_records(text, "it")

    snippet = read_snippet(record)

    found = {name: getattr(snippet, name) for name in facts}
    if "metrics" in facts:
        found["metrics"] = metrics_of(snippet)
    assert found == facts


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02 10:00:00,123 INFO train: seed=42 lr=0.1\n"
        "2026-01-02 10:10:00,123 INFO train: epoch=10 val_acc=0.91\n",
        "We train with SGD, seed 0. Top-1 accuracy on ImageNet/val: 76.1 (3 seeds).",
    ],
)
def test_logs_and_prose_are_no_table_of_runs(text):
    with pytest.raises(InvalidArgument, match="holds no record"):
        read_records(text, "it")
