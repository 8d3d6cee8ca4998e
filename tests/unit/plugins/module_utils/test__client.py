# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ssl
import urllib.parse

import pytest
import requests
import urllib3
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _client, _errors, _transport
from ansible_collections.bitbucket.datacenter.plugins.module_utils._schema import Schema, page
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import URL, Answer, refusal, serving
from hypothesis import given
from hypothesis import strategies as st

ANY = Schema({}, optional=True)
ITEMS = Schema(page({"type": "integer"}))
NAMED = Schema({"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}})
SECRET = "s3cr3t-p4ssw0rd"


# -- paging ----------------------------------------------------------------------------------------------------------


class Pages:
    """A paged resource: ``split`` lists the pages, ``starts`` says where each begins, as the server numbers them."""

    def __init__(self, split, starts, null_at_end=True):
        self.page_at = dict(zip(starts, zip(split, [*starts[1:], None])))
        self.null_at_end = null_at_end

    def __call__(self, request):
        values, following = self.page_at[int(request.query["start"])]
        body = {"values": values, "isLastPage": following is None, "size": len(values)}
        if following is not None or self.null_at_end:
            body["nextPageStart"] = following
        return Answer(200, body)


@st.composite
def paged(draw):
    split = draw(st.lists(st.lists(st.integers(), max_size=4), min_size=1, max_size=6))
    steps = draw(st.lists(st.integers(min_value=1, max_value=999), min_size=len(split) - 1, max_size=len(split) - 1))
    starts = [sum(steps[:index]) for index in range(len(split))]
    return split, starts


@given(paged(), st.booleans())
def test_items_are_all_items_in_order_whatever_the_pages(pages, null_at_end):
    split, starts = pages
    with serving(Pages(split, starts, null_at_end)) as (client, server):
        assert list(client.items("/rest/x", ITEMS)) == [item for part in split for item in part]
    assert [int(request.query["start"]) for request in server.received] == starts


def test_items_keep_the_query_on_every_page():
    with serving(Pages([[1], [2]], [0, 7])) as (client, server):
        list(client.items("/rest/x", ITEMS, {"filterText": "a&b=c", "details": True}, limit=5))
    assert [request.query for request in server.received] == [
        {"filterText": "a&b=c", "details": "true", "start": "0", "limit": "5"},
        {"filterText": "a&b=c", "details": "true", "start": "7", "limit": "5"},
    ]


def test_items_ask_for_a_page_only_when_it_is_needed():
    with serving(Pages([[1], [2]], [0, 1])) as (client, server):
        assert next(client.items("/rest/x", ITEMS)) == 1
        assert len(server.received) == 1


@pytest.mark.parametrize("following", [None, 0, -1])
def test_a_page_that_leads_nowhere_is_an_error_and_no_endless_loop(following):
    body = {"values": [1], "isLastPage": False, "nextPageStart": following}
    with serving(Answer(200, body)) as (client, server):
        with pytest.raises(_errors.ContractError, match="more pages follow after 0, but not where"):
            list(client.items("/rest/x", ITEMS))
        assert len(server.received) == 1


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"isLastPage": True}, "values"),
        ({"values": []}, "isLastPage"),
        ({"values": ["x"], "isLastPage": True}, "$.values[0]"),
        ({"values": [], "isLastPage": False, "nextPageStart": "9"}, "$.nextPageStart"),
        ([], "$"),
    ],
)
def test_a_page_of_another_shape_is_an_error_that_says_where(body, fault):
    with serving(Answer(200, body)) as (client, _server), pytest.raises(_errors.ContractError) as caught:
        list(client.items("/rest/x", ITEMS))
    assert fault in str(caught.value) and "GET /rest/x answered 200" in str(caught.value)


