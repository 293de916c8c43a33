/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_OAUTH_FAILURE_H
#define TPMC_PROTO_OAUTH_FAILURE_H

#include "http/reply.h"
#include "tpmcloud/error.h"

#define TPMC__OAUTH_CODE_MAX 128
#define TPMC__OAUTH_MESSAGE_MAX 768

/* What an answer says of a failure, clean for display: no control characters, one line, and what
 * looks like a token or an assertion replaced by "...". What is missing is empty. */
typedef struct tpmc__oauth_report {
    int http_status;
    char code[TPMC__OAUTH_CODE_MAX];
    char word[TPMC__OAUTH_CODE_MAX]; /* a second, less exact code; for the caller to set */
    char message[TPMC__OAUTH_MESSAGE_MAX];
    char request_id[TPMC__OAUTH_CODE_MAX];
    int64_t number; /* the first of Entra's `error_codes`; 0: none */
} tpmc__oauth_report;

/* What a failure means. The first row counts whose `code` is the report's, or its second one, and
 * whose `words` stand in its message, whatever their case; NULL fits all. */
typedef struct tpmc__oauth_rule {
    const char *code;
    const char *words;
    int status;       /* TPMC_ERR_* */
    int verdict;      /* TPMC__HTTP_* */
    const char *hint; /* what to do; may be NULL */
} tpmc__oauth_rule;

typedef struct tpmc__oauth_service {
    const char *name; /* in errors, such as "Google's token endpoint" */
    const tpmc__oauth_rule *rules;
    size_t rule_count;
} tpmc__oauth_service;

/*
 * Reads an answer that is no success: `error` and `error_description` of RFC 6749 section 5.2, or
 * the object `error` of Google's APIs with `status` and `message`. Of a body that is no JSON the
 * message is an excerpt. 0 or TPMC_ERR_NOMEM.
 */
int tpmc__oauth_report_read(const tpmc_http_response *response, tpmc__oauth_report *out);
/*
 * Makes an error of a report: "<service> answered <code> (HTTP status 400): <message>; <hint>",
 * with the second code before the HTTP status, and with the provider's code and request id. HTTP
 * status 429 is TPMC_ERR_THROTTLED before all rows. Where no row of the service fits, codes and
 * HTTP statuses that pass by themselves are worth another attempt and TPMC_ERR_PROTOCOL, too many
 * requests are TPMC_ERR_THROTTLED, and all else is TPMC_ERR_DENIED. Returns the code.
 */
int tpmc__oauth_report_fail(const tpmc__oauth_report *report, const tpmc__oauth_service *service,
                            int *verdict, tpmc_error *err);
/* Both, for the `judge` of a tpmc__http_flow. */
int tpmc__oauth_failure(const tpmc_http_response *response, const tpmc__oauth_service *service,
                        int *verdict, tpmc_error *err);

#endif
