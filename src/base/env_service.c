/* SPDX-License-Identifier: Apache-2.0 */
#include "base/env_int.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/error_int.h"
#include "base/utf8.h"

#define LOG_LINE_MAX 512

/* The end of the year 9999; far beyond it, sums of times would overflow. */
#define WALL_MAX_MS INT64_C(253402300799999)
#define MONOTONIC_MAX_MS (INT64_MAX / 4)

/* The status of a callback; a failure is told with its name. */
static int judge(int returned, const char *name, tpmc_error *err)
{
    int status;

    status = tpmc__callback_status(returned);
    if (status != 0)
        return tpmc__fail(err, status, "the %s callback failed with %s", name,
                          tpmc_error_name(status));
    return 0;
}

/* A callback may fork, and its child go on with the call: there a mutex may be held for ever. */
static int fail_forked(tpmc_error *err)
{
    return tpmc__fail(err, TPMC_ERR_FORKED,
                      "the process was forked during a call, which cannot go on in the child");
}

/* Notes that this thread runs a callback. */
static int push_frame(tpmc_env *env, tpmc__callback_frame *frame, tpmc_error *err)
{
    if (tpmc__env_forked(env))
        return fail_forked(err);
    frame->thread = pthread_self();
    (void)pthread_mutex_lock(&env->frames_mutex);
    frame->next = env->frames;
    env->frames = frame;
    (void)pthread_mutex_unlock(&env->frames_mutex);
    return 0;
}

/* Ends what push_frame() began: the status of the callback, whose failure is told with its name. */
static int pop_frame(tpmc_env *env, const tpmc__callback_frame *frame, int returned,
                     const char *name, tpmc_error *err)
{
    tpmc__callback_frame **place;

    if (tpmc__env_forked(env))
        return fail_forked(err);
    (void)pthread_mutex_lock(&env->frames_mutex);
    for (place = &env->frames; *place != frame; place = &(*place)->next)
        ;
    *place = frame->next;
    (void)pthread_mutex_unlock(&env->frames_mutex);
    return judge(returned, name, err);
}

static int no_service(const char *name, tpmc_error *err)
{
    return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "the environment has no %s: set a callback for it",
                      name);
}

/* One of the two clocks. */
typedef struct clock_source {
    const char *name;
    tpmc_clock_fn fn;
    void *user;
    tpmc_clock_fn fallback;
} clock_source;

static int read_clock(tpmc_env *env, const clock_source *source, int64_t *ms, tpmc_error *err)
{
    tpmc__callback_frame frame;
    int status;

    *ms = 0;
    if (source->fn == NULL && source->fallback == NULL)
        return no_service(source->name, err);
    if (source->fn == NULL)
        return judge(source->fallback(env->ossl, ms), source->name, err);
    status = push_frame(env, &frame, err);
    if (status != 0)
        return status;
    status = source->fn(source->user, ms);
    return pop_frame(env, &frame, status, source->name, err);
}

int tpmc__env_wall_ms(tpmc_env *env, int64_t *ms, tpmc_error *err)
{
    clock_source source = { "wall clock", env->wall_clock, env->wall_clock_hook.user,
                            env->defaults->wall_clock };
    int status;

    status = read_clock(env, &source, ms, err);
    if (status != 0)
        return status;
    if (*ms < 0 || *ms > WALL_MAX_MS)
        return tpmc__fail(err, TPMC_ERR_CLOCK,
                          "the wall clock is %s: set the system's date and time",
                          *ms < 0 ? "before 1970" : "after the year 9999");
    return 0;
}

int tpmc__env_monotonic_ms(tpmc_env *env, int64_t *ms, tpmc_error *err)
{
    clock_source source = { "monotonic clock", env->monotonic_clock, env->monotonic_clock_hook.user,
                            env->defaults->monotonic_clock };
    int status;

    status = read_clock(env, &source, ms, err);
    if (status != 0)
        return status;
    if (*ms < 0 || *ms > MONOTONIC_MAX_MS)
        return tpmc__fail(err, TPMC_ERR_CLOCK, "the monotonic clock gives a time that is %s",
                          *ms < 0 ? "negative" : "too large");
    return 0;
}

int tpmc__env_sleep_ms(tpmc_env *env, int64_t ms, tpmc_error *err)
{
    tpmc__callback_frame frame;
    int status;

    if (ms <= 0)
        return 0;
    if (env->sleep == NULL && env->defaults->sleep == NULL)
        return no_service("sleep", err);
    if (env->sleep == NULL)
        return judge(env->defaults->sleep(env->ossl, ms), "sleep", err);
    status = push_frame(env, &frame, err);
    if (status != 0)
        return status;
    status = env->sleep(env->sleep_hook.user, ms);
    return pop_frame(env, &frame, status, "sleep", err);
}

int tpmc__env_should_stop(tpmc_env *env, tpmc_error *err)
{
    tpmc__callback_frame frame;
    int status;

    if (env->should_stop == NULL)
        return 0;
    status = push_frame(env, &frame, err);
    if (status != 0)
        return status;
    status = env->should_stop(env->should_stop_hook.user);
    status = pop_frame(env, &frame, status, "should-stop", err);
    if (status == TPMC_ERR_CANCELLED)
        return tpmc__fail(err, status, "cancelled: the should-stop callback asked to stop");
    return status;
}

int tpmc__env_random(tpmc_env *env, uint8_t *out, size_t len, tpmc_error *err)
{
    tpmc__callback_frame frame;
    int status;

    if (len == 0)
        return 0;
    if (env->random == NULL && env->defaults->random == NULL)
        return no_service("source of random bytes", err);
    if (env->random == NULL)
        return judge(env->defaults->random(env->ossl, out, len), "random", err);
    status = push_frame(env, &frame, err);
    if (status != 0)
        return status;
    status = env->random(env->random_hook.user, out, len);
    return pop_frame(env, &frame, status, "random", err);
}

void tpmc__env_log(tpmc_env *env, int level, const char *format, ...)
{
    char text[LOG_LINE_MAX + 8];
    char line[LOG_LINE_MAX];
    tpmc__callback_frame frame;
    va_list args;
    int len;

    if (env->log == NULL)
        return;
    va_start(args, format);
    len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (len < 0 || push_frame(env, &frame, NULL) != 0)
        return;
    tpmc__utf8_clean(line, sizeof(line), text);
    (void)env->log(env->log_hook.user, level, line);
    (void)pop_frame(env, &frame, 0, "log", NULL);
}

int tpmc__env_http(tpmc_env *env, const tpmc_http_request *request, tpmc_http_response *response,
                   tpmc_error *err)
{
    int status;

    if (env->http == NULL && env->defaults->http == NULL)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "this build has no HTTP transport: set one with tpmc_env_set_http()");
    if (tpmc__env_forked(env))
        return fail_forked(err);
    /* No frame: it may use the library. */
    if (env->http == NULL)
        status = env->defaults->http(env, request, response, err);
    else
        status = judge(env->http(env->http_hook.user, request, response), "HTTP", err);
    return tpmc__env_forked(env) ? fail_forked(err) : status;
}
