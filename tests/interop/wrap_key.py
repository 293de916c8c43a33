#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Wraps a new P-256 key for an ECC parent as the Go libraries do: numbers are written without leading zero bytes, so that a
coordinate, or the private number, can be shorter than the curve's 32 bytes (TPM 2.0 Part 1, 23.3).

  wrap_key.py PARENT.pub x|y|d OUT.pub OUT.prv OUT.seed      the second says which number is short
"""
import hashlib
import hmac
import sys

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

sys.dont_write_bytecode = True
from tss2_file import Reader, read

ATTRIBUTES = 0x00060440  # userWithAuth, noDA, decrypt, sign


def sized(content):
    return len(content).to_bytes(2, "big") + content


def shortest(number):
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def kdfa(key, label, context, size):
    text = (1).to_bytes(4, "big") + label + b"\x00" + context + (8 * size).to_bytes(4, "big")
    return hmac.new(key, text, hashlib.sha256).digest()[:size]


def kdfe(shared, label, first, second):
    return hashlib.sha256((1).to_bytes(4, "big") + shared + label + b"\x00" + first + second).digest()


def parent_key(path):
    """The point of a TPM2B_PUBLIC with an ECC storage key."""
    in_ = Reader(read(path))
    in_.number(10)
    in_.sized()
    in_.number(12)  # AES-128-CFB, scheme, curve, kdf
    return tuple(int.from_bytes(in_.sized(), "big") for _ in range(2))


def short_key(which):
    while True:
        numbers = ec.generate_private_key(ec.SECP256R1()).private_numbers()
        found = {"x": numbers.public_numbers.x, "y": numbers.public_numbers.y, "d": numbers.private_value}
        if found[which] >> 248 == 0:
            return found["x"], found["y"], found["d"]


def main():
    parent, which, public_path, private_path, seed_path = sys.argv[1:]
    x, y, d = short_key(which)
    area = bytes.fromhex("0023000b") + ATTRIBUTES.to_bytes(4, "big") + sized(b"") + bytes.fromhex("0010001000030010")
    area += sized(shortest(x)) + sized(shortest(y))
    name = b"\x00\x0b" + hashlib.sha256(area).digest()
    sensitive = bytes.fromhex("0023") + sized(b"") + sized(b"") + sized(shortest(d))

    parent_x, parent_y = parent_key(parent)
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    point = ephemeral.public_key().public_numbers()
    other = ec.EllipticCurvePublicNumbers(parent_x, parent_y, ec.SECP256R1()).public_key()
    shared = ephemeral.exchange(ec.ECDH(), other)
    seed = kdfe(shared, b"DUPLICATE", point.x.to_bytes(32, "big"), parent_x.to_bytes(32, "big"))
    cipher = Cipher(algorithms.AES(kdfa(seed, b"STORAGE", name, 16)), modes.CFB(bytes(16))).encryptor()
    body = cipher.update(sized(sensitive)) + cipher.finalize()
    mac = hmac.new(kdfa(seed, b"INTEGRITY", b"", 32), body + name, hashlib.sha256).digest()

    with open(public_path, "wb") as file:
        file.write(sized(area))
    with open(private_path, "wb") as file:
        file.write(sized(sized(mac) + body))
    with open(seed_path, "wb") as file:
        file.write(sized(sized(point.x.to_bytes(32, "big")) + sized(point.y.to_bytes(32, "big"))))


if __name__ == "__main__":
    main()
