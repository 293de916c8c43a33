/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "policy/policy_tree.h"
#include "unit/policy_maker.h"

/* A Name of SHA-256. */
static const tpmc__policy_bytes name_bytes = { { 0x00, 0x0b }, 34 };

static void expect_flaw(tpmc__policy_steps *steps, const char *words)
{
    tpmc_error *err = NULL;

    assert_int_equal(tpmc_error_new(&err), 0);
    expect_failure(tpmc__policy_check(steps, "the text", err), err, TPMC_ERR_FORMAT, words);
    assert_int_equal(strncmp(tpmc_error_text(err), "the text: ", 10), 0);
    assert_int_equal(tpmc__policy_check(steps, "the text", NULL), TPMC_ERR_FORMAT);
    tpmc_error_free(err);
    tpmc__policy_free_steps(steps);
}

static void expect_sound(tpmc__policy_steps *steps)
{
    tpmc_error *err = NULL;

    assert_int_equal(tpmc_error_new(&err), 0);
    expect_success(tpmc__policy_check(steps, "the text", err), err);
    tpmc_error_free(err);
    tpmc__policy_free_steps(steps);
}

static void sound_policies(void **state)
{
    tpmc__policy_steps steps = { NULL, 0 };
    tpmc__policy_step *step = NULL;

    (void)state;
    expect_sound(&steps);
    make_step(&steps, TPMC__POLICY_AUTHORIZE)->u.authorize.key.name = name_bytes;
    make_pcr(&steps, 23, 1);
    make_owner_secret(&steps);
    make_step(&steps, TPMC__POLICY_AUTH_VALUE);
    make_step(&steps, TPMC__POLICY_PHYSICAL_PRESENCE);
    make_command_code(&steps, 0x15d);
    make_command_code(&steps, 0x20000001);
    make_locality(&steps, 255);
    step = make_or(&steps, 8);
    for (size_t i = 0; i < 8; i++) {
        step->u.or.branches[i].is_unknown = 1;
        step->u.or.branches[i].digest.len = 20;
    }
    step = make_step(&steps, TPMC__POLICY_NV);
    step->u.nv.index = 0x01ffffff;
    step->u.nv.operand.len = 64;
    step->u.nv.operation = 11;
    step = make_step(&steps, TPMC__POLICY_COUNTER_TIMER);
    step->u.counter_timer.operand.len = 1;
    step->u.counter_timer.offset = 24;
    make_step(&steps, TPMC__POLICY_TEMPLATE)->u.digest.len = 48;
    make_step(&steps, TPMC__POLICY_DUPLICATION_SELECT)->u.duplication.new_parent_name = name_bytes;
    expect_sound(&steps);
}

static void lengths(void **state)
{
    static const tpmc__policy_bytes wrong_name = { { 0x00, 0x0b }, 22 };
    tpmc__policy_steps steps = { NULL, 0 };
    tpmc__policy_step *step = NULL;

    (void)state;
    make_step(&steps, TPMC__POLICY_CP_HASH)->u.digest.len = 33;
    expect_flaw(&steps, "step 1 (PolicyCpHash): its digest");
    make_step(&steps, TPMC__POLICY_NAME_HASH);
    expect_flaw(&steps, "step 1 (PolicyNameHash): its digest");
    make_step(&steps, TPMC__POLICY_SIGNED)->u.signed_by.key.name = wrong_name;
    expect_flaw(&steps, "the Name of its key");
    step = make_step(&steps, TPMC__POLICY_AUTHORIZE);
    step->u.authorize.key.name = name_bytes;
    step->u.authorize.key.policy_ref.len = 65;
    expect_flaw(&steps, "policyRef is longer");
    make_step(&steps, TPMC__POLICY_SECRET);
    expect_flaw(&steps, "names no object");
    make_secret(&steps, 0x81000001, "abc", 3);
    expect_flaw(&steps, "the Name of its object");
    make_owner_secret(&steps);
    steps.items[0].u.secret.policy_ref.len = 65;
    expect_flaw(&steps, "policyRef is longer");
    make_step(&steps, TPMC__POLICY_DUPLICATION_SELECT);
    expect_flaw(&steps, "Name of its new parent");
    step = make_step(&steps, TPMC__POLICY_DUPLICATION_SELECT);
    step->u.duplication.new_parent_name = name_bytes;
    step->u.duplication.include_object = 1;
    expect_flaw(&steps, "whose Name is missing");
    step = make_step(&steps, TPMC__POLICY_DUPLICATION_SELECT);
    step->u.duplication.new_parent_name = name_bytes;
    step->u.duplication.object_name = wrong_name;
    expect_flaw(&steps, "Name of its object");
    make_step(&steps, TPMC__POLICY_ACTION);
    expect_flaw(&steps, "no text");
}

