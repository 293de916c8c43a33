/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/codec_env.h"
#include "unit/keyfile_data.h"
#include "unit/policy_file_fixture.h"

#define NAME_OF_33 "000b3333333333333333333333333333333333333333333333333333333333333333"

/* The step that was read last, and whether there is another reading of it. */
static tpmc__policy_steps steps;
static tpmc__span signature;
static int is_ambiguous;

static int read_bytes(tpmc_env *env, uint32_t command, const blob *bytes, int variant,
                      tpmc_error *err)
{
    const tpmc__policy_reader reader = { env, TPMC__HASH_SHA256, err };
    /* Exactly as long, so that reading beyond it is noticed. */
    uint8_t *copy = bytes->len == 0 ? NULL : tpmc__mem_copy(bytes->data, bytes->len);
    const tpmc__keyfile_step step = { command, copy, bytes->len };
    int status = 0;

    tpmc__policy_free_steps(&steps);
    is_ambiguous = 0;
    status =
        tpmc__policy_file_step(&reader, &step, variant, make_step(&steps, TPMC__POLICY_AUTH_VALUE),
                               &signature, &is_ambiguous);
    tpmc__mem_free(copy);
    return status;
}

static const tpmc__policy_step *read_as(tpmc_env *env, uint32_t command, const char *hex,
                                        int variant)
{
    static blob bytes;

    set_hex(&bytes, hex);
    assert_int_equal(read_bytes(env, command, &bytes, variant, NULL), 0);
    return &steps.items[0];
}

static const tpmc__policy_step *read_step(tpmc_env *env, uint32_t command, const char *hex)
{
    const tpmc__policy_step *step = read_as(env, command, hex, 0);

    assert_int_equal(is_ambiguous, 0);
    return step;
}

static void expect_words(tpmc_env *env, uint32_t command, const char *hex, const char *words)
{
    static blob bytes;
    tpmc_error *err = NULL;

    assert_int_equal(tpmc_error_new(&err), 0);
    set_hex(&bytes, hex);
    expect_failure(read_bytes(env, command, &bytes, 0, err), err, TPMC_ERR_FORMAT, words);
    tpmc_error_free(err);
}

static void expect_refused(tpmc_env *env, uint32_t command, const char *hex)
{
    expect_words(env, command, hex, "its parameters do not have the form of the command's");
}

static void expect_pcr(const tpmc__policy_step *step, tpmc__policy_pcr_known known)
{
    const tpmc__pcr_selection *selection = &step->u.pcr.selection;

    assert_int_equal(step->kind, TPMC__POLICY_PCR);
    assert_int_equal(step->u.pcr.known, known);
    assert_int_equal(selection->count, 1);
    assert_int_equal(selection->banks[0].hash, TPMC__HASH_SHA256);
    assert_int_equal(selection->banks[0].select_len, 3);
    assert_hex(selection->banks[0].select, 3, "000080");
    if (known == TPMC__PCR_DIGEST)
        assert_hex(step->u.pcr.digest.data, step->u.pcr.digest.len, SHA256_OF_11);
    else
        assert_int_equal(step->u.pcr.digest.len, 0);
}

static void pcrs_come_in_two_orders(void **state)
{
    expect_pcr(read_step(*state, 0x17f, "00000001 000b 03 000080" SHA256_OF_11), TPMC__PCR_DIGEST);
    expect_pcr(read_step(*state, 0x17f, "0020" SHA256_OF_11 "00000001 000b 03 000080"),
               TPMC__PCR_DIGEST);
    expect_pcr(read_step(*state, 0x17f, "0000 00000001 000b 03 000080"), TPMC__PCR_NOW);
}

