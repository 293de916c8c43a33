/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/env_int.h"
#include "base/error_int.h"

#define THREADS 16

/* What the callbacks below do and have seen. */
typedef struct script {
    tpmc_env *env;
    int calls;
    int status;      /* what a callback returns */
    int64_t ms;      /* what a clock gives, or sleep was asked for */
    int try_back;    /* call back into the library, on this thread and on another */
    int same_thread; /* what came of it */
    int other_thread;
    int level;
    char line[1024];
} script;

static void *enter_elsewhere(void *arg)
{
    script *play = arg;

    play->other_thread = tpmc__env_enter(play->env, NULL);
    return NULL;
}

static int act(script *play)
{
    pthread_t thread;

    play->calls++;
    if (play->try_back) {
        play->same_thread = tpmc_env_set(play->env, "max_attempts", "9", NULL);
        if (play->same_thread == TPMC_ERR_STATE)
            play->same_thread = tpmc__env_enter(play->env, NULL);
        if (pthread_create(&thread, NULL, enter_elsewhere, play) == 0)
            (void)pthread_join(thread, NULL);
    }
    return play->status;
}

static int read_time(void *user, int64_t *ms)
{
    script *play = user;

    *ms = play->ms;
    return act(play);
}

static int forget_time(void *user, int64_t *ms)
{
    (void)ms;
    return act(user);
}

static int wait_ms(void *user, int64_t ms)
{
    script *play = user;

    play->ms = ms;
    return act(play);
}

static int stop(void *user)
{
    return act(user);
}

static int fill(void *user, uint8_t *out, size_t len)
{
    memset(out, 0xa5, len);
    return act(user);
}

static int note(void *user, int level, const char *text)
{
    script *play = user;

    play->level = level;
    (void)strncpy(play->line, text, sizeof(play->line) - 1);
    return act(play);
}

static int http(void *user, const tpmc_http_request *request, tpmc_http_response *response)
{
    (void)request;
    (void)response;
    return act(user);
}

/* Built-in services get the private OpenSSL context. */
static int default_time(void *user, int64_t *ms)
{
    *ms = user != NULL ? 1234 : -1;
    return 0;
}

static int default_wait(void *user, int64_t ms)
{
    return user != NULL && ms == 5 ? 0 : TPMC_ERR_IO;
}

static int default_fill(void *user, uint8_t *out, size_t len)
{
    memset(out, 0x11, len);
    return user != NULL ? 0 : TPMC_ERR_IO;
}

static int default_http(tpmc_env *env, const tpmc_http_request *request,
                        tpmc_http_response *response, tpmc_error *err)
{
    (void)request;
    (void)response;
    return tpmc__fail(err, env != NULL ? TPMC_ERR_NETWORK : TPMC_ERR_IO,
                      "the built-in HTTP failed");
}

static const tpmc__env_defaults defaults = {
    .http = default_http,
    .wall_clock = default_time,
    .monotonic_clock = default_time,
    .sleep = default_wait,
    .random = default_fill,
};
static const tpmc__env_defaults nothing;

/* The services in one form. */
typedef int (*service)(tpmc_env *env, tpmc_error *err);

static int call_wall(tpmc_env *env, tpmc_error *err)
{
    int64_t ms;

    return tpmc__env_wall_ms(env, &ms, err);
}

static int call_monotonic(tpmc_env *env, tpmc_error *err)
{
    int64_t ms;

    return tpmc__env_monotonic_ms(env, &ms, err);
}

static int call_sleep(tpmc_env *env, tpmc_error *err)
{
    return tpmc__env_sleep_ms(env, 5, err);
}

static int call_stop(tpmc_env *env, tpmc_error *err)
{
    return tpmc__env_should_stop(env, err);
}

static int call_random(tpmc_env *env, tpmc_error *err)
{
    uint8_t bytes[4];

    return tpmc__env_random(env, bytes, sizeof(bytes), err);
}