static void comparisons(void **state)
{
    tpmc__policy_steps steps = { NULL, 0 };
    tpmc__policy_step *step = make_step(&steps, TPMC__POLICY_NV);

    (void)state;
    step->u.nv.index = 0x01000000;
    expect_flaw(&steps, "operand does not have 1 to 64");
    step = make_step(&steps, TPMC__POLICY_NV);
    step->u.nv.operand.len = 65;
    expect_flaw(&steps, "operand does not have 1 to 64");
    step = make_step(&steps, TPMC__POLICY_NV);
    step->u.nv.operand.len = 1;
    step->u.nv.operation = 12;
    expect_flaw(&steps, "operation does not exist");
    step = make_step(&steps, TPMC__POLICY_NV);
    step->u.nv.operand.len = 1;
    step->u.nv.index = 0x02000000;
    expect_flaw(&steps, "NV index is none");
    step = make_step(&steps, TPMC__POLICY_AUTHORIZE_NV);
    step->u.authorize_nv.index = 0x01000000;
    step->u.authorize_nv.name.len = 33;
    expect_flaw(&steps, "Name of its NV index");
    make_step(&steps, TPMC__POLICY_COUNTER_TIMER);
    expect_flaw(&steps, "operand does not have 1 to 25");
    step = make_step(&steps, TPMC__POLICY_COUNTER_TIMER);
    step->u.counter_timer.operand.len = 8;
    step->u.counter_timer.offset = 18;
    expect_flaw(&steps, "beyond the 25 bytes");
    step = make_step(&steps, TPMC__POLICY_COUNTER_TIMER);
    step->u.counter_timer.operand.len = 8;
    step->u.counter_timer.operation = 12;
    expect_flaw(&steps, "operation does not exist");
    make_locality(&steps, 0);
    expect_flaw(&steps, "no locality");
    make_command_code(&steps, 0);
    expect_flaw(&steps, "no command's");
    make_command_code(&steps, 0x4000015d);
    expect_flaw(&steps, "no command's");
}

static void registers(void **state)
{
    tpmc__policy_steps steps = { NULL, 0 };
    tpmc__policy_step *step = NULL;

    (void)state;
    (void)make_step(&steps, TPMC__POLICY_PCR);
    expect_flaw(&steps, "no register");
    step = make_pcr(&steps, 1, 0);
    step->u.pcr.selection.banks[0].select_len = 4;
    step->u.pcr.selection.banks[0].select[3] = 1;
    expect_flaw(&steps, "only 0 to 23");
    make_pcr(&steps, 1, 0)->u.pcr.selection.banks[0].select_len = 5;
    expect_flaw(&steps, "length that does not exist");
    make_pcr(&steps, 1, 0)->u.pcr.selection.banks[0].hash = 0x0012;
    expect_flaw(&steps, "unknown hash");
    make_pcr(&steps, 1, 0)->u.pcr.selection.count = 5;
    expect_flaw(&steps, "more banks");
    make_pcr(&steps, 1, 0)->u.pcr.values[0].pcr = 2;
    expect_flaw(&steps, "not those of its registers");
    make_pcr(&steps, 1, 0)->u.pcr.values[0].hash = TPMC__HASH_SHA1;
    expect_flaw(&steps, "not those of its registers");
    make_pcr(&steps, 1, 0)->u.pcr.value_count = 0;
    expect_flaw(&steps, "not those of its registers");
    step = make_pcr(&steps, 1, 0);
    step->u.pcr.known = TPMC__PCR_DIGEST;
    expect_flaw(&steps, "digest of its registers");
}

static void order_and_branches(void **state)
{
    tpmc__policy_steps steps = { NULL, 0 };
    tpmc__policy_step *step = NULL;

    (void)state;
    make_step(&steps, TPMC__POLICY_AUTH_VALUE);
    make_step(&steps, TPMC__POLICY_AUTHORIZE);
    expect_flaw(&steps, "step 2 (PolicyAuthorize): it undoes");
    make_step(&steps, TPMC__POLICY_AUTH_VALUE);
    make_step(&steps, TPMC__POLICY_AUTHORIZE_NV);
    expect_flaw(&steps, "must be the first");
    make_or(&steps, 0);
    expect_flaw(&steps, "at least 2");
    make_or(&steps, 1);
    expect_flaw(&steps, "at least 2");
    make_or(&steps, 9);
    expect_flaw(&steps, "more than 8");
    step = make_or(&steps, 2);
    make_step(branch_of(step, 0), TPMC__POLICY_AUTH_VALUE);
    make_step(branch_of(step, 0), TPMC__POLICY_PCR);
    expect_flaw(&steps, "step 2 (PolicyPCR) of branch 1: it has no register");
    step = make_or(&steps, 2);
    name_branch(step, 1, "a");
    make_step(branch_of(step, 1), TPMC__POLICY_PCR);
    expect_flaw(&steps, "step 1 (PolicyPCR) of the branch 'a': it has no register");
    step = make_or(&steps, 2);
    step->u.or.branches[1].is_unknown = 1;
    expect_flaw(&steps, "the digest of branch 2");
    step = make_step(&steps, TPMC__POLICY_AUTH_VALUE);
    step->kind = TPMC__POLICY_KIND_COUNT;
    expect_flaw(&steps, "does not exist");
}

