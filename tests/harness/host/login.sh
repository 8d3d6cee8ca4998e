#!/bin/sh
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Inside of world.sh: lays out a node as the vendor does, lets deploy in by its key, and serves SSH in the foreground.
#   login.sh NODE PUBLIC-KEY SSHD-CONFIG SERVICE-SCRIPT
set -eu
node=$1 key=$2 config=$3 service=$4

mkdir -p /opt/atlassian/bitbucket /var/atlassian/application-data/bitbucket
mount --bind "$node/install" /opt/atlassian/bitbucket
mount --bind "$node/home" /var/atlassian/application-data/bitbucket
install -m 0755 "$service" /etc/init.d/atlbitbucket

# A password that nobody can give, while "!" would lock the account.
usermod --password '*' deploy
install -d -m 0700 -o deploy -g deploy /home/deploy/.ssh
install -m 0600 -o deploy -g deploy "$key" /home/deploy/.ssh/authorized_keys
echo 'deploy ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/deploy
chmod 0440 /etc/sudoers.d/deploy

mkdir -p /run/sshd
exec /usr/sbin/sshd -D -e -f "$config"
