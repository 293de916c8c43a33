# SPDX-License-Identifier: Apache-2.0
"""Tokens of Entra and AD FS by a certificate: what the assertion is, what is sent, and what comes of it."""
import base64
import hashlib
import json
import os
import re
import time

import jwt
from cryptography.hazmat.primitives import serialization

import cloud_pki
from azure_world import ADFS_RESOURCE, CLIENT, DOMAIN, GRAPH, REGION, RESOURCE, TENANT

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def thumbprint(world, name, kind):
    digest = {"x5t": hashlib.sha1, "x5t#S256": hashlib.sha256}[kind]
    with open(world.file(name), "rb") as file:
        certificate = cloud_pki.x509.load_pem_x509_certificate(file.read())
    return base64.urlsafe_b64encode(digest(world.der(certificate)).digest()).decode().rstrip("=")


def signed(world, name, text, key, algorithm):
    """The claims of an assertion, by PyJWT; its PS256 takes a salt as long as the hash only."""
    public = world.public[key].public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    try:
        return jwt.decode(text, public, algorithms=[algorithm], options={"verify_aud": False})
    except jwt.exceptions.PyJWTError as error:
        world.checks.true(name + ": signature", False, error)
        return {}


def algorithms(world):
    """Each kind of key, by itself and as it is told."""
    check = world.checks
    for key, more, algorithm, kind in (
            ("rsa", [], "PS256", "x5t#S256"), ("rs", [], "RS256", "x5t#S256"), ("pss", [], "PS256", "x5t#S256"),
            ("rsa", ["--algorithm", "RS256"], "RS256", "x5t#S256"),
            ("rsa", ["--algorithm", "PS256"], "PS256", "x5t#S256"), ("rsa", ["--algorithm", "auto", "--thumbprint", "sha1"], "PS256", "x5t"),
            ("rs", ["--thumbprint", "sha1"], "RS256", "x5t"), ("locked", ["--password-file", world.file("password")], "PS256", "x5t#S256")):
        name = " ".join([key, *more[:4:2]])
        claims = world.granted(name, world.token(*more, key=key + ".pem", certificate=key + ".crt"), requests=1)
        check.equal(name + ": appid", claims.get("appid"), CLIENT)
        sent = world.parameters()
        check.equal(name + ": header", sent["header"], {"alg": algorithm, "typ": "JWT", kind: thumbprint(world, key + ".crt", kind)})
        signed(world, name, sent["client_assertion"], key, algorithm)
    for key, algorithm in (("rs", "PS256"), ("pss", "RS256")):
        world.refused(f"{key} with {algorithm}", world.token("--algorithm", algorithm, key=key + ".pem", certificate=key + ".crt"), 1, algorithm)


