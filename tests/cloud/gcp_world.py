# SPDX-License-Identifier: Apache-2.0
"""The program's world with Google: service accounts, a workload identity pool, and a project of Google Distributed Cloud."""
import json
import time

import jwt

import cloud_checks
from program_world import World

DOMAIN = "@project.iam.gserviceaccount.com"
ROBOT, MIDDLE, TARGET, OTHER = (name + DOMAIN for name in ("robot", "middle", "target", "other"))
ROBOT_MEMBER = "serviceAccount:" + ROBOT
KID, OTHER_KID = "0123456789abcdef0123456789abcdef01234567", "f" * 40
POOL_OF = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/"
POOL, RSA_POOL, CLOSED_POOL = (POOL_OF + f"{name}/providers/q" for name in ("ec", "rsa", "closed"))
ISSUER = "https://issuer.example.com/a"
SUBJECT = "device-1"
PRINCIPAL = "principal:" + POOL_OF + "ec/subject/" + SUBJECT
GDCH = "system:serviceaccount:shop:till"
USER = "ann@example.com"
PLATFORM, STORAGE = (f"https://www.googleapis.com/auth/{name}" for name in ("cloud-platform", "devstorage.read_only"))
AUDIENCE = "https://service.example.com/"
PASSWORD = "correct horse battery"


