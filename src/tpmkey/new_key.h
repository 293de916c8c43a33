/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPMKEY_NEW_KEY_H
#define TPMC_TPMKEY_NEW_KEY_H

#include "codec/digest.h"
#include "codec/private_key.h"
#include "keyfile/keyfile.h"
#include "tpmkey/template_int.h"

/* What is to be imported or wrapped: a software key, or an HMAC secret as a TPM takes it. */
typedef struct tpmc__new_source {
    tpmc__private_key software; /* RSA or EC */
    tpmc__secret hmac;          /* set: this one */
} tpmc__new_source;

/*
 * Reads a software key, or takes an HMAC secret when the template's algorithm is one, and fills in
 * the public area that it shall have; `unique` of an HMAC key stays empty. Needs no TPM. Free after
 * success.
 */
int tpmc__new_source_read(const tpmc_key_template *key_template, tpmc__span data,
                          tpmc__new_source *out, tpmc__public *key, tpmc_error *err);
/* Encrypts it to a parent; completes `key`. */
int tpmc__new_source_wrap(const tpmc_key_template *key_template, const tpmc__new_source *source,
                          const tpmc__public *parent, tpmc__public *key, tpmc__wrapped *out,
                          tpmc_error *err);
void tpmc__new_source_free(tpmc__new_source *source);

/* What the template says of a key's file: where its parent is, whether it has a password, the
 * description. The file is freed by the caller, after a failure too. */
int tpmc__new_file_fill(tpmc_key_template *key_template, tpmc__keyfile *file, tpmc_error *err);
/* Takes the key's public area, which is final now, and its private part with its size. */
int tpmc__new_file_set_key(tpmc__keyfile *file, const tpmc__public *key,
                           const uint8_t *private_bytes, size_t private_len, tpmc_error *err);
int tpmc__new_file_give(const tpmc__keyfile *file, tpmc_bytes **pem, tpmc_error *err);

/* A key that cannot be loaded again would be found out too late: its original may be gone by then.
 */
int tpmc__new_key_load_once(tpmc_tpm *tpm, tpmc__parent *parent, const tpmc__public *key,
                            const tpmc__private_part *private_part, tpmc_error *err);
/* A TPM that does not have a size, curve or hash says so in one of several ways: after TPM2_Create
 * or TPM2_Import, with its status. */
int tpmc__new_key_explain(const tpmc_tpm *tpm, const tpmc__public *key, int status,
                          tpmc_error *err);

#endif
