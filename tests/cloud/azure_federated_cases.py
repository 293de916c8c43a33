# SPDX-License-Identifier: Apache-2.0
"""A federated credential with the key as issuer, and assertions for other programs to send."""
import json
import os
import stat
import subprocess
import time
import urllib.parse

import cloud_checks
from azure_token_cases import ASSERTION_TYPE, signed
from azure_world import CLIENT, EXCHANGE, GRAPH, ISSUER, SUBJECT, TENANT


def credential(world):
    check = world.checks
    with open(world.file("documents/.well-known/jwks.json"), encoding="utf-8") as file:
        (key,) = json.load(file)["keys"]
    world.granted("federated", world.federated())
    sent = world.parameters()
    check.equal("federated: header", sent["header"], {"alg": "RS256", "typ": "JWT", "kid": key["kid"]})
    claims = signed(world, "federated", sent["client_assertion"], "rsa", "RS256")
    check.equal("federated: claims", [claims.get(name) for name in ("iss", "sub", "aud")], [ISSUER, SUBJECT, EXCHANGE])
    check.equal("documents", (key["kty"], key["use"], key["alg"], "d" in key), ("RSA", "sig", "RS256", False))
    with open(world.file("documents/.well-known/openid-configuration"), encoding="utf-8") as file:
        found = json.load(file)
    check.equal("documents: issuer", (found["issuer"], found["jwks_uri"]), (ISSUER, ISSUER + ".well-known/jwks.json"))
    for name, arguments, parts in (
            ("another issuer", world.federated(issuer=ISSUER.rstrip("/")), ["AADSTS700211", "--federation-issuer"]),
            ("another subject", world.federated(subject="device-2"), ["AADSTS700213", "--federation-subject"]),
            ("another audience", world.federated("--federation-audience", "api://other"), ["AADSTS700212", "--federation-audience"]),
            ("another key", world.federated(key="other.pem"), ["AADSTS700027"])):
        world.refused(name, arguments, 1, [*parts, "401"], 1)
    world.refused("PSS only", world.federated(key="pss.pem"), 1, "RS256")
    for issuer, part in (("http://a.example", "--federation-issuer"), ("https://a.example/?q", "--federation-issuer")):
        ran = world.run("azure", "oidc-documents", "--keyfile", world.file("rsa.pem"), "--federation-issuer", issuer, "--out", world.file("documents"))
        check.true(f"documents of {issuer}", ran.status == 2 and part in ran.err, ran.err)
    ran = world.run("azure", "oidc-documents", "--keyfile", world.file("ec.pem"), "--federation-issuer", ISSUER, "--out", world.file("documents"))
    check.true("documents of an EC key", ran.status != 0 and "EC key" in ran.err, ran.err)


def post(world, assertion, client=CLIENT, tenant=TENANT):
    """What Entra answers to somebody else who sends the assertion."""
    fields = {"grant_type": "client_credentials", "client_id": client, "scope": GRAPH, "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
    headers = [("Host", world.cloud.url.split("//")[1]), ("Content-Type", "application/x-www-form-urlencoded")]
    answer = cloud_checks.send(world.cloud, "POST", f"/{tenant}/oauth2/v2.0/token", headers, urllib.parse.urlencode(fields).encode())
    return answer.status, json.loads(answer.body)


def assertions(world):
    """Printed, or in a file as AZURE_FEDERATED_TOKEN_FILE names one: whole, and without a line end."""
    check = world.checks
    text = world.accepted("assertion", world.assertion(), 0)
    check.true("assertion: one line", text.endswith("\n") and text.count("\n") == 1 and text.count(".") == 2, text[-3:])
    claims = signed(world, "assertion", text.strip(), "rsa", "PS256")
    check.equal("assertion: claims", (claims.get("iss"), claims.get("aud")), (CLIENT, f"{world.cloud.url}/{TENANT}/oauth2/v2.0/token"))
    check.equal("assertion: is taken", post(world, text.strip())[0], 200)
    status, said = post(world, text.strip())
    check.equal("assertion: is taken once", (status, "jti" in said.get("error_description", "")), (400, True))
    path = world.file("assertion.jwt", "old")
    os.chmod(path, 0o644)
    first = os.stat(path).st_ino
    check.equal("file: nothing printed", world.accepted("file", world.federated("--out", path, command="assertion", scope=None), 0), "")
    with open(path, "rb") as file:
        data = file.read()
    check.true("file: no line end", data.count(b".") == 2 and b"\n" not in data, data[-3:])
    check.equal("file: mode", stat.S_IMODE(os.stat(path).st_mode), 0o600)
    check.true("file: replaced as a whole", os.stat(path).st_ino != first, first)
    check.equal("file: no leftovers", [name for name in os.listdir(world.path) if name.startswith("assertion")], ["assertion.jwt"])
    check.equal("file: is taken", post(world, data.decode())[0], 200)
    claims = signed(world, "file", data.decode(), "rsa", "RS256")
    check.true("file: ends later", claims.get("exp", 0) > time.time() + 300, claims)
    for name, arguments in (("wrong key", world.assertion("--out", path, certificate="other.crt")), ("no key", world.assertion("--out", path, key="none.pem"))):
        world.refused(name, arguments, 1, [])
        with open(path, "rb") as file:
            check.equal(name + ": file stays", file.read(), data)
    world.refused("no directory", world.assertion("--out", world.file("none/x")), 1, "none/x")
    text = world.accepted("long life", world.federated("--assertion-lifetime", "86400", command="assertion", scope=None, tenant=None, client=None,
                                                       endpoint=""), 0)
    claims = signed(world, "long life", text.strip(), "rsa", "RS256")
    check.equal("long life", claims.get("exp", 0) - claims.get("nbf", 0), 86400)
    check.equal("long life: is taken", post(world, text.strip())[0], 200)


def readers(world):
    """Who reads the file while it is written again sees a whole assertion each time."""
    path = world.file("watched.jwt")
    arguments = world.federated("--out", path, command="assertion", scope=None)
    world.make(*arguments)
    seen = set()
    for _ in range(4):
        with subprocess.Popen([world.program, *arguments], env=world.environment()) as process:
            while process.poll() is None:
                with open(path, encoding="ascii") as file:
                    seen.add(file.read())
    for text in seen:
        signed(world, "watched", text, "rsa", "RS256")
    world.checks.true("watched: changed", len(seen) >= 4, len(seen))


def run(world):
    for cases in (credential, assertions, readers):
        cases(world)
