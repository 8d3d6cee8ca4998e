# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals in Bitbucket's own words; the dialect turns them into bodies."""

from __future__ import annotations

from typing import Any

PACKAGE = "com.atlassian.bitbucket."


class ApiError(Exception):
    """An answer with `errors[]`; `exception` is given without Bitbucket's package, those of others with theirs."""

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
        self.exception = exception if exception is None or exception.startswith("com.") else PACKAGE + exception
        self.entries: list[tuple[str | None, str]] = [(context, message)]
        self.headers = headers or {}
        self.extra = extra


class MessageError(ApiError):
    """A refusal by a part of the server that answers with `message` alone."""


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


def no_such_user(name: str) -> ApiError:
    return ApiError(404, f"User '{name}' does not exist.", "user.NoSuchUserException")


def no_such_group(name: str) -> ApiError:
    return ApiError(404, f"Group '{name}' does not exist.", "user.NoSuchGroupException")


def no_such_pull_request(number: str, key: str, slug: str) -> ApiError:
    return ApiError(
        404, f"No pull request exists with ID {number} for this repository {key}/{slug}.",
        "pull.NoSuchPullRequestException",
    )  # fmt: skip


def no_such_comment(number: str) -> ApiError:
    return ApiError(404, f"No comment exists with ID {number}.", "comment.NoSuchCommentException")


def out_of_date(what: str, version: int, expected: Any) -> ApiError:
    """doc: 409 with the version that the server has; the exception's name is assumed for comments."""
    name = "pull.PullRequestOutOfDateException" if what == "pull request" else "comment.CommentOutOfDateException"
    return ApiError(
        409, f"You are attempting to modify a {what} based on out-of-date information.", name,
        currentVersion=version, expectedVersion=expected,
    )  # fmt: skip


def no_default_branch(name: str) -> ApiError:
    # seen: the configured branch does not exist, as in an empty repository.
    return ApiError(
        404, f"refs/heads/{name} is set as the default branch, but this branch does not exist",
        "repository.NoDefaultBranchException",
    )  # fmt: skip


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


def unlicensed() -> ApiError:
    # seen: 401, this name and text with its line break; the package, and that X-AUSERNAME is not sent, are assumed.
    return ApiError(
        401,
        "You are not currently licensed to use Bitbucket.\nPlease contact your administrator to resolve this issue.",
        "auth.NoAccessAuthenticationException",
    )


def invalid_token() -> ApiError:
    # assumed: for releases that refuse a token that they do not accept.
    return ApiError(401, "The access token is not valid.", "auth.TokenAuthenticationException")


def captcha(base_url: str) -> ApiError:
    """seen: 401, with a challenge for Basic; doc: the header that names the reason."""
    return ApiError(
        401,
        "CAPTCHA required. Your Bitbucket account has been locked. To unlock it and log in again you must solve a"
        " CAPTCHA. This is typically caused by too many attempts to login with an incorrect password.",
        "auth.CaptchaRequiredAuthenticationException",
        headers={
            "X-Authentication-Denied-Reason": f"CAPTCHA_CHALLENGE; login-url={base_url}/login",
            "WWW-Authenticate": 'Basic realm="Atlassian Bitbucket"',
        },
    )


def basic_is_off() -> ApiError:
    # assumed: as the vendor's other servers do it (seen there: 403 and this text).
    return MessageError(403, "Basic Authentication has been disabled on this instance.")


def license_limit() -> ApiError:
    # doc: 403; the words are assumed.
    return ApiError(403, "The licensed number of users has been exceeded.", "license.LicenseLimitException")
