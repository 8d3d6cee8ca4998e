# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import tempfile
import time
from pathlib import Path

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _lock
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import InputError, LockedError
from ansible_collections.bitbucket.datacenter.plugins.module_utils._lock import FREE, Claim, LockDirectory, described
from hypothesis import given
from hypothesis import strategies as st

ALICE = {"run": "a", "user": "alice", "host": "ctl1", "purpose": "rolling upgrade to 9.4.22"}
BOB = {"run": "b", "user": "bob", "host": "ctl2"}


@pytest.fixture
def directory(tmp_path):
    return LockDirectory(str(tmp_path / "lock"))


def numbers(directory):
    return sorted(path.name for path in directory.path.iterdir())


def make_old(directory, seconds):
    """As if the current state had been written so long ago."""
    newest = max((path for path in directory.path.iterdir() if path.name.isdigit()), key=lambda path: int(path.name))
    then = newest.stat().st_mtime - seconds
    os.utime(newest, (then, then))


def test_one_run_holds_it_and_the_other_reads_who(directory):
    lock, other = directory.hold(Claim(ALICE))
    assert (lock.holder, lock.number, other) == (ALICE, 1, None)
    assert lock.age < 60
    with pytest.raises(LockedError) as caught:
        directory.hold(Claim(BOB))
    message = str(caught.value)
    assert "held by alice@ctl1 (rolling upgrade to 9.4.22) since 20" in message
    assert "take_over" in message and "\n" not in message
    assert caught.value.facts["lock"]["holder"] == ALICE
    assert caught.value.facts["lock"]["ours"] is False
    assert directory.look().holder == ALICE


def test_the_run_that_holds_it_renews_it(directory):
    taken, _other = directory.hold(Claim(ALICE))
    make_old(directory, 500)
    assert directory.look().age > 400
    renewed, other = directory.hold(Claim(ALICE, renew=True))
    assert (renewed.id, renewed.number, other) == (taken.id, 1, None)
    assert directory.look().age < 60
    assert renewed.taken == taken.taken


def test_after_it_was_given_back_another_run_takes_it(directory):
    directory.hold(Claim(ALICE))
    assert directory.give_back("a").holder is None
    assert directory.look().holder is None
    assert directory.hold(Claim(BOB))[0].holder == BOB
    # the state before stays, older ones do not
    assert numbers(directory) == ["2", "3"]


def test_a_lock_of_another_run_is_not_given_back(directory):
    directory.hold(Claim(ALICE))
    assert directory.give_back("b").holder == ALICE
    assert directory.look().holder == ALICE


def test_nothing_to_give_back(directory):
    assert directory.give_back("a") == FREE
    assert not directory.path.exists()


def test_a_run_that_must_hold_it_does_not_take_it(directory):
    with pytest.raises(LockedError, match="not held by this run any more"):
        directory.hold(Claim(ALICE, renew=True))
    directory.hold(Claim(BOB))
    make_old(directory, 500)
    with pytest.raises(LockedError, match="now held by bob@ctl2"):
        directory.hold(Claim(ALICE, renew=True, take_over=True, expires_after=1))


def test_who_was_taken_over_notices(directory):
    directory.hold(Claim(ALICE))
    lock, other = directory.hold(Claim(BOB, take_over=True))
    assert (lock.holder, other.holder) == (BOB, ALICE)
    with pytest.raises(LockedError, match="now held by bob"):
        directory.hold(Claim(ALICE, renew=True))
    assert directory.give_back("a").holder == BOB


def test_only_the_lock_that_is_known_to_be_of_an_ended_run_is_taken_over(directory):
    lock, _other = directory.hold(Claim(ALICE))
    with pytest.raises(LockedError):
        directory.hold(Claim(BOB, ended="another"))
    assert directory.hold(Claim(BOB, ended=lock.id))[1].id == lock.id


@pytest.mark.parametrize(("age", "taken"), [(50, False), (500, True)])
def test_a_lock_expires(directory, age, taken):
    directory.hold(Claim(ALICE))
    make_old(directory, age)
    if taken:
        assert directory.hold(Claim(BOB, expires_after=100))[1].holder == ALICE
    else:
        with pytest.raises(LockedError):
            directory.hold(Claim(BOB, expires_after=100))


def test_a_lock_is_not_taken_over_right_after_its_renewal(directory):
    directory.hold(Claim(ALICE))
    began = time.monotonic()
    directory.hold(Claim(BOB, take_over=True, settle=1.5))
    assert time.monotonic() - began >= 1.4


def test_a_run_that_goes_on_keeps_its_lock_while_the_other_waits(directory):
    lock, _other = directory.hold(Claim(ALICE))
    real = time.sleep

    def sleep(seconds):
        real(seconds)
        directory.give_back("a")
        directory.hold(Claim(ALICE))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_lock.time, "sleep", sleep)
        with pytest.raises(LockedError):
            directory.hold(Claim(BOB, ended=lock.id, settle=0.5))


