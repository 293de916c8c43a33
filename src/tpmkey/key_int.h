/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPMKEY_KEY_INT_H
#define TPMC_TPMKEY_KEY_INT_H

#include <openssl/evp.h>

#include "base/bytes_int.h"
#include "keyfile/keyfile.h"
#include "tpm/tpm_int.h"
#include "tpmkey/algorithm.h"
#include "tpmkey/key_policy.h"
#include "tpmkey/parent_int.h"
#include "tpmkey/verify.h"

struct tpmc_key {
    tpmc__ref ref;
    tpmc_env *env;
    tpmc_tpm *tpm; /* NULL for a callback key */
    tpmc__options options;
    tpmc__buf pem; /* a key file given as bytes */
    tpmc__secret password;
    tpmc__secret parent_password;
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
    tpmc__key_policy policy;

    /* Guarded by the connection. */
    tpmc__loaded *loaded; /* in the TPM; of a persistent key the connection's */
    int password_refused;
    int parent_refused;
    tpmc__private_part *imported; /* of an importable key: what TPM2_Import made of it */
    int has_fallback;             /* the next one is what the key loads under after all */
    tpmc__template fallback;
    atomic_int wrong_salt; /* PSS signatures of this key have a salt that PS256 does not allow */
    atomic_uint missing_hashes; /* bits by tpmc__key_hash_bit(): this TPM does not sign with them */
};

/* What a key is used for. */
typedef enum tpmc__purpose { TPMC__PURPOSE_SIGN, TPMC__PURPOSE_HMAC } tpmc__purpose;

/* 1 for a key that stands at a persistent handle. After tpmc__key_read(). */
int tpmc__key_is_persistent(const tpmc_key *key);
/* The key's source as a plain struct: the one that its options name. */
int tpmc__key_read_source(tpmc_key *key, tpmc__keyfile *out, tpmc_error *err);
/* Where the key's parent is found. */
void tpmc__key_place(tpmc_key *key, tpmc__parent_place *out);
/* Reads the key file unless that has been done. Needs a TPM only for a persistent handle. */
int tpmc__key_read(tpmc_key *key, tpmc_error *err);
/* What a key of this type is for. */
tpmc__purpose tpmc__key_purpose(const tpmc_key *key);
/* 0 when the key can be used for this; else why not. After tpmc__key_read(). */
int tpmc__key_check_usable(tpmc_key *key, tpmc__purpose purpose, tpmc_error *err);
/* Everything that an operation needs before the TPM is touched: the file, whether it can be used
 * for this, and the password. */
int tpmc__key_prepare(tpmc_key *key, tpmc__purpose purpose, tpmc_error *err);
/* 1 when nobody has given the password of a key that may have one, and trying an empty one could
 * lead to a lockout; and the refusal, TPMC_ERR_WRONG_PASSWORD. After tpmc__key_prepare(). */
int tpmc__key_password_is_unknown(const tpmc_key *key);
int tpmc__key_refuse_unknown_password(const tpmc_key *key, tpmc_error *err);
/* Takes the lock under which a key is prepared once, whoever comes first. */
int tpmc__key_acquire_prepare(tpmc_key *key, tpmc_error *err);
/* Loads the key where it is not loaded. Within an operation on its connection. */
int tpmc__key_load(tpmc_key *key, tpmc_error *err);
/* The authorization of the loaded key for tpmc__use_begin(); `use` is TPMC__USE_*, of the command.
 */
void tpmc__key_use(tpmc_key *key, int use, tpmc__use *out);

/* One try of an operation with a key: loads it and uses it. */
typedef int (*tpmc__key_step)(tpmc_key *key, void *job, tpmc_error *err);
/* One operation with a key, tried again where that helps. `use` is TPMC__USE_*, of the command that
 * is likely to be needed. tpmc__key_prepare() comes first. */
int tpmc__key_run(tpmc_key *key, int use, tpmc__key_step step, void *job, tpmc_error *err);
/* What stands in the TPM is not our key: it is loaded anew before its next use. */
void tpmc__key_suspect(tpmc_key *key);
/* The door of the setters. A callback key has no file and no password. */
int tpmc__key_enter_setter(tpmc_key *key, tpmc_error *err);
/* The door of the operations: tpmc__env_enter() and freezing. */
int tpmc__key_enter(tpmc_key *key, tpmc_error *err);

#endif
