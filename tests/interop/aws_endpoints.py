#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the library's endpoints with those that botocore's rules give: aws_endpoints.py DRIVER

Every region of botocore, and some that no rule knows, with all options of both services.
"""

import itertools
import subprocess
import sys

try:
    from botocore.endpoint_provider import EndpointProvider, RuleSetEndpoint
    from botocore.exceptions import EndpointResolutionError
    from botocore.loaders import Loader
except ImportError as error:
    print(f"skipped: botocore is not here, or too old (Debian: python3-botocore): {error}")
    sys.exit(77)

SERVICES = ("sts", "rolesanywhere")
ENDPOINTS = (None, "https://minio.example.com:9000", "http://127.0.0.1:9000/a/b")
FLAGS = (False, True)
# Regions that are in our table and perhaps not in botocore's data, and some that are in none.
MORE_REGIONS = ("mx-central-1", "il-central-1", "eusc-de-east-1", "us-isof-south-1", "eu-isoe-west-1", "us-iso-west-1",
                "us-gov-new-9", "cn-new-1", "xx-new-1", "nowhere")


def partition_rows(loader):
    """What botocore knows of each partition, by its name."""
    return {p["id"]: p["outputs"] for p in loader.load_data("partitions")["partitions"]}


def regions(loader):
    found = set(MORE_REGIONS)
    for partition in loader.load_data("partitions")["partitions"]:
        found.update(partition["regions"])
    return sorted(found)


def is_pseudo_region(region):
    return region.endswith("-global")


def why_skipped(case, known):
    """Where ours differs on purpose, or botocore's data are older than our table."""
    _, region, endpoint, _, dual_stack, _ = case
    if is_pseudo_region(region) and (region != "aws-global" or case[0] != "sts" or endpoint or case[3] or dual_stack):
        return "a pseudo-region stands for its partition's global region: no host bears its name"
    for prefix, name in (("eusc-de-", "aws-eusc"), ("eu-isoe-", "aws-iso-e"), ("us-isof-", "aws-iso-f")):
        if region.startswith(prefix) and not endpoint and name not in known:
            return f"botocore's data do not know the partition {name}"
    for prefix, name in (("us-iso-", "aws-iso"), ("us-isob-", "aws-iso-b"), ("eu-isoe-", "aws-iso-e"),
                         ("us-isof-", "aws-iso-f")):
        if region.startswith(prefix) and dual_stack and not endpoint and not known[name]["supportsDualStack"]:
            return f"botocore's data know no dual stack in {name}"
    return None


def botocore_answer(providers, case):
    service, region, endpoint, fips, dual_stack, use_global = case
    parameters = {"Region": region, "UseFIPS": fips, "UseDualStack": dual_stack}
    if endpoint:
        parameters["Endpoint"] = endpoint
    if service == "sts":
        # The rules for the global host look at no endpoint in some versions of the data; ours is asked alike.
        parameters["UseGlobalEndpoint"] = use_global
    try:
        found = providers[service].resolve_endpoint(**parameters)
    except EndpointResolutionError:
        return "error"
    assert isinstance(found, RuleSetEndpoint)
    schemes = found.properties.get("authSchemes", [{}])
    return f"{found.url.rstrip('/')} {schemes[0].get('signingRegion', region)}"


def our_answers(driver, cases):
    lines = "".join(" ".join([case[0], case[1], case[2] or "-", *("01"[flag] for flag in case[3:])]) + "\n"
                    for case in cases)
    run = subprocess.run([driver], input=lines, text=True, capture_output=True, check=True)
    return run.stdout.splitlines()


def main():
    loader = Loader()
    known = partition_rows(loader)
    providers = {service: EndpointProvider(loader.load_service_model(service, "endpoint-rule-set-1"),
                                           loader.load_data("partitions")) for service in SERVICES}
    cases = list(itertools.product(SERVICES, regions(loader), ENDPOINTS, FLAGS, FLAGS, FLAGS))
    skipped, differing, compared = {}, 0, 0
    for case, ours in zip(cases, our_answers(sys.argv[1], cases), strict=True):
        reason = why_skipped(case, known)
        if reason:
            skipped[reason] = skipped.get(reason, 0) + 1
            continue
        compared += 1
        theirs = botocore_answer(providers, case)
        if ours != theirs:
            differing += 1
            print(f"differs: {case}: ours {ours}, botocore's {theirs}")
    for reason, count in sorted(skipped.items()):
        print(f"left out, {count} cases: {reason}")
    print(f"{compared} endpoints compared, {differing} differ")
    sys.exit(1 if differing or compared < 1000 else 0)


if __name__ == "__main__":
    main()
