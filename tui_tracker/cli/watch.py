"""Watch runs and say what happens to them: ends, crashes, NaN, thresholds, silence.

WHAT is a run or a query as `tt ls` takes it; without any, all runs are watched, those that
begin later too. Rules are such as: finished, crashed, `val_loss is nan`, `val_loss > 10`,
`val_f1 > 0.9 first time`, `no new step for 10 minutes`, `any health`. Without --on they
come from the settings, else: finished, failed, crashed, killed, nan. A bell or a
notification reaches the person through tmux and screen as far as those let it.
"""

from __future__ import annotations

import argparse
import sys
import time

from tui_tracker.cli.opening import READ_WAIT_S, add_json, open_store
from tui_tracker.cli.output import print_json, say, tell
from tui_tracker.errors import InvalidArgument, NotFound, TrackerError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_tracker.alerts import Event, Rule, Watch
    from tui_tracker.alerts.sending import Sender
    from tui_tracker.store import Store

LOOK_S = 0.5
"""How often is looked whether the store changed."""
RECOVER_S = 1.0
"""How often dead runs are looked for: a death is known within two seconds."""
PULSE_S = 5.0
"""How often is looked at what time alone changes."""
_ONCE_SPAN = "1d"
_LAST_WORDS_S = 40.0
"""How long the last events may take to be sent."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="WHAT", nargs="*", help="a run, or a query")
    parser.add_argument(
        "--on", metavar="RULE", action="append", default=[], help="what to tell of; may be repeated"
    )
    parser.add_argument(
        "--once", action="store_true", help="look once and end: 1 where something was found"
    )
    parser.add_argument(
        "--since",
        metavar="SPAN",
        help="also what ended within this time, such as 2h (with --once: 1d unless said)",
    )
    parser.add_argument("--bell", action="store_true", help="ring the terminal's bell")
    parser.add_argument(
        "--osc", action="store_true", help="ask the terminal for a desktop notification"
    )
    parser.add_argument("--webhook", metavar="URL", help="post each event there as JSON")
    parser.add_argument(
        "--exec", metavar="COMMAND", help="run a command for each event, which gets it as JSON"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from tui_tracker.alerts import DEFAULT_RULES, parse_rules
    from tui_tracker.alerts.sending import Sender, check_address
    from tui_tracker.settings import read_settings

    settings = read_settings()
    for problem in settings.problems:
        say(problem)
    alerts = settings.alerts
    rules = parse_rules(args.on or alerts.rules or DEFAULT_RULES)
    webhook = args.webhook or alerts.webhook
    webhook = check_address(webhook) if webhook else ""
    # A bell that nobody asked for here would ring on in a script.
    args.bell = args.bell or ("alerts.bell" in settings.sources and alerts.bell)
    args.osc = args.osc or ("alerts.notify" in settings.sources and alerts.notify)
    with open_store(args, wait_s=READ_WAIT_S) as store:
        watch = _watch(store, args, rules)
        may_post = _claim(args, store, webhook)
        sender = Sender(say, webhook=webhook, may_post=may_post, command=args.exec or "")
        try:
            return (
                _look_once(store, args, watch, sender)
                if args.once
                else _follow(store, args, watch, sender)
            )
        finally:
            if not sender.finish(_LAST_WORDS_S if args.once else 2.0):
                say("not every event could be sent")


def _claim(args: argparse.Namespace, store: Store, webhook: str) -> Callable[[], bool]:
    """Return what says whether to post.

    A watch that does as the settings say tells what an open app tells, so that one of them
    posts; any other has events of its own.
    """
    if args.webhook or args.on or args.what or args.once or not webhook:
        return lambda: True
    from tui_tracker.alerts.claim import Claim

    return Claim(store.folder, webhook).held


def _watch(store: Store, args: argparse.Namespace, rules: tuple[Rule, ...]) -> Watch:
    from tui_tracker.alerts import Watch
    from tui_tracker.language import units
    from tui_tracker.queries import Selection, find_run

    span = args.since or (_ONCE_SPAN if args.once else "")
    seconds = units.span(span) if span else None
    if span and seconds is None:
        raise InvalidArgument(f"--since takes a span of time such as 30min or 2h, not {span!r}")
    since_ms = None if seconds is None else int((time.time() - seconds) * 1000)
    only = None
    query = " ".join(args.what)
    if len(args.what) == 1:
        try:
            only, query = frozenset((find_run(store, args.what[0]),)), ""
        except NotFound:
            pass  # then it is a query
    _tell_unknown_metrics(store, rules)
    return Watch(rules, selection=Selection(query=query), only=only, since_ms=since_ms)


def _tell_unknown_metrics(store: Store, rules: tuple[Rule, ...]) -> None:
    """Say which metrics no run has yet: a typing error would wait for ever."""
    from difflib import get_close_matches

    from tui_tracker.queries.renamed import labels_as_read

    named = {rule.metric for rule in rules if rule.metric}
    if not named:
        return
    known = {
        text
        for name, context in store.read("SELECT name, context FROM key WHERE kind=1")
        for text in (name, f"{name}@{context}" if context else name)
    }
    read = labels_as_read(store, named)
    for metric in sorted(one for one in named if read[one] not in known):
        near = get_close_matches(metric, sorted(known), n=1)
        hint = f": did you mean {near[0]!r}?" if near else ""
        say(f"no run has a metric {metric!r} yet{hint}")


def _look_once(store: Store, args: argparse.Namespace, watch: Watch, sender: Sender) -> int:
    events = watch.look(store, int(time.time() * 1000))
    for event in events:
        _tell(event, args, sender)
    return 1 if events else 0


def _follow(store: Store, args: argparse.Namespace, watch: Watch, sender: Sender) -> int:
    """Look until somebody ends it."""
    if args.osc:
        from tui_tracker.alerts.telling import caveat

        if problem := caveat():
            say(problem)
    following = _Following(store, watch)
    trouble, announced = "", False
    while True:
        try:
            for event in following.look():
                _tell(event, args, sender)
            trouble = ""
        except TrackerError as error:
            # A store that is busy or gone for a moment is looked at again later.
            if str(error) != trouble:
                trouble = str(error)
                say(trouble)
        if not announced and not trouble:
            announced = True
            _announce(watch)
        time.sleep(LOOK_S)


class _Following:
    """Looks at the store when it changed, and now and then at what time alone changes."""

    def __init__(self, store: Store, watch: Watch) -> None:
        self._store, self._watch = store, watch
        self._recovered = self._looked = float("-inf")
        self._version = -1
        self._told: tuple[str, ...] = ()
        """Why what runs log could not be brought into the store."""

    def look(self) -> list[Event]:
        from tui_tracker.drain import recover

        now = time.monotonic()
        if now - self._recovered >= RECOVER_S:
            problems = recover(self._store).problems
            self._recovered = time.monotonic()
            for problem in problems:
                if problem not in self._told:
                    say(problem)
            self._told = problems
        version = self._store.data_version()
        if version == self._version and now - self._looked < PULSE_S:
            return []
        events = self._watch.look(self._store, int(time.time() * 1000))
        self._version, self._looked = version, now
        return events


def _announce(watch: Watch) -> None:
    from tui_tracker.cli.output import plural

    rules = "; ".join(rule.text for rule in watch.rules)
    tell(f"watching {plural(watch.watched, 'running run')} and those to come, on: {rules}")


def _tell(event: Event, args: argparse.Namespace, sender: Sender) -> None:
    # First: who reads the line may end us at once, and what was told is to be posted, too.
    sender.send(event)
    if args.json:
        from tui_tracker.alerts import event_shape

        print_json(event_shape(event))
    else:
        from tui_tracker.capture.redaction import redact_text
        from tui_tracker.formatting import fit, printable

        at = event.at.astimezone().strftime("%H:%M:%S")
        where = f"{printable(event.name)} ({printable(event.experiment)})"
        print(f"{at}  {fit(event.what, 9)}  {where}  {printable(redact_text(event.words))}")
    sys.stdout.flush()
    if args.bell or args.osc:
        from tui_tracker.alerts.telling import BELL, notification, write_to_terminal

        text = notification(event.sentence) if args.osc else ""
        write_to_terminal(text + (BELL if args.bell else ""))
