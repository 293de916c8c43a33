# SPDX-License-Identifier: Apache-2.0
"""Workload identity federation with an issuer of one's own, and the service accounts of Google Distributed Cloud."""
import copy
import json
import urllib.parse

import cloud_control
import cloud_pki
import google_cases
import oauth_client
from google_cases import refused
from oauth_client import compact, document, flipped, get, now, post_form, post_json

POOL = "//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/pool"
AUDIENCE, OFF, NARROW = (f"{POOL}/providers/{name}" for name in ("tpm", "off", "narrow"))
ISSUER = "https://device.example.com"
PRINCIPAL = "principal:" + POOL + "/subject/device-1"
TARGET = "target@project.iam.gserviceaccount.com"
GDCH = "system:serviceaccount:project:name"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN, JWT_TYPE = (f"urn:ietf:params:oauth:token-type:{name}" for name in ("access_token", "jwt"))


class World:
    def __init__(self):
        self.rsa, self.ec, self.curve = (cloud_pki.new_key(kind) for kind in ("RSA2048", "P-256", "P-384"))
        keys = {"keys": [oauth_client.jwk(self.rsa, "r", alg="RS256"), oauth_client.jwk(self.ec, "e"), oauth_client.jwk(self.curve, "c")]}
        pool = {"issuer": ISSUER, "jwks": keys, "projects": ["billed"]}
        self.config = {"google": {
            "pools": {AUDIENCE: pool, OFF: {**pool, "enabled": False},
                      NARROW: {**pool, "subjects": ["other"], "algorithms": ["RS256"], "jwks": json.dumps(keys)}},
            "service_accounts": {TARGET: {"iam": {PRINCIPAL: ["iam.serviceAccounts.getAccessToken"]}}},
            "gdch": {GDCH: {"keys": {"g": {"pem": oauth_client.public_pem(self.ec)}}}}}}

    def subject(self, key=None, algorithm="ES256", kid="e", header=None, **claims):
        base = {"iss": ISSUER, "sub": "device-1", "aud": "https:" + AUDIENCE, "iat": now(), "exp": now() + 300}
        return compact({"alg": algorithm, "typ": "JWT", "kid": kid, **(header or {})}, {**base, **claims}, key or self.ec, algorithm)

    def fields(self, token, **change):
        base = {"grant_type": EXCHANGE, "audience": AUDIENCE, "scope": google_cases.PLATFORM, "requested_token_type": ACCESS_TOKEN,
                "subject_token": token, "subject_token_type": JWT_TYPE}
        return oauth_client.without_null({**base, **change})


def exchange(cloud, world, token, **change):
    return post_form(cloud, "/v1/token", world.fields(token, **change))


def good_exchanges(checks, cloud, world):
    given = document(exchange(cloud, world, world.subject()))
    checks.equal("members", (given["issued_token_type"], given["token_type"], given["expires_in"]), (ACCESS_TOKEN, "Bearer", 3599))
    seen = google_cases.principal(cloud, given["access_token"])
    checks.equal("principal", (seen["principal"], seen["kind"]), (PRINCIPAL, "federated"))
    checks.equal("RS256", exchange(cloud, world, world.subject(world.rsa, "RS256", "r")).status, 200)
    for name, token, change in (("no kid", world.subject(kid=...), {}), ("aud without scheme", world.subject(aud=AUDIENCE), {}),
                                ("24 hours", world.subject(exp=now() + 86400), {}),
                                ("ID token type", world.subject(), {"subject_token_type": JWT_TYPE.replace("jwt", "id_token")}),
                                ("options", world.subject(), {"options": urllib.parse.quote('{"userProject":"billed"}')}),
                                ("again", world.subject(jti="a"), {}), ("and again", world.subject(jti="a"), {})):
        checks.equal(name, exchange(cloud, world, token, **change).status, 200)
    as_target = post_json(cloud, google_cases.path_of(TARGET), {"scope": [google_cases.PLATFORM]}, given["access_token"])
    checks.equal("impersonation", google_cases.principal(cloud, document(as_target)["accessToken"])["principal"], "serviceAccount:" + TARGET)
    other = document(exchange(cloud, world, world.subject(sub="device-2")))["access_token"]
    refused(checks, cloud, "another device", post_json(cloud, google_cases.path_of(TARGET), {"scope": [google_cases.PLATFORM]}, other), 403,
            "PERMISSION_DENIED", "denied")


def bad_subjects(checks, cloud, world):
    signature = "Invalid signature for ID Token"
    cases = [
        ("flipped", flipped(world.subject()), signature), ("other key", world.subject(cloud_pki.new_key()), signature),
        ("unknown kid", world.subject(kid="x"), "no key"), ("P-384 with ES256", world.subject(kid="c", header={"alg": "ES256"}), signature),
        ("ES384", world.subject(world.curve, "ES384", "c"), "algorithm ES384"),
        ("RS256 of an EC key", world.subject(world.rsa, "RS256", "e"), signature),
        ("PS256", world.subject(world.rsa, "PS256", "r"), "algorithm PS256"), ("none", world.subject(header={"alg": "none"}), "algorithm none"),
        ("issuer", world.subject(iss=ISSUER + "/"), "issuer in ID Token"), ("no issuer", world.subject(iss=...), "issuer in ID Token"),
        ("audience", world.subject(aud="https:" + OFF), "audience in ID Token"), ("no audience", world.subject(aud=...), "audience in ID Token"),
        ("audience list", world.subject(aud=[AUDIENCE]), "aud is not a text"), ("no subject", world.subject(sub=...), "google.subject"),
        ("subject of 128", world.subject(sub="x" * 128), "google.subject"), ("empty subject", world.subject(sub=""), "sub is not a text"),
        ("iat ahead", world.subject(iat=now() + 30), "in the future"), ("nbf ahead", world.subject(nbf=now() + 30), "not valid before"),
        ("expired", world.subject(iat=now() - 60, exp=now() - 1), "stale"), ("too long", world.subject(exp=now() + 86402), "24 hours"),
        ("no iat", world.subject(iat=...), "must have iat"), ("no exp", world.subject(exp=...), "must have iat"),
        ("exp as text", world.subject(exp=str(now() + 60)), "exp is not a number"),
        ("no JWT", "abc", "3 dot"),
    ]
    for name, token, text in cases:
        refused(checks, cloud, "subject: " + name, exchange(cloud, world, token), 400, "invalid_grant", text)
    narrow = {"aud": "https:" + NARROW}
    refused(checks, cloud, "condition", exchange(cloud, world, world.subject(world.rsa, "RS256", "r", **narrow), audience=NARROW), 401,
            "unauthorized_client", "attribute condition")
    refused(checks, cloud, "algorithms of the pool", exchange(cloud, world, world.subject(**narrow), audience=NARROW), 400, "invalid_grant", "ES256")


