/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_PRIVATE_KEY_KIND_H
#define TPMC_CODEC_PRIVATE_KEY_KIND_H

#include "codec/der.h"
#include "codec/pem.h"
#include "codec/private_key.h"

/* What somebody may hand in as a key. Of several in one file the first of this list tells most. */
typedef enum tpmc__input_kind {
    TPMC__KEY_KIND_TPM,
    TPMC__KEY_KIND_TPM_OLD, /* of the layout 'TSS2 KEY BLOB' */
    TPMC__KEY_KIND_ENCRYPTED,
    TPMC__KEY_KIND_OPENSSH,
    TPMC__KEY_KIND_PKCS8,
    TPMC__KEY_KIND_PKCS1,
    TPMC__KEY_KIND_EC,
    TPMC__KEY_KIND_DSA,
    TPMC__KEY_KIND_PUBLIC,
    TPMC__KEY_KIND_CERTIFICATE,
    TPMC__KEY_KIND_REQUEST,
    TPMC__KEY_KIND_PKCS12,
    TPMC__KEY_KIND_PARAMETERS,
    TPMC__KEY_KIND_OTHER,
    TPMC__KEY_KIND_COUNT
} tpmc__input_kind;

/* By the label and headers of a PEM block. A block that may hold a key is not decided by them. */
tpmc__input_kind tpmc__input_kind_of_pem(const tpmc__pem_block *block);
/* By the tags of the first elements of a DER structure; what they hold is not looked at. */
tpmc__input_kind tpmc__input_kind_of_der(const void *data, size_t len);
/* Fails for a kind that is neither PKCS#8, PKCS#1 nor SEC 1, and says what the input is. */
int tpmc__input_kind_check(tpmc__input_kind kind, tpmc_error *err);
/* The kind of a PKCS#8 key by its algorithm; fails unless that is plain RSA or EC, and names it. */
int tpmc__key_algorithm_find(const tpmc__der *oid, tpmc__private_kind *out, tpmc_error *err);

#endif
