# SPDX-License-Identifier: Apache-2.0
"""Client assertions as Entra checks them: those under a certificate of the application, and those of a federated issuer."""
import base64
import binascii
import hashlib
import re

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

import cloud_pki
import entra_errors
import entra_tenants
import oauth_jwt
from cloud_frame import strict

CLAIMS = {"aud", "iss", "sub", "exp", "nbf", "iat", "jti"}
HEADERS = ("x5t", "x5t#S256", "x5c")
THUMBPRINTS = {"x5t": hashlib.sha1, "x5t#S256": hashlib.sha256}
INVALID = "Client assertion contains an invalid signature."
UNREGISTERED = "The certificate with identifier used to sign the client assertion is not registered on application."
CHAIN_MOST = 6


class Checker:
    """The checks of one assertion of one application."""

    def __init__(self, cloud, request, token, client_id, app, is_adfs):
        self.cloud, self.request, self.token, self.client_id, self.app = cloud, request, token, client_id, app
        self.is_adfs, self.now = is_adfs, request.now

    def rule(self, name, default):
        return entra_tenants.rule(self.cloud, name, default)

    def run(self):
        """Gives what vouched for the client: "certificate" or "federated"."""
        issuer, subject = (self.token.text_claim(name) for name in ("iss", "sub"))
        if issuer is None or subject is None:
            raise entra_errors.refusal("AADSTS700021", "iss or sub is missing.")
        if issuer == self.client_id or entra_tenants.GUID.fullmatch(issuer.lower()):
            self.check_certificate(issuer, subject)
            return "certificate"
        self.check_federated(issuer, subject)
        return "federated"

    # --- a certificate of the application ---

    def check_certificate(self, issuer, subject):
        if issuer != subject or issuer != self.client_id:
            raise entra_errors.refusal("AADSTS700021", f"iss is '{issuer[:80]}', sub is '{subject[:80]}'.")
        self.check_algorithm(("RS256",) if self.is_adfs else self.rule("algorithms", ["RS256", "PS256"]))
        unknown = sorted(set(self.token.claims) - CLAIMS)
        if unknown:
            raise strict(f"the assertion has {unknown[0]}")
        name, wanted = self.read_thumbprint()
        certificate = self.find_certificate(name, wanted)
        self.check_signature(certificate, wanted)
        self.check_audience()
        self.check_times(self.rule("lifetime", 600))
        self.check_jti()

    def check_algorithm(self, allowed):
        algorithm = self.token.header["alg"]
        if algorithm not in allowed:
            raise entra_errors.refusal("AADSTS5002738", algorithm[:20], ", ".join(allowed))

    def read_thumbprint(self):
        names = [name for name in THUMBPRINTS if name in self.token.header]
        allowed = ["x5t"] if self.is_adfs else self.rule("thumbprints", list(THUMBPRINTS))
        if not names:
            if "x5c" in self.token.header and not self.is_adfs:
                return None, None
            raise entra_errors.refusal("AADSTS50027", "The header has no x5t, x5t#S256 or kid of a registered certificate.")
        if len(names) > 1 or names[0] not in allowed:
            raise strict(f"the header has {' and '.join(names)}")
        return names[0], self.decode_thumbprint(names[0], self.token.header[names[0]])

    def decode_thumbprint(self, name, text):
        try:
            if not isinstance(text, str):
                raise oauth_jwt.BadJwt("not a text")
            if self.rule("padding", False):
                text = text.rstrip("=").replace("+", "-").replace("/", "_")
            value = oauth_jwt.decode(text)
        except oauth_jwt.BadJwt:
            raise strict(f"{name} is not base64url without padding") from None
        if len(value) != THUMBPRINTS[name]().digest_size:
            raise self.bad_key(UNREGISTERED, "The key was not found.", value)
        return value

    def bad_key(self, text, reason, thumbprint):
        return entra_errors.refusal("AADSTS700027", text, reason, (thumbprint or b"").hex().upper(), self.client_id)

    def find_certificate(self, name, wanted):
        chain = self.read_chain()
        if chain and wanted is not None and digest(chain[0], name) != wanted:
            raise entra_errors.refusal("AADSTS50027", f"{name} is not of the first certificate of x5c.")
        for entry in self.app.get("certificates", ()):
            certificate = x509.load_pem_x509_certificate(oauth_jwt.pem_of(entry))
            if wanted is not None and digest(certificate, name) == wanted or wanted is None and certificate == chain[0]:
                if not entry.get("accept_expired"):
                    self.check_validity(certificate)
                return certificate
        if chain and self.is_trusted_by_name(chain):
            return chain[0]
        raise self.bad_key(UNREGISTERED, "The key was not found.", wanted or digest(chain[0], "x5t"))

    def read_chain(self):
        """The certificates of x5c, leaf first, each signed by the next."""
        texts = self.token.header.get("x5c")
        if "x5c" not in self.token.header:
            if self.rule("require_x5c", False):
                raise strict("the header has no x5c")
            return []
        if not isinstance(texts, list) or not 1 <= len(texts) <= CHAIN_MOST or not all(isinstance(text, str) for text in texts):
            raise strict("x5c is not a list of some certificates")
        try:
            chain = [x509.load_der_x509_certificate(base64.b64decode(text, validate=True)) for text in texts]
        except (binascii.Error, ValueError):
            raise strict("x5c is not base64 of DER") from None
        for below, above in zip(chain, chain[1:]):
            if not cloud_pki.is_signed_by(below, above):
                raise strict("x5c is not in order: a certificate is not signed by the next")
        return chain

    def is_trusted_by_name(self, chain):
        """Trust by subject and issuer, for which the whole chain up to a root must be valid."""
        for name in self.app.get("names", ()):
            if (chain[0].subject.rfc4514_string(), chain[0].issuer.rfc4514_string()) != (name["subject"], name["issuer"]):
                continue
            roots = [x509.load_pem_x509_certificate(oauth_jwt.pem_of(root)) for root in name["roots"]]
            if not any(root == chain[-1] or cloud_pki.is_signed_by(chain[-1], root) for root in roots):
                raise self.bad_key(UNREGISTERED, "The chain does not end at a trusted root.", digest(chain[0], "x5t"))
            for certificate in chain:
                self.check_validity(certificate)
            return True
        return False

    def check_validity(self, certificate):
        start, end = cloud_pki.validity(certificate)
        if not start <= self.now <= end:
            raise entra_errors.refusal("AADSTS1000502", f"Valid from {entra_errors.time_text(start)} to {entra_errors.time_text(end)}.")

    def check_signature(self, certificate, wanted):
        if not isinstance(certificate.public_key(), rsa.RSAPublicKey):
            raise entra_errors.refusal("AADSTS5002730")
        if not self.token.is_signed_by(certificate.public_key()):
            raise self.bad_key(INVALID, "The provided signature value did not match the expected signature value.", wanted or digest(certificate, "x5t"))

    def check_audience(self):
        if self.token.claims.get("aud") not in entra_tenants.own_urls(self.request) + self.rule("audiences", []):
            raise entra_errors.refusal("AADSTS700023")

    def check_times(self, most):
        until, start = (self.token.time_claim(name, floats=True) for name in ("exp", "nbf"))
        issued = self.token.time_claim("iat", floats=True)
        start = start if start is not None else issued
        if until is None or start is None:
            raise entra_errors.refusal("AADSTS50027", "exp, or both nbf and iat, are missing.")
        now, skew = self.now.timestamp(), self.rule("skew", 0)
        if start > now + skew or until <= now - skew or issued is not None and issued > now + skew:
            moments = (self.now, oauth_jwt.moment(start), oauth_jwt.moment(until))
            raise entra_errors.refusal("AADSTS700024", *(entra_errors.time_text(moment) for moment in moments))
        if until - start > most:
            raise strict(f"the assertion lives {until - start:.0f} s, more than {most}")

    def check_jti(self):
        jti = self.token.text_claim("jti")
        if jti is None and self.rule("require_jti", True):
            raise strict("the assertion has no jti")
        if oauth_jwt.is_used(self.cloud, self.client_id, jti) and not self.rule("reuse", False):
            raise strict("the jti of the assertion was used before")

    # --- a federated issuer ---

    def check_federated(self, issuer, subject):
        records = [record for record in self.app.get("federated", ()) if record["issuer"] == issuer]
        if not records:
            raise entra_errors.refusal("AADSTS700211", issuer[:200])
        self.check_algorithm(records[0].get("algorithms", ["RS256"]))
        if set(HEADERS) & set(self.token.header):
            raise strict("the header of a federated assertion names a certificate")
        if self.token.header.get("kid") is None:
            raise entra_errors.refusal("AADSTS50027", "The header has no kid.")
        keys = oauth_jwt.choose(oauth_jwt.key_set(records[0]), self.token.header)
        if not keys:
            raise self.bad_key(INVALID, "The key was not found.", None)
        if not any(self.token.is_signed_by(key) for key in keys):
            raise self.bad_key(INVALID, "The provided signature value did not match the expected signature value.", None)
        match = [record for record in records if record["subject"] == subject]
        if not match:
            raise entra_errors.refusal("AADSTS700213", subject[:200])
        audience = self.token.claims.get("aud")
        if audience not in match[0].get("audiences", ("api://AzureADTokenExchange",)):
            raise entra_errors.refusal("AADSTS700212", str(audience)[:200])
        self.check_times(24 * 3600)
        if oauth_jwt.is_used(self.cloud, self.client_id, self.token.text_claim("jti")) and not self.rule("reuse", False):
            raise strict("the jti of the assertion was used before")


def digest(certificate, name):
    return THUMBPRINTS[name or "x5t"](certificate.public_bytes(serialization.Encoding.DER)).digest()


def read(text):
    """The Jwt of an assertion, or Entra's refusal."""
    try:
        return oauth_jwt.Jwt(text, more=HEADERS)
    except oauth_jwt.BadJwt as bad:
        raise entra_errors.refusal("AADSTS50027", re.sub(r"[\r\n]", " ", str(bad))) from None
