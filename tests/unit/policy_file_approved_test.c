/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/policy_file_fixture.h"

#include "unit/codec_env.h"
#include "unit/each_allocation.h"
#include "unit/keyfile_data.h"

#include <time.h>

#include "base/error_int.h"

#define HASH TPMC__HASH_SHA256

static const uint8_t some_signature[] = {
    0x00, 0x18, 0x00, 0x0b, 0x00, 0x01, 0x01, 0x00, 0x01, 0x02
};

static maker_key owner; /* signs policies */
static tpmc__policy_signer signer;
static tpmc__policy_signer other;
static tpmc__keyfile file;
static tpmc__policy_steps steps;
static tpmc__policy_reader reader;

static int setup(void **state)
{
    file_begin(&file, HASH);
    memset(&steps, 0, sizeof(steps));
    maker_signer(*state, &owner, &signer);
    plain_signer(*state, ecc_public_hex, "", &other);
    reader.env = *state;
    reader.hash = HASH;
    return tpmc_error_new(&reader.err);
}

static int teardown(void **state)
{
    (void)state;
    tpmc__policy_free_steps(&steps);
    tpmc__keyfile_free(&file);
    tpmc_error_free(reader.err);
    return 0;
}

static void add_authorize(tpmc__policy_steps *to, const tpmc__policy_signer *by)
{
    make_step(to, TPMC__POLICY_AUTHORIZE)->u.authorize.key = *by;
}

static tpmc__keyfile_steps *begin_entry(const char *name)
{
    return file_add_entry(&file, name);
}

static void end_entry(tpmc__keyfile_steps *entry, const tpmc__policy_signer *by)
{
    steps_add_authorize(entry, by, some_signature, sizeof(some_signature));
}

static int give(void)
{
    return tpmc__policy_file_give_approved(&reader, &file, &steps);
}

static const tpmc__policy_approved *approved_at(size_t i)
{
    assert_int_equal(steps.items[0].kind, TPMC__POLICY_AUTHORIZE);
    assert_in_range(i, 0, steps.items[0].u.authorize.count - 1);
    return &steps.items[0].u.authorize.approved[i];
}

static void entries_come_in_order(void **state)
{
    tpmc__keyfile_steps *entry = begin_entry("new");

    (void)state;
    steps_add_hex(entry, 0x16f, "01");
    steps_add_hex(entry, 0x16b, "");
    end_entry(entry, &signer);
    entry = begin_entry(NULL);
    end_entry(entry, &signer);
    add_authorize(&steps, &signer);
    expect_success(give(), reader.err);
    assert_int_equal(steps.items[0].u.authorize.count, 2);
    assert_string_equal(approved_at(0)->name, "new");
    assert_int_equal(approved_at(0)->steps.count, 2);
    assert_int_equal(approved_at(0)->signature_len, sizeof(some_signature));
    assert_memory_equal(approved_at(0)->signature, some_signature, sizeof(some_signature));
    assert_null(approved_at(1)->name);
    assert_int_equal(approved_at(1)->steps.count, 0);
}

static void entries_of_others_are_passed_over(void **state)
{
    tpmc__policy_signer with_ref = signer;
    tpmc__keyfile_steps *entry = begin_entry("of another key");

    (void)state;
    /* What it says is nobody's matter. */
    steps_add_hex(entry, 0x149, "00");
    end_entry(entry, &other);
    assert_int_equal(tpmc__policy_bytes_set(&with_ref.policy_ref, "ref", 3), 0);
    end_entry(begin_entry("of another reference"), &with_ref);
    (void)begin_entry("empty");
    entry = begin_entry("not signed");
    end_entry(entry, &signer);
    steps_add_hex(entry, 0x16b, "");
    end_entry(begin_entry("ours"), &signer);
    add_authorize(&steps, &signer);
    expect_success(give(), reader.err);
    assert_int_equal(steps.items[0].u.authorize.count, 1);
    assert_string_equal(approved_at(0)->name, "ours");
}

static void without_entries_there_are_none(void **state)
{
    (void)state;
    add_authorize(&steps, &signer);
    expect_success(give(), reader.err);
    assert_int_equal(steps.items[0].u.authorize.count, 0);
}