static int call_log(tpmc_env *env, tpmc_error *err)
{
    (void)err;
    tpmc__env_log(env, TPMC_LOG_INFO, "line");
    return 0;
}

static int call_http(tpmc_env *env, tpmc_error *err)
{
    return tpmc__env_http(env, NULL, NULL, err);
}

static tpmc_env *make_env(const tpmc__env_defaults *services, script *play, tpmc_error *err)
{
    tpmc_env *env = NULL;

    expect_success(tpmc__env_create(services, &env, err), err);
    memset(play, 0, sizeof(*play));
    play->env = env;
    return env;
}

static tpmc_env *make_scripted_env(script *play, tpmc_error *err)
{
    tpmc_env *env = make_env(&defaults, play, err);

    expect_success(tpmc_env_set_wall_clock(env, read_time, play, NULL, err), err);
    expect_success(tpmc_env_set_monotonic_clock(env, read_time, play, NULL, err), err);
    expect_success(tpmc_env_set_sleep(env, wait_ms, play, NULL, err), err);
    expect_success(tpmc_env_set_should_stop(env, stop, play, NULL, err), err);
    expect_success(tpmc_env_set_random(env, fill, play, NULL, err), err);
    expect_success(tpmc_env_set_log(env, note, play, NULL, err), err);
    expect_success(tpmc_env_set_http(env, http, play, NULL, err), err);
    return env;
}

static void defaults_serve_what_is_unset(void **state)
{
    static const uint8_t expected[3] = { 0x11, 0x11, 0x11 };
    uint8_t bytes[3];
    int64_t ms = 0;
    script play;
    tpmc_env *env = make_scripted_env(&play, *state);

    expect_success(tpmc_env_set_wall_clock(env, NULL, NULL, NULL, *state), *state);
    expect_success(tpmc_env_set_monotonic_clock(env, NULL, NULL, NULL, *state), *state);
    expect_success(tpmc_env_set_sleep(env, NULL, NULL, NULL, *state), *state);
    expect_success(tpmc_env_set_should_stop(env, NULL, NULL, NULL, *state), *state);
    expect_success(tpmc_env_set_random(env, NULL, NULL, NULL, *state), *state);
    expect_success(tpmc_env_set_log(env, NULL, NULL, NULL, *state), *state);
    expect_success(tpmc_env_set_http(env, NULL, NULL, NULL, *state), *state);
    expect_success(tpmc__env_wall_ms(env, &ms, *state), *state);
    assert_int_equal(ms, 1234);
    expect_success(tpmc__env_monotonic_ms(env, &ms, *state), *state);
    assert_int_equal(ms, 1234);
    expect_success(tpmc__env_sleep_ms(env, 5, *state), *state);
    expect_success(tpmc__env_should_stop(env, *state), *state);
    expect_success(tpmc__env_random(env, bytes, sizeof(bytes), *state), *state);
    assert_memory_equal(bytes, expected, sizeof(bytes));
    tpmc__env_log(env, TPMC_LOG_INFO, "unheard");
    expect_failure(tpmc__env_http(env, NULL, NULL, *state), *state, TPMC_ERR_NETWORK,
                   "the built-in HTTP failed");
    assert_int_equal(play.calls, 0);
    tpmc_env_free(env);
}

static void services_that_do_not_exist(void **state)
{
    static const service services[] = { call_wall, call_monotonic, call_sleep, call_random };
    script play;
    tpmc_env *env = make_env(&nothing, &play, *state);
    size_t i;

    for (i = 0; i < sizeof(services) / sizeof(services[0]); i++)
        expect_failure(services[i](env, *state), *state, TPMC_ERR_UNSUPPORTED, "set a callback");
    expect_failure(call_http(env, *state), *state, TPMC_ERR_UNSUPPORTED, "tpmc_env_set_http()");
    tpmc__error_clear(*state);
    expect_success(call_stop(env, *state), *state);
    tpmc_env_free(env);
}