static void long_texts(void **state)
{
    tpmc__policy_steps steps = { NULL, 0 };
    tpmc__policy_step *step = make_step(&steps, TPMC__POLICY_ACTION);
    char text[TPMC__POLICY_MAX_TEXT + 2];

    (void)state;
    memset(text, 'x', sizeof(text));
    text[TPMC__POLICY_MAX_TEXT + 1] = '\0';
    step->u.action = tpmc__mem_copy_text(text);
    expect_flaw(&steps, "longer than 255");
    step = make_step(&steps, TPMC__POLICY_SIGNED);
    step->u.signed_by.hint = tpmc__mem_copy_text(text);
    expect_flaw(&steps, "hint is longer");
    name_branch(make_or(&steps, 2), 0, text);
    expect_flaw(&steps, "of the branch 'xxxx");
    text[TPMC__POLICY_MAX_TEXT] = '\0';
    name_branch(make_or(&steps, 2), 0, text);
    make_step(&steps, TPMC__POLICY_ACTION)->u.action = tpmc__mem_copy_text(text);
    expect_sound(&steps);
}

static void many_steps(void **state)
{
    tpmc__policy_steps steps = { NULL, 0 };
    tpmc__policy_step *step = NULL;

    (void)state;
    for (int i = 0; i < TPMC__POLICY_MAX_STEPS; i++)
        make_step(&steps, TPMC__POLICY_AUTH_VALUE);
    expect_sound(&steps);
    /* The step of the branch is one too many. */
    step = make_or(&steps, 2);
    for (int i = 0; i < TPMC__POLICY_MAX_STEPS; i++)
        make_step(branch_of(step, 0), TPMC__POLICY_AUTH_VALUE);
    expect_flaw(&steps, "more than 256 steps");
}

/* PolicyOR in the first branch of PolicyOR, and so on. */
static void make_deep(tpmc__policy_steps *steps, int depth)
{
    tpmc__policy_steps *at = steps;

    for (int i = 0; i < depth; i++)
        at = branch_of(make_or(at, 2), 0);
}

static void deep_steps(void **state)
{
    tpmc__policy_steps steps = { NULL, 0 };

    (void)state;
    make_deep(&steps, TPMC__POLICY_MAX_DEPTH);
    expect_sound(&steps);
    make_deep(&steps, TPMC__POLICY_MAX_DEPTH + 1);
    expect_flaw(&steps, "more than 8 deep");
}

static void approved_policies(void **state)
{
    tpmc__policy_steps steps = { NULL, 0 };
    tpmc__policy_step *step = make_step(&steps, TPMC__POLICY_AUTHORIZE);

    (void)state;
    step->u.authorize.key.name = name_bytes;
    step->u.authorize.approved = tpmc__mem_new(2, sizeof(*step->u.authorize.approved));
    step->u.authorize.count = 2;
    step->u.authorize.approved[0].name = tpmc__mem_copy_text("update");
    step->u.authorize.approved[0].signature_len = TPMC__POLICY_SIGNATURE_MAX;
    assert_int_equal(tpmc__policy_check(&steps, "the text", NULL), 0);
    make_step(&step->u.authorize.approved[0].steps, TPMC__POLICY_PCR);
    expect_flaw(&steps, "step 1 (PolicyPCR) of the signed policy 'update'");
    step = make_step(&steps, TPMC__POLICY_AUTHORIZE);
    step->u.authorize.key.name = name_bytes;
    step->u.authorize.approved =
        tpmc__mem_new(TPMC__POLICY_MAX_APPROVED + 1, sizeof(*step->u.authorize.approved));
    step->u.authorize.count = TPMC__POLICY_MAX_APPROVED + 1;
    expect_flaw(&steps, "more than 64 signed policies");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_policies),     cmocka_unit_test(lengths),
        cmocka_unit_test(comparisons),        cmocka_unit_test(registers),
        cmocka_unit_test(order_and_branches), cmocka_unit_test(long_texts),
        cmocka_unit_test(many_steps),         cmocka_unit_test(deep_steps),
        cmocka_unit_test(approved_policies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
