# SPDX-License-Identifier: Apache-2.0
"""Answers of Google that are in order but for one member."""
import jwt

import oauth_fault_cases
from fault_cases import Target, always
from gcp_world import AUDIENCE, ROBOT


def targets(world):
    yield Target(world, "token endpoint", world.access()), "access_token"
    yield Target(world, "STS", world.federated()), "access_token"
    yield Target(world, "GDCH", world.gdch()), "access_token"
    yield Target(world, "IAM", world.impersonated()), "accessToken"
    yield Target(world, "ID token", world.identity()), "id_token"
    yield Target(world, "IAM's ID token", world.impersonated("--kind", "id", "--audience", AUDIENCE)), "token"


def identities(target):
    """The end of an ID token is in it."""
    for name, claims in (("no exp", {"exp": None}), ("exp as text", {"exp": "soon"}), ("exp 0", {"exp": 0}), ("exp far", {"exp": 1e300}), ("past", {"exp": 1})):
        target.refused(name, always(token_claims=claims), [], 1)
    for value in ("a.b", "a.b.c", "..", "eyJ.eyJ.x"):
        target.refused(f"ID token {value}", always(set={"id_token": value}), ["id_token"], 1)


def run(world):
    for target, member in targets(world):
        oauth_fault_cases.documents(target, member)
        if member == "access_token":
            oauth_fault_cases.seconds(target)
            target.refused("no expires_in", always(missing="expires_in"), ["expires_in"])
            for kind in ("N_A", "mac", 7, ""):
                target.refused(f"type {kind!r}", always(set={"token_type": kind}), ["bearer"])
            target.accepted("type bearer", [{"set": {"token_type": "bearer"}}], 1)
            target.accepted("no type", [{"missing": "token_type"}], 1)
            target.accepted("more members", [{"add": {"scope": "x", "id_token": "y", "more": {"a": [1]}}}], 1)
            target.refused("expired", always(expired=True), ["expires_in"])
        if member == "accessToken":
            for text in ("soon", "2026-13-01T00:00:00Z", "99999999999999999999", "-1", "0", "", 7, None):
                target.refused(f"expireTime {text!r}", always(set={"expireTime": text}), ["expireTime"])
            target.refused("no expireTime", always(missing="expireTime"), ["expireTime"])
            target.refused("expired", always(expired=True), [])
        if member == "id_token":
            identities(target)
        target.refused("64 KiB and more", always(big_token=200000), [])
    text = world.accepted("a long token", world.access(), behave=[{"big_token": 8000}])
    world.checks.true("a long token: is whole", len(text) == 8001, len(text))
    got = world.json("lives long", world.access("--format", "json"), behave=[{"expires_in": 10 ** 8}])
    world.checks.true("lives long: is capped", 0 < got.get("expires_in", 0) <= 43200, got.get("expires_in"))
    text = world.accepted("ID token of another form", world.identity(), behave=[{"token_claims": {"exp": 4000000000}}])
    world.checks.equal("ID token of another form: email", jwt.decode(text.strip(), options={"verify_signature": False})["email"], ROBOT)
