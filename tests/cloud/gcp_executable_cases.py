# SPDX-License-Identifier: Apache-2.0
"""The program as the executable of a credential configuration: always JSON, never a word to standard error, and a file for the libraries."""
import json
import os
import stat
import time
import urllib.parse

import jwt

import cloud_checks
from gcp_world import ISSUER, POOL, SUBJECT

JWT_TYPE, ID_TYPE = ("urn:ietf:params:oauth:token-type:" + name for name in ("jwt", "id_token"))
ASKED = {"GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE": POOL, "GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE": JWT_TYPE, "GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE": "0"}


def answer(world, name, *more, env=None, **which):
    """What a run prints, which must be JSON of version 1 without a word beside it, and the end of which must be success."""
    world.cloud.reset()
    ran = world.run(*world.issued("--format", "executable", *more, network=False, **which), env=ASKED if env is None else env)
    world.checks.equal(f"{name}: status and standard error", (ran.status, ran.err), (0, ""))
    world.checks.equal(f"{name}: requests", len(world.cloud.log()), 0)
    try:
        got = json.loads(ran.out)
    except ValueError as error:
        world.checks.true(name + ": JSON", False, f"{error}: {ran.out}")
        return {}
    world.checks.equal(name + ": version", got.get("version"), 1)
    return got


def good(world, name, *more, **how):
    got = answer(world, name, *more, **how)
    world.checks.equal(name + ": members", sorted(got), ["expiration_time", "id_token", "success", "token_type", "version"])
    claims = world.opened(name, got.get("id_token", ""), "ES256", "ec")
    world.checks.equal(name + ": claims", (claims.get("iss"), claims.get("sub"), claims.get("exp")), (ISSUER, SUBJECT, got.get("expiration_time")))
    world.checks.true(name + ": success", got.get("success") is True, got)
    return got


def bad(world, name, parts, *more, **how):
    got = answer(world, name, *more, **how)
    world.checks.equal(name + ": members", sorted(got), ["code", "message", "success", "version"])
    world.checks.true(name + ": failure", got.get("success") is False and got.get("code") in ("FAILED", "USAGE"), got)
    for part in parts:
        world.checks.contains(name, got.get("message", ""), part)
    world.checks.true(name + ": one line", "\n" not in got.get("message", "") and "eyJ" not in got.get("message", ""), got)


def successes(world):
    check = world.checks
    got = good(world, "jwt")
    check.equal("jwt: type", got["token_type"], JWT_TYPE)
    check.equal("jwt: audience", jwt.decode(got["id_token"], options={"verify_signature": False})["aud"] in (POOL, "https:" + POOL), True)
    got = good(world, "id_token", env={**ASKED, "GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE": ID_TYPE})
    check.equal("id_token: type", got["token_type"], ID_TYPE)
    good(world, "pool by flag", "--pool-audience", POOL, env={})
    good(world, "pool by both", "--pool-audience", POOL)
    good(world, "kind", "--kind", "federated")
    good(world, "with an account's e-mail", env={**ASKED, "GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL": "a@b.example", "GOOGLE_EXTERNAL_ACCOUNT_ID": "",
                                                 "GOOGLE_EXTERNAL_ACCOUNT_REVOKE": "0"})
    good(world, "empty file name", env={**ASKED, "GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE": ""})


def exchanged(world):
    """The token is taken by the local STS."""
    got = good(world, "exchange")
    fields = {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "audience": POOL, "scope": "https://www.googleapis.com/auth/iam",
              "requested_token_type": "urn:ietf:params:oauth:token-type:access_token", "subject_token": got["id_token"], "subject_token_type": JWT_TYPE}
    said = cloud_checks.send(world.cloud, "POST", "/v1/token",
                             [("Host", world.cloud.url.split("//")[1]), ("Content-Type", "application/x-www-form-urlencoded")],
                             urllib.parse.urlencode(fields).encode())
    world.checks.equal("exchange: status", said.status, 200)


def failures(world):
    bad(world, "no pool", ["GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE", "--pool-audience"], env={})
    bad(world, "two pools", ["GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE", "--pool-audience"], "--pool-audience", POOL + "x")
    bad(world, "no key", ["none.pem"], key="none.pem")
    bad(world, "wrong password", ["password"], "--password-file", world.file("wrong", "incorrect\n"), key="locked.pem")
    bad(world, "P-384", [], key="pss.pem")
    bad(world, "kind", ["federated"], "--kind", "jwt")
    bad(world, "http issuer", ["--issuer"], issuer="http://a.example")
    for kind in ("urn:ietf:params:oauth:token-type:saml2", "jwt"):
        bad(world, "type " + kind, ["subject_token_type"], env={**ASKED, "GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE": kind})
    for pool in ("x\ny", "x" * 4096):
        bad(world, "pool " + pool[:3], [], env={**ASKED, "GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE": pool})
    bad(world, "no TPM", [], "--tcti", "swtpm:port=1")


def files(world):
    """The file that the libraries read before they run the program again: the same JSON, for the owner, in one step."""
    check = world.checks
    path = world.file("cache.json")
    env = {**ASKED, "GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE": path}
    got = good(world, "file", env=env)
    with open(path, encoding="utf-8") as file:
        check.equal("file: the same", json.load(file), got)
    check.equal("file: mode", os.stat(path).st_mode & 0o777, 0o600)
    first = os.stat(path).st_ino
    good(world, "file again", env=env)
    check.true("file again: another file", os.stat(path).st_ino != first, first)
    with open(path, encoding="utf-8") as file:
        kept = file.read()
    bad(world, "file of a failure", ["none.pem"], env=env, key="none.pem")
    with open(path, encoding="utf-8") as file:
        check.equal("file of a failure: is as before", file.read(), kept)
    other = world.file("flag.json")
    got = good(world, "file by flag", "--output-file", other, env=env)
    with open(other, encoding="utf-8") as file:
        check.equal("file by flag: the same", json.load(file), got)
    check.equal("no leftovers", sorted(name for name in os.listdir(world.path) if "cache" in name or "flag" in name), ["cache.json", "flag.json"])
    bad(world, "no such directory", [world.file("none/x")], env={**ASKED, "GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE": world.file("none/x")})
    world.file("a-directory", directory=True)
    bad(world, "a directory", ["a-directory"], env={**ASKED, "GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE": world.file("a-directory")})
    target = world.file("elsewhere", "mine")
    os.symlink(target, world.file("link.json"))
    answer(world, "a link", env={**ASKED, "GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE": world.file("link.json")})
    with open(target, encoding="utf-8") as file:
        said = file.read()
    check.true("a link: leads to nothing half", said == "mine" or json.loads(said)["version"] == 1, said)
    check.true("times", abs(got["expiration_time"] - time.time() - 3600) < 60, got)
    check.true("is a file", stat.S_ISREG(os.lstat(path).st_mode))


def run(world):
    for cases in (successes, exchanged, failures, files):
        cases(world)
