#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes policies up, and compares the digest that the program computes of each with that of a trial session of tpm2-tools:
policy_digests.py PROGRAM

It works in the current folder with the TPM that TPM2TOOLS_TCTI and TPMCLOUD_TCTI name, where it makes what policies point to. One line
for each group of policies goes to standard output, and one for each that differs.
"""
import hashlib
import json
import random
import subprocess
import sys

sys.dont_write_bytecode = True
from tss2_file import Reader, read

SEED = 20240711
HASHES = {"sha1": 0x0004, "sha256": 0x000B, "sha384": 0x000C, "sha512": 0x000D}
OPERATIONS = ["eq", "neq", "sgt", "ugt", "slt", "ult", "sge", "uge", "sle", "ule", "bs", "bc"]
OPERATION_WORDS = """EQ NEQ SIGNED_GT UNSIGNED_GT SIGNED_LT UNSIGNED_LT SIGNED_GE UNSIGNED_GE SIGNED_LE UNSIGNED_LE BITSET
BITCLEAR""".split()
COMMANDS = {"Sign": 0x15D, "HMAC": 0x155, "RSA_Decrypt": 0x159, "Quote": 0x158, "Certify": 0x148, "Unseal": 0x15E, "NV_Read": 0x14E}
KINDS = """OR SIGNED SECRET PCR LOCALITY NV COUNTERTIMER COMMANDCODE PHYSICALPRESENCE CPHASH NAMEHASH DUPLICATIONSELECT AUTHORIZE
AUTHVALUE PASSWORD NVWRITTEN TEMPLATE AUTHORIZENV ACTION""".split()
OBJECT_ATTRIBUTES = {
    "fixedTPM": 1, "stClear": 2, "fixedParent": 4, "sensitiveDataOrigin": 5, "userWithAuth": 6, "adminWithPolicy": 7, "noDA": 10,
    "encryptedDuplication": 11, "restricted": 16, "decrypt": 17, "sign": 18,
}  # fmt: skip
NV_ATTRIBUTES = {
    "PPWRITE": 0, "OWNERWRITE": 1, "AUTHWRITE": 2, "POLICYWRITE": 3, "POLICY_DELETE": 10, "WRITELOCKED": 11, "WRITEALL": 12,
    "WRITEDEFINE": 13, "WRITE_STCLEAR": 14, "GLOBALLOCK": 15, "PPREAD": 16, "OWNERREAD": 17, "AUTHREAD": 18, "POLICYREAD": 19,
    "NO_DA": 25, "ORDERLY": 26, "CLEAR_STCLEAR": 27, "READLOCKED": 28, "WRITTEN": 29, "PLATFORMCREATE": 30, "READ_STCLEAR": 31,
}  # fmt: skip
SCHEMES = {0x0014: "RSASSA", 0x0016: "RSAPSS", 0x0018: "ECDSA", 0x0010: "NULL"}
CURVES = {3: "NIST_P256", 4: "NIST_P384", 5: "NIST_P521"}


def tool(*arguments):
    """A command of tpm2-tools; its output."""
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr}")
    return done.stdout


def flush():
    tool("tpm2_flushcontext", "-t")


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)
    return path


# --- how JSON is spelled -----------------------------------------------------------------------------------------------------


class Bytes(bytes):
    """Bytes in hexadecimal digits, or as a list of numbers."""


class Word(str):
    """A word of which prefix and case do not matter."""

    def __new__(cls, text, prefixes=(), number=None):
        self = super().__new__(cls, text)
        self.prefixes = prefixes
        self.number = number
        return self


class Flag(int):
    """A boolean."""


def hash_word(name):
    return Word(name.upper(), ("TPM2_ALG_", "TPM_ALG_", "ALG_"), HASHES[name])


class Plain:
    """Plain JSON."""

    def text(self, value):
        return json.dumps(self.strict(value), indent=2)

    def strict(self, value):
        if isinstance(value, Bytes):
            return value.hex()
        if isinstance(value, Flag):
            return "YES" if value else "NO"
        if isinstance(value, dict):
            return {name: self.strict(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self.strict(member) for member in value]
        return value


class Loose:
    """All that readers of the language are used to: comments, trailing commas, other spellings of names and words."""

    def __init__(self, rng):
        self.rng = rng

    def gap(self):
        return self.rng.choice(["", "", "", " ", "\n  ", "\t", "/* , } ] \" */", "// it's \"}\n"])

    def name(self, name):
        return json.dumps(self.rng.choice([name, name, name.lower()]))

    def case(self, text):
        return self.rng.choice([text, text.lower(), text.upper()])

    def text(self, value):
        rng = self.rng
        if isinstance(value, Bytes):
            digits = value.hex()
            forms = [digits, digits.upper(), "0x" + digits]
            return rng.choice([json.dumps(rng.choice(forms)), json.dumps(list(value))] if value else ['""'])
        if isinstance(value, Flag):
            return rng.choice(['"YES"', '"on"', '"SET"', "true", '"True"', "1"] if value else ['"NO"', '"off"', '"clear"', "false", "0"])
        if isinstance(value, Word):
            if value.number is not None and rng.random() < 0.2:
                return rng.choice([str(value.number), json.dumps(hex(value.number))])
            return json.dumps(self.case(rng.choice(["", *value.prefixes]) + value))
        if isinstance(value, str):
            return json.dumps(value)
        if isinstance(value, int):
            return rng.choice([str(value), str(value), json.dumps(str(value)), json.dumps(hex(value))])
        last = rng.choice(["", ","]) if value else ""
        if isinstance(value, list):
            members = [self.gap() + self.text(member) + self.gap() for member in value]
            return "[" + ",".join(members) + last + self.gap() + "]"
        members = [f"{self.gap()}{self.name(name)}{self.gap()}:{self.gap()}{self.text(member)}" for name, member in value.items()]
        return "{" + ",".join(members) + last + self.gap() + "}"


# --- what policies point to --------------------------------------------------------------------------------------------------


def flags(value, table):
    return {name: Flag(value >> bit & 1) for name, bit in table.items()}


def word_of(algorithm):
    return hash_word(next(name for name, number in HASHES.items() if number == algorithm))


def scheme(reader):
    algorithm = reader.number(2)
    out = {"scheme": Word(SCHEMES[algorithm], ("TPM2_ALG_", "TPM_ALG_"))}
    if algorithm != 0x0010:
        out["details"] = {"hashAlg": word_of(reader.number(2))}
    return out


def public_json(area):
    """A TPM2B_PUBLIC of a signing key as the language has it."""
    reader = Reader(area)
    reader.number(2)
    kind = reader.number(2)
    out = {
        "type": Word({1: "RSA", 0x23: "ECC"}[kind], ("TPM2_ALG_",)),
        "nameAlg": word_of(reader.number(2)),
        "objectAttributes": flags(reader.number(4), OBJECT_ATTRIBUTES),
        "authPolicy": Bytes(reader.sized()),
    }
    assert reader.number(2) == 0x0010
    parameters = {"symmetric": {"algorithm": Word("NULL", ("TPM2_ALG_",))}, "scheme": scheme(reader)}
    if kind == 1:
        parameters["keyBits"] = reader.number(2)
        parameters["exponent"] = reader.number(4)
        unique = Bytes(reader.sized())
    else:
        parameters["curveID"] = Word(CURVES[reader.number(2)], ("TPM2_ECC_",))
        parameters["kdf"] = scheme(reader)
        unique = {"x": Bytes(reader.sized()), "y": Bytes(reader.sized())}
    return {**out, "parameters": parameters, "unique": unique}


def pem_area(numbers, name_alg, rsa_scheme):
    """The public area that tpm2-tss makes of a public key in PEM: only sign set; ECDSA always with SHA-256."""
    head = b"".join(number.to_bytes(size, "big") for number, size in ((name_alg, 2), (0x00040000, 4), (0, 2), (0x0010, 2)))
    if hasattr(numbers, "n"):
        modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
        body = rsa_scheme.to_bytes(2, "big") + name_alg.to_bytes(2, "big") + (len(modulus) * 8).to_bytes(2, "big")
        area = b"\x00\x01" + head + body + numbers.e.to_bytes(4, "big") + len(modulus).to_bytes(2, "big") + modulus
    else:
        size = (numbers.curve.key_size + 7) // 8
        curve = {256: 3, 384: 4, 521: 5}[numbers.curve.key_size]
        body = b"\x00\x18\x00\x0b" + curve.to_bytes(2, "big") + b"\x00\x10"
        points = b"".join(size.to_bytes(2, "big") + number.to_bytes(size, "big") for number in (numbers.x, numbers.y))
        area = b"\x00\x23" + head + body + points
    return len(area).to_bytes(2, "big") + area


class Signer:
    """A public key, with a signature of anything: a trial session does not look at it."""

    def __init__(self, name, fields, context, format):
        self.fields = fields
        self.context = context
        self.format = format
        self.name_file = name + ".name"
        self.signature = format + ".signature"


class World:
    """Objects in the TPM and keys outside it."""

    def __init__(self):
        self.index(0x01000010, "sha256", 8, "nvpw", "authread|authwrite|ownerread|ownerwrite|no_da")
        self.index(0x01800011, "sha384", 16, "", "authread|authwrite|ownerread|ownerwrite|policyread")
        self.index(0x01000012, "sha256", 66, "", "authread|authwrite|ownerread|ownerwrite|no_da")
        tool("tpm2_createprimary", "-Q", "-C", "e", "-G", "ecc", "-p", "keypw", "-c", "entity.ctx")
        tool("tpm2_evictcontrol", "-Q", "-C", "o", "-c", "entity.ctx", "0x81000005")
        flush()
        tool("tpm2_readpublic", "-Q", "-c", "0x81000005", "-n", "entity.name")
        tool("tpm2_readpublic", "-Q", "-c", "0x81000005", "-f", "pem", "-o", "entity.pem")
        self.names = [read("entity.name"), *(self.index_name(index) for index in (0x01000010, 0x01800011))]
        self.entities = [(handle, Bytes(code.to_bytes(4, "big")), "") for handle, code in
                         (("o", 0x40000001), ("e", 0x4000000B), ("p", 0x4000000C), ("l", 0x4000000A))]  # fmt: skip
        self.entities.append(("0x81000005", Bytes(read("entity.name")), "keypw"))
        self.entities.append(("0x01000010", Bytes(self.index_name(0x01000010)), "nvpw"))
        self.signers = list(self.external())

    def index(self, index, name_alg, size, password, attributes):
        tool("tpm2_nvdefine", "-Q", "-C", "o", "-g", name_alg, "-s", str(size), "-p", password, "-a", attributes, hex(index))
        write("content", bytes(range(size)))
        tool("tpm2_nvwrite", "-Q", "-P", password, "-i", "content", hex(index))

    def index_name(self, index):
        lines = tool("tpm2_nvreadpublic", hex(index)).splitlines()
        return bytes.fromhex(next(line.split(":")[1].strip() for line in lines if line.strip().startswith("name:")))

    def nv_public(self, index):
        """TPMS_NV_PUBLIC as the language has it, from what tpm2-tools tell."""
        lines = [line.strip() for line in tool("tpm2_nvreadpublic", hex(index)).splitlines()]
        values = [line.split("0x")[1] for line in lines if line.startswith(("value:", "raw:"))]
        attributes = int(values[1], 16)
        size = int(next(line.split(":")[1] for line in lines if line.startswith("size:")))
        area = {
            "nvIndex": index,
            "nameAlg": word_of(int(values[0], 16)),
            "attributes": {**flags(attributes, NV_ATTRIBUTES), "TPM2_NT": Word("ORDINARY")},
            "authPolicy": Bytes(b""),
            "dataSize": size,
        }
        return area

    def external(self):
        from cryptography.hazmat.primitives import serialization

        tool("openssl", "genrsa", "-out", "rsa.private", "2048")
        write("anything", b"anything")
        tool("openssl", "dgst", "-sha256", "-sign", "rsa.private", "-out", "rsassa.signature", "anything")
        tool("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ecc.private")
        tool("openssl", "dgst", "-sha256", "-sign", "ecc.private", "-out", "ecdsa.signature", "anything")
        tool("openssl", "ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", "ecc384.private")
        for name, kind, name_alg, attributes in (
            ("rsa", "rsa", "sha256", "userwithauth|sign|decrypt"), ("rsa-sha384", "rsa", "sha384", "sign"),
            ("ecc", "ecc", "sha256", "userwithauth|sign|decrypt"), ("ecc384", "ecc", "sha512", "sign|noda"),
            ("ecc-sha1", "ecc", "sha1", "sign"),
        ):  # fmt: skip
            source = {"rsa-sha384": "rsa", "ecc-sha1": "ecc"}.get(name, name)
            tool("openssl", "pkey", "-in", source + ".private", "-pubout", "-out", source + ".pem")
            tool("tpm2_loadexternal", "-Q", "-C", "o", "-G", kind, "-g", name_alg, "-a", attributes, "-u", source + ".pem",
                 "-c", name + ".ctx", "-n", name + ".name")  # fmt: skip
            tool("tpm2_readpublic", "-Q", "-c", name + ".ctx", "-o", name + ".pub")
            flush()
            fields = {"keyPublic": public_json(read(name + ".pub"))}
            yield Signer(name, fields, name + ".ctx", "rsassa" if kind == "rsa" else "ecdsa")
        for name, source, name_alg, rsa_scheme in (
            ("pem-rsa", "rsa", None, None), ("pem-rsa-384", "rsa", "sha384", None), ("pem-rsassa", "rsa", None, "RSASSA"),
            ("pem-ecc", "ecc", None, None), ("pem-ecc-384", "ecc384", "sha384", None),
        ):  # fmt: skip
            text = read(source + ".pem")
            numbers = serialization.load_pem_public_key(text).public_numbers()
            write(name + ".pub", pem_area(numbers, HASHES[name_alg or "sha256"], 0x0014 if rsa_scheme else 0x0016))
            tool("tpm2_loadexternal", "-Q", "-C", "o", "-u", name + ".pub", "-c", name + ".ctx", "-n", name + ".name")
            flush()
            fields = {"keyPEM": text.decode()}
            if name_alg:
                fields["keyPEMhashAlg"] = hash_word(name_alg)
            if rsa_scheme:
                fields["rsaScheme"] = {"scheme": Word(rsa_scheme, ("TPM2_ALG_",)), "details": {"hashAlg": hash_word("sha256")}}
            yield Signer(name, fields, name + ".ctx", "rsassa" if source == "rsa" else "ecdsa")


# --- policies ----------------------------------------------------------------------------------------------------------------


class Step:
    """A step: what it is in JSON, and the command that it is for tpm2-tools. For Or, `branches` are lists of steps instead."""

    def __init__(self, kind, fields, command=None, branches=None, loads=False):
        number = KINDS.index(kind) + 1
        self.json = {"type": Word("POLICY" + kind, (), number), **fields}
        self.command = command
        self.branches = branches
        self.loads = loads


def bank_values(rng, selection):
    """Values for registers, in the order in which they are hashed."""
    out = []
    for name, registers in selection:
        size = hashlib.new(name).digest_size
        out += [(name, register, rng.choice([bytes(size), b"\xff" * size, rng.randbytes(size)])) for register in registers]
    return out


def value_at_start(bank, register):
    """What a register holds before anything is measured."""
    return (b"\xff" if 17 <= register <= 22 else b"\x00") * hashlib.new(bank).digest_size


class Maker:
    """Makes steps at random. `taken` are what a session can be told only once."""

    def __init__(self, rng, world, hash_name, tag):
        self.rng = rng
        self.world = world
        self.hash = hash_name
        self.size = hashlib.new(hash_name).digest_size
        self.tag = tag
        self.files = 0

    def file(self, data):
        self.files += 1
        return write(f"{self.tag}-{self.files}.in", data)

    def reference(self):
        return self.rng.choice([None, None, self.rng.randbytes(self.rng.randint(1, 32))])

    def make(self, kind, taken):
        return getattr(self, "make_" + kind.lower())(taken)

    def make_pcr(self, _):
        rng = self.rng
        banks = rng.sample(list(HASHES), rng.choice([1, 1, 1, 2, 3]))
        selection = [(bank, sorted(rng.sample(range(24), rng.choice([1, 1, 2, 3, 7])))) for bank in banks]
        text = "+".join(f"{bank}:{','.join(map(str, registers))}" for bank, registers in selection)
        form = rng.choice(["values", "values", "values", "now", "banks"])
        if form == "now":
            registers = selection[0][1]
            return Step("PCR", {"currentPCRs": list(registers)}, ["tpm2_policypcr", "-l", "sha256:" + ",".join(map(str, registers))])
        if form == "banks":
            listed = [{"hash": hash_word(bank), "pcrSelect": list(registers)} for bank, registers in selection]
            command = ["tpm2_policypcr", "-l", text]
            values = [value_at_start(bank, register) for bank, registers in selection for register in registers]
            if len(values) > 8:  # tpm2-tools read no more
                command.append(self.digest(values))
            return Step("PCR", {"currentPCRandBanks": listed}, command)
        values = bank_values(rng, selection)
        listed = [{"pcr": register, "hashAlg": hash_word(bank), "digest": Bytes(value)} for bank, register, value in values]
        values = [value for _, _, value in values]
        told = [self.digest(values)] if len(values) > 8 else ["-f", self.file(b"".join(values))]
        return Step("PCR", {"pcrs": self.shuffled(listed)}, ["tpm2_policypcr", "-l", text, *told])

    def digest(self, values):
        return hashlib.new(self.hash, b"".join(values)).hexdigest()

    def shuffled(self, listed):
        """Registers in another order within their banks; banks are hashed in the order in which they come first."""
        rng = self.rng
        if rng.random() < 0.5:
            return listed
        first = [next(entry for entry in listed if entry["hashAlg"] == bank) for bank in dict.fromkeys(e["hashAlg"] for e in listed)]
        rest = [entry for entry in listed if not any(entry is other for other in first)]
        rng.shuffle(rest)
        return first + rest

    def make_authvalue(self, _):
        return Step("AUTHVALUE", {}, ["tpm2_policyauthvalue"])

    def make_password(self, _):
        return Step("PASSWORD", {}, ["tpm2_policypassword"])

    def make_action(self, _):
        return Step("ACTION", {"action": "what /* is */ to \"do\""})

    def make_secret(self, _):
        handle, name, password = self.rng.choice(self.world.entities)
        fields, command = {"objectName": name}, ["tpm2_policysecret", "-c", handle]
        self.refer(fields, command)
        if password:
            command.append(password)
        return Step("SECRET", fields, command)

    def refer(self, fields, command):
        reference = self.reference()
        if reference:
            fields["policyRef"] = Bytes(reference)
            command += ["-q", self.file(reference)]

    def make_signed(self, _):
        signer = self.rng.choice(self.world.signers)
        fields = dict(signer.fields)
        command = ["tpm2_policysigned", "-g", "sha256", "-s", signer.signature, "-f", signer.format, "-c", signer.context]
        if self.rng.random() < 0.3:
            fields["publicKeyHint"] = "which key"
        self.refer(fields, command)
        return Step("SIGNED", fields, command, loads=True)

    def make_authorize(self, _):
        signer = self.rng.choice(self.world.signers)
        fields = dict(signer.fields)
        command = ["tpm2_policyauthorize", "-n", signer.name_file]
        self.refer(fields, command)
        return Step("AUTHORIZE", fields, command)

    def make_locality(self, taken):
        rng = self.rng
        taken.add("locality")
        value = rng.choice([rng.randint(1, 31), rng.randint(1, 31), rng.randint(32, 255)])
        words = ["ZERO", "ONE", "TWO", "THREE", "FOUR"]
        spelled = value
        if value < 32 and rng.random() < 0.7:
            prefixes = ("TPM2_LOC_", "TPMA_LOCALITY_", "LOC_")
            spelled = rng.choice([
                [Word(word, prefixes) for bit, word in enumerate(words) if value >> bit & 1],
                {word: Flag(value >> bit & 1) for bit, word in enumerate(words)},
            ])  # fmt: skip
        return Step("LOCALITY", {"locality": spelled}, ["tpm2_policylocality", str(value)])

    def make_nv(self, _):
        rng = self.rng
        index, size, password = rng.choice([(0x01000010, 8, "nvpw"), (0x01800011, 16, ""), (0x01000012, 66, "")])
        offset = rng.choice([0, 0, rng.randrange(size)])
        operand = rng.randbytes(rng.randint(1, min(64, size - offset)))
        operation = rng.randrange(12)
        fields = {"nvIndex": index, "operandB": Bytes(operand)}
        command = ["tpm2_policynv", "-i", self.file(operand), f"--offset={offset}", hex(index), OPERATIONS[operation]]
        if password:
            command += ["-P", password]
        self.compare(fields, offset, operation)
        if rng.random() < 0.3:
            fields["nvPublic"] = self.world.nv_public(index)
        return Step("NV", fields, command)

    def compare(self, fields, offset, operation, always=False):
        if offset or self.rng.random() < 0.5:
            fields["offset"] = offset
        if always or operation or self.rng.random() < 0.5:
            fields["operation"] = Word(OPERATION_WORDS[operation], ("TPM2_EO_", "EO_"), operation)

    def make_countertimer(self, _):
        rng = self.rng
        what, offset, size = rng.choice([("time", 0, 8), ("clock", 8, 8), ("resets", 16, 4), ("restarts", 20, 4), ("safe", 24, 1)])
        value = 1 if what == "safe" else rng.getrandbits(8 * size)
        operation = rng.randrange(12)
        fields = {"operandB": Bytes(value.to_bytes(size, "big"))}
        self.compare(fields, offset, operation, always=True)
        command = ["tpm2_policycountertimer", "safe" if what == "safe" else f"{what}={value}"]
        if operation:
            command.append("--" + OPERATIONS[operation])
        return Step("COUNTERTIMER", fields, command)

    def make_commandcode(self, taken):
        taken.add("code")
        name = self.rng.choice(list(COMMANDS))
        word = Word(name, ("TPM2_CC_", "CC_"), COMMANDS[name])
        return Step("COMMANDCODE", {"code": word}, ["tpm2_policycommandcode", hex(COMMANDS[name])])

    def hashed(self, kind, field, command, taken, sized=False):
        taken.add("parameters")
        digest = self.rng.randbytes(self.size)
        path = self.file(self.size.to_bytes(2, "big") + digest if sized else digest)
        return Step(kind, {field: Bytes(digest)}, [*command, path])

    def make_cphash(self, taken):
        return self.hashed("CPHASH", "cpHash", ["tpm2_policycphash", "--cphash-input"], taken, sized=True)

    def make_namehash(self, taken):
        return self.hashed("NAMEHASH", "nameHash", ["tpm2_policynamehash", "-n"], taken)

    def make_template(self, taken):
        return self.hashed("TEMPLATE", "templateHash", ["tpm2_policytemplate", "--template-hash"], taken)

    def make_duplicationselect(self, taken):
        rng = self.rng
        taken |= {"parameters", "code"}
        parent = rng.choice(self.world.names)
        fields = {"newParentName": Bytes(parent)}
        command = ["tpm2_policyduplicationselect", "-N", self.file(parent)]
        if rng.random() < 0.5:
            name = rng.choice(self.world.names)
            fields["objectName"] = Bytes(name)
            # The option for the object must be the last: each other one takes it back.
            command += ["-n", self.file(name), "-L", "{}", "--include-object"]
            if rng.random() < 0.5:
                fields["includeObject"] = Flag(1)
        elif rng.random() < 0.5:
            fields["includeObject"] = Flag(0)
        return Step("DUPLICATIONSELECT", fields, command)

    def make_nvwritten(self, taken):
        taken.add("written")
        value = self.rng.randint(0, 1)
        fields = {"writtenSet": Flag(value)} if not value or self.rng.random() < 0.5 else {}
        return Step("NVWRITTEN", fields, ["tpm2_policynvwritten", str(value)])

    def make_authorizenv(self, _):
        index = self.rng.choice([0x01000012, 0x01800011])
        area = self.world.nv_public(index)
        fields = {"nvPublic": self.rng.choice([area, {"size": 0, "nvPublic": area}])}
        return Step("AUTHORIZENV", fields, ["tpm2_policyauthorizenv", "-C", hex(index), hex(index)])

    def make_or(self, taken, depth=1, first=False):
        rng = self.rng
        count = rng.choice([2, 2, 3, 3, 8])
        if depth > 1:
            count = rng.choice([2, 2, 3])
        branches = []
        for _ in range(count):
            branches.append(self.steps(set(taken), rng.choice([1, 1, 2]), depth - 1, first))
        listed = [
            {"name": f"branch {i}", "description": "a way", "policy": [step.json for step in branch]} for i, branch in enumerate(branches)
        ]
        return Step("OR", {"branches": listed}, branches=branches)

    LIMITED = {
        "LOCALITY": {"locality"}, "COMMANDCODE": {"code"}, "CPHASH": {"parameters"}, "NAMEHASH": {"parameters"},
        "TEMPLATE": {"parameters"}, "DUPLICATIONSELECT": {"parameters", "code"}, "NVWRITTEN": {"written"},
    }  # fmt: skip

    def steps(self, taken, count, depth, first=True):
        """A list of steps. PolicyAuthorize and its sibling begin anew, so that they come only first."""
        rng = self.rng
        out = []
        for place in range(count):
            kinds = [kind for kind in KINDS if kind not in ("PHYSICALPRESENCE", "OR", "AUTHORIZE", "AUTHORIZENV")]
            kinds = [kind for kind in kinds if not self.LIMITED.get(kind, set()) & taken]
            if place == 0 and first:
                kinds += ["AUTHORIZE", "AUTHORIZENV"]
            if depth > 0 and rng.random() < 0.35:
                out.append(self.make_or(taken, depth, first and place == 0))
            else:
                out.append(self.make(rng.choice(kinds), taken))
        if all(step.command is None and step.branches is None for step in out):
            out.append(self.make_authvalue(taken))
        return out


class Trials:
    """Digests by trial sessions."""

    def __init__(self, hash_name, tag):
        self.hash = hash_name
        self.tag = tag
        self.count = 0

    def run(self, commands):
        self.count += 1
        out = f"{self.tag}-{self.count}.digest"
        tool("tpm2_startauthsession", "-Q", "-g", self.hash, "-S", "trial.ctx")
        try:
            for command, loads in commands:
                command = [word.replace("{}", out) for word in command]
                if out not in command:
                    command += ["-L", out]
                tool(command[0], "-Q", "-S", "trial.ctx", *command[1:])
                if loads:
                    flush()
        finally:
            tool("tpm2_flushcontext", "trial.ctx")
        return out

    def commands(self, steps, before=()):
        """The commands that lead to the digest of the steps. A PolicyOR forgets what was before it but for its branches' digests."""
        commands = list(before)
        for step in steps:
            if step.branches is not None:
                digests = [self.run(self.commands(branch, commands)) for branch in step.branches]
                commands = [(["tpm2_policyor", f"{self.hash}:{','.join(digests)}"], False)]
            elif step.command is not None:
                commands.append((step.command, step.loads))
        return commands

    def digest(self, steps):
        return read(self.run(self.commands(steps))).hex()


