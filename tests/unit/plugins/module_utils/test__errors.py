# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import pickle

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _errors


def every_error(kind=_errors.BitbucketError):
    return [kind] + [deeper for below in kind.__subclasses__() for deeper in every_error(below)]


@pytest.mark.parametrize("cause", ["The cause", "The cause.", "The cause. "])
@pytest.mark.parametrize("kind", every_error())
def test_an_error_is_one_sentence_of_cause_and_next_step(kind, cause):
    assert str(kind(cause, "do this")) == "The cause; do this."
    said = str(kind(cause))
    assert said.startswith("The cause; ") and said.endswith(".") and "\n" not in said
    assert len(said) > len("The cause; .")


def test_every_kind_of_error_has_a_name_of_its_own_for_machines():
    # what only refines another kind has the name of that one
    names = [kind.type for kind in every_error() if "type" in vars(kind)]
    assert len(set(names)) == len(names)
    assert {kind.type for kind in every_error()} == set(names)


@pytest.mark.parametrize("kind", every_error())
def test_an_error_can_be_returned_by_a_module(kind):
    error = kind("c", method="GET", path="/rest/x", status=400, messages=["m"], exception_names=["n"], request_id="@1")
    assert json.loads(json.dumps(error.to_dict())) == {
        "type": kind.type,
        "method": "GET",
        "path": "/rest/x",
        "status": 400,
        "messages": ["m"],
        "exception_names": ["n"],
        "request_id": "@1",
        "retryable": kind.retryable,
    }


def test_only_what_may_pass_by_itself_is_retryable():
    assert {kind for kind in every_error() if kind.retryable} == {
        _errors.LockedError,
        _errors.RateLimitedError,
        _errors.UnreachableError,
    }


def test_one_error_may_say_otherwise():
    assert _errors.ServerError("c", retryable=True).retryable
    assert not _errors.ServerError("c").retryable


def test_errors_do_not_share_what_they_carry():
    facts, messages = {"a": 1}, ["m"]
    error = _errors.BlockedError("c", facts=facts, messages=messages)
    facts["a"], messages[0] = 2, "n"
    assert error.facts == {"a": 1} and error.messages == ["m"]
    assert _errors.BlockedError("c").facts == {}


def test_an_error_survives_a_process_boundary():
    assert pickle.loads(pickle.dumps(_errors.InputError("The cause"))).cause == "The cause"
