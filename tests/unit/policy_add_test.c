/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <stdlib.h>

#include "policy/policy_int.h"
#include "unit/codec_env.h"
#include "unit/each_allocation.h"

/* The public area of an ECDSA key on P-256. */
static const uint8_t public_key[] = {
    0x00, 0x58, 0x00, 0x23, 0x00, 0x0b, 0x00, 0x04, 0x00, 0x40, 0x00, 0x00, 0x00, 0x10, 0x00,
    0x18, 0x00, 0x0b, 0x00, 0x03, 0x00, 0x10, 0x00, 0x20, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c,
    0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d,
    0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x00, 0x20, 0x4f, 0xe3,
    0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b,
    0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
};
/* ECDSA and SHA-256, r and s of one byte. */
static const uint8_t signature[] = { 0x00, 0x18, 0x00, 0x0b, 0x00, 0x01, 0x01, 0x00, 0x01, 0x01 };
static const uint8_t name_sha256[34] = { 0x00, 0x0b, 7 };

typedef struct fixture {
    tpmc_env *env;
    tpmc_error *err;
    tpmc_policy *policy;
    tpmc_policy *inner;
    tpmc_policy *other;
} fixture;

static int setup(void **state)
{
    fixture *f = calloc(1, sizeof(*f));

    *state = f;
    if (f == NULL || setup_env((void **)&f->env) != 0 || tpmc_error_new(&f->err) != 0 ||
        tpmc_policy_new(f->env, &f->policy, f->err) != 0 ||
        tpmc_policy_new(f->env, &f->inner, f->err) != 0)
        return -1;
    return tpmc_policy_new(f->env, &f->other, f->err);
}

static int teardown(void **state)
{
    fixture *f = *state;

    tpmc_policy_free(f->other);
    tpmc_policy_free(f->inner);
    tpmc_policy_free(f->policy);
    tpmc_error_free(f->err);
    tpmc_env_free(f->env);
    free(f);
    return 0;
}

static const tpmc__policy_step *last_step(const fixture *f, size_t count)
{
    assert_int_equal(f->policy->document.steps.count, count);
    return &f->policy->document.steps.items[count - 1];
}

/* Nothing was added, and the code is that of a wrong parameter. */
static void refused(fixture *f, int status, const char *words)
{
    expect_failure(status, f->err, TPMC_ERR_ARGUMENT, words);
    assert_int_equal(f->policy->document.steps.count, 0);
}

static void added(fixture *f, int status, tpmc__policy_kind kind)
{
    expect_success(status, f->err);
    assert_int_equal(last_step(f, f->policy->document.steps.count)->kind, kind);
}

static void every_kind(void **state)
{
    fixture *f = *state;
    tpmc_policy *p = f->policy;
    uint8_t digest[32] = { 1 };

    added(f, tpmc_policy_add_auth_value(p, f->err), TPMC__POLICY_AUTH_VALUE);
    added(f, tpmc_policy_add_password(p, f->err), TPMC__POLICY_PASSWORD);
    added(f, tpmc_policy_add_physical_presence(p, f->err), TPMC__POLICY_PHYSICAL_PRESENCE);
    added(f, tpmc_policy_add_command_code(p, 0x15d, f->err), TPMC__POLICY_COMMAND_CODE);
    assert_int_equal(last_step(f, 4)->u.command_code, 0x15d);
    added(f, tpmc_policy_add_locality(p, 255, f->err), TPMC__POLICY_LOCALITY);
    assert_int_equal(last_step(f, 5)->u.locality, 255);
    added(f, tpmc_policy_add_name_hash(p, digest, 32, f->err), TPMC__POLICY_NAME_HASH);
    added(f, tpmc_policy_add_cp_hash(p, digest, 20, f->err), TPMC__POLICY_CP_HASH);
    added(f, tpmc_policy_add_template(p, digest, 32, f->err), TPMC__POLICY_TEMPLATE);
    assert_int_equal(last_step(f, 8)->u.digest.len, 32);
    added(f, tpmc_policy_add_nv_written(p, 1, f->err), TPMC__POLICY_NV_WRITTEN);
    assert_int_equal(last_step(f, 9)->u.nv_written, 1);
    added(f, tpmc_policy_add_action(p, "ring", f->err), TPMC__POLICY_ACTION);
    assert_string_equal(last_step(f, 10)->u.action, "ring");
    added(f, tpmc_policy_add_nv(p, 0x01000002, "abcd", 4, 2047, TPMC_OPERATION_BITCLEAR, f->err),
          TPMC__POLICY_NV);
    assert_int_equal(last_step(f, 11)->u.nv.offset, 2047);
    assert_int_equal(last_step(f, 11)->u.nv.operation, 11);
    assert_int_equal(last_step(f, 11)->u.nv.operand.len, 4);
    added(f, tpmc_policy_add_counter_timer(p, "x", 1, 24, TPMC_OPERATION_EQ, f->err),
          TPMC__POLICY_COUNTER_TIMER);
    added(f, tpmc_policy_add_signed(p, public_key, sizeof(public_key), "ref", 3, "ceo", f->err),
          TPMC__POLICY_SIGNED);
    assert_string_equal(last_step(f, 13)->u.signed_by.hint, "ceo");
    assert_int_equal(last_step(f, 13)->u.signed_by.key.policy_ref.len, 3);
}

