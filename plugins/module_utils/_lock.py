# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""A lock in a directory that several machines share, which one run at a time holds.

Each change of the holder is a new file, named by the next number: ``1``, ``2``, ... A file is written completely under
another name and then linked to its number, and a file system lets only one of several links succeed, NFS included. So a
run that acts on outdated information fails to get the next number, and nothing ever has to be replaced. The file with
the highest number is the current state. Its modification time is the last renewal.

All times are those of the file system: the modification time of a file that was written just now is the present, and
the clocks of nodes and controllers do not matter.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import os
import pathlib
import secrets
import time
import typing as t

from ._errors import InputError, LockedError
from ._time import iso_time

Holder = t.Mapping[str, t.Any]

#: Reads of a file that is not complete, and races that were lost, before it counts as a failure.
_TRIES = 100
_PAUSE = 0.02
#: Seconds after which a file that nobody links any more was left by a process that died.
_LEFT_OVER = 3600
_NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK)


@dataclasses.dataclass(frozen=True)
class Lock:
    """The state of a lock. ``holder`` is None when it is free, and empty when its file cannot be read.

    ``taken`` and ``renewed`` are seconds since 1970, ``age`` the seconds since the last renewal; all of them by the
    clock of the file system.
    """

    number: int
    id: str
    holder: Holder | None
    taken: float
    renewed: float
    age: float

    def is_of(self, run: str) -> bool:
        """Whether this run holds the lock."""
        return bool(self.holder) and t.cast("Holder", self.holder).get("run") == run


FREE = Lock(number=0, id="", holder=None, taken=0.0, renewed=0.0, age=0.0)


@dataclasses.dataclass(frozen=True)
class Claim:
    """What a run wants of a lock, and whose lock it may take over.

    ``holder`` describes the run and has the key ``run``. With ``renew`` the run must hold the lock already. ``ended``
    is the id of a lock whose run is known to have ended. A lock that was not renewed for ``expires_after`` seconds is
    taken over as well; None: never. ``take_over`` is the word of the user that it has ended. No lock is taken over
    sooner than ``settle`` seconds after its last renewal, since its run may have begun something right after that.
    """

    holder: Holder
    renew: bool = False
    take_over: bool = False
    ended: str | None = None
    expires_after: float | None = None
    settle: float = 0.0

    def may_take(self, lock: Lock) -> bool:
        """Whether this run may become the holder, disregarding ``settle``."""
        if self.renew:
            return False
        if lock.holder is None or self.take_over or (self.ended is not None and self.ended == lock.id):
            return True
        return self.expires_after is not None and lock.age > self.expires_after

    def seconds_left(self, lock: Lock) -> float:
        """How long to wait before the lock may be taken over; 0 or less: not at all."""
        return 0.0 if lock.holder is None else self.settle - lock.age


