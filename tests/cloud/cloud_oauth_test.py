#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests Google's and Entra's part of the local cloud: with PyJWT, and with google-auth and msal where they are there."""
import sys

try:
    import botocore  # noqa: F401
    import cryptography  # noqa: F401
    import jwt  # noqa: F401
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

import cloud_checks
import entra_cases
import google_cases
import google_sts_cases


def main():
    checks = cloud_checks.Checks()
    for cases in (google_cases, google_sts_cases, entra_cases):
        cases.run(checks)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