static void branches_get_theirs(void **state)
{
    tpmc__policy_step *step = make_or(&steps, 2);
    tpmc__keyfile_steps *entry = begin_entry("ours");

    (void)state;
    make_locality(branch_of(step, 0), 1);
    add_authorize(branch_of(step, 1), &signer);
    steps_add_hex(entry, 0x16b, "");
    end_entry(entry, &signer);
    expect_success(give(), reader.err);
    assert_int_equal(branch_of(step, 1)->items[0].u.authorize.count, 1);
}

static void what_cannot_be_run_is_passed_over(void **state)
{
    tpmc__keyfile_steps *entry = begin_entry("nv");

    (void)state;
    steps_add_hex(entry, 0x149, "00");
    end_entry(entry, &signer);
    add_authorize(&steps, &signer);
    expect_failure(give(), reader.err, TPMC_ERR_UNSUPPORTED, "step 1 of signed policy 1");
    expect_failure(give(), reader.err, TPMC_ERR_UNSUPPORTED, "PolicyNV");
    end_entry(begin_entry("good"), &signer);
    tpmc__error_clear(reader.err);
    expect_success(give(), reader.err);
    assert_int_equal(steps.items[0].u.authorize.count, 1);
    assert_string_equal(approved_at(0)->name, "good");
}

static void what_is_malformed_is_refused(void **state)
{
    static uint8_t long_signature[TPMC__POLICY_SIGNATURE_MAX + 1];
    tpmc__keyfile_steps *entry = begin_entry("bad");

    (void)state;
    steps_add_hex(entry, 0x17f, "00");
    end_entry(entry, &signer);
    add_authorize(&steps, &signer);
    expect_failure(give(), reader.err, TPMC_ERR_FORMAT, "step 1 (PolicyPCR) of signed policy 1");
    tpmc__keyfile_free_auth_policies(&file);
    file.auth_policies = NULL;
    file.auth_policy_count = 0;
    steps_add_authorize(begin_entry("long"), &signer, long_signature, sizeof(long_signature));
    expect_failure(give(), reader.err, TPMC_ERR_FORMAT, "has a signature of 601 bytes");
}

/* Puts a step behind and signs the reading of it that has this reference. */
static void add_signed_secret(tpmc_env *env, const char *reference_hex)
{
    static blob reference;
    tpmc__policy_step step = { .kind = TPMC__POLICY_AUTHORIZE };
    tpmc__policy_approved approved;
    tpmc__keyfile_steps *entry = begin_entry("secret");

    memset(&approved, 0, sizeof(approved));
    step.u.authorize.key = signer;
    make_owner_secret(&approved.steps);
    set_hex(&reference, reference_hex);
    assert_int_equal(tpmc__policy_bytes_set(&approved.steps.items[0].u.secret.policy_ref,
                                            reference.data, reference.len),
                     0);
    maker_approve(env, &owner, &step, &approved);
    steps_add_hex(entry, 0x151, "40000001 0004 40000001 0001 aa");
    steps_add_authorize(entry, &signer, approved.signature, approved.signature_len);
    tpmc__policy_free_steps(&approved.steps);
}

static void the_signature_decides_between_readings(void **state)
{
    add_signed_secret(*state, "aa");
    add_signed_secret(*state, "0001aa");
    add_signed_secret(*state, "bb");
    add_authorize(&steps, &signer);
    expect_success(give(), reader.err);
    assert_int_equal(steps.items[0].u.authorize.count, 3);
    assert_int_equal(approved_at(0)->steps.items[0].u.secret.policy_ref.len, 1);
    assert_int_equal(approved_at(1)->steps.items[0].u.secret.policy_ref.len, 3);
    /* It is of neither: the first. */
    assert_int_equal(approved_at(2)->steps.items[0].u.secret.policy_ref.len, 1);
}

static void hostile_entries_take_no_time(void **state)
{
    clock_t start = 0;
    double seconds = 0;

    (void)state;
    for (size_t i = 0; i < 64; i++) {
        tpmc__keyfile_steps *entry = begin_entry(NULL);

        for (size_t j = 0; j < 6; j++)
            steps_add_hex(entry, 0x151, "40000001 0004 40000001 0000");
        end_entry(entry, &signer);
    }
    add_authorize(&steps, &signer);
    start = clock();
    expect_success(give(), reader.err);
    seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    print_message("64 signed policies took %.1f ms\n", 1000 * seconds);
    assert_true(seconds < 2);
    assert_int_equal(steps.items[0].u.authorize.count, 64);
}

