#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes key files that are wrong in one way each: bad_files.py PUBLIC PRIVATE FOLDER

PUBLIC and PRIVATE are the TPM2B files of a good key. One line for each file goes to standard output: its name, what it is, and an
extended regular expression that the refusal matches, between tabs.
"""
import os
import sys

sys.dont_write_bytecode = True
from tss2_file import boolean, der, integer, octets, oid, pem, read, sequence, tagged

LOADABLE = oid("2.23.133.10.1.3")
OWNER = integer(0x40000001)
EMPTY_AUTH = tagged(0, boolean(b"\xff"))


def step(code, body):
    return sequence(tagged(0, integer(code)), tagged(1, octets(body)))


def parts(public_area, private_part, **fields):
    """The elements of a good file with some replaced."""
    out = {
        "type": LOADABLE,
        "empty_auth": EMPTY_AUTH,
        "policy": b"",
        "secret": b"",
        "more": b"",
        "parent": OWNER,
        "public": octets(public_area),
        "private": octets(private_part),
        "last": b"",
    }
    out.update(fields)
    return sequence(*out.values())


def or_step(count):
    digests = b"".join(b"\x00\x20" + bytes([i]) * 32 for i in range(count))
    return step(0x171, count.to_bytes(4, "big") + digests)


def der_files(public, private):
    """Pairs of what it is and (DER, refusal)."""

    def made(**fields):
        return parts(public, private, **fields)

    good = made()
    secret = tagged(2, octets(b"\x00\x04abcd"))
    flipped = bytes([public[0] ^ 0x10]) + public[1:]
    yield "no byte of DER", b"\x30", "truncated|DER"
    for cut in (3, 8, 12, 17, 21, 60, len(good) - 90, len(good) - 1):
        yield f"DER cut after {cut} bytes", good[:cut], "truncated"
    yield "bytes after the outer SEQUENCE", good + b"\x00\x00", "trailing"
    yield "two key files in one", good + good, "trailing"
    yield "one more element at the end", made(last=der(0x05, b"")), "unknown element|trailing"
    yield "emptyAuth twice", made(policy=EMPTY_AUTH), "twice|duplicate"
    yield "fields out of order", made(empty_auth=tagged(4, der(0x0C, b"x")), policy=EMPTY_AUTH), "order"
    yield "emptyAuth without content", made(empty_auth=tagged(0, boolean(b""))), "emptyAuth"
    yield "emptyAuth of two bytes", made(empty_auth=tagged(0, boolean(b"\x00\x00"))), "emptyAuth"
    yield "emptyAuth that is a number", made(empty_auth=tagged(0, integer(1))), "emptyAuth"
    yield "an IMPLICIT emptyAuth", made(empty_auth=der(0x80, b"\xff")), "tag|parent"
    yield "importable without secret", made(type=oid("2.23.133.10.1.4")), "secret"
    yield "loadable with secret", made(secret=secret), "secret"
    yield "a secret that is no TPM2B", made(type=oid("2.23.133.10.1.4"), secret=tagged(2, octets(b"\x01\x04abcd"))), "secret"
    yield "an unknown type", made(type=oid("2.23.133.10.1.9")), r"2\.23\.133\.10\.1\.9"
    yield "the type of RSA keys", made(type=oid("1.2.840.113549.1.1.1")), r"1\.2\.840\.113549|private key"
    for handle in (0x02000000, 0x4000000A, 0x01000002, 0x40000010, 0x00000007, 0x80000000, 0x90000000):
        yield f"the parent 0x{handle:08x}", made(parent=integer(handle)), f"0x{handle:08x}"
    yield "a parent of 9 bytes", made(parent=der(0x02, bytes(range(1, 10)))), "parent.*range|range.*parent"
    yield "a parent without content", made(parent=der(0x02, b"")), "parent"
    yield "a parent that is text", made(parent=der(0x0C, b"owner")), "parent"
    yield "no parent", made(parent=b""), "parent"
    yield "no public area", made(public=b""), "privkey|pubkey"
    yield "a short public area", made(public=octets(public[:-1])), "pubkey"
    yield "a long public area", made(public=octets(public + b"\x00")), "pubkey"
    yield "a public area whose size is wrong", made(public=octets(flipped)), "pubkey"
    yield "an empty public area", made(public=octets(b"\x00\x00")), "pubkey"
    yield "a public area of nothing", made(public=octets(b"")), "pubkey"
    yield "a public area with a byte too many inside", made(public=octets((len(public) - 1).to_bytes(2, "big") + public[2:] + b"\x00")), "pubkey"
    yield "a public area of an unknown type", made(public=octets(public[:2] + b"\x00\x99" + public[4:])), "pubkey|0x0099"
    yield "a public area with a reserved attribute", made(public=octets(public[:6] + b"\x80" + public[7:])), "reserved|pubkey"
    yield "an empty private part", made(private=octets(b"\x00\x00")), "privkey.*empty"
    yield "a private part of nothing", made(private=octets(b"")), "privkey.*empty"
    yield "a short private part", made(private=octets(private[:-1])), "privkey"
    yield "a long private part", made(private=octets(private + b"\x00")), "privkey"
    yield "no private part", made(private=b""), "privkey"
    yield "a huge private part", made(private=octets(b"\x23\x28" + bytes(9000))), "privkey"
    yield "a policy that is no list", made(policy=tagged(1, octets(b""))), "policy"
    yield "a policy step without command", made(policy=tagged(1, sequence(sequence(tagged(1, octets(b"")))))), "policy|command"
    for count in (0, 1, 9):
        yield f"PolicyOR of {count} digests", made(policy=tagged(1, sequence(or_step(count)))), "PolicyOR"
    huge = step(0x171, b"\xff\xff\xff\xff" + b"\x00\x20" + bytes(32))
    yield "PolicyOR of 4294967295 digests", made(policy=tagged(1, sequence(huge))), "PolicyOR"
    yield "1500 policy steps", made(policy=tagged(1, sequence(*[step(0x16B, b"")] * 1500))), "policy.*more than"
    yield "a description that is no UTF-8", made(more=tagged(4, der(0x0C, b"a\xff\xfe\x1b[2Jb"))), "description|UTF-8"
    yield "a description with a NUL", made(more=tagged(4, der(0x0C, b"a\x00b"))), "description|NUL"
    yield "an indefinite length", b"\x30\x80" + good[2:] + b"\x00\x00", "DER|length"
    yield "a length of nine bytes", b"\x30\x89" + bytes(8) + b"\x10" + good[4:], "DER|length|truncated"
    yield "a length with a leading zero", b"\x30\x83\x00" + (len(good) - 3).to_bytes(2, "big") + good[3:], "DER|length|truncated"


def text_files(public, private):
    """Triples of what it is, its bytes and its refusal."""
    good = pem(parts(public, private)).encode()
    lines = good.splitlines(keepends=True)
    yield "an empty file", b"", "empty"
    yield "a line end", b"\n", "PEM|DER|empty"
    yield "words", b"this is no key\n", "PEM|DER"
    yield "a NUL in the PEM", good[:80] + b"\x00" + good[81:], "NUL|base64"
    yield "a PEM without END", b"".join(lines[:-1]), "END"
    yield "a PEM cut in the middle", good[:150], "END"
    yield "a PEM with bad base64", good[:90] + b"!*" + good[92:], "base64"
    yield "a PEM with another END", good.replace(b"END TSS2 PRIVATE", b"END RSA PRIVATE"), "END"
    yield "an empty PEM block", lines[0] + lines[-1], "empty"
    yield "two key blocks", good + good, "more than one"
    yield "a PEM block with headers", lines[0] + b"Proc-Type: 4,ENCRYPTED\n\n" + b"".join(lines[1:]), "header|encrypted|base64"
    yield "the label PRIVATE KEY", good.replace(b"TSS2 PRIVATE", b"PRIVATE"), "private key|not in a TPM"
    yield "the label ENCRYPTED PRIVATE KEY", good.replace(b"TSS2 PRIVATE", b"ENCRYPTED PRIVATE"), "encrypted"
    yield "the label CERTIFICATE", good.replace(b"TSS2 PRIVATE KEY", b"CERTIFICATE"), "certificate"
    yield "the label in another case", good.replace(b"TSS2 PRIVATE KEY", b"tss2 private key"), "TSS2 PRIVATE KEY"
    yield "JSON", b'{"private_key": "x"}\n', "JSON"
    yield "65537 bytes", good + b"\n" * (65537 - len(good)), "65536|64 KiB|too (large|big)"
    yield "10 MB", b"\x30" * 10_000_000, "65536|64 KiB|too (large|big)"
    yield "random bytes", bytes((i * 167 + 13) % 251 + 4 for i in range(500)), "PEM|DER"


def main():
    public, private, folder = sys.argv[1:]
    public, private = read(public), read(private)
    files = [(what, pem(content).encode(), refusal) for what, content, refusal in der_files(public, private)]
    files += [(what + ", in raw DER", content, refusal) for what, content, refusal in der_files(public, private)]
    files += text_files(public, private)
    for number, (what, content, refusal) in enumerate(files):
        name = os.path.join(folder, f"bad{number}.pem")
        with open(name, "wb") as file:
            file.write(content)
        print(name, what, refusal, sep="\t")


if __name__ == "__main__":
    main()
