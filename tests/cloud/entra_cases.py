# SPDX-License-Identifier: Apache-2.0
"""Entra's token endpoint with assertions made of PyJWT, and with msal where it is there."""
import base64
import copy
import datetime
import hashlib
import json
import re
import uuid

import jwt
from cryptography.hazmat.primitives import serialization

import cloud_control
import cloud_pki
import oauth_client
from oauth_client import compact, document, flipped, get, now, post_form

TENANT, CLIENT, NAMED, OFF = (f"{i}1111111-2222-3333-4444-555555555555" for i in "0abc")
GRAPH = "https://graph.microsoft.com"
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PATH = f"/{TENANT}/oauth2/v2.0/token"
ISSUER = "https://device.example.com"
UTC = datetime.timezone.utc
OBO = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "requested_token_use": "on_behalf_of"}


class World:
    def __init__(self):
        self.root, self.middle = cloud_pki.Authority("root"), None
        self.middle = cloud_pki.Authority("middle", self.root)
        self.key, self.other, self.ec = (cloud_pki.new_key(kind) for kind in ("RSA2048", "RSA2048", "P-256"))
        self.leaf = self.middle.issue("device", self.key.public_key())
        self.old = self.middle.issue("old", self.key.public_key(), start=datetime.datetime.now(UTC) - datetime.timedelta(days=60))
        self.unknown = self.middle.issue("unknown", self.key.public_key())
        self.curved = self.middle.issue("curved", self.ec.public_key())
        registered = [{"pem": cloud_pki.pem(c).decode()} for c in (self.leaf, self.old, self.curved)]
        keys = {"keys": [oauth_client.jwk(self.key, "r"), oauth_client.jwk(self.ec, "e")]}
        federated = [{"issuer": ISSUER, "subject": "device-1", "jwks": keys}]
        by_name = [{"subject": "CN=unknown", "issuer": "CN=middle", "roots": [{"pem": self.root.pem().decode()}]}]
        apps = {CLIENT: {"certificates": registered, "federated": federated}, NAMED: {"names": by_name, "resources": [GRAPH]},
                OFF: {"certificates": registered, "enabled": False}}
        self.config = {"entra": {"tenants": {TENANT: {"domains": ["contoso.example.com"], "apps": apps}},
                                 "adfs": {"apps": {CLIENT: {"certificates": registered, "resources": ["https://file.example.com"]}}}}}

    def header(self, certificate=None, **change):
        thumbprint = oauth_client.segment(hashlib.sha256(der(certificate or self.leaf)).digest())
        return {"alg": "RS256", "typ": "JWT", "x5t#S256": thumbprint, **change}

    def assertion(self, cloud, key=None, algorithm=None, header=None, pad="", text=None, path=PATH, **claims):
        at, header = now(), header or self.header()
        base = {"aud": cloud.url + path, "iss": CLIENT, "sub": CLIENT, "jti": str(uuid.uuid4()), "nbf": at - 60, "iat": at, "exp": at + 540}
        return compact(header, {**base, **claims}, key or self.key, algorithm or header["alg"], pad, text)


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def x5t(certificate):
    return oauth_client.segment(hashlib.sha1(der(certificate)).digest())


def fields(proof, **change):
    base = {"grant_type": "client_credentials", "client_id": CLIENT, "scope": GRAPH + "/.default", "client_assertion_type": TYPE,
            "client_assertion": proof}
    return oauth_client.without_null({**base, **change})


def token(cloud, proof, path=PATH, headers=(), **change):
    return post_form(cloud, path, fields(proof, **change), headers=headers)


def refused(checks, cloud, name, reply, code, text=""):
    """By a number of Entra; "strict" is what Entra itself may take."""
    last, seen = cloud.last(), document(reply)
    number = "AADSTS9002313" if code == "strict" else f"AADSTS{code}"
    checks.equal(name + ": code", last["code"], "StrictCheckFailed" if code == "strict" else number)
    checks.true(name,
                text in seen["error_description"] and seen["error_description"].startswith(number + ": ") and str(seen["error_codes"]) == f"[{number[6:]}]", seen)
    return seen


def claims_of(reply):
    return jwt.decode(document(reply)["access_token"], options={"verify_signature": False}) if reply.status == 200 else reply.body


