"""A stack machine that follows the opcodes of pickles and makes inert data of them.

It imports nothing and calls nothing:

    GLOBAL, STACK_GLOBAL, EXT*      a `Named`: the name of something
    REDUCE, NEWOBJ, OBJ, INST ...   a `Made`: of what, with which arguments
    BUILD                           the state of a `Made`
    PERSID, BINPERSID, *_BUFFER     a `Named`: something that lies elsewhere
    all others                      None, truth values, numbers, texts, bytes, lists, tuples, dicts

A set is a list, and of a dict only what has a text as its key is kept.

Source: CPython, Lib/pickletools.py and Lib/pickle.py (protocols 0 to 5). Checked with Python 3.11.
"""

from __future__ import annotations

import pickletools
import struct
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO

MAX_OPCODES = 200_000


@dataclass(frozen=True, slots=True)
class Named:
    """The name of a class, a function or something that lies elsewhere."""

    module: str
    name: str


@dataclass(slots=True, eq=False, repr=False)
class Made:
    """What a call would have given: of what, with which arguments, in which state."""

    of: object
    arguments: object
    state: object = None
    items: list[object] = field(default_factory=list)
    """What was appended to it: of a list or a set."""
    pairs: dict[str, object] = field(default_factory=dict)
    """What was set in it: of a dict."""

    def fields(self) -> dict[str, object]:
        """Return its attributes, or what was set in it."""
        states = self.state if isinstance(self.state, tuple) else (self.state,)
        found = dict(self.pairs)
        for one in states:
            if isinstance(one, dict):
                found |= one
        return found


class Damaged(ValueError):
    """A pickle that ends too early, or is none."""


_Step = Callable[["Machine"], None]
_StepWith = Callable[["Machine", object], None]
_STEPS: dict[str, _StepWith] = {}


def _step(*names: str) -> Callable[[_Step], _Step]:
    """Register what these opcodes do, which have no argument that matters."""

    def register(step: _Step) -> _Step:
        _STEPS.update(dict.fromkeys(names, lambda machine, _: step(machine)))
        return step

    return register


def _step_with(*names: str) -> Callable[[_StepWith], _StepWith]:
    """Register what these opcodes do with their argument."""

    def register(step: _StepWith) -> _StepWith:
        _STEPS.update(dict.fromkeys(names, step))
        return step

    return register


class Machine:
    """The stack and the memo, over one pickle or several in a row."""

    def __init__(self) -> None:
        self._left = MAX_OPCODES
        self._begin()

    def _begin(self) -> None:
        self.stack: list[object] = []
        self.marked: list[list[object]] = []
        """Stacks below the marks that are open."""
        self.memo: dict[int, object] = {}

    def run(self, file: BytesIO) -> tuple[object, str]:
        """Return what one pickle says, and what is wrong with it.

        Raises:
            Damaged: it says nothing.
        """
        self._begin()
        problem = ""
        try:
            with warnings.catch_warnings():
                # An old text with a strange backslash in it.
                warnings.simplefilter("ignore")
                for opcode, argument, _ in pickletools.genops(file):
                    self._count()
                    _STEPS[opcode.name](self, argument)
        except (ValueError, LookupError, OverflowError, EOFError, struct.error) as error:
            problem = f"is damaged behind byte {file.tell()}: {_why(error)}"
            self._close_all()
        if not self.stack:
            raise Damaged(problem or "is an empty pickle")
        return self.stack[0], problem

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Damaged(f"it has more than {MAX_OPCODES:,} opcodes")

    def _close_all(self) -> None:
        """Put what was read of unfinished lists, dicts and objects where it belongs."""
        while self.marked:
            parts = self.pop_mark()
            if self.stack and isinstance(self.stack[-1], (dict, Made)):
                set_pairs(self.stack[-1], parts)
        if len(self.stack) > 1 and isinstance(self.stack[0], Made):
            self.stack[0].state = self.stack[1]

    def pop_mark(self) -> list[object]:
        parts, self.stack = self.stack, self.marked.pop()
        return parts

    def make(self, of: object, arguments: object) -> None:
        self.stack.append(Made(of, arguments))


def _why(error: Exception) -> str:
    if isinstance(error, IndexError):
        return "it takes more from the stack than there is"
    if isinstance(error, KeyError):
        return f"it refers to {error}, which is not there"
    return str(error)


def set_pairs(target: object, parts: list[object]) -> None:
    """Set keys and values, which alternate; a last key without a value is left."""
    into = target.pairs if isinstance(target, Made) else target
    if not isinstance(into, dict):
        raise Damaged("it sets keys in what has none")
    for key, value in zip(parts[::2], parts[1::2], strict=False):
        if isinstance(key, str):
            into[key] = value


def _add_items(target: object, parts: list[object]) -> None:
    into = target.items if isinstance(target, Made) else target
    if not isinstance(into, list):
        raise Damaged("it appends to what is no list")
    into += parts