static void failures_name_the_callback(void **state)
{
    static const struct {
        service call;
        const char *words;
    } samples[] = {
        { call_wall, "the wall clock callback failed with " },
        { call_monotonic, "the monotonic clock callback failed with " },
        { call_sleep, "the sleep callback failed with " },
        { call_stop, "the should-stop callback failed with " },
        { call_random, "the random callback failed with " },
        { call_http, "the HTTP callback failed with " },
    };
    script play;
    tpmc_env *env = make_scripted_env(&play, *state);
    size_t i;

    for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        play.status = 17;
        expect_failure(samples[i].call(env, *state), *state, TPMC_ERR_IO, samples[i].words);
        play.status = -1000;
        expect_failure(samples[i].call(env, *state), *state, TPMC_ERR_IO, "failed with IO");
        play.status = TPMC_ERR_TIMEOUT;
        expect_failure(samples[i].call(env, *state), *state, TPMC_ERR_TIMEOUT,
                       "failed with TIMEOUT");
        assert_int_equal(samples[i].call(env, NULL), TPMC_ERR_TIMEOUT);
    }
    play.status = TPMC_ERR_CANCELLED;
    expect_failure(call_stop(env, *state), *state, TPMC_ERR_CANCELLED, "asked to stop");
    tpmc_env_free(env);
}

static void times_must_be_usable(void **state)
{
    int64_t ms = 0;
    script play;
    tpmc_env *env = make_scripted_env(&play, *state);

    play.ms = INT64_C(253402300799999);
    expect_success(tpmc__env_wall_ms(env, &ms, *state), *state);
    assert_int_equal(ms, play.ms);
    play.ms++;
    expect_failure(tpmc__env_wall_ms(env, &ms, *state), *state, TPMC_ERR_CLOCK, "after the year");
    play.ms = -1;
    expect_failure(tpmc__env_wall_ms(env, &ms, *state), *state, TPMC_ERR_CLOCK, "before 1970");
    expect_failure(tpmc__env_monotonic_ms(env, &ms, *state), *state, TPMC_ERR_CLOCK, "negative");
    play.ms = INT64_MAX;
    expect_failure(tpmc__env_monotonic_ms(env, &ms, *state), *state, TPMC_ERR_CLOCK, "too large");
    tpmc__error_clear(*state);
    play.ms = 0;
    expect_success(tpmc__env_wall_ms(env, &ms, *state), *state);
    expect_success(tpmc__env_monotonic_ms(env, &ms, *state), *state);
    /* A clock that says nothing. */
    expect_success(tpmc_env_set_wall_clock(env, forget_time, &play, NULL, *state), *state);
    ms = 77;
    expect_success(tpmc__env_wall_ms(env, &ms, *state), *state);
    assert_int_equal(ms, 0);
    tpmc_env_free(env);
}

static void nothing_asked_nothing_called(void **state)
{
    uint8_t byte = 1;
    script play;
    tpmc_env *env = make_scripted_env(&play, *state);

    play.status = TPMC_ERR_IO;
    expect_success(tpmc__env_sleep_ms(env, 0, *state), *state);
    expect_success(tpmc__env_sleep_ms(env, -5, *state), *state);
    expect_success(tpmc__env_sleep_ms(env, INT64_MIN, *state), *state);
    expect_success(tpmc__env_random(env, &byte, 0, *state), *state);
    assert_int_equal(play.calls, 0);
    tpmc_env_free(env);
}

static void callbacks_may_not_call_back(void **state)
{
    static const service services[] = { call_wall, call_monotonic, call_sleep,
                                        call_stop, call_random,    call_log };
    script play;
    tpmc_env *env = make_scripted_env(&play, *state);
    size_t i;

    play.try_back = 1;
    for (i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        play.same_thread = 0;
        play.other_thread = 99;
        expect_success(services[i](env, *state), *state);
        assert_int_equal(play.calls, i + 1);
        assert_int_equal(play.same_thread, TPMC_ERR_STATE);
        assert_int_equal(play.other_thread, 0);
        assert_null(env->frames);
        expect_success(tpmc__env_enter(env, *state), *state);
    }
    /* The frame goes also when the callback fails. */
    play.status = TPMC_ERR_IO;
    (void)call_wall(env, NULL);
    expect_success(tpmc__env_enter(env, *state), *state);
    tpmc_env_free(env);
}