def test_what_is_foreseen_is_what_comes(directory):
    foreseen, other = directory.foresee(Claim(ALICE))
    assert not directory.path.exists()
    assert (foreseen.holder, other) == (ALICE, None)
    directory.hold(Claim(ALICE))
    before = numbers(directory)
    assert directory.foresee(Claim(ALICE))[0].holder == ALICE
    with pytest.raises(LockedError):
        directory.foresee(Claim(BOB))
    with pytest.raises(LockedError):
        directory.foresee(Claim(BOB, renew=True, take_over=True))
    foreseen, other = directory.foresee(Claim(BOB, take_over=True))
    assert (foreseen.holder, other.holder) == (BOB, ALICE)
    assert numbers(directory) == before


def test_the_directory_is_as_open_as_the_one_that_it_lies_in(tmp_path):
    tmp_path.chmod(0o2770)
    directory = LockDirectory(str(tmp_path / "lock"))
    directory.hold(Claim(ALICE))
    assert directory.path.stat().st_mode & 0o777 == 0o770


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes the owner of a directory")
def test_root_acts_as_the_owner(tmp_path):
    # everybody must get through to it
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        top.chmod(0o755)
        shared = top / "shared"
        shared.mkdir(0o700)
        os.chown(shared, 12345, 12346)
        directory = LockDirectory(str(shared / "lock"))
        directory.hold(Claim(ALICE))
        found = [directory.path, *directory.path.iterdir()]
        assert {(path.stat().st_uid, path.stat().st_gid) for path in found} == {(12345, 12346)}
        assert os.geteuid() == 0 and os.getegid() == 0


@pytest.mark.parametrize("place", ["missing/lock", "file/lock"])
@pytest.mark.parametrize("call", [LockDirectory.hold, LockDirectory.foresee])
def test_a_place_that_cannot_be(tmp_path, place, call):
    (tmp_path / "file").touch()
    with pytest.raises(InputError) as caught:
        call(LockDirectory(str(tmp_path / place)), Claim(ALICE))
    assert str(caught.value).startswith(f"The lock {tmp_path / place} cannot be used (")
    assert "\n" not in str(caught.value)


def test_a_relative_path():
    with pytest.raises(InputError, match="not an absolute path"):
        LockDirectory("lock")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": "x"}', '{"id": "x", "taken": 1, "holder": "alice"}'])
def test_a_file_that_is_not_complete_counts_as_held(directory, text):
    """Such as that of a run that was killed while it wrote, on a file system without hard links."""
    directory.path.mkdir()
    (directory.path / "7").write_text(text)
    make_old(directory, 500)
    with pytest.raises(LockedError, match="held by an unknown run"):
        directory.hold(Claim(ALICE))
    assert directory.hold(Claim(ALICE, expires_after=100))[0].number == 8


def test_a_file_that_is_being_written_is_read_when_it_is_complete(directory):
    directory.path.mkdir()
    (directory.path / "1").write_text('{"id"')
    real = time.sleep

    def sleep(seconds):
        real(seconds)
        (directory.path / "1").write_text(json.dumps({"id": "x", "taken": 1, "holder": BOB}))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_lock.time, "sleep", sleep)
        with pytest.raises(LockedError, match="held by bob"):
            directory.hold(Claim(ALICE))


def test_without_hard_links(directory, monkeypatch):
    def link(*_paths):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(_lock.os, "link", link)
    directory.hold(Claim(ALICE))
    with pytest.raises(LockedError, match="held by alice"):
        directory.hold(Claim(BOB))
    directory.give_back("a")
    assert directory.hold(Claim(BOB))[0].holder == BOB


def test_a_response_that_nfs_has_lost(directory, monkeypatch):
    """The file was linked, and the client that asks once more is told that the name is taken."""
    real = os.link

    def link(*paths):
        real(*paths)
        raise FileExistsError(errno.EEXIST, "File exists")

    monkeypatch.setattr(_lock.os, "link", link)
    assert directory.hold(Claim(ALICE))[0].holder == ALICE


def test_a_number_that_has_become_free_again_is_not_a_state(directory, monkeypatch):
    """A run reads, then others hold the lock one after the other, and then it links the number that it had read."""
    directory.hold(Claim(ALICE))
    directory.give_back("a")
    real = os.link

    def late(source, target):
        monkeypatch.setattr(_lock.os, "link", real)
        for _number in range(3):
            directory.hold(Claim(BOB))
            directory.give_back("b")
        directory.hold(Claim(BOB))
        real(source, target)

    monkeypatch.setattr(_lock.os, "link", late)
    with pytest.raises(LockedError, match="held by bob"):
        directory.hold(Claim(ALICE))
    assert directory.look().holder == BOB
    assert len(numbers(directory)) == 2


