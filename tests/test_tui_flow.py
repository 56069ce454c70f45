from __future__ import annotations

from tui_tracker.tui.flow import FIRST_WINDOW, LEAST_WINDOW, LOST_S, Flow


class Link:
    """A link with a round trip and a width, whose time is told by hand."""

    def __init__(self, rtt_s: float, bytes_per_s: float) -> None:
        self.now = 100.0
        self.rtt_s, self.bytes_per_s = rtt_s, bytes_per_s
        self.flow = Flow(rtt_s, lambda: self.now)

    def frame(self, size: int) -> None:
        """Write a frame, ask, and let the answer come in its time."""
        self.flow.wrote(size)
        if self.flow.may_ask():
            self.now += self.rtt_s + size / self.bytes_per_s
            self.flow.answered()


def test_a_terminal_that_never_answered_is_neither_asked_nor_waited_for():
    flow = Flow(None)
    flow.wrote(1_000_000)

    assert (flow.may_ask(), flow.held) == (False, False)


def test_a_fast_link_is_never_held_by_frames_of_usual_size():
    link = Link(0.01, 10_000_000)
    for _ in range(20):
        link.frame(5_000)

    link.flow.wrote(5_000)
    assert link.flow.may_ask()
    assert not link.flow.held


def test_a_slow_link_is_held_while_a_frame_is_on_its_way():
    link = Link(0.1, 14_400)
    for _ in range(5):
        link.frame(5_000)
    assert LEAST_WINDOW <= link.flow.window < 5_000

    link.flow.wrote(5_000)
    assert link.flow.may_ask()
    assert link.flow.held

    link.flow.answered()
    assert not link.flow.held


def test_small_moves_are_sent_one_after_another_also_on_a_slow_link():
    link = Link(0.1, 14_400)
    for _ in range(5):
        link.frame(5_000)

    link.flow.wrote(400)
    assert link.flow.may_ask()
    link.flow.wrote(400)

    assert not link.flow.held
    assert not link.flow.may_ask()


def test_an_answer_that_never_comes_holds_nothing_for_ever():
    link = Link(0.1, 14_400)
    link.flow.wrote(2 * FIRST_WINDOW)
    assert link.flow.may_ask()
    assert link.flow.held

    link.now += LOST_S + 0.1

    assert not link.flow.held


def test_a_link_that_got_faster_gets_a_wider_window():
    link = Link(0.1, 14_400)
    link.frame(5_000)
    before = link.flow.window
    link.bytes_per_s = 100_000_000
    for _ in range(6):
        link.frame(5_000)

    assert link.flow.window > 10 * before


def test_many_small_moves_do_not_make_a_slow_link_look_fast():
    link = Link(0.1, 14_400)
    link.frame(8_000)
    before = link.flow.window
    for _ in range(50):
        link.frame(345)

    assert link.flow.window == before
