# SPDX-License-Identifier: Apache-2.0
"""Signature version 4 as a server checks it: the parts of a signed request, and what must be true of them.

The canonical request, the string to sign and the signature are made anew by botocore from the request as it came.
"""
import datetime
import hashlib
import hmac
import re
import urllib.parse

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from cloud_frame import UTC, Refusal, strict

AUTHORIZATION = re.compile(r"(AWS4-[A-Z0-9-]+) Credential=([^,/ ]+)/([^,/ ]+)/([^,/ ]+)/([^,/ ]+)/([^,/ ]+), "
                           r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]+)")
DATE = re.compile(r"\d{8}T\d{6}Z")
# These change on the way: a client that signs them will be refused by chance.
NEVER_SIGNED = {"authorization", "user-agent", "connection", "expect", "x-amzn-trace-id", "transfer-encoding", "accept",
                "accept-encoding", "content-length"}
MISMATCH = ("The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
            "and signing method. Consult the service documentation for details.")


def parse_form(text):
    """The pairs of a query or form; anything that is not RFC 3986's encoding is refused, and a name twice."""
    pairs = {}
    for part in text.split("&") if text else []:
        name, equals, value = part.partition("=")
        if not equals or not name:
            raise strict(f"'{part[:40]}' is not name=value")
        try:
            decoded = [urllib.parse.unquote(half, errors="strict") for half in (name, value)]
        except UnicodeDecodeError:
            raise strict(f"{name}: not UTF-8") from None
        if [urllib.parse.quote(half, safe="") for half in decoded] != [name, value]:
            raise strict(f"{name}: not encoded by RFC 3986: {part[:60]}")
        if decoded[0] in pairs:
            raise strict(f"{decoded[0]} is there twice")
        pairs[decoded[0]] = decoded[1]
    return pairs


class Signed:
    """The signature of a request: algorithm, id, date, region, service, terminator, names, signature, timestamp."""

    def __init__(self, algorithm, credential, names, signature, timestamp):
        self.algorithm, self.names, self.signature, self.timestamp = algorithm, names, signature, timestamp
        self.id, self.date, self.region, self.service, self.terminator = credential
        self.presigned = False

    @property
    def scope(self):
        return "/".join((self.date, self.region, self.service, self.terminator))


