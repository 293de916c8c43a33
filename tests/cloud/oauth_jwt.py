# SPDX-License-Identifier: Apache-2.0
"""JWTs as a strict server reads and makes them. PyJWT verifies the signatures; the rest is checked here."""
import base64
import datetime
import functools
import hashlib
import json
import re

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from cloud_frame import UTC, load_json

SEGMENT = re.compile(r"[A-Za-z0-9_-]*")
KEY_KINDS = {"RS": rsa.RSAPublicKey, "PS": rsa.RSAPublicKey, "ES": ec.EllipticCurvePublicKey}
CURVES = {"ES256": "secp256r1", "ES384": "secp384r1", "ES512": "secp521r1"}
RSA_BITS_LEAST = 2048


class BadJwt(Exception):
    """A text that is no JWT, or not one that a strict server takes."""


class Jwt:
    """A JWT that is well formed. Nothing of it is true before is_signed_by() said so."""

    def __init__(self, text, padding=False, more=()):
        parts = text.split(".")
        if len(parts) != 3:
            raise BadJwt("3 dot separated segments required")
        self.text = text  # the signature is over the padding too
        if padding:
            parts = [part.rstrip("=") for part in parts]
        self.header, self.claims = (self.read(part) for part in parts[:2])
        decode(parts[2])
        self.check_header({"alg", "typ", "kid", *more})

    @staticmethod
    def read(part):
        try:
            value = load_json(decode(part).decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise BadJwt(f"a part is not JSON: {error}") from None
        if not isinstance(value, dict):
            raise BadJwt("a part is not a JSON object")
        return value

    def check_header(self, allowed):
        for name in ("alg", "typ", "kid"):
            if name in self.header and not isinstance(self.header[name], str):
                raise BadJwt(f"{name} of the header is not a string")
        if "alg" not in self.header:
            raise BadJwt("the header has no alg")
        if self.header.get("typ", "JWT") != "JWT":
            raise BadJwt(f"typ is {self.header['typ']}")
        unknown = sorted(set(self.header) - allowed)
        if unknown:
            raise BadJwt(f"the header has {unknown[0]}")

    def text_claim(self, name):
        """A claim that must be a text of some length, or None where it is not there."""
        value = self.claims.get(name)
        if name in self.claims and (not isinstance(value, str) or not value):
            raise BadJwt(f"the claim {name} is not a text")
        return value

    def time_claim(self, name, floats=False):
        """A claim that must be a number of seconds, or None where it is not there."""
        value = self.claims.get(name)
        good = isinstance(value, int) and not isinstance(value, bool) or floats and isinstance(value, float)
        if name in self.claims and not (good and 0 <= value < 1 << 40):
            raise BadJwt(f"the claim {name} is not a number of seconds")
        return value

    def is_signed_by(self, key):
        """Whether a public key made the signature. For PSS the salt must be as long as the hash, for ECDSA it is r and s."""
        algorithm = self.header["alg"]
        kind = KEY_KINDS.get(algorithm[:2])
        if kind is None or not isinstance(key, kind):
            return False
        if kind is rsa.RSAPublicKey and key.key_size < RSA_BITS_LEAST:
            return False
        if kind is ec.EllipticCurvePublicKey and key.curve.name != CURVES.get(algorithm):
            return False
        try:
            jwt.PyJWS().decode(self.text, key, algorithms=[algorithm])
        except jwt.exceptions.PyJWTError:
            return False
        return True


def decode(part):
    """base64url without padding and without bits left over."""
    if not SEGMENT.fullmatch(part):
        raise BadJwt("a part is not base64url without padding")
    try:
        value = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise BadJwt("a part is not base64url without padding") from None
    if encode(value) != part:
        raise BadJwt("a part has bits left over")
    return value


def encode(value):
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


# --- keys of the configuration ---

def pem_of(entry):
    """The PEM of {"pem"} or {"file"}."""
    if "pem" in entry:
        return entry["pem"].encode()
    with open(entry["file"], "rb") as file:
        return file.read()


def public_key(entry):
    """The public key of {"pem"} or {"file"}: a public key or a certificate."""
    data = pem_of(entry)
    if b"BEGIN CERTIFICATE" in data:
        return x509.load_pem_x509_certificate(data).public_key()
    return serialization.load_pem_public_key(data)


def key_set(entry):
    """{"jwks": {...}} or {"jwks_file": path} as a list of (kid, alg, public key)."""
    document = entry.get("jwks")
    if document is None:
        with open(entry["jwks_file"], encoding="utf-8") as file:
            document = load_json(file.read())
    if isinstance(document, str):
        document = load_json(document)
    readers = {"RSA": jwt.algorithms.RSAAlgorithm, "EC": jwt.algorithms.ECAlgorithm}
    keys = []
    for item in document["keys"]:
        if "d" in item:
            raise ValueError("there is a private key in the JWKS")
        if item.get("use", "sig") == "sig" and item["kty"] in readers:
            keys.append((item.get("kid"), item.get("alg"), readers[item["kty"]].from_jwk(json.dumps(item))))
    return keys


def choose(keys, header):
    """The keys of a key set that may have signed under that header."""
    return [key for kid, alg, key in keys
            if header.get("kid") in (None, kid) and (alg is None or alg == header["alg"])]


# --- tokens of the server's own ---

@functools.lru_cache(maxsize=1)
def server_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def server_kid():
    public = server_key().public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(public).hexdigest()[:40]


def server_key_set():
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(server_key().public_key()))
    return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": server_kid(), "n": jwk["n"], "e": jwk["e"]}]}


def issue(claims, **header):
    return jwt.encode(claims, server_key(), "RS256", headers={"kid": server_kid(), **header})


def issued_by_server(token):
    """The claims of a token that the server made, or None. Says nothing of times."""
    try:
        read = Jwt(token)
    except BadJwt:
        return None
    return read.claims if read.header["alg"] == "RS256" and read.is_signed_by(server_key().public_key()) else None


def moment(seconds):
    return datetime.datetime.fromtimestamp(seconds, UTC)


# --- identifiers that may be used once ---

def is_used(cloud, issuer, jti):
    return jti is not None and ("jti", issuer, jti) in cloud.issued


def use(cloud, issuer, jti):
    if jti is not None:
        cloud.issued["jti", issuer, jti] = {}
