/* SPDX-License-Identifier: Apache-2.0 */
#include "http/retry.h"

#include "base/error_int.h"
#include "http/date.h"

#define BASE_MS 100
#define CAP_MS 5000
#define THROTTLED_BASE_MS 1000
#define THROTTLED_CAP_MS 20000
/* How long a sleep may keep from looking whether to stop. */
#define SLICE_MS 100
/* A Date header has whole seconds, and an answer is some time on its way. */
#define SKEW_MIN_MS 2000
/* A wall clock that moved by more than this beside the monotonic one was set. */
#define STEP_MS 60000

typedef struct call {
    tpmc_env *env;
    const tpmc__http_flow *flow;
    void *context;
    int64_t deadline_ms;
    int64_t offset_ms; /* that of the current attempt */
    int attempt;       /* 0 for the first */
    int clock_was_set; /* by an answer to this call */
    int verdict;
    int64_t retry_after_ms; /* what the last answer asks; -1: nothing */
} call;

int64_t tpmc__http_clock_offset(tpmc_env *env, tpmc__http_clock *clock)
{
    int64_t offset_ms = atomic_load(&clock->offset_ms);
    int64_t wall_ms = 0;
    int64_t monotonic_ms = 0;
    int64_t step_ms;

    if (offset_ms == 0)
        return 0;
    if (tpmc__env_wall_ms(env, &wall_ms, NULL) != 0 ||
        tpmc__env_monotonic_ms(env, &monotonic_ms, NULL) != 0)
        return offset_ms;
    step_ms = wall_ms - monotonic_ms - atomic_load(&clock->base_ms);
    if (step_ms >= -STEP_MS && step_ms <= STEP_MS)
        return offset_ms;
    atomic_store(&clock->offset_ms, 0);
    return 0;
}

/* The clock of the provider, from an answer that found ours wrong. 0 when there is nothing to learn
 * from it. */
static int learn_clock(call *self, const tpmc_http_response *response)
{
    const char *text = tpmc_http_response_header(response, "Date");
    int64_t date_ms = text == NULL ? -1 : tpmc__http_date_ms(text);
    int64_t wall_ms = 0;
    int64_t monotonic_ms = 0;
    int64_t change;

    if (self->flow->clock == NULL || self->clock_was_set || date_ms < 0)
        return 0;
    if (tpmc__env_wall_ms(self->env, &wall_ms, NULL) != 0 ||
        tpmc__env_monotonic_ms(self->env, &monotonic_ms, NULL) != 0)
        return 0;
    change = date_ms - wall_ms - self->offset_ms;
    if (change > -SKEW_MIN_MS && change < SKEW_MIN_MS)
        return 0;
    self->clock_was_set = 1;
    atomic_store(&self->flow->clock->base_ms, wall_ms - monotonic_ms);
    atomic_store(&self->flow->clock->offset_ms, date_ms - wall_ms);
    return 1;
}

/* Adds to a failure what the answer says beside its body. */
static void note_answer(call *self, const tpmc_http_response *response, tpmc_error *err)
{
    int64_t now_ms = 0;

    (void)tpmc__env_wall_ms(self->env, &now_ms, NULL);
    self->retry_after_ms = tpmc__http_retry_after_ms(response, now_ms);
    tpmc__error_set_http_status(err, tpmc_http_response_status(response));
    if (self->retry_after_ms >= 0)
        tpmc__error_set_retry_after_ms(err, self->retry_after_ms);
}

static int judge(call *self, const tpmc_http_request *request, const tpmc_http_response *response,
                 tpmc_error *err)
{
    int status;

    status = tpmc__http_refuse_redirect(request, response, err);
    if (status != 0)
        return status;
    status = self->flow->judge(self->context, response, &self->verdict, err);
    if (status == 0)
        return 0;
    note_answer(self, response, err);
    if (self->verdict == TPMC__HTTP_SKEW && !learn_clock(self, response))
        self->verdict = TPMC__HTTP_FAIL;
    return status;
}

