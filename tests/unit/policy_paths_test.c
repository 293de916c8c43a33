/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <stdio.h>

#include "base/error_int.h"
#include "policy/policy_run.h"
#include "unit/codec_env.h"
#include "unit/each_allocation.h"
#include "unit/policy_maker.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CC_SIGN 0x0000015du
#define CC_HMAC 0x00000155u
#define CC_DUPLICATE 0x0000014bu
#define CC_CREATE 0x00000153u

struct bench {
    tpmc_env *env;
    tpmc_error *err;
    tpmc__policy_steps steps;
    tpmc__policy_paths paths;
};

static int setup(void **state)
{
    struct bench *b = tpmc__mem_new(1, sizeof(*b));

    *state = b;
    return setup_env((void **)&b->env) != 0 || tpmc_error_new(&b->err) != 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    void *env = b->env;

    tpmc__policy_paths_free(&b->paths);
    tpmc__policy_free_steps(&b->steps);
    tpmc_error_free(b->err);
    tpmc__mem_free(b);
    return teardown_env(&env);
}

static int find(struct bench *b, uint32_t command)
{
    tpmc__error_clear(b->err);
    tpmc__policy_paths_free(&b->paths);
    return tpmc__policy_paths_find(b->env, &b->steps, TPMC__HASH_SHA256, command, &b->paths,
                                   b->err);
}

static void expect_found(struct bench *b, uint32_t command, size_t count)
{
    expect_success(find(b, command), b->err);
    assert_int_equal(b->paths.count, count);
}

static void expect_none(struct bench *b, uint32_t command, const char *words)
{
    expect_failure(find(b, command), b->err, TPMC_ERR_POLICY, words);
    assert_int_equal(b->paths.count, 0);
    assert_null(b->paths.items);
}

static void expect_way(const struct bench *b, size_t i, const char *label, unsigned needs,
                       size_t count)
{
    assert_string_equal(b->paths.items[i].label, label);
    assert_int_equal(b->paths.items[i].needs, needs);
    assert_int_equal(b->paths.items[i].count, count);
}

static void no_steps_are_a_way(void **state)
{
    struct bench *b = *state;

    expect_found(b, CC_SIGN, 1);
    expect_way(b, 0, "", 0, 0);
}

static void steps_in_a_row(void **state)
{
    struct bench *b = *state;

    make_pcr(&b->steps, 16, 0);
    make_step(&b->steps, TPMC__POLICY_PASSWORD);
    make_owner_secret(&b->steps);
    make_command_code(&b->steps, CC_SIGN);
    make_step(&b->steps, TPMC__POLICY_ACTION)->u.action = tpmc__mem_copy_text("ring");
    expect_found(b, CC_SIGN, 1);
    expect_way(b, 0, "", TPMC__PATH_AUTH_VALUE | TPMC__PATH_SECRET | TPMC__PATH_ACTION, 5);
    for (size_t i = 0; i < 5; i++)
        assert_ptr_equal(b->paths.items[0].steps[i].step, &b->steps.items[i]);
}

/* Without a secret, then with the key's password, then others; else as in the policy. */
static void cheapest_first(void **state)
{
    static const uint8_t unnamed[] = { 0x40, 0, 0, 0x0b };
    struct bench *b = *state;
    tpmc__policy_step * or = make_or(&b->steps, 6);

    make_step(branch_of(or, 0), TPMC__POLICY_ACTION)->u.action = tpmc__mem_copy_text("ring");
    make_secret(branch_of(or, 1), 0, unnamed, sizeof(unnamed));
    make_step(branch_of(or, 2), TPMC__POLICY_AUTH_VALUE);
    make_pcr(branch_of(or, 3), 16, 0);
    make_step(branch_of(or, 4), TPMC__POLICY_PASSWORD);
    make_locality(branch_of(or, 5), 1);
    name_branch(or, 1, "vault");
    name_branch(or, 2, "pass\x1bword");
    expect_found(b, CC_SIGN, 6);
    expect_way(b, 0, "the branch 4", 0, 2);
    expect_way(b, 1, "the branch 6", 0, 2);
    expect_way(b, 2, "the branch 'pass?word'", TPMC__PATH_AUTH_VALUE, 2);
    expect_way(b, 3, "the branch 5", TPMC__PATH_AUTH_VALUE, 2);
    expect_way(b, 4, "the branch 'vault'", TPMC__PATH_SECRET, 2);
    expect_way(b, 5, "the branch 1", TPMC__PATH_ACTION, 2);
}

