#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes and reads the policies in key files, as several programs lay them out.

  policy_steps.py write STEP...         the content of a `policy` field, in hexadecimal digits; see STEPS
  policy_steps.py sign KEY AREA DIGEST [REF [HASH]]
                                        TPMT_SIGNATURE, in hexadecimal digits, of an approved digest (hexadecimal) and a reference by a
                                        private key in PEM; AREA is its TPM2B_PUBLIC, whose nameAlg is the hash unless HASH names one
  policy_steps.py digest FILE           the digest that the steps in a key file lead to by the draft's rule, and the key's authPolicy
  policy_steps.py list FILE             the steps in a key file, and those of each signed policy after its name: CODE BODY
  policy_steps.py parts FILE PUB PRIV   the TPM2B files of a key
"""
import hashlib
import sys

sys.dont_write_bytecode = True
from tss2_file import Reader, elements, integer, load, octets, read, sequence, tagged

STEPS = """
pcr:SELECTION:DIGEST      PolicyPCR as the draft has it: selection, digest without a size
pcr2:SELECTION:DIGEST     PolicyPCR as the TPM's command has it: digest with its size, perhaps empty, selection
auth  password            PolicyAuthValue, PolicyPassword
locality:BYTE  code:CODE  PolicyLocality, PolicyCommandCode
secret:HANDLE:NAME:REF    PolicySecret: handle, Name and reference with their sizes
secret2:HANDLE:NAME:REF   the same with a reference without a size
counter:OPERAND:OFFSET:OPERATION     PolicyCounterTimer, operand without a size
counter2:OPERAND:OFFSET:OPERATION    the same with it
or:DIGEST,DIGEST...       PolicyOR
authorize:AREA:REF:SIG    PolicyAuthorize; AREA is a file with TPM2B_PUBLIC; no SIG: a null signature
select:OBJECT:PARENT:BYTE PolicyDuplicationSelect
raw:CODE:BODY             anything
"""

BANKS = {"sha1": 0x0004, "sha256": 0x000B, "sha384": 0x000C, "sha512": 0x000D}
NAMES = {number: name for name, number in BANKS.items()}
PCR, OR, AUTHORIZE, SECRET = 0x17F, 0x171, 0x16A, 0x151
AUTH_VALUE, PASSWORD, COUNTER_TIMER = 0x16B, 0x18C, 0x16D


def number(value, size):
    return value.to_bytes(size, "big")


def sized(data):
    return number(len(data), 2) + data


def selection(text):
    """TPML_PCR_SELECTION of `sha256=1,2+sha1=3`."""
    banks = text.split("+")
    out = number(len(banks), 4)
    for bank in banks:
        name, registers = bank.split("=")
        bits = sum(1 << int(register) for register in registers.split(","))
        out += number(BANKS[name], 2) + b"\x03" + bits.to_bytes(3, "little")
    return out


def body(kind, words):
    """The command code and the body of a step."""
    data = [bytes.fromhex(word) if kind not in ("pcr", "pcr2", "or", "authorize", "raw") else b"" for word in words]
    if kind == "pcr":
        return PCR, selection(words[0]) + bytes.fromhex(words[1])
    if kind == "pcr2":
        return PCR, sized(bytes.fromhex(words[1])) + selection(words[0])
    if kind == "secret":
        return SECRET, data[0] + sized(data[1]) + sized(data[2])
    if kind == "secret2":
        return SECRET, data[0] + sized(data[1]) + data[2]
    if kind == "counter":
        return COUNTER_TIMER, data[0] + data[1] + data[2]
    if kind == "counter2":
        return COUNTER_TIMER, sized(data[0]) + data[1] + data[2]
    if kind == "or":
        digests = [sized(bytes.fromhex(word)) for word in words[0].split(",")]
        return OR, number(len(digests), 4) + b"".join(digests)
    if kind == "authorize":
        return AUTHORIZE, read(words[0]) + sized(bytes.fromhex(words[1])) + (bytes.fromhex(words[2]) or b"\x00\x10")
    if kind == "select":
        return 0x188, sized(data[0]) + sized(data[1]) + data[2]
    if kind == "raw":
        return int(words[0], 16), bytes.fromhex(words[1])
    plain = {"auth": AUTH_VALUE, "password": PASSWORD, "locality": 0x16F, "code": 0x16C}
    return plain[kind], b"".join(data)


def write(steps):
    out = b""
    for step in steps:
        kind, *words = step.split(":")
        code, content = body(kind, words)
        out += sequence(tagged(0, integer(code)), tagged(1, octets(content)))
    return out.hex()


def sign(key, area, digest, reference="", hash_name=None):
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

    name = hash_name or NAMES[int.from_bytes(read(area)[4:6], "big")]
    algorithm = {"sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}[name]()
    hashed = hashlib.new(name, bytes.fromhex(digest) + bytes.fromhex(reference)).digest()
    private = serialization.load_pem_private_key(read(key), None)
    if isinstance(private, ec.EllipticCurvePrivateKey):
        size = (private.curve.key_size + 7) // 8
        pair = utils.decode_dss_signature(private.sign(hashed, ec.ECDSA(utils.Prehashed(algorithm))))
        return (b"\x00\x18" + number(BANKS[name], 2) + b"".join(sized(number(part, size)) for part in pair)).hex()
    signature = private.sign(hashed, padding.PKCS1v15(), utils.Prehashed(algorithm))
    return (b"\x00\x14" + number(BANKS[name], 2) + sized(signature)).hex()


def steps_of(content):
    """Pairs of command code and body."""
    out = []
    for _, step in elements(content):
        code, data = elements(step)
        out.append((int.from_bytes(elements(code[1])[0][1], "big"), elements(data[1])[0][1]))
    return out


class File:
    """The fields of a key file that have to do with its policy."""

    def __init__(self, path):
        parts = elements(elements(load(path))[0][1])
        fields = {tag: value for tag, value in parts if tag & 0xC0}
        plain = [value for tag, value in parts if tag == 0x04]
        self.public, self.private = plain
        self.steps = steps_of(elements(fields[0xA1])[0][1]) if 0xA1 in fields else []
        self.approved = []
        for _, entry in elements(elements(fields[0xA3])[0][1]) if 0xA3 in fields else []:
            inner = dict(elements(entry))
            name = elements(inner[0xA0])[0][1].decode() if 0xA0 in inner else ""
            self.approved.append((name, steps_of(elements(inner[0xA1])[0][1])))
        reader = Reader(self.public)
        reader.number(4)
        self.name_alg = NAMES[reader.number(2)]
        reader.number(4)
        self.auth_policy = reader.sized()


def name_of(area):
    """The Name of a TPM2B_PUBLIC."""
    algorithm = NAMES[int.from_bytes(area[4:6], "big")]
    return area[4:6] + hashlib.new(algorithm, area[2:]).digest()


def after(name, digest, code, content):
    """The digest after a step of the draft: the hash of what was, the code and the body, with the exceptions that it makes."""

    def extend(*parts):
        return hashlib.new(name, b"".join(parts)).digest()

    reader = Reader(content)
    if code == OR:
        count = reader.number(4)
        return extend(bytes(len(digest)), number(code, 4), *[reader.sized() for _ in range(count)])
    if code == AUTHORIZE:
        area = sized(reader.sized())
        return extend(extend(bytes(len(digest)), number(code, 4), name_of(area)), reader.sized())
    if code == SECRET:
        reader.number(4)
        return extend(extend(digest, number(code, 4), reader.sized()), reader.sized())
    if code == PASSWORD:
        code = AUTH_VALUE
    if code == COUNTER_TIMER:
        content = extend(content)
    return extend(digest, number(code, 4), content)


def digest_of(file, steps):
    digest = bytes(hashlib.new(file.name_alg).digest_size)
    for code, content in steps:
        digest = after(file.name_alg, digest, code, content)
    return digest


def main():
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == "write":
        print(write(arguments))
    elif command == "sign":
        print(sign(*arguments))
    elif command == "digest":
        file = File(arguments[0])
        print(digest_of(file, file.steps).hex(), file.auth_policy.hex())
    elif command == "list":
        file = File(arguments[0])
        for name, steps in [(None, file.steps), *file.approved]:
            if name is not None:
                print(name)
            for code, content in steps:
                print(f"{code:08x} {content.hex()}")
    elif command == "parts":
        file = File(arguments[0])
        for path, content in zip(arguments[1:], (file.public, file.private)):
            with open(path, "wb") as out:
                out.write(content)
    else:
        raise SystemExit(__doc__ + STEPS)


if __name__ == "__main__":
    main()
