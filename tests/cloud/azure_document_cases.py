# SPDX-License-Identifier: Apache-2.0
"""Answers of Entra that are in order but for one member."""
import time

import oauth_fault_cases
from fault_cases import Target, always


def expiries(world, target):
    """expires_in counts; without it expires_on, in all the forms that Entra and others have."""
    now = int(time.time())
    target.refused("neither", always(missing="expires_in"), ["expires_in"])
    for name, value in (("number", now + 1000), ("text", str(now + 1000)), ("time", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + 1000)))):
        target.accepted(f"expires_on as {name}", [{"missing": "expires_in", "add": {"expires_on": value}}], 1)
    for value in (now - 1000, "soon", 0, -1, [], None, {}, 1e300):
        target.refused(f"expires_on {value!r}", always(missing="expires_in", add={"expires_on": value}), ["expires_on"])
    world.granted("both", world.token(), life=600, behave=[{"expires_in": 600, "add": {"expires_on": now + 5000}}])
    for value in (0, -1, "soon", "300", 300, 10 ** 12, None, []):
        target.accepted(f"refresh_in {value!r}", [{"add": {"refresh_in": value}}], 1)
    world.cloud.config(entra={"answer": {"text": True}})
    world.granted("numbers as texts", world.token())
    world.cloud.config(entra={"answer": {"text": None}})


def run(world):
    for name, target in ((name, Target(world, name, arguments)) for name, arguments in world.askers()):
        oauth_fault_cases.documents(target, "access_token")
        if name == "Entra":
            oauth_fault_cases.seconds(target)
            expiries(world, target)
            for kind in ("pop", "N_A", 7, ""):
                target.refused(f"type {kind!r}", always(set={"token_type": kind}), ["bearer"])
            target.accepted("type bearer", [{"set": {"token_type": "bearer"}}], 1)
            target.accepted("no type", [{"missing": "token_type"}], 1)
            target.refused("expired", always(expired=True), ["expires_in"])
            target.refused("200000 bytes", always(big_token=200000), [])
            text = world.accepted("a long token", world.token(), behave=[{"big_token": 20000}])
            world.checks.equal("a long token: is whole", len(text), 20001)
