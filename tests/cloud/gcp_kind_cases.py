# SPDX-License-Identifier: Apache-2.0
"""Every kind of token of Google: what is in it, what was sent for it, and that it is good for what it says."""
import json
import os
import time

import jwt

from gcp_world import (AUDIENCE, GDCH, ISSUER, KID, MIDDLE, PLATFORM, POOL, PRINCIPAL, ROBOT, ROBOT_MEMBER, RSA_POOL, STORAGE, SUBJECT,
                       TARGET, USER)

TARGET_MEMBER = "serviceAccount:" + TARGET
IAM_SCOPES = ("https://www.googleapis.com/auth/iam", PLATFORM)


def self_signed(world):
    """AIP-4111: the JWT is the token."""
    check = world.checks
    text = world.accepted("jwt", world.account(network=False), 0)
    check.equal("jwt: header", jwt.get_unverified_header(text.strip()), {"alg": "RS256", "typ": "JWT", "kid": KID})
    claims = world.opened("jwt", text)
    check.equal("jwt: claims", {k: claims.get(k) for k in ("iss", "sub", "scope", "aud")}, {"iss": ROBOT, "sub": ROBOT, "scope": PLATFORM, "aud": None})
    check.equal("jwt: whose", world.whose(text.strip()), (ROBOT_MEMBER, [PLATFORM]))
    text = world.accepted("jwt without key id", world.account(keyid=None), 0)
    check.equal("jwt without key id: header", jwt.get_unverified_header(text.strip()), {"alg": "RS256", "typ": "JWT"})
    claims = world.opened("scopes", world.accepted("scopes", world.account("--scopes", PLATFORM + "  " + STORAGE, "--scopes", STORAGE), 0))
    check.equal("scopes: claim", claims.get("scope", "").split(" ")[:2], [PLATFORM, STORAGE])
    text = world.accepted("audience", world.account("--audience", world.cloud.url + "/"), 0)
    claims = world.opened("audience", text)
    check.equal("audience: claims", (claims.get("aud"), "scope" in claims), (world.cloud.url + "/", False))
    check.equal("audience: whose", world.whose(text.strip()), (ROBOT_MEMBER, []))
    claims = world.opened("short", world.accepted("short", world.account("--expire-in", "60"), 0), life=70)
    check.true("short: ends in a minute", 30 < claims["exp"] - time.time() <= 60, claims)
    got = world.json("jwt as JSON", world.account("--format", "json", "--quota-project", "billed", "--expire-in", "600"), 0)
    check.equal("jwt as JSON: members", sorted(got), ["access_token", "expires_at", "expires_in", "quota_project", "token_type"])
    check.true("jwt as JSON: life", 500 < got["expires_in"] <= 600, got["expires_in"])
    check.equal("jwt as JSON: billed", world.whose(got["access_token"], got["quota_project"]), (ROBOT_MEMBER, [PLATFORM]))
    check.equal("another project", world.whose(got["access_token"], "another")[0], 403)
    first, second = (world.accepted("jwt again", world.account(), 0) for _ in range(2))
    check.true("jwt again: is a new one", world.opened("first", first) and world.opened("second", second))
    hidden = world.accepted("wrong key", world.account(key="other.pem"), 0)
    check.equal("wrong key: is refused where it is used", world.whose(hidden.strip())[0], 401)


def of_endpoint(world):
    check = world.checks
    world.granted("access", world.access())
    world.accepted("access again", world.access())
    sent = world.sent()
    check.equal("access: form", sorted(sent), ["assertion", "claims", "grant_type", "header"])
    check.equal("access: claims", sorted(set(sent["claims"]) - {"jti"}), ["aud", "exp", "iat", "iss", "scope"])
    check.equal("access: kid", sent["header"].get("kid"), KID)
    text = world.accepted("access as text", world.access())
    check.true("access as text: one line", text.startswith("ya29.") and text.count("\n") == 1, text)
    world.granted("access, scopes", world.access("--scopes", STORAGE, "--scopes", PLATFORM), scopes=(STORAGE, PLATFORM))
    world.granted("access, no key id", world.access(keyid=None))
    world.granted("delegation", world.access("--subject", USER), principal="user:" + USER)
    check.equal("delegation: sub", world.cloud.log("Token")[0]["parameters"]["claims"].get("sub"), USER)
    got = world.granted("quota project", world.access("--quota-project", "billed"))
    check.equal("quota project", got.get("quota_project"), "billed")