class GcpWorld(World):
    def __init__(self, program):
        super().__init__(program)
        self.secrets = [PASSWORD]

    def configuration(self):
        keys = {KID: {"file": self.file("rsa.pub")}, "disabled": {"file": self.file("rsa.pub"), "enabled": False}}
        pool = {"issuer": ISSUER, "jwks_file": self.file("ec-documents/.well-known/jwks.json")}
        accounts = {
            ROBOT: {"keys": keys, "delegation": {"users": [USER], "scopes": [PLATFORM]}, "iam": {ROBOT_MEMBER: "*"}},
            MIDDLE: {"iam": {ROBOT_MEMBER: ["iam.serviceAccounts.implicitDelegation"]}},
            TARGET: {"max_lifetime": 43200, "iam": {ROBOT_MEMBER: "*", "serviceAccount:" + MIDDLE: "*", PRINCIPAL: "*"}},
            OTHER: {"keys": {OTHER_KID: {"file": self.file("other.pub")}}}}
        return {"region": "eu-central-1", "google": {
            "service_accounts": accounts, "projects": {"billed": [ROBOT_MEMBER, PRINCIPAL]},
            "pools": {POOL: {**pool, "projects": ["billed"]}, CLOSED_POOL: {**pool, "enabled": False},
                      RSA_POOL: {"issuer": ISSUER, "jwks_file": self.file("rsa-documents/.well-known/jwks.json")}},
            "gdch": {GDCH: {"keys": {"till-key": {"file": self.file("ec.pub")}}, "audiences": [AUDIENCE]}}}}

    def make_keys(self):
        self.file("password", PASSWORD + "\n")
        kinds = {"rsa": ["rsa2048"], "other": ["rsa2048"], "ec": ["ecc256"], "ec384": ["ecc384"], "pss": ["rsa2048", "--scheme", "rsapss"],
                 "locked": ["ecc256", "--password-file", self.file("password")]}
        for name, kind in kinds.items():
            self.make("key", "create", "--algorithm", *kind, "--out", self.file(name + ".pem"))
            self.file(name + ".pub", self.make("key", "public", self.file(name + ".pem")))
        for name in ("rsa", "ec"):
            self.make("gcp", "oidc-documents", "--keyfile", self.file(name + ".pem"), "--issuer", ISSUER, "--out", self.file(name + "-documents"))

    # --- commands ---

    def token(self, *more, key="rsa.pem", network=True):
        """The arguments of gcp token."""
        return ["gcp", "token", "--keyfile", self.file(key), *(self.network() if network else []), *more]

    def account(self, *more, email=ROBOT, keyid=KID, key="rsa.pem", network=True):
        """A service account's token that the key signs by itself."""
        options = ["--keyid", keyid] if keyid else []
        return self.token("--email", email, *options, *more, key=key, network=network)

    def access(self, *more, kind="access", endpoint=None, **which):
        """A token of the token endpoint."""
        return self.account("--kind", kind, "--token-uri", (endpoint or self.cloud.url) + "/token", *more, **which)

    def identity(self, *more, **which):
        return self.access("--audience", AUDIENCE, *more, kind="id", **which)

    def impersonated(self, *more, target=TARGET, endpoint=None, **which):
        return self.account("--impersonate", target, "--iam-endpoint", endpoint or self.cloud.url, *more, **which)

    def issued(self, *more, key="ec.pem", issuer=ISSUER, subject=SUBJECT, network=True):
        """What the key as an issuer of its own needs."""
        return self.token("--issuer", issuer, "--federation-subject", subject, *more, key=key, network=network)

    def federated(self, *more, pool=POOL, endpoint=None, **which):
        return self.issued("--kind", "federated", "--pool-audience", pool, "--sts-endpoint", endpoint or self.cloud.url, *more, **which)

    def gdch(self, *more, key="ec.pem", keyid="till-key", name="till", endpoint=None, audience=AUDIENCE):
        url = (endpoint or self.cloud.url) + "/platform/authenticate"
        return self.token("--kind", "gdch", "--gdch-project", "shop", "--gdch-name", name, "--keyid", keyid, "--token-uri", url,
                          "--audience", audience, *more, key=key)

    def askers(self, endpoint=None):
        """What asks a server: a name, and the arguments."""
        yield "token endpoint", self.access(endpoint=endpoint)
        yield "IAM", self.impersonated(endpoint=endpoint)
        yield "STS", self.federated(endpoint=endpoint)
        yield "GDCH", self.gdch(endpoint=endpoint)

    # --- what is expected ---

    def public(self, name="rsa"):
        with open(self.file(name + ".pub"), encoding="utf-8") as file:
            return file.read()

    def opened(self, name, text, algorithm="RS256", key="rsa", life=3600):
        """The claims of a JWT that the key signed just now, by PyJWT."""
        try:
            claims = jwt.decode(text.strip(), self.public(key), algorithms=[algorithm], options={"verify_aud": False})
        except jwt.exceptions.PyJWTError as error:
            self.checks.true(name + ": signature", False, error)
            return {}
        self.checks.equal(name + ": life", claims["exp"] - claims["iat"], life)
        self.checks.true(name + ": issued now", -90 < claims["iat"] - time.time() <= 0, claims["iat"])
        return claims

    def granted(self, name, arguments, requests=1, principal=ROBOT_MEMBER, scopes=(PLATFORM,), life=3599, **how):
        """The JSON of a run that gets an opaque token, of which /check says whose it is."""
        got = self.json(name, [*arguments, "--format", "json"], requests, **how)
        if not got:
            return {}
        self.checks.equal(name + ": type", got["token_type"], "Bearer")
        self.checks.true(name + ": life", life - 30 <= got["expires_in"] <= life, got["expires_in"])
        self.checks.equal(name + ": whose", self.whose(got["access_token"], got.get("quota_project")), (principal, sorted(scopes)))
        return got

    def json(self, name, arguments, requests=1, **how):
        text = self.accepted(name, arguments, requests, **how)
        try:
            return json.loads(text or "{}")
        except ValueError as error:
            self.checks.true(name + ": JSON", False, f"{error}: {text!r}")
            return {}

    def whose(self, token, project=None):
        """(principal, scopes) of a token, as /check says it; or what it refuses."""
        headers = [("Host", self.cloud.url.split("//")[1]), ("Authorization", "Bearer " + token)]
        headers += [("x-goog-user-project", project)] if project else []
        answer = cloud_checks.send(self.cloud, "GET", "/check", headers)
        said = json.loads(answer.body)
        return (said["principal"], sorted(said["scopes"] or [])) if answer.status == 200 else (answer.status, said["error"]["message"])