# -- what is sent ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "send",
    [
        lambda client: client.get("/rest/x", ANY),
        lambda client: client.post("/rest/x", ANY),
        lambda client: client.put("/rest/x", ANY),
        lambda client: client.post("/rest/x", ANY, {"a": 1}),
        lambda client: client.put("/rest/x", ANY, {"a": 1}),
        lambda client: client.put("/rest/x", None, {"a": 1}),
        lambda client: client.delete("/rest/x"),
        lambda client: client.delete("/rest/x", {"a": 1}),
    ],
)
def test_every_request_passes_the_xsrf_check_and_has_a_time_out(send):
    with serving(Answer(204), timeout=7) as (client, server):
        send(client)
    (request,) = server.received
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["X-Atlassian-Token"] == "no-check"
    assert request.headers["Accept"] == "application/json"
    assert request.timeout == 7
    assert request.verify is True


def test_a_body_is_json():
    with serving(Answer(204)) as (client, server):
        client.post("/rest/x", ANY, {"name": "ä", "dryRun": False})
    assert server.received[0].body == {"name": "ä", "dryRun": False}


@pytest.mark.parametrize("verify", [True, False, "/some/ca.pem"])
@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_environment_does_not_override_what_was_said_about_tls(verify, variable, monkeypatch):
    monkeypatch.setenv(variable, "/from/the/environment.pem")
    with serving(Answer(204), verify=verify) as (client, server):
        client.get("/rest/x", ANY)
    # where nothing special was asked for, the environment may name the authorities to trust
    assert server.received[0].verify == ("/from/the/environment.pem" if verify is True else verify)


def test_a_proxy_that_was_named_wins_over_the_environment(monkeypatch):
    environment, option = "http://environment.example.com:3128", "http://option.example.com:3128"
    monkeypatch.setenv("HTTPS_PROXY", environment)
    for named, wanted in ((None, environment), (option, option)):
        with serving(Answer(204), proxy=named) as (client, server):
            client.get("/rest/x", ANY)
        assert server.received[0].proxies["https"] == wanted


def test_a_client_certificate_is_shown():
    with serving(Answer(204), certificate=("/some/cert.pem", "/some/key.pem")) as (client, server):
        client.get("/rest/x", ANY)
    assert server.received[0].cert == ("/some/cert.pem", "/some/key.pem")


@pytest.mark.parametrize("authorization", [None, _transport.basic("jane", SECRET), _transport.bearer(SECRET)])
def test_only_the_given_credentials_are_sent(authorization, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine bitbucket.example.com login somebody password else\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with serving(Answer(204), authorization=authorization) as (client, server):
        client.get("/rest/x", ANY)
    assert server.received[0].headers.get("Authorization") == authorization


def test_basic_and_bearer_as_the_standards_write_them():
    # the example of RFC 7617, section 2.1, with a character beyond ASCII
    assert _transport.basic("test", "123£") == "Basic dGVzdDoxMjPCow=="
    assert _transport.bearer("abc") == "Bearer abc"


def test_cookies_of_the_server_change_nothing_about_who_asks():
    with serving(Answer(200, {}, Set_Cookie="BITBUCKETSESSIONID=1"), authorization="Bearer a") as (client, server):
        client.get("/rest/x", ANY)
        client.get("/rest/x", ANY)
    assert [request.headers["Authorization"] for request in server.received] == ["Bearer a", "Bearer a"]


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=10))
def test_quote_makes_exactly_one_path_segment(text):
    quoted = _client.quote(text)
    assert urllib.parse.unquote(quoted) == text
    assert not set(quoted) & set("/?#&;=+ \\")


# -- read-only -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "write",
    [
        lambda client: client.post("/rest/x", ANY),
        lambda client: client.put("/rest/x", ANY),
        lambda client: client.delete("/rest/x"),
        lambda client: client.delete("/rest/x", {"dryRun": True}),
    ],
)
def test_a_read_only_client_refuses_every_write_before_it_is_sent(write):
    with serving(Answer(204), read_only=True) as (client, server):
        with pytest.raises(_errors.ReadOnlyError, match="nothing was changed"):
            write(client)
        assert server.received == []


def test_a_read_only_client_reads_and_lets_the_server_try():
    with serving(Answer(204), read_only=True) as (client, server):
        client.get("/rest/x", ANY)
        client.delete("/rest/x", {"dryRun": True}, changes_nothing=True)
    assert [request.method for request in server.received] == ["GET", "DELETE"]


