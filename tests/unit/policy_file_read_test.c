/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/policy_file_fixture.h"

#include "unit/codec_env.h"
#include "unit/each_allocation.h"
#include "unit/keyfile_data.h"

#include <stdio.h>

#define HASH TPMC__HASH_SHA256
/* Key files that other programs wrote, in a folder that need not be there. */
#define FOLDER TPMCLOUD_VECTORS "/tss2keys/"

static const uint8_t no_signature[] = { 0x00, 0x10 };

static tpmc__keyfile file;
static tpmc__policy_steps expected; /* what the key is bound to */
static tpmc__policy_steps found;
static tpmc_error *err;

static int setup(void **state)
{
    (void)state;
    file_begin(&file, HASH);
    memset(&expected, 0, sizeof(expected));
    memset(&found, 0, sizeof(found));
    return tpmc_error_new(&err);
}

static int teardown(void **state)
{
    (void)state;
    tpmc__policy_free_steps(&expected);
    tpmc__policy_free_steps(&found);
    tpmc__keyfile_free(&file);
    tpmc_error_free(err);
    return 0;
}

static void expect_read(tpmc_env *env)
{
    tpmc__policy_free_steps(&found);
    expect_success(tpmc__policy_file_read(env, &file, &found, err), err);
}

static void expect_refused(tpmc_env *env, int code, const char *words)
{
    tpmc__policy_free_steps(&found);
    expect_failure(tpmc__policy_file_read(env, &file, &found, err), err, code, words);
    assert_int_equal(found.count, 0);
    assert_null(found.items);
}

static void steps_that_lead_to_the_policy(void **state)
{
    make_pcr(&expected, 23, 0);
    make_step(&expected, TPMC__POLICY_AUTH_VALUE);
    file_bind(*state, &file, &expected);
    steps_add_hex(&file.policy, 0x17f,
                  "00000001 000b 03 000080"
                  "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925");
    steps_add_hex(&file.policy, 0x16b, "");
    expect_read(*state);
    assert_int_equal(found.count, 2);
    assert_int_equal(found.items[0].u.pcr.known, TPMC__PCR_DIGEST);
    /* One is as good as the other. */
    file.policy.items[1].command = 0x18c;
    expect_read(*state);
    assert_int_equal(found.items[1].kind, TPMC__POLICY_PASSWORD);
}

static void the_name_alg_decides(void **state)
{
    make_locality(&expected, 1);
    steps_add_hex(&file.policy, 0x16f, "01");
    file.key.name_alg = TPMC__HASH_SHA512;
    file_bind(*state, &file, &expected);
    expect_read(*state);
    file.key.name_alg = TPMC__HASH_SHA384;
    expect_refused(*state, TPMC_ERR_POLICY, "do not lead to the key's authPolicy");
}

static void steps_that_lead_elsewhere(void **state)
{
    make_step(&expected, TPMC__POLICY_AUTH_VALUE);
    file_bind(*state, &file, &expected);
    steps_add_hex(&file.policy, 0x16f, "01");
    expect_refused(*state, TPMC_ERR_POLICY,
                   "instead of 8fcd2169ab92694e0c633f1ab772842b8241bbc20288981fc7ac1eddc1fddb0e");
    expect_refused(*state, TPMC_ERR_POLICY,
                   "the steps of the key file do not lead to the key's authPolicy: they give ");
}

/* Six steps with two readings each, of which the file means one. */
static void the_reading_that_leads_there_is_taken(void **state)
{
    for (unsigned meant = 0; meant < 64; meant++) {
        tpmc__policy_free_steps(&expected);
        tpmc__keyfile_free(&file);
        file_begin(&file, HASH);
        for (unsigned i = 0; i < 6; i++) {
            tpmc__policy_bytes *reference = NULL;

            make_owner_secret(&expected);
            reference = &expected.items[i].u.secret.policy_ref;
            assert_int_equal(meant >> i & 1 ? tpmc__policy_bytes_set(reference, "\0\1\252", 3)
                                            : tpmc__policy_bytes_set(reference, "\252", 1),
                             0);
            steps_add_hex(&file.policy, 0x151, "40000001 0004 40000001 0001 aa");
        }
        file_bind(*state, &file, &expected);
        expect_read(*state);
        for (unsigned i = 0; i < 6; i++)
            assert_int_equal(found.items[i].u.secret.policy_ref.len, meant >> i & 1 ? 3 : 1);
    }
    file.key.auth_policy[0] ^= 1;
    expect_refused(*state, TPMC_ERR_POLICY, "do not lead");
}

static void counters_with_and_without_a_size(void **state)
{
    tpmc__policy_step *step = make_step(&expected, TPMC__POLICY_COUNTER_TIMER);

    assert_int_equal(tpmc__policy_bytes_set(&step->u.counter_timer.operand, "\0\2\1\2", 4), 0);
    step->u.counter_timer.offset = 8;
    file_bind(*state, &file, &expected);
    steps_add_hex(&file.policy, 0x16d, "00020102 0008 0000");
    expect_read(*state);
    assert_int_equal(found.items[0].u.counter_timer.operand.len, 4);
    tpmc__policy_bytes_set(&expected.items[0].u.counter_timer.operand, "\1\2", 2);
    file_bind(*state, &file, &expected);
    expect_read(*state);
    assert_int_equal(found.items[0].u.counter_timer.operand.len, 2);
}

