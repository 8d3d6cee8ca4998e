#!/bin/sh
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Shows, as lines name=value, what preflight has to know of a node. One process in place of a module for each path:
# starting them is what preflight would spend its time on. Changes nothing.
#
# Arguments: install directory, link to the present release, home, target release, what the names of the workspaces of its
# installations begin with, staging directory, staged archive, its SHA-256.
set -u
install_dir=$1 link=$2 home=$3 release=$4 workspaces=$5 staging_dir=$6 staged=$7 sha256=$8

# yes or no, by a condition of test
say() {
  name=$1
  shift
  if test "$@"; then echo "$name=yes"; else echo "$name=no"; fi
}

# kilobytes that are left for a directory; one that is missing will be made in the nearest that is there
room() {
  directory=$1
  until [ -e "$directory" ]; do directory=$(dirname "$directory"); done
  df -Pk "$directory" | awk 'NR == 2 { print $4 }'
}

say install_dir -d "$install_dir" -a -w "$install_dir"
say link -L "$link"
say home -e "$home/shared"
say timeout -n "$(command -v timeout)"

# A workspace that is there is that of an installation that was cut short.
set -- "$workspaces"*
if [ -e "$release" ] && [ ! -e "$1" ]; then
  echo installed=yes
  exit
fi
echo installed=no
for each in "$install_dir" "$staging_dir"; do echo "$(room "$each")=$each"; done | sort -n | head -n 1 \
  | sed 's/^\([0-9]*\)=\(.*\)$/room_kb=\1\nroom_at=\2/'
# Another archive of this name is replaced: an earlier run has left it, with a checksum that was corrected since.
say staged "$(sha256sum 2>/dev/null <"$staged" | cut -d ' ' -f 1)" = "$sha256"
