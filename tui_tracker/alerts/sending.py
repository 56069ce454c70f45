"""Posts events to a webhook and hands them to a command, in a thread that holds up nobody.

An address may hold a secret, so no message names more of it than its host. A post that
fails for a reason that may pass (no connection, 408, 429, 5xx) is tried again after 1, 2,
4 and 8 seconds; one that was refused is not. Trouble is told once until something got
through again. Where events come faster than they can be sent, the oldest are dropped.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.message import Message
from functools import partial
from http.client import HTTPException
from typing import IO
from urllib.parse import urlsplit

from tui_tracker.alerts.events import LONGEST, Event, event_shape
from tui_tracker.errors import InvalidArgument

TIMEOUT_S = 10.0
COMMAND_TIMEOUT_S = 60.0
PAUSES_S = (1.0, 2.0, 4.0, 8.0)
MOST_WAITING = 1000
_MAY_PASS = frozenset((408, 425, 429, 500, 502, 503, 504))


def check_address(address: str) -> str:
    """Return a webhook's address.

    Raises:
        InvalidArgument: it is none that can be posted to.
    """
    try:
        parts = urlsplit(address)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        fits = False
    if not fits or any(c.isspace() for c in address):
        # The address itself may be a secret, so it is not repeated.
        raise InvalidArgument("a webhook is an address that begins with https:// or http://")
    return address


class Sender:
    """Sends events in order; `say` is told of trouble, each time it begins.

    Before each post `may_post` is asked: another process may have the right to it.
    """

    def __init__(
        self,
        say: Callable[[str], None],
        *,
        webhook: str = "",
        may_post: Callable[[], bool] = lambda: True,
        command: str = "",
        pauses_s: tuple[float, ...] = PAUSES_S,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._say, self._webhook, self._command = say, webhook, command
        self._may_post = may_post
        self._pauses_s, self._timeout_s = pauses_s, timeout_s
        self._waiting: deque[Event] = deque(maxlen=MOST_WAITING)
        self._news = threading.Condition()
        self._busy = False
        self._stop = threading.Event()
        self._troubled: set[str] = set()
        self._thread = threading.Thread(target=self._work, name="tt-alerts", daemon=True)
        if webhook or command:
            self._thread.start()

    def send(self, event: Event) -> None:
        """Take an event; returns at once."""
        if self._webhook or self._command:
            with self._news:
                self._waiting.append(event)
                self._news.notify_all()

    def finish(self, wait_s: float) -> bool:
        """Wait until all is sent, then end the thread; return whether all was."""
        with self._news:
            done = self._news.wait_for(lambda: not self._waiting and not self._busy, wait_s)
            self._stop.set()
            self._news.notify_all()
        return done

    def _work(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._waiting or self._stop.is_set())
                if self._stop.is_set():
                    return
                event, self._busy = self._waiting.popleft(), True
            if self._webhook and self._may_post():
                self._note("webhook", self._try(self._post, event))
            if self._command:
                self._note("command", self._try(partial(run_command, self._command), event))
            with self._news:
                self._busy = False
                self._news.notify_all()

    @staticmethod
    def _try(send: Callable[[Event], str], event: Event) -> str:
        """Send an event and return why it failed; the watch outlives whatever a host answers."""
        try:
            return send(event)
        except Exception as error:  # noqa: BLE001 - one event is lost, and not all that follow
            return type(error).__name__

    def _note(self, what: str, problem: str) -> None:
        """Tell of a trouble where it begins, and that it is over."""
        if problem and what not in self._troubled:
            self._troubled.add(what)
            self._say(f"{self._named(what)}: {problem}; what it misses is not sent again")
        elif not problem and what in self._troubled:
            self._troubled.discard(what)
            self._say(f"{self._named(what)} works again")

    def _named(self, what: str) -> str:
        return f"the webhook at {urlsplit(self._webhook).hostname}" if what == "webhook" else what

    def _post(self, event: Event) -> str:
        """Post an event, again as long as that may help; return why it failed."""
        body = json.dumps(event_shape(event), ensure_ascii=True).encode()
        problem, again = post(self._webhook, body, self._timeout_s)
        for pause in self._pauses_s:
            if not again or self._stop.wait(pause):
                break
            problem, again = post(self._webhook, body, self._timeout_s)
        return problem


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A post that is sent elsewhere would become a request without its body."""

    def redirect_request(
        self,
        req: urllib.request.Request,  # noqa: ARG002
        fp: IO[bytes],  # noqa: ARG002
        code: int,  # noqa: ARG002
        msg: str,  # noqa: ARG002
        headers: Message,  # noqa: ARG002
        newurl: str,  # noqa: ARG002
    ) -> None:
        return None


def post(address: str, body: bytes, timeout_s: float) -> tuple[str, bool]:
    """Post JSON; return why it failed ("" if it did not), and whether trying again may help."""
    request = urllib.request.Request(
        address,
        data=body,
        headers={"Content-Type": "application/json", "User-Agent": "tui-tracker"},
        method="POST",
    )
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout_s) as answer:
            answer.read(1 << 16)
    except urllib.error.HTTPError as error:
        error.close()
        return f"it answered {error.code}", error.code in _MAY_PASS
    except urllib.error.URLError as error:
        return f"it cannot be reached ({_reason(error.reason)})", True
    except (OSError, HTTPException) as error:
        return f"it cannot be reached ({_reason(error)})", True
    return "", False


def _reason(error: object) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__


def run_command(command: str, event: Event) -> str:
    """Run a command of the shell for an event; return why it failed.

    It gets the event as JSON on its input and the main parts in its environment.
    """
    shape = event_shape(event)
    told: Mapping[str, str] = {
        f"TT_{name.upper()}": "" if shape[name] is None else _in_environment(str(shape[name]))
        for name in ("what", "rule", "run", "name", "experiment", "status", "metric", "step")
    }
    try:
        process = subprocess.Popen(
            command,
            shell=True,
            stdin=subprocess.PIPE,
            env={**os.environ, **told, "TT_TEXT": _in_environment(event.sentence)},
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return f"it cannot be run ({error.strerror})"
    try:
        process.communicate(json.dumps(shape).encode(), COMMAND_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        _stop(process)
        return f"it was stopped after {COMMAND_TIMEOUT_S:.0f} s"
    return f"it exited with {process.returncode}" if process.returncode else ""


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a shell with all that it started."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _in_environment(text: str) -> str:
    """Return a text as an environment can hold it: short, without NUL, and UTF-8."""
    return text[:LONGEST].replace("\0", "").encode("utf-8", "replace").decode()
