/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_CERTIFICATE_SET_H
#define TPMC_PROTO_CERTIFICATE_SET_H

#include "codec/certificate_chain.h"

/* Takes a leaf that says that it is a CA, as the self-signed ones of `openssl req -x509` do. */
#define TPMC__CERTIFICATE_MAY_BE_CA 1
/* Takes any version, keyUsage and hash: for a service that only compares the certificate with the
 * one it knows. */
#define TPMC__CERTIFICATE_ANY_FORM 2
/* Takes a certificate before and after its time: who uses it looks himself. */
#define TPMC__CERTIFICATE_ANY_TIME 4

/* A key's certificate and the intermediate ones above it. Counted and immutable. */
typedef struct tpmc__certificate_set tpmc__certificate_set;

/* The content of one source of certificates. */
typedef struct tpmc__certificate_text {
    tpmc__span bytes;  /* PEM or DER */
    const char *where; /* names it in errors, such as "the certificate file \"a.pem\"" */
} tpmc__certificate_text;

/*
 * Makes a set from the certificate and, unless `chain` is NULL, further certificates, as
 * tpmc__certificate_chain_make() puts them in order. `spki` is the key that it must be about.
 * `rules` is made of TPMC__CERTIFICATE_*. TPMC_ERR_MISMATCH: it is about another key;
 * TPMC_ERR_UNSUPPORTED: it is of version 1 or 2, of a CA, its keyUsage does not allow signatures,
 * or it is signed with a broken hash; TPMC_ERR_FORMAT: not well formed, or the chain does not link.
 */
int tpmc__certificate_set_new(tpmc_env *env, const tpmc__certificate_text *leaf,
                              const tpmc__certificate_text *chain, const tpmc__span *spki,
                              int rules, tpmc__certificate_set **out, tpmc_error *err);
tpmc__certificate_set *tpmc__certificate_set_ref(tpmc__certificate_set *set);
void tpmc__certificate_set_unref(tpmc__certificate_set *set); /* NULL is fine */

const tpmc__certificate *tpmc__certificate_set_leaf(const tpmc__certificate_set *set);
/* The intermediate certificates, from the leaf on. */
size_t tpmc__certificate_set_count(const tpmc__certificate_set *set);
const tpmc__certificate *tpmc__certificate_set_at(const tpmc__certificate_set *set, size_t index);
/* TPMC_ERR_CLOCK, with both times, when the leaf is not yet or no longer valid. */
int tpmc__certificate_set_check_time(const tpmc__certificate_set *set, int64_t now_ms,
                                     tpmc_error *err);

#endif
