/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_POLICY_POLICY_JSON_H
#define TPMC_POLICY_POLICY_JSON_H

#include "codec/json.h"
#include "policy/policy_tree.h"

#define TPMC__POLICY_JSON_MAX 65536

/* A signature that a JSON policy brings for itself (policyAuthorizations). */
typedef struct tpmc__policy_authorization {
    tpmc__policy_signer key;
    uint8_t signature[TPMC__POLICY_SIGNATURE_MAX]; /* a marshalled TPMT_SIGNATURE */
    size_t signature_len;
} tpmc__policy_authorization;

/* What a text holds. */
typedef struct tpmc__policy_document {
    tpmc__policy_steps steps;
    tpmc__policy_authorization *authorizations;
    size_t authorization_count; /* at most TPMC__POLICY_MAX_BRANCHES */
} tpmc__policy_document;

void tpmc__policy_document_free(tpmc__policy_document *document);
/*
 * Reads a policy in the TCG's JSON language. Pure. TPMC_ERR_FORMAT or TPMC_ERR_UNSUPPORTED; the
 * text names the step ("step 2 (PolicyPCR) of the branch 'a'") and the field. What passes, passes
 * tpmc__policy_check() too. `out` is freed by the caller after success only.
 */
int tpmc__policy_json_read(tpmc_env *env, const void *text, size_t len, tpmc__policy_document *out,
                           tpmc_error *err);
/*
 * The tree for people and programs: {"digest": hex, "steps": [{"type": "PolicyPCR", ..., "digest":
 * hex}]}; digests by `hash` where they are known. Members of a step are called as in the TCG's
 * language.
 */
int tpmc__policy_json_write(tpmc_env *env, const tpmc__policy_steps *steps, uint16_t hash,
                            tpmc__json **out, tpmc_error *err);

/* Words of the language, with the spellings that tpm2-tss takes. Each returns 0, or -1 for what is
 * none. */
int tpmc__policy_word_kind(const char *word, tpmc__policy_kind *out);
int tpmc__policy_word_hash(const char *word, uint16_t *out);
int tpmc__policy_word_operation(const char *word, uint16_t *out);
int tpmc__policy_word_command(const char *word, uint32_t *out);
/* "EQ"; "Sign", or NULL for a code without a name. */
const char *tpmc__policy_operation_name(uint16_t operation);
const char *tpmc__policy_command_code_name(uint32_t command);

#endif