def identities(world):
    check = world.checks
    for name, arguments, azp in (("id", world.identity(), ROBOT), ("id by IAM", world.impersonated("--kind", "id", "--audience", AUDIENCE), None),
                                 ("own id by IAM", world.impersonated("--kind", "id", "--audience", AUDIENCE, target=ROBOT), None)):
        got = world.json(name, [*arguments, "--format", "json"])
        check.equal(name + ": members", sorted(got), ["expires_at", "expires_in", "id_token", "token_type"])
        token = got.get("id_token", "")
        claims = jwt.decode(token, options={"verify_signature": False}) if token else {}
        check.equal(name + ": aud", claims.get("aud"), AUDIENCE)
        check.equal(name + ": email", claims.get("email"), TARGET if name == "id by IAM" else ROBOT)
        check.true(name + ": azp", azp is None or claims.get("azp") == azp, claims)
        check.true(name + ": life", 3500 < got.get("expires_in", 0) <= 3600, got.get("expires_in"))


def impersonations(world):
    check = world.checks
    world.granted("impersonation", world.impersonated(), principal=TARGET_MEMBER, life=3600)
    sent = world.cloud.log("generateAccessToken")[0]["parameters"]
    check.equal("impersonation: body", (sent["scope"], sent["lifetime"], sent["delegates"], sent["email"]), ([PLATFORM], 3600, [], TARGET))
    bearer = dict(world.cloud.log("generateAccessToken")[0]["headers"])["Authorization"]
    world.granted("impersonation by access token", world.access("--impersonate", TARGET, "--iam-endpoint", world.cloud.url), 2,
                  principal=TARGET_MEMBER, life=3600)
    check.true("impersonation: signed by the key", bearer.startswith("Bearer eyJ"), bearer[:12])
    for seconds in (600, 43200):
        world.granted(f"lifetime {seconds}", world.impersonated("--lifetime", str(seconds)), principal=TARGET_MEMBER, life=seconds)
    world.granted("scopes", world.impersonated("--scopes", STORAGE), principal=TARGET_MEMBER, scopes=(STORAGE,), life=3600)
    world.granted("delegate", world.impersonated("--delegate", MIDDLE), principal=TARGET_MEMBER, life=3600)
    for form in ("fraction", "offset", "iso"):
        world.granted(f"time with {form}", world.impersonated(), principal=TARGET_MEMBER, life=3600, behave=[{"expiration": form}])
    world.granted("endpoint with path", world.impersonated(endpoint=world.cloud.url + "/"), principal=TARGET_MEMBER, life=3600)


def delegates(world):
    """The chain, in its order."""
    world.accepted("delegates", world.impersonated("--delegate", MIDDLE))
    world.checks.equal("delegates: body", world.sent()["delegates"], [f"projects/-/serviceAccounts/{MIDDLE}"])
    world.refused("wrong chain", world.impersonated("--delegate", TARGET, "--delegate", MIDDLE), 1, ["PERMISSION_DENIED", "serviceAccountTokenCreator"], 1)


