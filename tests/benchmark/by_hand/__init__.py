# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one writes without this collection: scripts that create the branches of a file where they are missing.

Each is started as ``script FILE`` with the server in BITBUCKET_URL, BITBUCKET_USERNAME and BITBUCKET_PASSWORD, reads
the branches of each repository page by page, and creates what is not there. Nothing is tried again, no answer is
looked at beyond its status, a branch that is there is not compared with its start point, and there is no preview.
``commits`` is another: it reads the commits of a repository.
"""