class Comparison:
    def __init__(self, program):
        self.program = program
        self.world = World()
        self.rng = random.Random(SEED)
        self.number = 0
        self.failures = 0

    def program_digest(self, path, hash_name):
        arguments = [self.program, "policy", "digest", path]
        if hash_name != "sha256" or self.rng.random() < 0.5:
            arguments += ["--hash", hash_name]
        done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0 or done.stderr:
            return f"exit status {done.returncode}: {done.stderr.strip()}"
        return done.stdout

    def one(self, hash_name, make):
        """Compares one policy; what differs, or None."""
        self.number += 1
        tag = f"p{self.number}"
        steps = make(Maker(self.rng, self.world, hash_name, tag))
        document = {"description": "made up", "policy": [step.json for step in steps]}
        writer = self.rng.choice([Plain(), Loose(self.rng)])
        path = write(tag + ".json", writer.text(document).encode())
        wanted = Trials(hash_name, tag).digest(steps)
        found = self.program_digest(path, hash_name)
        if found == wanted + "\n":
            return None
        return f"wanted {wanted}, found {found}\n{Plain().text(document)}\n{read(path).decode()}"

    def group(self, name, policies):
        wrong = [what for what in (self.one(hash_name, make) for hash_name, make in policies) if what]
        self.failures += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} - {name}: {len(policies)} digests are those of the TPM", flush=True)
        for what in wrong[:5]:
            print("\n".join("#   " + line for line in what.splitlines()))

    def all(self):
        for kind in KINDS:
            if kind in ("PHYSICALPRESENCE", "OR", "ACTION"):
                continue
            times = 2 if kind in ("AUTHVALUE", "PASSWORD", "NVWRITTEN") else 6
            makes = [(hash_name, lambda maker, kind=kind: [maker.make(kind, set())]) for hash_name in HASHES] * times
            self.group(f"one step {kind.lower()}", makes[: 4 if times == 2 else 16])
        hashes = list(HASHES)
        self.group("several steps", [(hashes[i % 4], lambda maker: maker.steps(set(), maker.rng.randint(2, 8), 0)) for i in range(60)])
        self.group("a PolicyOR", [(hashes[i % 4], lambda maker: [maker.make_or(set(), 1, True)]) for i in range(24)])
        self.group("steps with a PolicyOR", [(hashes[i % 4], lambda maker: maker.steps(set(), 4, 1)) for i in range(32)])
        self.group("nested PolicyOR", [(hashes[i % 4], lambda maker: maker.steps(set(), maker.rng.randint(1, 3), 3)) for i in range(24)])
        self.group("a PolicyOR in each branch", [(hashes[i % 4], self.in_each_branch) for i in range(4)])

    @staticmethod
    def in_each_branch(maker):
        def nested(depth):
            if depth == 0:
                return [maker.make_pcr(set())]
            branches = [nested(depth - 1) for _ in range(2)]
            listed = [{"name": f"b{i}", "description": "", "policy": [s.json for s in b]} for i, b in enumerate(branches)]
            return [maker.make_authvalue(set()), Step("OR", {"branches": listed}, branches=branches)]

        return nested(3)


def main():
    comparison = Comparison(sys.argv[1])
    comparison.all()
    print(f"{comparison.number} policies, {comparison.failures} groups differ")
    sys.exit(comparison.failures != 0)


if __name__ == "__main__":
    main()