def good_tokens(checks, cloud, world):
    reply = token(cloud, world.assertion(cloud))
    given = document(reply)
    checks.equal("members", (given["token_type"], given["expires_in"], given["ext_expires_in"], "refresh_in" in given), ("Bearer", 3599, 3599, False))
    seen = document(get(cloud, "/entra/check?audience=" + GRAPH, given["access_token"]))
    checks.equal("token", (seen["aud"], seen["appid"], seen["tid"], seen["idtyp"]), (GRAPH, CLIENT, TENANT, "app"))
    chain = [base64.b64encode(der(c)).decode() for c in (world.leaf, world.middle.certificate, world.root.certificate)]
    headers = {"PS256": world.header(alg="PS256"), "x5t": {"alg": "RS256", "typ": "JWT", "x5t": x5t(world.leaf)}, "kid": world.header(kid="AB"),
               "no typ": world.header(typ=...),
               "x5c": world.header(x5c=chain), "x5c of a leaf": world.header(x5c=chain[:1]), "only x5c": {"alg": "PS256", "x5c": chain}}
    for name, header in headers.items():
        checks.equal(name, token(cloud, world.assertion(cloud, header=header)).status, 200)
    for name, claims in (("floats", {"exp": now() + 500.5, "nbf": now() - 0.5}), ("no nbf", {"nbf": ...}), ("no iat", {"iat": ...}),
                         ("600 s", {"exp": now() + 500, "nbf": now() - 100})):
        checks.equal(name, token(cloud, world.assertion(cloud, **claims)).status, 200)
    for path in ("/contoso.example.com/oauth2/v2.0/token", f"/{TENANT.upper()}/oauth2/v2.0/token", "/westeurope.login.microsoft.com" + PATH,
                 "/login.microsoftonline.us" + PATH):
        checks.equal(path, token(cloud, world.assertion(cloud, path=path), path).status, 200)
    regional = "/westeurope.login.microsoft.com" + PATH
    checks.equal("audience of the host", token(cloud, world.assertion(cloud, aud="https:/" + regional), regional).status, 200)
    for scope, resource in (("https://x.vault.azure.net//.default", "https://x.vault.azure.net/"), (f"api://{CLIENT}/.default", f"api://{CLIENT}"),
                            (CLIENT + "/.default openid profile", CLIENT)):
        checks.equal(scope, claims_of(token(cloud, world.assertion(cloud), scope=scope))["aud"], resource)
    by_name = world.header(world.unknown, x5c=[base64.b64encode(der(world.unknown)).decode(), chain[1]])
    checks.equal("trusted by name", token(cloud, world.assertion(cloud, header=by_name, iss=NAMED, sub=NAMED), client_id=NAMED).status, 200)
    wanted = str(uuid.uuid4())
    reply = token(cloud, world.assertion(cloud), headers=[("client-request-id", wanted), ("return-client-request-id", "true")])
    checks.equal("request id", reply.headers["client-request-id"], wanted)


