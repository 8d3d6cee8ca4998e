# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals in Bitbucket's own words; the dialect turns them into bodies."""

from __future__ import annotations

from typing import Any

PACKAGE = "com.atlassian.bitbucket."


class ApiError(Exception):
    """An answer with `errors[]`; `exception` is given without the vendor's package prefix."""

    def __init__(
        self,
        status: int,
        message: str,
        exception: str | None = None,
        *,
        context: str | None = None,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.exception = None if exception is None else PACKAGE + exception
        self.entries: list[tuple[str | None, str]] = [(context, message)]
        self.headers = headers or {}
        self.extra = extra


def bad_request(message: str, context: str | None = None) -> ApiError:
    return ApiError(400, message, "validation.ArgumentValidationException", context=context)


def no_such_project(key: str) -> ApiError:
    return ApiError(404, f"Project {key} does not exist.", "project.NoSuchProjectException")  # seen


def no_such_repository(key: str, slug: str) -> ApiError:
    return ApiError(404, f"Repository {key}/{slug} does not exist.", "repository.NoSuchRepositoryException")  # seen


def no_such_commit(ref: str, slug: str) -> ApiError:
    # seen for GET commits; assumed for an unknown start point.
    return ApiError(404, f"Commit '{ref}' does not exist in repository '{slug}'.", "commit.NoSuchCommitException")


def no_such_branch(ref: str, slug: str) -> ApiError:
    return ApiError(404, f"Branch '{ref}' does not exist in repository '{slug}'.", "repository.NoSuchBranchException")


def empty_repository(slug: str) -> ApiError:
    # assumed: 409, the reference names no status for writes to an empty repository.
    return ApiError(409, f"Repository '{slug}' is empty. It has no branches.", "repository.EmptyRepositoryException")


def archived_repository(slug: str) -> ApiError:
    # assumed: 409.
    return ApiError(409, f"Repository '{slug}' is archived and read-only.", "repository.RepositoryArchivedException")


def authentication_required() -> ApiError:
    # doc; the full name of the class is assumed.
    return ApiError(
        401,
        "Authentication is required to access this resource.",
        "auth.AuthenticationRequiredException",
    )


def not_permitted(status: int = 401) -> ApiError:
    """doc, seen 10.4: authenticated but not permitted is 401; the ZDU resources document 403."""
    return ApiError(status, "You are not permitted to access this resource", "AuthorisationException")


def incorrect_password() -> ApiError:
    return ApiError(
        401,
        "Invalid username or password. Please check your credentials and try again.",
        "auth.IncorrectPasswordAuthenticationException",
    )
