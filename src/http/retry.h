/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_HTTP_RETRY_H
#define TPMC_HTTP_RETRY_H

#include <stdatomic.h>

#include "http/http_int.h"
#include "http/reply.h"

/* How far the provider's clock is ahead of ours, as far as we know. It belongs to the caller, who
 * keeps it from call to call; any threads may share it. All zero is a good start. */
typedef struct tpmc__http_clock {
    atomic_llong offset_ms;
    atomic_llong base_ms; /* how far the wall clock was ahead of the monotonic one then */
} tpmc__http_clock;

/* What is to be added to the wall clock. What was learned is forgotten once the wall clock has been
 * set, which is seen by the monotonic one. */
int64_t tpmc__http_clock_offset(tpmc_env *env, tpmc__http_clock *clock);

/* One kind of request, and how its answer is read. */
typedef struct tpmc__http_flow {
    /*
     * Makes the request of an attempt, 0 for the first one: time, nonce and signature are new each
     * time. `offset_ms` is to be added to the wall clock. The engine frees the request. A failure
     * ends the call.
     */
    int (*build)(void *context, int attempt, int64_t offset_ms, tpmc_http_request **out,
                 tpmc_error *err);
    /*
     * Reads an answer, which is no redirection. 0 when it is the one that was hoped for; else the
     * code and text of a failure, and in `*verdict`, which is TPMC__HTTP_FAIL before, whether to
     * try again. The engine adds the HTTP status and retry-after to `err`. `*verdict` does not
     * count with 0.
     */
    int (*judge)(void *context, const tpmc_http_response *response, int *verdict, tpmc_error *err);
    tpmc__http_clock *clock; /* NULL: a wrong clock is told as a failure */
    int is_single;           /* a request whose answer did not come is not sent again */
    int64_t deadline_ms;     /* monotonic, for a call that is one of several; 0: see below */
} tpmc__http_flow;

/*
 * Runs a request until it succeeds, a failure is final, or one of the environment's options
 * `max_attempts` and `timeout_ms` (for all attempts together, from now; or the flow's
 * `deadline_ms`) is used up; then the last failure is the result. Between attempts it waits for a
 * random part of 100 ms, doubled each time up to 5 s (1 s up to 20 s when the provider throttles),
 * and at least as long as the answer asks. An answer that asks for more than the time left ends the
 * call at once, with retry-after in `err`.
 *
 * Of the transport's failures only TPMC_ERR_NETWORK is tried again.
 */
int tpmc__http_call(tpmc_env *env, const tpmc__http_flow *flow, void *context, tpmc_error *err);

#endif