def bad_assertions(checks, cloud, world):
    at = now()
    expired = {"iat": at - 600, "nbf": at - 600, "exp": at - 1}

    def case(name, code, why="", **arguments):
        return refused(checks, cloud, name, token(cloud, world.assertion(cloud, **arguments)), code, why)
    seen = case("unknown certificate", 700027, "The key was not found", header=world.header(world.unknown))
    checks.contains("thumbprint", seen["error_description"], hashlib.sha256(der(world.unknown)).hexdigest().upper())
    checks.true("trace, correlation, time", re.search(r"Trace ID: [0-9a-f-]{36} Correlation ID: [0-9a-f-]{36} Timestamp: [-0-9]{10} [:0-9]{8}Z$",
                                                      seen["error_description"]), seen)
    checks.equal("members", sorted(seen), ["correlation_id", "error", "error_codes", "error_description", "error_uri", "timestamp", "trace_id"])
    checks.equal("error", (seen["error"], seen["error_uri"][-6:]), ("invalid_client", "700027"))
    case("other key", 700027, "did not match", key=world.other)
    refused(checks, cloud, "flipped", token(cloud, flipped(world.assertion(cloud))), 700027, "did not match")
    case("PSS with a long salt", 700027, "did not match", header=world.header(alg="PS256"), algorithm="PS256-long")
    case("PS256 by PKCS #1", 700027, "did not match", header=world.header(alg="PS256"), algorithm="RS256")
    case("EC key", 5002738, "ES256", key=world.ec, header=world.header(world.curved, alg="ES256"))
    case("certificate of an EC key", 5002730, header=world.header(world.curved))
    case("RS384", 5002738, "RS256, PS256", header=world.header(alg="RS384"))
    case("none", 5002738, "none", header=world.header(alg="none"), algorithm="RS256")
    case("expired certificate", 1000502, "Valid from", header=world.header(world.old))
    case("x5t of another length", 700027, "not found", header={"alg": "RS256", "x5t": "AAAA"})
    case("no thumbprint", 50027, "x5t", header={"alg": "RS256", "kid": "a"})
    case("both thumbprints", "strict", "x5t and x5t#S256", header=world.header(x5t=x5t(world.leaf)))
    case("padded thumbprint", "strict", "without padding",
         header=world.header(**{"x5t#S256": base64.urlsafe_b64encode(hashlib.sha256(der(world.leaf)).digest()).decode()}))
    case("header", 50027, "the header has jku", header=world.header(jku="https://a"))
    case("x5c null", "strict", "x5c is not a list", header={"alg": "RS256", "x5c": None})
    case("claim", "strict", "the assertion has id", id="a")
    case("kid null", 50027, "kid", header=world.header(kid=None))
    case("typ", 50027, "typ", header=world.header(typ="x"))
    case("audience", 700023, aud=cloud.url + PATH + "/")
    case("audience of another tenant", 700023, aud=cloud.url + PATH.replace(TENANT, "contoso.example.com"))
    case("audience v2.0", 700023, aud=f"{cloud.url}/{TENANT}/v2.0")
    case("no audience", 700023, aud=...)
    case("sub", 700021, "sub is", sub=OFF)
    case("iss", 700021, "iss is", iss=OFF, sub=OFF)
    case("no sub", 700021, "missing", sub=...)
    case("no jti", "strict", "no jti", jti=...)
    case("expired", 700024, "assertion valid from", **expired)
    case("nbf ahead", 700024, "Current time", nbf=at + 60)
    case("iat ahead", 700024, iat=at + 60)
    case("601 s", "strict", "more than 600", nbf=at - 61)
    case("no exp", 50027, "exp", exp=...)
    case("neither nbf nor iat", 50027, "nbf and iat", nbf=..., iat=...)
    case("exp as text", 50027, "exp is not a number", exp=str(at + 60))
    case("jti number", 50027, "jti is not a text", jti=7)
    case("no JSON", 50027, "JSON", text="{")
    case("padding", 50027, "base64url", pad="=")
    checks.equal("jti", token(cloud, world.assertion(cloud, jti="once")).status, 200)
    case("jti again", "strict", "used before", jti="once")
    chains(checks, cloud, world, case)


def chains(checks, cloud, world, case):
    leaf, middle, root, unknown = (base64.b64encode(der(c)).decode() for c in (world.leaf, world.middle.certificate, world.root.certificate,
                                                                               world.unknown))
    case("x5c text", "strict", "x5c is not a list", header=world.header(x5c=leaf))
    case("x5c empty", "strict", "x5c is not a list", header=world.header(x5c=[]))
    case("x5c base64url", "strict", "base64 of DER", header=world.header(x5c=[leaf.replace("+", "-").replace("/", "_").rstrip("=") + "-"]))
    case("x5c out of order", "strict", "not in order", header=world.header(x5c=[leaf, root, middle]))
    case("x5c of another", 50027, "first certificate of x5c", header=world.header(x5c=[unknown]))
    named = {"iss": NAMED, "sub": NAMED}
    alone = world.assertion(cloud, header=world.header(world.unknown, x5c=[unknown]), **named)
    refused(checks, cloud, "by name, no chain", token(cloud, alone, client_id=NAMED), 700027, "trusted root")
    other = world.assertion(cloud, header=world.header(x5c=[leaf, middle]), **named)
    refused(checks, cloud, "by another name", token(cloud, other, client_id=NAMED), 700027, "not found")
    cloud.config(entra={"rules": {"require_x5c": True, "thumbprints": ["x5t#S256"], "algorithms": ["PS256"], "require_jti": False, "lifetime": 300,
                                  "padding": True}})
    strict = world.header(alg="PS256", x5c=[leaf])
    case("no x5c", "strict", "no x5c", header=world.header(alg="PS256"), exp=now() + 200)
    case("x5t not allowed", "strict", "x5t", header={"alg": "PS256", "x5t": x5t(world.leaf)})
    case("RS256 not allowed", 5002738, "RS256", header=world.header(x5c=[leaf]))
    case("longer than allowed", "strict", "more than 300", header=strict)
    padded = {**strict, "x5t#S256": base64.b64encode(hashlib.sha256(der(world.leaf)).digest()).decode()}
    checks.equal("allowed by rules", token(cloud, world.assertion(cloud, header=padded, exp=now() + 200, jti=...)).status, 200)


