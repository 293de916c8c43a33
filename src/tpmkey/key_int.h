/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPMKEY_KEY_INT_H
#define TPMC_TPMKEY_KEY_INT_H

#include <openssl/evp.h>

#include "base/bytes_int.h"
#include "keyfile/keyfile.h"
#include "tpm/tpm_int.h"
#include "tpmkey/algorithm.h"
#include "tpmkey/verify.h"

struct tpmc_key {
    tpmc__ref ref;
    tpmc_env *env;
    tpmc_tpm *tpm; /* NULL for a callback key */
    tpmc__options options;
    tpmc__buf pem; /* a key file given as bytes */
    tpmc__secret password;
    tpmc_password_fn ask_password;
    tpmc__hook password_hook;
    tpmc_sign_fn sign;
    tpmc__hook sign_hook;

    tpmc__lock prepare;   /* held while the file is read and the password asked for */
    atomic_int is_read;   /* the next four are final */
    tpmc__keyfile *file;  /* NULL for a callback key */
    EVP_PKEY *public_key; /* NULL for what is not an asymmetric key */
    tpmc__key_kind kind;
    uint8_t name[TPMC__NAME_MAX];
    size_t name_len;
    atomic_int has_password; /* `password` is final, set or not */

    /* Guarded by the connection. */
    tpmc__loaded *loaded;
    int password_refused;
    atomic_int wrong_salt; /* PSS signatures of this key have a salt that PS256 does not allow */
};

/* Reads the key file unless that has been done. Needs no TPM. */
int tpmc__key_read(tpmc_key *key, tpmc_error *err);
/* 0 when this release can sign with what the file holds; else why not. After tpmc__key_read(). */
int tpmc__key_check_usable(const tpmc_key *key, tpmc_error *err);
/* Settles which password is used; may ask the caller. TPMC_ERR_WRONG_PASSWORD when one is missing.
 */
int tpmc__key_settle_password(tpmc_key *key, tpmc_error *err);
/* Loads the key where it is not loaded. Within an operation on its connection. */
int tpmc__key_load(tpmc_key *key, tpmc_error *err);
/* The door of the operations: tpmc__env_enter() and freezing. */
int tpmc__key_enter(tpmc_key *key, tpmc_error *err);

#endif