static void registers(void **state)
{
    fixture *f = *state;
    uint8_t values[20 + 32 + 32] = { 1 };
    const tpmc__policy_step *step = NULL;

    values[20] = 2;
    values[52] = 3;
    refused(f, tpmc_policy_add_pcr(f->policy, NULL, NULL, 0, f->err), "'selection'");
    refused(f, tpmc_policy_add_pcr(f->policy, "24", NULL, 0, f->err), "only 0 to 23");
    refused(f, tpmc_policy_add_pcr(f->policy, "1", NULL, 32, f->err), "'values'");
    refused(f, tpmc_policy_add_pcr(f->policy, "1", values, 0, f->err), "'values'");
    refused(f, tpmc_policy_add_pcr(f->policy, "1,2", values, 63, f->err),
            "63 bytes, and the registers have 64");
    refused(f, tpmc_policy_add_pcr(f->policy, "1", values, 64, f->err), "the registers have 32");
    expect_success(tpmc_policy_add_pcr(f->policy, "sha1:9+23,0", values, sizeof(values), f->err),
                   f->err);
    step = last_step(f, 1);
    assert_int_equal(step->u.pcr.known, TPMC__PCR_VALUES);
    assert_int_equal(step->u.pcr.value_count, 3);
    assert_int_equal(step->u.pcr.values[0].hash, TPMC__HASH_SHA1);
    assert_int_equal(step->u.pcr.values[0].pcr, 9);
    assert_int_equal(step->u.pcr.values[0].value[0], 1);
    assert_int_equal(step->u.pcr.values[1].pcr, 0);
    assert_int_equal(step->u.pcr.values[1].value[0], 2);
    assert_int_equal(step->u.pcr.values[2].pcr, 23);
    assert_int_equal(step->u.pcr.values[2].value[0], 3);
    expect_success(tpmc_policy_add_pcr(f->policy, "7", NULL, 0, f->err), f->err);
    assert_int_equal(last_step(f, 2)->u.pcr.known, TPMC__PCR_NOW);
}

