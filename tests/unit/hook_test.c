/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "base/env_int.h"
#include "base/error_int.h"

static const tpmc__env_defaults defaults;

static int http(void *user, const tpmc_http_request *request, tpmc_http_response *response)
{
    (void)user;
    (void)request;
    (void)response;
    return 0;
}

static int read_time(void *user, int64_t *ms)
{
    (void)user;
    *ms = 1;
    return 0;
}

static int wait_ms(void *user, int64_t ms)
{
    (void)user;
    (void)ms;
    return 0;
}

static int stop(void *user)
{
    (void)user;
    return 0;
}

static int fill(void *user, uint8_t *out, size_t len)
{
    (void)user;
    memset(out, 0, len);
    return 0;
}

static int note(void *user, int level, const char *text)
{
    (void)user;
    (void)level;
    (void)text;
    return 0;
}

static void count(void *user)
{
    (*(int *)user)++;
}

/* The seven setters in one form: `on` 0 unsets. */
typedef int (*setter)(tpmc_env *env, int on, void *user, tpmc_release_fn release, tpmc_error *err);

static int set_http(tpmc_env *env, int on, void *user, tpmc_release_fn release, tpmc_error *err)
{
    return tpmc_env_set_http(env, on ? http : NULL, user, release, err);
}

static int set_wall(tpmc_env *env, int on, void *user, tpmc_release_fn release, tpmc_error *err)
{
    return tpmc_env_set_wall_clock(env, on ? read_time : NULL, user, release, err);
}

static int set_monotonic(tpmc_env *env, int on, void *user, tpmc_release_fn release,
                         tpmc_error *err)
{
    return tpmc_env_set_monotonic_clock(env, on ? read_time : NULL, user, release, err);
}

static int set_sleep(tpmc_env *env, int on, void *user, tpmc_release_fn release, tpmc_error *err)
{
    return tpmc_env_set_sleep(env, on ? wait_ms : NULL, user, release, err);
}

static int set_stop(tpmc_env *env, int on, void *user, tpmc_release_fn release, tpmc_error *err)
{
    return tpmc_env_set_should_stop(env, on ? stop : NULL, user, release, err);
}

static int set_random(tpmc_env *env, int on, void *user, tpmc_release_fn release, tpmc_error *err)
{
    return tpmc_env_set_random(env, on ? fill : NULL, user, release, err);
}

static int set_log(tpmc_env *env, int on, void *user, tpmc_release_fn release, tpmc_error *err)
{
    return tpmc_env_set_log(env, on ? note : NULL, user, release, err);
}

static const setter setters[] = { set_http, set_wall,   set_monotonic, set_sleep,
                                  set_stop, set_random, set_log };

#define SETTERS (sizeof(setters) / sizeof(setters[0]))

static void released_once_with_the_environment(void **state)
{
    int released[SETTERS] = { 0 };
    tpmc_env *env = NULL;
    size_t i;

    expect_success(tpmc__env_create(&defaults, &env, *state), *state);
    for (i = 0; i < SETTERS; i++)
        expect_success(setters[i](env, 1, &released[i], count, *state), *state);
    for (i = 0; i < SETTERS; i++)
        assert_int_equal(released[i], 0);
    tpmc_env_free(env);
    for (i = 0; i < SETTERS; i++)
        assert_int_equal(released[i], 1);
}

static void setting_again_releases_the_former_one(void **state)
{
    int first = 0;
    int second = 0;
    tpmc_env *env = NULL;
    size_t i;

    for (i = 0; i < SETTERS; i++) {
        first = 0;
        second = 0;
        expect_success(tpmc__env_create(&defaults, &env, *state), *state);
        expect_success(setters[i](env, 1, &first, count, *state), *state);
        expect_success(setters[i](env, 1, &second, count, *state), *state);
        assert_int_equal(first, 1);
        assert_int_equal(second, 0);
        expect_success(setters[i](env, 0, NULL, NULL, *state), *state);
        assert_int_equal(second, 1);
        expect_success(setters[i](env, 0, NULL, NULL, *state), *state);
        /* No release function: nothing to call. */
        expect_success(setters[i](env, 1, &first, NULL, *state), *state);
        expect_success(setters[i](env, 1, NULL, NULL, *state), *state);
        tpmc_env_free(env);
        assert_int_equal(first, 1);
        assert_int_equal(second, 1);
    }
}

