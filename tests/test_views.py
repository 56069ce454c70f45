from __future__ import annotations

import tomllib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui_tracker.errors import InvalidArgument, NotFound, ViewsDamaged
from tui_tracker.views import View, delete_view, get_view, list_views, save_view

WRITTEN = """\
# The views of our group.

[view."best per seed"]
query = "status:finished"   # only whole runs
# what we look at first
columns = [
    "status",
    "name",  # with commas
]
colour = "red"
sort = ["-metric:val_f1.max"]

# The next one is Ada's.
[view.ada]
tree = ["experiment"]
"""

TEXTS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=12)
LISTS = st.lists(TEXTS, max_size=3).map(tuple)
VIEWS = st.builds(
    View,
    name=TEXTS.filter(str.strip),
    query=TEXTS,
    columns=LISTS,
    sort=LISTS,
    group=LISTS,
    tree=LISTS,
    panes=st.dictionaries(TEXTS, st.integers(0, 99), max_size=2),
    archived=st.booleans(),
)


def test_a_store_without_the_file_has_no_views(tmp_path):
    assert list_views(tmp_path) == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(VIEWS, max_size=4, unique_by=lambda view: view.name))
def test_views_read_as_they_were_saved(tmp_path_factory, views):
    folder = tmp_path_factory.mktemp("views")
    for view in views:
        save_view(folder, View(view.name, query="before", sort=("name",)))
    for view in reversed(views):
        save_view(folder, view)

    assert list_views(folder) == views


def test_a_change_keeps_comments_order_and_unknown_keys(tmp_path):
    path = tmp_path / "views.toml"
    path.write_text(WRITTEN)
    view = get_view(tmp_path, "best per seed")

    save_view(tmp_path, View("best per seed", view.query, ("name",), (), panes={"tree": 30}))

    text = path.read_text()
    for kept in ("# The views of our", "# only whole runs", "# what we look", "# The next one"):
        assert kept in text
    assert tomllib.loads(text)["view"]["best per seed"] == {
        "query": "status:finished",
        "columns": ["name"],
        "colour": "red",
        "panes": {"tree": 30},
    }
    assert get_view(tmp_path, "ada").tree == ("experiment",)


def test_saving_what_is_there_changes_no_byte(tmp_path):
    path = tmp_path / "views.toml"
    path.write_text(WRITTEN)

    save_view(tmp_path, get_view(tmp_path, "best per seed"))

    assert path.read_text() == WRITTEN


def test_a_deleted_view_leaves_the_others_as_they_were(tmp_path):
    path = tmp_path / "views.toml"
    path.write_text(WRITTEN)

    delete_view(tmp_path, "best per seed")

    assert [view.name for view in list_views(tmp_path)] == ["ada"]
    assert "# The next one is Ada's." in path.read_text()


def test_inline_tables_are_written_anew_without_loss_of_a_value(tmp_path):
    (tmp_path / "views.toml").write_text('[view]\na = { query = "x", mine = 1 }\nb = {}\n')

    save_view(tmp_path, View("a", "y", extra={"mine": 1}))

    assert list_views(tmp_path) == [View("a", "y", extra={"mine": 1}), View("b")]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[view.a]\nquery = \n", 2, "invalid value"),
        ("[view.a]\nsort = 3\n", 2, "sort of the view 'a' is not a list of texts"),
        ("[view.a]\npanes = { tree = 1.5 }\n", 2, "panes of the view 'a' is not a table of widths"),
        ("view = 3\n", 1, "view is not a table"),
        ("[view]\na = 3\n", 2, "the view 'a' is not a table"),
    ],
)
def test_a_damaged_file_is_one_sentence_with_its_line_and_stays(tmp_path, text, line, words):
    path = tmp_path / "views.toml"
    path.write_text(text)

    with pytest.raises(ViewsDamaged, match=words) as caught:
        save_view(tmp_path, View("b"))

    assert (caught.value.line, path.read_text()) == (line, text)


def test_a_misspelt_view_is_answered_with_the_nearest(tmp_path):
    save_view(tmp_path, View("best"))

    with pytest.raises(NotFound, match="did you mean 'best'"):
        get_view(tmp_path, "bset")


def test_a_view_without_a_name_is_refused(tmp_path):
    with pytest.raises(InvalidArgument):
        save_view(tmp_path, View(" "))


def test_ls_lists_the_runs_of_a_view(tt_, log_run, folder):
    log_run("low", loss=[0.3])
    log_run("high", loss=[0.9])
    log_run("other", experiment="else", loss=[0.1])
    save_view(folder, View("sweep", "sweep_lr", sort=("-metric:loss.last",)))

    _, out, _ = tt_("ls", "--view", "sweep")

    names = [word for line in out.splitlines() for word in ("low", "high", "other") if word in line]
    assert names == ["high", "low"]


def test_views_prints_all_and_one(tt_, folder):
    folder.mkdir()
    assert tt_("views")[0] == 0
    save_view(folder, View("sweep", "lr < 1", columns=("name",)))

    assert "lr < 1" in tt_("views")[1]
    assert '"columns": [' in tt_("views", "show", "sweep", "--json")[1]
    code, _, err = tt_("views", "show", "swep")
    assert (code, "did you mean 'sweep'" in err) == (2, True)