static void secrets(void **state)
{
    static const uint8_t owner[] = { 0x40, 0, 0, 1 };
    static const uint8_t nothing[] = { 0x40, 0, 0, 7 };
    fixture *f = *state;
    tpmc_policy *p = f->policy;
    char reference[65] = { 0 };

    refused(f, tpmc_policy_add_secret(p, 0, NULL, 0, NULL, 0, f->err), "names no object");
    refused(f, tpmc_policy_add_secret(p, 0x80000001, NULL, 0, NULL, 0, f->err), "0x80000001");
    refused(f, tpmc_policy_add_secret(p, 0x40000007, NULL, 0, NULL, 0, f->err), "no hierarchy");
    refused(f, tpmc_policy_add_secret(p, 0, nothing, 4, NULL, 0, f->err), "four bytes");
    refused(f, tpmc_policy_add_secret(p, 0x4000000b, owner, 4, NULL, 0, f->err), "four bytes");
    refused(f, tpmc_policy_add_secret(p, 0x40000001, name_sha256, 34, NULL, 0, f->err),
            "which is its handle");
    refused(f, tpmc_policy_add_secret(p, 0x81000001, name_sha256, 33, NULL, 0, f->err), "Name");
    refused(f, tpmc_policy_add_secret(p, 0x81000001, name_sha256, 67, NULL, 0, f->err), "Name");
    refused(f, tpmc_policy_add_secret(p, 0x81000001, NULL, 34, NULL, 0, f->err), "'name'");
    refused(f, tpmc_policy_add_secret(p, 0x40000001, NULL, 0, reference, 65, f->err), "0 to 64");
    refused(f, tpmc_policy_add_secret(p, 0x40000001, NULL, 0, NULL, 1, f->err), "'policy_ref'");
    expect_success(tpmc_policy_add_secret(p, 0x40000001, NULL, 0, reference, 64, f->err), f->err);
    assert_int_equal(last_step(f, 1)->u.secret.name.len, 4);
    assert_memory_equal(last_step(f, 1)->u.secret.name.data, owner, 4);
    expect_success(tpmc_policy_add_secret(p, 0, owner, 4, NULL, 0, f->err), f->err);
    assert_int_equal(last_step(f, 2)->u.secret.handle, 0x40000001);
    expect_success(tpmc_policy_add_secret(p, 0x81000001, NULL, 0, NULL, 0, f->err), f->err);
    assert_int_equal(last_step(f, 3)->u.secret.name.len, 0);
    expect_success(tpmc_policy_add_secret(p, 0x01000001, name_sha256, 34, NULL, 0, f->err), f->err);
}

static void refused_values(void **state)
{
    fixture *f = *state;
    tpmc_policy *p = f->policy;
    char text[257];

    memset(text, 'x', sizeof(text));
    text[256] = '\0';
    refused(f, tpmc_policy_add_auth_value(NULL, f->err), "'policy'");
    refused(f, tpmc_policy_add_locality(p, 0, f->err), "'locality'");
    refused(f, tpmc_policy_add_locality(p, 256, f->err), "'locality'");
    refused(f, tpmc_policy_add_locality(p, -1, f->err), "'locality'");
    refused(f, tpmc_policy_add_nv_written(p, 2, f->err), "'written'");
    refused(f, tpmc_policy_add_command_code(p, 0, f->err), "no command's");
    refused(f, tpmc_policy_add_action(p, NULL, f->err), "'action'");
    refused(f, tpmc_policy_add_action(p, "", f->err), "'action'");
    refused(f, tpmc_policy_add_action(p, text, f->err), "longer than 255");
    refused(f, tpmc_policy_add_action(p, "\xff", f->err), "UTF-8");
    refused(f, tpmc_policy_add_cp_hash(p, NULL, 32, f->err), "'digest'");
    refused(f, tpmc_policy_add_cp_hash(p, text, 0, f->err), "'digest'");
    refused(f, tpmc_policy_add_cp_hash(p, text, 31, f->err), "20, 32, 48 or 64");
    refused(f, tpmc_policy_add_template(p, text, 65, f->err), "'digest'");
    refused(f, tpmc_policy_add_nv(p, 0x02000000, "a", 1, 0, 0, f->err), "NV index");
    refused(f, tpmc_policy_add_nv(p, 0x01000000, NULL, 1, 0, 0, f->err), "'operand'");
    refused(f, tpmc_policy_add_nv(p, 0x01000000, "", 0, 0, 0, f->err), "1 to 64");
    refused(f, tpmc_policy_add_nv(p, 0x01000000, text, 65, 0, 0, f->err), "1 to 64");
    refused(f, tpmc_policy_add_nv(p, 0x01000000, "a", 1, -1, 0, f->err), "0 to 2047");
    refused(f, tpmc_policy_add_nv(p, 0x01000000, "a", 1, 2048, 0, f->err), "0 to 2047");
    refused(f, tpmc_policy_add_nv(p, 0x01000000, "a", 1, 0, 12, f->err), "'operation'");
    refused(f, tpmc_policy_add_nv(p, 0x01000000, "a", 1, 0, -1, f->err), "'operation'");
    refused(f, tpmc_policy_add_counter_timer(p, text, 26, 0, 0, f->err), "1 to 25");
    refused(f, tpmc_policy_add_counter_timer(p, "a", 1, 25, 0, f->err), "0 to 24");
    refused(f, tpmc_policy_add_counter_timer(p, "ab", 2, 24, 0, f->err), "beyond");
    refused(f, tpmc_policy_add_signed(p, NULL, 1, NULL, 0, NULL, f->err), "'public_key'");
    refused(f, tpmc_policy_add_signed(p, text, 4097, NULL, 0, NULL, f->err), "'public_key'");
    refused(f, tpmc_policy_add_authorize(p, public_key, 0, NULL, 0, f->err), "'public_key'");
    refused(f, tpmc_policy_add_signed(p, public_key, sizeof(public_key), text, 65, NULL, f->err),
            "'policy_ref'");
    refused(f, tpmc_policy_add_signed(p, public_key, sizeof(public_key), NULL, 0, text, f->err),
            "'hint'");
}

