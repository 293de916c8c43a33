#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests, made with the Python package cryptography.

  cloud_pki.py root CA.pem CA.key [NAME]          makes a root
  cloud_pki.py issue CA.pem CA.key PUBLIC [NAME]  certifies a public key (PEM) or a request (PEM); prints the certificate
"""
import datetime
import ipaddress
import sys

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

UTC = datetime.timezone.utc
STRONG = ("sha256", "sha384", "sha512")
USAGES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
          "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")


def new_key(kind="P-256"):
    curves = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}
    if kind in curves:
        return ec.generate_private_key(curves[kind]())
    return rsa.generate_private_key(public_exponent=65537, key_size=int(kind[3:]))


def name_of(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def key_usage(*wanted):
    return x509.KeyUsage(**{usage: usage in wanted for usage in USAGES})


def validity(certificate):
    """(from, to), aware of UTC in every version of cryptography."""
    if hasattr(certificate, "not_valid_before_utc"):
        return certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return certificate.not_valid_before.replace(tzinfo=UTC), certificate.not_valid_after.replace(tzinfo=UTC)


def extension(certificate, kind):
    """The extension's value, or None."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def is_signed_by(certificate, issuer):
    """Whether the issuer's key made the certificate's signature, with a hash that still counts."""
    algorithm = certificate.signature_hash_algorithm
    if algorithm is None or algorithm.name not in STRONG or certificate.issuer != issuer.subject:
        return False
    key = issuer.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(certificate.signature, certificate.tbs_certificate_bytes, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(certificate.signature, certificate.tbs_certificate_bytes, ec.ECDSA(algorithm))
        else:
            return False
    except InvalidSignature:
        return False
    return True


class Authority:
    """A certificate authority: a root, or an intermediate of another one."""

    def __init__(self, name, parent=None, kind="P-256", certificate=None, key=None, **more):
        self.key = key or new_key(kind)
        self.certificate = certificate
        if certificate is None:
            issuer = parent or self
            self.certificate = self.build(name, self.key.public_key(), issuer_name=issuer.certificate.subject if parent else name_of(name),
                                          issuer_key=issuer.key, ca=True, usage=("key_cert_sign", "crl_sign"), **more)

    def pem(self):
        return pem(self.certificate)

    @staticmethod
    def build(name, public, issuer_name, issuer_key, ca=False, usage=("digital_signature",), serial=None, days=30,
              start=None, digest=None, extensions=()):
        start = start or datetime.datetime.now(UTC) - datetime.timedelta(minutes=10)
        builder = x509.CertificateBuilder(issuer_name, name_of(name), public, serial or x509.random_serial_number(),
                                          start, start + datetime.timedelta(days=days))
        builder = builder.add_extension(x509.BasicConstraints(ca, None), critical=True)
        # Python 3.13 and others demand both identifiers.
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        if usage is not None:
            builder = builder.add_extension(key_usage(*usage), critical=True)
        for value in extensions:
            builder = builder.add_extension(value, critical=False)
        return builder.sign(issuer_key, digest or hashes.SHA256())

    def issue(self, name, public, **more):
        """A certificate for a public key; see build for what can be asked."""
        return self.build(name, public, self.certificate.subject, self.key, **more)

    def issue_server(self, name, dns, addresses):
        key = new_key()
        names = [x509.DNSName(n) for n in dns] + [x509.IPAddress(ipaddress.ip_address(a)) for a in addresses]
        more = [x509.SubjectAlternativeName(names), x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])]
        return self.issue(name, key.public_key(), extensions=more), key


def load(path):
    with open(path, "rb") as file:
        return file.read()


def public_key(data):
    if b"CERTIFICATE REQUEST" in data:
        return x509.load_pem_x509_csr(data).public_key()
    return serialization.load_pem_public_key(data)


def main(arguments):
    if len(arguments) < 3 or arguments[0] not in ("root", "issue"):
        sys.exit(__doc__)
    command, certificate_path, key_path = arguments[:3]
    if command == "root":
        authority = Authority(arguments[3] if len(arguments) > 3 else "test root")
        for path, data in ((certificate_path, authority.pem()), (key_path, key_pem(authority.key))):
            with open(path, "wb") as out:
                out.write(data)
        return
    authority = Authority("", certificate=x509.load_pem_x509_certificate(load(certificate_path)),
                          key=serialization.load_pem_private_key(load(key_path), None))
    name = arguments[4] if len(arguments) > 4 else "device"
    print(pem(authority.issue(name, public_key(load(arguments[3])))).decode(), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
