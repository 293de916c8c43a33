# SPDX-License-Identifier: Apache-2.0
"""AWS without a network, or with a wrong one."""
import network_cases
from program_world import Devices


def run(world):
    Devices(world)
    network_cases.run(world)
