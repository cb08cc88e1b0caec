"""The account as one file: written whole after changes, read back at the next start.

The file is JSON: objects by class name with plain values, numbered so that they can refer to each other. Ids,
times, stacks and events come back as they were, and nothing is run or sent again. Only classes of moto's and
of ours are accepted, and none is called: their instances are filled in. Nothing in the file can run; a
function restored from it runs only if its code is the program's own (see ``functions.run``).
"""

from __future__ import annotations

import base64
import importlib.metadata
import re
import threading
import time
import uuid
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import msgspec

from wizard.demo.aws.account import Account, Kept
from wizard.errors import WizardError
from wizard.files import replace_file
from wizard.text import printable

if TYPE_CHECKING:
    from moto.core.base_backend import BaseBackend

FORMAT = 5
"""Of this file; to be raised when a saved class of ours changes."""

REST = 4.0
"""After a save, as many times its duration passes before the next one."""

_OURS = ("moto.", "wizard.demo.aws.", "wizard.world")
_SCALARS = frozenset((type(None), bool, int, float, str))
_LOCKS = {type(threading.Lock()): "lock", type(threading.RLock()): "lock", threading.Condition: "condition"}
_TEXTS: dict[type, tuple[Callable[[Any], str], Callable[[str], Any]]] = {
    datetime: (datetime.isoformat, datetime.fromisoformat),
    date: (date.isoformat, date.fromisoformat),
    timedelta: (
        lambda span: str(span / timedelta(microseconds=1)),
        lambda text: timedelta(microseconds=float(text)),
    ),
    Decimal: (str, Decimal),
    uuid.UUID: (str, uuid.UUID),
    bytes: (lambda raw: base64.b64encode(raw).decode(), base64.b64decode),
    re.Pattern: (lambda pattern: str(pattern.pattern), re.compile),
}
"""Types that are saved as text: how to write and how to read it."""
_GROUPS: dict[type, Callable[[Any], Any]] = {kind: kind for kind in (tuple, set, frozenset)}
_NAMES = {kind.__name__: kind for kind in (*_TEXTS, *_GROUPS)}


class UnreadableError(Exception):
    """The file is not a saved account, or is damaged."""


class Keeper:
    """Keeps ``account`` in the file at ``path``: read at once, written soon after each change.

    Raises WizardError if the file cannot be used or has another format. A damaged file is moved to
    ``put_aside``, beside its place, as ``….unreadable``.
    """

    def __init__(self, account: Account, path: Path) -> None:
        self.put_aside: Path | None = None
        self._account = account
        self._path = path
        self._saved: _Saved | None = None
        self._dirty = threading.Event()
        self._thread = threading.Thread(target=self._run, name="aws-snapshot", daemon=True)
        self._failure: OSError | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._saved = read(path.read_bytes())
            account.kept, account.restored = self._saved.kept(), True
        except FileNotFoundError:
            pass
        except UnreadableError:
            self._put_aside()
        except OSError as error:
            raise _unusable(path, error) from error

    def restore_backends(self) -> None:
        """Restore moto's backends. Slow: it imports what they need of moto."""
        if self._saved:
            try:
                self._saved.restore_backends()
            except UnreadableError:
                self._put_aside()
            self._saved = None

    def start(self) -> None:
        """Begin to write after changes."""
        self._thread.start()

    def changed(self) -> None:
        """Note that something changed. Quick, and safe from any thread."""
        self._dirty.set()

    def stop(self) -> None:
        """Write a last time and end; the account's ``closing`` must be set. Raises WizardError."""
        self._dirty.set()
        self._thread.join()
        self._save()
        if self._failure is not None:
            raise _unusable(self._path, self._failure) from self._failure

    def _put_aside(self) -> None:
        self.put_aside = self._path.with_name(f"{self._path.name}.unreadable")
        self._path.replace(self.put_aside)

    def _run(self) -> None:
        while not self._account.closing.is_set():
            self._dirty.wait()
            self._dirty.clear()
            began = time.monotonic()
            self._save()
            self._account.closing.wait(REST * (time.monotonic() - began))

    def _save(self) -> None:
        with self._account.lock:
            raw = dump(self._account)
        try:
            replace_file(self._path, raw)
            self._failure = None
        except OSError as error:
            self._failure = error


