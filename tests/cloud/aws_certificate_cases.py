# SPDX-License-Identifier: Apache-2.0
"""Certificates that Roles Anywhere would refuse, or that do not belong to the key: the program refuses them before it sends
anything, and says what the service says where it does not."""
import datetime
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

import cloud_pki
from aws_anywhere_cases import write
from program_world import ANCHOR, Devices

UTC = datetime.timezone.utc


def from_now(**delta):
    return datetime.datetime.now(UTC).replace(microsecond=0) + datetime.timedelta(**delta)


def iso(when):
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def version_1(certificate, key):
    """The certificate without its extensions, as of version 1: DER that is put together here."""
    def der(tag, *parts):
        body = b"".join(parts)
        length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
        return bytes([tag]) + (length if len(body) < 128 else bytes([0x80 + len(length)]) + length) + body

    algorithm = bytes.fromhex("300a06082a8648ce3d040302")  # ecdsa-with-SHA256
    times = [der(0x17, when.strftime("%y%m%d%H%M%SZ").encode()) for when in cloud_pki.validity(certificate)]
    public = certificate.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    body = der(0x30, der(2, b"\x05"), algorithm, certificate.issuer.public_bytes(), der(0x30, *times),
               certificate.subject.public_bytes(), public)
    signature = key.sign(body, cloud_pki.ec.ECDSA(hashes.SHA256()))
    return der(0x30, body, algorithm, der(3, b"\0", signature))


