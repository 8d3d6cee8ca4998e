# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""The frame of every module: the only place that talks to AnsibleModule about beginning and end."""

from __future__ import annotations

import gc
import typing as t

from ansible.module_utils.basic import AnsibleModule, env_fallback

from . import _given
from ._argspec import CONNECTION, ENVIRONMENT, Spec
from ._client import Client
from ._connection import connect, secrets_in
from ._errors import BitbucketError
from ._retry import Retry

Run = t.Callable[[AnsibleModule, Client], dict[str, t.Any]]
LocalRun = t.Callable[[AnsibleModule], dict[str, t.Any]]


class _Module(AnsibleModule):
    """An AnsibleModule that keeps its options as they arrived, in ``given``."""

    def _load_params(self) -> None:
        # the only moment at which a number is not a string yet
        super()._load_params()  # type: ignore[no-untyped-call]  # ansible-core has annotations in part
        self.given = dict(self.params)


def execute(run: Run, spec: Spec, *, read_only: bool = False, retry: Retry | None = None, **rules: t.Any) -> None:
    """Run a module: options in, client made, result or one-sentence error out.

    ``read_only`` is for modules that never write; in check mode every client is read-only. ``rules`` are
    AnsibleModule's own (required_if and so on). Anything but a BitbucketError is a bug and shows as such.
    """
    connection = {
        name: {**option, "fallback": (env_fallback, [ENVIRONMENT[name]])} if name in ENVIRONMENT else option
        for name, option in CONNECTION.items()
    }
    module = _Module(argument_spec={**connection, **spec}, supports_check_mode=True, **rules)
    for url in module.params["url"] or ():
        module.no_log_values.update(secrets_in(url))
    try:
        _given.check({**CONNECTION, **spec}, module.given)
        with connect(
            module.params, read_only=read_only or module.check_mode, follow_redirects=read_only, retry=retry
        ) as client:
            module.no_log_values.update(client.secrets)
            result = run(module, client)
    except BitbucketError as error:
        module.fail_json(msg=str(error), error=error.to_dict(), **error.facts)
    # what is left to do makes one object of each value, and ends the process: nothing is worth being collected
    gc.disable()
    module.exit_json(**result)


def execute_locally(run: LocalRun, spec: Spec) -> None:
    """Run a module that sends no request: as ``execute``, without a client and its libraries."""
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    try:
        result = run(module)
    except BitbucketError as error:
        module.fail_json(msg=str(error), error=error.to_dict(), **error.facts)
    module.exit_json(**result)