def bad_requests(checks, cloud, world):
    def case(name, code, text="", path=PATH, **change):
        return refused(checks, cloud, name, token(cloud, world.assertion(cloud, path=path), path, **change), code, text)
    case("unknown client", 700016, TENANT, client_id=TENANT)
    case("disabled client", 7000112, client_id=OFF)
    for tenant, code in (("d1111111-2222-3333-4444-555555555555", 90002), ("other.example.com", 90002), ("a b", 900023), ("abc", 900023),
                         ("common", 9002313)):
        case("tenant " + tenant, code, path=f"/{tenant.replace(' ', '%20')}/oauth2/v2.0/token")
    case("no scope", 900144, "'scope'", scope=...)
    case("scope without .default", 1002012, GRAPH + "/User.Read", scope=GRAPH + "/User.Read")
    case("two resources", 28000, scope=GRAPH + "/.default https://vault.azure.net/.default")
    case("scope encoded", 1002012, scope="https%3A%2F%2Fgraph.microsoft.com%2F.default")
    case("only openid", 70011, scope="openid")
    case("two blanks", "strict", "single blanks", scope=GRAPH + "/.default  openid")
    case("unknown resource", 500011, "https://graph.example.com", scope="https://graph.example.com/.default")
    case("no grant", 900144, "'grant_type'", grant_type=...)
    case("grant", 70003, "password", grant_type="password")
    case("no client", 900144, "'client_id'", client_id=...)
    case("no assertion", 7000216, client_assertion=...)
    case("no assertion type", 900144, "'client_assertion_type'", client_assertion_type=...)
    case("assertion type", 900144, "'client_assertion_type'", client_assertion_type="jwt")
    case("unknown field", "strict", "unknown field resource", resource=GRAPH)
    twice = [*fields(world.assertion(cloud)).items(), ("scope", GRAPH + "/.default")]
    refused(checks, cloud, "scope twice", post_form(cloud, PATH, twice), "strict", "scope is there twice")
    refused(checks, cloud, "content type", post_form(cloud, PATH, fields(""), "text/plain"), "strict", "content type")
    refused(checks, cloud, "query", token(cloud, "", PATH + "?a=b"), "strict", "query")
    refused(checks, cloud, "GET", get(cloud, PATH), 900561, "GET")
    for name, text in (("no JSON", "{"), ("array", "[]"), ("unknown member", '{"a":{}}'), ("claim", '{"access_token":{"a":1}}'),
                       ("capabilities", '{"access_token":{"xms_cc":{"values":"cp1"}}}'), ("base64", "e30=")):
        case("claims: " + name, 9002313, claims=text)


def continuous_access(checks, cloud, world):
    capable = {"access_token": {"xms_cc": {"values": ["cp1"]}}}
    reply = token(cloud, world.assertion(cloud), claims=json.dumps(capable))
    checks.equal("long-lived", (document(reply)["expires_in"], document(reply)["refresh_in"], claims_of(reply)["xms_cc"]), (86400, 43200, ["cp1"]))
    demanded = {"access_token": {"nbf": {"essential": True, "value": "1604106651"}}}
    cloud.config(entra={"challenge": demanded})
    challenge = get(cloud, "/entra/check", document(reply)["access_token"])
    text = re.search(r'error="insufficient_claims", claims="([^"]+)"', challenge.headers["WWW-Authenticate"]).group(1)
    checks.equal("challenge", (challenge.status, json.loads(base64.b64decode(text))), (401, demanded))
    both = {"access_token": {**capable["access_token"], **demanded["access_token"]}}
    again = document(token(cloud, world.assertion(cloud), claims=json.dumps(both)))["access_token"]
    checks.equal("after the challenge", get(cloud, "/entra/check", again).status, 200)
    checks.equal("changed token", get(cloud, "/entra/check", flipped(again)).status, 401)
    checks.equal("other audience", get(cloud, "/entra/check?audience=a", again).status, 401)


