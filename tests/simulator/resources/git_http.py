# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/scm: clone, fetch and push by git's own http-backend, with the credentials of REST."""

from __future__ import annotations

import asyncio
import os

from aiohttp import web

from simulator import errors, push_guard
from simulator.call import Call
from simulator.directory import READ, WRITE
from simulator.fault_kinds import WHOLE
from simulator.restrictions import Restrictions
from simulator.routing import Routes

routes = Routes()
_CHUNK = 64 * 1024


@routes.get("/scm/{projectKey}/{repositorySlug}.git/info/refs", permission=None)
async def advertise(call: Call) -> web.StreamResponse:
    service = call.query("service") or ""
    if service not in ("git-upload-pack", "git-receive-pack"):
        # assumed: the dumb protocol is not served.
        return web.Response(status=403, text="Please upgrade your git client.\n")
    return await _serve(call, "/info/refs", service)


@routes.post("/scm/{projectKey}/{repositorySlug}.git/git-upload-pack", permission=None, reads_body=False)
async def upload_pack(call: Call) -> web.StreamResponse:
    return await _serve(call, "/git-upload-pack", "git-upload-pack")


@routes.post("/scm/{projectKey}/{repositorySlug}.git/git-receive-pack", permission=None, reads_body=False)
async def receive_pack(call: Call) -> web.StreamResponse:
    return await _serve(call, "/git-receive-pack", "git-receive-pack")


def _authorise(call: Call, service: str) -> None:
    """Anonymous gets 401 with a challenge, so that git asks for credentials; others are told to stay out."""
    needed = WRITE if service == "git-receive-pack" else READ
    anonymous = call.identity.user is None
    repository = call.node.directory.repository(call.project_key, call.request.match_info["repositorySlug"])
    if repository is None:
        if anonymous:
            raise errors.authentication_required()
        repository = call.repository  # the refusal, or the redirect to its present name
    level = call.node.directory.repository_level(call.identity.user, repository)
    if level < needed or not call.identity.caps(needed):
        raise errors.authentication_required() if anonymous else errors.not_permitted(403)
    if needed == WRITE and repository.archived:
        raise errors.ApiError(403, f"Repository '{repository.slug}' is archived and read-only.")


async def _serve(call: Call, path: str, service: str) -> web.StreamResponse:
    _authorise(call, service)
    if service == "git-receive-pack":
        with call.git.writing():
            pass  # what a killed writer left would refuse this push: git's programs know nothing of its lock
    call.node.git_tasks += 1
    try:
        return await _backend(call, path)
    finally:
        call.node.git_tasks -= 1


def _configuration(call: Call) -> dict[str, str]:
    """git's configuration for this request, as variables of its environment."""
    # assumed: the refs of pull requests can be fetched, and belong to the server alone.
    settings = {"receive.autogc": "false", "receive.hideRefs": "refs/pull-requests"}
    user = call.identity.user
    variables = {}
    if user is not None and Restrictions(call.node.store).effective(call.repository):
        # Only then: a repository without restrictions pays nothing for them.
        settings["core.hooksPath"] = str(push_guard.HOOKS)
        variables = push_guard.environment(call.node.shared.database, call.repository.id, user.id)
    variables["GIT_CONFIG_COUNT"] = str(len(settings))
    for number, (name, value) in enumerate(settings.items()):
        variables[f"GIT_CONFIG_KEY_{number}"], variables[f"GIT_CONFIG_VALUE_{number}"] = name, value
    return variables


def _environment(call: Call, path: str) -> dict[str, str]:
    request = call.request
    user = call.identity.user
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **_configuration(call),
        "GIT_PROJECT_ROOT": str(call.node.shared.repositories),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{call.repository.id}.git{path}",
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": request.query_string,
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "REMOTE_ADDR": request.remote or "",
    }
    if user is not None:
        # http-backend serves receive-pack only to a user that has a name.
        environment["REMOTE_USER"] = environment["GIT_COMMITTER_NAME"] = user.name
        environment["GIT_COMMITTER_EMAIL"] = user.email
    if "Git-Protocol" in request.headers:
        environment["GIT_PROTOCOL"] = request.headers["Git-Protocol"]
    return environment


async def _backend(call: Call, path: str) -> web.StreamResponse:
    """Run the CGI program: request body in, headers and body out. Without CONTENT_LENGTH it reads to the end."""
    process = await asyncio.create_subprocess_exec(
        "git", "http-backend", env=_environment(call, path),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    feeding = asyncio.create_task(_feed(call.request, process.stdin))
    try:
        response = await _head(process.stdout)
        if call.request.get(WHOLE):
            return web.Response(status=response.status, headers=response.headers, body=await process.stdout.read())
        await response.prepare(call.request)
        while chunk := await process.stdout.read(_CHUNK):
            await response.write(chunk)
        await response.write_eof()
        await process.wait()
        return response
    finally:
        feeding.cancel()
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _feed(request: web.Request, stdin: asyncio.StreamWriter) -> None:
    try:
        async for chunk in request.content.iter_chunked(_CHUNK):
            stdin.write(chunk)
            await stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        # git stopped reading: its answer says why.
        return
    finally:
        stdin.close()


async def _head(stdout: asyncio.StreamReader) -> web.StreamResponse:
    response = web.StreamResponse()
    while line := (await stdout.readline()).decode("latin-1").strip():
        name, _colon, value = line.partition(":")
        if name.lower() == "status":
            response.set_status(int(value.split()[0]))
        else:
            response.headers[name] = value.strip()
    return response
