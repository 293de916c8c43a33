# SPDX-License-Identifier: Apache-2.0
"""What the strict Roles Anywhere accepts of `tpmcloud aws-rolesanywhere`: keys, certificates, chains, bundles and options."""
import json

from cryptography.hazmat.primitives import serialization

import cloud_pki
from aws_hmac_cases import SPELLINGS, check_credentials
from program_world import ACCOUNT, ANCHOR, NAMED, PROFILE, ROLE, Devices

ARNS = {"trustAnchorArn": ANCHOR, "profileArn": PROFILE, "roleArn": ROLE}


def credentials(world, name, *options, seconds=3600, sent=None, behave=(), **more):
    """Credentials that must be given; `sent` is what the request has beside ARNs and duration."""
    out = world.accepted(name, world.anywhere(*options, **more), behave=behave)
    if sent is not None:
        world.checks.equal(name + ": parameters", world.sent(), {**ARNS, "durationSeconds": seconds, **sent})
    return check_credentials(world, name, out, seconds)


def chain_length(world):
    chain = [value for name, value in world.cloud.last()["headers"] if name.lower() == "x-amz-x509-chain"]
    return chain[0].count(",") + 1 if chain else 0


def keys(world, devices):
    """Each kind of key, certified in PEM and DER, by authorities of other kinds too."""
    for name in devices.KINDS:
        certificate = devices.issue(name)
        world.file("certificate.der", certificate.public_bytes(serialization.Encoding.DER))
        for file in (name + ".crt", "certificate.der"):
            credentials(world, f"{name}, {file}", key=name + ".pem", certificate=file, sent={})
        for depth in (2, 3):
            leaf, chain = devices.under(depth, name)
            world.file("bundle.pem", b"".join(map(cloud_pki.pem, [leaf] + [c.certificate for c in chain])))
            credentials(world, f"{name}, {depth} intermediates", key=name + ".pem", certificate="bundle.pem")
            world.checks.equal(f"{name}: chain", chain_length(world), depth)
    for serial in (1, 0x80, (1 << 63) + 1, (1 << 159) - 1):
        world.file("serial.pem", cloud_pki.pem(devices.issue(serial=serial)))
        credentials(world, f"serial {serial}", certificate="serial.pem")
    credentials(world, "days instead of a validity's end", certificate=write(world, devices.issue(days=9000)))


def write(world, *certificates, name="made.pem", ends=b"", line=b"\n"):
    """The name of a file with these certificates."""
    data = b"".join(cloud_pki.pem(getattr(c, "certificate", c)) for c in certificates) + ends
    world.file(name, data.replace(b"\n", line))
    return name


def bundles(world, devices):
    """The order of a bundle, and what else is in it, do not count."""
    leaf, (near, far, top) = devices.under(3)
    cases = {
        "leaf inside": (near, leaf, far, top), "wrong order": (leaf, top, near, far), "reversed": (top, far, near, leaf),
        "root included": (leaf, near, far, top, devices.root), "root first": (devices.root, leaf, near, far, top),
        "twice": (leaf, near, near, far, top, leaf)}
    for name, certificates in cases.items():
        credentials(world, name, certificate=write(world, *certificates))
        world.checks.equal(name + ": chain", chain_length(world), 3)
    credentials(world, "CRLF", certificate=write(world, leaf, near, far, top, line=b"\r\n"))
    path = write(world, leaf, near, far, top)
    with open(world.file(path), "rb") as file:
        data = file.read()
    begin = b"-----BEGIN"
    for name, text in (("comments", data.replace(begin, b"Bag Attributes\n    localKeyID: 01\nsubject=CN = ec\n" + begin)),
                       ("BOM", b"\xef\xbb\xbf" + data), ("text at the end", data + b"\n# the end\n"), ("no line end", data.rstrip())):
        world.file("text.pem", text)
        credentials(world, name, certificate="text.pem")
        world.checks.equal(name + ": chain", chain_length(world), 3)