static void duplication(void **state)
{
    fixture *f = *state;
    tpmc_policy *p = f->policy;
    const uint8_t *n = name_sha256;

    refused(f, tpmc_policy_add_duplication_select(p, NULL, 0, NULL, 0, 0, f->err), "new parent");
    refused(f, tpmc_policy_add_duplication_select(p, NULL, 0, n, 34, 1, f->err), "is missing");
    refused(f, tpmc_policy_add_duplication_select(p, NULL, 0, n, 34, 2, f->err),
            "'include_object'");
    refused(f, tpmc_policy_add_duplication_select(p, n, 33, n, 34, 0, f->err), "object");
    refused(f, tpmc_policy_add_duplication_select(p, n, 0, n, 34, 0, f->err), "'object_name'");
    expect_success(tpmc_policy_add_duplication_select(p, n, 34, n, 34, 0, f->err), f->err);
    assert_int_equal(last_step(f, 1)->u.duplication.object_name.len, 0);
    expect_success(tpmc_policy_add_duplication_select(p, n, 34, n, 34, 1, f->err), f->err);
    assert_int_equal(last_step(f, 2)->u.duplication.object_name.len, 34);
}

static void branches(void **state)
{
    fixture *f = *state;
    tpmc_policy *both[9] = { f->inner, f->other, f->inner, f->inner, f->inner,
                             f->inner, f->inner, f->inner, f->inner };
    tpmc_policy *itself[] = { f->inner, f->policy };
    tpmc_policy *hole[] = { f->inner, NULL };
    const char *names[] = { "a", NULL };
    const char *not_utf8[] = { "\xff", NULL };

    expect_success(tpmc_policy_add_auth_value(f->inner, f->err), f->err);
    refused(f, tpmc_policy_add_or(f->policy, both, names, 2, f->err), "without steps");
    expect_success(tpmc_policy_add_locality(f->other, 1, f->err), f->err);
    refused(f, tpmc_policy_add_or(f->policy, NULL, NULL, 2, f->err), "'branches'");
    refused(f, tpmc_policy_add_or(f->policy, both, NULL, 0, f->err), "2 to 8");
    refused(f, tpmc_policy_add_or(f->policy, both, NULL, 1, f->err), "2 to 8");
    refused(f, tpmc_policy_add_or(f->policy, both, NULL, 9, f->err), "2 to 8");
    refused(f, tpmc_policy_add_or(f->policy, hole, NULL, 2, f->err), "NULL");
    refused(f, tpmc_policy_add_or(f->policy, itself, NULL, 2, f->err), "part of itself");
    refused(f, tpmc_policy_add_or(f->policy, both, not_utf8, 2, f->err), "UTF-8");
    /* What was refused has frozen nothing. */
    expect_success(tpmc_policy_add_locality(f->inner, 2, f->err), f->err);
    expect_success(tpmc_policy_add_or(f->policy, both, names, 2, f->err), f->err);
    assert_string_equal(last_step(f, 1)->u.or.branches[0].name, "a");
    assert_null(last_step(f, 1)->u.or.branches[1].name);
    assert_int_equal(last_step(f, 1)->u.or.branches[0].steps.count, 2);
    expect_failure(tpmc_policy_add_locality(f->inner, 2, f->err), f->err, TPMC_ERR_STATE, "in use");
    expect_failure(tpmc_policy_add_locality(f->other, 2, f->err), f->err, TPMC_ERR_STATE, "in use");
    expect_success(tpmc_policy_add_or(f->policy, both, NULL, 8, f->err), f->err);
    assert_int_equal(last_step(f, 2)->u.or.count, 8);
}