@_step_with(
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE"),
    *("BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
)
def _push(machine: Machine, argument: object) -> None:
    machine.stack.append(argument)


@_step("PROTO", "FRAME", "STOP", "READONLY_BUFFER")
def _pass(_: Machine) -> None:
    """Change nothing."""


@_step("NONE")
def _none(machine: Machine) -> None:
    machine.stack.append(None)


@_step("NEWTRUE")
def _true(machine: Machine) -> None:
    machine.stack.append(True)


@_step("NEWFALSE")
def _false(machine: Machine) -> None:
    machine.stack.append(False)


@_step("EMPTY_LIST", "EMPTY_SET")
def _empty_list(machine: Machine) -> None:
    machine.stack.append([])


@_step("EMPTY_DICT")
def _empty_dict(machine: Machine) -> None:
    machine.stack.append({})


@_step("EMPTY_TUPLE")
def _empty_tuple(machine: Machine) -> None:
    machine.stack.append(())


@_step("MARK")
def _mark(machine: Machine) -> None:
    machine.marked.append(machine.stack)
    machine.stack = []


@_step("LIST", "FROZENSET")
def _list(machine: Machine) -> None:
    parts = machine.pop_mark()
    machine.stack.append(parts)


@_step("TUPLE")
def _tuple(machine: Machine) -> None:
    parts = machine.pop_mark()
    machine.stack.append(tuple(parts))


@_step("DICT")
def _dict(machine: Machine) -> None:
    parts = machine.pop_mark()
    found: dict[str, object] = {}
    set_pairs(found, parts)
    machine.stack.append(found)


@_step("TUPLE1")
def _tuple1(machine: Machine) -> None:
    machine.stack.append((machine.stack.pop(),))


@_step("TUPLE2")
def _tuple2(machine: Machine) -> None:
    second, first = machine.stack.pop(), machine.stack.pop()
    machine.stack.append((first, second))


@_step("TUPLE3")
def _tuple3(machine: Machine) -> None:
    third, second, first = (machine.stack.pop() for _ in range(3))
    machine.stack.append((first, second, third))


@_step("APPEND")
def _append(machine: Machine) -> None:
    one = machine.stack.pop()
    _add_items(machine.stack[-1], [one])


@_step("APPENDS", "ADDITEMS")
def _appends(machine: Machine) -> None:
    parts = machine.pop_mark()
    _add_items(machine.stack[-1], parts)


@_step("SETITEM")
def _set_item(machine: Machine) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    set_pairs(machine.stack[-1], [key, value])


@_step("SETITEMS")
def _set_items(machine: Machine) -> None:
    parts = machine.pop_mark()
    set_pairs(machine.stack[-1], parts)


@_step("POP")
def _pop(machine: Machine) -> None:
    if machine.stack:
        machine.stack.pop()
    else:
        machine.pop_mark()


@_step("POP_MARK")
def _pop_mark(machine: Machine) -> None:
    machine.pop_mark()


@_step("DUP")
def _dup(machine: Machine) -> None:
    machine.stack.append(machine.stack[-1])


@_step_with("PUT", "BINPUT", "LONG_BINPUT")
def _put(machine: Machine, argument: object) -> None:
    machine.memo[_index(argument)] = machine.stack[-1]


@_step("MEMOIZE")
def _memoize(machine: Machine) -> None:
    machine.memo[len(machine.memo)] = machine.stack[-1]


@_step_with("GET", "BINGET", "LONG_BINGET")
def _get(machine: Machine, argument: object) -> None:
    machine.stack.append(machine.memo[_index(argument)])


def _index(argument: object) -> int:
    if not isinstance(argument, int):
        raise Damaged("a place in the memo is no number")
    return argument


@_step_with("GLOBAL")
def _global(machine: Machine, argument: object) -> None:
    module, _, name = str(argument).partition(" ")
    machine.stack.append(Named(module, name))


@_step("STACK_GLOBAL")
def _stack_global(machine: Machine) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    if not isinstance(name, str) or not isinstance(module, str):
        raise Damaged("a name is no text")
    machine.stack.append(Named(module, name))


@_step_with("EXT1", "EXT2", "EXT4", "PERSID", "NEXT_BUFFER")
def _elsewhere(machine: Machine, argument: object) -> None:
    machine.stack.append(Named("", str(argument)[:100]))


@_step("BINPERSID")
def _elsewhere_told(machine: Machine) -> None:
    machine.stack[-1] = Named("", "persistent")


@_step("REDUCE", "NEWOBJ")
def _reduce(machine: Machine) -> None:
    arguments, of = machine.stack.pop(), machine.stack.pop()
    machine.make(of, arguments)


@_step("NEWOBJ_EX")
def _new_with_names(machine: Machine) -> None:
    _, arguments, of = (machine.stack.pop() for _ in range(3))
    machine.make(of, arguments)


@_step("OBJ")
def _obj(machine: Machine) -> None:
    of, *arguments = machine.pop_mark()
    machine.make(of, tuple(arguments))


@_step_with("INST")
def _inst(machine: Machine, argument: object) -> None:
    module, _, name = str(argument).partition(" ")
    arguments = machine.pop_mark()
    machine.make(Named(module, name), tuple(arguments))


@_step("BUILD")
def _build(machine: Machine) -> None:
    state = machine.stack.pop()
    target = machine.stack[-1]
    if isinstance(target, Made):
        target.state = state