def chains(world, devices):
    """A file of its own for the chain."""
    for depth in range(1, 6):
        leaf, chain = devices.under(depth)
        write(world, leaf, name="leaf.pem")
        for name, order in (("in order", chain), ("reversed", chain[::-1]), ("with the root", [*chain, devices.root]),
                            ("with the leaf", [leaf, *chain])):
            options = ["--certificate-chain-file", world.file(write(world, *order, name="chain.pem"))]
            credentials(world, f"chain of {depth} {name}", *options, certificate="leaf.pem")
            world.checks.equal(f"chain of {depth} {name}: length", chain_length(world), depth)
    leaf, chain = devices.under(6)
    write(world, leaf, name="leaf.pem")
    world.refused("chain of 6", world.anywhere("--certificate-chain-file", world.file(write(world, *chain, name="chain.pem")),
                                               certificate="leaf.pem"), 1, ["more than 5 intermediate"])
    world.refused("bundle of 6", world.anywhere(certificate=write(world, leaf, *chain)), 1, ["more than 5 intermediate"])
    der = chain[0].certificate.public_bytes(serialization.Encoding.DER)
    leaf, _ = devices.under(1)
    world.file("one.der", devices.middle[0].certificate.public_bytes(serialization.Encoding.DER))
    credentials(world, "chain in DER", "--certificate-chain-file", world.file("one.der"), certificate=write(world, leaf))
    world.checks.true("DER is not PEM", der[:1] == b"\x30")


def options(world):
    for place in ("query", "body"):
        credentials(world, f"ARNs in the {place}", "--arns-in", place, sent={})
        world.checks.equal(f"ARNs in the {place}: query", "roleArn" in world.cloud.last()["query"], place == "query")
        world.checks.equal(f"ARNs in the {place}: body", "roleArn" in world.cloud.last()["body"], place == "body")
    for seconds in (900, 43200):
        credentials(world, f"{seconds} s", "--duration-seconds", str(seconds), seconds=seconds, sent={})
    for name in ("ab", "aZ09_+=,.@-", "n" * 64):
        credentials(world, f"session name {name}", "--session-name", name, profile=NAMED,
                    sent={"profileArn": NAMED, "roleSessionName": name})
    properties = {"host name": "a=b", "Stra\u00dfe": 'quote " and \\ back', "empty": ""}
    words = [word for key, value in properties.items() for word in ("--instance-property", f"{key}={value}")]
    credentials(world, "instance properties", *words, sent={"instanceProperties": properties})
    credentials(world, "region", "--region", "eu-central-1", sent={})
    credentials(world, "another identity's id", "--aws-access-key-id", "AKIAIOSFODNN7EXAMPLE", sent={})
    arn = f"arn:aws:iam::{ACCOUNT}:role/plain"
    world.cloud.config(rolesanywhere={"profiles": {PROFILE: {"roles": [ROLE, arn]}}})
    credentials(world, "role without a path", role=arn, sent={"roleArn": arn})


def profiles(world):
    """A profile that allows less than was asked for."""
    world.cloud.config(rolesanywhere={"profiles": {PROFILE: {"duration": 900}}})
    out = world.accepted("shorter than asked for", world.anywhere("--duration-seconds", "43200"))
    check_credentials(world, "shorter than asked for", out, 900)
    world.cloud.config(rolesanywhere={"profiles": {PROFILE: {"duration": 43200}}})


def forms(world):
    for spelling in SPELLINGS:
        credentials(world, f"JSON, {spelling}", behave=[{"expiration": spelling}])
    for content_type in ("", "application/x-amz-json-1.1"):
        credentials(world, f"content type {content_type!r}", behave=[{"content_type": content_type}])
    out = world.accepted("big token", world.anywhere(), behave=[{"big_token": 16384}])
    world.checks.equal("big token: length", len(json.loads(out or '{"SessionToken": ""}')["SessionToken"]), 16384)


def run(world):
    devices = Devices(world)
    for cases in (keys, bundles, chains):
        cases(world, devices)
    for cases in (options, profiles, forms):
        cases(world)