def on_behalf_of(checks, cloud, world):
    def user(client=CLIENT, **more):
        return get(cloud, f"/entra/user-token?tenant={TENANT}&client={client}&user=ann" + "".join(f"&{n}={v}" for n, v in more.items())).body.decode()

    def call(assertion, **change):
        return token(cloud, world.assertion(cloud), **{**OBO, "assertion": assertion, "scope": GRAPH + "/User.Read offline_access", **change})
    reply = call(user())
    checks.equal("for the user", (claims_of(reply)["upn"], claims_of(reply)["idtyp"], document(reply)["scope"]),
                 ("ann", "user", GRAPH + "/User.Read offline_access"))
    checks.equal("action", cloud.last()["action"], "OnBehalfOf")
    checks.equal(".default", call(user(), scope=GRAPH + "/.default").status, 200)
    refused(checks, cloud, "changed user token", call(flipped(user())), 50013, "key was not found")
    refused(checks, cloud, "no user token", call("abc"), 50013)
    refused(checks, cloud, "of another client", call(user(OFF)), 500131, OFF)
    refused(checks, cloud, "expired user token", call(user(seconds=-1)), 500133, "expiry")
    refused(checks, cloud, "no use", call(user(), requested_token_use=...), 900144, "requested_token_use")
    refused(checks, cloud, "no assertion", call(...), 900144, "'assertion'")
    refused(checks, cloud, "no client assertion", call(user(), client_assertion=...), 7000218)


def federated(checks, cloud, world):
    def call(key=None, algorithm="RS256", header=None, **claims):
        base = {"iss": ISSUER, "sub": "device-1", "aud": "api://AzureADTokenExchange", "nbf": now() - 60, "iat": now(), "exp": now() + 3600}
        return token(cloud, compact({"alg": algorithm, "typ": "JWT", "kid": "r", **(header or {})}, {**base, **claims}, key or world.key, algorithm))
    checks.equal("federated", claims_of(call(jti="a"))["appid"], CLIENT)
    cases = [("issuer", 700211, ISSUER + "/", {"iss": ISSUER + "/"}), ("subject", 700213, "Device-1", {"sub": "Device-1"}),
             ("audience", 700212, "a", {"aud": "a"}), ("no audience", 700212, "", {"aud": ...}),
             ("ES256", 5002738, "ES256", {"key": world.ec, "algorithm": "ES256", "header": {"kid": "e"}}),
             ("other key", 700027, "did not match", {"key": world.other}),
             ("kid", 700027, "not found", {"header": {"kid": "x"}}), ("no kid", 50027, "kid", {"header": {"kid": ...}}),
             ("expired", 700024, "expiry", {"exp": now() - 1}), ("jti", "strict", "used before", {"jti": "a"}),
             ("thumbprint", "strict", "names a certificate", {"header": {"x5t": x5t(world.leaf)}})]
    for name, code, text, arguments in cases:
        refused(checks, cloud, "federated: " + name, call(**arguments), code, text)


def adfs(checks, cloud, world):
    path, sha1 = "/adfs/oauth2/token", {"alg": "RS256", "typ": "JWT", "x5t": x5t(world.leaf)}

    def call(header=None, **change):
        return token(cloud, world.assertion(cloud, header=header or sha1, path=path), path, **{"scope": "https://file.example.com", **change})
    checks.equal("AD FS", claims_of(call())["aud"], "https://file.example.com")
    refused(checks, cloud, "AD FS: SHA-256", call(world.header()), "strict", "x5t#S256")
    refused(checks, cloud, "AD FS: PS256", call({**sha1, "alg": "PS256"}), 5002738, "PS256")
    refused(checks, cloud, "AD FS: .default", call(scope="https://file.example.com/.default"), 70011)
    checks.equal("seconds", get(cloud, f"/entra/user-token?tenant={TENANT}&client={CLIENT}&user=ann&seconds=x").status, 400)
    checks.equal("no user", get(cloud, f"/entra/user-token?tenant={TENANT}&client={CLIENT}").status, 400)
    checks.equal("no v1 for a tenant", token(cloud, "a", f"/{TENANT}/oauth2/token").status, 404)