static void policies_do_not_grow_without_end(void **state)
{
    fixture *f = *state;
    tpmc_policy *made[10] = { f->inner };
    tpmc_policy *pair[2];
    int status = 0;

    expect_success(tpmc_policy_add_auth_value(f->inner, f->err), f->err);
    for (size_t i = 1; i < 10; i++) {
        pair[0] = made[i - 1];
        pair[1] = f->inner;
        expect_success(tpmc_policy_new(f->env, &made[i], f->err), f->err);
        status = tpmc_policy_add_or(made[i], pair, NULL, 2, f->err);
        if (i < 9)
            expect_success(status, f->err);
    }
    expect_failure(status, f->err, TPMC_ERR_ARGUMENT, "more than 8 deep");
    assert_int_equal(made[9]->document.steps.count, 0);
    for (size_t i = 1; i < 10; i++)
        tpmc_policy_free(made[i]);
    for (size_t i = 0; i < TPMC__POLICY_MAX_STEPS; i++)
        expect_success(tpmc_policy_add_auth_value(f->policy, f->err), f->err);
    expect_failure(tpmc_policy_add_auth_value(f->policy, f->err), f->err, TPMC_ERR_ARGUMENT,
                   "more than 256 steps");
    assert_int_equal(f->policy->document.steps.count, TPMC__POLICY_MAX_STEPS);
}

static void approved(void **state)
{
    fixture *f = *state;
    uint8_t junk[601] = { 0xff };
    const tpmc__policy_step *step = NULL;

    expect_success(tpmc_policy_add_auth_value(f->inner, f->err), f->err);
    refused(
        f,
        tpmc_policy_add_approved(f->policy, f->inner, NULL, signature, sizeof(signature), f->err),
        "does not begin with a PolicyAuthorize");
    expect_success(
        tpmc_policy_add_authorize(f->policy, public_key, sizeof(public_key), "ref", 3, f->err),
        f->err);
    expect_failure(
        tpmc_policy_add_approved(f->policy, f->policy, NULL, signature, sizeof(signature), f->err),
        f->err, TPMC_ERR_ARGUMENT, "part of itself");
    expect_failure(
        tpmc_policy_add_approved(f->policy, f->other, NULL, signature, sizeof(signature), f->err),
        f->err, TPMC_ERR_ARGUMENT, "without steps");
    expect_failure(tpmc_policy_add_approved(f->policy, f->inner, NULL, NULL, 0, f->err), f->err,
                   TPMC_ERR_ARGUMENT, "brings no signature");
    expect_failure(tpmc_policy_add_approved(f->policy, f->inner, NULL, NULL, 1, f->err), f->err,
                   TPMC_ERR_ARGUMENT, "1 to 600");
    expect_failure(tpmc_policy_add_approved(f->policy, f->inner, NULL, junk, 601, f->err), f->err,
                   TPMC_ERR_ARGUMENT, "1 to 600");
    assert_int_equal(tpmc_policy_add_approved(f->policy, f->inner, NULL, junk, 20, f->err),
                     TPMC_ERR_FORMAT);
    step = last_step(f, 1);
    assert_int_equal(step->u.authorize.count, 0);
    expect_success(tpmc_policy_add_locality(f->inner, 1, f->err), f->err);
    expect_success(tpmc_policy_add_approved(f->policy, f->inner, "update", signature,
                                            sizeof(signature), f->err),
                   f->err);
    assert_int_equal(step->u.authorize.count, 1);
    assert_string_equal(step->u.authorize.approved[0].name, "update");
    assert_int_equal(step->u.authorize.approved[0].steps.count, 2);
    assert_memory_equal(step->u.authorize.approved[0].signature, signature, sizeof(signature));
    expect_failure(tpmc_policy_add_locality(f->inner, 1, f->err), f->err, TPMC_ERR_STATE, "in use");
    /* Only the first step may undo others. */
    expect_failure(
        tpmc_policy_add_authorize(f->policy, public_key, sizeof(public_key), NULL, 0, f->err),
        f->err, TPMC_ERR_ARGUMENT, "must be the first step");
}

