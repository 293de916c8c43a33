/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "policy/policy_tree.h"
#include "unit/each_allocation.h"
#include "unit/policy_maker.h"

static char *text(const char *from)
{
    char *copy = tpmc__mem_copy_text(from);

    assert_non_null(copy);
    return copy;
}

static tpmc__policy_approved *some_approved(size_t count)
{
    tpmc__policy_approved *approved = tpmc__mem_new(count, sizeof(*approved));

    assert_non_null(approved);
    for (size_t i = 0; i < count; i++) {
        approved[i].name = text("approved");
        approved[i].signature[0] = (uint8_t)(i + 1);
        approved[i].signature_len = 1;
        make_step(&approved[i].steps, TPMC__POLICY_ACTION)->u.action = text("inside");
    }
    return approved;
}

/* One of every kind that holds memory, and one that does not. */
static void make_all(tpmc__policy_steps *steps)
{
    tpmc__policy_step *step = make_step(steps, TPMC__POLICY_AUTHORIZE);

    step->u.authorize.approved = some_approved(2);
    step->u.authorize.count = 2;
    step = make_step(steps, TPMC__POLICY_AUTHORIZE_NV);
    step->u.authorize_nv.approved = some_approved(1);
    step->u.authorize_nv.count = 1;
    step->u.authorize_nv.name.len = 34;
    step = make_or(steps, 2);
    step->u.or.branches[0].name = text("first");
    step->u.or.branches[0].description = text("described");
    make_pcr(&step->u.or.branches[0].steps, 16, 0);
    step->u.or.branches[1].is_unknown = 1;
    step->u.or.branches[1].digest.len = 32;
    step = make_step(steps, TPMC__POLICY_SIGNED);
    step->u.signed_by.hint = text("hint");
    step = make_step(steps, TPMC__POLICY_PCR);
    step->u.pcr.known = TPMC__PCR_DIGEST;
    make_or(steps, 0);
    make_locality(steps, 4);
}

static void expect_all(const tpmc__policy_steps *steps)
{
    const tpmc__policy_step *step = steps->items;

    assert_int_equal(steps->count, 7);
    assert_int_equal(step[0].u.authorize.count, 2);
    assert_string_equal(step[0].u.authorize.approved[1].name, "approved");
    assert_int_equal(step[0].u.authorize.approved[1].signature[0], 2);
    assert_int_equal(step[0].u.authorize.approved[1].signature_len, 1);
    assert_string_equal(step[0].u.authorize.approved[1].steps.items[0].u.action, "inside");
    assert_int_equal(step[1].u.authorize_nv.count, 1);
    assert_int_equal(step[1].u.authorize_nv.name.len, 34);
    assert_string_equal(step[2].u.or.branches[0].name, "first");
    assert_string_equal(step[2].u.or.branches[0].description, "described");
    assert_int_equal(step[2].u.or.branches[0].steps.items[0].u.pcr.value_count, 1);
    assert_int_equal(step[2].u.or.branches[0].steps.items[0].u.pcr.values[0].pcr, 16);
    assert_true(step[2].u.or.branches[1].is_unknown);
    assert_null(step[2].u.or.branches[1].name);
    assert_string_equal(step[3].u.signed_by.hint, "hint");
    assert_int_equal(step[6].u.locality, 4);
}

static void a_copy_is_deep(void **state)
{
    tpmc__policy_steps steps = { NULL, 0 };
    tpmc__policy_steps copy;

    (void)state;
    make_all(&steps);
    assert_int_equal(tpmc__policy_copy(&steps, &copy, NULL), 0);
    tpmc__policy_free_steps(&steps);
    assert_null(steps.items);
    assert_int_equal(steps.count, 0);
    expect_all(&copy);
    tpmc__policy_free_steps(&copy);
    tpmc__policy_free_steps(&copy);
}

static void appending_a_copy(void **state)
{
    tpmc__policy_steps steps = { NULL, 0 };

    (void)state;
    make_all(&steps);
    assert_int_equal(tpmc__policy_append_copy(&steps, &steps, NULL), 0);
    assert_int_equal(steps.count, 14);
    steps.items += 7;
    steps.count -= 7;
    expect_all(&steps);
    steps.items -= 7;
    steps.count += 7;
    while (steps.count > 0)
        tpmc__policy_drop_last(&steps);
    assert_null(steps.items);
}

static int attempt_copy(void *context)
{
    tpmc__policy_steps to = { NULL, 0 };
    tpmc_error *err = NULL;
    size_t armed = fail_countdown;
    int status = 0;

    fail_allocation(0);
    make_locality(&to, 1);
    assert_int_equal(tpmc_error_new(&err), 0);
    fail_allocation(armed);
    status = tpmc__policy_append_copy(&to, context, err);
    assert_int_equal(tpmc_error_code(err), status);
    assert_int_equal(to.count, status == 0 ? 8 : 1);
    assert_int_equal(to.items[0].u.locality, 1);
    tpmc__policy_free_steps(&to);
    tpmc_error_free(err);
    return status;
}

