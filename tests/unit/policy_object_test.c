/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <stdlib.h>

#include "policy/policy_int.h"
#include "unit/codec_env.h"
#include "unit/each_allocation.h"

typedef struct fixture {
    tpmc_env *env;
    tpmc_error *err;
    tpmc_policy *policy;
    int released;
} fixture;

static int setup(void **state)
{
    fixture *f = calloc(1, sizeof(*f));

    *state = f;
    if (f == NULL || setup_env((void **)&f->env) != 0 || tpmc_error_new(&f->err) != 0)
        return -1;
    return tpmc_policy_new(f->env, &f->policy, f->err);
}

static int teardown(void **state)
{
    fixture *f = *state;

    tpmc_policy_free(f->policy);
    tpmc_error_free(f->err);
    tpmc_env_free(f->env);
    free(f);
    return 0;
}

static void release(void *user)
{
    fixture *f = user;

    f->released++;
}

static int sign(void *user, const char *hint, const char *algorithm, const uint8_t *data,
                size_t len, uint8_t *out, size_t capacity, size_t *out_len)
{
    (void)user;
    (void)hint;
    (void)algorithm;
    (void)data;
    (void)len;
    (void)out;
    (void)capacity;
    *out_len = 0;
    return 0;
}

static int choose(void *user, const char *const *names, size_t count, size_t *chosen)
{
    (void)user;
    (void)names;
    (void)count;
    *chosen = 0;
    return 0;
}

static int act(void *user, const char *action)
{
    (void)user;
    (void)action;
    return 0;
}

static int satisfy(void *user, ESYS_CONTEXT *esys, ESYS_TR session)
{
    (void)user;
    (void)esys;
    (void)session;
    return 0;
}

static int provide(void *user, ESYS_CONTEXT *esys, ESYS_TR salt_key, ESYS_TR *session)
{
    (void)user;
    (void)esys;
    (void)salt_key;
    *session = ESYS_TR_NONE;
    return 0;
}

static void missing_parameters(void **state)
{
    fixture *f = *state;
    tpmc_policy *made = f->policy;

    expect_failure(tpmc_policy_new(NULL, &made, f->err), f->err, TPMC_ERR_ARGUMENT, "'env'");
    assert_null(made);
    expect_failure(tpmc_policy_new(f->env, NULL, f->err), f->err, TPMC_ERR_ARGUMENT, "'out'");
    expect_failure(tpmc_policy_new_json(f->env, "{}", 2, NULL, f->err), f->err, TPMC_ERR_ARGUMENT,
                   "'out'");
    expect_failure(tpmc_policy_new_json(f->env, NULL, 2, &made, f->err), f->err, TPMC_ERR_ARGUMENT,
                   "'json'");
    expect_failure(tpmc_policy_new_json(f->env, "{}", 0, &made, f->err), f->err, TPMC_ERR_ARGUMENT,
                   "1 to 65536");
    expect_failure(tpmc_policy_new_json(f->env, "{}", 65537, &made, f->err), f->err,
                   TPMC_ERR_ARGUMENT, "1 to 65536");
    assert_null(made);
    expect_failure(tpmc_policy_set_signer(NULL, sign, NULL, NULL, f->err), f->err,
                   TPMC_ERR_ARGUMENT, "'policy'");
    expect_failure(tpmc_policy_set_password(NULL, 0x81000001, "a", 1, f->err), f->err,
                   TPMC_ERR_ARGUMENT, "'policy'");
    expect_failure(tpmc_policy_set_satisfy(NULL, satisfy, NULL, NULL, f->err), f->err,
                   TPMC_ERR_ARGUMENT, "'policy'");
    tpmc_policy_free(NULL);
}

static void passwords(void **state)
{
    fixture *f = *state;
    char longest[65] = { 0 };

    expect_success(tpmc_policy_set_password(f->policy, 0x81000001, "one", 3, f->err), f->err);
    expect_success(tpmc_policy_set_password(f->policy, 0x01000002, "", 0, f->err), f->err);
    expect_success(tpmc_policy_set_password(f->policy, 0x01000003, longest, 64, f->err), f->err);
    assert_int_equal(tpmc__policy_password_of(f->policy, 0x01000002)->password.len, 0);
    tpmc__policy_password_of(f->policy, 0x81000001)->refused = 1;
    expect_success(tpmc_policy_set_password(f->policy, 0x81000001, "other", 5, f->err), f->err);
    assert_memory_equal(tpmc__policy_password_of(f->policy, 0x81000001)->password.data, "other", 5);
    assert_int_equal(tpmc__policy_password_of(f->policy, 0x81000001)->refused, 0);
    assert_int_equal(f->policy->password_count, 3);
    expect_success(tpmc_policy_set_password(f->policy, 0x81000001, NULL, 0, f->err), f->err);
    expect_success(tpmc_policy_set_password(f->policy, 0x81000001, NULL, 0, f->err), f->err);
    assert_null(tpmc__policy_password_of(f->policy, 0x81000001));
    assert_int_equal(tpmc__policy_password_of(f->policy, 0x01000003)->password.len, 64);
    assert_int_equal(f->policy->password_count, 2);
}

