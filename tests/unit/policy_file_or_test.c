/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/policy_file_fixture.h"

#include "unit/codec_env.h"
#include "unit/each_allocation.h"

#include <time.h>

#define HASH TPMC__HASH_SHA256

static tpmc__policy_steps flat;
static tpmc__policy_steps tree;

static int setup(void **state)
{
    (void)state;
    memset(&flat, 0, sizeof(flat));
    memset(&tree, 0, sizeof(tree));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tpmc__policy_free_steps(&flat);
    tpmc__policy_free_steps(&tree);
    return 0;
}

static int unflatten(tpmc_env *env, tpmc_error *err)
{
    const tpmc__policy_reader reader = { env, HASH, err };

    return tpmc__policy_file_unflatten(&reader, &flat, &tree);
}

/* The digest of some of the steps. */
static tpmc__policy_bytes run_digest(tpmc_env *env, size_t from, size_t to)
{
    tpmc__policy_steps part = { flat.items + from, to - from };
    tpmc__policy_bytes digest;

    digest_of(env, &part, HASH, &digest);
    return digest;
}

static tpmc__policy_bytes strange(int value)
{
    tpmc__policy_bytes digest = { .len = 32 };

    memset(digest.data, value, digest.len);
    return digest;
}

/* Appends a PolicyOR of digests alone, as it is read from a file. */
static void add_or(const tpmc__policy_bytes *digests, size_t count)
{
    tpmc__policy_step *step = make_or(&flat, count);

    for (size_t i = 0; i < count; i++) {
        step->u.or.branches[i].is_unknown = 1;
        step->u.or.branches[i].digest = digests[i];
    }
}

static const tpmc__policy_branch *branch_at(const tpmc__policy_step *step, size_t i)
{
    assert_int_equal(step->kind, TPMC__POLICY_OR);
    assert_in_range(i, 0, step->u.or.count - 1);
    return &step->u.or.branches[i];
}

static void expect_same_digest(tpmc_env *env)
{
    tpmc__policy_bytes before;
    tpmc__policy_bytes after;

    digest_of(env, &flat, HASH, &before);
    digest_of(env, &tree, HASH, &after);
    assert_int_equal(tpmc__policy_bytes_equal(&before, &after), 1);
}

static void plain_steps_stay(void **state)
{
    make_locality(&flat, 1);
    make_command_code(&flat, 0x15d);
    assert_int_equal(unflatten(*state, NULL), 0);
    assert_int_equal(tree.count, 2);
    assert_int_equal(tree.items[1].u.command_code, 0x15d);
}

static void leaves_become_branches(void **state)
{
    tpmc__policy_bytes digests[3];

    make_pcr(&flat, 23, 0);
    make_owner_secret(&flat);
    make_step(&flat, TPMC__POLICY_AUTH_VALUE);
    for (size_t i = 0; i < 3; i++)
        digests[2 - i] = run_digest(*state, i, i + 1);
    add_or(digests, 3);
    make_locality(&flat, 1);
    assert_int_equal(unflatten(*state, NULL), 0);
    assert_int_equal(tree.count, 2);
    assert_int_equal(tree.items[1].kind, TPMC__POLICY_LOCALITY);
    for (size_t i = 0; i < 3; i++) {
        const tpmc__policy_branch *branch = branch_at(&tree.items[0], i);

        assert_int_equal(branch->is_unknown, 0);
        assert_int_equal(branch->steps.count, 1);
        assert_int_equal(branch->steps.items[0].kind, flat.items[2 - i].kind);
    }
    expect_same_digest(*state);
}

static void branches_of_several_steps(void **state)
{
    tpmc__policy_bytes digests[2];

    make_pcr(&flat, 1, 1);
    make_step(&flat, TPMC__POLICY_AUTH_VALUE);
    make_pcr(&flat, 2, 2);
    make_locality(&flat, 4);
    make_command_code(&flat, 0x15d);
    digests[0] = run_digest(*state, 0, 2);
    digests[1] = run_digest(*state, 2, 5);
    add_or(digests, 2);
    assert_int_equal(unflatten(*state, NULL), 0);
    assert_int_equal(tree.count, 1);
    assert_int_equal(branch_at(&tree.items[0], 0)->steps.count, 2);
    assert_int_equal(branch_at(&tree.items[0], 1)->steps.count, 3);
    expect_same_digest(*state);
}

