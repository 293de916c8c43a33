/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_SIGV4_DRAFT_H
#define TPMC_PROTO_SIGV4_DRAFT_H

#include "proto/sigv4.h"
#include "proto/sigv4_fields.h"
#include "proto/sigv4_text.h"

/* What is signed, between canonical request and signature. */
typedef struct tpmc__sigv4_draft {
    tpmc__sigv4_time time;
    char host[TPMC__SIGV4_HOST_SIZE];
    const char *payload_hash; /* in the request, in `own_hash`, or a constant */
    char own_hash[65];
    tpmc__buf canonical;    /* the canonical request */
    tpmc__buf signed_names; /* the names of the signed header fields */
    tpmc__buf string_to_sign;
} tpmc__sigv4_draft;

/* Checks parameters and request and fills in time, host and hash. Fails as tpmc__sigv4_sign() does;
 * tpmc__sigv4_draft_free() is due in any case. */
int tpmc__sigv4_draft_begin(tpmc__sigv4_draft *draft, tpmc_env *env,
                            const tpmc_http_request *request, const tpmc__sigv4_params *params,
                            int is_presign, tpmc_error *err);
/* Fills in `signed_names`, and writes the header lines to `lines`. */
int tpmc__sigv4_draft_fields(tpmc__sigv4_draft *draft, const tpmc_http_request *request,
                             tpmc__buf *lines, tpmc_error *err);
/* Makes the canonical request of these lines and of `url`, which is the request's or has more
 * parameters, and the string to sign. */
int tpmc__sigv4_draft_end(tpmc__sigv4_draft *draft, tpmc_env *env, const tpmc_http_request *request,
                          const tpmc__sigv4_params *params, const char *url, const tpmc__buf *lines,
                          tpmc_error *err);
/* Appends "<date>/<region>/<service>/aws4_request". */
void tpmc__sigv4_append_scope(const tpmc__sigv4_draft *draft, const tpmc__sigv4_params *params,
                              tpmc__buf *out);
void tpmc__sigv4_draft_free(tpmc__sigv4_draft *draft);

#endif
