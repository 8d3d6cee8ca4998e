# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options by which every module reaches the server."""

from __future__ import annotations


class ModuleDocFragment:
    """See the head of the file."""

    DOCUMENTATION = r"""
options:
  url:
    description:
      - Base address of Bitbucket Data Center with its context path, for example V(https://bitbucket.example.com)
        or V(https://example.com/bitbucket), without C(/rest).
      - Several addresses of the same cluster may be given. A read goes to the next one when an address does not
        answer, a write only when it surely has not reached the first.
      - If not given, the environment variable E(BITBUCKET_URL) is used, with commas between several addresses.
        There is no default.
    type: list
    elements: str
  username:
    description:
      - User for HTTP Basic authentication, together with O(password).
      - If not given, the environment variable E(BITBUCKET_USERNAME) is used, unless a token is given.
    type: str
  password:
    description:
      - Password of O(username).
      - If not given, the environment variable E(BITBUCKET_PASSWORD) is used, unless a token is given.
    type: str
  token:
    description:
      - HTTP access token, personal access token or OAuth 2 token, sent as bearer.
      - The task fails where the server does not accept the token, even where it serves the request as anonymous.
      - Access tokens cannot administer. Rolling upgrades need O(username) and O(password), or an OAuth 2 token.
      - If not given, the environment variable E(BITBUCKET_TOKEN) is used, unless another way to authenticate is given.
    type: str
  token_file:
    description:
      - File that holds the token alone, instead of O(token).
      - Modules require an absolute path.
      - If not given, the environment variable E(BITBUCKET_TOKEN_FILE) is used, unless another way to authenticate is
        given.
    type: path
  ca_path:
    description:
      - File or directory with the certificates of the authorities that are trusted instead of the built-in ones.
      - Modules require an absolute path.
      - If not given, the environment variable E(BITBUCKET_CA_PATH) is used.
    type: path
  client_cert:
    description:
      - File with the certificate by which this side shows who it is, with the key in it or in O(client_key).
      - Modules require an absolute path.
      - If not given, the environment variable E(BITBUCKET_CLIENT_CERT) is used.
    type: path
  client_key:
    description:
      - File with the key of O(client_cert), not encrypted.
      - Modules require an absolute path.
      - If not given, the environment variable E(BITBUCKET_CLIENT_KEY) is used.
    type: path
  validate_certs:
    description:
      - Whether the server's TLS certificate is verified.
      - If not given, the environment variable E(BITBUCKET_VALIDATE_CERTS) is used.
    type: bool
    default: true
  allow_http:
    description:
      - Whether credentials may be sent to an O(url) of plain HTTP. An address of this machine itself needs no leave.
      - If not given, the environment variable E(BITBUCKET_ALLOW_HTTP) is used.
    type: bool
    default: false
  proxy:
    description:
      - Address of the proxy through which the server is reached, for example V(http://proxy.example.com:3128).
      - If not given, the usual environment variables C(HTTPS_PROXY), C(HTTP_PROXY) and C(NO_PROXY) are obeyed.
    type: str
  timeout:
    description:
      - Seconds to wait for a connection, and for each piece of an answer.
      - If not given, the environment variable E(BITBUCKET_TIMEOUT) is used.
    type: float
    default: 30
  patience:
    description:
      - Seconds for which a request that may be repeated is made again and again while the server does not answer, or
        answers that it is unavailable.
      - By default it is made up to five times, which takes some seconds where nobody listens. What a rolling upgrade
        rests on, M(bitbucket.datacenter.cluster_info) for example, goes on for V(45) seconds, so that an upgrade
        outlasts a load balancer that is away for half a minute.
      - If not given, the environment variable E(BITBUCKET_PATIENCE) is used.
    type: float
requirements:
  - Python 3.9 or newer
  - requests 2.25.1 or newer
  - jsonschema 3.2.0 or newer
"""

    # modules read the environment by themselves; of plugins, Ansible does it by what is documented here
    PLUGINS = r"""
options:
  url:
    env:
      - name: BITBUCKET_URL
  username:
    env:
      - name: BITBUCKET_USERNAME
  password:
    env:
      - name: BITBUCKET_PASSWORD
  token:
    env:
      - name: BITBUCKET_TOKEN
  token_file:
    env:
      - name: BITBUCKET_TOKEN_FILE
  ca_path:
    env:
      - name: BITBUCKET_CA_PATH
  client_cert:
    env:
      - name: BITBUCKET_CLIENT_CERT
  client_key:
    env:
      - name: BITBUCKET_CLIENT_KEY
  validate_certs:
    env:
      - name: BITBUCKET_VALIDATE_CERTS
  allow_http:
    env:
      - name: BITBUCKET_ALLOW_HTTP
  timeout:
    env:
      - name: BITBUCKET_TIMEOUT
  patience:
    env:
      - name: BITBUCKET_PATIENCE
"""
