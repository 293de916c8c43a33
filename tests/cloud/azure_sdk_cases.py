# SPDX-License-Identifier: Apache-2.0
"""Microsoft's own library with our assertions as its client_assertion, in a process of its own."""
import json
import subprocess
import sys

from azure_world import CLIENT, GRAPH, RESOURCE, TENANT
from program_world import HERE

SCRIPT = """
import json, sys
import msal
authority, client, scope, *command = sys.argv[1:]
if len(command) == 1:
    assertion = open(command[0]).read()
else:
    import subprocess
    assertion = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
application = msal.ConfidentialClientApplication(client, client_credential={"client_assertion": assertion}, authority=authority, validate_authority=False)
print(json.dumps(application.acquire_token_for_client([scope])))
"""


def library(world, *command, client=CLIENT, tenant=TENANT):
    """What msal gives, or the last line of its error as a text."""
    arguments = [f"{world.cloud.url}/{tenant}", client, GRAPH, *command]
    done = subprocess.run([sys.executable, "-B", "-W", "ignore", "-c", SCRIPT, *arguments], capture_output=True, text=True, timeout=60, check=False, cwd=HERE,
                          env=world.environment(REQUESTS_CA_BUNDLE=world.cloud.ca))
    return json.loads(done.stdout) if done.returncode == 0 else (done.stderr.strip().splitlines() or [""])[-1]


def token_of(world, name, got):
    world.checks.true(name + ": token", isinstance(got, dict) and "access_token" in got, got)
    said = world.said(got["access_token"]) if isinstance(got, dict) and "access_token" in got else {}
    world.checks.equal(name + ": whose", (said.get("appid"), said.get("aud")) if isinstance(said, dict) else said, (CLIENT, RESOURCE))


def run(world):
    probe = subprocess.run([sys.executable, "-c", "import msal; print(msal.__version__)"], capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        print("skipped: msal is not there")
        return
    for name, arguments in (("PS256", world.assertion()), ("RS256", world.assertion("--algorithm", "RS256")),
                            ("chain", world.assertion("--send-certificate-chain")),
                            ("federated", world.federated(command="assertion", scope=None))):
        world.cloud.reset()
        got = library(world, world.program, *arguments)
        token_of(world, f"msal, {name}", got)
        world.checks.equal(f"msal, {name}: life", got.get("expires_in") if isinstance(got, dict) else got, 3599)
        world.checks.equal(f"msal, {name}: asked", [e["verdict"] for e in world.cloud.log("Token")], ["accepted"])
    path = world.file("federated.jwt")
    world.make(*world.federated("--out", path, command="assertion", scope=None))
    token_of(world, "msal, a file", library(world, path))
    got = library(world, world.program, *world.assertion(certificate="other.crt", key="other.pem"))
    world.checks.true("msal, unknown certificate", isinstance(got, dict) and "AADSTS700027" in got.get("error_description", ""), got)