static void pcr_selections_are_kept_as_they_are(void **state)
{
    const tpmc__policy_step *step =
        read_step(*state, 0x17f,
                  "00000004 0004 01 01 000b 02 0002 000c 03 040000 000d 04 80000000" SHA256_OF_11);
    const tpmc__pcr_bank *banks = step->u.pcr.selection.banks;

    assert_int_equal(step->u.pcr.selection.count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(banks[i].select_len, i + 1);
    assert_int_equal(banks[0].hash, TPMC__HASH_SHA1);
    assert_int_equal(banks[3].hash, TPMC__HASH_SHA512);
    assert_hex(banks[1].select, 2, "0002");
    assert_hex(banks[3].select, 4, "80000000");
}

static void pcrs_of_another_form(void **state)
{
    static const char *const wrong[] = {
        "00000000" SHA256_OF_11,                     /* no bank */
        "0020" SHA256_OF_11 "00000000",              /* no bank */
        "00000001 000b 00" SHA256_OF_11,             /* a bank without registers' bytes */
        "00000001 000b 05 0000000001" SHA256_OF_11,  /* more than there are */
        "00000001 000b 03 000080" SHA256_OF_11 "00", /* a longer digest */
        "00000001 000b 03 000080 1111",              /* a shorter one */
        "00000001 000b 03 000080",                   /* none: not in this order */
        "0014 1111111111111111111111111111111111111111"
        "00000001 000b 03 000080", /* of SHA-1 */
        "00000005 0004 01 01 000b 01 01 000c 01 01 000d 01 01 000b 01 01" SHA256_OF_11,
        "ffffffff 000b 03 000080" SHA256_OF_11,
        "0020" SHA256_OF_11 "00000001 000b 03 000080 00",
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        expect_refused(*state, 0x17f, wrong[i]);
}

static void pcrs_of_unknown_banks(void **state)
{
    static const char *const unknown[] = {
        "00000001 1234 03 000080" SHA256_OF_11,
        "00000002 000b 03 000080 1234 03 000080" SHA256_OF_11,
        "0020" SHA256_OF_11 "00000001 1234 03 000080",
        "0000 00000001 1234 03 000080",
    };
    static blob bytes;

    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        tpmc_error *err = NULL;

        assert_int_equal(tpmc_error_new(&err), 0);
        set_hex(&bytes, unknown[i]);
        expect_failure(read_bytes(*state, 0x17f, &bytes, 0, err), err, TPMC_ERR_UNSUPPORTED,
                       "the hash 0x1234, which is not known here");
        tpmc_error_free(err);
    }
}

static void expect_secret(const tpmc__policy_step *step, uint32_t handle, const char *name,
                          const char *policy_ref)
{
    assert_int_equal(step->kind, TPMC__POLICY_SECRET);
    assert_int_equal(step->u.secret.handle, handle);
    assert_hex(step->u.secret.name.data, step->u.secret.name.len, name);
    assert_hex(step->u.secret.policy_ref.data, step->u.secret.policy_ref.len, policy_ref);
}

static void secrets(void **state)
{
    const tpmc__policy_step *step = read_step(*state, 0x151, "4000000b 0004 4000000b");

    expect_secret(step, 0x4000000b, "4000000b", "");
    step = read_step(*state, 0x151, "00000000 0022" NAME_OF_33 "aabbcc");
    expect_secret(step, 0, NAME_OF_33, "aabbcc");
    step = read_as(*state, 0x151, "4000000b 0004 4000000b 0000", 0);
    assert_int_equal(is_ambiguous, 1);
    expect_secret(step, 0x4000000b, "4000000b", "");
    step = read_as(*state, 0x151, "81000001 0022" NAME_OF_33 "0003 aabbcc", 0);
    assert_int_equal(is_ambiguous, 1);
    expect_secret(step, 0x81000001, NAME_OF_33, "aabbcc");
    step = read_as(*state, 0x151, "81000001 0022" NAME_OF_33 "0003 aabbcc", 1);
    assert_int_equal(is_ambiguous, 1);
    expect_secret(step, 0x81000001, NAME_OF_33, "0003aabbcc");
    expect_refused(*state, 0x151, "4000000b");
    expect_refused(*state, 0x151, "4000000b 0005 4000000b");
    expect_refused(*state, 0x151, "4000000b 0043" NAME_OF_33 NAME_OF_33);
}

/* What is as long as a reference can be is not taken with its size. */
static void long_references_of_secrets(void **state)
{
    const tpmc__policy_step *step =
        read_as(*state, 0x151,
                "40000001 0004 40000001 003e" SHA256_OF_11 "2222222222222222222222222222"
                "22222222222222222222222222222222",
                1);

    assert_int_equal(is_ambiguous, 1);
    assert_int_equal(step->u.secret.policy_ref.len, 64);
    step = read_step(*state, 0x151, "40000001 0004 40000001 0040" SHA256_OF_11 SHA256_OF_22);
    assert_int_equal(step->u.secret.policy_ref.len, 64);
    expect_refused(*state, 0x151, "40000001 0004 40000001 0043" SHA256_OF_11 SHA256_OF_22 "333333");
}

static void expect_time(const tpmc__policy_step *step, const char *operand, unsigned offset,
                        unsigned operation)
{
    assert_int_equal(step->kind, TPMC__POLICY_COUNTER_TIMER);
    assert_hex(step->u.counter_timer.operand.data, step->u.counter_timer.operand.len, operand);
    assert_int_equal(step->u.counter_timer.offset, offset);
    assert_int_equal(step->u.counter_timer.operation, operation);
}

static void counters_and_timers(void **state)
{
    expect_time(read_step(*state, 0x16d, "0102030405060708 0008 0003"), "0102030405060708", 8, 3);
    expect_time(read_as(*state, 0x16d, "0008 0102030405060708 0008 0003", 0), "0102030405060708", 8,
                3);
    assert_int_equal(is_ambiguous, 1);
    expect_time(read_as(*state, 0x16d, "0008 0102030405060708 0008 0003", 1),
                "00080102030405060708", 8, 3);
    /* With its size it would reach beyond the time information. */
    expect_time(read_step(*state, 0x16d, "0008 0102030405060708 0010 0003"), "0102030405060708", 16,
                3);
    expect_refused(*state, 0x16d, "0008 0003");
    expect_refused(*state, 0x16d, "08 0003");
    expect_refused(*state, 0x16d, SHA256_OF_11 SHA256_OF_11 "111111 0008 0003");
}

static void digests_with_and_without_size(void **state)
{
    static const struct {
        uint32_t command;
        tpmc__policy_kind kind;
    } kinds[] = {
        { 0x16e, TPMC__POLICY_CP_HASH },
        { 0x170, TPMC__POLICY_NAME_HASH },
        { 0x190, TPMC__POLICY_TEMPLATE },
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const tpmc__policy_step *step = read_step(*state, kinds[i].command, SHA256_OF_22);

        assert_int_equal(step->kind, kinds[i].kind);
        assert_hex(step->u.digest.data, step->u.digest.len, SHA256_OF_22);
        step = read_step(*state, kinds[i].command, "0020" SHA256_OF_22);
        assert_int_equal(step->kind, kinds[i].kind);
        assert_hex(step->u.digest.data, step->u.digest.len, SHA256_OF_22);
        expect_refused(*state, kinds[i].command, "");
        expect_words(*state, kinds[i].command, "0000", "it has a digest of 0 bytes");
        expect_words(*state, kinds[i].command, "0014 1111111111111111111111111111111111111111",
                     "it has a digest of 20 bytes, and the key's policy is one of sha256");
        expect_refused(*state, kinds[i].command, "0020" SHA256_OF_22 "00");
        expect_refused(*state, kinds[i].command, "0021" SHA256_OF_22);
    }
}

static void steps_without_parameters(void **state)
{
    static const struct {
        uint32_t command;
        tpmc__policy_kind kind;
    } kinds[] = {
        { 0x16b, TPMC__POLICY_AUTH_VALUE },
        { 0x18c, TPMC__POLICY_PASSWORD },
        { 0x187, TPMC__POLICY_PHYSICAL_PRESENCE },
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        assert_int_equal(read_step(*state, kinds[i].command, "")->kind, kinds[i].kind);
        expect_refused(*state, kinds[i].command, "00");
    }
}

static void numbers(void **state)
{
    assert_int_equal(read_step(*state, 0x16f, "1e")->u.locality, 30);
    expect_refused(*state, 0x16f, "");
    expect_refused(*state, 0x16f, "1e00");
    assert_int_equal(read_step(*state, 0x16c, "0000015d")->u.command_code, 0x15d);
    expect_refused(*state, 0x16c, "00015d");
    expect_refused(*state, 0x16c, "0000015d00");
    assert_int_equal(read_step(*state, 0x18f, "01")->u.nv_written, 1);
    assert_int_equal(read_step(*state, 0x18f, "00")->u.nv_written, 0);
    expect_refused(*state, 0x18f, "02");
    expect_refused(*state, 0x18f, "");
    expect_refused(*state, 0x18f, "0100");
}

static void duplication(void **state)
{
    const tpmc__policy_step *step =
        read_step(*state, 0x188, "0022" NAME_OF_33 "0022" NAME_OF_33 "01");

    assert_int_equal(step->u.duplication.include_object, 1);
    assert_hex(step->u.duplication.object_name.data, step->u.duplication.object_name.len,
               NAME_OF_33);
    step = read_step(*state, 0x188, "0000 0022" NAME_OF_33 "00");
    assert_int_equal(step->u.duplication.include_object, 0);
    assert_int_equal(step->u.duplication.object_name.len, 0);
    assert_hex(step->u.duplication.new_parent_name.data, step->u.duplication.new_parent_name.len,
               NAME_OF_33);
    expect_refused(*state, 0x188, "0000 0022" NAME_OF_33);
    expect_refused(*state, 0x188, "0000 0022" NAME_OF_33 "02");
    expect_refused(*state, 0x188, "0000 0022" NAME_OF_33 "0000");
}

static void branches_are_unknown_but_for_their_digests(void **state)
{
    const tpmc__policy_step *step =
        read_step(*state, 0x171, "00000002 0020" SHA256_OF_11 "0020" SHA256_OF_22);

    assert_int_equal(step->kind, TPMC__POLICY_OR);
    assert_int_equal(step->u.or.count, 2);
    assert_int_equal(step->u.or.branches[1].is_unknown, 1);
    assert_hex(step->u.or.branches[1].digest.data, step->u.or.branches[1].digest.len, SHA256_OF_22);
    expect_words(*state, 0x171, "00000001 0020" SHA256_OF_11,
                 "it has 1 branches, and a PolicyOR has 2 to 8");
    expect_words(*state, 0x171, "00000009 0020" SHA256_OF_11 "0020" SHA256_OF_22,
                 "it has 9 branches, and a PolicyOR has 2 to 8");
    expect_refused(*state, 0x171, "00000002 0020" SHA256_OF_11);
    expect_refused(*state, 0x171, "00000002 0020" SHA256_OF_11 "0020" SHA256_OF_22 "00");
    expect_words(*state, 0x171,
                 "00000002 0020" SHA256_OF_11 "0014 2222222222222222222222222222222222222222",
                 "it has a digest of 20 bytes, and the key's policy is one of sha256");
}

static void authorize_brings_its_key_and_signature(void **state)
{
    static blob bytes;
    const tpmc__policy_signer *signer = NULL;

    set_hex(&bytes, ecc_public_hex);
    add_hex(&bytes, "0003 726566 0010");
    assert_int_equal(read_bytes(*state, 0x16a, &bytes, 0, NULL), 0);
    signer = &steps.items[0].u.authorize.key;
    assert_int_equal(steps.items[0].kind, TPMC__POLICY_AUTHORIZE);
    assert_int_equal(signer->has_public, 1);
    assert_hex(signer->name.data, signer->name.len, ecc_name_hex);
    assert_hex(signer->policy_ref.data, signer->policy_ref.len, "726566");
    assert_int_equal(signature.len, 2);
}

/* No prefix of the parameters passes for all of them, but for the signature, which nobody needs
 * before it is verified. */
static void authorize_cut_short(void **state)
{
    static blob bytes;
    static blob part;

    set_hex(&bytes, ecc_public_hex);
    add_hex(&bytes, "0003 726566");
    for (size_t len = 0; len < bytes.len; len++) {
        int status = 0;

        set_hex(&part, "");
        add_bytes(&part, bytes.data, len);
        status = read_bytes(*state, 0x16a, &part, 0, NULL);
        assert_true(status == TPMC_ERR_FORMAT || status == TPMC_ERR_UNSUPPORTED);
    }
}

static void what_a_file_does_not_say_in_full(void **state)
{
    static const struct {
        uint32_t command;
        const char *name;
    } kinds[] = {
        { 0x149, "PolicyNV" },
        { 0x160, "PolicySigned" },
        { 0x192, "PolicyAuthorizeNV" },
    };
    static blob bytes;
    tpmc_error *err = NULL;

    assert_int_equal(tpmc_error_new(&err), 0);
    set_hex(&bytes, "0000");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        int status = read_bytes(*state, kinds[i].command, &bytes, 0, err);

        expect_failure(status, err, TPMC_ERR_UNSUPPORTED, kinds[i].name);
        expect_failure(status, err, TPMC_ERR_UNSUPPORTED, "'policy_file'");
    }
    expect_failure(read_bytes(*state, 0x15d, &bytes, 0, err), err, TPMC_ERR_UNSUPPORTED,
                   "unsupported policy command 0x15d");
    tpmc_error_free(err);
}

