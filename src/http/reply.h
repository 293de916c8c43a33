/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_HTTP_REPLY_H
#define TPMC_HTTP_REPLY_H

#include <stdint.h>

#include "tpmcloud/http.h"

/* What a refusal means for the call it belongs to. */
enum {
    TPMC__HTTP_FAIL,      /* trying again would not help */
    TPMC__HTTP_RETRY,     /* it may go better in a moment */
    TPMC__HTTP_THROTTLED, /* the same, after a longer moment */
    TPMC__HTTP_SKEW       /* our clock is wrong: again, with the time of the provider */
};

/* Room for what tpmc__http_excerpt() writes. */
#define TPMC__HTTP_EXCERPT_MAX 320

/* What an HTTP status says by itself: 408, 500, 502, 503 and 504 are worth a retry, 429 asks for
 * less; all others FAIL. */
int tpmc__http_verdict(int http_status);
/* TPMC_ERR_PROTOCOL for a status of 300 to 399. The text names the hosts of `request` and of the
 * redirection, and nothing else of their URLs. */
int tpmc__http_refuse_redirect(const tpmc_http_request *request, const tpmc_http_response *response,
                               tpmc_error *err);
/*
 * What the answer asks to wait, in milliseconds: `x-amz-retry-after`, else `Retry-After` in seconds
 * or as a date, which is compared with the answer's own `Date`, or with `now_ms` without one. -1
 * when it does not say; at most a year.
 */
int64_t tpmc__http_retry_after_ms(const tpmc_http_response *response, int64_t now_ms);
/* An answer that could not be read, for the text of an error: its content type and at most 200
 * printable characters of its body. Not for an answer that may hold a secret. */
void tpmc__http_excerpt(const tpmc_http_response *response, char out[TPMC__HTTP_EXCERPT_MAX]);

#endif
