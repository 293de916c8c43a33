/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_OAUTH_REPLY_H
#define TPMC_PROTO_OAUTH_REPLY_H

#include "codec/json.h"
#include "tpmcloud/http.h"
#include "tpmcloud/token.h"

/*
 * Answers of success in JSON, as token endpoints give them (RFC 6749 section 5.1) and Google's IAM
 * does in a like form. `service` names who answers in errors, such as "Google's token endpoint". No
 * text quotes a token.
 */

/* The object in the body, to be freed with tpmc__json_free(). TPMC_ERR_PROTOCOL for anything else,
 * TPMC_ERR_NOMEM. */
int tpmc__oauth_reply_read(const tpmc_http_response *response, const char *service,
                           tpmc__json **out, tpmc_error *err);
/*
 * A span of seconds, such as `expires_in`, as a number (a fraction is cut) or a text of digits,
 * or a moment in seconds since 1970. -1 in `*seconds` when the member is missing. TPMC_ERR_PROTOCOL
 * for what is not 0 to the last second of the year 9999.
 */
int tpmc__oauth_reply_seconds(const tpmc__json *reply, const char *name, const char *service,
                              int64_t *seconds, tpmc_error *err);
/*
 * The bearer token in `access_token`, which lives for `expires_in` from `asked_at_ms`, the wall
 * clock when the request was made, but no longer than `max_life_s`. TPMC_ERR_PROTOCOL when either
 * is missing or unusable, or `token_type` is another one.
 */
int tpmc__oauth_reply_access_token(const tpmc__json *reply, const char *service,
                                   int64_t asked_at_ms, int64_t max_life_s, tpmc_token **out,
                                   tpmc_error *err);
/* The same for a token whose end is told in another way; `expires_at_ms` is by our clock. */
int tpmc__oauth_reply_bearer(const tpmc__json *reply, const char *service, int64_t expires_at_ms,
                             tpmc_token **out, tpmc_error *err);
/*
 * The JWT in the member `name`, such as `id_token`, which lives until its own `exp`; that is read
 * without looking at the signature, which is for the one who gets the token. `offset_ms` is how far
 * the clock of the service is ahead of ours, as far as we know; should it be more, the token still
 * ends by `latest_ms` of ours.
 */
int tpmc__oauth_reply_jwt(const tpmc__json *reply, const char *name, const char *service,
                          int64_t offset_ms, int64_t latest_ms, tpmc_token **out, tpmc_error *err);

#endif
