/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/policy_file_fixture.h"

#include "unit/codec_env.h"
#include "unit/keyfile_data.h"

#include <stdio.h>

#define NAME_OF_33 "000b3333333333333333333333333333333333333333333333333333333333333333"

static tpmc__policy_steps steps;

static int put(tpmc_env *env, uint16_t hash, tpmc__buf *out, tpmc_error *err)
{
    tpmc__policy_bytes start;

    tpmc__policy_digest_start(hash, &start);
    tpmc__buf_init(out, TPMC__KEYFILE_STEP_MAX);
    return tpmc__policy_file_put_step(env, &steps.items[steps.count - 1], hash, &start, out, err);
}

/* The last step has these parameters; it is gone then. */
static void expect_put(tpmc_env *env, const char *hex)
{
    tpmc__buf out;

    assert_int_equal(put(env, TPMC__HASH_SHA256, &out, NULL), 0);
    assert_hex(out.data, out.len, hex);
    tpmc__buf_free(&out);
    tpmc__policy_drop_last(&steps);
}

static void expect_refused(tpmc_env *env, int code, const char *words)
{
    tpmc_error *err = NULL;
    tpmc__buf out;

    assert_int_equal(tpmc_error_new(&err), 0);
    expect_failure(put(env, TPMC__HASH_SHA256, &out, err), err, code, words);
    tpmc__buf_free(&out);
    tpmc_error_free(err);
    tpmc__policy_drop_last(&steps);
}

static void set_bytes(tpmc__policy_bytes *out, const char *hex)
{
    static blob bytes;

    set_hex(&bytes, hex);
    assert_int_equal(tpmc__policy_bytes_set(out, bytes.data, bytes.len), 0);
}

static void pcrs_put_their_selection_first(void **state)
{
    tpmc__policy_step *step = make_step(&steps, TPMC__POLICY_PCR);

    step->u.pcr.known = TPMC__PCR_DIGEST;
    step->u.pcr.selection.count = 2;
    step->u.pcr.selection.banks[0].hash = TPMC__HASH_SHA1;
    step->u.pcr.selection.banks[0].select_len = 3;
    step->u.pcr.selection.banks[0].select[2] = 0x80;
    step->u.pcr.selection.banks[1].hash = TPMC__HASH_SHA256;
    step->u.pcr.selection.banks[1].select_len = 4;
    step->u.pcr.selection.banks[1].select[0] = 1;
    set_bytes(&step->u.pcr.digest, SHA256_OF_11);
    expect_put(*state, "00000002 0004 03 000080 000b 04 01000000" SHA256_OF_11);
    /* The digest over one register of zeros. */
    make_pcr(&steps, 23, 0);
    expect_put(*state, "00000001 000b 03 000080"
                       "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925");
}

static void secrets_put_the_size_of_their_reference(void **state)
{
    make_owner_secret(&steps);
    expect_put(*state, "40000001 0004 40000001 0000");
    make_owner_secret(&steps);
    set_bytes(&steps.items[0].u.secret.policy_ref, "726566");
    expect_put(*state, "40000001 0004 40000001 0003 726566");
}

static void the_others_put_what_the_command_has(void **state)
{
    tpmc__policy_step *step = make_step(&steps, TPMC__POLICY_COUNTER_TIMER);

    set_bytes(&step->u.counter_timer.operand, "0102030405060708");
    step->u.counter_timer.offset = 8;
    step->u.counter_timer.operation = 3;
    expect_put(*state, "0102030405060708 0008 0003");
    make_locality(&steps, 30);
    expect_put(*state, "1e");
    make_command_code(&steps, 0x15d);
    expect_put(*state, "0000015d");
    step = make_step(&steps, TPMC__POLICY_CP_HASH);
    set_bytes(&step->u.digest, SHA256_OF_22);
    expect_put(*state, "0020" SHA256_OF_22);
    make_step(&steps, TPMC__POLICY_NV_WRITTEN)->u.nv_written = 1;
    expect_put(*state, "01");
    make_step(&steps, TPMC__POLICY_AUTH_VALUE);
    expect_put(*state, "");
    make_step(&steps, TPMC__POLICY_PASSWORD);
    expect_put(*state, "");
    make_step(&steps, TPMC__POLICY_PHYSICAL_PRESENCE);
    expect_put(*state, "");
    step = make_step(&steps, TPMC__POLICY_DUPLICATION_SELECT);
    set_bytes(&step->u.duplication.new_parent_name, NAME_OF_33);
    expect_put(*state, "0000 0022" NAME_OF_33 "00");
}

static void branches_put_their_digests(void **state)
{
    tpmc__policy_step *step = make_or(&steps, 2);

    step->u.or.branches[0].is_unknown = 1;
    set_bytes(&step->u.or.branches[0].digest, SHA256_OF_11);
    make_step(branch_of(step, 1), TPMC__POLICY_AUTH_VALUE);
    expect_put(*state, "00000002 0020" SHA256_OF_11 "0020"
                       "8fcd2169ab92694e0c633f1ab772842b8241bbc20288981fc7ac1eddc1fddb0e");
}

static void authorize_puts_its_key_without_a_signature(void **state)
{
    static char expected[4096];
    tpmc__policy_step *step = make_step(&steps, TPMC__POLICY_AUTHORIZE);

    plain_signer(*state, ecc_public_hex, "ref", &step->u.authorize.key);
    snprintf(expected, sizeof(expected), "%s0003726566", ecc_public_hex);
    expect_put(*state, expected);
}

static void what_cannot_be_put(void **state)
{
    tpmc__policy_step *step = NULL;

    make_step(&steps, TPMC__POLICY_NV);
    expect_refused(*state, TPMC_ERR_UNSUPPORTED, "key files have no words for the step PolicyNV");
    make_step(&steps, TPMC__POLICY_SIGNED);
    expect_refused(*state, TPMC_ERR_UNSUPPORTED, "PolicySigned");
    make_step(&steps, TPMC__POLICY_AUTHORIZE_NV);
    expect_refused(*state, TPMC_ERR_UNSUPPORTED, "PolicyAuthorizeNV");
    make_step(&steps, TPMC__POLICY_AUTHORIZE);
    expect_refused(*state, TPMC_ERR_UNSUPPORTED, "only its Name");
    step = make_step(&steps, TPMC__POLICY_SECRET);
    step->u.secret.handle = 0x81000001;
    expect_refused(*state, TPMC_ERR_STATE, "Name of the object");
    make_pcr(&steps, 1, 0)->u.pcr.known = TPMC__PCR_NOW;
    expect_refused(*state, TPMC_ERR_STATE, "registers");
    step = make_step(&steps, TPMC__POLICY_PCR);
    step->u.pcr.known = TPMC__PCR_DIGEST;
    step->u.pcr.digest.len = 20;
    expect_refused(*state, TPMC_ERR_POLICY, "20 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pcrs_put_their_selection_first),
        cmocka_unit_test(secrets_put_the_size_of_their_reference),
        cmocka_unit_test(the_others_put_what_the_command_has),
        cmocka_unit_test(branches_put_their_digests),
        cmocka_unit_test(authorize_puts_its_key_without_a_signature),
        cmocka_unit_test(what_cannot_be_put),
    };

    return cmocka_run_group_tests(tests, setup_env, teardown_env);
}
