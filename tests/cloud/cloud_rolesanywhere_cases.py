# SPDX-License-Identifier: Apache-2.0
"""Roles Anywhere as a client sees it that is made of the Python package cryptography, and tampering of each part."""
import base64
import datetime
import hashlib
import json
import urllib.parse

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

import cloud_checks
import cloud_control
import cloud_pki
import cloud_sts_cases

ACCOUNT = "123456789012"
ID = "01234567-89ab-cdef-0123-456789abcdef"
ANCHOR, OFF_ANCHOR = (f"arn:aws:rolesanywhere:eu-central-1:{ACCOUNT}:trust-anchor/{i}{ID[1:]}" for i in "0f")
PROFILE, NAMED, OFF_PROFILE = (f"arn:aws:rolesanywhere:eu-central-1:{ACCOUNT}:profile/{i}{ID[1:]}" for i in "01f")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/path/reader"
ARNS = {"profileArn": PROFILE, "roleArn": ROLE, "trustAnchorArn": ANCHOR}
UTC = datetime.timezone.utc


class World:
    """A root, three intermediates below it, and the devices."""

    def __init__(self):
        self.root = cloud_pki.Authority("root")
        self.middle = [cloud_pki.Authority("middle 1", self.root, kind="P-384")]
        for i in (2, 3):
            self.middle.append(cloud_pki.Authority(f"middle {i}", self.middle[-1], kind="RSA2048" if i == 3 else "P-256"))
        self.keys = {kind: cloud_pki.new_key(kind) for kind in ("RSA2048", "P-256", "P-384")}
        self.leaves = {kind: self.root.issue(kind, key.public_key()) for kind, key in self.keys.items()}

    def config(self):
        anchor = {"pem": self.root.pem().decode()}
        profile = {"roles": [ROLE]}
        return {"rolesanywhere": {"trust_anchors": {ANCHOR: anchor, OFF_ANCHOR: {**anchor, "enabled": False}},
                                  "profiles": {PROFILE: profile, NAMED: {**profile, "accept_role_session_name": True, "duration": 7200},
                                               OFF_PROFILE: {**profile, "enabled": False}}}}

    def issue(self, name="device", kind="P-256", **more):
        return self.root.issue(name, self.keys[kind].public_key(), **more)


def der64(certificate):
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


class Call:
    """A request that can be changed before it is signed, and after."""

    def __init__(self, cloud, world, kind="P-256", leaf=None, chain=(), body=None, query=None, **fields):
        self.cloud, self.key = cloud, world.keys[kind]
        self.leaf = leaf or world.leaves[kind]
        self.query = urllib.parse.urlencode(sorted(ARNS.items()), quote_via=urllib.parse.quote, safe="") if query is None else query
        self.body = body if body is not None else json.dumps(fields or {"durationSeconds": 900}).encode()
        self.time = datetime.datetime.now(UTC)
        self.algorithm = "AWS4-X509-RSA-SHA256" if kind.startswith("RSA") else "AWS4-X509-ECDSA-SHA256"
        self.region, self.service, self.serial = "eu-central-1", "rolesanywhere", str(self.leaf.serial_number)
        self.headers = {"content-type": "application/json", "host": urllib.parse.urlsplit(cloud.url).netloc,
                        "x-amz-date": self.time.strftime("%Y%m%dT%H%M%SZ"), "x-amz-x509": der64(self.leaf)}
        if chain:
            self.headers["x-amz-x509-chain"] = ",".join(der64(getattr(c, "certificate", c)) for c in chain)
        self.unsigned, self.method, self.digest = set(), "POST", hashes.SHA256()

    def at(self, seconds):
        self.time += datetime.timedelta(seconds=seconds)
        self.headers["x-amz-date"] = self.time.strftime("%Y%m%dT%H%M%SZ")
        return self

    def having(self, **members):
        for name, value in members.items():
            setattr(self, name, value)
        return self

    def header(self, name, value):
        self.headers[name] = value
        return self

    def raw_signature(self, data):
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), self.digest)
        return self.key.sign(data, ec.ECDSA(self.digest))

    def authorization(self):
        names = sorted(set(self.headers) - self.unsigned)
        lines = "".join(f"{name}:{self.headers[name]}\n" for name in names)
        canonical = "\n".join((self.method, "/sessions", self.query, lines, ";".join(names), hashlib.sha256(self.body).hexdigest()))
        scope = f"{self.time:%Y%m%d}/{self.region}/{self.service}/aws4_request"
        text = "\n".join((self.algorithm, self.headers.get("x-amz-date", ""), scope, hashlib.sha256(canonical.encode()).hexdigest()))
        return (f"{self.algorithm} Credential={self.serial}/{scope}, SignedHeaders={';'.join(names)}, "
                f"Signature={self.raw_signature(text.encode()).hex()}")

    def send(self, change=lambda call, headers: None):
        """Sends it; `change` may alter the call and the headers after the signature."""
        headers = {**self.headers, "authorization": self.authorization()}
        change(self, headers)
        target = "/sessions" + ("?" + self.query if self.query else "")
        return cloud_checks.send(self.cloud, self.method, target, list(headers.items()), self.body)


