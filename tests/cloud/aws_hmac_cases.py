# SPDX-License-Identifier: Apache-2.0
"""What the strict STS accepts of `tpmcloud aws-hmac`: every mode and option, and answers in every form."""
import datetime
import json
import os
import re
import shlex

import program_world
from program_world import ACCOUNT, GUARDED, KEY_ID, LOCKED_ID, MFA, ROLE, USER

POLICY = '{\n\t"Version": "2012-10-17",\r\n "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b\u00fccher/a b+c/\\"*"}]\n}'
TAGS = {"Project Name": "a b", "team:x/y": "=", "eq": "a=b=c", "plus+at@": "+@:/._-", "Stra\u00dfe": "\u0416\u00e9\u4e2d", "Empty": ""}
UTC = datetime.timezone.utc
SPELLINGS = ("epoch", "exponent", "string", "iso", "fraction", "offset")


def until(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def check_credentials(world, name, out, seconds=3600):
    """The JSON of credential_process, with an end in about that many seconds."""
    value = json.loads(out or "{}")
    world.checks.equal(name + ": members", sorted(value), ["AccessKeyId", "Expiration", "SecretAccessKey", "SessionToken", "Version"])
    if len(value) != 5:
        return {}
    world.checks.equal(name + ": version", value["Version"], 1)
    world.checks.true(name + ": given by the cloud", {value["SecretAccessKey"], value["SessionToken"]} <= set(world.cloud.secrets()))
    left = (until(value["Expiration"]) - datetime.datetime.now(UTC)).total_seconds()
    world.checks.true(name + ": ends in time", seconds - 30 <= left <= seconds + 1, left)
    return value


def credentials(world, name, *options, seconds=3600, sent=None, behave=(), **more):
    """Credentials that must be given, for a request with exactly these parameters."""
    out = world.accepted(name, world.hmac("credentials", *options, **more), behave=behave)
    if sent is not None:
        world.checks.equal(name + ": parameters", world.sent(), {"DurationSeconds": str(seconds), **sent})
    return check_credentials(world, name, out, seconds)


def options_of(name, values):
    return [word for value in values for word in (name, value)]


def sessions(world):
    credentials(world, "GetSessionToken", sent={})
    credentials(world, "asked for by name", "--get-session-token", sent={})
    for seconds in (900, 129600):
        credentials(world, f"{seconds} s", "--duration-seconds", str(seconds), seconds=seconds, sent={})
    credentials(world, "with MFA", "--mfa-serial", MFA, "--mfa-code", "000100", sent={"SerialNumber": MFA, "TokenCode": "000100"})
    credentials(world, "password", "--password-file", world.file("password"), key="locked.pem", key_id=LOCKED_ID, sent={})
    credentials(world, "cached signing key", "--cache-signing-key", sent={})
    world.checks.equal("action", world.cloud.last()["action"], "GetSessionToken")


def roles(world):
    given = credentials(world, "AssumeRole", "--assume-role-arn", ROLE)
    world.checks.true("temporary key", given.get("AccessKeyId", "").startswith("ASIA"))
    world.checks.true("a session name is made", re.fullmatch(r"tpmcloud-[0-9]+", world.sent()["RoleSessionName"]), world.sent())
    arns = [f"arn:aws:iam::aws:policy/P{i}" for i in range(10)]
    tags = [f"{key}={value}" for key, value in TAGS.items()]
    options = ["--assume-role-arn", GUARDED, "--role-session-name", "aZ09_+=,.@-", "--policy", POLICY, "--external-id", "id:/=+@1",
               "--source-identity", "me_+=,.@-", "--mfa-serial", MFA, "--mfa-code", "000101", "--duration-seconds", "43200"]
    options += options_of("--policy-arn", arns) + options_of("--tag", tags) + options_of("--transitive-tag-key", ["Stra\u00dfe", "eq"])
    sent = {"RoleArn": GUARDED, "RoleSessionName": "aZ09_+=,.@-", "Policy": POLICY, "ExternalId": "id:/=+@1", "SourceIdentity": "me_+=,.@-",
            "SerialNumber": MFA, "TokenCode": "000101", "PolicyArns": [{"arn": arn} for arn in arns],
            "Tags": [{"Key": key, "Value": value} for key, value in TAGS.items()], "TransitiveTagKeys": ["Stra\u00dfe", "eq"]}
    credentials(world, "every option", *options, seconds=43200, sent=sent)


def limits(world):
    for name in ("ab", "n" * 64):
        credentials(world, f"session name of {len(name)}", "--assume-role-arn", ROLE, "--role-session-name", name,
                    sent={"RoleArn": ROLE, "RoleSessionName": name})
    role = ["--assume-role-arn", ROLE, "--role-session-name", "ab"]
    policy = '{"a":"' + "\u00e9" * (2048 - 8) + '"}'
    credentials(world, "policy of 2048 characters", *role, "--policy", policy,
                sent={"RoleArn": ROLE, "RoleSessionName": "ab", "Policy": policy})
    credentials(world, "50 tags", *role, *options_of("--tag", [f"{i}{'k' * 126}={'v' * 256}" for i in range(10, 60)]))
    world.checks.equal("50 tags: count", len(world.sent()["Tags"]), 50)


def federations(world):
    credentials(world, "GetFederationToken", "--federation-name", "bob+=,.@-_", sent={"Name": "bob+=,.@-_"})
    tags = [f"{key}={value}" for key, value in TAGS.items()]
    credentials(world, "with all options", "--federation-name", "n" * 32, "--policy", POLICY, "--duration-seconds", "129600",
                "--policy-arn", "arn:aws:iam::aws:policy/P", *options_of("--tag", tags), seconds=129600,
                sent={"Name": "n" * 32, "Policy": POLICY, "PolicyArns": [{"arn": "arn:aws:iam::aws:policy/P"}],
                      "Tags": [{"Key": key, "Value": value} for key, value in TAGS.items()]})


def identities(world):
    def identity(name, requests, *options):
        value = json.loads(world.accepted(name, world.hmac("caller-identity", *options), requests) or "{}")
        world.checks.equal(name + ": account", value.get("Account"), ACCOUNT)
        return value.get("Arn", "")
    world.checks.equal("user", identity("identity of the user", 1), USER)
    arn = identity("identity of the role", 2, "--assume-role-arn", ROLE, "--role-session-name", "foo+bar=,.@-")
    world.checks.equal("role", arn, f"arn:aws:sts::{ACCOUNT}:assumed-role/a+b=c,d.e@f-g_h/foo+bar=,.@-")
    arn = identity("identity of the federated user", 2, "--federation-name", "bob")
    world.checks.equal("federated user", arn, f"arn:aws:sts::{ACCOUNT}:federated-user/bob")
    world.checks.equal("user's session", identity("identity of the user itself", 1, "--get-session-token"), USER)
    for style in ("xml", "json", "ceph", "prefix", "minio"):
        out = world.accepted(f"identity in {style}", world.hmac("caller-identity"), behave=[{"format": style}])
        world.checks.equal(f"identity in {style}: JSON", json.loads(out or "{}").get("Arn"), USER)


def regions(world):
    """Of an endpoint of ours, `region` says how to sign, whatever `sts_endpoint` is."""
    credentials(world, "global, and an endpoint", "--sts-endpoint", "global", sent={})
    world.cloud.config(region="us-east-1")
    credentials(world, "no region", region=None, sent={})
    world.refused("a region where the global endpoint answers", world.hmac("credentials"), 1,
                  ["SignatureDoesNotMatch", "region"], requests=1)
    world.cloud.config(region="eu-central-1")
    for flag in ("--fips", "--dual-stack"):
        world.refused(f"{flag} and an endpoint", world.hmac("credentials", flag), 2, ["--endpoint", flag])


def forms(world):
    for style in ("xml", "json", "ceph", "prefix", "minio"):
        for spelling in SPELLINGS:
            credentials(world, f"{style}, {spelling}", behave=[{"format": style, "expiration": spelling}])
        out = world.accepted(f"{style}, big token", world.hmac("credentials"), behave=[{"format": style, "big_token": 16384}])
        world.checks.equal(f"{style}, big token: length", len(json.loads(out or '{"SessionToken": ""}')["SessionToken"]), 16384)
        for content_type in ("", "text/plain"):
            credentials(world, f"{style}, content type {content_type!r}", behave=[{"format": style, "content_type": content_type}])


def outputs(world):
    path = world.file("credentials.json")
    printed = world.accepted("output file", world.hmac("credentials", "--output-file", path))
    world.checks.equal("output file: nothing is printed", printed, "")
    world.checks.equal("output file: mode", os.stat(path).st_mode & 0o777, 0o600)
    with open(path, encoding="utf-8") as file:
        check_credentials(world, "output file", file.read())
    out = world.accepted("env", world.hmac("credentials", "--format", "env"))
    words = [shlex.split(line) for line in out.splitlines()]
    names = [word[1].split("=")[0] for word in words if word[0] == "export"]
    world.checks.equal("env: names", names, ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION"])


def keys(world):
    """Secrets and ids that do not belong together."""
    world.refused("wrong secret", world.hmac("credentials", key_id=program_world.OTHER_ID), 1,
                  ["SignatureDoesNotMatch", "403", "not the one of this access key id", "'AWS4'", "region"], requests=1)
    world.refused("inactive key", world.hmac("caller-identity", key_id=program_world.INACTIVE_ID), 1,
                  ["InvalidClientTokenId", "inactive"], requests=1)
    world.refused("unknown key", world.hmac("caller-identity", key_id="AKIA" + "U" * 16), 1, ["InvalidClientTokenId"], requests=1)
    world.make("key", "import", "--hmac", "--in", world.file("secret"), "--out", world.file("bare.pem"))
    world.refused("secret without the prefix", world.hmac("credentials", key="bare.pem"), 1, ["SignatureDoesNotMatch", "'AWS4'"], requests=1)
    world.refused("wrong password", world.hmac("credentials", "--password-file", world.file("secret"), key="locked.pem", key_id=LOCKED_ID),
                  1, "password")
    world.refused("no password", world.hmac("credentials", key="locked.pem", key_id=LOCKED_ID), 1, "password")
    world.accepted("key by alias", ["--access-key" if word == "--aws-access-key-id" else word for word in world.hmac("credentials")])
    world.checks.contains("key id", dict(world.cloud.last()["headers"])["Authorization"], KEY_ID)


def logs(world):
    """What the TPM's software stack logs, which has every byte that goes to the TPM."""
    for name, arguments in (("without a password", world.hmac("credentials")),
                            ("with a password", world.hmac("credentials", "--password-file", world.file("password"), key="locked.pem", key_id=LOCKED_ID))):
        world.cloud.reset()
        ran = world.run(*arguments, env={"TSS2_LOG": "all+trace"})
        world.checks.true(f"log {name}: is written", ran.status == 0 and ran.err, ran.status)
        world.is_quiet(f"log {name}", ran)


def run(world):
    for cases in (sessions, roles, limits, federations, identities, regions, forms, outputs, keys, logs):
        cases(world)
