/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_CERTIFICATE_CHAIN_H
#define TPMC_CODEC_CERTIFICATE_CHAIN_H

#include "codec/certificate_list.h"

/* The most intermediate certificates of a chain. */
#define TPMC__CHAIN_MAX 5

/* A certificate and those between it and a root, each issued by the next. Borrowed from the list.
 */
typedef struct tpmc__certificate_chain {
    const tpmc__certificate_entry *leaf;
    const tpmc__certificate_entry *path[TPMC__CHAIN_MAX];
    size_t count;
} tpmc__certificate_chain;

/* 1 when the certificate is about the key with this SubjectPublicKeyInfo. */
int tpmc__certificate_has_key(const tpmc__certificate *certificate, const tpmc__span *spki);

/* The index of the first among the first `leaves` that is about the key; 0 when none is. */
size_t tpmc__certificate_find_leaf(const tpmc__certificate_list *list, size_t leaves,
                                   const tpmc__span *spki);

/*
 * Puts the certificates of a list in order, from tpmc__certificate_find_leaf() on: each next one is
 * named as issuer and its key verifies the signature. Left out: self-signed ones, further ones of
 * the leaf's key, repeated ones, and other ways to a root (cross-certificates), of which the first
 * in the list is taken. TPMC_ERR_FORMAT: one that is not on a way from the leaf, or more than 5 on
 * it; TPMC_ERR_UNSUPPORTED: one of them is signed with MD5, SHA-1 or older, unless `takes_weak`.
 */
int tpmc__certificate_chain_make(tpmc_env *env, const tpmc__certificate_list *list, size_t leaves,
                                 const tpmc__span *spki, int takes_weak,
                                 tpmc__certificate_chain *out, tpmc_error *err);

#endif
