# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every situation that a rolling upgrade can meet, and what the planner and those who follow it do there.

`world` is the cluster, small enough to list all its states; `deeds` are what a run may do to it, each with what must
hold then; `run` follows the planner as the role does. Three things are shown for every state that the cluster can get
into, whatever befalls it:

- whatever a run is about to do, at whichever of its steps it is, is harmless;
- what is not done is excused: a blocker has a cause that is really there;
- a run that begins there, because the one before was killed, leads to the end, back, or to such a blocker.

Whether a run was killed, and at which step, makes no difference to what the next one finds, since nothing is
remembered but by the cluster itself. So it is enough to begin everywhere.
"""