static void registers_of_now_are_compared_later(void **state)
{
    make_step(&expected, TPMC__POLICY_AUTH_VALUE);
    file_bind(*state, &file, &expected);
    steps_add_hex(&file.policy, 0x17f, "0000 00000001 000b 03 000080");
    expect_read(*state);
    assert_int_equal(found.items[0].u.pcr.known, TPMC__PCR_NOW);
    assert_int_equal(tpmc__policy_is_fixed(&found), 0);
}

static void a_file_without_steps(void **state)
{
    expect_refused(*state, TPMC_ERR_POLICY, "says nothing about the key's policy");
}

static void what_a_file_cannot_say(void **state)
{
    steps_add_hex(&file.policy, 0x16b, "");
    steps_add_hex(&file.policy, 0x160, "");
    expect_refused(*state, TPMC_ERR_UNSUPPORTED, "PolicySigned");
    expect_refused(*state, TPMC_ERR_UNSUPPORTED, "step 2 of the field 'policy'");
    file.policy.items[1].command = 0x15d;
    expect_refused(*state, TPMC_ERR_UNSUPPORTED, "unsupported policy command 0x15d");
    file.policy.items[1].command = 0x17f;
    expect_refused(*state, TPMC_ERR_FORMAT, "step 2 (PolicyPCR)");
}

/* Of the right digest, and still nothing that a TPM would take. */
static void steps_that_make_no_sense(void **state)
{
    make_locality(&expected, 0);
    file_bind(*state, &file, &expected);
    steps_add_hex(&file.policy, 0x16f, "00");
    expect_refused(*state, TPMC_ERR_FORMAT, "the policy of the key file: step 1 (PolicyLocality)");
}

static void authorize_after_other_steps(void **state)
{
    tpmc__policy_signer signer;

    plain_signer(*state, ecc_public_hex, "", &signer);
    make_step(&expected, TPMC__POLICY_AUTHORIZE)->u.authorize.key = signer;
    file_bind(*state, &file, &expected);
    steps_add_hex(&file.policy, 0x16b, "");
    steps_add_authorize(&file.policy, &signer, no_signature, sizeof(no_signature));
    expect_refused(*state, TPMC_ERR_FORMAT, "must be the first step");
}

static void authorize_gets_its_signed_policies(void **state)
{
    tpmc__policy_signer signer;
    tpmc__keyfile_steps *entry = NULL;

    plain_signer(*state, ecc_public_hex, "ref", &signer);
    make_step(&expected, TPMC__POLICY_AUTHORIZE)->u.authorize.key = signer;
    make_step(&expected, TPMC__POLICY_AUTH_VALUE);
    file_bind(*state, &file, &expected);
    steps_add_authorize(&file.policy, &signer, no_signature, sizeof(no_signature));
    steps_add_hex(&file.policy, 0x16b, "");
    expect_read(*state);
    assert_int_equal(found.count, 2);
    assert_int_equal(found.items[0].u.authorize.count, 0);
    entry = file_add_entry(&file, "first");
    steps_add_hex(entry, 0x16f, "01");
    steps_add_authorize(entry, &signer, "\0\30\0\13", 4);
    expect_read(*state);
    assert_int_equal(found.items[0].u.authorize.count, 1);
    assert_string_equal(found.items[0].u.authorize.approved[0].name, "first");
    assert_int_equal(found.items[0].u.authorize.approved[0].signature_len, 4);
}

static void signed_policies_alone(void **state)
{
    tpmc__policy_signer signer;
    tpmc__keyfile_steps *entry = file_add_entry(&file, NULL);

    plain_signer(*state, rsa_public_hex, "", &signer);
    make_step(&expected, TPMC__POLICY_AUTHORIZE)->u.authorize.key = signer;
    file_bind(*state, &file, &expected);
    steps_add_hex(entry, 0x17f, "0020" SHA256_OF_11 "00000001 000b 03 000080");
    steps_add_authorize(entry, &signer, no_signature, sizeof(no_signature));
    expect_read(*state);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.items[0].u.authorize.count, 1);
    assert_int_equal(found.items[0].u.authorize.approved[0].steps.count, 1);
    file.key.auth_policy[0] ^= 1;
    expect_refused(*state, TPMC_ERR_POLICY, "do not lead to the key's authPolicy");
}

static int attempt(void *context)
{
    int status = tpmc__policy_file_read(context, &file, &found, NULL);

    assert_true(status == 0 || found.items == NULL);
    tpmc__policy_free_steps(&found);
    return status;
}