static void commands_of_kinds(void **state)
{
    (void)state;
    assert_int_equal(tpmc__policy_file_command(TPMC__POLICY_PCR), 0x17f);
    assert_int_equal(tpmc__policy_file_command(TPMC__POLICY_OR), 0x171);
    assert_int_equal(tpmc__policy_file_command(TPMC__POLICY_ACTION), 0);
}

static int teardown(void **state)
{
    tpmc__policy_free_steps(&steps);
    return teardown_env(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pcrs_come_in_two_orders),
        cmocka_unit_test(pcr_selections_are_kept_as_they_are),
        cmocka_unit_test(pcrs_of_another_form),
        cmocka_unit_test(pcrs_of_unknown_banks),
        cmocka_unit_test(secrets),
        cmocka_unit_test(long_references_of_secrets),
        cmocka_unit_test(counters_and_timers),
        cmocka_unit_test(digests_with_and_without_size),
        cmocka_unit_test(steps_without_parameters),
        cmocka_unit_test(numbers),
        cmocka_unit_test(duplication),
        cmocka_unit_test(branches_are_unknown_but_for_their_digests),
        cmocka_unit_test(authorize_brings_its_key_and_signature),
        cmocka_unit_test(authorize_cut_short),
        cmocka_unit_test(what_a_file_does_not_say_in_full),
        cmocka_unit_test(commands_of_kinds),
    };

    return cmocka_run_group_tests(tests, setup_env, teardown);
}
