/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_CERTIFICATE_LIST_H
#define TPMC_CODEC_CERTIFICATE_LIST_H

#include "codec/certificate_read.h"

/* The most bytes of one source, and the most certificates in it. */
#define TPMC__CERTIFICATE_SOURCE_MAX (64 * 1024)
#define TPMC__CERTIFICATES_PER_SOURCE 16
#define TPMC__CERTIFICATE_SOURCES 2

typedef struct tpmc__certificate_entry {
    tpmc__buf der;           /* what `facts` borrows from */
    tpmc__certificate facts; /* moving the entry leaves them right */
    const char *where; /* borrowed: the source, as tpmc__certificate_list_add() was given it */
} tpmc__certificate_entry;

/* Zeros are an empty list. */
typedef struct tpmc__certificate_list {
    tpmc__certificate_entry entries[TPMC__CERTIFICATE_SOURCES * TPMC__CERTIFICATES_PER_SOURCE];
    size_t count;
} tpmc__certificate_list;

/*
 * Appends the certificates of one source: PEM, in which text, a byte order mark and blocks of other
 * labels (keys among them) are passed over, or the DER of one. `where` names the source in errors,
 * such as "the certificate file \"a.pem\"". TPMC_ERR_FORMAT: no certificate in it, one that is not
 * well formed, too many, too large. What was appended before a failure stays.
 */
int tpmc__certificate_list_add(tpmc__certificate_list *list, const tpmc__span *source,
                               const char *where, tpmc_error *err);
void tpmc__certificate_list_free(tpmc__certificate_list *list);

#endif
