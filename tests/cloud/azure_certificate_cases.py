# SPDX-License-Identifier: Apache-2.0
"""Certificates of an application: their forms, chains, dates and keys."""
import base64
import datetime
import os

import cloud_pki
from azure_token_cases import thumbprint
from azure_world import NAMED_CLIENT
from cryptography.hazmat.primitives import serialization

UTC = datetime.timezone.utc


def forms(world):
    """PEM as people have it, and DER."""
    with open(world.file("rsa.crt"), "rb") as file:
        pem = file.read()
    der = serialization_der(pem)
    other = cloud_pki.pem(world.issue("other"))
    cases = {"DER": der, "CRLF": pem.replace(b"\n", b"\r\n"), "no line end": pem.rstrip(), "text before": b"subject=CN = rsa\nissuer=CN = root\n\n" + pem,
             "text behind": pem + b"\nthe end\n", "BOM": b"\xef\xbb\xbf" + pem, "with its root": pem + world.root.pem(), "root first": world.root.pem() + pem}
    world.file("form.crt", other + pem)
    world.refused("with another certificate", world.token(certificate="form.crt"), 1, ["form.crt", "CN=other", "chain"])
    for name, data in cases.items():
        world.file("form.crt", data)
        world.granted(name, world.token(certificate="form.crt"))
        world.checks.equal(name + ": thumbprint", world.parameters()["header"].get("x5t#S256"), thumbprint(world, "rsa.crt", "x5t#S256"))
        world.checks.true(name + ": no chain", "x5c" not in world.parameters()["header"])


def serialization_der(pem):
    return cloud_pki.x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)


def bad(world):
    """What is no certificate, or not the key's."""
    with open(world.file("rsa.crt"), "rb") as file:
        pem = file.read()
    cases = {"empty": b"", "text": b"this is no certificate\n", "cut PEM": pem[:len(pem) // 2], "cut DER": serialization_der(pem)[:-1], "NULs": b"\0" * 100,
             "key": cloud_pki.key_pem(cloud_pki.new_key()), "bad base64": pem.replace(b"MII", b"M!I"), "big": b" " * (2 << 20)}
    for name, data in cases.items():
        world.file("bad.crt", data)
        world.refused(name, world.token(certificate="bad.crt"), 1, ["bad.crt"])
    world.refused("missing", world.token(certificate="none.crt"), 1, ["none.crt", "No such file"])
    world.refused("of another key", world.token(certificate="other.crt"), 1, ["other.crt", "another key"])
    world.refused("of an EC key", world.token(certificate="ec.crt"), 1, ["ec.crt", "another key"])
    world.refused("EC key", world.token(key="ec.pem", certificate="ec.crt"), 1, ["EC keys", "RSA"])
    world.refused("EC key, federated", world.federated(key="ec.pem"), 1, ["EC keys", "RSA"])
    world.refused("unregistered", world.token(key="other.pem", certificate="other.crt"), 1, ["AADSTS700027", "401", "--send-certificate-chain"], 1)
    world.refused("no certificate", world.token(certificate=None), 2, ["--certificate-path", "missing"])


def validity(world):
    now = datetime.datetime.now(UTC).replace(microsecond=0)
    cases = (("expired", {"start": now - datetime.timedelta(days=40), "days": 30}), ("not yet valid", {"start": now + datetime.timedelta(days=3)}))
    for name, more in cases:
        world.write(world.issue(**more), name="dated.crt")
        world.register("dated.crt")
        world.cloud.reset()
        ran = world.run(*world.token(certificate="dated.crt"))
        world.checks.true(name, ran.status == 1 and not ran.out and ("AADSTS1000502" in ran.err or "expired" in ran.err or "valid" in ran.err), ran.err)
        world.checks.true(name + ": at most one request", len(world.cloud.log()) <= 1, len(world.cloud.log()))
        world.is_quiet(name, ran)
    world.register()


def changes(world):
    """A renewed certificate is read by the next run."""
    path = world.file("renewed.crt")
    seen = []
    for turn in ("first", "second"):
        world.write(world.issue(), name="next.crt")
        os.rename(world.file("next.crt"), path)
        if turn == "second":
            world.refused("renewed, not registered", world.token(certificate="renewed.crt"), 1, "AADSTS700027", 1)
            world.cloud.config(entra={"rules": {}})
        world.register("renewed.crt")
        world.granted("renewed, " + turn, world.token(certificate="renewed.crt"))
        seen.append(world.parameters()["header"]["x5t#S256"])
        world.file("registered.crt", open(path, "rb").read())  # pylint: disable=consider-using-with
        world.register("registered.crt")
    world.checks.true("renewed: another thumbprint", seen[0] != seen[1], seen)
    world.register()


def chains(world):
    """Trust by subject name and issuer: the chain in x5c, leaf first, whatever its order in the file."""
    check = world.checks
    leaf = world.issue(issuer=world.middle[1], subject="named")
    middle = [authority.certificate for authority in world.middle[::-1]]
    root = world.root.certificate
    for name, certificates, length in (("leaf and two", [leaf, *middle], 3), ("with its root", [leaf, *middle, root], 4),
                                       ("backwards", [root, *middle[::-1], leaf], 4),
                                       ("mixed", [middle[1], leaf, middle[0]], 3)):
        world.write(*certificates, name="chain.crt")
        for kind in ("sha256", "sha1"):
            world.granted(f"chain, {name}, {kind}", world.token("--send-certificate-chain", "--thumbprint", kind, certificate="chain.crt", client=NAMED_CLIENT))
            header = world.parameters()["header"]
            sent = [base64.b64decode(text, validate=True) for text in header["x5c"]]
            check.equal(f"chain, {name}: leaf", sent[0], world.der(leaf))
            check.true(f"chain, {name}: length", length - 1 <= len(sent) <= length, len(sent))
            check.equal(f"chain, {name}: order", sent[:3], [world.der(certificate) for certificate in [leaf, *middle]])
    world.refused("chain, not sent", world.token(certificate="chain.crt", client=NAMED_CLIENT), 1, ["AADSTS700027", "--send-certificate-chain"], 1)
    world.write(world.issue(issuer=world.middle[1], subject="other name"), *middle, name="chain.crt")
    world.refused("chain of another name", world.token("--send-certificate-chain", certificate="chain.crt", client=NAMED_CLIENT), 1, "AADSTS700027", 1)
    world.write(leaf, middle[1], name="chain.crt")
    world.cloud.reset()
    ran = world.run(*world.token("--send-certificate-chain", certificate="chain.crt", client=NAMED_CLIENT))
    check.true("chain with a gap", ran.status == 1 and ran.err.count("\n") == 1 and not ran.out, ran.err)
    world.cloud.config(entra={"rules": {"require_x5c": True}})
    world.granted("x5c demanded", world.token("--send-certificate-chain"))
    world.cloud.config(entra={"rules": {"require_x5c": None}})


def run(world):
    for cases in (forms, bad, validity, changes, chains):
        cases(world)