def bad_exchanges(checks, cloud, world):
    token = world.subject()
    cases = [("other pool", {"audience": AUDIENCE + "x"}, "invalid_target", "audience"),
             ("disabled", {"audience": OFF}, "invalid_target", "disabled"),
             ("grant", {"grant_type": EXCHANGE + "x"}, "unsupported_grant_type", "grant_type"),
             ("no grant", {"grant_type": ...}, "invalid_request", "grant_type"),
             ("requested type", {"requested_token_type": JWT_TYPE}, "invalid_request", "requested_token_type"),
             ("subject type", {"subject_token_type": ACCESS_TOKEN}, "invalid_request", "subject_token_type"),
             ("no scope", {"scope": ...}, "invalid_request", "scope"), ("unknown scope", {"scope": "a"}, "invalid_scope", "a"),
             ("no token", {"subject_token": ""}, "invalid_request", "subject_token"),
             ("options", {"options": "{"}, "invalid_request", "options"),
             ("other project", {"options": '{"userProject":"free"}'}, "invalid_request", "options"),
             ("unknown field", {"resource": "a"}, "invalid_request", "unknown field resource")]
    for name, change, code, text in cases:
        refused(checks, cloud, "exchange: " + name, exchange(cloud, world, token, **change), 400, code, text)
    twice = list(world.fields(token).items()) + [("scope", "openid")]
    refused(checks, cloud, "scope twice", post_form(cloud, "/v1/token", twice), 400, "invalid_request", "twice")
    refused(checks, cloud, "GET", get(cloud, "/v1/token"), 405, "invalid_request", "GET")
    refused(checks, cloud, "JSON", post_json(cloud, "/v1/token", world.fields(token)), 400, "invalid_request", "content type")
    refused(checks, cloud, "client", post_form(cloud, "/v1/token", world.fields(token), headers=[("Authorization", "Basic YTpi")]), 401,
            "invalid_client", "client")


def gdch(checks, cloud, world):
    url = cloud.url + "/authenticate"

    def call(header=None, key=None, algorithm="ES256", path="/authenticate", change=None, **claims):
        at = now()
        base = {"iss": GDCH, "sub": GDCH, "aud": url, "iat": at, "exp": at + 3600}
        token = compact({"alg": algorithm, "typ": "JWT", "kid": "g", **(header or {})}, {**base, **claims}, key or world.ec, algorithm)
        body = {"grant_type": "urn:ietf:params:oauth:token-type:token-exchange", "audience": "https://api.example.com",
                "requested_token_type": ACCESS_TOKEN,
                "subject_token": token, "subject_token_type": "urn:k8s:params:oauth:token-type:serviceaccount"}
        return post_json(cloud, path, oauth_client.without_null({**body, **(change or {})}))
    given = document(call())
    checks.equal("GDCH", (given["token_type"], google_cases.principal(cloud, given["access_token"])["principal"]), ("Bearer", GDCH))
    cases = [("kid", {"header": {"kid": "h"}}, "Signature"), ("no kid", {"header": {"kid": ...}}, "Signature"),
             ("RS256", {"key": world.rsa, "algorithm": "RS256"}, "Signature"),
             ("key", {"key": cloud_pki.new_key()}, "Signature"), ("issuer", {"iss": "a", "sub": "a"}, "account not found"),
             ("subject", {"sub": "a"}, "account not found"),
             ("audience", {"aud": url + "/"}, "audience"), ("life", {"exp": now() + 3605}, "short-lived")]
    for name, arguments, text in cases:
        refused(checks, cloud, "GDCH: " + name, call(**arguments), 400, "invalid_grant", text)
    refused(checks, cloud, "GDCH: claim", call(scope="a"), 400, "invalid_request", "claims")
    refused(checks, cloud, "GDCH: http", call(change={"audience": "http://api.example.com"}), 400, "invalid_target", "audience")
    refused(checks, cloud, "GDCH: GET", get(cloud, "/authenticate"), 405, "invalid_request", "GET")
    for name, change, text in (("grant", {"grant_type": EXCHANGE}, "grant_type"), ("no audience", {"audience": ...}, "audience"),
                               ("more", {"scope": "a"}, "unknown field")):
        refused(checks, cloud, "GDCH: " + name, call(change=change), 400, "invalid_request", text)


def run(checks):
    world = World()
    for cases in (good_exchanges, bad_subjects, bad_exchanges, gdch):
        with cloud_control.Cloud(copy.deepcopy(world.config)) as cloud:
            cases(checks, cloud, world)
