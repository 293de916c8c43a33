#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests the local cloud with the clients of others: botocore for STS, and a signer made of cryptography for Roles Anywhere."""
import sys

try:
    import botocore  # noqa: F401
    import cryptography  # noqa: F401
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

import cloud_checks
import cloud_rolesanywhere_cases
import cloud_sts_cases
import cloud_wire_cases


def main():
    checks = cloud_checks.Checks()
    for cases in (cloud_sts_cases, cloud_rolesanywhere_cases, cloud_wire_cases):
        cases.run(checks)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