def request(world):
    check = world.checks
    text = world.accepted("request", world.token())
    check.true("request: one line", re.fullmatch(r"eyJ\S+\n", text), text[:20])
    entry = world.cloud.last()
    sent, url = entry["parameters"], f"{world.cloud.url}/{TENANT}/oauth2/v2.0/token"
    check.equal("request: form", {name: sent[name] for name in sent if name not in ("header", "assertion_claims", "client_assertion")},
                {"grant_type": "client_credentials", "client_id": CLIENT, "scope": GRAPH, "client_assertion_type": ASSERTION_TYPE})
    claims = sent["assertion_claims"]
    check.equal("request: claims", sorted(claims), ["aud", "exp", "iat", "iss", "jti", "nbf", "sub"])
    check.equal("request: names", (claims["iss"], claims["sub"], claims["aud"]), (CLIENT, CLIENT, url))
    check.equal("request: life", claims["exp"] - claims["nbf"], 600)
    check.true("request: begins a minute ago", 50 <= time.time() - claims["nbf"] < 90, claims["nbf"])
    headers = {name.lower(): value for name, value in entry["headers"]}
    check.equal("request: type", headers["content-type"], "application/x-www-form-urlencoded")
    check.true("request: id", re.fullmatch(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", headers.get("client-request-id", "")), headers)
    check.equal("request: path", entry["path"], f"/{TENANT}/oauth2/v2.0/token")
    world.accepted("another", world.token())
    check.true("another: another jti", world.parameters()["assertion_claims"]["jti"] != claims["jti"])
    world.accepted("short assertion", world.token("--assertion-lifetime", "120"))
    claims = world.parameters()["assertion_claims"]
    check.equal("short assertion: life", claims["exp"] - claims["nbf"], 120)


def endpoints(world):
    """Where it is asked."""
    check = world.checks
    url = world.cloud.url
    world.granted("domain", world.token(tenant=DOMAIN))
    check.equal("domain: path", [e["path"] for e in world.cloud.log("Token")], [f"/{DOMAIN}/oauth2/v2.0/token"])
    world.granted("upper case", world.token(tenant=TENANT.upper(), client=CLIENT))
    world.granted("slash", world.token(endpoint=url + "/"))
    for host in ("login.microsoftonline.us", "login.chinacloudapi.cn"):
        world.granted("host " + host, world.token(endpoint=f"{url}/{host}"))
    whole = f"{url}/{TENANT}/oauth2/v2.0/token"
    world.granted("token URL", world.token("--token-url", whole, endpoint=""))
    world.granted("token URL without tenant", world.token("--token-url", whole, endpoint="", tenant=None))
    check.equal("token URL: aud", world.parameters()["assertion_claims"]["aud"], whole)
    for rival in (["--authority-host", url], ["--region", REGION]):
        world.refused(f"token URL and {rival[0]}", world.token("--token-url", whole, *rival, endpoint=""), 2, ["--token-url", rival[0], "exclude each other"])
    world.granted("region", world.token("--region", REGION))
    headers = dict(world.cloud.log("Token")[0]["headers"])
    check.contains("region: host", headers.get("Host", ""), REGION + ".localhost:")
    world.refused("region of an address", world.token("--region", REGION, endpoint=url.replace("localhost", "127.0.0.1")), 2,
                  ["--region", "--authority-host"])
    world.refused("region of the public cloud", world.token("--region", REGION, "--timeout-ms", "4000", "--max-attempts", "1", endpoint=""), 1,
                  REGION + ".login.microsoft.com")
    for region in ("west europe", "a.b", "a/b", "", "x" * 300):
        world.refused(f"region {region[:9]!r}", world.token("--region", region), 2, "--region")


def adfs(world):
    check = world.checks
    arguments = {"tenant": "adfs", "scope": ADFS_RESOURCE}
    for key in ("rsa", "rs"):
        world.granted(f"AD FS, {key}", world.token(key=key + ".pem", certificate=key + ".crt", **arguments), resource=ADFS_RESOURCE)
        sent = world.parameters()
        check.equal(f"AD FS, {key}: header", sent["header"], {"alg": "RS256", "typ": "JWT", "x5t": thumbprint(world, key + ".crt", "x5t")})
        check.equal(f"AD FS, {key}: aud", sent["assertion_claims"]["aud"], world.cloud.url + "/adfs/oauth2/token")
    world.granted("AD FS, scope of Entra's form", world.token(tenant="ADFS", scope=ADFS_RESOURCE + "/.default"), resource=ADFS_RESOURCE)
    world.refused("AD FS, PSS", world.token(key="pss.pem", certificate="pss.crt", **arguments), 1, "RS256")
    world.refused("AD FS, region", world.token("--region", REGION, **arguments), 2, "--region")
    world.refused("AD FS, no host", world.token(endpoint="", **arguments), 2, "--authority-host")
    world.refused("AD FS, unknown resource", world.token(tenant="adfs", scope="https://other.example.com"), 1, [], 1)


def claims(world):
    """Claims challenges and the capability for them (continuous access evaluation)."""
    check = world.checks
    got = world.granted("cp1", world.token("--client-capability", "cp1"), life=86400)
    check.equal("cp1: claim", got.get("xms_cc"), ["cp1"])
    check.equal("cp1: form", json.loads(world.parameters()["claims"]), {"access_token": {"xms_cc": {"values": ["cp1"]}}})
    demanded = {"access_token": {"nbf": {"essential": True, "value": "1604106651"}, "xms_rp_ipaddr": {"value": "203.0.113.1"}}}
    plain = json.dumps(demanded)
    for name, text in (("JSON", plain), ("base64", base64.b64encode(plain.encode()).decode())):
        world.granted(f"claims as {name}", world.token("--claims", text))
        check.equal(f"claims as {name}: form", json.loads(world.parameters()["claims"]), demanded)
    world.granted("claims and cp1", world.token("--claims", plain, "--client-capability", "cp1"), life=86400)
    both = {"access_token": {**demanded["access_token"], "xms_cc": {"values": ["cp1"]}}}
    check.equal("claims and cp1: form", json.loads(world.parameters()["claims"]), both)
    world.cloud.config(entra={"challenge": demanded})
    token = world.accepted("challenge, without", world.token()).strip()
    answer = world.get("/entra/check", ("Authorization", "Bearer " + token))
    challenge = re.search(r'claims="([^"]+)"', answer.headers["WWW-Authenticate"] or "").group(1)
    token = world.accepted("challenge, answered", world.token("--claims", challenge)).strip()
    check.equal("challenge, answered: is taken", world.get("/entra/check", ("Authorization", "Bearer " + token)).status, 200)
    world.cloud.config(entra={"challenge": None})
    for text in ("{", "[]", "7", "no", "{}x", "\"e30\"", "e30 e30"):
        world.refused(f"claims {text!r}", world.token("--claims", text), 2, "claims")
    world.refused("claims that Entra refuses", world.token("--claims", '{"access_token":7}'), 1, ["AADSTS9002313", "400"], 1)
    world.refused("claims for the same", world.token("--client-capability", "cp1", "--claims", '{"access_token":{"xms_cc":null}}'), 2,
                  ["xms_cc", "--client-capability"])
    world.accepted("claims that ask nothing", world.token("--claims", "e30"))


def users(world):
    """On behalf of a user."""
    check = world.checks
    user = world.user_token()
    got = world.granted("user", world.for_user(user))
    check.equal("user: claims", (got.get("upn"), got.get("scp")), ("ann@example.com", RESOURCE + "/User.Read"))
    sent = world.parameters()
    check.equal("user: form", (sent["grant_type"], sent["requested_token_use"], sent["assertion"]),
                ("urn:ietf:params:oauth:grant-type:jwt-bearer", "on_behalf_of", user))
    world.granted("user, line end", world.for_user(user + "\r\n"))
    world.granted("user, more scopes", world.for_user(user, "--scopes", "openid", "--scopes", RESOURCE + "/Mail.Read"))
    text = world.accepted("user, standard input", world.azure("on-behalf-of", "--user-assertion-file", "-", scope=GRAPH), stdin=user.encode())
    check.true("user, standard input: token", text.startswith("eyJ"), text[:9])
    for name, token, parts in (("of another application", world.user_token(client="0" * 8 + CLIENT[8:]), ["AADSTS500131", "not for this application"]),
                               ("too old", world.user_token(seconds=-5), ["AADSTS500133", "too old"]),
                               ("changed", user[:-9] + "AAAAAAAAA", ["AADSTS50013", "signature"])):
        ran = world.refused("user, " + name, world.for_user(token), 1, parts, 1)
        check.true(f"user, {name}: is not told", token[-40:] not in ran.err, ran.err)
    for name, token in (("empty", ""), ("white", "\n"), ("two lines", "a\nb"), ("NUL", "a\0b"), ("big", "a" * 70000)):
        ran = world.run(*world.for_user(token))
        check.true(f"user, {name}", ran.status in (1, 2) and not ran.out and ran.err, f"{ran.status} {ran.err}")
    world.refused("user, no file", world.azure("on-behalf-of", "--user-assertion-file", world.file("no-user")), 1, "no-user")
    world.refused("user, no flag", world.azure("on-behalf-of"), 2, "--user-assertion-file")


def output(world):
    path = world.file("given", "old")
    world.refused("file stays", world.token("--output-file", path, client="1" + CLIENT[1:-1] + "6"), 1, "AADSTS700016", 1)
    with open(path, encoding="utf-8") as file:
        world.checks.equal("file stays: content", file.read(), "old")
    world.checks.equal("file: nothing printed", world.accepted("file", world.token("--output-file", path)), "")
    world.checks.equal("file: mode", os.stat(path).st_mode & 0o777, 0o600)


def run(world):
    for cases in (algorithms, request, endpoints, adfs, claims, users, output):
        cases(world)
