# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""What branch restrictions surely refuse to the account, for predictions: the server has no dry run for creations."""

from __future__ import annotations

import typing as t

from . import _branch_model, _stale
from ._client import Client
from ._default_branch import DefaultBranch
from ._errors import NotSupportedError, PermissionDeniedError
from ._repository import Repository
from ._restriction import Restriction, Restrictions

#: Types of restrictions by what they refuse (documented).
REFUSING = {"create": ("read-only", "no-creates"), "delete": _stale.PROTECTING}
_WORDS = {"create": "created", "delete": "deleted"}
# these matchers mean other branches once the branch model or the default branch has changed
_UNSETTLED = ("MODEL_BRANCH", "MODEL_CATEGORY", "DEFAULT_BRANCH")


class Guard:
    """The restrictions of one repository and its project, read when they are first needed.

    ``settled`` is whether branch model and default branch stay as they are until the change is made. Methods may raise
    any BitbucketError.
    """

    def __init__(self, client: Client, repository: Repository, *, settled: bool = True) -> None:
        self._client = client
        self._repository = repository
        self._settled = settled
        self._read: list[Restriction] | None = None
        self._names: tuple[str | None, t.Mapping[str, t.Any]] | None = None

    def refuse(self, action: str, name: str) -> None:
        """Raise the PermissionDeniedError that the action, create or delete, would surely meet for a branch.

        Nobody is above restrictions, administrators neither (assumed). What is not known counts as allowed:
        restrictions that the account may not read, since only administrators of the repository may (seen); whether it
        is in a group that is exempt; and matchers and types that only a later server knows.
        """
        for each in self._binding():
            if each.type in REFUSING[action] and self._concerns(each, name):
                owner = f"project {self._repository.project_key}" if each.inherited else str(self._repository)
                raise PermissionDeniedError(
                    f"Branch {name} must not be {_WORDS[action]} in {self._repository}: restriction {each} of {owner}"
                    f" does not exempt the account {self._client.account or 'of this task'}",
                    "choose another name, use an exempted account, or change the restriction",
                )

    def _binding(self) -> list[Restriction]:
        """Those that do not exempt the account."""
        if self._read is None:
            try:
                found = Restrictions(self._client, self._repository).all()
            except (PermissionDeniedError, NotSupportedError):
                found = []
            # asked for after the listing, whose response has named the account
            self._read = [each for each in found if self._surely_binds(each)]
        return self._read

    def _surely_binds(self, restriction: Restriction) -> bool:
        account = self._client.account
        # access keys are for SSH alone (documented)
        return not restriction.groups and (
            not restriction.users or (account is not None and account.lower() not in restriction.users)
        )

    def _concerns(self, restriction: Restriction, name: str) -> bool:
        default: str | None = None
        model: t.Mapping[str, t.Any] = {"types": []}
        if restriction.matcher_type in _UNSETTLED:
            if not self._settled:
                return False
            default, model = self._configured()
        return _stale.concerns(restriction, name, model, default == name, certain=True)

    def _configured(self) -> tuple[str | None, t.Mapping[str, t.Any]]:
        """The name of the default branch and the branch model, with branches that do not exist yet."""
        if self._names is None:
            default = DefaultBranch(self._client, self._repository).read()
            configuration = _branch_model.Configuration(self._client, self._repository).read()
            self._names = default, _branch_model.as_model(configuration, default)
        return self._names
