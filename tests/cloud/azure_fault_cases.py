# SPDX-License-Identifier: Apache-2.0
"""Entra when it fails, for an assertion with a certificate, a federated one, AD FS, and a user's token."""
import oauth_fault_cases
from azure_world import ADFS_RESOURCE
from fault_cases import Target, times


def run(world):
    targets = [Target(world, name, arguments) for name, arguments in world.askers()]
    others = [Target(world, "AD FS", world.token(tenant="adfs", scope=ADFS_RESOURCE)),
              Target(world, "on behalf of", world.for_user(world.user_token(seconds=90000)))]
    for target in [*targets, *others]:
        oauth_fault_cases.retries(target)
    for target in targets + others[:1]:
        oauth_fault_cases.clocks(target, 1200)
    for target in targets[:1]:
        times(target)
        oauth_fault_cases.strange(target)
        for form in ("entra", "oauth"):
            oauth_fault_cases.hostile(target, form)