static void branches_in_branches(void **state)
{
    struct bench *b = *state;
    tpmc__policy_steps first = { 0 };
    tpmc__policy_bytes start;
    tpmc__policy_step *outer = NULL;
    tpmc__policy_step *inner = NULL;
    const tpmc__policy_path *path = NULL;

    make_locality(&b->steps, 1);
    outer = make_or(&b->steps, 2);
    make_step(branch_of(outer, 0), TPMC__POLICY_AUTH_VALUE);
    inner = make_or(branch_of(outer, 1), 2);
    make_locality(branch_of(inner, 0), 2);
    make_locality(branch_of(inner, 1), 4);
    name_branch(outer, 1, "b");
    name_branch(inner, 0, "x");
    make_command_code(&b->steps, CC_SIGN);
    outer = &b->steps.items[1];
    inner = &branch_of(outer, 1)->items[0];
    expect_found(b, CC_SIGN, 3);
    expect_way(b, 0, "the branch 'b', the branch 'x'", 0, 5);
    expect_way(b, 1, "the branch 'b', the branch 2", 0, 5);
    expect_way(b, 2, "the branch 1", TPMC__PATH_AUTH_VALUE, 4);
    path = &b->paths.items[1];
    assert_ptr_equal(path->steps[0].step, &b->steps.items[0]);
    assert_ptr_equal(path->steps[1].step, &branch_of(inner, 1)->items[0]);
    assert_ptr_equal(path->steps[2].step, inner);
    assert_int_equal(path->steps[2].choice, 1);
    assert_ptr_equal(path->steps[3].step, outer);
    assert_int_equal(path->steps[3].choice, 1);
    assert_ptr_equal(path->steps[4].step, &b->steps.items[2]);
    make_locality(&first, 1);
    expect_success(tpmc__policy_digest(b->env, &first, TPMC__HASH_SHA256, NULL, &start, b->err),
                   b->err);
    assert_true(tpmc__policy_bytes_equal(&start, &path->steps[2].before));
    assert_true(tpmc__policy_bytes_equal(&start, &path->steps[3].before));
    tpmc__policy_free_steps(&first);
}

/* What is left is one way: it needs no name. */
static void one_way_left_has_no_label(void **state)
{
    struct bench *b = *state;
    tpmc__policy_step * or = make_or(&b->steps, 2);

    make_step(branch_of(or, 0), TPMC__POLICY_DUPLICATION_SELECT);
    make_step(branch_of(or, 1), TPMC__POLICY_AUTH_VALUE);
    expect_found(b, CC_SIGN, 1);
    expect_way(b, 0, "", TPMC__PATH_AUTH_VALUE, 2);
    assert_int_equal(b->paths.items[0].steps[1].choice, 1);
}