def federation(world):
    check = world.checks
    world.granted("federated", world.federated(), principal=PRINCIPAL)
    world.accepted("federated again", world.federated())
    sent = world.sent()
    check.equal("federated: header", sent["header"].get("alg"), "ES256")
    with open(world.file("ec-documents/.well-known/jwks.json"), encoding="utf-8") as file:
        jwk = json.load(file)["keys"][0]
    check.equal("federated: kid", sent["header"].get("kid"), jwk["kid"])
    claims = world.opened("federated", sent["subject_token"], "ES256", "ec")
    check.equal("federated: claims", (claims.get("iss"), claims.get("sub"), claims.get("aud") in (POOL, "https:" + POOL)), (ISSUER, SUBJECT, True))
    principal = PRINCIPAL.replace("/ec/", "/rsa/")
    world.granted("federated with RSA", world.federated(key="rsa.pem", pool=RSA_POOL), principal=principal)
    world.granted("federated with a scope", world.federated("--scopes", STORAGE), principal=PRINCIPAL, scopes=(STORAGE,))
    got = world.granted("federated and billed", world.federated("--quota-project", "billed"), principal=PRINCIPAL)
    check.equal("federated and billed: JSON", got.get("quota_project"), "billed")
    options = ["--impersonate", TARGET, "--iam-endpoint", world.cloud.url]
    world.granted("federated, impersonating", world.federated(*options), 2, principal=TARGET_MEMBER, life=3600)
    world.accepted("federated, impersonating, for long", world.federated(*options, "--lifetime", "43200", "--scopes", STORAGE), 2)
    first, second = world.cloud.log()
    check.true("federated, impersonating: STS's scope", first["parameters"]["scope"] in IAM_SCOPES, first["parameters"]["scope"])
    check.equal("federated, impersonating: IAM's", (second["parameters"]["scope"], second["parameters"]["lifetime"]), ([STORAGE], 43200))
    world.cloud.config(google={"pools": {POOL: {"audiences": ["https://own.example.com"]}}})
    world.accepted("federated with an audience of its own", world.federated("--audience", "https://own.example.com"))
    world.cloud.config(google={"pools": {POOL: {"audiences": None}}})


def distributed(world):
    """GDCH: JSON, and an EC key."""
    got = world.json("gdch", world.gdch("--format", "json"))
    world.checks.true("gdch: token", got.get("access_token", "").startswith("ya29."), got)
    sent = world.sent()
    world.checks.equal("gdch: header", sent["header"], {"alg": "ES256", "typ": "JWT", "kid": "till-key"})
    claims = world.opened("gdch", sent["subject_token"], "ES256", "ec")
    world.checks.equal("gdch: claims", (claims.get("iss"), claims.get("sub"), claims.get("aud")), (GDCH, GDCH, world.cloud.url + "/platform/authenticate"))
    world.checks.equal("gdch: audience", sent["audience"], AUDIENCE)


def account_files(world):
    """A service account's JSON; what is set counts more, and its private key not at all."""
    check = world.checks
    private = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"
    plain = {"type": "service_account", "client_email": ROBOT, "private_key_id": KID, "token_uri": world.cloud.url + "/token"}
    path = world.file("account.json", json.dumps(plain))
    world.granted("file", world.token("--kind", "access", "--service-account-file", path))
    claims = world.opened("file, jwt", world.accepted("file, jwt", world.token("--service-account-file", path), 0))
    check.equal("file, jwt: iss", claims.get("iss"), ROBOT)
    text = world.accepted("file and key id", world.token("--service-account-file", path, "--keyid", "disabled"), 0)
    check.equal("file and key id: kid", jwt.get_unverified_header(text.strip()).get("kid"), "disabled")
    world.file("account.json", json.dumps({**plain, "private_key": private}))
    world.cloud.reset()
    ran = world.run(*world.token("--kind", "access", "--service-account-file", path))
    check.equal("file with a private key: works", (ran.status, ran.out[:5], len(world.cloud.log())), (0, "ya29.", 1))
    check.true("file with a private key: is pointed out", "private key" in ran.err and ran.err.count("\n") == 1 and "c2VjcmV0" not in ran.err, ran.err)
    universe = {**plain, "universe_domain": "example-cloud.test"}
    world.file("account.json", json.dumps(universe))
    claims = world.opened("universe", world.accepted("universe", world.token("--service-account-file", path), 0))
    check.equal("universe: claims", claims.get("scope"), PLATFORM)
    world.refused("universe without endpoint", world.token("--kind", "access", "--service-account-file", path), 2, ["example-cloud.test", "--kind"])
    for name, data, part in (("cut", json.dumps(plain)[:-9], path), ("no JSON", "no", path), ("list", "[]", path), ("empty", "", path),
                             ("wrong type", json.dumps({**plain, "client_email": 7}), path),
                             ("another kind", json.dumps({**plain, "type": "authorized_user"}), path),
                             ("big", " " * (2 << 20), path), ("twice", '{"type":"service_account","client_email":"a@b.c","client_email":"d@b.c"}', path)):
        world.file("account.json", data)
        ran = world.run(*world.token("--service-account-file", path))
        check.true(f"file, {name}", ran.status in (1, 2) and part in ran.err and not ran.out, f"{ran.status} {ran.err}")
    ran = world.run(*world.token("--service-account-file", world.file("none.json")))
    check.true("no file", ran.status in (1, 2) and "none.json" in ran.err, f"{ran.status} {ran.err}")