def dump(account: Account) -> bytes:
    """Return the account as bytes. To be called with its lock."""
    from moto.core.base_backend import BackendDict

    places: list[Any] = BackendDict._instances  # type: ignore[misc]
    found = [backend for place in places for _, _, backend in place.iter_backends()]
    writer = _Writer()
    kept = writer.value(account.kept)
    backends = [[*_address(backend), writer.value(vars(backend))] for backend in found]
    return _head() + msgspec.json.encode({"nodes": writer.nodes(), "kept": kept, "backends": backends})


def read(raw: bytes) -> _Saved:
    """Read a file. Raises UnreadableError, and WizardError for one of another format."""
    if not raw.startswith(_head()):
        if raw.startswith(b"ses-wizard demo "):
            raise WizardError(
                "This demo was saved by another version",
                "The format of its account's file has changed since.",
                "Start the demo with `--fresh` to begin anew.",
            )
        raise UnreadableError("no account")
    try:
        return _Saved(**msgspec.json.decode(raw.removeprefix(_head())))
    except (msgspec.DecodeError, TypeError) as error:
        raise UnreadableError(str(error)) from error


def _unusable(path: Path, error: OSError) -> WizardError:
    return WizardError(
        "The demo cannot be saved",
        f"{printable(str(path))}: {error.strerror or error}.",
        "Free some space or correct the folder's permissions: without that file the next demo begins anew.",
    )


@cache
def _head() -> bytes:
    return f"ses-wizard demo {FORMAT}, moto {importlib.metadata.version('moto')}\n".encode()


def _address(backend: BaseBackend) -> tuple[str, str, str]:
    """Where moto keeps a backend: module of its class, account id, Region (or partition)."""
    return type(backend).__module__, backend.account_id, backend.region_name


def _backend(module: str, account_id: str, region: str) -> BaseBackend:
    from moto.core.base_backend import BackendDict

    for value in vars(import_module(module)).values() if module.startswith("moto.") else ():
        if isinstance(value, BackendDict) and value.backend.__module__ == module:
            found: BaseBackend = value[account_id][region]
            return found
    raise UnreadableError(f"{module} has no backend")


class _Writer:
    """Numbers objects, and describes each by plain values and the numbers of others."""

    def __init__(self) -> None:
        from moto.core.base_backend import BaseBackend

        self._backend_type = BaseBackend
        self._numbers: dict[int, int] = {}
        self._objects: list[Any] = []

    def value(self, obj: Any) -> Any:
        """A scalar itself, or the number of an object, in a list."""
        if type(obj) in _SCALARS:
            return obj
        if id(obj) not in self._numbers:
            self._numbers[id(obj)] = len(self._objects)
            self._objects.append(obj)
        return [self._numbers[id(obj)]]

    def nodes(self) -> list[list[Any]]:
        """All objects that were asked for, and those they refer to."""
        return [self._node(obj) for obj in self._objects]  # grows on the way

    def _node(self, obj: Any) -> list[Any]:
        kind = type(obj)
        if isinstance(obj, self._backend_type):
            return ["backend", *_address(obj)]
        if kind in _LOCKS:
            return [_LOCKS[kind]]
        if kind in _TEXTS:
            return [kind.__name__, _TEXTS[kind][0](obj)]
        if kind in _GROUPS or kind is list:
            return [kind.__name__, [self.value(one) for one in obj]]
        if kind is deque:
            return ["deque", [self.value(one) for one in obj], obj.maxlen]
        if isinstance(obj, Enum):
            return ["enum", kind.__module__, kind.__qualname__, obj.name]
        if kind is WeakValueDictionary:
            return ["weak", self._items(dict(obj)), []]
        items = self._items(obj) if isinstance(obj, dict) else []
        if kind is defaultdict:
            name = getattr(obj.default_factory, "__name__", "")
            return ["defaultdict", items, "dict" if name == "<lambda>" else name]
        if kind in (dict, OrderedDict, Counter):
            return [kind.__name__, items]
        slots = [name for one in kind.__mro__ for name in getattr(one, "__slots__", ()) if name[:2] != "__"]
        state = {name: getattr(obj, name) for name in slots if hasattr(obj, name)} | getattr(
            obj, "__dict__", {}
        )
        return ["object", kind.__module__, kind.__qualname__, items, self._items(state)]

    def _items(self, found: dict[Any, Any]) -> list[Any]:
        return [[self.value(key), self.value(value)] for key, value in found.items()]


