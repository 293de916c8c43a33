#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads and writes TSS2 key files with a few lines of DER, so that the tests can make files that other tools write and files that
nobody should.

  tss2_file.py public FILE              the public key in a key file, as PEM
  tss2_file.py write [FIELD=VALUE]...   a key file from its fields, in PEM, to standard output; see FIELDS
"""
import base64
import sys

TYPES = {
    "loadable": "2.23.133.10.1.3",
    "importable": "2.23.133.10.1.4",
    "sealed": "2.23.133.10.1.5",
    "old": "2.23.133.10.2",
}

FIELDS = """
type=loadable|importable|sealed|old|OID   empty_auth=HEX|  parent=0x40000001  public=FILE  private=FILE  private_hex=HEX
secret=FILE  description=TEXT  rsa_parent=HEX  parent_bytes=HEX (content of the INTEGER)  tag6=HEX tag7=HEX (content of [6], [7])
policy=HEX (content of the field)  approved1=NAME:HEX approved2=... (signed policies of authPolicy, HEX as of policy)  layout=old
"""


def der(tag, content):
    n = len(content)
    if n < 0x80:
        size = bytes([n])
    else:
        body = n.to_bytes((n.bit_length() + 7) // 8, "big")
        size = bytes([0x80 | len(body)]) + body
    return bytes([tag]) + size + content


def octets(content):
    return der(0x04, content)


def sequence(*parts):
    return der(0x30, b"".join(parts))


def tagged(number, content):
    return der(0xA0 | number, content)


def boolean(content):
    return der(0x01, content)


def oid(text):
    arcs = [int(arc) for arc in text.split(".")]
    arcs = [40 * arcs[0] + arcs[1]] + arcs[2:]
    out = b""
    for arc in arcs:
        groups = [arc & 0x7F]
        while arc >= 0x80:
            arc >>= 7
            groups.insert(0, 0x80 | arc & 0x7F)
        out += bytes(groups)
    return der(0x06, out)


def integer(value):
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def pem(content, label="TSS2 PRIVATE KEY"):
    text = base64.b64encode(content).decode()
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def unpem(text):
    """The content of the key block in a PEM text."""
    for label in ("TSS2 PRIVATE KEY", "TSS2 KEY BLOB"):
        begin = f"-----BEGIN {label}-----"
        if begin in text:
            return base64.b64decode(text.split(begin)[1].split("-----END")[0])
    raise SystemExit("no key block")


def elements(content):
    """The elements of a DER content as pairs of tag and content."""
    out = []
    while content:
        size, at = content[1], 2
        if size & 0x80:
            at = 2 + (size & 0x7F)
            size = int.from_bytes(content[2:at], "big")
        out.append((content[0], content[at : at + size]))
        content = content[at + size :]
    return out


def load(path):
    with open(path, "rb") as file:
        data = file.read()
    return data if data[:1] == b"\x30" else unpem(data.decode("utf-8", "replace"))


def public_part(content):
    """The pubkey field: TPM2B_PUBLIC."""
    parts = elements(elements(content)[0][1])
    plain = [value for tag, value in parts if tag == 0x04]
    if len(plain) == 2:
        return plain[0]
    return elements(next(value for tag, value in parts if tag == 0xA2))[0][1]


class Reader:
    def __init__(self, data):
        self.data = data

    def number(self, size):
        value, self.data = self.data[:size], self.data[size:]
        return int.from_bytes(value, "big")

    def sized(self):
        size = self.number(2)
        value, self.data = self.data[:size], self.data[size:]
        return value

    def scheme(self, plain):
        """A TPMT_..._SCHEME: an algorithm and, but for those in `plain`, a hash."""
        algorithm = self.number(2)
        if algorithm not in plain:
            self.number(2)


def spki(area):
    """TPM2B_PUBLIC to PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    in_ = Reader(area)
    in_.number(2)
    kind = in_.number(2)
    in_.number(6)
    in_.sized()
    if in_.number(2) != 0x0010:  # symmetric, of storage keys
        in_.number(4)
    in_.scheme((0x0010, 0x0015))
    if kind == 0x0001:
        in_.number(2)
        exponent = in_.number(4) or 65537
        key = rsa.RSAPublicNumbers(exponent, int.from_bytes(in_.sized(), "big")).public_key()
    elif kind == 0x0023:
        curve = {3: ec.SECP256R1, 4: ec.SECP384R1, 5: ec.SECP521R1}[in_.number(2)]()
        in_.scheme((0x0010,))
        x, y = (int.from_bytes(in_.sized(), "big") for _ in range(2))
        key = ec.EllipticCurvePublicNumbers(x, y, curve).public_key()
    else:
        raise SystemExit("no asymmetric key")
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def auth_policy(fields):
    """The content of authPolicy; empty when no signed policy is given."""
    out = b""
    for number in range(1, 100):
        if f"approved{number}" not in fields:
            return out
        name, steps = fields[f"approved{number}"].rsplit(":", 1)
        label = tagged(0, der(0x0C, name.encode())) if name else b""
        out += sequence(label, tagged(1, der(0x30, bytes.fromhex(steps))))
    return out


def build(fields):
    """The DER of a key file; see FIELDS."""
    kind = fields.get("type", "loadable")
    parent = integer(int(fields.get("parent", "0x40000001"), 0))
    if "parent_bytes" in fields:
        parent = der(0x02, bytes.fromhex(fields["parent_bytes"]))
    private = bytes.fromhex(fields["private_hex"]) if "private_hex" in fields else read(fields["private"])
    public = octets(read(fields["public"]))
    empty_auth = tagged(0, boolean(bytes.fromhex(fields["empty_auth"]))) if fields.get("empty_auth") else b""
    policy = der(0x30, bytes.fromhex(fields["policy"])) if "policy" in fields else b""
    parts = [oid(TYPES.get(kind, kind)), empty_auth]
    if fields.get("layout") == "old":
        if fields.get("parent") or "parent_bytes" in fields:
            parts.append(tagged(1, parent))
        parts.append(tagged(2, public))
        parts.append(tagged(3, policy) if policy else b"")
        return sequence(*parts, octets(private))
    parts.append(tagged(1, policy) if policy else b"")
    if "secret" in fields:
        parts.append(tagged(2, octets(read(fields["secret"]))))
    if "approved1" in fields:
        parts.append(tagged(3, sequence(auth_policy(fields))))
    if "description" in fields:
        parts.append(tagged(4, der(0x0C, fields["description"].encode("utf-8", "surrogateescape"))))
    if "rsa_parent" in fields:
        parts.append(tagged(5, boolean(bytes.fromhex(fields["rsa_parent"]))))
    for number in range(6, 31):
        if f"tag{number}" in fields:
            parts.append(tagged(number, bytes.fromhex(fields[f"tag{number}"])))
    return sequence(*parts, parent, public, octets(private))


def main():
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == "public":
        sys.stdout.write(spki(public_part(load(arguments[0]))))
    elif command == "write":
        fields = dict(argument.split("=", 1) for argument in arguments)
        label = "TSS2 KEY BLOB" if fields.get("layout") == "old" else "TSS2 PRIVATE KEY"
        sys.stdout.write(pem(build(fields), fields.get("label", label)))
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
