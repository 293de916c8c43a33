/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/policy_file_fixture.h"

#include "unit/codec_env.h"
#include "unit/each_allocation.h"
#include "unit/keyfile_data.h"

static tpmc__keyfile_steps source;
static tpmc__policy_reader reader;
static tpmc__policy_list list;

static int setup(void **state)
{
    memset(&source, 0, sizeof(source));
    memset(&list, 0, sizeof(list));
    reader.env = *state;
    reader.hash = TPMC__HASH_SHA256;
    list.reader = &reader;
    list.source = &source;
    list.where = "the field 'policy'";
    return tpmc_error_new(&reader.err);
}

static int teardown(void **state)
{
    (void)state;
    tpmc__policy_free_steps(&list.steps);
    tpmc__keyfile_free_steps(&source);
    tpmc_error_free(reader.err);
    return 0;
}

static void bits_choose_among_readings(void **state)
{
    (void)state;
    steps_add_hex(&source, 0x151, "40000001 0004 40000001 0001 aa");
    steps_add_hex(&source, 0x16b, "");
    steps_add_hex(&source, 0x151, "40000001 0004 40000001 0000");
    expect_success(tpmc__policy_list_read(&list, 0), reader.err);
    assert_int_equal(list.ambiguous, 2);
    assert_int_equal(list.steps.count, 3);
    assert_int_equal(list.steps.items[0].u.secret.policy_ref.len, 1);
    assert_int_equal(list.steps.items[2].u.secret.policy_ref.len, 0);
    expect_success(tpmc__policy_list_read(&list, 2), reader.err);
    assert_int_equal(list.steps.count, 3);
    assert_int_equal(list.steps.items[0].u.secret.policy_ref.len, 1);
    assert_int_equal(list.steps.items[2].u.secret.policy_ref.len, 2);
    expect_success(tpmc__policy_list_read(&list, 1), reader.err);
    assert_int_equal(list.steps.items[0].u.secret.policy_ref.len, 3);
    assert_int_equal(list.steps.items[2].u.secret.policy_ref.len, 0);
}

/* Those beyond the sixth are read in the first way. */
static void readings_are_bounded(void **state)
{
    (void)state;
    for (size_t i = 0; i < 64; i++)
        steps_add_hex(&source, 0x151, "40000001 0004 40000001 0000");
    expect_success(tpmc__policy_list_read(&list, 0x3f), reader.err);
    assert_int_equal(list.ambiguous, TPMC__POLICY_MAX_AMBIGUOUS);
    assert_int_equal(list.steps.items[5].u.secret.policy_ref.len, 2);
    assert_int_equal(list.steps.items[6].u.secret.policy_ref.len, 0);
    assert_int_equal(list.steps.items[63].u.secret.policy_ref.len, 0);
}

static void a_failure_names_the_step(void **state)
{
    (void)state;
    steps_add_hex(&source, 0x16b, "");
    steps_add_hex(&source, 0x17f, "00");
    expect_failure(tpmc__policy_list_read(&list, 0), reader.err, TPMC_ERR_FORMAT,
                   "step 2 (PolicyPCR) of the field 'policy' of the key file: its parameters");
    source.items[1].command = 0x15d;
    expect_failure(tpmc__policy_list_read(&list, 0), reader.err, TPMC_ERR_UNSUPPORTED,
                   "step 2 of the field 'policy' of the key file: unsupported policy command "
                   "0x15d");
    source.items[1].command = 0x149;
    expect_failure(tpmc__policy_list_read(&list, 0), reader.err, TPMC_ERR_UNSUPPORTED,
                   "step 2 of the field 'policy' of the key file: a key file does not say enough "
                   "to run PolicyNV");
}

static void signers_are_told_apart(void **state)
{
    tpmc__policy_signer a;
    tpmc__policy_signer b;

    plain_signer(*state, ecc_public_hex, "ref", &a);
    plain_signer(*state, ecc_public_hex, "ref", &b);
    assert_int_equal(tpmc__policy_same_signer(&a, &b), 1);
    plain_signer(*state, ecc_public_hex, "", &b);
    assert_int_equal(tpmc__policy_same_signer(&a, &b), 0);
    plain_signer(*state, rsa_public_hex, "ref", &b);
    assert_int_equal(tpmc__policy_same_signer(&a, &b), 0);
}

static int attempt(void *context)
{
    (void)context;
    return tpmc__policy_list_read(&list, 0);
}

static void every_allocation_fails_once(void **state)
{
    (void)state;
    steps_add_hex(&source, 0x16b, "");
    steps_add_hex(&source, 0x171, "00000002 0020" SHA256_OF_11 "0020" SHA256_OF_22);
    assert_int_equal(each_allocation(attempt, NULL, TPMC_ERR_NOMEM), 3);
}

#define WITH_LIST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LIST(bits_choose_among_readings),  WITH_LIST(readings_are_bounded),
        WITH_LIST(a_failure_names_the_step),    WITH_LIST(signers_are_told_apart),
        WITH_LIST(every_allocation_fails_once),
    };

    return cmocka_run_group_tests(tests, setup_env, teardown_env);
}