static void http_may_call_back(void **state)
{
    script play;
    tpmc_env *env = make_scripted_env(&play, *state);

    play.try_back = 1;
    play.same_thread = 99;
    expect_success(call_http(env, *state), *state);
    assert_int_equal(play.same_thread, 0);
    assert_int_equal(tpmc__options_number(&env->options, TPMC__ENV_MAX_ATTEMPTS), 9);
    tpmc_env_free(env);
}

static void log_lines(void **state)
{
    char text[2000];
    script play;
    tpmc_env *env = make_scripted_env(&play, *state);

    play.status = TPMC_ERR_IO; /* ignored */
    tpmc__env_log(env, TPMC_LOG_WARNING, "key '%s' %d%%", "a\nb\x1b;\xff", 5);
    assert_int_equal(play.level, TPMC_LOG_WARNING);
    assert_string_equal(play.line, "key 'a?b?;?' 5%");
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    tpmc__env_log(env, TPMC_LOG_DEBUG, "%s", text);
    assert_int_equal(strlen(play.line), 511);
    tpmc_env_free(env);
}

/* A callback forks and its child goes on with the call: it is told so, and no lock is
 * taken. */
static int fork_in_callback(void *user, int64_t *ms)
{
    script *play = user;

    *ms = 1;
    play->calls = (int)fork();
    if (play->calls == 0)
        (void)alarm(20);
    return 0;
}

static void a_fork_inside_a_callback(void **state)
{
    int status = -1;
    script play;
    tpmc_env *env = make_scripted_env(&play, *state);
    int first;
    int second;

    expect_success(tpmc_env_set_wall_clock(env, fork_in_callback, &play, NULL, *state), *state);
    first = call_wall(env, NULL);
    if (play.calls == 0) {
        second = call_monotonic(env, NULL);
        tpmc__env_log(env, TPMC_LOG_INFO, "unheard");
        tpmc_env_free(env);
        _exit(first == TPMC_ERR_FORKED && second == TPMC_ERR_FORKED && play.calls == 0 ? 0 : 1);
    }
    assert_int_equal(first, 0);
    assert_int_equal(waitpid((pid_t)play.calls, &status, 0), play.calls);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    tpmc_env_free(env);
}

static int check_entry(void *user)
{
    return tpmc__env_enter(user, NULL) == TPMC_ERR_STATE ? 0 : TPMC_ERR_PROTOCOL;
}

static void *run_callbacks(void *arg)
{
    int i;

    for (i = 0; i < 200; i++) {
        if (tpmc__env_should_stop(arg, NULL) != 0 || tpmc__env_enter(arg, NULL) != 0)
            return arg;
    }
    return NULL;
}

static void threads_have_frames_of_their_own(void **state)
{
    pthread_t threads[THREADS];
    void *failed = NULL;
    script play;
    tpmc_env *env = make_env(&nothing, &play, *state);
    size_t i;

    expect_success(tpmc_env_set_should_stop(env, check_entry, env, NULL, *state), *state);
    for (i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_callbacks, env), 0);
    for (i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_null(env->frames);
    tpmc_env_free(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(defaults_serve_what_is_unset), WITH_ERROR(services_that_do_not_exist),
        WITH_ERROR(failures_name_the_callback),   WITH_ERROR(times_must_be_usable),
        WITH_ERROR(nothing_asked_nothing_called), WITH_ERROR(callbacks_may_not_call_back),
        WITH_ERROR(http_may_call_back),           WITH_ERROR(log_lines),
        WITH_ERROR(a_fork_inside_a_callback),     WITH_ERROR(threads_have_frames_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
