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
      - If not given, the environment variable E(BITBUCKET_URL) is used. There is no default.
    type: str
  username:
    description:
      - User for HTTP Basic authentication, together with O(password).
      - If not given, the environment variable E(BITBUCKET_USERNAME) is used, unless O(token) is given.
    type: str
  password:
    description:
      - Password of O(username).
      - If not given, the environment variable E(BITBUCKET_PASSWORD) is used, unless O(token) is given.
    type: str
  token:
    description:
      - HTTP access token, personal access token or OAuth 2 token, sent as bearer.
      - HTTP access tokens cannot administer. Rolling upgrades need O(username) and O(password), or an OAuth 2 token.
      - If not given, the environment variable E(BITBUCKET_TOKEN) is used, unless O(username) or O(password) is given.
    type: str
  ca_path:
    description:
      - File or directory with the certificates of the authorities that are trusted instead of the built-in ones.
      - If not given, the environment variable E(BITBUCKET_CA_PATH) is used.
    type: path
  validate_certs:
    description:
      - Whether the server's TLS certificate is verified.
      - If not given, the environment variable E(BITBUCKET_VALIDATE_CERTS) is used.
    type: bool
    default: true
  timeout:
    description:
      - Seconds to wait for a connection, and for each piece of an answer.
      - If not given, the environment variable E(BITBUCKET_TIMEOUT) is used.
    type: float
    default: 30
requirements:
  - Python 3.9 or newer
  - requests
  - jsonschema
"""
