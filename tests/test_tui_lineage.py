"""The lineage tab of a run's page, the list of changed files, and the diff of one."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from lineage_runs import changed_code, record_parts, run_with
from tui_pilot import gone, opened, screen_text, see, until

import tui_tracker as tt
from tui_tracker.drain import recover
from tui_tracker.errors import StoreError
from tui_tracker.formatting import cell_width
from tui_tracker.lineage.tree import LineageNode, LineageTree
from tui_tracker.tui.lineage_pages import FOOT_LINES, node_in_full, patch_lines
from tui_tracker.tui.screens.changes import ChangesScreen, PatchScreen
from tui_tracker.tui.screens.run import RunScreen
from tui_tracker.tui.widgets.lineage_view import LineageView, Row

BEFORE = {"train.py": b"import torch\nlr = 0.1\n", "old.py": b"x\n"}
AFTER = {"train.py": b"import torch\nlr = 0.2\n", "lib/new.py": b"a\nb\n", "w.bin": b"\0\1"}
HOSTILE = "lr[/] [bold]\x1b[31mred\x1b[0m\ntwo\ttab \u202egnp 模型 \U0001f469\u200d\U0001f680"


@pytest.fixture
def traced(folder):
    """One run whose code is kept and whose data is gone."""
    data = {"name": "val", "kind": "file", "path": "/nowhere/val.csv", "version": "v1"}
    packages = {f"package-{n}": "1.0" for n in range(30)}
    run_with(
        folder,
        "traced",
        {"seed": 7},
        code=changed_code(folder, BEFORE, AFTER),
        data__val={**data, "digest": f"sha256:{'a' * 64}"},
        environment={"python": "3.11.7", "packages": packages},
    )


def view_of(pilot) -> LineageView:
    return pilot.app.screen.query_one(LineageView)


async def on_tab(pilot) -> LineageView:
    await pilot.press("enter", "4")
    await see(pilot, "code", "trunk @ 1a2b3c4")
    return view_of(pilot)


async def go_to(pilot, *titles: str) -> None:
    view = view_of(pilot)
    paths = [row.path for row in view.rows]
    view.cursor = paths.index(titles)
    await pilot.pause()


@pytest.mark.usefixtures("traced")
async def test_the_tree_has_marks_and_says_what_they_come_to(store):
    async with opened(store) as pilot:
        view = await on_tab(pilot)

        await see(pilot, "✗ 1 missing", "≈ ", "differ here", "✗ ▸ val", "✓ ▾ changes", "kept whole")
        marks = {row.path: row.node.mark for row in view.rows}
        assert marks["code",] == "verified"
        assert marks["data", "val"] == "missing"
        assert view.tree_shown.lost == 1


@pytest.mark.usefixtures("traced")
async def test_nothing_is_checked_before_the_tab_is_opened(store):
    async with opened(store) as pilot:
        await pilot.press("enter")
        await see(pilot, "Lineage", "trunk @ 1a2b3c4, +41/-3 in 4 files, kept whole")

        assert view_of(pilot).tree_shown is None


@pytest.mark.usefixtures("traced")
async def test_branches_fold_and_stay_so_when_the_tree_is_read_again(store):
    async with opened(store) as pilot:
        view = await on_tab(pilot)
        await pilot.press("left")
        assert view.rows[1].path == ("command",)

        await pilot.press("r")
        await see(pilot, "Read again")
        view.tree_shown = replace(view.tree_shown, deep=True)
        assert view.rows[1].path == ("command",)

        await pilot.press("right", "right")
        assert view.current.path == ("code", "commit")
        await pilot.press("h")
        assert view.current.path == ("code",)


@pytest.mark.usefixtures("traced")
async def test_long_lists_are_closed_until_they_are_opened(store):
    async with opened(store) as pilot:
        view = await on_tab(pilot)
        await go_to(pilot, "environment", "packages")
        assert "package-11" not in screen_text(pilot)

        await pilot.press("enter")

        await see(pilot, "package-11", "not installed here")
        assert view.current.path == ("environment", "packages")


@pytest.mark.usefixtures("traced")
async def test_typing_filters_nodes_and_keeps_those_above_them(store):
    async with opened(store) as pilot:
        view = await on_tab(pilot)

        await pilot.press("slash", *"package-17", "enter")

        await until(pilot, lambda: len(view.rows) == 3)
        assert [row.node.title for row in view.rows] == ["environment", "packages", "package-17"]
        await see(pilot, "≈ differs here  environment")
        await pilot.press("escape")
        await until(pilot, lambda: len(view.rows) > 10)


@pytest.mark.usefixtures("traced")
async def test_what_the_cursor_is_on_is_told_in_full_and_copied(store):
    async with opened(store, size=(80, 24)) as pilot:
        await on_tab(pilot)
        await go_to(pilot, "code", "commit")

        await see(pilot, "code › commit", "1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d")
        await pilot.press("y")

        await until(
            pilot, lambda: pilot.app.clipboard == "1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d"
        )


@pytest.mark.usefixtures("traced")
async def test_a_deep_check_runs_beside_and_says_what_came_of_it(store):
    async with opened(store) as pilot:
        view = await on_tab(pilot)
        await pilot.press("d")

        await until(pilot, lambda: view.tree_shown.deep)
        await see(pilot, "All was read: 1 changed or missing", "every hash is right")
        assert view.checking == ""


@pytest.mark.usefixtures("traced")
async def test_a_deep_check_stops_when_it_is_not_wanted_any_more(store, monkeypatch):
    from tui_tracker.tui import reading

    async with opened(store) as pilot:
        view = await on_tab(pilot)

        def never_ends(*_, progress, **__):
            while True:
                progress("a large file", 1, 4)

        monkeypatch.setattr(reading, "read_lineage", never_ends)
        await pilot.press("d")
        await see(pilot, "checking a large file 25%")
        await pilot.press("d")
        await see(pilot, "The check was stopped")
        assert view.checking == ""
        assert view.tree_shown is not None


@pytest.mark.usefixtures("traced")
async def test_a_check_that_fails_is_told_and_can_be_tried_again(store, monkeypatch):
    from tui_tracker.tui import reading

    async with opened(store) as pilot:
        view = await on_tab(pilot)

        def fails(*_, **__):
            raise StoreError("store.db", "the disk is gone")

        with monkeypatch.context() as patch:
            patch.setattr(reading, "read_lineage", fails)
            await pilot.press("d")
            await see(pilot, "the disk is gone")
            await until(pilot, lambda: view.checking == "")
        await pilot.press("d")
        await until(pilot, lambda: view.tree_shown.deep)


@pytest.mark.usefixtures("traced")
async def test_enter_on_code_opens_changed_files_and_then_the_diff_of_one(store):
    async with opened(store, size=(80, 24)) as pilot:
        await on_tab(pilot)
        await go_to(pilot, "code", "changes", "old.py")

        await pilot.press("enter")
        await see(pilot, "changed files", "added", "lib/new.py", "deleted", "old.py", "binary")
        assert isinstance(pilot.app.screen, ChangesScreen)
        await pilot.press("down", "enter")
        await see(pilot, "diff › train.py", "-lr = 0.1", "+lr = 0.2", "3 of 4")
        await pilot.press("right_square_bracket")
        await see(pilot, "diff › w.bin", "Binary files")
        await pilot.press("right_square_bracket")
        await see(pilot, "This is the last file")
        assert isinstance(pilot.app.screen, PatchScreen)
        await pilot.press("q", "q")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        assert view_of(pilot).current.path == ("code", "changes", "old.py")


async def test_code_without_a_copy_says_so_where_its_files_would_stand(store, folder):
    facts = {"commit": "ab" * 20, "branch": "trunk", "files": [["M", "a.py"]]}
    run_with(folder, "bare", code=facts)

    async with opened(store) as pilot:
        await pilot.press("enter", "4")
        await see(pilot, "its content is not kept")
        await go_to(pilot, "code", "changes")
        await pilot.press("enter")
        await see(pilot, "no snapshot was taken of this run's code")


async def test_a_secret_in_the_code_is_hidden_in_its_diff(store, folder):
    token = "ghp_" + "a1B2" * 9
    after = {"conf.py": f'token = "{token}"\n'.encode()}
    run_with(folder, "leaky", code=changed_code(folder, {"conf.py": b"x\n"}, after))

    async with opened(store) as pilot:
        await on_tab(pilot)
        await go_to(pilot, "code", "changes", "conf.py")
        await pilot.press("enter", "enter")
        await see(pilot, "+token = ", "***")
        assert token not in screen_text(pilot)


async def test_the_tab_follows_what_a_live_run_records(store, folder):
    run = tt.init("live", "training", store=folder)

    async with opened(store) as pilot:
        await see(pilot, "training")
        await pilot.press("enter", "4")
        await see(pilot, "hardware")
        record_parts(folder, run.id, {"hardware": {"cpu": "EPYC 7763", "cores": 64}})
        recover(store)
        await see(pilot, "EPYC 7763, 64 cores")
        run.finish()


@pytest.mark.usefixtures("traced")
async def test_help_says_what_the_marks_mean(store):
    async with opened(store) as pilot:
        await on_tab(pilot)
        await pilot.press("question_mark")
        await see(pilot, "Keys: Lineage of a run", "Read and hash everything")
        await pilot.press("G")
        await see(pilot, "✗ missing", "it is recorded and gone")


def test_opening_a_runs_page_loads_nothing_that_checks_its_lineage():
    code = "import sys, tui_tracker.tui.app, tui_tracker.tui.screens.run; print(*sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    heavy = {f"tui_tracker.{name}" for name in ("lineage.trace", "compare", "code_store")}
    assert heavy & set(done.stdout.split()) == set()


async def test_another_run_has_another_tree(store, folder):
    run_with(folder, "first", code=changed_code(folder, BEFORE, AFTER, branch="one"))
    run_with(folder, "second", code=changed_code(folder, BEFORE, AFTER, branch="two"))

    async with opened(store) as pilot:
        await pilot.press("enter", "4")
        await see(pilot, "two @ 1a2b3c4")
        await pilot.press("right_square_bracket")
        await see(pilot, "one @ 1a2b3c4")
        await gone(pilot, "two @")


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (160, 45)])
async def test_hostile_facts_fit_and_stay_harmless(store, folder, size):
    run_with(
        folder,
        HOSTILE,
        code=changed_code(folder, BEFORE, AFTER, branch=HOSTILE, files=[["A", HOSTILE]]),
        process={"argv": [HOSTILE], "cwd": HOSTILE},
        data__x={"name": HOSTILE, "path": HOSTILE, "digest": HOSTILE, "kind": HOSTILE},
        hardware=("failed", HOSTILE),
    )

    async with opened(store, size=size) as pilot:
        await pilot.press("enter", "4")
        await see(pilot, "code", "[bold]red")
        for _ in range(len(view_of(pilot).rows)):
            await pilot.press("down")
            lines = screen_text(pilot).splitlines()
            assert max(map(cell_width, lines)) <= size[0]


async def test_keys_on_a_page_too_small_or_without_a_tree_do_nothing(store, log_run):
    log_run("bare")

    async with opened(store, size=(60, 16)) as pilot:
        await pilot.press("enter", "4", "left", "right", "enter", "y", "d", "G", "g", "down")
        await see(pilot, "code")


def test_a_node_is_told_in_few_lines_and_its_reason_is_kept():
    node = LineageNode("argv", "word " * 200, "changed", "the reason", value="word " * 200)

    lines = node_in_full(Row(("command", "argv"), node, 10), 60)

    assert len(lines) == FOOT_LINES
    assert lines[-1] == (("the reason", "dim"),)
    assert node_in_full(Row(("x",), replace(node, detail="", value="", why=""), 10), 60) == (
        (("≠ changed", "bad"), ("  x", "dim")),
    )


def test_lines_of_a_patch_are_coloured_by_what_they_do_and_wrapped_in_whole():
    patch = "diff --git a/x b/x\nindex 1..2\n@@ -1 +1 @@\n-a\n+" + "b" * 25 + "\n\tc\n"

    assert patch_lines(patch, 20) == (
        (("diff --git a/x b/x", "bold"),),
        (("@@ -1 +1 @@", "accent"),),
        (("-a", "bad"),),
        (("+" + "b" * 19, "good"),),
        (("b" * 6, "good"),),
        (("    c", ""),),
    )


def test_a_tree_of_nothing_counts_nothing():
    tree = LineageTree("id", "name", (), deep=False)

    assert (tree.lost, tree.informing, tree.doubts, dict(tree.counts)) == (0, 0, 0, {})