def from_header(request):
    text = request.header("Authorization")
    if text is None:
        raise Refusal(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
    match = AUTHORIZATION.fullmatch(text)
    if not match:
        raise Refusal(400, "IncompleteSignature", f"Authorization header is not as it must be: '{text[:80]}'")
    timestamp = request.header("X-Amz-Date")
    if timestamp is None:
        raise Refusal(400, "IncompleteSignature", "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    groups = match.groups()
    return Signed(groups[0], groups[1:6], groups[6].split(";"), groups[7], timestamp)


def from_query(request, query):
    if "X-Amz-Signature" not in query:
        raise Refusal(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
    if request.header("Authorization") is not None or request.header("X-Amz-Date") is not None:
        raise strict("a presigned request has a signature in its headers, too")
    if not re.search(r"&X-Amz-Signature=[0-9a-f]{64}$", request.query):
        raise strict("X-Amz-Signature is not the last parameter, or not 64 hexadecimal digits")
    missing = [name for name in ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders") if name not in query]
    credential = query.get("X-Amz-Credential", "").split("/")
    if missing or len(credential) != 5:
        raise Refusal(400, "IncompleteSignature", f"AWS query-string parameters must include {missing or 'a whole X-Amz-Credential'}")
    if not re.fullmatch(r"[1-9]\d{0,5}", query["X-Amz-Expires"]) or int(query["X-Amz-Expires"]) > 604800:
        raise Refusal(400, "IncompleteSignature", "X-Amz-Expires must be from 1 to 604800")
    signed = Signed(query["X-Amz-Algorithm"], credential, query["X-Amz-SignedHeaders"].split(";"), query["X-Amz-Signature"], query["X-Amz-Date"])
    signed.presigned = True
    return signed


def check_names(request, signed, required):
    """The signed names are in order, each is there once, and all that must be signed is."""
    if signed.names != sorted(set(signed.names)):
        raise strict("SignedHeaders is not sorted, or names one twice")
    for name in signed.names:
        if name in NEVER_SIGNED:
            raise strict(f"{name} is signed, which proxies change")
        if request.header(name) is None:
            raise Refusal(403, "SignatureDoesNotMatch", f"the signed header {name} is not in the request")
    if "host" not in signed.names:
        raise Refusal(403, "SignatureDoesNotMatch", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    there = {name.lower() for name, _ in request.headers if name.lower().startswith("x-amz-")}
    for name in sorted(there | set(required)):
        if name not in signed.names:
            raise strict(f"the header {name} is not signed")


def check_scope(signed, service, region):
    """`region` is the one that must be, or "*"."""
    def wrong(text):
        return Refusal(403, "SignatureDoesNotMatch", text)
    if signed.terminator != "aws4_request":
        raise wrong(f"Credential should be scoped with a valid terminator: 'aws4_request', not '{signed.terminator}'.")
    if signed.service != service:
        raise wrong(f"Credential should be scoped to correct service: '{service}'. ")
    if not re.fullmatch(r"[a-z0-9-]{1,63}", signed.region) or region not in ("*", signed.region):
        raise wrong("Credential should be scoped to a valid region. ")
    if signed.date != signed.timestamp[:8]:
        raise wrong(f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                    f"'{signed.date}' != '{signed.timestamp[:8]}', from '{signed.timestamp}'.")


def stamp(when):
    return when.strftime("%Y%m%dT%H%M%SZ")


def check_time(signed, now, minutes):
    """Texts as AWS spells them."""
    try:
        when = datetime.datetime.strptime(signed.timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if DATE.fullmatch(signed.timestamp) else None
    except ValueError:
        when = None
    if when is None:
        raise Refusal(403, "SignatureDoesNotMatch", f"Date must be in ISO-8601 'basic format'. Got '{signed.timestamp}'.")
    margin = datetime.timedelta(minutes=minutes)
    if when < now - margin:
        raise Refusal(403, "SignatureDoesNotMatch", f"Signature expired: {signed.timestamp} is now earlier than {stamp(now - margin)} ({stamp(now)} - {minutes} min.)")
    if when > now + margin:
        raise Refusal(403, "SignatureDoesNotMatch", f"Signature not yet current: {signed.timestamp} is still later than {stamp(now + margin)} ({stamp(now)} + {minutes} min.)")


def signer_and_request(request, signed, secret):
    """botocore's signer and request for what came: only the signed headers, and no signature in the query."""
    target = re.sub(r"&X-Amz-Signature=[0-9a-f]{64}$", "", request.target) if signed.presigned else request.target
    hashed = request.header("X-Amz-Content-SHA256")
    if hashed is not None and hashed != hashlib.sha256(request.body).hexdigest():
        raise strict("X-Amz-Content-SHA256 is not the body's")
    again = AWSRequest(method=request.method, url="https://" + request.header("Host") + target, data=request.body)
    for name, value in request.headers:
        if name.lower() in signed.names:
            again.headers.add_header(name, value)
    again.context["timestamp"] = signed.timestamp
    return botocore.auth.SigV4Auth(Credentials(signed.id, secret), signed.service, signed.region), again


def string_to_sign(request, signed):
    """The string to sign for any algorithm whose canonical request is that of version 4."""
    signer, again = signer_and_request(request, signed, "unused")
    canonical = signer.canonical_request(again)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return "\n".join((signed.algorithm, signed.timestamp, signed.scope, digest))


def check_signature(request, signed, secret):
    signer, again = signer_and_request(request, signed, secret)
    wanted = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
    if not hmac.compare_digest(wanted, signed.signature):
        raise Refusal(403, "SignatureDoesNotMatch", MISMATCH)