static void steps_for_other_commands(void **state)
{
    static const struct {
        tpmc__policy_kind kind;
        uint32_t command; /* that it is for; 0: none */
        const char *words;
    } rows[] = {
        { TPMC__POLICY_DUPLICATION_SELECT, CC_DUPLICATE, "duplicating" },
        { TPMC__POLICY_TEMPLATE, CC_CREATE, "making objects" },
        { TPMC__POLICY_NV_WRITTEN, 0, "NV indices" },
        { TPMC__POLICY_CP_HASH, 0, "certain parameters" },
        { TPMC__POLICY_COMMAND_CODE, CC_HMAC, "HMAC" },
    };
    struct bench *b = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        tpmc__policy_step *step = make_step(&b->steps, rows[i].kind);

        if (rows[i].kind == TPMC__POLICY_COMMAND_CODE)
            step->u.command_code = CC_HMAC;
        if (rows[i].kind == TPMC__POLICY_TEMPLATE || rows[i].kind == TPMC__POLICY_CP_HASH)
            step->u.digest.len = 32;
        expect_none(b, CC_SIGN, rows[i].words);
        assert_non_null(strstr(tpmc_error_text(b->err), "Sign"));
        if (rows[i].command != 0)
            expect_found(b, rows[i].command, 1);
        expect_found(b, 0, 1);
        tpmc__policy_free_steps(&b->steps);
    }
}

static void steps_that_say_too_little(void **state)
{
    static const uint8_t name[34] = { 0, 0x0b };
    struct bench *b = *state;
    tpmc__policy_step * or = make_or(&b->steps, 5);

    make_secret(branch_of(or, 0), 0, name, sizeof(name));
    make_step(branch_of(or, 1), TPMC__POLICY_SIGNED)->u.signed_by.key.name.len = 34;
    make_step(branch_of(or, 2), TPMC__POLICY_AUTHORIZE)->u.authorize.key.name.len = 34;
    or->u.or.branches[3].is_unknown = 1;
    or->u.or.branches[3].digest.len = 32;
    make_step(branch_of(or, 4), TPMC__POLICY_AUTHORIZE_NV)->u.authorize_nv.name.len = 34;
    expect_none(b, CC_SIGN, "the branch 1: the handle");
    assert_non_null(strstr(tpmc_error_text(b->err), "; the branch 2: the public key of PolicySig"));
    assert_non_null(strstr(tpmc_error_text(b->err), "; the branch 3: the public key of PolicyAut"));
    assert_non_null(strstr(tpmc_error_text(b->err), "; the branch 4: only its digest"));
    assert_non_null(strstr(tpmc_error_text(b->err), "; the branch 5: no policy is given"));
}

static void digests_of_another_hash(void **state)
{
    struct bench *b = *state;
    tpmc__policy_step *step = make_pcr(&b->steps, 16, 0);

    tpmc__mem_free(step->u.pcr.values);
    step->u.pcr.values = NULL;
    step->u.pcr.value_count = 0;
    step->u.pcr.known = TPMC__PCR_DIGEST;
    step->u.pcr.digest.len = 48;
    expect_none(b, CC_SIGN, "");
    step->u.pcr.digest.len = 32;
    expect_found(b, CC_SIGN, 1);
}

static void values_of_now_are_not_known(void **state)
{
    struct bench *b = *state;
    tpmc__policy_step *step = make_pcr(&b->steps, 16, 0);

    step->u.pcr.known = TPMC__PCR_NOW;
    assert_int_equal(find(b, CC_SIGN), TPMC_ERR_STATE);
    assert_null(b->paths.items);
}

