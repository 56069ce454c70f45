from __future__ import annotations

import pytest

from tui_tracker.tui.clipboard import MOST_BYTES, copy


def fake_tmux(folder, monkeypatch, *, works: bool) -> None:
    """Put a `tmux` on the path that keeps what it is given, or fails."""
    program = folder / "tmux"
    program.write_text(f"#!/bin/sh\ncat > {folder}/copied\nexit {0 if works else 1}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("TMUX", "/tmp/tmux-0/default,1,0")


def test_inside_tmux_the_text_goes_through_its_buffer(tmp_path, monkeypatch):
    fake_tmux(tmp_path, monkeypatch, works=True)
    asked: list[str] = []

    way = copy("id-1", asked.append)

    assert (way, (tmp_path / "copied").read_text(), asked) == ("through tmux", "id-1", [])


def test_a_tmux_that_fails_leaves_it_to_the_terminal(tmp_path, monkeypatch):
    fake_tmux(tmp_path, monkeypatch, works=False)
    asked: list[str] = []

    assert "OSC 52" in copy("id-1", asked.append)
    assert asked == ["id-1"]


def test_outside_tmux_the_terminal_is_asked(monkeypatch):
    monkeypatch.delenv("TMUX", raising=False)
    asked: list[str] = []

    copy("id-1", asked.append)

    assert asked == ["id-1"]


def test_a_text_no_terminal_would_take_is_refused():
    with pytest.raises(ValueError, match="too long"):
        copy("x" * (MOST_BYTES + 1), lambda _: None)
