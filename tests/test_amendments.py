"""Amendments: a record that stays, and what stands beside it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from audit_records import COMMIT, record
from lineage_runs import run_with

from tui_tracker import edits
from tui_tracker.audit import catalogue  # noqa: F401 - declares the rules
from tui_tracker.audit.amendments import Correction, amend, value_of, withdraw
from tui_tracker.audit.record import amend_record, read_records
from tui_tracker.audit.rules import PASSED, RULES, Doubt
from tui_tracker.compare.sides import read_sides
from tui_tracker.edits import empty_trash, trash
from tui_tracker.errors import InvalidArgument, NotFound
from tui_tracker.fact_rows import save_facts
from tui_tracker.merge import merge_runs
from tui_tracker.names.aliases import Renaming, rename
from tui_tracker.queries import Order, Selection, find_run, get_rows, get_run, list_run_keys
from tui_tracker.queries.amended import amended
from tui_tracker.queries.amendments import read_amendments
from tui_tracker.queries.groups import BUT_SEED, group_runs
from tui_tracker.queries.records import run_records
from tui_tracker.store import Store
from tui_tracker.tui.pages import overview

CODE = {"vcs": "git", "commit": COMMIT, "branch": "trunk"}
EDITED = RULES["run.record-edited"].check


def correct(field, new, old=None, confidence="likely"):
    return Correction(field, old, new, "somebody saw it", confidence)


@pytest.fixture
def run(folder, store):
    """The key of a run with a little lineage."""
    run_with(folder, "traced", {"lr": 0.1}, code=CODE, data__digits={"name": "digits"})
    (key,) = list_run_keys(store)
    return key


def the_record(store, key):
    (found,) = read_records(store, [key])
    return found


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("params.seed", 3),
        ("params.model.depth", 12),
        ("tags.owner", "ann"),
        ("metrics.main", "val_f1"),
        ("code.commit", "b" * 40),
        ("code.entry.path", "train.py"),
        ("environment.packages", {"numpy": "2.1"}),
        ("data:digits.digest", "sha256:" + "a" * 64),
        ("data:train.v2.csv.version", "v3"),
        ("split:digits.seed", 7),
    ],
)
def test_an_amended_field_reads_as_it_was_amended(store, run, field, value):
    raw = get_run(store, run)
    before = value_of(raw, field)

    amend(store, run, [correct(field, value, before)], reason="seen")

    found = the_record(store, run)
    assert value_of(found.detail, field) == value
    assert value_of(found.original, field) == before
    assert value_of(get_run(store, run), field) == value
    assert get_run(store, run, captured=True) == raw


def test_an_artifact_a_series_and_a_note_can_be_told_afterwards(store, run):
    facts = {"kind": "model", "sha256": "sha256:" + "a" * 64, "size": 10}
    series = {"first": 1.0, "last": 0.2, "min": 0.2, "max": 1.0, "mean": 0.5, "count": 4}
    items = [correct("artifacts.model.pt", facts), correct("metrics.train_loss", series)]

    amend(store, run, [*items, correct("notes.search", "lr in 0.1, 0.2")], reason="seen")

    detail = the_record(store, run).detail
    (artifact,) = detail.artifacts
    assert (artifact.path, artifact.kind, artifact.size_bytes) == ("model.pt", "model", 10)
    loss = detail.row.metrics["train_loss"]
    assert (loss.first, loss.last, loss.count, loss.mean) == (1.0, 0.2, 4, 0.5)
    assert detail.notes[-1].text == "lr in 0.1, 0.2"


def test_facts_that_runs_share_are_not_changed_for_the_others(store, folder, run):
    run_with(folder, "other", code=CODE)
    keys = list_run_keys(store)

    amend(store, run, [correct("code.commit", "b" * 40, COMMIT)], reason="seen")

    found = {r.key: r.fact("code", "commit") for r in read_records(store, keys)}
    assert found == {key: ("b" * 40 if key == run else COMMIT) for key in keys}


def test_the_newest_counts_and_one_that_is_taken_back_gives_the_record_back(store, run):
    amend(store, run, [correct("params.lr", 0.2, 0.1)], reason="first")
    amend(store, run, [correct("params.lr", 0.3, 0.2)], reason="second")
    second = the_record(store, run)

    withdraw(store, run, second.detail, "params.lr", reason="it was right")

    assert second.params["lr"] == 0.3
    found = the_record(store, run)
    assert found.params["lr"] == 0.1
    assert [a.new for a in found.amendments] == [0.2, 0.3, None]


@pytest.mark.parametrize("field", ["nonsense", "code", "params.", "colour.red", ".x"])
def test_a_field_that_no_record_has_is_refused(store, run, field):
    with pytest.raises(InvalidArgument, match="is no field of a record"):
        amend(store, run, [correct(field, 1)], reason="")
    assert read_amendments(store, [run]) == {}


def test_a_run_that_is_gone_cannot_be_amended(store):
    with pytest.raises(NotFound):
        amend(store, 99, [correct("params.lr", 1)], reason="")


def test_secrets_are_hidden_before_they_are_kept(store, run):
    item = Correction("params.api_key", None, "sk-1234567890abcdef", "seen", "")

    amend(store, run, [item], reason="token=ghp_0123456789abcdefghijABCDEFGHIJ012345")

    kept = json.dumps([list(row) for row in store.read("SELECT new, reason FROM amendment")])
    assert "sk-1234567890abcdef" not in kept
    assert "ghp_0123456789" not in kept


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE amendment SET new='0.9' WHERE id=2",
        "UPDATE amendment SET reason='other' WHERE id=1",
        "UPDATE amendment SET who='eve' WHERE id=3",
        "DELETE FROM amendment WHERE id=2",
        "UPDATE amendment SET run=run, at_ms=at_ms-5 WHERE id=2",
    ],
)
def test_what_was_altered_afterwards_is_noticed_and_does_not_count(store, run, damage):
    for number in range(3):
        amend(store, run, [correct(f"params.p{number}", number)], reason="seen")
    whole = the_record(store, run)

    with store.write() as connection:
        connection.execute(damage)

    found = the_record(store, run)
    assert EDITED(whole) is PASSED
    assert isinstance(EDITED(found), Doubt)
    assert "altered after it was written" in EDITED(found).message
    broken = [a.field for a in found.amendments if not a.intact]
    assert broken
    assert not set(found.params) & {name.partition(".")[2] for name in broken}


def test_an_amendment_of_another_run_does_not_pass_for_ones_own(store, folder, run):
    run_with(folder, "other", code=CODE)
    other = next(key for key in list_run_keys(store) if key != run)
    amend(store, run, [correct("params.lr", 9)], reason="seen")

    with store.write() as connection:
        connection.execute("UPDATE amendment SET run=?", (other,))

    assert isinstance(EDITED(the_record(store, other)), Doubt)


def test_an_amendment_without_a_reason_is_told(store, run):
    amend(store, run, [correct("params.lr", 9)], reason="  ")

    doubt = EDITED(the_record(store, run))

    assert isinstance(doubt, Doubt)
    assert "without a reason" in doubt.message


def test_the_audit_that_is_kept_notices_what_was_altered(store, run, tt_, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    amend(store, run, [correct("params.lr", 2)], reason="seen")
    tt_("audit", "traced", "--json")

    with store.write() as connection:
        connection.execute("UPDATE amendment SET new='3'")

    _, out, _ = tt_("audit", "traced", "--json")
    rules = [f["rule"] for f in json.loads(out)["runs"][0]["findings"]]
    assert "run.record-edited" in rules


def test_amendments_go_with_a_run_and_two_stores_that_amended_it_apart_join(store, run, tmp_path):
    amend(store, run, [correct("params.a", 1)], reason="before")
    with Store.open(tmp_path / "second", create=True) as second:
        merge_runs(store, second)
        (there,) = list_run_keys(second)
        amend(second, there, [correct("params.b", 2)], reason="there")
        amend(store, run, [correct("params.c", 3)], reason="here")

        merge_runs(second, store)
        merge_runs(second, store)

    found = the_record(store, run)
    assert {a.field for a in found.amendments} == {"params.a", "params.b", "params.c"}
    assert all(a.intact for a in found.amendments)
    assert {"a", "b", "c"} <= set(found.params)


def test_a_bundle_carries_amendments_whole(store, run, tt_, tmp_path):
    amend(store, run, [correct("tags.owner", "ann")], reason="asked her")
    path = tmp_path / "traced.ttbundle"
    assert tt_("bundle", "traced", "--out", str(path))[0] == 0

    from tui_tracker import cli

    assert cli.main(["--store", str(tmp_path / "else"), "unbundle", str(path)]) == 0

    with Store.open(tmp_path / "else") as other:
        (found,) = read_records(other, list_run_keys(other))
    assert [(a.field, a.new, a.intact) for a in found.amendments] == [("tags.owner", "ann", True)]


def test_a_removed_run_takes_its_amendments_along(store, run):
    amend(store, run, [correct("tags.owner", "ann")], reason="asked her")

    trash(store, [run])
    empty_trash(store)

    assert store.read("SELECT count(*) FROM amendment") == [(0,)]


def test_show_tells_what_was_amended_and_shows_the_original(store, run, tt_):
    amend(store, run, [correct("params.lr", 0.25, 0.1)], reason="a typo")

    _, shown, _ = tt_("show", "traced")
    _, original, _ = tt_("show", "traced", "--original")
    _, text, _ = tt_("show", "traced", "--json")

    assert "1 field; --original shows the record as it was captured" in shown
    assert "a typo" in shown
    assert [line.split() for line in shown.splitlines() if line.strip().startswith("lr ")] == [
        ["lr", "0.25"]
    ]
    assert ["lr", "0.1"] in [line.split() for line in original.splitlines()]
    found = json.loads(text)
    assert found["params"]["lr"] == 0.1
    (item,) = found["amendments"]
    assert (item["field"], item["old"], item["new"]) == ("params.lr", 0.1, 0.25)
    assert (item["reason"], item["intact"]) == ("a typo", True)


def test_amended_gives_the_same_record_where_nothing_was_amended():
    found = record()

    assert amended(found.detail, ()) == found.detail
    assert amend_record(found, ()).original == found.detail


def test_a_run_and_its_page_in_the_app_say_that_it_was_amended(store, run):
    amend(store, run, [correct("params.lr", 0.25, 0.1)], reason="a typo")
    detail = get_run(store, run)

    lines = overview(detail, {}, datetime.now(UTC), 80)

    assert detail.amended == ("params.lr",)
    text = "\n".join("".join(span for span, _ in line) for line in lines)
    assert "amended" in text
    assert "params.lr; `tt show --original` tells what was captured" in " ".join(text.split())
    assert detail.row.params == {"lr": 0.25}
    assert get_run(store, run, captured=True).row.params == {"lr": 0.1}


def found(store, query):
    return list_run_keys(store, Selection(query=query))


@pytest.mark.parametrize(
    ("field", "new", "query", "before"),
    [
        ("params.lr", 0.2, "lr = 0.2", "lr = 0.1"),
        ("params.lr", "auto", "lr = auto", "lr = 0.1"),
        ("params.model.depth", 12, "model.depth > 11", "missing:model.depth"),
        ("params.long", "x" * 2000, "long ~ xx$", "missing:long"),
        ("tags.owner", "ann", "owner:ann", "missing:owner"),
        ("metrics.main", "val_f1", "tag:main_metric:val_f1", "tag:purpose:sweep"),
        ("code.commit", "b" * 40, "commit:bbbb", "not commit:bbbb"),
        ("environment.packages", {"numpy": "2.1"}, "package.numpy >= 2", "missing:package.numpy"),
        ("data:digits.version", "v3", "data.version = v3", "data.name = digits"),
        ("data:train.csv.digest", "sha256:ab", "data.hash:ab", "data.name = digits"),
    ],
)
def test_queries_see_what_was_amended_and_what_was_taken_back(
    store, run, log_run, field, new, query, before
):
    edits.tag(store, [run], ["purpose:sweep"])
    log_run("other", params={"lr": 5})
    assert run in found(store, before)
    logged = [store.read(f"SELECT * FROM main.{t}") for t in ("param", "tag", "lineage")]

    amend(store, run, [correct(field, new)], reason="seen")

    assert found(store, query) == [run]
    withdraw(store, run, get_run(store, run), field, reason="it was right")
    assert run in found(store, before)
    assert logged == [store.read(f"SELECT * FROM main.{t}") for t in ("param", "tag", "lineage")]


def test_cells_groups_orders_and_lists_see_what_was_amended(store, run, log_run):
    log_run("same", experiment="traces", params={"lr": 0.3})
    log_run("more", params={"lr": 0.2})
    said = [correct("params.lr", 0.3, 0.1), correct("code.branch", "other"), correct("tags.a", "b")]

    amend(store, run, said, reason="seen")

    (row,) = get_rows(store, [run], params=["lr"])
    assert (row.params, row.tags) == ({"lr": 0.3}, ("a:b",))
    assert {len(g.members) for g in group_runs(store, by=["param:lr"])} == {1, 2}
    assert {len(g.members) for g in group_runs(store, by=[BUT_SEED])} == {1, 2}
    order = list_run_keys(store, Selection(), Order("param:lr", descending=False))
    assert order[0] not in (run, find_run(store, "same"))
    record = json.loads(next(run_records(store, [run])))
    assert (record["params"], record["tags"]) == ({"lr": 0.3}, ["a:b"])
    assert record["lineage"]["code"]["branch"] == "other"
    whole = json.loads(next(run_records(store, [run], bulky=True)))
    assert (whole["params"], whole["tags"], len(whole["amendments"])) == ({"lr": 0.1}, [], 3)
    assert whole["lineage"]["code"]["branch"] == "trunk"


def test_an_amendment_that_was_altered_is_seen_by_no_query(store, run):
    amend(store, run, [correct("params.lr", 0.2)], reason="seen")
    assert found(store, "lr = 0.2") == [run]

    with store.write() as connection:
        connection.execute("UPDATE amendment SET new = '0.9'")

    assert found(store, "lr = 0.1") == [run]
    assert found(store, "lr = 0.9") == []


def test_aliases_and_amendments_are_seen_together(store, run):
    rename(store, [Renaming("param", "lr", "learning_rate")])

    amend(store, run, [correct("params.learning_rate", 0.2, 0.1)], reason="seen")

    assert found(store, "learning_rate = 0.2") == [run]
    assert found(store, "learning_rate = 0.1") == []
    assert get_run(store, run).row.params == {"learning_rate": 0.2}
    assert get_run(store, run, captured=True).row.params == {"learning_rate": 0.1}


def test_facts_of_a_live_run_stay_amended_when_its_lineage_is_told_again(store, run):
    amend(store, run, [correct("code.commit", "b" * 40)], reason="seen")

    with store.write() as connection:
        save_facts(connection, run, "code", {**CODE, "branch": "later"})

    assert found(store, "commit:bbbb and branch = later") == [run]


def test_a_merged_run_is_queried_as_it_was_amended(store, run, tmp_path):
    amend(store, run, [correct("code.commit", "b" * 40), correct("params.lr", 9)], reason="seen")

    with Store.open(tmp_path / "other", create=True) as other:
        merge_runs(store, other)

        assert len(found(other, "commit:bbbb and lr = 9")) == 1
        amend(store, run, [correct("code.branch", "later")], reason="seen")
        merge_runs(store, other)
        assert len(found(other, "branch = later and commit:bbbb")) == 1


NOTE = correct("notes.why", "the server was restarted")
FILE = correct("artifacts.out/model.pt", {"kind": "model", "sha256": f"sha256:{'a' * 64}"})


def test_notes_and_files_that_were_amended_are_seen_wherever_runs_are_read(store, run, tt_):
    edits.note(store, [run], "first")

    amend(store, run, [NOTE, FILE], reason="seen")

    detail = get_run(store, run)
    assert [note.text for note in detail.notes] == ["first", "the server was restarted"]
    assert [(a.path, a.kind, a.copied) for a in detail.artifacts] == [
        ("out/model.pt", "model", False)
    ]
    assert found(store, 'note ~ "restarted"') == [run]
    assert found(store, "artifact:model.pt") == [run]
    record = json.loads(next(run_records(store, [run])))
    assert record["notes"] == ["first", "the server was restarted"]
    assert [a["sha256"] for a in record["artifacts"]] == ["a" * 64]
    whole = json.loads(next(run_records(store, [run], bulky=True)))
    assert (whole["notes"], whole["artifacts"]) == (["first"], [])
    assert "out/model.pt" in tt_("artifacts", "traced")[1]
    assert "restarted" in tt_("note", "traced")[1]


def test_a_note_that_is_an_amendment_is_taken_back_and_not_edited(store, run):
    amend(store, run, [NOTE], reason="seen")
    (note,) = get_run(store, run).notes

    with pytest.raises(InvalidArgument, match="--withdraw FIELD"):
        edits.edit_note(store, note.id, "other")
    with pytest.raises(InvalidArgument, match="--withdraw FIELD"):
        edits.remove_note(store, note.id)
    withdraw(store, run, get_run(store, run), "notes.why", reason="it was not")

    assert get_run(store, run).notes == ()
    assert found(store, "note ~ restarted") == []


def test_a_file_that_was_amended_stands_in_place_of_the_one_that_was_logged(store, run):
    with store.write() as connection:
        connection.execute(
            "INSERT INTO artifact (run, path, at_ms, kind, size, sha256, copied, problem) "
            "VALUES (?, 'out/model.pt', 1, 'model', 3, NULL, 0, 'it was gone')",
            (run,),
        )

    amend(store, run, [FILE], reason="seen")

    (file,) = get_run(store, run).artifacts
    assert (file.sha256, file.problem) == ("a" * 64, "")
    (captured,) = get_run(store, run, captured=True).artifacts
    assert (captured.sha256, captured.problem) == (None, "it was gone")
    assert store.read("SELECT count(*) FROM artifact") == [(1,)]


@pytest.mark.parametrize("value", ["sha256:nonsense", {"sha256": 3}, {}, 7, ["a"]])
def test_a_file_that_is_told_oddly_has_no_hash(store, run, value):
    amend(store, run, [correct("artifacts.model.pt", value)], reason="seen")

    (file,) = get_run(store, run).artifacts
    assert file.sha256 is None
    assert len(json.loads(next(run_records(store, [run])))["artifacts"]) == 1


def test_a_series_that_was_told_is_no_ground_for_a_table_or_a_decision(store, run):
    amend(store, run, [correct("metrics.val_f1_macro", {"last": 0.99})], reason="read it")

    assert get_run(store, run).row.metrics == {}
    assert the_record(store, run).metrics["val_f1_macro"].last == 0.99
    assert found(store, "missing:val_f1_macro") == [run]


def test_what_compares_runs_sees_what_was_amended(store, run, log_run):
    log_run("other", params={"lr": 0.25})
    amend(store, run, [correct("params.lr", 0.25, 0.1)], reason="a typo")

    first, second = read_sides(store, list_run_keys(store))

    assert first.run.row.params == second.run.row.params
