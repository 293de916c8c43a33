/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "policy/policy_int.h"
#include "unit/codec_env.h"
#include "unit/each_allocation.h"

static const uint8_t new_parent[34] = { 0x00, 0x0b, 9 };

static void refused(tpmc_env *env, const char *pcr, int with_password, const void *parent,
                    size_t len, const char *words)
{
    tpmc_policy *policy = (tpmc_policy *)env;
    tpmc_error *err = NULL;

    assert_int_equal(tpmc_error_new(&err), 0);
    expect_failure(tpmc_policy_new_ready(env, pcr, with_password, parent, len, &policy, err), err,
                   TPMC_ERR_ARGUMENT, words);
    assert_null(policy);
    tpmc_error_free(err);
}

static void refused_wishes(void **state)
{
    refused(*state, NULL, 0, NULL, 0, "neither registers nor a password");
    refused(*state, NULL, 0, new_parent, 34, "neither registers nor a password");
    refused(*state, "24", 0, NULL, 0, "only 0 to 23");
    refused(*state, "", 1, NULL, 0, "no register");
    refused(*state, "1", 0, NULL, 34, "'new_parent_len'");
    refused(*state, "1", 0, new_parent, 0, "'new_parent_len'");
    refused(*state, "1", 0, new_parent, 67, "'new_parent_len'");
    refused(*state, "1", 0, new_parent, 22, "Name of its new parent");
    refused(NULL, "1", 0, NULL, 0, "'env'");
    assert_int_equal(tpmc_policy_new_ready(*state, "1", 0, NULL, 0, NULL, NULL), TPMC_ERR_ARGUMENT);
}

static void ready_policies(void **state)
{
    tpmc_policy *policy = NULL;
    const tpmc__policy_steps *steps = NULL;

    assert_int_equal(tpmc_policy_new_ready(*state, "7", 0, NULL, 0, &policy, NULL), 0);
    steps = &policy->document.steps;
    assert_int_equal(steps->count, 1);
    assert_int_equal(steps->items[0].kind, TPMC__POLICY_PCR);
    assert_int_equal(steps->items[0].u.pcr.known, TPMC__PCR_NOW);
    tpmc_policy_free(policy);
    assert_int_equal(tpmc_policy_new_ready(*state, "7", 1, NULL, 0, &policy, NULL), 0);
    steps = &policy->document.steps;
    assert_int_equal(steps->count, 2);
    assert_int_equal(steps->items[0].kind, TPMC__POLICY_PCR);
    assert_int_equal(steps->items[1].kind, TPMC__POLICY_AUTH_VALUE);
    tpmc_policy_free(policy);
    assert_int_equal(tpmc_policy_new_ready(*state, NULL, 1, NULL, 0, &policy, NULL), 0);
    assert_int_equal(policy->document.steps.count, 1);
    assert_int_equal(policy->document.steps.items[0].kind, TPMC__POLICY_AUTH_VALUE);
    tpmc_policy_free(policy);
}

static void a_branch_for_duplication(void **state)
{
    tpmc_policy *policy = NULL;
    const tpmc__policy_step *step = NULL;
    const tpmc__policy_branch *branches = NULL;

    assert_int_equal(tpmc_policy_new_ready(*state, "7", 1, new_parent, 34, &policy, NULL), 0);
    assert_int_equal(policy->document.steps.count, 1);
    step = &policy->document.steps.items[0];
    assert_int_equal(step->kind, TPMC__POLICY_OR);
    assert_int_equal(step->u.or.count, 2);
    branches = step->u.or.branches;
    assert_string_equal(branches[0].name, "use");
    assert_int_equal(branches[0].steps.count, 2);
    assert_string_equal(branches[1].name, "duplicate");
    assert_int_equal(branches[1].steps.count, 1);
    step = &branches[1].steps.items[0];
    assert_int_equal(step->kind, TPMC__POLICY_DUPLICATION_SELECT);
    assert_memory_equal(step->u.duplication.new_parent_name.data, new_parent, 34);
    assert_int_equal(step->u.duplication.include_object, 0);
    tpmc_policy_free(policy);
}

static void from_options(void **state)
{
    tpmc__policy_steps steps;
    tpmc_error *err = NULL;

    assert_int_equal(tpmc_error_new(&err), 0);
    expect_success(tpmc__policy_from_options(*state, NULL, "sha1:1+23", &steps, err), err);
    assert_int_equal(steps.count, 1);
    assert_int_equal(steps.items[0].u.pcr.selection.count, 2);
    tpmc__policy_free_steps(&steps);
    expect_failure(tpmc__policy_from_options(*state, NULL, "md5:1", &steps, err), err,
                   TPMC_ERR_ARGUMENT, "unknown bank");
    assert_int_equal(steps.count, 0);
    expect_failure(tpmc__policy_from_options(*state, "/nowhere/policy.json", NULL, &steps, err),
                   err, TPMC_ERR_IO, "/nowhere/policy.json");
    assert_null(steps.items);
    tpmc_error_free(err);
}

static int attempt(void *context)
{
    tpmc_policy *policy = NULL;
    int status = tpmc_policy_new_ready(context, "7", 1, new_parent, 34, &policy, NULL);

    assert_true((policy == NULL) == (status != 0));
    tpmc_policy_free(policy);
    return status;
}

static void every_allocation_fails_once(void **state)
{
    assert_int_equal(each_allocation(attempt, *state, TPMC_ERR_NOMEM), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_wishes),
        cmocka_unit_test(ready_policies),
        cmocka_unit_test(a_branch_for_duplication),
        cmocka_unit_test(from_options),
        cmocka_unit_test(every_allocation_fails_once),
    };

    return cmocka_run_group_tests(tests, setup_env, teardown_env);
}