def misbehaviours(checks, cloud, world):
    def behaving(**behaviour):
        cloud.behave(behaviour)
        return token(cloud, world.assertion(cloud))
    reply = behaving(throttle=True, retry_after="3")
    checks.equal("throttled", (reply.status, reply.headers["Retry-After"], document(reply)["error_codes"]), (429, "3", [90055]))
    reply = behaving(error={"code": "AADSTS50076", "message": "MFA.",
                            "more": {"error": "interaction_required", "suberror": "basic_action", "claims": "{}"}})
    checks.equal("error", [document(reply)[name] for name in ("error", "suberror", "error_codes")], ["interaction_required", "basic_action", [50076]])
    reply = behaving(error={"code": "server_error", "status": 500, "message": "m", "form": "oauth"})
    checks.equal("plain error", (reply.status, document(reply)), (500, {"error": "server_error", "error_description": "m"}))
    reply = behaving(error={"code": "invalid_client", "message": "m", "more": {"error_codes": None, "trace_id": 7}})
    checks.equal("wrong member", (document(reply)["error"], document(reply)["trace_id"]), ("invalid_client", 7))
    checks.contains("texts", behaving(expires_as="string").body, b'"expires_in":"3599"')
    checks.equal("more", document(behaving(add={"refresh_in": 10, "expires_on": "11/29/2026 10:00:00 +00:00"}))["refresh_in"], 10)
    checks.equal("only ext_expires_in", "expires_in" in document(behaving(missing="expires_in")), False)
    checks.contains("poison", document(behaving(poison="access_token"))["access_token"], "\r\n")
    cloud.config(entra={"answer": {"expires_in": 100, "refresh_in": 50, "text": True}})
    given = document(token(cloud, world.assertion(cloud)))
    checks.equal("texts of the configuration", (given["expires_in"], given["refresh_in"], given["access_token"][:2]), ("100", "50", "ey"))


def msal(checks, cloud, world):
    """Microsoft's library; Debian's is old, but not ours."""
    try:
        import msal as library
    except ImportError as missing:
        print(f"without msal: {missing}")
        return
    credential = {"private_key": cloud_pki.key_pem(world.key).decode(), "thumbprint": hashlib.sha1(der(world.leaf)).hexdigest()}
    one_line = f"-----BEGIN CERTIFICATE-----{base64.b64encode(der(world.leaf)).decode()}-----END CERTIFICATE-----"  # old msal leaves line ends in x5c

    def application(credential, authority=f"{cloud.url}/{TENANT}", **more):
        return library.ConfidentialClientApplication(CLIENT, credential, authority, validate_authority=False, http_client=oauth_client.session(cloud),
                                                     **more)
    cloud.config(entra={"rules": {"padding": True, "reuse": True, "unknown_fields": True}})
    given = application(credential).acquire_token_for_client([GRAPH + "/.default"])
    checks.contains("msal", given, "access_token")
    given = application({**credential, "public_certificate": one_line}).acquire_token_for_client([GRAPH + "/.default"])
    checks.true("msal with x5c", "access_token" in given and "x5c" in cloud.last()["parameters"]["header"], given)
    given = application(credential, client_capabilities=["cp1"]).acquire_token_for_client([GRAPH + "/.default"])
    checks.equal("msal with cp1", given.get("expires_in"), 86400)
    user = get(cloud, f"/entra/user-token?tenant={TENANT}&client={CLIENT}&user=ann").body.decode()
    given = application(credential).acquire_token_on_behalf_of(user, [GRAPH + "/User.Read"])
    checks.contains("msal on behalf of", given, "access_token")
    given = application({"client_assertion": world.assertion(cloud)}).acquire_token_for_client([GRAPH + "/.default"])
    checks.contains("msal with our assertion", given, "access_token")
    given = application({**credential, "thumbprint": "00" * 20}).acquire_token_for_client([GRAPH + "/.default"])
    checks.equal("msal reads the error", (given.get("error"), given.get("error_codes")), ("invalid_client", [700027]))


def run(checks):
    world = World()
    for cases in (good_tokens, bad_assertions, bad_requests, continuous_access, on_behalf_of, federated, adfs, misbehaviours, msal):
        with cloud_control.Cloud(copy.deepcopy(world.config)) as cloud:
            cases(checks, cloud, world)
