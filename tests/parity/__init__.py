# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules say is true: check mode predicts the real run, and every outcome is what git has afterwards."""