def accepted(checks, name, call):
    reply = call.send()
    last = call.cloud.last()
    checks.true(name, reply.status == 201 and last["verdict"] == "accepted", f"{last['code']}: {last['why']}")
    return json.loads(reply.body) if reply.status == 201 else {}


def refused(checks, name, call, status, code, text, change=lambda call, headers: None):
    reply = call.send(change)
    checks.refused(name, call.cloud, code, text)
    kind = reply.headers.get("X-Amzn-ErrorType", "").split(":")[0]
    checks.equal(name + ": answer", (reply.status, kind), (status, code))


def good_calls(checks, cloud, world):
    for kind in world.keys:
        answer = accepted(checks, kind, Call(cloud, world, kind))
    one = answer["credentialSet"][0]
    checks.equal("role", (one["roleArn"], one["sourceIdentity"]), (ROLE, "P-384"))
    checks.equal("session name is the serial", one["assumedRoleUser"]["arn"].rsplit("/", 1)[1], f"{world.leaves['P-384'].serial_number:x}")
    checks.equal("members", sorted(one["credentials"]), ["accessKeyId", "expiration", "secretAccessKey", "sessionToken"])
    given = {name[0].upper() + name[1:]: value for name, value in one["credentials"].items()}
    cloud.config(region="*")
    checks.contains("identity", cloud_sts_cases.client_of(cloud, given).get_caller_identity()["Arn"], "assumed-role/reader/")
    accepted(checks, "ARNs in the body", Call(cloud, world, query="", **ARNS))
    accepted(checks, "empty body", Call(cloud, world, body=b""))
    accepted(checks, "instance properties", Call(cloud, world, instanceProperties={"a": "b"}))
    accepted(checks, "role session name", Call(cloud, world, query="", roleSessionName="name", **{**ARNS, "profileArn": NAMED}))
    for seconds in (-290, 290):
        accepted(checks, f"{seconds} s off", Call(cloud, world).at(seconds))
    under = world.middle[2].issue("below", world.keys["P-256"].public_key())
    accepted(checks, "chain of three", Call(cloud, world, leaf=under, chain=world.middle[::-1]))
    short = accepted(checks, "profile's duration is the most", Call(cloud, world, durationSeconds=43200))
    until = datetime.datetime.strptime(short["credentialSet"][0]["credentials"]["expiration"], "%Y-%m-%dT%H:%M:%SZ")
    checks.true("an hour", until.replace(tzinfo=UTC) - datetime.datetime.now(UTC) <= datetime.timedelta(seconds=3601), until)
    big = world.issue(serial=(1 << 159) - 1)
    accepted(checks, "serial of 20 octets", Call(cloud, world, leaf=big))