def test_a_client_is_read_only_unless_told_otherwise():
    with _client.Client(_transport.Connection((URL,))) as client:
        assert client.read_only


# -- answers ---------------------------------------------------------------------------------------------------------


def test_no_content_is_none_only_where_it_is_expected():
    with serving(Answer(204)) as (client, _server):
        assert client.get("/rest/x", ANY) is None
        with pytest.raises(_errors.ContractError, match="without content instead of JSON"):
            client.get("/rest/x", NAMED)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(200, "<html>Log in</html>"), "answered 200 with an HTML page instead of JSON"),
        (Answer(200), "answered 200 with broken JSON"),
        (Answer(200, "plain", Content_Type="text/plain; charset=utf-8"), "with text/plain instead of JSON"),
        (Answer(200, "{}", Content_Type=""), None),
        (Answer(200, {"name": 1}), "($.name: 1 is not of type 'string')"),
        (Answer(200, {}), "($: 'name' is a required property)"),
        (Answer(200, [1]), "with JSON of another shape than documented"),
    ],
)
def test_only_json_of_the_documented_shape_is_an_answer(answer, words):
    with serving(answer) as (client, _server), pytest.raises(_errors.ContractError) as caught:
        client.get("/rest/x", NAMED)
    assert "GET /rest/x" in caught.value.cause
    assert (words or "") in caught.value.cause
    assert caught.value.status == 200


@pytest.mark.parametrize(
    ("answer", "kind", "retryable"),
    [
        (refusal(400, "Said.", "repository.InvalidRefNameException"), _errors.ValidationError, False),
        (refusal(400, "Said.", "repository.DuplicateRefException"), _errors.ConflictError, False),
        (refusal(401, "Said.", "auth.IncorrectPasswordAuthenticationException"), _errors.AuthenticationError, False),
        (refusal(401, "Said.", "AuthorisationException"), _errors.PermissionDeniedError, False),
        (refusal(403, "Said."), _errors.PermissionDeniedError, False),
        (refusal(404, "Said.", "repository.NoSuchRepositoryException"), _errors.NotFoundError, False),
        (refusal(409, "Said."), _errors.ConflictError, False),
        (refusal(415, "Said."), _errors.ContractError, False),
        (refusal(418, "Said."), _errors.ContractError, False),
        (refusal(429, "Said."), _errors.RateLimitedError, True),
        (refusal(500, "Said."), _errors.ServerError, False),
        (refusal(503, "Said."), _errors.ServerError, True),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_refusal_says_method_path_status_and_the_server_s_words(answer, kind, retryable, method):
    answer.headers["X-AREQUESTID"] = "@1ABC"
    with serving(answer) as (client, server):
        with pytest.raises(_errors.BitbucketError) as caught:
            getattr(client, method)("/rest/x", ANY)
        assert len(server.received) == 1
    error = caught.value
    assert error.__class__ is kind
    assert error.cause == f"{method.upper()} /rest/x answered {answer.status}: Said."
    assert error.messages == ["Said."]
    assert (error.method, error.path, error.status) == (method.upper(), "/rest/x", answer.status)
    assert error.request_id == "@1ABC"
    assert error.retryable is retryable


def test_a_refusal_says_everything_that_the_server_says():
    errors = [{"context": "name", "message": " One. "}, {"message": None}, {"message": "Two."}]
    answer = Answer(400, {"errors": errors})
    with serving(answer) as (client, _server), pytest.raises(_errors.ValidationError) as caught:
        client.get("/rest/x", ANY)
    assert caught.value.messages == ["One.", "Two."]
    assert "400: One. Two; correct" in str(caught.value)


def test_a_missing_resource_is_told_from_a_missing_entity():
    unrouted = Answer(404, {"message": "HTTP 404 Not Found", "status-code": 404, "sub-code": -1})
    # in XML on 10.2.1 (seen), whatever is asked for
    xml = '<?xml version="1.0"?><status><status-code>404</status-code><message>HTTP 404 Not Found</message></status>'
    for answer, kind in (
        (unrouted, _errors.NotSupportedError),
        (Answer(404, xml, Content_Type="application/xml"), _errors.NotSupportedError),
        (Answer(404), _errors.NotSupportedError),
        (refusal(404, "x"), _errors.NotFoundError),
        (Answer(404, {"errors": [{"message": "x", "exceptionName": None}]}), _errors.NotFoundError),
        # neither of them
        (Answer(406), _errors.ContractError),
    ):
        with serving(answer) as (client, _server), pytest.raises(_errors.BitbucketError) as caught:
            client.get("/rest/x", ANY)
        assert caught.value.__class__ is kind


@given(
    st.sampled_from([400, 401, 403, 404, 409, 415, 429, 500, 502, 503, 504]),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.sampled_from(["errors", "message", "exceptionName", "x"]), inner, max_size=3),
        ),
        max_leaves=8,
    ),
)
def test_whatever_a_refusal_carries_it_becomes_one_error_of_ours(status, body):
    with serving(Answer(status, body)) as (client, _server), pytest.raises(_errors.BitbucketError) as caught:
        client.get("/rest/x", ANY)
    assert caught.value.status == status
    assert str(status) in str(caught.value)