static void a_prefix_may_be_a_branch(void **state)
{
    tpmc__policy_bytes digests[2];

    make_locality(&flat, 1);
    make_step(&flat, TPMC__POLICY_AUTH_VALUE);
    digests[0] = run_digest(*state, 0, 1);
    digests[1] = run_digest(*state, 0, 2);
    add_or(digests, 2);
    assert_int_equal(unflatten(*state, NULL), 0);
    assert_int_equal(branch_at(&tree.items[0], 0)->steps.count, 1);
    assert_int_equal(branch_at(&tree.items[0], 1)->steps.count, 2);
}

static void what_nothing_leads_to_stays_unknown(void **state)
{
    tpmc__policy_bytes digests[2];

    make_locality(&flat, 1);
    digests[0] = strange(0x77);
    digests[1] = run_digest(*state, 0, 1);
    add_or(digests, 2);
    assert_int_equal(unflatten(*state, NULL), 0);
    assert_int_equal(branch_at(&tree.items[0], 0)->is_unknown, 1);
    assert_int_equal(branch_at(&tree.items[0], 0)->steps.count, 0);
    assert_int_equal(branch_at(&tree.items[0], 1)->is_unknown, 0);
    expect_same_digest(*state);
}

static void a_branch_without_steps(void **state)
{
    tpmc__policy_bytes digests[2];

    make_locality(&flat, 1);
    digests[0] = strange(0);
    digests[1] = run_digest(*state, 0, 1);
    add_or(digests, 2);
    assert_int_equal(unflatten(*state, NULL), 0);
    assert_int_equal(branch_at(&tree.items[0], 0)->is_unknown, 0);
    assert_int_equal(branch_at(&tree.items[0], 0)->steps.count, 0);
    expect_same_digest(*state);
}

static void registers_of_now_lead_nowhere_that_is_known(void **state)
{
    tpmc__policy_bytes digests[2];
    tpmc_error *err = NULL;

    assert_int_equal(tpmc_error_new(&err), 0);
    make_pcr(&flat, 1, 0)->u.pcr.known = TPMC__PCR_NOW;
    make_step(&flat, TPMC__POLICY_AUTH_VALUE);
    digests[0] = strange(0x77);
    digests[1] = run_digest(*state, 1, 2);
    add_or(digests, 2);
    expect_success(unflatten(*state, err), err);
    assert_int_equal(branch_at(&tree.items[0], 0)->is_unknown, 1);
    assert_int_equal(branch_at(&tree.items[0], 1)->is_unknown, 0);
    tpmc_error_free(err);
}

static void branches_in_branches(void **state)
{
    const tpmc__policy_branch *outer = NULL;
    tpmc__policy_bytes digests[2];

    make_locality(&flat, 1);
    make_locality(&flat, 2);
    digests[0] = run_digest(*state, 0, 1);
    digests[1] = run_digest(*state, 1, 2);
    add_or(digests, 2);
    make_command_code(&flat, 0x15d);
    make_step(&flat, TPMC__POLICY_AUTH_VALUE);
    digests[0] = run_digest(*state, 0, 4);
    digests[1] = run_digest(*state, 4, 5);
    add_or(digests, 2);
    make_locality(&flat, 8);
    assert_int_equal(unflatten(*state, NULL), 0);
    assert_int_equal(tree.count, 2);
    outer = branch_at(&tree.items[0], 0);
    assert_int_equal(outer->steps.count, 2);
    assert_int_equal(outer->steps.items[1].kind, TPMC__POLICY_COMMAND_CODE);
    assert_int_equal(branch_at(&outer->steps.items[0], 1)->steps.items[0].u.locality, 2);
    assert_int_equal(branch_at(&tree.items[0], 1)->steps.count, 1);
    expect_same_digest(*state);
}

