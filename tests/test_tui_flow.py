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


class Wire:
    """A link that carries bytes one after another, and a terminal at its end that answers."""

    def __init__(self, rtt_s: float, bytes_per_s: float) -> None:
        self.now = 100.0
        self.rtt_s, self.bytes_per_s = rtt_s, bytes_per_s
        self.free_at = self.now
        self.answers: list[float] = []
        self.late: list[float] = []
        self.pending = 0
        self.flow = Flow(rtt_s, lambda: self.now)

    def frame(self, size: int) -> None:
        self.flow.wrote(size)
        self.free_at = max(self.free_at, self.now) + size / self.bytes_per_s
        if self.flow.may_ask():
            self.answers.append(self.free_at + self.rtt_s)

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while self.answers and self.answers[0] <= end:
            self.now = self.answers.pop(0)
            self.flow.answered()
            self.draw()
        self.now = end

    def draw(self) -> None:
        """Draw the last state, if there is one and the link has room."""
        if self.pending and not self.flow.held:
            self.frame(self.pending)
            self.late.append(self.free_at - self.now)
            self.pending = 0

    def hold(self, presses: int, size: int) -> list[float]:
        """Hold a key down at 30 Hz; return how late each frame that was drawn came."""
        self.late, self.pending = [], 0
        for _ in range(presses):
            self.pending = size
            self.draw()
            self.wait(1 / 30)
        return self.late


def test_a_key_that_is_held_does_not_make_a_slow_link_look_fast():
    wire = Wire(0.1, 14_400)
    wire.frame(6_000)
    wire.wait(1)

    late = wire.hold(300, 540)

    assert 0.8 * 14_400 <= (wire.flow.window / 0.15) <= 1.3 * 14_400
    assert max(late) <= 0.15
    assert len(late) * 540 / 10 >= 0.6 * 14_400  # the link is made use of


def test_a_link_that_got_slower_is_known_to_be_soon():
    wire = Wire(0.1, 1_000_000)
    wire.frame(200_000)
    wire.wait(1)
    wire.hold(60, 540)
    wire.bytes_per_s = 10_000

    wire.hold(90, 2_000)
    late = wire.hold(150, 540)

    assert max(late) <= 2
    assert max(late[-10:]) <= 0.2


def test_frames_that_a_link_carries_easily_leave_its_width_as_it_was():
    wire = Wire(0.1, 14_400)
    wire.frame(8_000)
    wire.wait(1)
    before = wire.flow.window

    wire.hold(300, 300)

    assert before <= wire.flow.window <= 1.1 * before