static void approved_by_an_index(void **state)
{
    fixture *f = *state;
    tpmc_policy *list[] = { f->inner };

    expect_success(tpmc_policy_add_auth_value(f->inner, f->err), f->err);
    refused(f, tpmc_policy_add_authorize_nv(f->policy, 0x01000001, NULL, 0, list, 0, f->err),
            "1 to 8");
    refused(f, tpmc_policy_add_authorize_nv(f->policy, 0x01000001, NULL, 0, NULL, 1, f->err),
            "'approved'");
    refused(f, tpmc_policy_add_authorize_nv(f->policy, 0x81000001, NULL, 0, list, 1, f->err),
            "NV index");
    refused(f, tpmc_policy_add_authorize_nv(f->policy, 0x01000001, name_sha256, 4, list, 1, f->err),
            "Name");
    expect_success(
        tpmc_policy_add_authorize_nv(f->policy, 0x01000001, name_sha256, 34, list, 1, f->err),
        f->err);
    assert_int_equal(last_step(f, 1)->u.authorize_nv.count, 1);
    assert_int_equal(last_step(f, 1)->u.authorize_nv.name.len, 34);
}

/* One call of each kind that allocates; a failing one changes nothing. */
static int attempt_add(void *context)
{
    fixture *f = context;
    tpmc_policy *pair[] = { f->inner, f->inner };
    const char *names[] = { "a", "b" };
    size_t count = f->policy->document.steps.count;
    int status = 0;

    status = tpmc_policy_add_pcr(f->policy, "sha1:1", "01234567890123456789", 20, f->err);
    if (status == 0)
        status = tpmc_policy_add_action(f->policy, "ring", f->err);
    if (status == 0)
        status = tpmc_policy_add_or(f->policy, pair, names, 2, f->err);
    while (f->policy->document.steps.count > count)
        tpmc__policy_drop_last(&f->policy->document.steps);
    if (status == 0)
        status = tpmc_policy_add_authorize_nv(f->policy, 0x01000001, NULL, 0, pair, 2, f->err);
    assert_int_equal(f->policy->document.steps.count, status == 0 ? count + 1 : count);
    if (status == 0)
        tpmc__policy_drop_last(&f->policy->document.steps);
    return status;
}

static void every_allocation_fails_once(void **state)
{
    fixture *f = *state;

    expect_success(tpmc_policy_add_auth_value(f->inner, f->err), f->err);
    assert_true(each_allocation(attempt_add, f, TPMC_ERR_NOMEM) >= 13);
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(every_kind),
        IN_FIXTURE(registers),
        IN_FIXTURE(secrets),
        IN_FIXTURE(refused_values),
        IN_FIXTURE(duplication),
        IN_FIXTURE(branches),
        IN_FIXTURE(policies_do_not_grow_without_end),
        IN_FIXTURE(approved),
        IN_FIXTURE(approved_by_an_index),
        IN_FIXTURE(every_allocation_fails_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