def test_a_page_of_a_proxy_is_told_from_bitbucket():
    page_of_a_proxy = Answer(503, "<html>Starting</html>")
    with serving(page_of_a_proxy) as (client, _server), pytest.raises(_errors.ServerError) as caught:
        client.get("/rest/x", ANY)
    assert "503 with an HTML page that is no answer of Bitbucket's" in str(caught.value)


# -- no answer -------------------------------------------------------------------------------------------------------


def unreachable(error):
    def handler(_request):
        raise error

    return handler


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_lost_answer_is_reported_once_and_never_sent_again(method):
    lost = requests.ConnectionError(ConnectionResetError(104, "Connection reset by peer"))
    with serving(unreachable(lost)) as (client, server):
        with pytest.raises(_errors.UnreachableError) as caught:
            getattr(client, method)("/rest/x", ANY)
        assert len(server.received) == 1
    assert caught.value.retryable
    assert caught.value.cause == (
        f"{method.upper()} /rest/x got no answer from {URL}: [Errno 104] Connection reset by peer"
    )


def test_a_time_out_says_so():
    late = unreachable(requests.ReadTimeout("Read timed out. (read timeout=7)"))
    with serving(late) as (client, _server), pytest.raises(_errors.UnreachableError) as caught:
        client.get("/rest/x", ANY)
    assert "Read timed out. (read timeout=7)" in str(caught.value)


def tls_failure(error):
    """An error of ssl as requests wraps it."""
    return requests.exceptions.SSLError(urllib3.exceptions.MaxRetryError(None, "/", urllib3.exceptions.SSLError(error)))


def reason_of_openssl(name):
    error = ssl.SSLError(1, f"[SSL: {name}] something (_ssl.c:1007)")
    error.reason = name
    return error


@pytest.mark.parametrize(
    ("error", "words", "retryable"),
    [
        (ssl.SSLCertVerificationError(1, "certificate verify failed"), "check the certificate of the server", False),
        (reason_of_openssl("TLSV13_ALERT_CERTIFICATE_REQUIRED"), "client_cert and client_key", False),
        (reason_of_openssl("WRONG_VERSION_NUMBER"), "check the scheme and the port of url", False),
        (reason_of_openssl("RECORD_LAYER_FAILURE"), "check the scheme and the port of url", False),
        # a node or a load balancer that goes away
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), "the network and that the server is run", True),
        (ssl.SSLZeroReturnError(6, "TLS/SSL connection has been closed"), "the network and that the server", True),
    ],
    ids=["certificate", "client certificate", "no TLS", "no TLS, other name", "EOF", "closed"],
)
def test_a_failure_of_tls_is_a_matter_of_certificates_only_where_it_is(error, words, retryable):
    failing = serving(unreachable(tls_failure(error)))
    with failing as (client, _server), pytest.raises(_errors.UnreachableError, match=words) as caught:
        client.post("/rest/x", ANY)
    assert ("certificate" in caught.value.next_step) is ("cert" in words)
    assert (caught.value.retryable, caught.value.in_doubt) == (retryable, retryable)


