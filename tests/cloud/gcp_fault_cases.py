# SPDX-License-Identifier: Apache-2.0
"""Google's services when they fail: each of the four that the program asks, and the second of a chain."""
import oauth_fault_cases
from fault_cases import Target, always, times
from gcp_world import TARGET


def run(world):
    targets = {name: Target(world, name, arguments) for name, arguments in world.askers()}
    for name, target in targets.items():
        oauth_fault_cases.retries(target)
        oauth_fault_cases.clocks(target, 4000)
        oauth_fault_cases.hostile(target, "api" if name == "IAM" else "oauth")
    for name in ("token endpoint", "IAM"):
        times(targets[name])
    for name in ("token endpoint", "IAM", "STS"):
        oauth_fault_cases.strange(targets[name])
    chain = Target(world, "STS and IAM", world.federated("--impersonate", TARGET, "--iam-endpoint", world.cloud.url), 1, {"service": "google-iam"})
    chain.accepted("503, then good", [{"status": 503}], 2)
    chain.refused("503 for ever", always(status=503), ["503"], 3)
    chain.refused("redirection", always(redirect=307), ["redirect"])
    chain.refused("a login page", always(html=True), ["IAM", "proxy"])
    first = Target(world, "STS before IAM", chain.arguments, 0, {"service": "google-sts"})
    first.refused("400", always(status=400), ["Security Token Service", "400"])
    for seconds in (4000, -4000):
        world.cloud.config(clock_offset=seconds)
        chain.accepted(f"clock {seconds} s off", [], 2)
    world.cloud.config(clock_offset=0)
