/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_AZURE_ENTRA_REPLY_H
#define TPMC_AZURE_ENTRA_REPLY_H

#include "proto/cache.h"
#include "tpmcloud/http.h"

/* When a reply was asked for. */
typedef struct tpmc__entra_moment {
    int64_t asked_at_ms; /* our wall clock when the request was made */
    int64_t offset_ms;   /* how far the server's clock is ahead of it */
} tpmc__entra_moment;

/*
 * Reads a token endpoint's answer of success (RFC 6749 section 5.1) into a tpmc_token and its times
 * by our clock: `expires_in`, or else `expires_on`, as numbers or texts; `refresh_in`, where it is
 * usable, is when to renew. TPMC_ERR_PROTOCOL for an answer without a bearer token or its expiry;
 * the text quotes nothing of the answer. TPMC_ERR_NOMEM.
 */
int tpmc__entra_reply_read(const tpmc_http_response *response, const tpmc__entra_moment *moment,
                           tpmc__cache_entry *out, tpmc_error *err);

#endif