@pytest.mark.parametrize(("url", "hint"), [("http://h", True), ("https://h", False)])
def test_http_at_a_port_for_tls_is_no_invalid_request(url, hint):
    answer = Answer(400, "Bad Request\nThis combination of host and port requires TLS.")
    with serving(answer, urls=(url,)) as (client, _server), pytest.raises(_errors.ValidationError) as caught:
        client.get("/rest/x", ANY)
    assert ("the scheme and the port of url" in str(caught.value)) is hint


# -- redirects -------------------------------------------------------------------------------------------------------


def moved(target, status=307):
    def handler(request):
        return Answer(status, Location=target) if request.path == "/context/rest/x" else Answer(200, {"name": "b"})

    return handler


def test_a_read_follows_a_move_on_the_same_server_with_its_credentials():
    with serving(moved("/context/rest/y?start=3"), authorization="Bearer a", follow_redirects=True) as (client, server):
        assert client.get("/rest/x", NAMED, {"limit": 1}) == {"name": "b"}
    assert [request.url for request in server.received] == [f"{URL}/rest/x?limit=1", f"{URL}/rest/y?start=3"]
    assert server.received[1].headers["Authorization"] == "Bearer a"


def test_another_client_of_the_same_kind_follows_as_well():
    with serving(moved("/context/rest/y"), follow_redirects=True) as (client, _server):
        assert client.another()._follow is True


@pytest.mark.parametrize("follow", [True, False])
@pytest.mark.parametrize(
    "target",
    [
        "https://elsewhere.example.com/context/rest/x2",
        "http://bitbucket.example.com/context/rest/x2",
        "https://bitbucket.example.com:8443/context/rest/x2",
        "/context/login",
        "",
    ],
)
def test_credentials_never_leave_the_server_or_its_rest_paths(target, follow):
    def handler(_request):
        return Answer(302, Location=target)

    if target == "" and follow:
        # a redirect without a target leads back to itself
        endless = pytest.raises(_errors.ContractError, match="without end")
        with serving(handler, follow_redirects=True) as (client, server), endless:
            client.get("/rest/x", ANY)
        assert len(server.received) <= 10
        return
    with serving(handler, authorization=f"Bearer {SECRET}", follow_redirects=follow) as (client, server):
        with pytest.raises(_errors.ContractError, match=r"was redirected \(302\) to http") as caught:
            client.get("/rest/x", ANY)
        assert len(server.received) == 1
    assert SECRET not in str(caught.value)


def test_the_query_and_user_of_a_foreign_address_are_not_repeated():
    answer = Answer(302, Location="https://user:hidden@sso.example.com:8443/login?ticket=abc#hidden")
    with serving(answer) as (client, _server), pytest.raises(_errors.ContractError) as caught:
        client.get("/rest/x", ANY)
    assert "https://sso.example.com:8443/login" in str(caught.value)
    assert "ticket" not in str(caught.value) and "hidden" not in str(caught.value)


OLD = "/rest/api/latest/projects/WEB/repos/shop"


def redirected(path, target, method="get"):
    """The error of a request that the server redirects."""
    with serving(Answer(307, Location=target)) as (client, server):
        with pytest.raises(_errors.BitbucketError) as caught:
            getattr(client, method)(path, *((ANY, {}) if method == "post" else (ANY,)))
        assert len(server.received) == 1
    return caught.value


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    ("path", "target", "told"),
    [
        (OLD, "/context/rest/api/latest/projects/WEB/repos/store", "set project_key to WEB and repository to store"),
        (
            f"{OLD}/branches",
            "https://other.example.com:8443/rest/api/latest/projects/NEW/repos/shop/branches?limit=1",
            "repository WEB/shop is now NEW/shop; set project_key to NEW and repository to shop",
        ),
        ("/rest/api/latest/projects/WEB", "/context/rest/api/latest/projects/SHOP", "project WEB is now SHOP"),
        (OLD, "/context/rest/api/latest/projects/%7Ejo/repos/shop", "set project_key to ~jo and repository to shop"),
    ],
)
def test_a_redirect_from_a_former_name_is_explained_with_the_present_one(path, target, told, method):
    error = redirected(path, target, method)
    assert error.type == "moved" and not error.retryable and told in str(error)


