#!/bin/sh
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Installs Bitbucket @VERSION@, which is packed behind the last line, as the vendor's installer does when it is told
# everything by -q -varfile FILE. It has neither windows nor questions, and registers no service.
set -eu

fail() {
    echo "$1" >&2
    exit 1
}

# The last value of a variable in the response file, else what is given. A backslash stands before special characters.
answer() {
    name=$(printf '%s' "$1" | sed 's/[.$]/\\&/g')
    value=$(sed -n "s/^$name=//p" "$varfile" | tail -n 1 | sed 's/\\\(.\)/\1/g')
    printf '%s' "${value:-$2}"
}

quiet=no varfile=/dev/null
while [ $# -gt 0 ]; do
    case $1 in
    -q) quiet=yes ;;
    -varfile)
        [ -f "${2:-}" ] && [ -r "$2" ] || fail "The response file ${2:-} cannot be read"
        varfile=$2
        shift
        ;;
    *) fail "Unknown argument $1" ;;
    esac
    shift
done
[ "$quiet" = yes ] || fail "There is no terminal to ask questions at: use -q"

install_dir=$(answer app.defaultInstallDir '')
home=$(answer app.bitbucketHome '')
[ -n "$install_dir" ] || fail "app.defaultInstallDir must say where to install"
[ "$(answer "app.install.service\$Boolean" true)" = false ] || fail "A service cannot be registered here"

mkdir -p "$install_dir/.install4j"
payload=$(($(grep -an '^#PAYLOAD$' "$0" | cut -d: -f1) + 1))
tail -n "+$payload" "$0" | tar -xz -C "$install_dir" --strip-components=1 --no-same-owner
cp "$varfile" "$install_dir/.install4j/response.varfile"
if [ "$(answer "launch.application\$Boolean" true)" != false ]; then
    BITBUCKET_HOME=$home "$install_dir/bin/start-bitbucket.sh"
fi
echo "Bitbucket @VERSION@ has been installed to $install_dir"
exit 0
#PAYLOAD
