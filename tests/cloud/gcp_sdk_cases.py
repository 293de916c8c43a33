# SPDX-License-Identifier: Apache-2.0
"""Google's own library, in a process of its own, with what the program prints: google-auth verifies its JWTs, sends its tokens, and,
where it is new enough, runs it as the executable of a credential configuration."""
import json
import os
import shlex
import subprocess
import sys

from gcp_world import AUDIENCE, PLATFORM, POOL, PRINCIPAL, ROBOT, ROBOT_MEMBER, TARGET
from program_world import HERE

VERIFY = """
import json, sys
from google.auth import jwt
print(json.dumps(jwt.decode(sys.stdin.read().strip(), certs=open(sys.argv[1]).read(), audience=sys.argv[2] or None)))
"""
# The library that gcloud brings along is newer than Debian's; the package google is one for both.
NEWER = """
import sys
sys.path.insert(0, "/usr/lib/google-cloud-sdk/lib/third_party")
import google
google.__path__ = ["/usr/lib/google-cloud-sdk/lib/third_party/google", *google.__path__]
"""
SEND = """
import json, sys
import google.oauth2.credentials
from google.auth.transport import requests
token, url, ca, project = sys.argv[1:5]
session = requests.AuthorizedSession(google.oauth2.credentials.Credentials(token))
session.trust_env = False
answer = session.get(url + "/check", verify=ca, headers={"x-goog-user-project": project} if project else {})
print(json.dumps(answer.json()))
"""
RUN = NEWER + """
import json
import google.auth.pluggable
from google.auth.transport import requests
credentials = google.auth.pluggable.Credentials.from_file(sys.argv[1], scopes=sys.argv[2:])
credentials.refresh(requests.Request())
print(json.dumps(credentials.token))
"""


def library(world, script, *arguments, stdin="", **env):
    """(the JSON that google-auth prints, or None; the last line of what it says instead)."""
    env = {"REQUESTS_CA_BUNDLE": "", **env}
    done = subprocess.run([sys.executable, "-B", "-W", "ignore", "-c", script, *arguments], input=stdin, capture_output=True, text=True, timeout=60,
                          env=world.environment(**env), check=False, cwd=HERE)
    return (json.loads(done.stdout) if done.returncode == 0 else None), (done.stderr.strip().splitlines() or [""])[-1]


def has(world, *modules, before=""):
    """Whether the library has these, with a word where it has not."""
    for module in modules:
        _, error = library(world, f"{before}\nimport {module}; print(1)")
        if error:
            print(f"skipped: google-auth is not there or too old: {error}")
            return False
    return True


def verified(world):
    """Their verifier takes our JWTs."""
    check = world.checks
    text = world.accepted("jwt", world.account("--audience", AUDIENCE), 0)
    claims, error = library(world, VERIFY, world.file("rsa.pub"), AUDIENCE, stdin=text)
    check.equal("google-auth verifies: iss and aud", ((claims or {}).get("iss"), (claims or {}).get("aud")), (ROBOT, AUDIENCE))
    check.equal("google-auth verifies: error", error, "")
    text = world.accepted("jwt of scopes", world.account(), 0)
    claims, _ = library(world, VERIFY, world.file("rsa.pub"), "", stdin=text)
    check.equal("google-auth verifies: scope", (claims or {}).get("scope"), PLATFORM)
    claims, error = library(world, VERIFY, world.file("other.pub"), "", stdin=text)
    check.true("google-auth refuses another key", claims is None and "signature" in error.lower(), error)


def sent(world):
    """Their transport sends our tokens."""
    for name, arguments in (("jwt", world.account()), ("access", world.access())):
        text = world.accepted(name, arguments, None)
        for project in ("", "billed"):
            said, error = library(world, SEND, text.strip(), world.cloud.url, world.cloud.ca, project)
            world.checks.equal(f"google-auth sends {name}: whose", (said or {}).get("principal"), ROBOT_MEMBER)
            world.checks.equal(f"google-auth sends {name}: error", error, "")


def executed(world):
    """They run us; the file of the output saves the second run."""
    cache = world.file("cache.json")
    command = [world.program, *world.issued("--format", "executable", network=False)]
    source = {"executable": {"command": shlex.join(command), "timeout_millis": 20000, "output_file": cache}}
    plain = {"type": "external_account", "audience": POOL, "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
             "token_url": world.cloud.url + "/v1/token", "credential_source": source}
    url = f"{world.cloud.url}/v1/projects/-/serviceAccounts/{TARGET}:generateAccessToken"
    for name, more, principal, requests in (("plain", {}, PRINCIPAL, 1),
                                            ("impersonated", {"service_account_impersonation_url": url}, "serviceAccount:" + TARGET, 2)):
        if os.path.exists(cache):
            os.unlink(cache)
        path = world.file("credentials.json", json.dumps({**plain, **more}))
        for turn in ("first", "second"):
            world.cloud.reset()
            token, error = library(world, RUN, path, PLATFORM, REQUESTS_CA_BUNDLE=world.cloud.ca, GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES="1",
                                   GOOGLE_CLOUD_PROJECT="p")
            world.checks.equal(f"google-auth runs, {name}, {turn}: error", error, "")
            world.checks.equal(f"google-auth runs, {name}, {turn}: requests", [e["verdict"] for e in world.cloud.log()], ["accepted"] * requests)
            world.checks.equal(f"google-auth runs, {name}, {turn}: whose", world.whose(token or "none")[0], principal)
    broken = {**source["executable"], "command": shlex.join(command).replace("ec.pem", "none.pem"), "output_file": world.file("other.json")}
    path = world.file("credentials.json", json.dumps({**plain, "credential_source": {"executable": broken}}))
    token, error = library(world, RUN, path, PLATFORM, REQUESTS_CA_BUNDLE=world.cloud.ca, GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES="1",
                           GOOGLE_CLOUD_PROJECT="p")
    world.checks.true("google-auth tells our message", token is None and "none.pem" in error, error)


def run(world):
    if has(world, "google.auth.jwt", "google.oauth2.credentials", "google.auth.transport.requests"):
        verified(world)
        sent(world)
        if has(world, "google.auth.pluggable", before=NEWER):
            executed(world)