@pytest.mark.parametrize(
    ("target", "url"),
    [
        (f"https://bitbucket.example.com/context/rest/{OLD[6:]}", "https://bitbucket.example.com/context"),
        (f"https://bitbucket.example.com:8443{OLD}", "https://bitbucket.example.com:8443"),
        (f"https://[2001:db8::1]:8443/git{OLD}?x=y", "https://[2001:db8::1]:8443/git"),
    ],
)
def test_a_redirect_of_every_path_is_explained_as_another_base_address(target, url):
    error = redirected(OLD, target)
    assert error.type == "contract" and f"set url to {url} if" in str(error)


@pytest.mark.parametrize("target", ["https://sso.example.com/saml?next=/rest/x", "/context/login", "/"])
def test_a_login_page_is_not_taken_for_a_renamed_repository(target):
    error = redirected(OLD, target)
    assert error.type == "contract" and "single sign-on" in str(error)
    assert "moved" not in str(error) and "is now" not in str(error)


def test_a_redirect_to_no_address_is_refused():
    nowhere = Answer(307, Location="http://[::1/rest/x")
    with serving(nowhere) as (client, _server), pytest.raises(_errors.ContractError, match="redirected to no address"):
        client.get("/rest/x", ANY)


def test_redirects_end():
    with serving(Answer(307, Location="/context/rest/x"), follow_redirects=True) as (client, server):
        with pytest.raises(_errors.ContractError, match="redirected without end"):
            client.get("/rest/x", ANY)
        assert 1 < len(server.received) <= 10


# -- connection ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "",
        "bitbucket",
        "bitbucket.example.com",
        "ftp://host",
        "http://",
        "https:///rest",
        "http://h?x=1",
        "http://h#x",
        "http://[::1",
        "http://h:port",
        "http://h:99999",
        "http://h:0",
    ],
)
def test_a_url_must_be_a_base_address(url):
    with pytest.raises(_errors.InputError, match="url is not a base address"):
        _transport.Connection((url,))


@pytest.mark.parametrize("url", [f"https://jane:{SECRET}@host", "https://jane@host", f"https://:{SECRET}@host"])
def test_a_url_must_not_carry_credentials_and_does_not_show_them(url):
    with pytest.raises(_errors.InputError, match="url carries credentials") as caught:
        _transport.Connection((url,))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("url", ["http://h", "http://h/", "http://h:7990/bitbucket/", "https://[::1]:7990"])
def test_paths_follow_the_base_address(url):
    with serving(Answer(204), urls=(url,)) as (client, server):
        client.get("/rest/x", ANY)
    assert server.received[0].url == url.rstrip("/") + "/rest/x"


def test_a_connection_does_not_show_its_secret():
    assert SECRET not in repr(_transport.Connection((URL,), f"Bearer {SECRET}"))


@pytest.mark.parametrize(
    "answer", [refusal(401, "No."), Answer(200, "<html>"), Answer(200, []), Answer(302, Location="http://x/")]
)
def test_no_error_carries_the_secret(answer):
    connection = {"authorization": f"Bearer {SECRET}"}
    with serving(answer, **connection) as (client, _server), pytest.raises(_errors.BitbucketError) as caught:
        client.get("/rest/x", NAMED)
    assert SECRET not in f"{caught.value} {caught.value.to_dict()} {caught.value!r}"


# -- where the server is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://git.example.com", "git.example.com"),
        ("https://GIT.example.com:443/bitbucket/", "git.example.com/bitbucket"),
        ("http://git.example.com:80/", "git.example.com"),
        ("https://git.example.com:8443", "git.example.com:8443"),
        ("http://[2001:db8::1]:7990/x", "[2001:db8::1]:7990/x"),
    ],
)
def test_the_address_has_neither_scheme_nor_default_port(url, address):
    connection = _transport.Connection(urls=(url, "https://other.example.com"), authorization=None, allow_http=True)
    with _client.Client(connection) as client:
        assert client.address == address
