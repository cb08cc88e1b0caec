"""The account as one file: written whole after changes, read back at the next start.

It holds two pickles: what is ours, and moto's backends. Ids, times, stacks and events come back as they were,
and nothing is run or sent again. A file that somebody else wrote is not taken up (see ``seal``), and nothing
is accepted from any but plain values and classes of moto's and of ours: it cannot run code. One that is not
ours, of another version or damaged begins a new account.
"""

from __future__ import annotations

import importlib.metadata
import pickle
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from wizard.demo.aws.account import Account, Kept
from wizard.demo.aws.seal import opened, own_key, seal
from wizard.errors import WizardError
from wizard.files import replace_file
from wizard.text import printable

if TYPE_CHECKING:
    from moto.core.base_backend import BaseBackend

FORMAT = 4
"""Of this file; to be raised when a class of ours that is kept changes."""

REST = 4.0
"""After a save, as many times its duration passes before the next one."""

_LOCKS = (type(threading.Lock()), type(threading.RLock()))
_PLAIN = {
    "builtins": {"dict", "set", "frozenset", "bytearray", "object"},
    "collections": {"OrderedDict", "defaultdict", "Counter", "deque"},
    "datetime": {"datetime", "date", "time", "timedelta", "timezone"},
    "decimal": {"Decimal"},
    "re": {"_compile"},
    "threading": {"Condition", "RLock"},
    "uuid": {"UUID", "SafeUUID"},
    "weakref": {"WeakValueDictionary"},
}
"""What may stand in the file besides classes of moto's and ours."""

_Address = tuple[str, str, str]
"""Module of a backend's class, account id, Region (or partition): where moto keeps one backend."""


class UnreadableError(Exception):
    """The file is not one of ours, of another version, or damaged."""


class Keeper:
    """Keeps ``account`` in the file at ``path``: read at once, written soon after each change.

    Raises WizardError where the system refuses the file. ``put_aside`` is where one went that is none of
    ours, of another version or damaged: beside its place, as ``….unreadable``.
    """

    def __init__(self, account: Account, path: Path) -> None:
        self.put_aside: Path | None = None
        self._account = account
        self._path = path
        self._key = own_key()
        self._backends = BytesIO()
        self._dirty = threading.Event()
        self._thread = threading.Thread(target=self._run, name="aws-snapshot", daemon=True)
        self._failure: OSError | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            account.kept, self._backends = read(path.read_bytes(), self._key)
        except FileNotFoundError:
            pass
        except UnreadableError:
            self._put_aside()
        except OSError as error:
            raise _unusable(path, error) from error

    def restore_backends(self) -> None:
        """Let moto's backends be as they were. Slow: it imports what they need of moto."""
        if self._backends.getbuffer().nbytes:
            try:
                restore_backends(self._backends)
            except UnreadableError:
                self._put_aside()

    def start(self) -> None:
        """Begin to write after changes."""
        self._thread.start()

    def changed(self) -> None:
        """Say that something changed. Quick, and safe from any thread."""
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
            raw = dump(self._account, self._key)
        try:
            replace_file(self._path, raw)
            self._failure = None
        except OSError as error:
            self._failure = error


def dump(account: Account, key: bytes) -> bytes:
    """The account as bytes, sealed with ``key``. To be called with its lock."""
    from moto.core.base_backend import BackendDict

    places: list[Any] = BackendDict._instances  # type: ignore[misc]
    backends = [backend for place in places for _, _, backend in place.iter_backends()]
    state = [(_address(backend), backend.__dict__) for backend in backends]
    buffer = BytesIO()
    pickle.dump(account.kept, buffer, protocol=5)
    _Pickler(buffer).dump(state)
    raw = buffer.getvalue()
    return _head() + seal(key, raw) + raw


def read(raw: bytes, key: bytes) -> tuple[Kept, BytesIO]:
    """What is ours, and the rest of the file for ``restore_backends``. Raises UnreadableError."""
    if not raw.startswith(_head()):
        raise UnreadableError("another version")
    found = opened(key, raw.removeprefix(_head()))
    if found is None:
        raise UnreadableError("not of this user")
    rest = BytesIO(found)
    kept = _unpickled(rest)
    if not isinstance(kept, Kept):
        raise UnreadableError("no account")
    return kept, rest


def restore_backends(rest: BytesIO) -> None:
    """Let moto's backends be as they were. Raises UnreadableError, and then nothing has changed."""
    for address, attributes in _unpickled(rest):
        _backend(address).__dict__.update(attributes)


def _unusable(path: Path, error: OSError) -> WizardError:
    return WizardError(
        "The demo cannot be kept",
        f"{printable(str(path))}: {error.strerror or error}.",
        "Make room or mend the folder's permissions: without that file the next demo begins anew.",
    )


@cache
def _head() -> bytes:
    return f"ses-wizard demo {FORMAT}, moto {importlib.metadata.version('moto')}\n".encode()


def _unpickled(stream: BytesIO) -> Any:
    try:
        return _Unpickler(stream).load()
    except Exception as error:  # a damaged pickle can raise anything
        raise UnreadableError(str(error)) from error


class _Pickler(pickle.Pickler):
    """Backends refer to each other: those references become addresses. Locks become new locks."""

    def __init__(self, buffer: BytesIO) -> None:
        from moto.core.base_backend import BaseBackend

        super().__init__(buffer, protocol=5)
        self._backend_type = BaseBackend

    def persistent_id(self, obj: Any) -> _Address | None:
        """The address of a backend; None for everything else."""
        return _address(obj) if isinstance(obj, self._backend_type) else None

    def reducer_override(self, obj: Any) -> Any:
        """How to make anew what cannot be written: locks, weak references, factories that are lambdas."""
        if isinstance(obj, _LOCKS):
            return threading.RLock, ()
        if isinstance(obj, threading.Condition):
            return threading.Condition, ()
        if isinstance(obj, WeakValueDictionary):
            return WeakValueDictionary, (dict(obj),)
        if isinstance(obj, defaultdict) and getattr(obj.default_factory, "__name__", "") == "<lambda>":
            return defaultdict, (dict,), None, None, iter(obj.items())
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, pid: Any) -> BaseBackend:
        """The backend at an address."""
        return _backend(pid)

    def find_class(self, module: str, name: str) -> Any:
        """A class or one of the few functions that may stand in the file. Raises UnreadableError."""
        if module.split(".")[0] in ("moto", "wizard"):
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module:
                return found
        elif name in _PLAIN.get(module, ()):
            return super().find_class(module, name)
        raise UnreadableError(f"{module}.{name} does not belong there")


def _address(backend: BaseBackend) -> _Address:
    return type(backend).__module__, backend.account_id, backend.region_name


def _backend(address: _Address) -> BaseBackend:
    module, account_id, region = address
    found: BaseBackend = next(_places(module))[account_id][region]
    return found


def _places(module: str) -> Iterator[Any]:
    """Where moto keeps the backends that are defined in one of its modules."""
    from moto.core.base_backend import BackendDict

    if module.startswith("moto."):
        for value in vars(import_module(module)).values():
            if isinstance(value, BackendDict) and value.backend.__module__ == module:
                yield value