def universes(world):
    """Another universe has other hosts and no token endpoint; ID tokens come from its IAM."""
    world.cloud.config(google={"universe_domain": "example-cloud.test"})
    options = ["--universe-domain", "example-cloud.test"]
    world.granted("universe, impersonation", world.impersonated(*options), principal=TARGET_MEMBER, life=3600)
    got = world.json("universe, id", world.account("--kind", "id", "--audience", AUDIENCE, "--iam-endpoint", world.cloud.url, "--format", "json", *options))
    world.checks.true("universe, id: token", got.get("id_token", "").startswith("eyJ"), got)
    world.checks.equal("universe, id: asked of IAM", [entry["action"] for entry in world.cloud.log()], ["generateIdToken"])
    world.cloud.config(google={"universe_domain": None})
    for name, arguments, host in (("IAM", ["--impersonate", TARGET], "iamcredentials.example-cloud.test"),):
        world.refused("universe, host of " + name, world.account(*options, *arguments, "--timeout-ms", "4000", "--max-attempts", "1"), 1, host)
    world.refused("universe, host of STS", world.issued("--kind", "federated", "--pool-audience", POOL.replace("googleapis.com", "example-cloud.test"),
                                                        *options, "--timeout-ms", "4000", "--max-attempts", "1"), 1, "sts.example-cloud.test")
    for kind in ("access",):
        world.refused("universe, " + kind, world.account("--kind", kind, *options), 2, ["example-cloud.test", "token endpoint"])


def output(world):
    """Into a file in one step, or not at all."""
    path = world.file("given", "old")
    world.refused("file stays", world.access("--output-file", path, key="other.pem"), 1, "invalid_grant", 1)
    with open(path, encoding="utf-8") as file:
        world.checks.equal("file stays: content", file.read(), "old")
    world.checks.equal("file: nothing printed", world.accepted("file", world.access("--output-file", path)), "")
    with open(path, encoding="utf-8") as file:
        world.checks.equal("file: token", file.read()[:5], "ya29.")
    world.checks.equal("file: mode", os.stat(path).st_mode & 0o777, 0o600)
    world.refused("no such directory", world.access("--output-file", world.file("none/x")), 1, world.file("none/x"))


def documents(world):
    for name, kind, algorithm in (("ec", "EC", "ES256"), ("rsa", "RSA", "RS256")):
        folder = world.file(name + "-documents/.well-known/")
        with open(folder + "jwks.json", encoding="utf-8") as file:
            (key,) = json.load(file)["keys"]
        world.checks.equal(f"documents of {name}", (key["kty"], key["alg"], key["use"], "d" in key), (kind, algorithm, "sig", False))
        with open(folder + "openid-configuration", encoding="utf-8") as file:
            found = json.load(file)
        world.checks.equal(f"documents of {name}: issuer", (found["issuer"], found["jwks_uri"]), (ISSUER, ISSUER + "/.well-known/jwks.json"))
    ran = world.run("gcp", "oidc-documents", "--keyfile", world.file("ec.pem"), "--issuer", "http://a.example", "--out", world.file("no-documents"))
    world.checks.true("documents of http", ran.status == 2 and "--issuer" in ran.err and not os.path.exists(world.file("no-documents")), ran.err)


def run(world):
    for cases in (self_signed, of_endpoint, identities, impersonations, delegates, federation, distributed, account_files, universes, output, documents):
        cases(world)
