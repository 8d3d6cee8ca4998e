# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import (
    AuthenticationError,
    UnreachableError,
    WaitError,
)
from ansible_collections.bitbucket.datacenter.plugins.module_utils._waiter import wait_until
from hypothesis import given
from hypothesis import strategies as st


class World:
    """Time that passes only by sleeping and probing, and observations one after the other, the last for ever."""

    def __init__(self, *observations, probe_takes=0.0, begin=1000.0):
        self.now = begin
        self.begin = begin
        self.probe_takes = probe_takes
        self.observations = list(observations)
        self.probes = 0
        self.sleeps = []
        self.told = []

    def probe(self):
        self.now += self.probe_takes
        seen = self.observations[min(self.probes, len(self.observations) - 1)]
        self.probes += 1
        if isinstance(seen, Exception):
            raise seen
        return seen

    def sleep(self, seconds):
        assert seconds >= 0
        self.sleeps.append(seconds)
        self.now += seconds

    def wait(self, timeout=10.0, delay=2.0):
        return wait_until(
            self.probe,
            reached=lambda seen: seen == "good",
            hopeless=lambda seen: ("which is broken", "buy another one") if seen == "bad" else None,
            describe=str,
            subject="the door",
            wanted="good",
            timeout=timeout,
            delay=delay,
            next_step="do something",
            tell=lambda line, news: self.told.append((line, news)),
            clock=lambda: self.now,
            sleep=self.sleep,
        )


def test_what_is_reached_already_needs_no_sleep():
    world = World("good")
    assert world.wait() == ("good", 0.0)
    assert (world.probes, world.sleeps) == (1, [])


def test_a_goal_that_is_reached_later_says_how_long_it_took():
    world = World("new", "new", "good")
    assert world.wait() == ("good", 4.0)


def test_a_zero_time_out_looks_once():
    world = World("new")
    with pytest.raises(WaitError):
        world.wait(timeout=0)
    assert (world.probes, world.sleeps) == (1, [])


def test_in_vain_says_goal_time_and_what_was_seen_last():
    with pytest.raises(WaitError) as caught:
        World("new", "newer").wait(timeout=9)
    assert str(caught.value) == "Waited 9 s in vain for the door to be good: it is newer; do something."


def test_hopeless_ends_at_once_and_says_why():
    world = World("new", "bad", "good")
    with pytest.raises(WaitError) as caught:
        world.wait()
    assert world.probes == 2
    assert str(caught.value) == (
        "Gave up after 2 s waiting for the door to be good: it is bad, which is broken; buy another one."
    )


def test_what_may_pass_is_not_yet():
    assert World(UnreachableError("refused"), UnreachableError("refused"), "good").wait() == ("good", 4.0)


def test_a_server_that_never_answers_is_named_at_the_limit():
    with pytest.raises(WaitError, match="in vain for the door to be good: connection refused; do something"):
        World(UnreachableError("connection refused")).wait()


def test_every_look_is_told_and_whether_it_is_news():
    world = World("new", "new", UnreachableError("reset"), UnreachableError("connection refused"), "new", "good")
    world.wait(timeout=20)
    assert world.told == [
        ("the door: new, wanted good, 0 of 20 s", True),
        ("the door: new, wanted good, 2 of 20 s", False),
        ("the door: the look failed, reset, wanted good, 4 of 20 s", True),
        ("the door: the look failed, connection refused, wanted good, 6 of 20 s", False),
        ("the door: new, wanted good, 8 of 20 s", True),
    ]


@pytest.mark.parametrize("error", [AuthenticationError("wrong password"), ValueError("a bug")])
def test_anything_else_goes_through_at_once(error):
    world = World("new", error)
    with pytest.raises(type(error)) as caught:
        world.wait()
    assert caught.value is error and world.probes == 2


@given(
    st.integers(min_value=0, max_value=50),
    st.integers(min_value=1, max_value=20),
    st.integers(min_value=0, max_value=5),
)
def test_a_wait_is_bounded_and_looks_once_more_at_the_limit(timeout, delay, probe_takes):
    world = World("new", probe_takes=probe_takes)
    with pytest.raises(WaitError):
        world.wait(timeout, delay)
    assert timeout <= world.now - world.begin <= timeout + probe_takes
    assert all(seconds <= delay for seconds in world.sleeps)
    assert world.probes == len(world.sleeps) + 1


@given(st.integers(min_value=1, max_value=50), st.integers(min_value=1, max_value=20))
def test_what_is_reached_at_the_very_limit_counts(timeout, delay):
    world = World("new")
    probe = world.probe
    world.probe = lambda: "good" if world.now - world.begin >= timeout else probe()
    assert world.wait(timeout, delay) == ("good", float(timeout))