static void every_allocation_fails_once(void **state)
{
    tpmc__policy_signer signer;
    tpmc__keyfile_steps *entry = file_add_entry(&file, "one");

    plain_signer(*state, ecc_public_hex, "", &signer);
    make_step(&expected, TPMC__POLICY_AUTHORIZE)->u.authorize.key = signer;
    file_bind(*state, &file, &expected);
    steps_add_hex(entry, 0x16f, "01");
    steps_add_authorize(entry, &signer, no_signature, sizeof(no_signature));
    assert_true(each_allocation(attempt, *state, TPMC_ERR_NOMEM) > 5);
    steps_add_authorize(&file.policy, &signer, no_signature, sizeof(no_signature));
    assert_true(each_allocation(attempt, *state, TPMC_ERR_NOMEM) > 5);
    file.key.auth_policy[0] ^= 1;
    assert_int_equal(attempt(*state), TPMC_ERR_POLICY);
}

/* 0 when there is no such file. */
static int load(const char *name)
{
    static char pem[8192];
    char path[1024];
    FILE *stream = NULL;
    size_t len = 0;

    snprintf(path, sizeof(path), "%s%s", FOLDER, name);
    stream = fopen(path, "rb");
    if (stream == NULL)
        return 0;
    len = fread(pem, 1, sizeof(pem), stream);
    fclose(stream);
    tpmc__keyfile_free(&file);
    file_begin(&file, HASH);
    expect_success(tpmc__keyfile_parse(pem, len, &file, err), err);
    return 1;
}

static void expect_led_to(tpmc_env *env)
{
    tpmc__policy_bytes digest;

    digest_of(env, &found, file.key.name_alg, &digest);
    assert_int_equal(digest.len, file.key.auth_policy_len);
    assert_memory_equal(digest.data, file.key.auth_policy, digest.len);
}

static void files_of_other_programs(void **state)
{
    static const struct {
        const char *file;
        size_t steps;
        tpmc__policy_kind first;
    } vectors[] = {
        { "21_ote_pcr.tpm", 1, TPMC__POLICY_PCR },
        { "26_ote_signed.tpm", 1, TPMC__POLICY_AUTHORIZE },
        { "40_genkey_pcrauth.pem", 2, TPMC__POLICY_PCR },
        { "42_genkey_or.pem", 1, TPMC__POLICY_OR },
    };

    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        if (!load(vectors[i].file)) {
            print_message("skipped: there are no key files in " FOLDER "\n");
            skip();
        }
        expect_read(*state);
        assert_int_equal(found.count, vectors[i].steps);
        assert_int_equal(found.items[0].kind, vectors[i].first);
        expect_led_to(*state);
    }
}

static void branches_of_other_programs(void **state)
{
    static const tpmc__policy_kind kinds[] = { TPMC__POLICY_PCR, TPMC__POLICY_SECRET,
                                               TPMC__POLICY_AUTH_VALUE };

    if (!load("42_genkey_or.pem"))
        skip();
    expect_read(*state);
    assert_int_equal(found.items[0].u.or.count, 3);
    for (size_t i = 0; i < 3; i++) {
        const tpmc__policy_branch *branch = &found.items[0].u.or.branches[i];

        assert_int_equal(branch->is_unknown, 0);
        assert_int_equal(branch->steps.count, 1);
        assert_int_equal(branch->steps.items[0].kind, kinds[i]);
    }
}

static void signed_policies_of_other_programs(void **state)
{
    const tpmc__policy_step *step = NULL;

    if (!load("26_ote_signed.tpm"))
        skip();
    expect_read(*state);
    step = &found.items[0];
    assert_int_equal(step->u.authorize.count, 2);
    assert_string_equal(step->u.authorize.approved[0].name, "pcr");
    assert_string_equal(step->u.authorize.approved[1].name, "wrong");
    for (size_t i = 0; i < 2; i++) {
        const tpmc__policy_approved *approved = &step->u.authorize.approved[i];
        tpmc__policy_bytes digest;
        tpmc__policy_bytes hash;

        digest_of(*state, &approved->steps, HASH, &digest);
        assert_int_equal(
            tpmc__policy_authorize_hash(*state, &step->u.authorize.key, &digest, &hash, err), 0);
        expect_success(tpmc__signer_verify(*state, &step->u.authorize.key, &hash,
                                           approved->signature, approved->signature_len, err),
                       err);
    }
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FILE(steps_that_lead_to_the_policy),
        WITH_FILE(the_name_alg_decides),
        WITH_FILE(steps_that_lead_elsewhere),
        WITH_FILE(the_reading_that_leads_there_is_taken),
        WITH_FILE(counters_with_and_without_a_size),
        WITH_FILE(registers_of_now_are_compared_later),
        WITH_FILE(a_file_without_steps),
        WITH_FILE(what_a_file_cannot_say),
        WITH_FILE(steps_that_make_no_sense),
        WITH_FILE(authorize_after_other_steps),
        WITH_FILE(authorize_gets_its_signed_policies),
        WITH_FILE(signed_policies_alone),
        WITH_FILE(every_allocation_fails_once),
        WITH_FILE(files_of_other_programs),
        WITH_FILE(branches_of_other_programs),
        WITH_FILE(signed_policies_of_other_programs),
    };

    return cmocka_run_group_tests(tests, setup_env, teardown_env);
}
