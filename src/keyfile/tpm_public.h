/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_KEYFILE_TPM_PUBLIC_H
#define TPMC_KEYFILE_TPM_PUBLIC_H

#include "base/buf.h"
#include "base/env_int.h"

/* TPM_ALG_ID, TPMA_OBJECT and TPM_ECC_CURVE values of TPM 2.0 Part 2 that key files use. */
#define TPMC__ALG_NULL 0x0010
#define TPMC__ALG_RSA 0x0001
#define TPMC__ALG_HMAC 0x0005
#define TPMC__ALG_AES 0x0006
#define TPMC__ALG_KEYEDHASH 0x0008
#define TPMC__ALG_XOR 0x000a
#define TPMC__ALG_RSASSA 0x0014
#define TPMC__ALG_RSAES 0x0015
#define TPMC__ALG_RSAPSS 0x0016
#define TPMC__ALG_OAEP 0x0017
#define TPMC__ALG_ECDSA 0x0018
#define TPMC__ALG_ECDH 0x0019
#define TPMC__ALG_ECDAA 0x001a
#define TPMC__ALG_SM2 0x001b
#define TPMC__ALG_ECSCHNORR 0x001c
#define TPMC__ALG_KDF1_SP800_108 0x0022
#define TPMC__ALG_ECC 0x0023
#define TPMC__ALG_SYMCIPHER 0x0025
#define TPMC__ALG_CFB 0x0043
/* Algorithms that a public area may name and that nothing here computes with. */
#define TPMC__ALG_TDES 0x0003
#define TPMC__ALG_MGF1 0x0007
#define TPMC__ALG_SM4 0x0013
#define TPMC__ALG_ECMQV 0x001d
#define TPMC__ALG_KDF1_SP800_56A 0x0020
#define TPMC__ALG_KDF2 0x0021
#define TPMC__ALG_CAMELLIA 0x0026
#define TPMC__ALG_CMAC 0x003f
#define TPMC__ALG_CTR 0x0040
#define TPMC__ALG_OFB 0x0041
#define TPMC__ALG_CBC 0x0042
#define TPMC__ALG_ECB 0x0044

#define TPMC__OBJECT_FIXED_TPM 0x00000002u
#define TPMC__OBJECT_ST_CLEAR 0x00000004u
#define TPMC__OBJECT_FIXED_PARENT 0x00000010u
#define TPMC__OBJECT_SENSITIVE_DATA_ORIGIN 0x00000020u
#define TPMC__OBJECT_USER_WITH_AUTH 0x00000040u
#define TPMC__OBJECT_ADMIN_WITH_POLICY 0x00000080u
#define TPMC__OBJECT_FIRMWARE_LIMITED 0x00000100u
#define TPMC__OBJECT_SVN_LIMITED 0x00000200u
#define TPMC__OBJECT_NO_DA 0x00000400u
#define TPMC__OBJECT_ENCRYPTED_DUPLICATION 0x00000800u
#define TPMC__OBJECT_RESTRICTED 0x00010000u
#define TPMC__OBJECT_DECRYPT 0x00020000u
#define TPMC__OBJECT_SIGN 0x00040000u
#define TPMC__OBJECT_X509_SIGN 0x00080000u

#define TPMC__CURVE_P256 0x0003
#define TPMC__CURVE_P384 0x0004
#define TPMC__CURVE_P521 0x0005

#define TPMC__PUBLIC_MAX 1024 /* bytes of the largest TPM2B_PUBLIC taken */
#define TPMC__NAME_MAX 66

/* TPMT_SYM_DEF_OBJECT. */
typedef struct tpmc__sym_def {
    uint16_t algorithm; /* TPMC__ALG_NULL: the others are 0 */
    uint16_t key_bits;
    uint16_t mode;
} tpmc__sym_def;

/* A scheme with one hash, or ECDAA with its count; TPMC__ALG_NULL or a hashless one: the others are
 * 0. */
typedef struct tpmc__scheme {
    uint16_t algorithm;
    uint16_t hash;
    uint16_t kdf;   /* XOR only */
    uint16_t count; /* ECDAA only */
} tpmc__scheme;

/* TPMT_PUBLIC as a plain struct. `type` says which members count. */
typedef struct tpmc__public {
    uint16_t type; /* RSA, ECC, KEYEDHASH or SYMCIPHER */
    uint16_t name_alg;
    uint32_t attributes; /* TPMC__OBJECT_* */
    uint8_t auth_policy[64];
    size_t auth_policy_len;
    tpmc__sym_def symmetric; /* RSA, ECC, SYMCIPHER */
    tpmc__scheme scheme;     /* RSA, ECC, KEYEDHASH */
    uint16_t key_bits;       /* RSA */
    uint32_t exponent;       /* RSA; 0 means 65537 */
    uint16_t curve;          /* ECC */
    tpmc__scheme kdf;        /* ECC */
    uint8_t unique[512];     /* RSA: modulus; ECC: x; KEYEDHASH, SYMCIPHER: digest */
    size_t unique_len;
    uint8_t unique_y[80]; /* ECC: y */
    size_t unique_y_len;
} tpmc__public;

/*
 * Reads a marshalled TPM2B_PUBLIC (Part 2, 12.2.5), size included. Strict: every algorithm, size
 * and attribute bit must be one that the structure allows, nothing may follow, and writing the
 * result must give the same bytes. TPMC_ERR_FORMAT, or TPMC_ERR_UNSUPPORTED for an algorithm this
 * library does not know; the text names the field. Needs no TPM.
 */
int tpmc__public_parse(const void *data, size_t len, tpmc__public *out, tpmc_error *err);
/* Writes a TPM2B_PUBLIC, size included. */
int tpmc__public_write(const tpmc__public *key, tpmc__buf *out);
/* The Name: nameAlg and the digest of TPMT_PUBLIC (Part 1, 16). `name` has room for TPMC__NAME_MAX
 * bytes. */
int tpmc__public_name(tpmc_env *env, const tpmc__public *key, uint8_t *name, size_t *len,
                      tpmc_error *err);
/* The DER SubjectPublicKeyInfo of an RSA or NIST-curve key; TPMC_ERR_UNSUPPORTED for others. */
int tpmc__public_spki(const tpmc__public *key, tpmc__buf *out, tpmc_error *err);
/* 1 when the public area of a primary was made from this template: equal in all but `unique`. */
int tpmc__public_matches_template(const tpmc__public *key, const tpmc__public *key_template);
/* 1 for a storage key: restricted and decrypt, with a symmetric algorithm for its children. */
int tpmc__public_is_storage(const tpmc__public *key);
/* "RSA 2048", "ECC P-256", "HMAC"...; for messages. */
int tpmc__public_kind_text(const tpmc__public *key, char *out, size_t capacity);
/*
 * A template may leave `unique` empty, an object may not. NULL when the public area is that of an
 * object: an RSA modulus of the stated size, both coordinates of a point, or a digest of nameAlg;
 * else what is wrong with it, such as "its RSA modulus is missing or has another length".
 */
const char *tpmc__public_unique_flaw(const tpmc__public *key);
/* "rsassa"; NULL for an unknown one. */
const char *tpmc__alg_name(uint16_t algorithm);

#endif
