/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_PRIVATE_KEY_KIND_H
#define TPMC_CODEC_PRIVATE_KEY_KIND_H

#include "codec/der.h"
#include "codec/pem.h"

/* What somebody may hand in as a key. Of several in one file the first of this list tells most. */
typedef enum tpmc__key_kind {
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
    TPMC__KEY_KIND_OTHER,
    TPMC__KEY_KIND_COUNT
} tpmc__key_kind;

/* By the label and headers of a PEM block. A block that may hold a key is not decided by them. */
tpmc__key_kind tpmc__key_kind_of_pem(const tpmc__pem_block *block);
/* By the tags of the first elements of a DER structure; what they hold is not looked at. */
tpmc__key_kind tpmc__key_kind_of_der(const void *data, size_t len);
/* Fails for a kind that is neither PKCS#8 nor PKCS#1, and says what the input is. */
int tpmc__key_kind_check(tpmc__key_kind kind, tpmc_error *err);
/* Fails for the algorithm of a PKCS#8 key unless it is plain RSA. */
int tpmc__key_algorithm_check(const tpmc__der *oid, tpmc_error *err);

#endif
