#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes policies that are wrong in one way each.

  policy_bad.py json FOLDER                    in JSON
  policy_bad.py files PUBLIC PRIVATE FOLDER    in key files around the TPM2B files of a key that is bound to a policy

One line for each goes to standard output: the file's name, what it is, and an extended regular expression that the refusal matches,
between tabs.
"""
import json
import os
import sys

sys.dont_write_bytecode = True
from bad_files import parts, step
from tss2_file import boolean, der, octets, pem, read, sequence, tagged

ZEROS = "00" * 32
NO_AUTH = tagged(0, boolean(b"\x00"))


def element(kind, **fields):
    return {"type": kind, **fields}


def policy(*elements):
    return {"description": "wrong", "policy": list(elements)}


def pcr(register=23, bank="SHA256", digest=ZEROS):
    return {"pcr": register, "hashAlg": bank, "digest": digest}


def branch(name, *elements):
    return {"name": name, "description": "", "policy": list(elements)}


def nested(depth):
    inner = element("POLICYAUTHVALUE")
    for _ in range(depth):
        inner = element("POLICYOR", branches=[branch("a", inner), branch("b", element("POLICYPASSWORD"))])
    return inner


def branches(count):
    return [branch(f"b{i}", element("COMMANDCODE", code=0x120 + i)) for i in range(count)]


AUTH = element("POLICYAUTHVALUE")
KEY = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"
PRIVATE = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"


def documents():
    """Pairs of what it is, the document, and its refusal."""
    yield "an unknown kind", policy(element("POLICYMAGIC")), "POLICYMAGIC"
    yield "the beginning of a kind", policy(element("POLICYNVW")), "POLICYNVW"
    yield "a kind without letters", policy(element("")), "type"
    yield "a kind of another number", policy(element(20)), "20|type"
    yield "a kind that is a list", policy(element([])), "type"
    yield "a step without kind", policy({"locality": 1}), "type"
    yield "a step that is text", policy("POLICYAUTHVALUE"), "step 1|object"
    yield "no policy", {"description": "wrong"}, "policy"
    yield "a policy that is no list", {"description": "", "policy": AUTH}, "policy.*(list|array)"
    yield "a document that is a list", [AUTH], "object"
    yield "a policy without steps", policy(), "no steps|empty"
    yield "257 steps", policy(*[AUTH] * 257), "256"
    yield "9 levels", policy(nested(9)), "8 levels|levels|deep|nest"
    yield "PolicyOR without branches", policy(element("POLICYOR")), "branches"
    yield "PolicyOR with an empty list", policy(element("POLICYOR", branches=[])), "PolicyOR.*(0|no|2|empty)"
    yield "PolicyOR with one branch", policy(element("POLICYOR", branches=branches(1))), "PolicyOR.*(1|one|2)"
    yield "PolicyOR with nine branches", policy(element("POLICYOR", branches=branches(9))), "PolicyOR.*(9|8)"
    empty = [branch("a", AUTH), branch("nothing in it")]
    yield "a branch without steps", policy(element("POLICYOR", branches=empty)), "nothing in it|branch 2"
    yield "a branch that is no object", policy(element("POLICYOR", branches=[1, 2])), "branch|policy"
    deep = [branch("a", AUTH), branch("far", AUTH, element("POLICYLOCALITY", locality=0))]
    yield "a wrong step in a branch", policy(element("POLICYOR", branches=deep)), "step 2.*(far|branch)"
    yield "PolicyPCR without registers", policy(element("POLICYPCR")), "pcrs"
    yield "PolicyPCR with an empty list", policy(element("POLICYPCR", pcrs=[])), "register|pcrs"
    yield "PolicyPCR with no register of now", policy(element("POLICYPCR", currentPCRs=[])), "register|currentPCRs"
    two = element("POLICYPCR", pcrs=[pcr()], currentPCRs=[1])
    yield "PolicyPCR said in two ways", policy(two), "one of|pcrs.*currentPCRs"
    yield "the register 24", policy(element("POLICYPCR", pcrs=[pcr(24)])), "24|0 to 23"
    yield "the register 24 of now", policy(element("POLICYPCR", currentPCRs=[24])), "24|0 to 23"
    yield "the register -1", policy(element("POLICYPCR", pcrs=[pcr(-1)])), "-1|pcr"
    yield "the register 1.5", policy(element("POLICYPCR", pcrs=[pcr(1.5)])), "pcr"
    yield "a register that is a word", policy(element("POLICYPCR", pcrs=[pcr("one")])), "one|pcr"
    yield "25 registers", policy(element("POLICYPCR", pcrs=[pcr(i) for i in range(25)])), "24|register"
    yield "a register named twice", policy(element("POLICYPCR", pcrs=[pcr(), pcr()])), "twice|23"
    yield "an unknown bank", policy(element("POLICYPCR", pcrs=[pcr(bank="MD5")])), "MD5|hashAlg"
    yield "a register's value that is short", policy(element("POLICYPCR", pcrs=[pcr(digest="00" * 20)])), "digest|20"
    yield "a register's value that is long", policy(element("POLICYPCR", pcrs=[pcr(digest="00" * 48)])), "digest|48"
    yield "a register's value that is no number", policy(element("POLICYPCR", pcrs=[pcr(digest="xy" * 32)])), "digest|hex"
    yield "a register without value", policy(element("POLICYPCR", pcrs=[{"pcr": 1, "hashAlg": "SHA256"}])), "digest"
    yield "a register without bank", policy(element("POLICYPCR", pcrs=[{"pcr": 1, "digest": ZEROS}])), "hashAlg"
    yield "the locality 0", policy(element("POLICYLOCALITY", locality=0)), "locality"
    yield "the locality 256", policy(element("POLICYLOCALITY", locality=256)), "locality|256"
    yield "the locality FIVE", policy(element("POLICYLOCALITY", locality=["FIVE"])), "FIVE|locality"
    yield "no locality", policy(element("POLICYLOCALITY")), "locality"
    yield "an unknown command", policy(element("POLICYCOMMANDCODE", code="Dance")), "Dance|code"
    yield "no command", policy(element("POLICYCOMMANDCODE")), "code"
    yield "a cpHash of 31 bytes", policy(element("POLICYCPHASH", cpHash="00" * 31)), "cpHash|31"
    yield "no cpHash", policy(element("POLICYCPHASH")), "cpHash"
    yield "a nameHash of 65 bytes", policy(element("POLICYNAMEHASH", nameHash="00" * 65)), "nameHash|65"
    yield "an empty templateHash", policy(element("POLICYTEMPLATE", templateHash="")), "templateHash|PolicyTemplate.*digest"
    yield "writtenSet that is neither", policy(element("POLICYNVWRITTEN", writtenSet="PERHAPS")), "PERHAPS|writtenSet"
    yield "no operand", policy(element("POLICYCOUNTERTIMER", operation="EQ")), "operandB"
    yield "an empty operand", policy(element("POLICYCOUNTERTIMER", operandB="", operation="EQ")), "operand"
    yield "an operand of 65 bytes", policy(element("POLICYNV", nvIndex=0x01000001, operandB="00" * 65)), "operand|65"
    yield "an unknown operation", policy(element("POLICYCOUNTERTIMER", operandB="00", operation="SPACESHIP")), "SPACESHIP|operation"
    yield "an offset after the end", policy(element("POLICYCOUNTERTIMER", operandB="00", operation="EQ", offset=25)), "offset|25"
    yield "the offset 65536", policy(element("POLICYNV", nvIndex=0x01000001, operandB="00", offset=65536)), "offset|65536"
    yield "no NV index", policy(element("POLICYNV", operandB="00")), "nvIndex"
    yield "an NV index that is none", policy(element("POLICYNV", nvIndex=0x81000001, operandB="00")), "nvIndex|NV index"
    yield "no object", policy(element("POLICYSECRET")), "objectName"
    yield "a Name of 33 bytes", policy(element("POLICYSECRET", objectName="00" * 33)), "objectName|Name of its object"
    yield "a reference of 65 bytes", policy(element("POLICYSECRET", objectName="40000001", policyRef="00" * 65)), "policyRef|65"
    yield "no new parent", policy(element("POLICYDUPLICATIONSELECT")), "newParent"
    yield "a new parent's Name of 5 bytes", policy(element("POLICYDUPLICATIONSELECT", newParentName="0011223344")), "newParentName|Name of its new parent"
    yield "no key", policy(element("POLICYSIGNED")), "key"
    yield "a key that is none", policy(element("POLICYSIGNED", keyPEM=KEY)), "keyPEM|public key"
    yield "a private key", policy(element("POLICYAUTHORIZE", keyPEM=PRIVATE)), "keyPEM|private"
    yield "a public area without type", policy(element("POLICYSIGNED", keyPublic={"nameAlg": "SHA256"})), "keyPublic|type"
    yield "PolicyAuthorize after another step", policy(AUTH, element("POLICYAUTHORIZE", keyPEM=KEY)), "first|keyPEM"
    yield "no action", policy(element("POLICYACTION")), "action"
    yield "an action of 256 letters", policy(element("POLICYACTION", action="a" * 256)), "action|255"
    # What only the key store of the FAPI knows.
    yield "a key's path", policy(element("POLICYSIGNED", keyPath="/HS/SRK/key")), "keyPath"
    yield "an object's path", policy(element("POLICYSECRET", objectPath="/HS/SRK/key")), "objectPath"
    yield "an NV path", policy(element("POLICYNV", nvPath="/nv/Owner/x", operandB="00")), "nvPath"
    yield "another NV path", policy(element("POLICYAUTHORIZENV", nvPath="/nv/Owner/x")), "nvPath"
    yield "paths of names", policy(element("POLICYNAMEHASH", namePaths=["/HS/SRK/key"])), "namePaths"
    yield "a new parent's path", policy(element("POLICYDUPLICATIONSELECT", newParentPath="ext/key")), "newParentPath"


def texts():
    good = json.dumps(policy(AUTH)).encode()
    yield "no text", b"", "empty"
    yield "a line end", b"\n", "JSON|empty"
    yield "words", b"no policy\n", "JSON"
    yield "JSON that ends early", good[:-2], "JSON"
    yield "text after the JSON", good + b" and more", "JSON|after"
    yield "a NUL", good[:20] + b"\x00" + good[20:], "JSON|NUL"
    yield "a comment without end", good + b"/* and so on", "comment|JSON"
    yield "two commas", good.replace(b"]", b",,]"), "JSON"
    yield "text that is no UTF-8", good.replace(b"wrong", b"\xff\xfe"), "UTF-8|JSON"
    yield "10000 brackets", b"[" * 10000, "JSON|deep|nest"
    yield "10000 brackets in the policy", b'{"description": "", "policy": ' + b"[" * 10000, "JSON|deep|nest"
    yield "65537 bytes", good + b" " * (65537 - len(good)), "65536|64 KiB|too (large|big)"
    yield "10 MB", b" " * 10_000_000, "65536|64 KiB|too (large|big)"


def u16(value):
    return value.to_bytes(2, "big")


def selection(*banks):
    out = len(banks).to_bytes(4, "big")
    for algorithm, select in banks:
        out += u16(algorithm) + bytes([len(select)]) + select
    return out


def steps():
    """What it is, the steps, the refusal; the key is bound to PolicyPCR of the register 23 with a value of zeros, and a password."""
    good = selection((0x000B, b"\x00\x00\x80"))
    digest = b"\x66" * 32
    auth = step(0x16B, b"")
    yield "a command that is for no policy", [step(0x15D, b"")], "0x15d|0x0000015d"
    yield "a command that there is not", [auth, step(0x7FFFFFFF, b"")], "0x7fffffff"
    yield "a policy that is not the key's", [step(0x17F, good + digest), auth], "authPolicy|not the"
    yield "a step is missing", [auth], "authPolicy|not the"
    yield "a register selection that ends early", [step(0x17F, good[:6]), auth], "PolicyPCR|PCR"
    yield "a register selection without banks", [step(0x17F, bytes(4) + digest), auth], "PolicyPCR|PCR"
    yield "a register selection of 17 banks", [step(0x17F, selection(*[(0x000B, b"\x01\x00\x00")] * 17) + digest), auth], "PolicyPCR|PCR"
    yield "a register selection of 9 bytes", [step(0x17F, selection((0x000B, b"\x01" * 9)) + digest), auth], "PolicyPCR|PCR"
    yield "a register selection of an unknown bank", [step(0x17F, selection((0x9999, b"\x01\x00\x00")) + digest), auth], "PolicyPCR|0x9999"
    yield "a register's digest that is short", [step(0x17F, good + digest[:31]), auth], "PolicyPCR|PCR"
    yield "a register's digest that is long", [step(0x17F, u16(33) + digest + b"\x00" + good), auth], "PolicyPCR|PCR"
    yield "PolicyPCR without body", [step(0x17F, b""), auth], "PolicyPCR|PCR"
    yield "PolicyAuthValue with a body", [step(0x16B, b"\x00")], "PolicyAuthValue"
    yield "PolicyLocality of two bytes", [step(0x16F, b"\x01\x01")], "PolicyLocality"
    yield "PolicyCommandCode of three bytes", [step(0x16C, b"\x00\x01\x5d")], "PolicyCommandCode"
    yield "PolicySecret that ends early", [step(0x151, b"\x40\x00\x00\x01\x00\x04\x40")], "PolicySecret"
    yield "PolicySecret with a Name of 33 bytes", [step(0x151, bytes(4) + u16(33) + bytes(33) + u16(0))], "PolicySecret|authPolicy"
    yield "PolicyCounterTimer without operand", [step(0x16D, b"\x00\x00\x00\x00")], "PolicyCounterTimer"
    yield "PolicyCounterTimer with another operation", [step(0x16D, bytes(8) + b"\x00\x08\x00\x0c")], "PolicyCounterTimer|authPolicy"
    yield "PolicyAuthorize without key", [step(0x16A, u16(0) + u16(0) + b"\x00\x10")], "PolicyAuthorize"
    yield "PolicyAuthorize that ends early", [step(0x16A, b"\x01")], "PolicyAuthorize"
    yield "PolicyOR of two lengths", [auth, step(0x171, b"\x00\x00\x00\x02" + u16(32) + digest + u16(20) + digest[:20])], "PolicyOR"
    yield "PolicyOR with bytes after it", [auth, step(0x171, b"\x00\x00\x00\x02" + 2 * (u16(32) + digest) + b"\x00")], "PolicyOR"
    yield "PolicyOR that lists nothing that is there", [auth, step(0x171, b"\x00\x00\x00\x02" + 2 * (u16(32) + digest))], "authPolicy|PolicyOR"
    yield "PolicyDuplicationSelect that ends early", [step(0x188, b"\x00")], "PolicyDuplicationSelect"
    yield "PolicyNV", [step(0x149, u16(1) + b"\x00" + u16(0) + u16(0))], "PolicyNV"
    yield "PolicySigned", [step(0x160, bytes(8))], "PolicySigned"
    yield "PolicyAuthorizeNV", [step(0x192, b"")], "PolicyAuthorizeNV"
    yield "PolicyCpHash of 31 bytes", [step(0x16e, u16(31) + bytes(31))], "PolicyCpHash"


def files(public, private):
    for what, listed, refusal in steps():
        yield what, parts(public, private, empty_auth=NO_AUTH, policy=tagged(1, sequence(*listed))), refusal
    hollow = tagged(3, sequence(sequence(tagged(1, sequence()))))
    yield "a signed policy without steps", parts(public, private, empty_auth=NO_AUTH, more=hollow), "signed polic|step|authPolicy"
    name = tagged(0, der(0x0C, b"\xff\xfe"))
    entry = sequence(name, tagged(1, sequence(step(0x16B, b""))))
    yield "a signed policy whose name is no UTF-8", parts(public, private, empty_auth=NO_AUTH, more=tagged(3, sequence(entry))), "UTF-8|name"
    unsigned = tagged(3, sequence(sequence(tagged(1, sequence(step(0x16B, b""))))))
    yield "a signed policy that is not signed", parts(public, private, empty_auth=NO_AUTH, more=unsigned), "sign|authPolicy"
    yield "an authPolicy that is no list", parts(public, private, empty_auth=NO_AUTH, more=tagged(3, octets(b""))), "authPolicy|SEQUENCE"
    many = sequence(*[entry.replace(b"\xff\xfe", b"ab")] * 65)
    yield "65 signed policies", parts(public, private, empty_auth=NO_AUTH, more=tagged(3, many)), "64|authPolicy"


def main():
    command, *arguments = sys.argv[1:]
    folder = arguments[-1]
    if command == "json":
        listed = [(what, json.dumps(document).encode(), refusal) for what, document, refusal in documents()] + list(texts())
    else:
        public, private = (read(path) for path in arguments[:2])
        listed = [(what, pem(content).encode(), refusal) for what, content, refusal in files(public, private)]
    for number, (what, content, refusal) in enumerate(listed):
        name = os.path.join(folder, f"{command}{number}")
        with open(name, "wb") as file:
            file.write(content)
        print(name, what, refusal, sep="\t")


if __name__ == "__main__":
    main()