static void refused_passwords(void **state)
{
    fixture *f = *state;
    char longest[65] = { 0 };

    expect_failure(tpmc_policy_set_password(f->policy, 0x40000001, "a", 1, f->err), f->err,
                   TPMC_ERR_ARGUMENT, "tpmc_tpm_set_hierarchy_password");
    expect_failure(tpmc_policy_set_password(f->policy, 0x80000001, "a", 1, f->err), f->err,
                   TPMC_ERR_ARGUMENT, "0x80000001");
    expect_failure(tpmc_policy_set_password(f->policy, 0x81000001, longest, 65, f->err), f->err,
                   TPMC_ERR_ARGUMENT, "longer than 64");
    expect_failure(tpmc_policy_set_password(f->policy, 0x81000001, NULL, 1, f->err), f->err,
                   TPMC_ERR_ARGUMENT, "NULL");
    assert_int_equal(f->policy->password_count, 0);
    for (uint32_t i = 0; i < TPMC__POLICY_MAX_PASSWORDS; i++)
        expect_success(tpmc_policy_set_password(f->policy, 0x81000000 + i, "a", 1, f->err), f->err);
    expect_failure(tpmc_policy_set_password(f->policy, 0x01000000, "a", 1, f->err), f->err,
                   TPMC_ERR_ARGUMENT, "16 entities");
    expect_success(tpmc_policy_set_password(f->policy, 0x81000003, "b", 1, f->err), f->err);
    expect_success(tpmc_policy_set_password(f->policy, 0x81000003, NULL, 0, f->err), f->err);
    expect_success(tpmc_policy_set_password(f->policy, 0x01000000, "a", 1, f->err), f->err);
}

static void callbacks_are_released_once(void **state)
{
    fixture *f = *state;

    expect_success(tpmc_policy_set_signer(f->policy, sign, f, release, f->err), f->err);
    expect_success(tpmc_policy_set_chooser(f->policy, choose, f, release, f->err), f->err);
    expect_success(tpmc_policy_set_action(f->policy, act, f, release, f->err), f->err);
    expect_success(tpmc_policy_set_satisfy(f->policy, satisfy, f, release, f->err), f->err);
    assert_int_equal(f->released, 0);
    expect_success(tpmc_policy_set_signer(f->policy, sign, f, release, f->err), f->err);
    assert_int_equal(f->released, 1);
    expect_success(tpmc_policy_set_signer(f->policy, NULL, NULL, NULL, f->err), f->err);
    assert_int_equal(f->released, 2);
    assert_null(f->policy->sign);
    expect_failure(tpmc_policy_set_chooser(f->policy, NULL, f, release, f->err), f->err,
                   TPMC_ERR_ARGUMENT, "would never be called");
    assert_true(f->policy->choose == choose);
    tpmc_policy_free(f->policy);
    f->policy = NULL;
    assert_int_equal(f->released, 5);
}

static void a_callback_stands_alone(void **state)
{
    fixture *f = *state;

    assert_int_equal(tpmc__policy_is_callback(f->policy), 0);
    expect_success(tpmc_policy_set_provide(f->policy, provide, f, release, f->err), f->err);
    assert_int_equal(tpmc__policy_is_callback(f->policy), 1);
    expect_failure(tpmc_policy_set_satisfy(f->policy, satisfy, f, release, f->err), f->err,
                   TPMC_ERR_ARGUMENT, "another callback");
    expect_failure(tpmc_policy_add_auth_value(f->policy, f->err), f->err, TPMC_ERR_ARGUMENT,
                   "left to a callback");
    assert_int_equal(f->policy->document.steps.count, 0);
    assert_int_equal(f->released, 0);
    expect_success(tpmc_policy_set_provide(f->policy, NULL, NULL, NULL, f->err), f->err);
    expect_success(tpmc_policy_add_auth_value(f->policy, f->err), f->err);
    expect_failure(tpmc_policy_set_provide(f->policy, provide, f, release, f->err), f->err,
                   TPMC_ERR_ARGUMENT, "has steps");
    expect_failure(tpmc_policy_set_satisfy(f->policy, satisfy, f, release, f->err), f->err,
                   TPMC_ERR_ARGUMENT, "has steps");
    expect_success(tpmc_policy_set_satisfy(f->policy, NULL, NULL, NULL, f->err), f->err);
    assert_int_equal(f->released, 1);
}

static void setting_is_over_at_first_use(void **state)
{
    fixture *f = *state;
    tpmc_policy *used = tpmc__policy_use(f->policy);

    assert_ptr_equal(used, f->policy);
    expect_failure(tpmc_policy_set_password(used, 0x81000001, "a", 1, f->err), f->err,
                   TPMC_ERR_STATE, "in use");
    expect_failure(tpmc_policy_set_action(used, act, NULL, NULL, f->err), f->err, TPMC_ERR_STATE,
                   "in use");
    expect_failure(tpmc_policy_set_satisfy(used, satisfy, NULL, NULL, f->err), f->err,
                   TPMC_ERR_STATE, "in use");
    expect_failure(tpmc_policy_add_auth_value(used, f->err), f->err, TPMC_ERR_STATE, "in use");
    tpmc_policy_free(used);
}

static int attempt_new(void *context)
{
    tpmc_policy *policy = NULL;
    int status = tpmc_policy_new(context, &policy, NULL);

    assert_true((policy == NULL) == (status != 0));
    tpmc_policy_free(policy);
    return status;
}

static void every_allocation_fails_once(void **state)
{
    fixture *f = *state;

    assert_int_equal(each_allocation(attempt_new, f->env, TPMC_ERR_NOMEM), 1);
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(missing_parameters),          IN_FIXTURE(passwords),
        IN_FIXTURE(refused_passwords),           IN_FIXTURE(callbacks_are_released_once),
        IN_FIXTURE(a_callback_stands_alone),     IN_FIXTURE(setting_is_over_at_first_use),
        IN_FIXTURE(every_allocation_fails_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
