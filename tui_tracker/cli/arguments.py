"""Arguments of commands: what makes no sense is told in one sentence, with the way out."""

from __future__ import annotations

import argparse
import re
from typing import NoReturn

from tui_tracker.errors import InvalidArgument

_ABOUT = re.compile(r"argument (\S+): (.*)", re.DOTALL)
_CHOICE = re.compile(r"invalid choice: (['\"])(.*?)\1 \(choose from", re.DOTALL)
_REQUIRED = "the following arguments are required: "
_UNKNOWN = "unrecognized arguments: "
_APART = "not allowed with argument "


class Parser(argparse.ArgumentParser):
    """A parser that raises: argparse would print its usage, up to ten lines of it."""

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong as a sentence.

        Raises:
            InvalidArgument: always.
        """
        raise InvalidArgument(self._sentence(message))

    def _sentence(self, message: str) -> str:
        if message.startswith(_REQUIRED):
            return self._lacking(message.removeprefix(_REQUIRED))
        if message.startswith(_UNKNOWN):
            return self._unknown(message.removeprefix(_UNKNOWN).split()[0])
        about = _ABOUT.fullmatch(message)
        action = self._named(about[1]) if about else None
        if about is None or action is None:
            return f"{message}: {self._more()}"
        return self._wrong(action, about[2])

    def _wrong(self, action: argparse.Action, problem: str) -> str:
        name = action.option_strings[-1] if action.option_strings else _word(action)
        if (choice := _CHOICE.match(problem)) is not None:
            return self._no_choice(action, choice[2])
        if problem.startswith("expected"):
            return f"{name} needs a value: {name} {_word(action)}"
        if problem.startswith(_APART):
            return f"{name} does not go with {problem.removeprefix(_APART)}: give one of them"
        return f"{name}: {problem}"

    def _no_choice(self, action: argparse.Action, said: str) -> str:
        known = [str(choice) for choice in action.choices or ()]
        what = action.option_strings[-1] if action.option_strings else self.prog
        return f"{what} does not know {said!r}: {_hint(said, known)}"

    def _lacking(self, names: str) -> str:
        wanted = {name.strip() for name in names.split(",")}
        # With options between the words argparse asks for those that may be left out, too.
        needed = [a for a in self._places() if _word(a) in wanted and a.nargs not in ("?", "*")]
        lacks = " and ".join(map(_word, needed)) or names
        return f"{self.prog} needs {lacks}: {self._form()}"

    def _unknown(self, word: str) -> str:
        if not word.startswith("-") or word == "-":
            return f"{self.prog} cannot take {word!r} as well: {self._form()}"
        options = [name for action in self._actions for name in action.option_strings]
        said = word.partition("=")[0]
        hint = _hint(said, [name for name in options if name.startswith("--")], few=0)
        return f"{self.prog} has no option {said!r}: {hint or self._more()}"

    def _named(self, name: str) -> argparse.Action | None:
        for action in self._actions:
            if name in ("/".join(action.option_strings), str(action.metavar), action.dest):
                return action
        return None

    def _places(self) -> list[argparse.Action]:
        hidden = argparse.SUPPRESS
        return [a for a in self._actions if not a.option_strings and a.help != hidden]

    def _form(self) -> str:
        """Return how the command is called, without its options."""
        forms = {"None": "{}", "...": "{} ...", "?": "[{}]", "*": "[{} ...]", "+": "{} ..."}
        words = [forms.get(str(a.nargs), "{}").format(_word(a)) for a in self._places()]
        return " ".join([self.prog, *words, "(--help says more)"])

    def _more(self) -> str:
        return f"{self.prog} --help tells what there is"


def parse_words(parser: argparse.ArgumentParser, words: list[str]) -> argparse.Namespace:
    """Return the arguments in some words; options may stand between the words of a command.

    argparse alone gives up on `plan run -j 2 plan.toml`, as it takes the place that may be
    left out for left out before it sees an option. Behind `--`, and where all that follows
    is another program's, the order is as it was written.
    """
    places = [action.nargs for action in parser._actions if not action.option_strings]
    lenient = any(nargs in ("?", "*", "+") for nargs in places) and argparse.REMAINDER not in places
    if lenient and "--" not in words:
        return parser.parse_intermixed_args(words)
    return parser.parse_args(words)


def _word(action: argparse.Action) -> str:
    """Return what stands for an argument in a usage line."""
    if isinstance(action.metavar, str):
        return action.metavar
    if action.choices:
        return "|".join(map(str, action.choices))
    return action.dest.upper()


def _hint(said: str, known: list[str], *, few: int = 12) -> str:
    """Return the nearest word that is known, else all of them where they are few."""
    from difflib import get_close_matches

    if near := get_close_matches(said, known, n=1, cutoff=0.7):
        return f"did you mean {near[0]!r}?"
    return f"use {', '.join(known[:-1])} or {known[-1]}" if 1 < len(known) <= few else ""
