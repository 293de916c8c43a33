#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the program with a software TPM against the local cloud: program_test.py PROGRAM CLOUD GROUP"""
import importlib
import os
import sys

CLOUDS = {
    "aws": ("botocore", "program_world", "AwsWorld", ("hmac", "anywhere", "certificate", "argument", "fault", "request", "sdk", "network")),
    "gcp": ("jwt", "gcp_world", "GcpWorld", ("kind", "argument", "executable", "refusal", "fault", "document", "sdk", "network")),
    "azure": ("jwt", "azure_world", "AzureWorld", ("token", "certificate", "argument", "federated", "refusal", "fault", "document", "sdk", "network")),
}
FOREIGN = ("AWS_", "GOOGLE_", "CLOUDSDK_", "AZURE_")

try:
    import cryptography  # noqa: F401
    importlib.import_module(CLOUDS[sys.argv[2]][0] if len(sys.argv) > 2 and sys.argv[2] in CLOUDS else "json")
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

def main(program, cloud, group):
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        del os.environ[name]
    _, module, kind, _ = CLOUDS[cloud]
    with getattr(importlib.import_module(module), kind)(program) as world:
        checks = world.checks
        importlib.import_module(f"{cloud}_{group}_cases").run(world)
        checks.equal("the TPM is empty", world.tpm.holds(), "")
    print(f"{checks.passed + checks.failed} checks, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[2] not in CLOUDS or sys.argv[3] not in CLOUDS[sys.argv[2]][3]:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
