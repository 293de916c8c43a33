# SPDX-License-Identifier: Apache-2.0
"""Google without a network, or with a wrong one."""
import network_cases
from gcp_world import PLATFORM


def run(world):
    network_cases.run(world)
    text = world.accepted("jwt without a network", world.account("--proxy", "http://127.0.0.1:9", network=False), 0)
    world.checks.equal("jwt without a network: scope", world.opened("jwt without a network", text).get("scope"), PLATFORM)