static void what_is_handed_out_is_bounded(void **state)
{
    tpmc__policy_step *step = make_or(&steps, 8);

    (void)state;
    for (size_t i = 0; i < 8; i++)
        add_authorize(branch_of(step, i), &signer);
    for (size_t i = 0; i < 3; i++) {
        tpmc__keyfile_steps *entry = begin_entry(NULL);

        for (size_t j = 0; j < 63; j++)
            steps_add_hex(entry, 0x16b, "");
        end_entry(entry, &signer);
    }
    expect_failure(give(), reader.err, TPMC_ERR_FORMAT, "too many steps");
}

static int find_common(tpmc__policy_steps *out)
{
    memset(out, 0, sizeof(*out));
    return tpmc__policy_file_common_authorize(&reader, &file, out);
}

static void entries_alone_say_what_they_end_in(void **state)
{
    tpmc__policy_steps found;

    add_authorize(&steps, &signer);
    file_bind(*state, &file, &steps);
    steps_add_hex(begin_entry("not signed"), 0x16b, "");
    end_entry(begin_entry("of another"), &other);
    end_entry(begin_entry("ours"), &signer);
    expect_success(find_common(&found), reader.err);
    assert_int_equal(found.count, 1);
    assert_int_equal(tpmc__policy_same_signer(&found.items[0].u.authorize.key, &signer), 1);
    tpmc__policy_free_steps(&found);
    file.key.auth_policy[0] ^= 1;
    expect_success(find_common(&found), reader.err);
    assert_int_equal(tpmc__policy_same_signer(&found.items[0].u.authorize.key, &other), 1);
    tpmc__policy_free_steps(&found);
}

static void entries_that_end_in_nothing(void **state)
{
    tpmc__policy_steps found;

    (void)state;
    (void)begin_entry("empty");
    steps_add_hex(begin_entry("not signed"), 0x16b, "");
    expect_failure(find_common(&found), reader.err, TPMC_ERR_FORMAT,
                   "neither the field 'policy' nor a step PolicyAuthorize");
    assert_int_equal(found.count, 0);
    steps_add_hex(begin_entry("malformed"), 0x16a, "00");
    expect_failure(find_common(&found), reader.err, TPMC_ERR_FORMAT,
                   "step 1 (PolicyAuthorize) of signed policy 3");
    assert_int_equal(found.count, 0);
}

static int attempt(void *context)
{
    (void)context;
    tpmc__policy_free_steps(&steps);
    if (tpmc__policy_append(&steps, TPMC__POLICY_AUTHORIZE) == NULL)
        return TPMC_ERR_NOMEM;
    steps.items[0].u.authorize.key = signer;
    tpmc__error_clear(reader.err);
    return give();
}

static void every_allocation_fails_once(void **state)
{
    tpmc__keyfile_steps *entry = begin_entry("ours");

    steps_add_hex(entry, 0x171, "00000002 0020" SHA256_OF_11 "0020" SHA256_OF_22);
    end_entry(entry, &signer);
    add_signed_secret(*state, "0001aa");
    assert_true(each_allocation(attempt, NULL, TPMC_ERR_NOMEM) > 12);
    expect_success(attempt(NULL), reader.err);
    assert_int_equal(approved_at(1)->steps.items[0].u.secret.policy_ref.len, 3);
}

static int setup_group(void **state)
{
    maker_key_begin(&owner);
    return setup_env(state);
}

static int teardown_group(void **state)
{
    maker_key_end(&owner);
    return teardown_env(state);
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FILE(entries_come_in_order),
        WITH_FILE(entries_of_others_are_passed_over),
        WITH_FILE(without_entries_there_are_none),
        WITH_FILE(branches_get_theirs),
        WITH_FILE(what_cannot_be_run_is_passed_over),
        WITH_FILE(what_is_malformed_is_refused),
        WITH_FILE(the_signature_decides_between_readings),
        WITH_FILE(hostile_entries_take_no_time),
        WITH_FILE(what_is_handed_out_is_bounded),
        WITH_FILE(entries_alone_say_what_they_end_in),
        WITH_FILE(entries_that_end_in_nothing),
        WITH_FILE(every_allocation_fails_once),
    };

    return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