class _Saved:
    """What a file says, turned into objects when asked for."""

    def __init__(self, nodes: list[list[Any]], kept: Any, backends: list[list[Any]]) -> None:
        self._nodes = nodes
        self._kept = kept
        self._backends = backends
        self._made: dict[int, Any] = {}

    def kept(self) -> Kept:
        """What is ours. Raises UnreadableError."""
        found = self._checked(self._kept)
        if not isinstance(found, Kept):
            raise UnreadableError("no account")
        return found

    def restore_backends(self) -> None:
        """Restore moto's backends. Raises UnreadableError, and then nothing has changed."""
        found = [(address, self._checked(state)) for *address, state in self._backends]
        for address, state in found:
            vars(_backend(*address)).update(state)

    def _checked(self, found: Any) -> Any:
        try:
            return self._value(found)
        except Exception as error:  # a damaged file can raise anything
            raise UnreadableError(str(error)) from error

    def _value(self, found: Any) -> Any:
        if not isinstance(found, list):
            return found
        (number,) = found
        if number not in self._made:
            self._make(number, *self._nodes[number])
        return self._made[number]

    def _make(self, number: int, kind: str, *said: Any) -> None:
        """Make one object: first without its contents, which may refer back to it."""
        if kind == "backend":
            self._made[number] = _backend(*said)
        elif kind in ("lock", "condition"):
            self._made[number] = threading.RLock() if kind == "lock" else threading.Condition()
        elif kind == "enum":
            self._made[number] = _class(said[0], said[1])[said[2]]  # type: ignore[index]
        elif kind in _NAMES and _NAMES[kind] in _TEXTS:
            self._made[number] = _TEXTS[_NAMES[kind]][1](said[0])
        elif kind in _NAMES:
            self._made[number] = _GROUPS[_NAMES[kind]](self._value(one) for one in said[0])
        elif kind in ("list", "deque"):
            into: Any = [] if kind == "list" else deque(maxlen=said[1])
            self._made[number] = into
            into.extend(self._value(one) for one in said[0])
        elif kind == "object":
            self._fill(number, *said)
        else:
            factories = {"dict": dict, "list": list, "set": set, "int": int}
            kinds: dict[str, Callable[[], Any]] = {
                "dict": dict,
                "OrderedDict": OrderedDict,
                "Counter": Counter,
                "weak": WeakValueDictionary,
                "defaultdict": lambda: defaultdict(factories[said[1]]),
            }
            self._made[number] = kinds[kind]()
            for key, value in said[0]:
                self._made[number][self._value(key)] = self._value(value)

    def _fill(self, number: int, module: str, name: str, items: list[Any], state: list[Any]) -> None:
        kind: Any = _class(module, name)
        made = self._made[number] = kind.__new__(kind)
        put = OrderedDict.__setitem__ if issubclass(kind, OrderedDict) else dict.__setitem__
        for key, value in state:
            object.__setattr__(made, key, self._value(value))
        for key, value in items:
            put(made, self._value(key), self._value(value))


def _class(module: str, name: str) -> type:
    """A class of moto's or ours. Raises UnreadableError for everything else."""
    found = getattr(import_module(module), name, None) if module.startswith(_OURS) else None
    if not isinstance(found, type) or found.__module__ != module:
        raise UnreadableError(f"{module}.{name} does not belong there")
    return found