static void failing_setters_release_nothing(void **state)
{
    int kept = 0;
    int refused = 0;
    tpmc_env *env = NULL;
    size_t i;

    for (i = 0; i < SETTERS; i++) {
        expect_failure(setters[i](NULL, 1, &refused, count, *state), *state, TPMC_ERR_ARGUMENT,
                       "env is NULL");
        expect_success(tpmc__env_create(&defaults, &env, *state), *state);
        kept = 0;
        expect_success(setters[i](env, 1, &kept, count, *state), *state);
        expect_failure(setters[i](env, 0, &refused, count, *state), *state, TPMC_ERR_ARGUMENT,
                       "release function without a callback");
        expect_success(tpmc__env_use(env, *state), *state);
        expect_failure(setters[i](env, 1, &refused, count, *state), *state, TPMC_ERR_STATE,
                       "before");
        expect_failure(setters[i](env, 0, NULL, NULL, *state), *state, TPMC_ERR_STATE, "before");
        assert_int_equal(setters[i](env, 0, NULL, NULL, NULL), TPMC_ERR_STATE);
        assert_int_equal(kept, 0);
        tpmc_env_free(env);
        assert_int_equal(kept, 0);
        tpmc_env_free(env);
        assert_int_equal(kept, 1);
        assert_int_equal(refused, 0);
    }
}

static void hooks_are_released_once(void **state)
{
    int released = 0;
    tpmc__hook hook = { &released, count };

    (void)state;
    tpmc__hook_release(&hook);
    tpmc__hook_release(&hook);
    assert_int_equal(released, 1);
    assert_null(hook.user);
}

/* The new one is there before the former is released, whose release may look. */
typedef struct watch {
    tpmc__hook *hook;
    const void *seen;
    int released;
} watch;

static void look(void *user)
{
    watch *self = user;

    self->seen = self->hook->user;
    self->released++;
}

static void replacing_releases_the_former_one(void **state)
{
    int second = 0;
    watch first = { NULL, NULL, 0 };
    tpmc__hook hook = { NULL, NULL };

    (void)state;
    first.hook = &hook;
    tpmc__hook_replace(&hook, &first, look);
    assert_int_equal(first.released, 0);
    assert_ptr_equal(hook.user, &first);
    tpmc__hook_replace(&hook, &second, count);
    assert_int_equal(first.released, 1);
    assert_ptr_equal(first.seen, &second);
    tpmc__hook_replace(&hook, NULL, NULL);
    assert_int_equal(second, 1);
    assert_null(hook.user);
    tpmc__hook_release(&hook);
    assert_int_equal(first.released, 1);
    assert_int_equal(second, 1);
}

static void foreign_codes_count_as_io(void **state)
{
    int code;

    (void)state;
    for (code = 0; code >= TPMC_ERR_FORKED; code--)
        assert_int_equal(tpmc__callback_status(code), code);
    assert_int_equal(tpmc__callback_status(TPMC_ERR_FORKED - 1), TPMC_ERR_IO);
    assert_int_equal(tpmc__callback_status(1), TPMC_ERR_IO);
    assert_int_equal(tpmc__callback_status(INT32_MAX), TPMC_ERR_IO);
    assert_int_equal(tpmc__callback_status(INT32_MIN), TPMC_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(released_once_with_the_environment),
        WITH_ERROR(setting_again_releases_the_former_one),
        WITH_ERROR(failing_setters_release_nothing),
        cmocka_unit_test(hooks_are_released_once),
        cmocka_unit_test(replacing_releases_the_former_one),
        cmocka_unit_test(foreign_codes_count_as_io),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
