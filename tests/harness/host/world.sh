#!/bin/sh
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes the machine look like another one, for what runs in this mount namespace alone, and runs a command there:
#   unshare --mount --propagation private sh world.sh SCRATCH DATA UID OVERLAID TRAVERSED COMMAND...
# What is written goes to memory and is gone with the namespace; only DATA is the same directory inside and outside.
# OVERLAID are directories to be written to, TRAVERSED ones that the user without rights must get through.
set -eu
scratch=$1 data=$2 uid=$3 overlaid=$4 traversed=$5
shift 5

mkdir -p "$scratch"
mount -t tmpfs -o mode=0755 tmpfs "$scratch"
mkdir "$scratch/data" "$scratch/upper" "$scratch/work"
mount --bind "$data" "$scratch/data"
for top in $overlaid; do
    mkdir "$scratch/upper/$top" "$scratch/work/$top"
    mount -t overlay -o "lowerdir=/$top,upperdir=$scratch/upper/$top,workdir=$scratch/work/$top" overlay "/$top"
done
for directory in $traversed; do
    chmod o+x "$directory"
done
mount --bind "$scratch/data" "$data"
mount -t tmpfs -o mode=0755 tmpfs /run
# A service manager that Ansible leaves to the scripts of /etc/init.d, whatever the first process is.
echo service >"$scratch/first"
mount --bind "$scratch/first" /proc/1/comm

useradd --uid "$uid" --shell /bin/sh atlbitbucket
useradd --create-home --shell /bin/sh deploy
chown atlbitbucket "$data"
exec "$@"
