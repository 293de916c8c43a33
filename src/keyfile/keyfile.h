/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_KEYFILE_KEYFILE_H
#define TPMC_KEYFILE_KEYFILE_H

#include "codec/json.h"
#include "keyfile/tpm_public.h"
#include "keyfile/tpm_template.h"

#define TPMC__KEYFILE_MAX 65536
#define TPMC__KEYFILE_PRIVATE_MAX 2048
#define TPMC__KEYFILE_MAX_POLICY_STEPS 64
#define TPMC__KEYFILE_MAX_AUTH_POLICIES 64
#define TPMC__KEYFILE_STEP_MAX 4096 /* bytes of one step's parameters */

typedef enum tpmc__keyfile_type {
    TPMC__KEYFILE_LOADABLE,
    TPMC__KEYFILE_IMPORTABLE,
    TPMC__KEYFILE_SEALED
} tpmc__keyfile_type;

/* One step of a policy: TPM command code and its parameters as the file has them. */
typedef struct tpmc__keyfile_step {
    uint32_t command;
    uint8_t *data; /* NULL when `len` is 0 */
    size_t len;
} tpmc__keyfile_step;

typedef struct tpmc__keyfile_steps {
    tpmc__keyfile_step *items;
    size_t count;
} tpmc__keyfile_steps;

/* A signed policy of the authPolicy field. */
typedef struct tpmc__keyfile_auth_policy {
    char *name; /* NULL when absent */
    tpmc__keyfile_steps policy;
} tpmc__keyfile_auth_policy;

/* A TSS2 key file (draft-bottomley-tpm2-keys) as a plain struct. */
typedef struct tpmc__keyfile {
    tpmc__keyfile_type type;
    int old_layout; /* TSS2 KEY BLOB, whose primary has a template of its own */
    int has_empty_auth;
    int empty_auth;
    tpmc__keyfile_steps policy;
    uint8_t *secret; /* TPM2B_ENCRYPTED_SECRET with its size; NULL when absent */
    size_t secret_len;
    tpmc__keyfile_auth_policy *auth_policies;
    size_t auth_policy_count;
    char *description; /* NULL when absent */
    int rsa_parent;
    uint8_t *parent_id; /* the field [6]: the parent's Name or TPM2B_PUBLIC; NULL when absent or
                           neither */
    size_t parent_id_len;
    uint32_t parent; /* TPM handle: a hierarchy or 0x81xxxxxx */
    uint32_t handle; /* not 0: the key itself is persistent, at 0x81xxxxxx, and has no private
                        part here */
    tpmc__public key;
    uint8_t public_bytes[TPMC__PUBLIC_MAX]; /* the TPM2B_PUBLIC of `key` */
    size_t public_len;
    uint8_t private_bytes[TPMC__KEYFILE_PRIVATE_MAX]; /* TPM2B_PRIVATE with its size */
    size_t private_len;
} tpmc__keyfile;

/*
 * Reads PEM text or DER of the current layout or the old one. Strict: see TPMC_ERR_FORMAT texts,
 * each of which names the field. What is not a TSS2 key is named: "a private key that is not in a
 * TPM", "a certificate", "an encrypted private key". `out` is freed by the caller after success
 * only.
 */
int tpmc__keyfile_parse(const void *data, size_t len, tpmc__keyfile *out, tpmc_error *err);
void tpmc__keyfile_free(tpmc__keyfile *file);
/* Writes PEM text: fields in order, BOOLEAN TRUE as FF; a FALSE rsaParent is left out.
 * TPMC_ERR_ARGUMENT for what tpmc__keyfile_parse() would refuse, and when a ceiling is hit. */
int tpmc__keyfile_write(const tpmc__keyfile *file, tpmc__buf *out);
/* Everything the file says, for tpmc_key_describe(). */
int tpmc__keyfile_describe(tpmc_env *env, const tpmc__keyfile *file, tpmc__json **out,
                           tpmc_error *err);
/* A loadable key under the owner's H2 primary from what TPM tools write: a marshalled TPM2B_PUBLIC
 * and a TPM2B_PRIVATE, each alone in its bytes. As strict as tpmc__keyfile_parse(). */
int tpmc__keyfile_from_pair(const void *public_area, size_t public_len, const void *private_part,
                            size_t private_len, tpmc__keyfile *out, tpmc_error *err);
/* The template of the primary that the file means by a hierarchy as its parent. */
tpmc__template tpmc__keyfile_parent_template(const tpmc__keyfile *file);
/* 0 when the file's field [6] is absent or names this parent; TPMC_ERR_WRONG_TPM when it is that of
 * another. */
int tpmc__keyfile_check_parent(tpmc_env *env, const tpmc__keyfile *file, const tpmc__public *parent,
                               tpmc_error *err);
const char *tpmc__keyfile_type_name(tpmc__keyfile_type type);

#endif