static void signed_policies(void **state)
{
    struct bench *b = *state;
    tpmc__policy_step *step = make_step(&b->steps, TPMC__POLICY_AUTHORIZE);
    tpmc__policy_approved *approved = NULL;
    tpmc__policy_bytes digest;
    maker_key key;

    maker_key_begin(&key);
    maker_signer(b->env, &key, &step->u.authorize.key);
    expect_none(b, CC_SIGN, "no signed policy");
    approved = make_approved(step, 3);
    make_step(&approved[0].steps, TPMC__POLICY_AUTH_VALUE);
    make_locality(&approved[1].steps, 1);
    make_locality(&approved[2].steps, 2);
    approved[0].name = tpmc__mem_copy_text("old");
    for (size_t i = 0; i < 3; i++)
        maker_approve(b->env, &key, step, &approved[i]);
    expect_found(b, CC_SIGN, 3);
    expect_way(b, 0, "the signed policy 2", 0, 2);
    expect_way(b, 1, "the signed policy 3", 0, 2);
    expect_way(b, 2, "the signed policy 'old'", TPMC__PATH_AUTH_VALUE, 2);
    expect_success(
        tpmc__policy_digest(b->env, &approved[1].steps, TPMC__HASH_SHA256, NULL, &digest, b->err),
        b->err);
    assert_true(tpmc__policy_bytes_equal(&digest, &b->paths.items[0].steps[1].before));
    /* One of them has the signature of another. */
    memcpy(approved[1].signature, approved[0].signature, sizeof(approved[0].signature));
    expect_found(b, CC_SIGN, 2);
    expect_way(b, 0, "the signed policy 3", 0, 2);
    approved[0].signature_len = 0;
    approved[2].signature[approved[2].signature_len - 1] ^= 1;
    expect_none(b, CC_SIGN, "the signed policy 'old'");
    assert_non_null(strstr(tpmc_error_text(b->err), "the signed policy 2: "));
    assert_non_null(strstr(tpmc_error_text(b->err), "the signed policy 3: "));
    maker_key_end(&key);
}

/* Steps after a PolicyAuthorize, and reasons inside an approved policy. */
static void behind_a_signed_policy(void **state)
{
    struct bench *b = *state;
    tpmc__policy_step *step = make_step(&b->steps, TPMC__POLICY_AUTHORIZE);
    tpmc__policy_approved *approved = make_approved(step, 1);
    maker_key key;

    maker_key_begin(&key);
    maker_signer(b->env, &key, &step->u.authorize.key);
    make_command_code(&approved->steps, CC_HMAC);
    maker_approve(b->env, &key, step, approved);
    make_step(&b->steps, TPMC__POLICY_AUTH_VALUE);
    expect_found(b, CC_HMAC, 1);
    expect_way(b, 0, "", TPMC__PATH_AUTH_VALUE, 3);
    expect_none(b, CC_SIGN, "the signed policy 1: PolicyCommandCode");
    maker_key_end(&key);
}

static void approved_by_an_index(void **state)
{
    struct bench *b = *state;
    tpmc__policy_step *step = make_step(&b->steps, TPMC__POLICY_AUTHORIZE_NV);
    tpmc__policy_approved *approved = make_approved(step, 2);

    step->u.authorize_nv.index = 0x01000002;
    step->u.authorize_nv.name.len = 34;
    make_step(&approved[0].steps, TPMC__POLICY_AUTH_VALUE);
    make_locality(&approved[1].steps, 1);
    expect_found(b, CC_SIGN, 2);
    expect_way(b, 0, "the approved policy 2", 0, 2);
    expect_way(b, 1, "the approved policy 1", TPMC__PATH_AUTH_VALUE, 2);
}

/* Eight branches of eight branches of eight branches: the one without a secret comes last. */
static void more_ways_than_are_kept(void **state)
{
    struct bench *b = *state;

    for (size_t i = 0; i < 3; i++) {
        tpmc__policy_step * or = make_or(&b->steps, 8);

        for (size_t k = 0; k < 7; k++)
            make_step(branch_of(or, k), TPMC__POLICY_AUTH_VALUE);
    }
    expect_found(b, CC_SIGN, TPMC__POLICY_MAX_PATHS);
    expect_way(b, 0, "the branch 8, the branch 8, the branch 8", 0, 3);
    expect_way(b, 63, "the branch 1, the branch 8, the branch 7", TPMC__PATH_AUTH_VALUE, 5);
}

static void an_explosion_of_ways_ends(void **state)
{
    struct bench *b = *state;

    for (size_t i = 0; i < 12; i++) {
        tpmc__policy_step * or = make_or(&b->steps, 8);

        for (size_t k = 0; k < 8; k++)
            make_locality(branch_of(or, k), (uint8_t)(1 + k));
    }
    expect_found(b, CC_SIGN, TPMC__POLICY_MAX_PATHS);
    /* And where none of them leads to an end. */
    make_command_code(&b->steps, CC_HMAC);
    expect_none(b, CC_SIGN, "too many branches");
}

