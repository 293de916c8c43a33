#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the program with a software TPM against the local AWS: aws_program_test.py PROGRAM GROUP"""
import importlib
import os
import sys

try:
    import botocore  # noqa: F401
    import cryptography  # noqa: F401
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

import program_world

GROUPS = ("hmac", "anywhere", "certificate", "argument", "fault", "request", "sdk", "network")


def main(program, group):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    with program_world.World(program) as world:
        checks = world.checks
        importlib.import_module(f"aws_{group}_cases").run(world)
        checks.equal("the TPM is empty", world.tpm.holds(), "")
    print(f"{checks.passed + checks.failed} checks, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[2] not in GROUPS:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