/* One attempt; `verdict` says what to make of its failure. */
static int attempt(call *self, tpmc_error *err)
{
    tpmc_http_request *request = NULL;
    tpmc_http_response *response = NULL;
    int status;

    /* What the attempt before has left is not about this one. */
    tpmc__error_clear(err);
    self->verdict = TPMC__HTTP_FAIL;
    self->retry_after_ms = -1;
    self->offset_ms =
        self->flow->clock == NULL ? 0 : tpmc__http_clock_offset(self->env, self->flow->clock);
    status = self->flow->build(self->context, self->attempt, self->offset_ms, &request, err);
    if (status != 0)
        goto out;
    status = tpmc__http_exchange(self->env, request, self->deadline_ms, &response, err);
    if (status == TPMC_ERR_NETWORK && !self->flow->is_single)
        self->verdict = TPMC__HTTP_RETRY;
    if (status != 0)
        goto out;
    status = judge(self, request, response, err);
out:
    tpmc__http_response_free(response);
    tpmc_http_request_free(request);
    return status;
}

/* A random part of a span that doubles with each attempt. */
static int draw_wait(const call *self, int64_t *wait_ms, tpmc_error *err)
{
    uint8_t random[4] = { 0 };
    int is_throttled = self->verdict == TPMC__HTTP_THROTTLED;
    int64_t span = is_throttled ? THROTTLED_BASE_MS : BASE_MS;
    int64_t cap = is_throttled ? THROTTLED_CAP_MS : CAP_MS;
    uint32_t number;
    int status;
    int i;

    for (i = 0; i < self->attempt && span < cap; i++)
        span *= 2;
    if (span > cap)
        span = cap;
    status = tpmc__env_random(self->env, random, sizeof(random), err);
    if (status != 0)
        return status;
    number = (uint32_t)random[0] << 24 | (uint32_t)random[1] << 16 | (uint32_t)random[2] << 8 |
             random[3];
    *wait_ms = (int64_t)(((uint64_t)number * (uint64_t)(span + 1)) >> 32);
    return 0;
}

static int sleep_for(tpmc_env *env, int64_t ms, tpmc_error *err)
{
    int64_t slice;
    int status = 0;

    while (ms > 0 && status == 0) {
        slice = ms < SLICE_MS ? ms : SLICE_MS;
        status = tpmc__env_should_stop(env, err);
        if (status == 0)
            status = tpmc__env_sleep_ms(env, slice, err);
        ms -= slice;
    }
    return status;
}

/* Waits before the next attempt. `*again` stays 0 when the time left is too short for one. */
static int wait_for_next(const call *self, int failure, int *again, tpmc_error *err)
{
    int64_t now_ms = 0;
    int64_t wait_ms = 0;
    int status = 0;

    if (self->verdict != TPMC__HTTP_SKEW)
        status = draw_wait(self, &wait_ms, err);
    if (status == 0)
        status = tpmc__env_monotonic_ms(self->env, &now_ms, err);
    if (status != 0)
        return status;
    if (wait_ms < self->retry_after_ms)
        wait_ms = self->retry_after_ms;
    if (wait_ms >= self->deadline_ms - now_ms)
        return 0;
    *again = 1;
    tpmc__env_log(self->env, TPMC_LOG_INFO,
                  "HTTP attempt %d failed with %s; the next one follows in %lld ms",
                  self->attempt + 1, tpmc_error_name(failure), (long long)wait_ms);
    return sleep_for(self->env, wait_ms, err);
}

/* An attempt and, if it is to be followed by another, the wait between them. */
static int step(call *self, int *again, tpmc_error *err)
{
    int64_t most = tpmc__options_number(&self->env->options, TPMC__ENV_MAX_ATTEMPTS);
    int status;
    int wait_status;

    *again = 0;
    status = attempt(self, err);
    if (status == 0 || self->verdict == TPMC__HTTP_FAIL || self->attempt + 1 >= most)
        return status;
    wait_status = wait_for_next(self, status, again, err);
    self->attempt++;
    if (wait_status == 0)
        return status;
    *again = 0;
    return wait_status;
}

int tpmc__http_call(tpmc_env *env, const tpmc__http_flow *flow, void *context, tpmc_error *err)
{
    call self = { .env = env, .flow = flow, .context = context };
    int64_t now_ms = 0;
    int again;
    int status;

    status = tpmc__env_monotonic_ms(env, &now_ms, err);
    if (status != 0)
        return status;
    self.deadline_ms = now_ms + tpmc__options_number(&env->options, TPMC__ENV_TIMEOUT_MS);
    if (flow->deadline_ms != 0)
        self.deadline_ms = flow->deadline_ms;
    do {
        status = step(&self, &again, err);
    } while (again);
    if (status == 0)
        tpmc__error_clear(err);
    return status;
}