static void steps_of_one_way_are_counted(void **state)
{
    struct bench *b = *state;

    for (size_t i = 0; i < TPMC__POLICY_MAX_PATH; i++)
        make_locality(&b->steps, 1);
    expect_found(b, CC_SIGN, 1);
    expect_way(b, 0, "", 0, TPMC__POLICY_MAX_PATH);
    make_locality(&b->steps, 1);
    expect_none(b, CC_SIGN, "too many steps");
}

static void a_long_label_is_cut(void **state)
{
    struct bench *b = *state;
    tpmc__policy_step * or = make_or(&b->steps, 2);
    char name[TPMC__POLICY_MAX_TEXT + 1];

    for (size_t i = 0; i + 2 < sizeof(name); i += 2)
        memcpy(name + i, "\xc3\xa4", 2);
    name[sizeof(name) - 2] = 'x';
    name[sizeof(name) - 1] = '\0';
    name_branch(or, 0, name);
    expect_found(b, CC_SIGN, 2);
    assert_true(strlen(b->paths.items[0].label) >= sizeof(b->paths.items[0].label) - 2);
    assert_null(strchr(b->paths.items[0].label, '?'));
    expect_way(b, 1, "the branch 2", 0, 1);
}

struct choice {
    int returns;
    size_t chosen;
    size_t calls;
    size_t count;
    char names[128];
};

static int choose(void *user, const char *const *names, size_t count, size_t *chosen)
{
    struct choice *c = user;

    c->calls++;
    c->count = count;
    c->names[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(c->names);

        (void)snprintf(c->names + len, sizeof(c->names) - len, "%s|", names[i]);
    }
    *chosen = c->chosen;
    return c->returns;
}

static void the_caller_chooses(void **state)
{
    struct bench *b = *state;
    struct choice c = { 0, 0, 0, 0, { 0 } };
    tpmc_policy answers = { 0 };
    tpmc__policy_step * or = make_or(&b->steps, 3);

    make_step(branch_of(or, 0), TPMC__POLICY_DUPLICATION_SELECT);
    make_step(branch_of(or, 1), TPMC__POLICY_AUTH_VALUE);
    make_locality(branch_of(or, 2), 1);
    name_branch(or, 1, "pass");
    expect_found(b, CC_SIGN, 2);
    /* Nobody to ask. */
    expect_success(tpmc__policy_paths_choose(NULL, &b->steps, &b->paths, b->err), b->err);
    expect_success(tpmc__policy_paths_choose(&answers, &b->steps, &b->paths, b->err), b->err);
    assert_int_equal(b->paths.count, 2);
    answers.choose = choose;
    answers.choose_hook.user = &c;
    c.chosen = 1;
    expect_success(tpmc__policy_paths_choose(&answers, &b->steps, &b->paths, b->err), b->err);
    assert_string_equal(c.names, "branch 1|pass|branch 3|");
    assert_int_equal(c.calls, 1);
    assert_int_equal(b->paths.count, 1);
    expect_way(b, 0, "the branch 'pass'", TPMC__PATH_AUTH_VALUE, 2);
    /* There is nothing left to choose. */
    expect_success(tpmc__policy_paths_choose(&answers, &b->steps, &b->paths, b->err), b->err);
    assert_int_equal(c.calls, 1);
}