static void every_allocation_fails_once(void **state)
{
    tpmc__policy_steps steps = { NULL, 0 };

    (void)state;
    make_all(&steps);
    assert_int_equal(each_allocation(attempt_copy, &steps, TPMC_ERR_NOMEM), 24);
    tpmc__policy_free_steps(&steps);
    fail_allocation(1);
    assert_null(tpmc__policy_append(&steps, TPMC__POLICY_PCR));
    assert_true(allocation_failed());
    assert_int_equal(steps.count, 0);
}

static void bytes(void **state)
{
    uint8_t data[TPMC__POLICY_BYTES_MAX + 1] = { 1, 2, 3 };
    tpmc__policy_bytes a;
    tpmc__policy_bytes b;

    (void)state;
    memset(&a, 0xa5, sizeof(a));
    assert_int_equal(tpmc__policy_bytes_set(&a, data, 2), 0);
    assert_int_equal(a.len, 2);
    assert_int_equal(a.data[2], 0);
    assert_int_equal(tpmc__policy_bytes_set(&b, data, 3), 0);
    assert_false(tpmc__policy_bytes_equal(&a, &b));
    assert_int_equal(tpmc__policy_bytes_set(&b, data, 2), 0);
    assert_true(tpmc__policy_bytes_equal(&a, &b));
    data[0] = 9;
    assert_int_equal(tpmc__policy_bytes_set(&b, data, TPMC__POLICY_BYTES_MAX), 0);
    assert_int_equal(b.len, TPMC__POLICY_BYTES_MAX);
    assert_int_equal(tpmc__policy_bytes_set(&b, data, sizeof(data)), -1);
    assert_int_equal(b.len, TPMC__POLICY_BYTES_MAX);
    assert_int_equal(tpmc__policy_bytes_set(&b, NULL, 0), 0);
    assert_int_equal(b.len, 0);
}

static void kinds_have_names(void **state)
{
    (void)state;
    for (int kind = 0; kind < TPMC__POLICY_KIND_COUNT; kind++)
        assert_int_equal(strncmp(tpmc__policy_kind_name((tpmc__policy_kind)kind), "Policy", 6), 0);
    assert_string_equal(tpmc__policy_kind_name(TPMC__POLICY_OR), "PolicyOR");
    assert_string_equal(tpmc__policy_kind_name(TPMC__POLICY_AUTHORIZE_NV), "PolicyAuthorizeNV");
    assert_string_equal(tpmc__policy_kind_name(TPMC__POLICY_KIND_COUNT), "an unknown step");
}

static void expect_fixed(tpmc__policy_steps *steps, int fixed)
{
    assert_int_equal(tpmc__policy_is_fixed(steps), fixed);
    tpmc__policy_free_steps(steps);
}

static void what_is_of_now(void **state)
{
    tpmc__policy_steps steps = { NULL, 0 };
    tpmc__policy_step *step = NULL;

    (void)state;
    expect_fixed(&steps, 1);
    make_step(&steps, TPMC__POLICY_AUTH_VALUE);
    make_pcr(&steps, 1, 0);
    expect_fixed(&steps, 1);
    make_step(&steps, TPMC__POLICY_PCR);
    expect_fixed(&steps, 0);
    make_step(&steps, TPMC__POLICY_PCR)->u.pcr.known = TPMC__PCR_DIGEST;
    expect_fixed(&steps, 1);
    make_secret(&steps, 0x81000001, NULL, 0);
    expect_fixed(&steps, 0);
    make_owner_secret(&steps);
    expect_fixed(&steps, 1);
    make_step(&steps, TPMC__POLICY_NV);
    expect_fixed(&steps, 0);
    make_step(&steps, TPMC__POLICY_AUTHORIZE_NV);
    expect_fixed(&steps, 0);
    step = make_or(&steps, 2);
    step->u.or.branches[0].is_unknown = 1;
    assert_int_equal(tpmc__policy_is_fixed(&steps), 1);
    make_step(branch_of(step, 1), TPMC__POLICY_PCR);
    expect_fixed(&steps, 0);
    step = make_step(&steps, TPMC__POLICY_AUTHORIZE);
    step->u.authorize.approved = some_approved(1);
    step->u.authorize.count = 1;
    assert_int_equal(tpmc__policy_is_fixed(&steps), 1);
    make_step(&step->u.authorize.approved[0].steps, TPMC__POLICY_PCR);
    expect_fixed(&steps, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_is_deep),
        cmocka_unit_test(appending_a_copy),
        cmocka_unit_test(every_allocation_fails_once),
        cmocka_unit_test(bytes),
        cmocka_unit_test(kinds_have_names),
        cmocka_unit_test(what_is_of_now),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