def files(world, devices):
    """Row 8: what is no certificate at all."""
    path = world.file("missing.pem")
    world.refused("missing", world.anywhere(certificate="missing.pem"), 1, [path, "No such file"])
    world.file("directory.pem", directory=True)
    world.refused("a directory", world.anywhere(certificate="directory.pem"), 1, [world.file("directory.pem")])
    certificate = cloud_pki.pem(devices.issue())
    der = devices.issue().public_bytes(serialization.Encoding.DER)
    cases = {"empty": b"", "text": b"this is no certificate\n", "cut PEM": certificate[:len(certificate) // 2],
             "cut DER": der[:-1], "half of DER": der[:len(der) // 2], "one byte": b"0", "NULs": b"\0" * 100,
             "key": cloud_pki.key_pem(cloud_pki.new_key()), "bad base64": certificate.replace(b"MII", b"M!I"), "big": b" " * (2 << 20)}
    for name, data in cases.items():
        world.file("bad.pem", data)
        world.refused(name, world.anywhere(certificate="bad.pem"), 1, [world.file("bad.pem")])
    for chain in ("missing.pem", "bad.pem"):
        options = ["--certificate-chain-file", world.file(chain)]
        world.refused(f"chain: {chain}", world.anywhere(*options), 1, [world.file(chain)])
    world.file("unreadable.pem", certificate)
    os.chmod(world.file("unreadable.pem"), 0)
    if os.geteuid() != 0:
        world.refused("unreadable", world.anywhere(certificate="unreadable.pem"), 1, ["unreadable.pem", "Permission denied"])


def kinds(world, devices):
    """Rows 8 and 10: certificates of the wrong kind or of another key."""
    world.file("v1.der", version_1(devices.issue(), devices.root.key))
    world.refused("version 1", world.anywhere(certificate="v1.der"), 1, ["v1.der", "version 1", "version 3"])
    authority = devices.issue(ca=True, usage=("digital_signature", "key_cert_sign"))
    world.refused("of an authority", world.anywhere(certificate=write(world, authority)), 1, ["made.pem", "authority", "basicConstraints"])
    other = devices.issue(usage=("key_agreement",))
    world.refused("not for signatures", world.anywhere(certificate=write(world, other)), 1, ["made.pem", "keyUsage", "digitalSignature"])
    for name in ("rsa", "ec384"):
        world.refused(f"key {name}", world.anywhere(key=name + ".pem"), 1, ["ec.crt", "another key"])
    stranger = devices.root.issue("ec", cloud_pki.new_key().public_key())
    world.refused("another key of the same kind", world.anywhere(certificate=write(world, stranger)), 1, ["made.pem", "another key"])
    negative = devices.issue(serial=0x1234567890)
    der = negative.public_bytes(serialization.Encoding.DER).replace(bytes.fromhex("02051234567890"), bytes.fromhex("0205f234567890"))
    world.file("negative.der", der)
    world.refused("negative serial", world.anywhere(certificate="negative.der"), 1, ["negative.der", "serial"])


def validity(world, devices):
    """Row 9: dates are told."""
    start = from_now(days=-40)
    expired = devices.issue(start=start, days=30)
    world.refused("expired", world.anywhere(certificate=write(world, expired)), 1,
                  ["made.pem", "expired", iso(start + datetime.timedelta(days=30)), "renew"])
    start = from_now(days=3)
    world.refused("not yet valid", world.anywhere(certificate=write(world, devices.issue(start=start))), 1,
                  ["made.pem", "not valid before", iso(start), "clock"])


def links(world, devices):
    """Row 11: a chain that does not lead to the leaf."""
    leaf, chain = devices.under(3)
    write(world, leaf, name="leaf.pem")
    stranger = cloud_pki.Authority("stranger")
    for name, certificates, stray in (("without the nearest", chain[1:], "middle 2"), ("with a gap", [chain[0], chain[2]], "middle 1"),
                                      ("with another branch", [*chain, devices.middle[4]], "middle 5")):
        options = ["--certificate-chain-file", world.file(write(world, *certificates, name="chain.pem"))]
        world.refused(f"chain {name}", world.anywhere(*options, certificate="leaf.pem"), 1, ["chain.pem", f'"CN={stray}"', "chain"])
    world.refused("no chain", world.anywhere(certificate="leaf.pem"), 1, ["Untrusted certificate"], 1)
    fake = cloud_pki.Authority("middle 1", stranger)
    forged = fake.issue("ec", devices.public["ec"])
    world.refused("a namesake as issuer", world.anywhere("--certificate-chain-file", world.file(write(world, devices.middle[0], name="chain.pem")),
                                                         certificate=write(world, forged)), 1, ["chain"])


def judgements(world, devices):
    """What only the service can see, in its own words."""
    foreign = cloud_pki.Authority("foreign").issue("ec", devices.public["ec"])
    world.refused("untrusted", world.anywhere(certificate=write(world, foreign)), 1,
                  ["AccessDeniedException", "403", "Untrusted certificate", "request id"], 1)
    serial = x509.random_serial_number()
    write(world, devices.issue(serial=serial))
    world.cloud.config(rolesanywhere={"trust_anchors": {ANCHOR: {"revoked": [str(serial)]}}})
    world.refused("revoked", world.anywhere(certificate="made.pem"), 1, ["AccessDeniedException", "revoked"], 1)
    world.cloud.config(rolesanywhere={"trust_anchors": {ANCHOR: {"enabled": False}}})
    world.refused("disabled", world.anywhere(), 1, ["ResourceNotFoundException", "404", "disabled"], 1)
    world.cloud.config(rolesanywhere={"trust_anchors": {ANCHOR: {"enabled": True}}})


def foreign_keys(world, devices):
    """Rows 16 and 17: keys that cannot sign here."""
    for name, options, is_good in (("pss", ["--algorithm", "rsa2048", "--scheme", "rsapss"], False),
                                   ("fixed384", ["--algorithm", "ecc384", "--scheme", "ecdsa", "--hash", "sha384"], True),
                                   ("restricted", ["--algorithm", "ecc256", "--scheme", "ecdsa", "--restricted"], True)):
        world.make("key", "create", "--out", world.file(name + ".pem"), *options)
        public = world.make("key", "public", world.file(name + ".pem"))
        certificate = devices.root.issue(name, cloud_pki.public_key(public.encode()))
        arguments = world.anywhere(key=name + ".pem", certificate=write(world, certificate))
        if is_good:
            world.accepted(name, arguments)
        else:
            world.refused(name, arguments, 1, ["RSASSA with SHA-256", "neither"])
    world.refused("HMAC key", world.anywhere(key="hmac.pem"), 1, "neither")
    world.refused("EC key for an access key", world.hmac("credentials", key="ec.pem"), 1, "HMAC")
    world.make("key", "import", "--hmac", "--algorithm", "hmac-sha384", "--in", world.file("secret"), "--out", world.file("sha384.pem"))
    world.refused("HMAC of another hash", world.hmac("credentials", key="sha384.pem"), 1, "SHA-256")


def run(world):
    devices = Devices(world)
    for cases in (files, kinds, validity, links, judgements, foreign_keys):
        cases(world, devices)