static void wrong_choices(void **state)
{
    struct bench *b = *state;
    struct choice c = { 0, 0, 0, 0, { 0 } };
    tpmc_policy answers = { 0 };
    tpmc__policy_step * or = make_or(&b->steps, 3);

    answers.choose = choose;
    answers.choose_hook.user = &c;
    make_step(branch_of(or, 0), TPMC__POLICY_DUPLICATION_SELECT);
    expect_found(b, CC_SIGN, 2);
    expect_failure(tpmc__policy_paths_choose(&answers, &b->steps, &b->paths, b->err), b->err,
                   TPMC_ERR_POLICY, "'branch 1'");
    c.chosen = 3;
    expect_failure(tpmc__policy_paths_choose(&answers, &b->steps, &b->paths, b->err), b->err,
                   TPMC_ERR_ARGUMENT, "number 3 of 3");
    c.returns = TPMC_ERR_CANCELLED;
    expect_failure(tpmc__policy_paths_choose(&answers, &b->steps, &b->paths, b->err), b->err,
                   TPMC_ERR_CANCELLED, "CANCELLED");
    c.returns = 7;
    expect_failure(tpmc__policy_paths_choose(&answers, &b->steps, &b->paths, b->err), b->err,
                   TPMC_ERR_IO, "failed");
    assert_int_equal(b->paths.count, 2);
    assert_int_equal(c.calls, 4);
}

/* Only the branches of what was chosen are asked about; those of approved policies too. */
static void choices_in_choices(void **state)
{
    struct bench *b = *state;
    struct choice c = { 0, 1, 0, 0, { 0 } };
    tpmc_policy answers = { 0 };
    tpmc__policy_step *step = make_step(&b->steps, TPMC__POLICY_AUTHORIZE_NV);
    tpmc__policy_approved *approved = make_approved(step, 1);
    tpmc__policy_step * or = make_or(&approved->steps, 2);
    tpmc__policy_step *inner = NULL;

    answers.choose = choose;
    answers.choose_hook.user = &c;
    step->u.authorize_nv.name.len = 34;
    for (size_t i = 0; i < 2; i++) {
        inner = make_or(branch_of(or, i), 2);
        name_branch(inner, 0, i == 0 ? "a" : "c");
        name_branch(inner, 1, i == 0 ? "b" : "d");
    }
    expect_found(b, CC_SIGN, 4);
    expect_success(tpmc__policy_paths_choose(&answers, &b->steps, &b->paths, b->err), b->err);
    assert_int_equal(c.calls, 2);
    assert_string_equal(c.names, "c|d|");
    assert_int_equal(b->paths.count, 1);
    expect_way(b, 0, "the approved policy 1, the branch 2, the branch 'd'", 0, 3);
}

static int find_again(void *context)
{
    struct bench *b = context;

    return find(b, CC_SIGN);
}

static void memory_runs_out(void **state)
{
    struct bench *b = *state;
    tpmc__policy_step * or = make_or(&b->steps, 2);

    make_step(branch_of(or, 0), TPMC__POLICY_AUTH_VALUE);
    make_pcr(&b->steps, 16, 0);
    assert_true(each_allocation(find_again, b, TPMC_ERR_NOMEM) >= 4);
}

#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BENCH(no_steps_are_a_way),
        WITH_BENCH(steps_in_a_row),
        WITH_BENCH(cheapest_first),
        WITH_BENCH(branches_in_branches),
        WITH_BENCH(one_way_left_has_no_label),
        WITH_BENCH(steps_for_other_commands),
        WITH_BENCH(steps_that_say_too_little),
        WITH_BENCH(digests_of_another_hash),
        WITH_BENCH(values_of_now_are_not_known),
        WITH_BENCH(signed_policies),
        WITH_BENCH(behind_a_signed_policy),
        WITH_BENCH(approved_by_an_index),
        WITH_BENCH(more_ways_than_are_kept),
        WITH_BENCH(an_explosion_of_ways_ends),
        WITH_BENCH(steps_of_one_way_are_counted),
        WITH_BENCH(a_long_label_is_cut),
        WITH_BENCH(the_caller_chooses),
        WITH_BENCH(wrong_choices),
        WITH_BENCH(choices_in_choices),
        WITH_BENCH(memory_runs_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
