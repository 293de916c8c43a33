/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_POLICY_POLICY_JSON_FIELD_H
#define TPMC_POLICY_POLICY_JSON_FIELD_H

#include "policy/policy_json.h"

/*
 * Fields of the JSON language in all the spellings that tpm2-tss takes. Each function returns 0 or
 * TPMC_ERR_FORMAT, with a text that names the field and not the step. What is absent is no failure
 * of those that say so.
 */

/* What reading shares. */
typedef struct tpmc__json_reader {
    tpmc_env *env;
    tpmc_error *err;
    size_t steps; /* read so far */
} tpmc__json_reader;

/* A word of the language, and its number. */
typedef struct tpmc__json_word {
    const char *text;
    uint32_t value;
} tpmc__json_word;

/* Words of one kind; each of the prefixes may stand before one, in this order. */
typedef struct tpmc__json_words {
    const tpmc__json_word *words;
    size_t count;
    const char *const *prefixes; /* NULL at the end */
} tpmc__json_words;

/* By its name, or its name in lower case; NULL when it is absent. */
const tpmc__json *tpmc__field(const tpmc__json *object, const char *name);
/* A number, also as text: decimal, or hexadecimal after 0x. */
int tpmc__field_number(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                       uint32_t max, uint32_t *out);
int tpmc__field_value_number(const tpmc__json *value, uint32_t max, uint32_t *out);
/* -1 for what is none of the words, in upper or lower case. */
int tpmc__field_word(const char *text, const tpmc__json_words *words, uint32_t *out);
/* Bits, as an array of words or as an object of flags, of which `others` members are the caller's.
 * NULL, or what is wrong with it. */
const char *tpmc__field_flags(const tpmc__json *value, const tpmc__json_words *words, size_t others,
                              uint32_t *out);
/* One of the words of booleans, also as JSON's own or a number. */
int tpmc__field_boolean(const tpmc__json *value, int *out);
/* A text, borrowed; NULL when it is absent. */
int tpmc__field_text(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                     const char **out);
/* The same, copied, of at most TPMC__POLICY_MAX_TEXT bytes. */
int tpmc__field_copy(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                     char **out);
/* Bytes as hex, of which a last odd digit does not count, or as an array of numbers; empty when
 * absent. The buffer's ceiling is the most that is taken. */
int tpmc__field_bytes(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                      tpmc__buf *out);
/* The same, of at most `max` bytes. */
int tpmc__field_short_bytes(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                            size_t max, tpmc__policy_bytes *out);
/* A hash algorithm, by name or number; `fallback` when it is absent. */
int tpmc__field_hash(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                     uint16_t fallback, uint16_t *out);
/* Exactly one of several fields must be there; its place in `names`, NULL at the end. */
int tpmc__field_one_of(tpmc__json_reader *reader, const tpmc__json *object,
                       const char *const *names, size_t *which);
/* TPMC_ERR_UNSUPPORTED for a field that names something in the FAPI's key store. */
int tpmc__field_refuse_path(tpmc__json_reader *reader, const char *name, const char *instead);
int tpmc__field_fail(tpmc__json_reader *reader, const char *name, const char *flaw);

/* An algorithm; one that is absent is TPM_ALG_NULL. */
int tpmc__json_algorithm(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                         uint16_t *out);
/* TPMT_PUBLIC or TPM2B_PUBLIC as an object, or the bytes of a TPM2B_PUBLIC as hex. */
int tpmc__json_public(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                      tpmc__public *out);
/* The same, which must be that of a key, and not of a template. */
int tpmc__json_key(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                   tpmc__public *out);
/* The Name of an index from TPMS_NV_PUBLIC or TPM2B_NV_PUBLIC, with WRITTEN set. */
int tpmc__json_nv_public(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                         uint32_t *index, tpmc__policy_bytes *nv_name);
/* The key of PolicySigned and PolicyAuthorize: keyPEM or keyPublic, and policyRef. */
int tpmc__json_signer(tpmc__json_reader *reader, const tpmc__json *object,
                      tpmc__policy_signer *out);
/* The members of a step of any kind but PolicyOR. */
int tpmc__json_step(tpmc__json_reader *reader, const tpmc__json *object, tpmc__policy_step *step);
int tpmc__json_pcr(tpmc__json_reader *reader, const tpmc__json *object, tpmc__policy_step *step);
/* The member policyAuthorizations. */
int tpmc__json_authorizations(tpmc__json_reader *reader, const tpmc__json *object,
                              tpmc__policy_document *out);

#endif
