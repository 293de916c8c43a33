# SPDX-License-Identifier: Apache-2.0
"""The program's world with Entra: a tenant, an application with certificates of keys in the TPM and a federated credential, and AD FS."""
import datetime
import json

from cryptography.hazmat.primitives import serialization

import cloud_checks
import cloud_pki
from program_world import World

TENANT, DOMAIN = "72f988bf-86f1-41af-91ab-2d7cd011db47", "contoso.example.com"
CLIENT, OTHER_CLIENT, NAMED_CLIENT = ("11111111-2222-3333-4444-555555555555", "21111111-2222-3333-4444-555555555555", "31111111-2222-3333-4444-555555555555")
RESOURCE, ADFS_RESOURCE = "https://graph.microsoft.com", "https://service.example.com"
GRAPH = RESOURCE + "/.default"
ISSUER, SUBJECT = "https://issuer.example.com/a/", "device-1"
EXCHANGE = "api://AzureADTokenExchange"
REGION = "westeurope"
PASSWORD = "correct horse battery"


class AzureWorld(World):
    """RSA keys without a scheme, of PKCS #1 and of PSS alone; each has a certificate that the application knows."""

    KINDS = {"rsa": [], "rs": ["--scheme", "rsassa"], "pss": ["--scheme", "rsapss"], "other": [], "locked": ["--password-file", None]}

    def __init__(self, program):
        super().__init__(program)
        self.secrets = [PASSWORD]
        self.root = cloud_pki.Authority("root")
        self.middle = [cloud_pki.Authority("middle 1", self.root)]
        self.middle.append(cloud_pki.Authority("middle 2", self.middle[0]))
        self.public = {}

    def configuration(self):
        known = [{"file": self.file(name + ".crt")} for name in ("rsa", "rs", "pss", "locked")]
        federated = {"issuer": ISSUER, "subject": SUBJECT, "jwks_file": self.file("documents/.well-known/jwks.json")}
        trusted = {"subject": "CN=named", "issuer": "CN=middle 2", "roots": [{"pem": self.root.pem().decode()}]}
        apps = {CLIENT: {"certificates": known, "federated": [federated]}, OTHER_CLIENT: {"certificates": known[:1], "enabled": False},
                NAMED_CLIENT: {"names": [trusted]}}
        return {"region": "eu-central-1", "entra": {"tenants": {TENANT: {"domains": [DOMAIN], "apps": apps}},
                                                    "adfs": {"apps": {CLIENT: {"certificates": known, "resources": [ADFS_RESOURCE]}}}}}

    def make_keys(self):
        self.file("password", PASSWORD + "\n")
        for name, more in self.KINDS.items():
            more = [self.file("password") if word is None else word for word in more]
            self.make("key", "create", "--algorithm", "rsa2048", *more, "--out", self.file(name + ".pem"))
        self.make("key", "create", "--algorithm", "ecc256", "--out", self.file("ec.pem"))
        for name in [*self.KINDS, "ec"]:
            self.public[name] = cloud_pki.public_key(self.make("key", "public", self.file(name + ".pem")).encode())
            self.write(self.issue(name), name=name + ".crt")
        self.make("azure", "oidc-documents", "--keyfile", self.file("rsa.pem"), "--federation-issuer", ISSUER, "--out", self.file("documents", directory=True))

    # --- certificates ---

    def issue(self, name="rsa", issuer=None, subject=None, **more):
        """A certificate; it is valid since before any clock that tests have."""
        start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=3)
        return (issuer or self.root).issue(subject or name, self.public[name], **{"start": start, **more})

    def write(self, *certificates, name="made.crt"):
        self.file(name, b"".join(cloud_pki.pem(certificate) for certificate in certificates))
        return name

    def register(self, *names):
        """The application knows the certificates of these files and no others, and those of the keys."""
        files = [{"file": self.file(name)} for name in ("rsa.crt", "rs.crt", "pss.crt", "locked.crt", *names)]
        self.cloud.config(entra={"tenants": {TENANT: {"apps": {CLIENT: {"certificates": files}}}}})

    # --- commands ---

    def azure(self, command, *more, key="rsa.pem", certificate="rsa.crt", tenant=TENANT, client=CLIENT, scope=GRAPH, endpoint=None):
        named = {"--keyfile": self.file(key), "--certificate-path": certificate and self.file(certificate), "--tenant-id": tenant,
                 "--client-id": client, "--authority-host": (endpoint or self.cloud.url) if endpoint != "" else None, "--scopes": scope}
        given = [word for name, value in named.items() if value is not None for word in (name, value)]
        return ["azure", command, *given, *self.network(), *more]

    def token(self, *more, **how):
        return self.azure("token", *more, **how)

    def federated(self, *more, command="token", issuer=ISSUER, subject=SUBJECT, **how):
        return self.azure(command, "--federation-issuer", issuer, "--federation-subject", subject, *more, certificate=None, **how)

    def assertion(self, *more, **how):
        return self.azure("assertion", *more, scope=None, **how)

    def for_user(self, token, *more, scope=RESOURCE + "/User.Read", **how):
        return self.azure("on-behalf-of", "--user-assertion-file", self.file("user", token), *more, scope=scope, **how)

    def askers(self, endpoint=None):
        """What asks a server: a name, and the arguments."""
        yield "Entra", self.token(endpoint=endpoint)
        yield "Entra, federated", self.federated(endpoint=endpoint)

    # --- what is expected ---

    def get(self, target, *headers):
        return cloud_checks.send(self.cloud, "GET", target, [("Host", self.cloud.url.split("//")[1]), *headers])

    def user_token(self, user="ann@example.com", client=CLIENT, seconds=3600):
        return self.get(f"/entra/user-token?tenant={TENANT}&client={client}&user={user}&seconds={seconds}").body.decode()

    def said(self, token, audience=None):
        """What /entra/check says of a token: its claims, or the refusal's text."""
        answer = self.get("/entra/check" + (f"?audience={audience}" if audience else ""), ("Authorization", "Bearer " + token))
        document = json.loads(answer.body)
        return document if answer.status == 200 else document["error"]["message"]

    def granted(self, name, arguments, requests=1, resource=RESOURCE, life=3599, **how):
        """The claims of the token that a run gets as JSON."""
        text = self.accepted(name, [*arguments, "--format", "json"], requests, **how)
        if not text:
            return {}
        got = json.loads(text)
        self.checks.equal(name + ": members", sorted(got), ["access_token", "expires_at", "expires_in", "token_type"])
        self.checks.true(name + ": life", life - 30 <= got["expires_in"] <= life, got["expires_in"])
        claims = self.said(got["access_token"])
        self.checks.equal(name + ": aud", claims.get("aud") if isinstance(claims, dict) else claims, resource)
        return claims if isinstance(claims, dict) else {}

    def parameters(self):
        """What the one request of the last run had, without the lookups of checks."""
        sent = [entry["parameters"] for entry in self.cloud.log() if entry["service"] == "entra"]
        return {"header": {}, "assertion_claims": dict.fromkeys(("iss", "sub", "aud", "jti", "exp", "nbf"), 0), "client_assertion": "", **(sent or [{}])[-1]}

    def der(self, certificate):
        return certificate.public_bytes(serialization.Encoding.DER)
