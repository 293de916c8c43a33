# SPDX-License-Identifier: Apache-2.0
"""Entra without a network, or with a wrong one."""
import network_cases


def run(world):
    network_cases.run(world)
    text = world.accepted("assertion without a network", world.assertion("--proxy", "http://127.0.0.1:9"), 0)
    world.checks.true("assertion without a network", text.startswith("eyJ"), text[:9])