/* Each PolicyOR has the one before as its only known branch. */
static void chain(tpmc_env *env, size_t count)
{
    make_locality(&flat, 1);
    for (size_t i = 0; i < count; i++) {
        tpmc__policy_bytes digests[2];

        digests[0] = run_digest(env, 0, flat.count);
        digests[1] = strange((int)(0x40 + i));
        add_or(digests, 2);
    }
}

static void too_many_levels(void **state)
{
    tpmc_error *err = NULL;

    assert_int_equal(tpmc_error_new(&err), 0);
    chain(*state, TPMC__POLICY_MAX_DEPTH);
    expect_success(unflatten(*state, err), err);
    assert_int_equal(tpmc__policy_check(&tree, "the policy", NULL), 0);
    tpmc__policy_free_steps(&tree);
    tpmc__policy_free_steps(&flat);
    chain(*state, TPMC__POLICY_MAX_DEPTH + 1);
    expect_failure(unflatten(*state, err), err, TPMC_ERR_FORMAT, "more than 8 levels");
    assert_int_equal(tree.count, 0);
    tpmc_error_free(err);
}

/* All branches of each PolicyOR are the one before: the tree grows eightfold with each. */
static void bomb(tpmc_env *env, size_t levels)
{
    make_locality(&flat, 1);
    for (size_t i = 0; i < levels; i++) {
        tpmc__policy_bytes digests[8];

        for (size_t j = 0; j < 8; j++)
            digests[j] = run_digest(env, 0, flat.count);
        add_or(digests, 8);
    }
}

static void too_many_steps(void **state)
{
    tpmc_error *err = NULL;

    assert_int_equal(tpmc_error_new(&err), 0);
    bomb(*state, 6);
    expect_failure(unflatten(*state, err), err, TPMC_ERR_FORMAT, "more than 256 steps");
    assert_int_equal(tree.count, 0);
    tpmc_error_free(err);
}

/* Two branches are the PolicyOR before, and nothing leads to the others: as much work as a list of
 * 64 steps can ask for. */
static void make_hostile(tpmc_env *env)
{
    for (size_t i = 0; i < 57; i++)
        make_command_code(&flat, (uint32_t)(0x140 + i));
    for (size_t i = 0; i < 7; i++) {
        tpmc__policy_bytes digests[8];

        for (size_t j = 0; j < 8; j++)
            digests[j] =
                j < 2 ? run_digest(env, flat.count - 1, flat.count) : strange((int)(0x40 + j));
        add_or(digests, 8);
    }
}

static void hostile_lists_take_no_time(void **state)
{
    clock_t start = 0;
    double seconds = 0;

    make_hostile(*state);
    start = clock();
    assert_int_equal(unflatten(*state, NULL), 0);
    seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    print_message("%zu steps took %.1f ms\n", flat.count, 1000 * seconds);
    /* Generous: sanitizers and a busy machine count too. */
    assert_true(seconds < 2);
    expect_same_digest(*state);
}

static int attempt(void *context)
{
    int status = unflatten(context, NULL);

    assert_true(status == 0 || tree.count == 0);
    tpmc__policy_free_steps(&tree);
    return status;
}

static void every_allocation_fails_once(void **state)
{
    tpmc__policy_bytes digests[2];

    make_pcr(&flat, 1, 1);
    make_locality(&flat, 1);
    digests[0] = run_digest(*state, 0, 1);
    digests[1] = run_digest(*state, 1, 2);
    add_or(digests, 2);
    assert_true(each_allocation(attempt, *state, TPMC_ERR_NOMEM) > 4);
}

#define WITH_LISTS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LISTS(plain_steps_stay),
        WITH_LISTS(leaves_become_branches),
        WITH_LISTS(branches_of_several_steps),
        WITH_LISTS(a_prefix_may_be_a_branch),
        WITH_LISTS(what_nothing_leads_to_stays_unknown),
        WITH_LISTS(a_branch_without_steps),
        WITH_LISTS(registers_of_now_lead_nowhere_that_is_known),
        WITH_LISTS(branches_in_branches),
        WITH_LISTS(too_many_levels),
        WITH_LISTS(too_many_steps),
        WITH_LISTS(hostile_lists_take_no_time),
        WITH_LISTS(every_allocation_fails_once),
    };

    return cmocka_run_group_tests(tests, setup_env, teardown_env);
}