class LockDirectory:
    """The directory of a lock. Its parent directory must exist; the directory itself is created when it is missing."""

    def __init__(self, path: str) -> None:
        if not pathlib.PurePath(path).is_absolute():
            raise InputError(f"path is {path}, which is not an absolute path", "give the full path of the lock")
        self.path = pathlib.Path(os.path.normpath(path))

    def look(self) -> Lock:
        """The current state; writes nothing, so its age is by the clock of this machine. Raises InputError."""
        with self._access():
            return self._current(time.time())

    def foresee(self, claim: Claim) -> tuple[Lock, Lock | None]:
        """What ``hold`` would return, without writing anything. Raises the same errors where reading shows them."""
        with self._access():
            now = time.time()
            current = self._current(now)
            if current.is_of(claim.holder["run"]):
                return current, None
            if not claim.may_take(current):
                raise locked(self.path, current, lost=claim.renew)
            place = self.path if self.path.is_dir() else self.path.parent
            if not os.access(place, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
                code = errno.EACCES if place.is_dir() else errno.ENOENT
                raise OSError(code, os.strerror(code), str(place))
            taken = Lock(current.number + 1, "", claim.holder, now, now, 0.0)
            return taken, current if current.holder is not None else None

    def hold(self, claim: Claim) -> tuple[Lock, Lock | None]:
        """Take, take over or renew the lock; returns it, and the other run's lock that was taken over, if any.

        Raises LockedError when another run holds it, InputError when the directory cannot be used.
        """
        with self._access(create=True):
            run = claim.holder["run"]
            for _number in range(_TRIES):
                with self._draft(claim.holder) as draft:
                    current = self._current(draft.now)
                    if current.is_of(run):
                        if self._renew(current):
                            return self._current(draft.now), None
                    elif not claim.may_take(current):
                        raise locked(self.path, current, lost=claim.renew)
                    elif claim.seconds_left(current) > 0:
                        time.sleep(claim.seconds_left(current))
                    elif self._publish(draft, current.number + 1):
                        return self._current(draft.now), current if current.holder is not None else None
                time.sleep(_PAUSE)
        raise LockedError(f"The lock {self.path} changes all the time", "run again")

    def give_back(self, run: str) -> Lock:
        """Free the lock if this run holds it; returns its state. Raises InputError."""
        with self._access():
            if not self.path.is_dir():
                return FREE
            for _number in range(_TRIES):
                with self._draft(None) as draft:
                    current = self._current(draft.now)
                    if not current.is_of(run):
                        return current
                    if self._publish(draft, current.number + 1):
                        return self._current(draft.now)
        raise LockedError(f"The lock {self.path} changes all the time", "run again")

    # -- files ---------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _access(self, create: bool = False) -> t.Iterator[None]:
        """Errors of the file system as one sentence; root acts as the owner of the directory.

        On NFS root often has fewer rights than the owner (root_squash).
        """
        try:
            with _as_owner(self.path if self.path.is_dir() else self.path.parent):
                if create and not self.path.is_dir():
                    self._create()
                yield
        except OSError as error:
            raise InputError(
                f"The lock {self.path} cannot be used ({error.strerror or error}: {error.filename or self.path})",
                "give a directory that can be created and written there, or correct its permissions",
            ) from None

    def _create(self) -> None:
        with contextlib.suppress(FileExistsError):
            self.path.mkdir()
            # whoever may write beside it may hold the lock, whatever the umask of the first one
            self.path.chmod(self.path.parent.stat().st_mode & 0o777)

    def _numbers(self) -> list[int]:
        try:
            names = [path.name for path in self.path.iterdir()]
        except FileNotFoundError:
            return []
        return sorted(int(name) for name in names if name.isascii() and name.isdigit())

    def _file(self, number: int) -> pathlib.Path:
        return self.path / str(number)

    def _current(self, now: float) -> Lock:
        """The file with the highest number, read as soon as it is complete."""
        for left in reversed(range(_TRIES)):
            numbers = self._numbers()
            if not numbers:
                return FREE
            try:
                with self._file(numbers[-1]).open(encoding="utf-8", errors="replace") as file:
                    renewed = os.fstat(file.fileno()).st_mtime
                    text = file.read()
            except FileNotFoundError:
                continue  # there is a newer one
            lock = _read(numbers[-1], text, renewed, now)
            if lock:
                return lock
            if left == 0 or now - renewed > _TRIES * _PAUSE:
                return Lock(numbers[-1], f"unreadable {numbers[-1]}", {}, renewed, renewed, max(0.0, now - renewed))
            time.sleep(_PAUSE)
        raise LockedError(f"The lock {self.path} changes all the time", "run again")

    @contextlib.contextmanager
    def _draft(self, holder: Holder | None) -> t.Iterator[_Draft]:
        """A complete file under a name of its own, gone afterwards.

        Writing it also makes an NFS client read the directory again.
        """
        token = secrets.token_hex(8)
        path = self.path / f".{token}"
        try:
            with path.open("x", encoding="utf-8") as file:
                # the first byte shows the clock of the file system
                file.write("{")
                file.flush()
                os.fsync(file.fileno())
                now = os.fstat(file.fileno()).st_mtime
                content = {"id": token, "holder": holder and dict(holder), "taken": now}
                file.write(json.dumps(content, indent=1)[1:] + "\n")
                file.flush()
                os.fsync(file.fileno())
            yield _Draft(path, now)
        finally:
            path.unlink(missing_ok=True)

    def _publish(self, draft: _Draft, number: int) -> bool:
        """Make the draft the current state; False when another run was faster."""
        if not self._link(draft, number):
            return False
        if self._numbers()[-1:] != [number]:
            # older numbers become free again when they are cleaned up: this one is outdated
            self._file(number).unlink(missing_ok=True)
            return False
        self._clean(draft.now, number)
        return True

    def _link(self, draft: _Draft, number: int) -> bool:
        try:
            os.link(draft.path, self._file(number))
        except FileExistsError:
            # NFS reports this, too, when the response to a successful request was lost
            return draft.path.stat().st_nlink == 2
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            return self._copy(draft, number)
        return True

    def _copy(self, draft: _Draft, number: int) -> bool:
        """For a file system without hard links; a reader waits until the file is complete."""
        text = draft.path.read_text(encoding="utf-8")
        try:
            with self._file(number).open("x", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError:
            return False
        return True

    def _renew(self, current: Lock) -> bool:
        """Update the time of the last renewal; False when the lock is not the run's any more."""
        try:
            os.utime(self._file(current.number))
        except FileNotFoundError:
            return False
        return self._numbers()[-1:] == [current.number]

    def _clean(self, now: float, number: int) -> None:
        """Delete what is outdated. The predecessor stays, so that no reader of the directory misses both."""
        for older in self._numbers():
            if older < number - 1:
                self._file(older).unlink(missing_ok=True)
        for path in self.path.glob(".*"):
            with contextlib.suppress(FileNotFoundError):
                if now - path.stat().st_mtime > _LEFT_OVER:
                    path.unlink()


@dataclasses.dataclass(frozen=True)
class _Draft:
    """``now`` is the time of the file system when it was written."""

    path: pathlib.Path
    now: float


def _read(number: int, text: str, renewed: float, now: float) -> Lock | None:
    """The content of a file; None while it is not complete."""
    try:
        content = json.loads(text)
        holder, taken = content["holder"], float(content["taken"])
        if not (holder is None or isinstance(holder, dict)):
            return None
        return Lock(number, str(content["id"]), holder, taken, max(renewed, taken), max(0.0, now - renewed))
    except (ValueError, KeyError, TypeError):
        return None


@contextlib.contextmanager
def _as_owner(path: pathlib.Path) -> t.Iterator[None]:
    """Root becomes the owner of a directory for a while; others stay who they are. Raises OSError."""
    if os.geteuid() != 0:
        yield
        return
    owner = path.stat()
    group = os.getegid()
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)


def view(path: pathlib.Path, lock: Lock, run: str) -> dict[str, t.Any]:
    """What a user sees of a lock."""
    held = lock.holder is not None
    return {
        "path": str(path),
        "status": "held" if held else "free",
        "ours": lock.is_of(run),
        "id": lock.id,
        "holder": dict(lock.holder or {}),
        "taken_at": iso_time(int(lock.taken)) if held else None,
        "renewed_at": iso_time(int(lock.renewed)) if held else None,
        "age": round(lock.age, 1) if held else None,
    }


def described(holder: Holder) -> str:
    """Who holds a lock, as part of a sentence."""
    who = "@".join(str(holder[name]) for name in ("user", "host") if holder.get(name)) or "an unknown run"
    return f"{who} ({holder['purpose']})" if holder.get("purpose") else who


def locked(path: pathlib.Path, lock: Lock, lost: bool) -> LockedError:
    """The error of a run that does not get the lock, or has lost it."""
    if lock.holder is None:
        cause, advice = f"The lock {path} is not held by this run any more", "take it again"
    else:
        since = f"since {iso_time(int(lock.taken))}, last renewed {round(lock.age)} s ago"
        cause = f"The lock {path} is {'now ' if lost else ''}held by {described(lock.holder)} {since}"
        advice = "wait until that run has ended, or set take_over if it was killed"
    return LockedError(cause, advice, facts={"lock": view(path, lock, "")})
