# SPDX-License-Identifier: Apache-2.0
"""The local AWS IAM Roles Anywhere: POST /sessions.

Its part of the configuration, under "rolesanywhere":
  "trust_anchors"  {ARN: {"pem" or "file": the roots, "enabled" (true), "revoked": [serial in decimal]}}
  "profiles"       {ARN: {"roles": [ARN], "enabled" (true), "accept_role_session_name" (false), "duration" (3600)}}
"""
import base64
import binascii
import re
import uuid

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

import aws_forms
import aws_keys
import aws_sigv4
import cloud_misbehave
import cloud_pki
from cloud_frame import Answer, Refusal, Service, load_json, strict

ARN_NAMES = ("profileArn", "roleArn", "trustAnchorArn")
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
PARTITION = r"arn:(aws(?:-[a-z]+)*)"
ARN_PATTERNS = {
    "profileArn": re.compile(PARTITION + rf":rolesanywhere:([a-z0-9-]+):(\d{{12}}):profile/{UUID}"),
    "trustAnchorArn": re.compile(PARTITION + rf":rolesanywhere:([a-z0-9-]+):(\d{{12}}):trust-anchor/{UUID}"),
    "roleArn": re.compile(PARTITION + r":iam:():(\d{12}):role/[A-Za-z0-9_+=,.@/-]+"),
}
ALGORITHMS = {"AWS4-X509-RSA-SHA256": rsa.RSAPublicKey, "AWS4-X509-ECDSA-SHA256": ec.EllipticCurvePublicKey}
CHAIN_MOST = 5


def untrusted(why):
    return Refusal(403, "AccessDeniedException", f"Untrusted certificate. {why}")


def denied(why):
    return Refusal(403, "AccessDeniedException", why)


def invalid(why):
    return Refusal(400, "ValidationException", why)


