# SPDX-License-Identifier: Apache-2.0
"""The SDK of AWS and shells with what the program prints: credential_process of a configuration file, and exports."""
import datetime
import os
import shlex
import subprocess
import sys

import botocore.session

from program_world import GUARDED, HERE, ROLE, USER, Devices

# An SDK in a process of its own, whose environment is as we want it: prints the caller's ARN once for each argument.
SCRIPT = """
import sys
import botocore.session
for profile in sys.argv[3:]:
    session = botocore.session.Session(profile=profile or None)
    client = session.create_client("sts", endpoint_url=sys.argv[1], verify=sys.argv[2], region_name="eu-central-1")
    print(client.get_caller_identity()["Arn"])
"""


def sdk(world, profile, **env):
    """What botocore says in a process of its own."""
    done = subprocess.run([sys.executable, "-B", "-c", SCRIPT, world.cloud.url, world.cloud.ca, profile], capture_output=True, text=True, timeout=60,
                          env=world.environment(**env), check=False, cwd=HERE)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def configuration(world, **profiles):
    text = "".join(f"[profile {name}]\nregion = eu-central-1\ncredential_process = {shlex.join([world.program, *arguments])}\n"
                   for name, arguments in profiles.items())
    return world.file("aws.config", text)


def processes(world):
    """credential_process, of both identities."""
    path = configuration(world, user=world.hmac("credentials"), role=world.hmac("credentials", "--assume-role-arn", ROLE, "--role-session-name", "sdk"),
                         anywhere=world.anywhere(), broken=world.hmac("credentials", key_id="AKIA" + "U" * 16),
                         missing=world.hmac("credentials", key="no-key.pem"))
    for name, part in (("user", USER), ("role", "assumed-role/a+b=c,d.e@f-g_h/sdk"), ("anywhere", "assumed-role/a+b=c,d.e@f-g_h/")):
        world.cloud.reset()
        world.checks.contains(f"credential_process of {name}", sdk(world, name, AWS_CONFIG_FILE=path), part)
        world.checks.equal(f"credential_process of {name}: requests", [entry["verdict"] for entry in world.cloud.log()], ["accepted"] * 2)
    for name, part in (("broken", "InvalidClientTokenId"), ("missing", "no-key.pem")):
        said = sdk(world, name, AWS_CONFIG_FILE=path)
        world.checks.contains(f"credential_process that fails: {name}", said, part)
        world.checks.equal(f"credential_process that fails: {name}: no secret", world.shown(said), [])


def refreshes(world):
    """botocore calls the program again when little is left, and not before."""
    path = configuration(world, user=world.hmac("credentials"))
    os.environ.update(world.environment(AWS_CONFIG_FILE=path))
    world.cloud.reset()
    world.cloud.behave({"action": "GetSessionToken", "expires_in": 400})
    session = botocore.session.Session(profile="user")
    client = session.create_client("sts", endpoint_url=world.cloud.url, verify=world.cloud.ca, region_name="eu-central-1")
    for _ in range(2):
        world.checks.equal("identity", client.get_caller_identity()["Arn"], USER)
    world.checks.equal("refreshed once when little is left", len(world.cloud.log("GetSessionToken")), 2)
    for _ in range(3):
        client.get_caller_identity()
    world.checks.equal("not refreshed while it is fresh", len(world.cloud.log("GetSessionToken")), 2)
    left = session.get_credentials()._expiry_time - datetime.datetime.now(datetime.timezone.utc)  # pylint: disable=protected-access
    world.checks.true("the end is understood", 3500 < left.total_seconds() <= 3601, left)


def shells(world):
    """eval of the exports, and what it does when the program fails."""
    script = 'eval "$("$@")"; [ -n "$AWS_CREDENTIAL_EXPIRATION" ] || exit 9; exec "$PYTHON" -B -c "$SCRIPT" "$URL" "$CA" ""'
    env = world.environment(PYTHON=sys.executable, SCRIPT=SCRIPT, URL=world.cloud.url, CA=world.cloud.ca, AWS_CONFIG_FILE="/dev/null")
    hard = {"set": {"sessionToken": "a'b\"c$HOME`id`\\ d!"}}
    for shell in ("dash", "bash"):
        for name, arguments, part in (("user", world.hmac("credentials"), USER), ("anywhere", world.anywhere(), "assumed-role/")):
            done = subprocess.run([shell, "-c", script, shell, world.program, *arguments, "--format", "env"], capture_output=True, text=True,
                                  timeout=60, env=env, check=False)
            world.checks.contains(f"{name} in {shell}", done.stdout, part)
        bad = subprocess.run([shell, "-c", script, shell, world.program, *world.hmac("credentials", key="no-key.pem"), "--format", "env"],
                             capture_output=True, text=True, timeout=60, env=env, check=False)
        world.checks.equal(f"failure in {shell}", (bad.returncode, bad.stdout), (9, ""))
        world.cloud.behave(hard)
        seen = subprocess.run([shell, "-c", 'eval "$("$@")"; printf %s "$AWS_SESSION_TOKEN"', shell, world.program, *world.hmac("credentials"),
                               "--format", "env"], capture_output=True, text=True, timeout=60, env=env, check=False)
        world.checks.true(f"quotes in {shell}", seen.stdout in ("", hard["set"]["sessionToken"]), seen.stdout + seen.stderr)
        world.cloud.reset()


def files(world):
    """A file that is written again in one step, or left as it was."""
    path = world.file("given.json", "old")
    world.refused("file stays", world.hmac("credentials", "--assume-role-arn", GUARDED, "--output-file", path), 1, "AccessDenied", 1)
    with open(path, encoding="utf-8") as file:
        world.checks.equal("file stays: content", file.read(), "old")
    world.accepted("file is replaced", world.hmac("credentials", "--output-file", path))
    world.checks.equal("file is replaced: mode", os.stat(path).st_mode & 0o777, 0o600)
    world.refused("no such directory", world.hmac("credentials", "--output-file", world.file("none/x")), 1, world.file("none/x"))


def run(world):
    Devices(world)
    for cases in (processes, refreshes, shells, files):
        cases(world)