def test_what_a_killed_process_has_left_is_cleaned_up(directory):
    directory.hold(Claim(ALICE))
    left, fresh = directory.path / ".left", directory.path / ".fresh"
    left.touch()
    fresh.touch()
    os.utime(left, (1, 1))
    directory.give_back("a")
    assert not left.exists() and fresh.exists()


@pytest.mark.parametrize(
    ("holder", "text"),
    [
        (ALICE, "alice@ctl1 (rolling upgrade to 9.4.22)"),
        ({"run": "x", "user": "alice"}, "alice"),
        ({"run": "x", "purpose": "tests"}, "an unknown run (tests)"),
        ({}, "an unknown run"),
    ],
)
def test_a_holder_in_words(holder, text):
    assert described(holder) == text


# -- any order of things ----------------------------------------------------------------------------------------------

_RUNS = st.sampled_from("abc")
_ACTIONS = st.one_of(
    st.tuples(st.just("hold"), _RUNS),
    st.tuples(st.just("renew"), _RUNS),
    st.tuples(st.just("take over"), _RUNS),
    st.tuples(st.just("hold or expired"), _RUNS),
    st.tuples(st.just("give back"), _RUNS),
    st.tuples(st.just("wait"), st.just("")),
)
_CLAIMS = {"renew": {"renew": True}, "take over": {"take_over": True}, "hold or expired": {"expires_after": 100}}


@given(st.lists(_ACTIONS, max_size=10))
def test_a_lock_does_what_a_variable_would(actions):
    with tempfile.TemporaryDirectory() as name:
        directory = LockDirectory(f"{name}/lock")
        holder, old = None, False
        for action, run in actions:
            if action == "wait":
                if directory.path.exists() and numbers(directory):
                    make_old(directory, 1000)
                    old = True
                continue
            if action == "give back":
                directory.give_back(run)
                if holder == run:
                    holder, old = None, False
            else:
                expired = action == "hold or expired" and old
                free = holder is None and action != "renew"
                succeeds = holder == run or free or action == "take over" or expired
                try:
                    directory.hold(Claim({"run": run}, **_CLAIMS.get(action, {})))
                except LockedError:
                    assert not succeeds
                else:
                    assert succeeds
                    holder, old = run, False
            found = directory.look()
            assert (found.holder or {}).get("run") == holder
            assert len(numbers(directory) if directory.path.exists() else []) <= 2


# -- at the same time -------------------------------------------------------------------------------------------------

ROUNDS = 200
PROCESSES = 3


def _race(number, begin, results, work):
    """What one of the processes does: its part of each round, all of them at once."""
    outcomes = []
    for round_number in range(ROUNDS):
        begin.wait(timeout=300)
        outcomes.append(work(number, round_number))
    results.put((number, outcomes))


def raced(work):
    """The outcome of each process in each round."""
    context = multiprocessing.get_context("fork")
    begin, results = context.Barrier(PROCESSES), context.Queue()
    processes = [
        context.Process(target=_race, args=(number, begin, results, work), daemon=True) for number in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    by_number = dict(results.get(timeout=300) for _process in processes)
    for process in processes:
        process.join(timeout=60)
    return list(zip(*(by_number[number] for number in range(PROCESSES))))


def attempt(directory, claim):
    try:
        directory.hold(claim)
    except LockedError:
        return False
    return True


def test_of_several_processes_one_takes_the_lock(tmp_path):
    def work(number, round_number):
        return attempt(LockDirectory(str(tmp_path / str(round_number))), Claim({"run": str(number)}))

    assert [sum(outcomes) for outcomes in raced(work)] == [1] * ROUNDS


def test_of_several_processes_one_takes_it_over(tmp_path):
    directories = [LockDirectory(str(tmp_path / str(number))) for number in range(ROUNDS)]
    ended = [directory.hold(Claim(ALICE))[0].id for directory in directories]

    def work(number, round_number):
        return attempt(directories[round_number], Claim({"run": str(number)}, ended=ended[round_number]))

    assert [sum(outcomes) for outcomes in raced(work)] == [1] * ROUNDS


def test_while_one_gives_it_back_and_others_want_it_no_two_hold_it(tmp_path):
    """All of them in one directory for all rounds; the witness is a file that only one can create."""
    directory, witness = LockDirectory(str(tmp_path / "lock")), tmp_path / "witness"

    def work(number, _round_number):
        if not attempt(directory, Claim({"run": str(number)})):
            return "locked"
        try:
            witness.touch(exist_ok=False)
        except FileExistsError:
            return "two"
        witness.unlink()
        directory.give_back(str(number))
        return "held"

    outcomes = raced(work)
    assert not [each for each in outcomes if "two" in each]
    assert all("held" in each for each in outcomes)