def bad_fields(checks, cloud, world):
    def body(name, text, code="ValidationException", **fields):
        refused(checks, name, Call(cloud, world, query="", **{**ARNS, **fields}), 400, code, text)
    body("duration 899", "durationSeconds", durationSeconds=899)
    body("duration 43201", "durationSeconds", durationSeconds=43201)
    body("duration as text", "durationSeconds", durationSeconds="900")
    body("duration as float", "durationSeconds", durationSeconds=900.0)
    body("duration true", "durationSeconds", durationSeconds=True)
    body("short name", "roleSessionName", roleSessionName="a")
    body("name of 65", "roleSessionName", roleSessionName="a" * 65)
    body("name with a space", "roleSessionName", roleSessionName="a b")
    body("instance properties", "instanceProperties", instanceProperties={"a": 1})
    body("unknown member", "sessionName", "StrictCheckFailed", sessionName="abc")
    body("no ARN", "roleArn", roleArn=None)
    body("not an ARN", "trustAnchorArn", trustAnchorArn="arn:aws:rolesanywhere:x")
    body("ARN of another kind", "profileArn", profileArn=ANCHOR)
    body("other account", "account", roleArn=ROLE.replace("123", "223"))
    body("other partition", "partition", roleArn=ROLE.replace("arn:aws:", "arn:aws-cn:"))
    body("other region", "region", profileArn=PROFILE.replace("eu-central-1", "eu-west-1"))
    refused(checks, "in both", Call(cloud, world, roleArn=ROLE), 400, "StrictCheckFailed", "in the query and in the body")
    refused(checks, "unknown parameter", Call(cloud, world, query="a=b", **ARNS), 400, "StrictCheckFailed", "unknown parameter a")
    refused(checks, "query not encoded", Call(cloud, world, query=f"roleArn={ROLE}"), 400, "StrictCheckFailed", "RFC 3986")
    refused(checks, "no JSON", Call(cloud, world, body=b"{"), 400, "ValidationException", "JSON")
    refused(checks, "member twice", Call(cloud, world, body=b'{"durationSeconds":900,"durationSeconds":900}'), 400, "ValidationException", "twice")
    refused(checks, "no object", Call(cloud, world, body=b"[]"), 400, "ValidationException", "object")
    refused(checks, "content type", Call(cloud, world).header("content-type", "application/json; charset=utf-8"), 400, "StrictCheckFailed", "content type")
    not_there = {"unknown anchor": (404, "ResourceNotFoundException", {"trustAnchorArn": ANCHOR[:-1] + "0"}),
                 "disabled anchor": (404, "ResourceNotFoundException", {"trustAnchorArn": OFF_ANCHOR}),
                 "unknown profile": (404, "ResourceNotFoundException", {"profileArn": PROFILE[:-1] + "0"}),
                 "disabled profile": (403, "AccessDeniedException", {"profileArn": OFF_PROFILE}),
                 "role not in the profile": (403, "AccessDeniedException", {"roleArn": ROLE + "2"}),
                 "name not accepted": (403, "AccessDeniedException", {"roleSessionName": "name"})}
    for name, (status, code, fields) in not_there.items():
        refused(checks, name, Call(cloud, world, query="", **{**ARNS, **fields}), status, code, "")


def bad_signatures(checks, cloud, world):
    def bad(name, text, call, code="SignatureDoesNotMatch", change=lambda call, headers: None):
        refused(checks, name, call, 400 if code in ("StrictCheckFailed", "IncompleteSignature") else 403, code, text, change)

    def call(**members):
        return Call(cloud, world).having(**members)
    mismatch = "InvalidSignatureException"
    bad("other key", "", call(key=cloud_pki.new_key()), mismatch)
    bad("other hash", "", call(digest=hashes.SHA384()), mismatch)
    bad("RSA with another hash", "", Call(cloud, world, "RSA2048").having(digest=hashes.SHA512()), mismatch)
    bad("body changed", "", call(), mismatch, lambda c, h: setattr(c, "body", b'{"durationSeconds":901}'))
    bad("query changed", "", call(), mismatch, lambda c, h: setattr(c, "query", c.query.replace("reader", "writer")))
    bad("host changed", "", call(), mismatch, lambda c, h: h.update(host="rolesanywhere.eu-central-1.amazonaws.com"))
    bad("date changed", "", call(), mismatch, lambda c, h: h.update({"x-amz-date": (c.time + datetime.timedelta(seconds=-9)).strftime("%Y%m%dT%H%M%SZ")}))
    bad("half a signature", "", call(), mismatch, lambda c, h: h.update(authorization=h["authorization"][:-2]))
    bad("upper case", "", call(), "IncompleteSignature", lambda c, h: h.update(authorization=h["authorization"][:-2] + "AB"))
    bad("no authorization", "", call(), "MissingAuthenticationToken", lambda c, h: h.pop("authorization"))
    bad("RSA's name for EC", "does not fit", call(algorithm="AWS4-X509-RSA-SHA256"), "AccessDeniedException")
    bad("EC's name for RSA", "does not fit", Call(cloud, world, "RSA2048").having(algorithm="AWS4-X509-ECDSA-SHA256"), "AccessDeniedException")
    bad("name of the HMAC", "does not fit", call(algorithm="AWS4-HMAC-SHA256"), "AccessDeniedException")
    bad("other serial", "serial", call(serial="21"), "AccessDeniedException")
    bad("serial in hex", "serial", call(serial=f"{world.leaves['P-256'].serial_number:x}"), "AccessDeniedException")
    bad("other region", "valid region", call(region="us-east-1"))
    bad("other service", "correct service: 'rolesanywhere'", call(service="sts"))
    bad("six minutes old", "Signature expired", call().at(-310))
    bad("six minutes ahead", "not yet current", call().at(310))
    bad("date of yesterday in the scope", "Date in Credential scope", call(time=call().time - datetime.timedelta(days=1)))
    for name in ("content-type", "x-amz-date", "x-amz-x509"):
        bad(name + " not signed", f"{name} is not signed", call(unsigned={name}), "StrictCheckFailed")
    bad("host not signed", "'Host'", call(unsigned={"host"}))
    bad("User-Agent signed", "proxies change", call().header("user-agent", "x"), "StrictCheckFailed")
    chain = Call(cloud, world, chain=world.middle).having(unsigned={"x-amz-x509-chain"})
    bad("chain not signed", "x-amz-x509-chain is not signed", chain, "StrictCheckFailed")


