#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A key file through python3-tpm2-pytss, at the TPM of the environment variable TPM2TOOLS_TCTI.

  pytss_key.py create rsa2048|ecc256|... FILE [PASSWORD [PARENT]]
  pytss_key.py sign FILE MESSAGE SIGNATURE [PASSWORD]      SHA-256, with PKCS #1 v1.5 or ECDSA in DER
"""
import hashlib
import os
import sys

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from tpm2_pytss import ESAPI, TCTILdr
from tpm2_pytss.constants import ESYS_TR, TPM2_ALG, TPM2_ECC, TPM2_RH, TPM2_ST
from tpm2_pytss.tsskey import TSSPrivKey
from tpm2_pytss.types import TPM2B_DIGEST, TPMT_SIG_SCHEME, TPMT_TK_HASHCHECK

CURVES = {"ecc256": TPM2_ECC.NIST_P256, "ecc384": TPM2_ECC.NIST_P384, "ecc521": TPM2_ECC.NIST_P521}


def create(esys, kind, path, password="", parent="0x40000001"):
    password = password.encode() or None
    where = int(parent, 0)
    if kind in CURVES:
        key = TSSPrivKey.create_ecc(esys, CURVES[kind], parent=where, password=password)
    else:
        key = TSSPrivKey.create_rsa(esys, int(kind[3:]), parent=where, password=password)
    with open(path, "wb") as file:
        file.write(key.to_pem())


def sign(esys, path, message, out, password=""):
    with open(path, "rb") as file:
        key = TSSPrivKey.from_pem(file.read())
    handle = key.load(esys, password.encode() or None)
    with open(message, "rb") as file:
        digest = TPM2B_DIGEST(hashlib.sha256(file.read()).digest())
    is_rsa = key.public.publicArea.type == TPM2_ALG.RSA
    scheme = TPMT_SIG_SCHEME(scheme=TPM2_ALG.RSASSA if is_rsa else TPM2_ALG.ECDSA)
    scheme.details.any.hashAlg = TPM2_ALG.SHA256
    ticket = TPMT_TK_HASHCHECK(tag=TPM2_ST.HASHCHECK, hierarchy=TPM2_RH.NULL)
    made = esys.sign(handle, digest, scheme, ticket, session1=ESYS_TR.PASSWORD)
    esys.flush_context(handle)
    if is_rsa:
        signature = bytes(made.signature.rsassa.sig)
    else:
        parts = (made.signature.ecdsa.signatureR, made.signature.ecdsa.signatureS)
        signature = encode_dss_signature(*(int.from_bytes(bytes(part), "big") for part in parts))
    with open(out, "wb") as file:
        file.write(signature)


def main():
    name, conf = os.environ["TPM2TOOLS_TCTI"].split(":", 1)
    with TCTILdr(name, conf) as tcti, ESAPI(tcti) as esys:
        {"create": create, "sign": sign}[sys.argv[1]](esys, *sys.argv[2:])


if __name__ == "__main__":
    main()