class RolesAnywhere(Service):
    name = "rolesanywhere"

    def wants(self, request):
        return request.path == "/sessions"

    def action(self, request):
        return "CreateSession"

    # --- checks ---

    def check(self, request):
        if request.method != "POST":
            raise Refusal(405, "MethodNotAllowed", f"{request.method} is not served")
        if request.header("Content-Type") != "application/json":
            raise strict(f"the content type is {request.header('Content-Type')}, not application/json")
        fields = read_fields(request)
        region = check_arns(fields)
        leaf, chain = read_certificates(request)
        self.check_signature(request, leaf, region)
        anchor, profile = self.find(fields)
        check_leaf(leaf, request.now, anchor)
        check_chain(leaf, chain, roots_of(anchor), request.now)
        self.allow(fields, profile)
        return {"parameters": fields, "leaf": leaf, "profile": profile, "now": request.now, "region": region}

    @staticmethod
    def check_signature(request, leaf, region):
        signed = aws_sigv4.from_header(request)
        aws_sigv4.check_names(request, signed, ("content-type", "x-amz-date", "x-amz-x509"))
        if signed.algorithm not in ALGORITHMS or not isinstance(leaf.public_key(), ALGORITHMS[signed.algorithm]):
            raise denied(f"The algorithm {signed.algorithm} does not fit the certificate's key")
        if signed.id != str(leaf.serial_number):
            raise denied(f"The credential {signed.id[:60]} is not the certificate's serial number")
        aws_sigv4.check_scope(signed, "rolesanywhere", region)
        aws_sigv4.check_time(signed, request.now, 5)
        verify(leaf.public_key(), signed.signature, aws_sigv4.string_to_sign(request, signed).encode())

    def find(self, fields):
        config = self.cloud.config.get("rolesanywhere", {})
        anchor = config.get("trust_anchors", {}).get(fields["trustAnchorArn"])
        if anchor is None or not anchor.get("enabled", True):
            raise Refusal(404, "ResourceNotFoundException", f"Trust anchor not found or disabled: {fields['trustAnchorArn']}")
        profile = config.get("profiles", {}).get(fields["profileArn"])
        if profile is None:
            raise Refusal(404, "ResourceNotFoundException", f"Profile not found: {fields['profileArn']}")
        if not profile.get("enabled", True):
            raise denied("Profile is disabled")
        return anchor, profile

    @staticmethod
    def allow(fields, profile):
        if fields["roleArn"] not in profile.get("roles", []):
            raise denied(f"Unable to assume role for {fields['roleArn']}")
        if "roleSessionName" in fields and not profile.get("accept_role_session_name"):
            raise denied("Not authorized to set roleSessionName")

    # --- answers ---

    def answer(self, call):
        fields, leaf, role = call["parameters"], call["leaf"], call["parameters"]["roleArn"]
        session = fields.get("roleSessionName", f"{leaf.serial_number:x}")
        role_id = "AROA" + aws_keys.code() + ":" + session
        partition, account = role.split(":")[1], aws_keys.account_of(role)
        arn = f"arn:{partition}:sts::{account}:assumed-role/{role.rsplit('/', 1)[1]}/{session}"
        most = call["profile"].get("duration", 3600)
        given = aws_keys.issue(self.cloud, call["now"], min(most, fields.get("durationSeconds", most)), arn, role_id, "role")
        names = [n.value for n in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        session_set = {
            "assumedRoleUser": {"arn": arn, "assumedRoleId": role_id},
            "credentials": {name[0].lower() + name[1:]: value for name, value in given.items()},
            "packedPolicySize": 6, "roleArn": role, "sourceIdentity": names[0] if names else session}
        subject = f"arn:{partition}:rolesanywhere:{call['region']}:{account}:subject/{uuid.uuid4()}"
        return {"credentialSet": [session_set], "subjectArn": subject}

    def render(self, document, call, style):
        if style in ("xml", "prefix", "minio"):
            return Answer(201, aws_forms.XmlWriter(style).document({"CreateSessionResponse": document}), "text/xml")
        return Answer(201, cloud_misbehave.to_json(document, "iso"), "application/json", [aws_forms.request_id()])

    def refuse(self, refusal, request, style=None):
        number = refusal.request_id or str(uuid.uuid4())
        if style in ("xml", "json"):
            error = {"Error": {"Type": "Sender", "Code": refusal.code, "Message": refusal.message}, "RequestId": number}
            if style == "xml":
                return Answer(refusal.status, aws_forms.XmlWriter("xml").document({"ErrorResponse": error}), "text/xml")
            return Answer(refusal.status, cloud_misbehave.to_json(error, "iso"), "application/json")
        return aws_forms.rest_error(refusal, style or "header", number)


# --- the fields ---

def read_fields(request):
    query = aws_sigv4.parse_form(request.query)
    try:
        body = load_json(request.body.decode("utf-8")) if request.body else {}
    except ValueError as error:
        raise invalid(f"the body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise invalid("the body is not an object")
    for name in query:
        if name not in ARN_NAMES:
            raise strict(f"unknown parameter {name}")
        if name in body:
            raise strict(f"{name} is in the query and in the body")
    fields = {**query, **body}
    for name, value in fields.items():
        if name not in ARN_NAMES:
            check_field(name, value)
    for name in ARN_NAMES:
        if not isinstance(fields.get(name), str):
            raise invalid(f"Value at '{name}' failed to satisfy constraint: Member must be a text")
    return fields


def check_field(name, value):
    if name == "durationSeconds":
        if type(value) is not int or not 900 <= value <= 43200:
            raise invalid(f"Value '{value}' at 'durationSeconds' failed to satisfy constraint: Member must be between 900 and 43200")
    elif name == "roleSessionName":
        if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_+=,.@-]{2,64}", value):
            raise invalid(f"Value '{value}' at 'roleSessionName' failed to satisfy constraint: [\\w+=,.@-]{{2,64}}")
    elif name == "instanceProperties":
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            raise invalid("Value at 'instanceProperties' failed to satisfy constraint: Member must be a map of texts")
    else:
        raise strict(f"unknown member {name}")


def check_arns(fields):
    """Gives the region."""
    parts = {}
    for name, pattern in ARN_PATTERNS.items():
        match = pattern.fullmatch(fields[name])
        if not match or not 20 <= len(fields[name]) <= 1011:
            raise invalid(f"Value '{fields[name][:80]}' at '{name}' failed to satisfy constraint: it is not such an ARN")
        parts[name] = match.groups()
    if len({(partition, account) for partition, _, account in parts.values()}) != 1:
        raise invalid("the ARNs are not of one partition and account")
    if parts["profileArn"][1] != parts["trustAnchorArn"][1]:
        raise invalid("the profile and the trust anchor are not in one region")
    return parts["trustAnchorArn"][1]


# --- the certificates ---

def read_certificate(text, what):
    try:
        data = base64.b64decode(text, validate=True)
        certificate = x509.load_der_x509_certificate(data)
    except (binascii.Error, ValueError) as error:
        raise invalid(f"{what} is not a certificate in base64 of DER: {error}") from None
    if base64.b64encode(data).decode() != text:
        raise strict(f"{what} is not canonical base64")
    return certificate


def read_certificates(request):
    header, chain = request.header("X-Amz-X509"), request.header("X-Amz-X509-Chain")
    if header is None:
        raise denied("the header X-Amz-X509 is missing")
    if chain is not None and (" " in chain or not chain):
        raise strict("X-Amz-X509-Chain has spaces, or nothing, in it")
    parts = chain.split(",") if chain is not None else []
    if len(parts) > CHAIN_MOST:
        raise invalid(f"X-Amz-X509-Chain has {len(parts)} certificates; {CHAIN_MOST} are allowed")
    leaf = read_certificate(header, "X-Amz-X509")
    certificates = [read_certificate(part, "X-Amz-X509-Chain") for part in parts]
    if leaf in certificates:
        raise strict("the leaf is in X-Amz-X509-Chain")
    if len(set(parts)) != len(parts) or any(c.issuer == c.subject for c in certificates):
        raise strict("X-Amz-X509-Chain has a root, or a certificate twice")
    return leaf, certificates


def verify(key, signature, data):
    try:
        raw = bytes.fromhex(signature)
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(raw, data, padding.PKCS1v15(), hashes.SHA256())
        else:
            key.verify(raw, data, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        raise Refusal(403, "InvalidSignatureException", aws_sigv4.MISMATCH) from None


def roots_of(anchor):
    data = anchor["pem"].encode() if "pem" in anchor else cloud_pki.load(anchor["file"])
    blocks = re.findall(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", data, re.S)
    return [x509.load_pem_x509_certificate(block + b"\n") for block in blocks]


def check_leaf(leaf, now, anchor):
    constraints, usage = (cloud_pki.extension(leaf, kind) for kind in (x509.BasicConstraints, x509.KeyUsage))
    if leaf.version != x509.Version.v3:
        raise untrusted("Insufficient certificate: not of version 3")
    if constraints is not None and constraints.ca:
        raise untrusted("Insufficient certificate: it is of an authority")
    if usage is None or not usage.digital_signature:
        raise untrusted("Insufficient certificate: not for digital signatures")
    if isinstance(leaf.public_key(), rsa.RSAPublicKey) and leaf.public_key().key_size < 2048:
        raise untrusted("Insufficient certificate: the key is too short")
    check_validity(leaf, now)
    if str(leaf.serial_number) in anchor.get("revoked", []):
        raise untrusted("Certificate revoked")


def check_validity(certificate, now):
    start, end = cloud_pki.validity(certificate)
    if now > end:
        raise untrusted("Certificate expired")
    if now < start:
        raise untrusted("Certificate not yet valid")


def check_chain(leaf, chain, roots, now):
    """From the leaf up: each certificate of the chain must have signed the one before it, and a root the last."""
    below = leaf
    for depth, issuer in enumerate(chain):
        check_issuer(issuer, depth, now)
        if not cloud_pki.is_signed_by(below, issuer):
            raise untrusted("Insufficient certificate")
        below = issuer
    for root in roots:
        if cloud_pki.is_signed_by(below, root):
            check_issuer(root, len(chain), now)
            return
    raise untrusted("Insufficient certificate")


def check_issuer(issuer, depth, now):
    constraints, usage = (cloud_pki.extension(issuer, kind) for kind in (x509.BasicConstraints, x509.KeyUsage))
    if constraints is None or not constraints.ca or (usage is not None and not usage.key_cert_sign):
        raise untrusted("Insufficient certificate: an issuer is no authority")
    if constraints.path_length is not None and depth > constraints.path_length:
        raise untrusted("Insufficient certificate: the path is too long")
    check_validity(issuer, now)