def bad_certificates(checks, cloud, world):
    def bad(name, text, leaf=None, chain=(), status=403, code="AccessDeniedException", kind="P-256"):
        refused(checks, name, Call(cloud, world, kind, leaf=leaf, chain=chain), status, code, text)
    now = datetime.datetime.now(UTC)
    stranger = cloud_pki.Authority("root")
    public = world.keys["P-256"].public_key()
    below = world.middle[2].issue("below", public)
    bad("other root of that name", "Untrusted certificate. Insufficient certificate", stranger.issue("d", public))
    bad("other root", "Untrusted", cloud_pki.Authority("other").issue("d", public))
    bad("the root's key, another name", "Insufficient certificate", cloud_pki.Authority("alias", key=world.root.key).issue("d", public))
    bad("no chain", "Insufficient certificate", below)
    bad("chain with a gap", "Insufficient certificate", below, [world.middle[2], world.middle[0]])
    bad("chain in the wrong order", "Insufficient certificate", below, world.middle)
    bad("leaf in the chain", "leaf is in", below, [below, *world.middle[::-1]], 400, "StrictCheckFailed")
    bad("root in the chain", "has a root", below, [*world.middle[::-1], world.root], 400, "StrictCheckFailed")
    six = [cloud_pki.Authority(f"many {i}", world.root) for i in range(6)]
    bad("six in the chain", "5 are allowed", below, six, 400, "ValidationException")
    bad("authority as leaf", "of an authority", world.issue(ca=True))
    bad("no key usage", "digital signatures", world.issue(usage=None))
    bad("other key usage", "digital signatures", world.issue(usage=("key_encipherment",)))
    bad("expired", "Certificate expired", world.issue(start=now - datetime.timedelta(days=40)))
    bad("not yet valid", "not yet valid", world.issue(start=now + datetime.timedelta(days=1)))
    weak = cloud_pki.Authority("leaf as issuer", certificate=world.leaves["P-384"], key=world.keys["P-384"])
    bad("leaf as issuer", "no authority", weak.issue("d", public), [weak])
    old = cloud_pki.Authority("old", world.root, start=now - datetime.timedelta(days=40))
    bad("issuer expired", "expired", old.issue("d", public), [old])
    bad("signed with a weak hash", "Insufficient certificate", world.issue(digest=hashes.SHA224()))
    revoked = world.issue(serial=4711)
    cloud.config(rolesanywhere={"trust_anchors": {ANCHOR: {"revoked": ["4711"]}}})
    bad("revoked", "revoked", revoked)


def bad_certificate_headers(checks, cloud, world):
    below = world.middle[2].issue("below", world.keys["P-256"].public_key())
    raw = {"no certificate": (None, 403), "no base64": ("!!", 400), "cut": (der64(below)[:-8], 400), "PEM": ("LS0tLS1CRUdJTg==", 400)}
    for name, (value, status) in raw.items():
        call = Call(cloud, world)
        call.headers.pop("x-amz-x509") if value is None else call.header("x-amz-x509", value)
        refused(checks, name, call, status, "AccessDeniedException" if value is None else "ValidationException", "X-Amz-X509")
    spaced = Call(cloud, world, leaf=below, chain=world.middle[::-1])
    spaced.headers["x-amz-x509-chain"] = spaced.headers["x-amz-x509-chain"].replace(",", ", ")
    refused(checks, "spaces in the chain", spaced, 400, "StrictCheckFailed", "spaces")


def run(checks):
    world = World()
    for cases in (good_calls, bad_fields, bad_signatures, bad_certificates, bad_certificate_headers):
        with cloud_control.Cloud(world.config()) as cloud:
            cases(checks, cloud, world)
