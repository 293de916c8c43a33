/* SPDX-License-Identifier: Apache-2.0 */

/* Ways through policies, run on policy sessions of a TPM. */

#include <openssl/evp.h>

#include "policy/policy_run.h"
#include "support/check.h"
#include "support/tcti_libtpms.h"
#include "support/tpm_fixture.h"
#include "support/tpm_other.h"
#include "tpm/hierarchy.h"
#include "unit/each_allocation.h"
#include "unit/policy_maker.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CC_SIGN 0x0000015du
#define INDEX 0x01000002u
#define OBJECT 0x81000005u
#define INDEX_READ (TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE | TPMA_NV_OWNERWRITE | TPMA_NV_NO_DA)
#define CANARY "Canary1!of an entity"
#define SEQUENCE_MAX 600

struct bench {
    fixture f;
    tpmc__policy_steps steps;
    tpmc__policy_paths paths;
    tpmc_policy answers;
    uint16_t hash;
    char sequence[SEQUENCE_MAX]; /* of the last run, after the session was started */
};

static int setup(void **state)
{
    struct bench *b = tpmc__mem_new(1, sizeof(*b));

    assert_non_null(b);
    *state = b;
    fixture_open(&b->f, 0);
    b->hash = TPMC__HASH_SHA256;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;

    for (size_t i = 0; i < b->answers.password_count; i++)
        tpmc__secret_clear(&b->answers.passwords[i].password);
    tpmc__policy_paths_free(&b->paths);
    tpmc__policy_free_steps(&b->steps);
    fixture_reconnect(&b->f);
    assert_true(fixture_holds_only_others(&b->f));
    fixture_close(&b->f);
    tpmc__mem_free(b);
    return 0;
}

static void set_password(struct bench *b, uint32_t handle, const char *password)
{
    tpmc__policy_password *out = &b->answers.passwords[b->answers.password_count++];

    out->handle = handle;
    out->refused = 0;
    assert_int_equal(tpmc__secret_set(&out->password, password, strlen(password), NULL), 0);
}

static void forget_passwords(struct bench *b)
{
    while (b->answers.password_count > 0)
        tpmc__secret_clear(&b->answers.passwords[--b->answers.password_count].password);
}

static void find(struct bench *b, uint32_t command)
{
    tpmc__error_clear(b->f.err);
    tpmc__policy_paths_free(&b->paths);
    expect_success(
        tpmc__policy_paths_find(b->f.env, &b->steps, b->hash, command, &b->paths, b->f.err),
        b->f.err);
}

static void begin(struct bench *b)
{
    tpmc__error_clear(b->f.err);
    expect_success(tpmc__tpm_begin(b->f.tpm, b->f.err), b->f.err);
}

/* The session must stand where the policy leads to. */
static void expect_digest(struct bench *b)
{
    TPM2B_DIGEST *digest = NULL;
    tpmc__policy_bytes expected;

    expect_success(tpmc__policy_digest(b->f.env, &b->steps, b->hash, NULL, &expected, b->f.err),
                   b->f.err);
    assert_int_equal(Esys_PolicyGetDigest(b->f.tpm->esys, b->f.tpm->policy.tr, ESYS_TR_NONE,
                                          ESYS_TR_NONE, ESYS_TR_NONE, &digest),
                     0);
    assert_int_equal(digest->size, expected.len);
    assert_memory_equal(digest->buffer, expected.data, expected.len);
    Esys_Free(digest);
    (void)tpmc__guard_take_outcome(&b->f.tpm->guard);
}

/* Runs one of the ways that were found. */
static int run_path(struct bench *b, size_t i)
{
    int status = 0;
    size_t first = 0;

    begin(b);
    expect_success(tpmc__session_policy(b->f.tpm, NULL, b->hash, 0, b->f.err), b->f.err);
    first = tap_count(b->f.tap);
    status = tpmc__policy_path_run(b->f.tpm, &b->paths.items[i], b->hash, &b->answers,
                                   b->f.tpm->policy.tr, b->f.err);
    tap_sequence(b->f.tap, first, b->sequence, sizeof(b->sequence));
    if (status == 0)
        expect_digest(b);
    tpmc__session_policy_end(b->f.tpm);
    tpmc__tpm_end(b->f.tpm);
    return status;
}

static int run(struct bench *b)
{
    find(b, 0);
    return run_path(b, 0);
}

static void expect_run(struct bench *b, const char *sequence)
{
    expect_success(run(b), b->f.err);
    assert_string_equal(b->sequence, sequence);
}

static void expect_refused(struct bench *b, const char *words)
{
    int status = run(b);

    expect_failure(status, b->f.err, TPMC_ERR_POLICY, "step ");
    assert_true(fixture_error_says(&b->f, words));
}

static tpmc__policy_step *make_clock(tpmc__policy_steps *steps, uint8_t operand, uint16_t offset,
                                     uint16_t operation)
{
    tpmc__policy_step *step = make_step(steps, TPMC__POLICY_COUNTER_TIMER);

    assert_int_equal(tpmc__policy_bytes_set(&step->u.counter_timer.operand, &operand, 1), 0);
    step->u.counter_timer.offset = offset;
    step->u.counter_timer.operation = operation;
    return step;
}

static void fill_plain(tpmc__policy_step *step)
{
    static const uint8_t name[34] = { 0, 0x0b, 1, 2, 3 };

    switch (step->kind) {
    case TPMC__POLICY_LOCALITY:
        step->u.locality = 1;
        break;
    case TPMC__POLICY_COMMAND_CODE:
        step->u.command_code = CC_SIGN;
        break;
    case TPMC__POLICY_CP_HASH:
    case TPMC__POLICY_NAME_HASH:
    case TPMC__POLICY_TEMPLATE:
        step->u.digest.len = 32;
        step->u.digest.data[0] = 0x77;
        break;
    case TPMC__POLICY_DUPLICATION_SELECT:
        (void)tpmc__policy_bytes_set(&step->u.duplication.new_parent_name, name, sizeof(name));
        break;
    default:
        break;
    }
}

/* Every step is one command, and leads to the digest that is computed without a TPM. */
static void plain_steps(void **state)
{
    static const struct {
        tpmc__policy_kind kind;
        const char *command;
    } rows[] = {
        { TPMC__POLICY_AUTH_VALUE, "PolicyAuthValue" },
        { TPMC__POLICY_PASSWORD, "PolicyAuthValue" },
        { TPMC__POLICY_LOCALITY, "PolicyLocality" },
        { TPMC__POLICY_COMMAND_CODE, "PolicyCommandCode" },
        { TPMC__POLICY_PHYSICAL_PRESENCE, "PolicyPhysicalPresence" },
        { TPMC__POLICY_CP_HASH, "PolicyCpHash" },
        { TPMC__POLICY_NAME_HASH, "PolicyNameHash" },
        { TPMC__POLICY_DUPLICATION_SELECT, "PolicyDuplicationSelect" },
        { TPMC__POLICY_NV_WRITTEN, "PolicyNvWritten" },
        { TPMC__POLICY_TEMPLATE, "PolicyTemplate" },
        { TPMC__POLICY_ACTION, "" },
    };
    struct bench *b = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        fill_plain(make_step(&b->steps, rows[i].kind));
        expect_run(b, rows[i].command);
        tpmc__policy_free_steps(&b->steps);
    }
}

static void duplication_of_a_certain_object(void **state)
{
    struct bench *b = *state;
    tpmc__policy_step *step = make_step(&b->steps, TPMC__POLICY_DUPLICATION_SELECT);

    fill_plain(step);
    step->u.duplication.object_name = step->u.duplication.new_parent_name;
    step->u.duplication.object_name.data[5] = 9;
    step->u.duplication.include_object = 1;
    expect_run(b, "PolicyDuplicationSelect");
}

static void other_hashes(void **state)
{
    static const uint16_t hashes[] = { TPMC__HASH_SHA1, TPMC__HASH_SHA384, TPMC__HASH_SHA512 };
    struct bench *b = *state;
    tpmc__policy_step * or = make_or(&b->steps, 2);

    make_pcr(branch_of(or, 0), 16, 0);
    make_step(branch_of(or, 1), TPMC__POLICY_AUTH_VALUE);
    for (size_t i = 0; i < COUNT(hashes); i++) {
        b->hash = hashes[i];
        expect_run(b, "PolicyPCR PolicyOR");
    }
}

static void each_branch(void **state)
{
    struct bench *b = *state;
    tpmc__policy_step * or = NULL;
    tpmc__policy_step *inner = NULL;

    make_locality(&b->steps, 1);
    or = make_or(&b->steps, 3);
    make_pcr(branch_of(or, 0), 16, 0);
    make_step(branch_of(or, 1), TPMC__POLICY_AUTH_VALUE);
    make_locality(branch_of(or, 2), 1);
    inner = make_or(branch_of(or, 2), 2);
    make_owner_secret(branch_of(inner, 1));
    make_command_code(&b->steps, CC_SIGN);
    find(b, CC_SIGN);
    assert_int_equal(b->paths.count, 4);
    for (size_t i = 0; i < 4; i++)
        expect_success(run_path(b, i), b->f.err);
    assert_string_equal(
        b->sequence,
        "PolicyLocality PolicyLocality PolicySecret PolicyOR PolicyOR PolicyCommandCode");
}

static void registers(void **state)
{
    struct bench *b = *state;
    tpmc__policy_step *step = make_pcr(&b->steps, 16, 0);

    expect_run(b, "PolicyPCR");
    other_extend_pcr(16);
    expect_refused(b, "step 1 (PolicyPCR)|the PCR sha256:16 has |, the policy wants 0000000000");
    assert_int_equal(tpmc_error_tpm_code(b->f.err), 0x1c4);
    assert_string_equal(b->sequence, "PolicyPCR PCR_Read");
    begin(b);
    step->u.pcr.known = TPMC__PCR_NOW;
    expect_success(tpmc__policy_instantiate(b->f.tpm, &b->steps, b->f.err), b->f.err);
    tpmc__tpm_end(b->f.tpm);
    assert_int_equal(step->u.pcr.known, TPMC__PCR_VALUES);
    expect_run(b, "PolicyPCR");
}

/* Of a digest one learns what it is over. */
static void registers_by_their_digest(void **state)
{
    struct bench *b = *state;
    tpmc__policy_step *step = make_pcr(&b->steps, 16, 0);

    step->u.pcr.selection.banks[0].select[2] = 0xff;
    step->u.pcr.selection.banks[0].select[0] = 0xff;
    step->u.pcr.known = TPMC__PCR_DIGEST;
    step->u.pcr.digest.len = 32;
    memset(step->u.pcr.digest.data, 0xab, 32);
    expect_refused(b, "step 1 (PolicyPCR)|the digest of the registers is |, the policy wants "
                      "abababab|sha256:0=| more");
    assert_string_equal(b->sequence, "PolicyPCR PCR_Read PCR_Read");
}

static void many_registers_differ(void **state)
{
    struct bench *b = *state;
    tpmc__policy_step *step = make_step(&b->steps, TPMC__POLICY_PCR);
    tpmc__pcr_selection *selection = &step->u.pcr.selection;

    selection->count = 2;
    selection->banks[0].hash = TPMC__HASH_SHA384;
    selection->banks[1].hash = TPMC__HASH_SHA256;
    for (size_t i = 0; i < 2; i++) {
        selection->banks[i].select_len = 3;
        memset(selection->banks[i].select, 0xff, 3);
    }
    begin(b);
    expect_success(tpmc__policy_instantiate(b->f.tpm, &b->steps, b->f.err), b->f.err);
    tpmc__tpm_end(b->f.tpm);
    assert_int_equal(step->u.pcr.value_count, 48);
    assert_int_equal(step->u.pcr.values[23].hash, TPMC__HASH_SHA384);
    assert_int_equal(step->u.pcr.values[23].pcr, 23);
    assert_int_equal(step->u.pcr.values[24].hash, TPMC__HASH_SHA256);
    assert_int_equal(step->u.pcr.values[24].pcr, 0);
    expect_run(b, "PolicyPCR");
    memset(step->u.pcr.values, 0x11, 2 * sizeof(step->u.pcr.values[0]));
    step->u.pcr.values[0].hash = TPMC__HASH_SHA384;
    step->u.pcr.values[0].pcr = 0;
    step->u.pcr.values[1].hash = TPMC__HASH_SHA384;
    step->u.pcr.values[1].pcr = 1;
    for (size_t i = 24; i < 48; i++)
        memset(step->u.pcr.values[i].value, 0x22, 32);
    expect_refused(b, "the PCR sha384:0 has | and ");
    assert_true(fixture_error_says(&b->f, " more"));
    assert_true(strlen(tpmc_error_text(b->f.err)) < 1000);
}

static void extend_once(void *user, size_t index, uint32_t code)
{
    size_t *left = user;

    (void)index;
    if (code != 0x17e || *left == 0)
        return;
    --*left;
    other_extend_pcr(0);
}

static void extend_before_second(void *user, size_t index, uint32_t code)
{
    size_t *seen = user;

    (void)index;
    if (code == 0x17f && ++*seen == 2)
        other_extend_pcr(1);
}

/* The TPM counts every extension, of whatever register. */
static void another_register_changes_meanwhile(void **state)
{
    struct bench *b = *state;
    size_t seen = 0;

    make_pcr(&b->steps, 0, 0)->u.pcr.known = TPMC__PCR_NOW;
    make_pcr(&b->steps, 0, 0)->u.pcr.known = TPMC__PCR_NOW;
    begin(b);
    expect_success(tpmc__policy_instantiate(b->f.tpm, &b->steps, b->f.err), b->f.err);
    tpmc__tpm_end(b->f.tpm);
    tap_set_hook(b->f.tap, extend_before_second, &seen);
    expect_refused(b, "step 2 (PolicyPCR)|was extended");
    assert_int_equal(tpmc_error_tpm_code(b->f.err), 0x128);
    tap_clear(b->f.tap);
    expect_run(b, "PolicyPCR PolicyPCR");
}

static int read_pcrs(struct bench *b, uint16_t hash, tpmc__policy_pcr_value **values)
{
    tpmc__pcr_selection selection = { .count = 1 };
    size_t count = 0;
    int status = 0;

    selection.banks[0].hash = hash;
    selection.banks[0].select_len = 3;
    memset(selection.banks[0].select, 0xff, 3);
    begin(b);
    status = tpmc__policy_read_pcrs(b->f.tpm, &selection, values, &count, b->f.err);
    tpmc__tpm_end(b->f.tpm);
    assert_int_equal(count, status == 0 ? 24 : 0);
    assert_int_equal(*values != NULL, status == 0);
    return status;
}

/* All values are of one moment. */
static void registers_change_while_they_are_read(void **state)
{
    struct bench *b = *state;
    tpmc__policy_pcr_value *values = NULL;
    tpmc__policy_pcr_value *after = NULL;
    size_t left = 2;

    tap_set_hook(b->f.tap, extend_once, &left);
    expect_success(read_pcrs(b, TPMC__HASH_SHA256, &values), b->f.err);
    assert_true(tap_count_of(b->f.tap, 0x17e) > 3);
    tap_clear(b->f.tap);
    expect_success(read_pcrs(b, TPMC__HASH_SHA256, &after), b->f.err);
    assert_int_equal(tap_count_of(b->f.tap, 0x17e), 3);
    assert_memory_equal(values[0].value, after[0].value, 32);
    tpmc__mem_free(values);
    tpmc__mem_free(after);
    left = 1000;
    tap_set_hook(b->f.tap, extend_once, &left);
    expect_failure(read_pcrs(b, TPMC__HASH_SHA256, &values), b->f.err, TPMC_ERR_POLICY,
                   "kept changing");
    tap_clear(b->f.tap);
}

static void missing_bank(void **state)
{
    struct bench *b = *state;
    tpmc__policy_pcr_value *values = NULL;
    tpmc__policy_step *step = make_pcr(&b->steps, 16, 0);

    other_keep_one_bank();
    libtpms_power_cycle(1, 1);
    expect_failure(read_pcrs(b, TPMC__HASH_SHA384, &values), b->f.err, TPMC_ERR_POLICY,
                   "no bank of sha384");
    step->u.pcr.selection.banks[0].hash = TPMC__HASH_SHA384;
    step->u.pcr.values[0].hash = TPMC__HASH_SHA384;
    expect_refused(b, "step 1 (PolicyPCR)|no bank of sha384");
    assert_int_equal(tpmc_error_tpm_code(b->f.err), 0x1c4);
    step->u.pcr.known = TPMC__PCR_NOW;
    begin(b);
    expect_failure(tpmc__policy_instantiate(b->f.tpm, &b->steps, b->f.err), b->f.err,
                   TPMC_ERR_POLICY, "step 1 (PolicyPCR)");
    tpmc__tpm_end(b->f.tpm);
}

static void answers_about_registers_that_were_not_asked_for(void **state)
{
    struct bench *b = *state;
    tpmc__policy_pcr_value *values = NULL;
    /* header, counter, count of banks, hash, size of select, select */
    tap_fault fault = { TAP_FLIP, 10 + 4 + 4 + 2 + 1, 0, 1 };

    begin(b);
    tpmc__tpm_end(b->f.tpm);
    tap_clear(b->f.tap);
    tap_set_fault(b->f.tap, &fault);
    assert_int_equal(read_pcrs(b, TPMC__HASH_SHA256, &values), TPMC_ERR_TPM);
    assert_true(fixture_error_says(&b->f, "TPM2_PCR_Read"));
    tap_clear(b->f.tap);
}

static void clock_comparisons(void **state)
{
    struct bench *b = *state;

    /* The safe flag is the last byte. */
    make_clock(&b->steps, 2, 24, TPMC_OPERATION_UNSIGNED_LT);
    expect_run(b, "PolicyCounterTimer");
    tpmc__policy_free_steps(&b->steps);
    make_locality(&b->steps, 1);
    make_clock(&b->steps, 2, 24, TPMC_OPERATION_UNSIGNED_GT);
    expect_refused(b, "step 2 (PolicyCounterTimer)|at the offset 24 is 0|UNSIGNED_GT 02");
    assert_int_equal(tpmc_error_tpm_code(b->f.err), 0x126);
    assert_string_equal(b->sequence, "PolicyLocality PolicyCounterTimer ReadClock");
}

/* One wrong try, and the lockout cannot be ended for a day: not even an empty password is guessed.
 */
static void lockout_is_not_guessed(void **state)
{
    struct bench *b = *state;

    make_secret(&b->steps, 0x4000000a, "\x40\0\0\x0a", 4);
    assert_int_equal(run(b), TPMC_ERR_WRONG_PASSWORD);
    assert_true(fixture_error_says(&b->f, "lockout hierarchy 0x4000000a|nothing was tried"));
    assert_string_equal(b->sequence, "");
    set_password(b, 0x4000000a, "");
    expect_run(b, "PolicySecret");
}

static void hierarchy_secrets(void **state)
{
    static const uint32_t handles[] = { 0x40000001, 0x4000000b, 0x4000000c };
    struct bench *b = *state;

    for (size_t i = 0; i < COUNT(handles); i++) {
        uint8_t name[4] = { 0x40, 0, 0, (uint8_t)handles[i] };
        tpmc__policy_step *step = NULL;

        make_secret(&b->steps, i == 0 ? 0 : handles[i], name, sizeof(name));
        step = &b->steps.items[0];
        step->u.secret.policy_ref.len = i;
        expect_run(b, "PolicySecret");
        tpmc__policy_free_steps(&b->steps);
    }
    make_secret(&b->steps, 0x40000007, "\x40\0\0\x07", 4);
    expect_refused(b, "step 1 (PolicySecret)|0x40000007 is no hierarchy");
    assert_int_equal(tpmc_tpm_bus_level(b->f.tpm), TPMC_BUS_NOTHING_SECRET);
}

static void hierarchy_with_a_password(void **state)
{
    struct bench *b = *state;

    other_set_password(ESYS_TR_RH_OWNER, NULL, CANARY);
    tap_clear(b->f.tap);
    make_owner_secret(&b->steps);
    find(b, CC_SIGN);
    assert_int_equal(run_path(b, 0), TPMC_ERR_WRONG_PASSWORD);
    assert_true(fixture_error_says(&b->f, "step 1 (PolicySecret)|owner"));
    fixture_reconnect(&b->f);
    assert_int_equal(tpmc_tpm_set_hierarchy_password(b->f.tpm, TPMC_HIERARCHY_OWNER, CANARY,
                                                     strlen(CANARY), b->f.err),
                     0);
    expect_success(run_path(b, 0), b->f.err);
    assert_int_equal(tpmc_tpm_bus_level(b->f.tpm), TPMC_BUS_ENCRYPTED);
    assert_false(tap_saw(b->f.tap, CANARY, 8));
}

static void define_index(uint32_t attributes, const char *password, size_t size)
{
    const other_index index = { INDEX, attributes, password, size };

    other_define_index(&index);
}

static void instantiate(struct bench *b)
{
    begin(b);
    expect_success(tpmc__policy_instantiate(b->f.tpm, &b->steps, b->f.err), b->f.err);
    tpmc__tpm_end(b->f.tpm);
}

static void index_secret(void **state)
{
    struct bench *b = *state;

    define_index(INDEX_READ, CANARY, 8);
    make_secret(&b->steps, INDEX, NULL, 0);
    instantiate(b);
    assert_int_equal(b->steps.items[0].u.secret.name.len, 34);
    set_password(b, INDEX, CANARY);
    expect_success(run(b), b->f.err);
    assert_int_equal(tpmc_tpm_bus_level(b->f.tpm), TPMC_BUS_ENCRYPTED);
    expect_run(b, "NV_ReadPublic PolicySecret");
    assert_false(tap_saw(b->f.tap, CANARY, 8));
    /* It was written, and has another Name since. */
    other_write_index(INDEX, "12345678", 8);
    expect_refused(b, "step 1 (PolicySecret)|0x01000002|written");
    assert_string_equal(b->sequence, "NV_ReadPublic");
    other_undefine_index(INDEX);
    expect_refused(b, "step 1 (PolicySecret)|no NV index 0x01000002");
    assert_int_equal(tpmc_error_tpm_code(b->f.err), 0x18b);
}

/* A refused password is not sent again. */
static void wrong_password_of_an_index(void **state)
{
    struct bench *b = *state;

    define_index(INDEX_READ, CANARY, 8);
    make_secret(&b->steps, INDEX, NULL, 0);
    instantiate(b);
    assert_int_equal(run(b), TPMC_ERR_WRONG_PASSWORD);
    assert_true(fixture_error_says(&b->f, "step 1 (PolicySecret)|NV index 0x01000002|none was"));
    set_password(b, INDEX, "another");
    assert_int_equal(run(b), TPMC_ERR_WRONG_PASSWORD);
    assert_true(fixture_error_says(&b->f, "NV index 0x01000002|wrong|not tried again"));
    assert_int_equal(tpmc_error_tpm_code(b->f.err), 0x9a2);
    assert_int_equal(run(b), TPMC_ERR_WRONG_PASSWORD);
    assert_string_equal(b->sequence, "NV_ReadPublic");
    forget_passwords(b);
    set_password(b, INDEX, CANARY);
    expect_success(run(b), b->f.err);
}

/* A wrong guess would count, so nothing is guessed. */
static void nothing_is_guessed_where_it_counts(void **state)
{
    struct bench *b = *state;
    const other_persistent place = { ESYS_TR_RH_OWNER, NULL, CANARY, OBJECT };
    TPM2B_PUBLIC in;

    define_index(INDEX_READ & ~(uint32_t)TPMA_NV_NO_DA, CANARY, 8);
    make_secret(&b->steps, INDEX, NULL, 0);
    instantiate(b);
    assert_int_equal(run(b), TPMC_ERR_WRONG_PASSWORD);
    assert_true(fixture_error_says(&b->f, "NV index 0x01000002|nothing was tried"));
    assert_string_equal(b->sequence, "NV_ReadPublic");
    set_password(b, INDEX, CANARY);
    expect_success(run(b), b->f.err);
    tpmc__policy_free_steps(&b->steps);
    other_template_fill(OTHER_ECC_DA, &in);
    other_persist(&place, &in, NULL);
    make_secret(&b->steps, OBJECT, NULL, 0);
    instantiate(b);
    assert_int_equal(run(b), TPMC_ERR_WRONG_PASSWORD);
    assert_true(fixture_error_says(&b->f, "persistent object 0x81000005|nothing was tried"));
    set_password(b, OBJECT, CANARY);
    expect_success(run(b), b->f.err);
    assert_int_equal(tpm_raw_lockout_counter(), 0);
}

static void object_secret(void **state)
{
    struct bench *b = *state;
    const other_persistent place = { ESYS_TR_RH_OWNER, NULL, CANARY, OBJECT };
    uint8_t name[34] = { 0, 0x0b };

    other_persist_key(&place, OTHER_SIGNER);
    make_secret(&b->steps, OBJECT, NULL, 0);
    instantiate(b);
    set_password(b, OBJECT, "another");
    assert_int_equal(run(b), TPMC_ERR_WRONG_PASSWORD);
    assert_true(fixture_error_says(&b->f, "persistent object 0x81000005|not tried again"));
    assert_int_equal(run(b), TPMC_ERR_WRONG_PASSWORD);
    assert_string_equal(b->sequence, "");
    forget_passwords(b);
    set_password(b, OBJECT, CANARY);
    expect_success(run(b), b->f.err);
    expect_run(b, "PolicySecret");
    assert_false(tap_saw(b->f.tap, CANARY, 8));
    tpmc__policy_free_steps(&b->steps);
    make_secret(&b->steps, OBJECT, name, sizeof(name));
    expect_refused(b, "step 1 (PolicySecret)|0x81000005|not what the policy names");
    other_evict(OBJECT);
    expect_refused(b, "step 1 (PolicySecret)|no persistent object|0x81000005");
}

static tpmc__policy_step *make_nv(struct bench *b, const void *operand, size_t len, uint16_t offset,
                                  uint16_t operation)
{
    tpmc__policy_step *step = make_step(&b->steps, TPMC__POLICY_NV);

    step->u.nv.index = INDEX;
    assert_int_equal(tpmc__policy_bytes_set(&step->u.nv.operand, operand, len), 0);
    step->u.nv.offset = offset;
    step->u.nv.operation = operation;
    return step;
}

/* The Name is that of the written index from the beginning. */
static void index_comparisons(void **state)
{
    struct bench *b = *state;

    define_index(INDEX_READ, NULL, 8);
    make_nv(b, "\x34\x56", 2, 2, TPMC_OPERATION_EQ);
    instantiate(b);
    expect_refused(b, "step 1 (PolicyNV)|0x01000002|has not been written");
    other_write_index(INDEX, "\x12\x34\x34\x56\x78\x9a\xbc\xde", 8);
    expect_run(b, "NV_ReadPublic PolicyNV");
    other_write_index(INDEX, "\x12\x34\x34\x57\x78\x9a\xbc\xde", 8);
    expect_refused(b, "step 1 (PolicyNV)|0x01000002 at the offset 2 is 3457|EQ 3456");
    assert_int_equal(tpmc_error_tpm_code(b->f.err), 0x126);
    assert_string_equal(b->sequence, "NV_ReadPublic PolicyNV NV_Read");
    b->steps.items[0].u.nv.operation = TPMC_OPERATION_NEQ;
    expect_run(b, "NV_ReadPublic PolicyNV");
    b->steps.items[0].u.nv.offset = 7;
    expect_refused(b, "step 1 (PolicyNV)|holds 8 bytes, which is too few");
    assert_int_equal(tpmc_tpm_bus_level(b->f.tpm), TPMC_BUS_NOTHING_SECRET);
}

static void index_of_the_owner(void **state)
{
    struct bench *b = *state;

    define_index(TPMA_NV_OWNERREAD | TPMA_NV_OWNERWRITE, CANARY, 4);
    other_write_index(INDEX, "abcd", 4);
    make_nv(b, "abcd", 4, 0, TPMC_OPERATION_EQ);
    instantiate(b);
    expect_run(b, "NV_ReadPublic PolicyNV");
    other_undefine_index(INDEX);
    define_index(TPMA_NV_POLICYREAD | TPMA_NV_OWNERWRITE, CANARY, 4);
    other_write_index(INDEX, "abcd", 4);
    b->steps.items[0].u.nv.name.len = 0;
    instantiate(b);
    expect_refused(b, "step 1 (PolicyNV)|neither with its own password nor with the owner's");
}

static void index_with_a_password(void **state)
{
    struct bench *b = *state;

    define_index(INDEX_READ, CANARY, 4);
    other_write_index(INDEX, "abcd", 4);
    make_nv(b, "abcd", 4, 0, TPMC_OPERATION_EQ);
    instantiate(b);
    set_password(b, INDEX, CANARY);
    expect_success(run(b), b->f.err);
    b->steps.items[0].u.nv.operation = TPMC_OPERATION_NEQ;
    expect_refused(b, "is 61626364|NEQ 61626364");
    assert_string_equal(b->sequence, "NV_ReadPublic PolicyNV NV_Read");
    assert_false(tap_saw(b->f.tap, CANARY, 8));
}

static void write_approved(struct bench *b, const tpmc__policy_steps *steps)
{
    uint8_t content[34] = { 0, 0x0b };
    tpmc__policy_bytes digest;

    expect_success(tpmc__policy_digest(b->f.env, steps, TPMC__HASH_SHA256, NULL, &digest, b->f.err),
                   b->f.err);
    memcpy(content + 2, digest.data, 32);
    other_write_index(INDEX, content, sizeof(content));
}

static void what_an_index_approves(void **state)
{
    struct bench *b = *state;
    tpmc__policy_step *step = make_step(&b->steps, TPMC__POLICY_AUTHORIZE_NV);
    tpmc__policy_approved *approved = make_approved(step, 2);

    define_index(INDEX_READ, NULL, 34);
    make_locality(&approved[0].steps, 1);
    make_step(&approved[1].steps, TPMC__POLICY_AUTH_VALUE);
    step->u.authorize_nv.index = INDEX;
    instantiate(b);
    write_approved(b, &approved[1].steps);
    find(b, CC_SIGN);
    assert_int_equal(run_path(b, 0), TPMC_ERR_POLICY);
    assert_true(fixture_error_says(&b->f, "(PolicyAuthorizeNV)|0x01000002|approves of another"));
    assert_string_equal(b->sequence, "NV_ReadPublic NV_Read");
    expect_success(run_path(b, 1), b->f.err);
    assert_string_equal(b->sequence,
                        "NV_ReadPublic NV_Read PolicyAuthValue NV_ReadPublic PolicyAuthorizeNV");
    write_approved(b, &approved[0].steps);
    expect_success(run_path(b, 0), b->f.err);
}

static void signed_policies(void **state)
{
    struct bench *b = *state;
    tpmc__policy_step *step = make_step(&b->steps, TPMC__POLICY_AUTHORIZE);
    tpmc__policy_approved *approved = make_approved(step, 1);
    maker_key key;

    maker_key_begin(&key);
    maker_signer(b->f.env, &key, &step->u.authorize.key);
    assert_int_equal(tpmc__policy_bytes_set(&step->u.authorize.key.policy_ref, "ref", 3), 0);
    make_pcr(&approved->steps, 16, 0);
    maker_approve(b->f.env, &key, step, approved);
    make_command_code(&b->steps, CC_SIGN);
    expect_run(b, "PolicyPCR LoadExternal VerifySignature FlushContext PolicyAuthorize "
                  "PolicyCommandCode");
    find(b, CC_SIGN);
    approved->signature[approved->signature_len - 1] ^= 1;
    assert_int_equal(run_path(b, 0), TPMC_ERR_POLICY);
    assert_true(fixture_error_says(&b->f, "step 2 (PolicyAuthorize)|signature"));
    assert_int_equal(tpm_raw_transient_count(), 0);
    maker_key_end(&key);
}

struct signer {
    const maker_key *key;
    int returns;
    size_t len; /* to be returned instead; 0: the true one */
    size_t calls;
    int spoils;
    char hint[256];
    char algorithm[16];
};

static int sign(void *user, const char *hint, const char *algorithm, const uint8_t *data,
                size_t len, uint8_t *out, size_t capacity, size_t *out_len)
{
    struct signer *s = user;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    size_t size = capacity;

    s->calls++;
    (void)snprintf(s->hint, sizeof(s->hint), "%s", hint);
    (void)snprintf(s->algorithm, sizeof(s->algorithm), "%s", algorithm);
    assert_int_equal(EVP_DigestSignInit_ex(md, NULL, "SHA256", NULL, NULL, s->key->key, NULL), 1);
    assert_int_equal(EVP_DigestSign(md, out, &size, data, len - (size_t)s->spoils), 1);
    EVP_MD_CTX_free(md);
    *out_len = s->len == 0 ? size : s->len;
    return s->returns;
}

/* Signs for the nonce of a session and runs the way on it. */
static int sign_and_run(struct bench *b)
{
    TPM2B_NONCE *nonce = NULL;
    int status = 0;

    begin(b);
    expect_success(tpmc__session_policy(b->f.tpm, NULL, b->hash, 0, b->f.err), b->f.err);
    assert_int_equal(Esys_TRSess_GetNonceTPM(b->f.tpm->esys, b->f.tpm->policy.tr, &nonce), 0);
    status = tpmc__policy_path_sign(&b->paths.items[0], &b->answers, nonce->buffer, nonce->size,
                                    b->f.err);
    Esys_Free(nonce);
    if (status == 0)
        status = tpmc__policy_path_run(b->f.tpm, &b->paths.items[0], b->hash, &b->answers,
                                       b->f.tpm->policy.tr, b->f.err);
    if (status == 0)
        expect_digest(b);
    tpmc__session_policy_end(b->f.tpm);
    tpmc__tpm_end(b->f.tpm);
    return status;
}

static void signatures(void **state)
{
    struct bench *b = *state;
    tpmc__policy_step *step = make_step(&b->steps, TPMC__POLICY_SIGNED);
    struct signer s = { 0 };
    maker_key key;

    maker_key_begin(&key);
    s.key = &key;
    maker_signer(b->f.env, &key, &step->u.signed_by.key);
    assert_int_equal(tpmc__policy_bytes_set(&step->u.signed_by.key.policy_ref, "ref", 3), 0);
    find(b, CC_SIGN);
    assert_int_equal(run_path(b, 0), TPMC_ERR_POLICY);
    assert_true(fixture_error_says(&b->f, "step 1 (PolicySigned)|nobody was asked"));
    assert_int_equal(sign_and_run(b), TPMC_ERR_POLICY);
    assert_true(fixture_error_says(&b->f, "step 1 (PolicySigned)|tpmc_policy_set_signer()"));
    b->answers.sign = sign;
    b->answers.sign_hook.user = &s;
    expect_success(sign_and_run(b), b->f.err);
    assert_string_equal(s.algorithm, "ES256");
    assert_int_equal(strlen(s.hint), 68);
    assert_memory_equal(s.hint, "000b", 4);
    step->u.signed_by.hint = tpmc__mem_copy_text("the vault");
    expect_success(sign_and_run(b), b->f.err);
    assert_string_equal(s.hint, "the vault");
    s.spoils = 1;
    assert_int_equal(sign_and_run(b), TPMC_ERR_POLICY);
    assert_true(fixture_error_says(&b->f, "step 1 (PolicySigned)|refuses the signature"));
    s.len = TPMC__POLICY_SIGNATURE_MAX + 1;
    assert_int_equal(sign_and_run(b), TPMC_ERR_ARGUMENT);
    s.returns = TPMC_ERR_CANCELLED;
    assert_int_equal(sign_and_run(b), TPMC_ERR_CANCELLED);
    assert_int_equal(tpm_raw_transient_count(), 0);
    maker_key_end(&key);
}

static int act(void *user, const char *action)
{
    (void)snprintf(user, 16, "%s", action);
    return strcmp(action, "ring") == 0 ? 0 : 1;
}

static void actions(void **state)
{
    struct bench *b = *state;
    tpmc__policy_step *step = NULL;
    char done[16] = "";

    make_locality(&b->steps, 1);
    step = make_step(&b->steps, TPMC__POLICY_ACTION);
    step->u.action = tpmc__mem_copy_text("ring");
    find(b, CC_SIGN);
    expect_failure(tpmc__policy_path_act(&b->paths.items[0], NULL, b->f.err), b->f.err,
                   TPMC_ERR_POLICY, "step 2 (PolicyAction)");
    b->answers.act = act;
    b->answers.action_hook.user = done;
    tpmc__error_clear(b->f.err);
    expect_success(tpmc__policy_path_act(&b->paths.items[0], &b->answers, b->f.err), b->f.err);
    assert_string_equal(done, "ring");
    step->u.action[0] = 's';
    expect_failure(tpmc__policy_path_act(&b->paths.items[0], &b->answers, b->f.err), b->f.err,
                   TPMC_ERR_POLICY, "'sing' does not hold");
}

static void check_now(struct bench *b, tpmc__buf *text)
{
    tpmc__json *json = NULL;

    find(b, CC_SIGN);
    begin(b);
    expect_success(
        tpmc__policy_check_now(b->f.tpm, &b->paths, b->hash, &b->answers, &json, b->f.err),
        b->f.err);
    tpmc__tpm_end(b->f.tpm);
    tpmc__buf_clear(text);
    assert_int_equal(tpmc__json_print(json, text), 0);
    tpmc__json_free(json);
}

static void expect_report(struct bench *b, const char *const *parts, size_t count)
{
    tpmc__buf text;
    const char *at = NULL;

    tpmc__buf_init(&text, 65536);
    check_now(b, &text);
    at = (const char *)text.data;
    for (size_t i = 0; i < count; i++) {
        const char *found = strstr(at, parts[i]);

        if (found == NULL)
            fail_msg("no '%s' in '%s'", parts[i], at);
        at = found + strlen(parts[i]);
    }
    tpmc__buf_free(&text);
}

static void reports(void **state)
{
    static const char *const before[] = {
        "{\"holds\":true,\"ways\":[{\"label\":\"the branch 'measured'\",\"holds\":true,",
        "\"steps\":[{\"type\":\"PolicyPCR\",",
        "\"registers\":[{\"bank\":\"sha256\",\"pcr\":16,\"wanted\":\"0000",
        "\"found\":\"0000",
        "\"result\":\"holds\"",
        "{\"type\":\"PolicyCounterTimer\",\"result\":\"holds\"}",
        "{\"type\":\"PolicyOR\",\"result\":\"holds\"}",
        "{\"label\":\"the branch 2\",\"holds\":true,",
        "\"PolicyAuthValue\",\"result\":\"not run\",\"reason\":\"",
        "{\"label\":\"the branch 3\",\"holds\":true,",
        "{\"type\":\"PolicySecret\",\"result\":\"holds\"}",
    };
    static const char *const after[] = {
        "{\"holds\":true,\"ways\":[{\"label\":\"the branch 'measured'\",\"holds\":false,",
        "\"result\":\"fails\",\"reason\":\"the PCR sha256:16 has ",
        "{\"type\":\"PolicyCounterTimer\",\"result\":\"not reached\"}",
        "{\"type\":\"PolicyOR\",\"result\":\"not reached\"}",
        "{\"label\":\"the branch 2\",\"holds\":true,",
    };
    struct bench *b = *state;
    tpmc__policy_step * or = make_or(&b->steps, 3);

    name_branch(or, 0, "measured");
    make_pcr(branch_of(or, 0), 16, 0);
    make_clock(branch_of(or, 0), 2, 24, TPMC_OPERATION_UNSIGNED_LT);
    make_step(branch_of(or, 1), TPMC__POLICY_AUTH_VALUE);
    make_owner_secret(branch_of(or, 2));
    expect_report(b, before, COUNT(before));
    other_extend_pcr(16);
    expect_report(b, after, COUNT(after));
    assert_int_equal(tpm_raw_session_count(), 0);
}

static void reports_of_indices(void **state)
{
    static const char *const missing[] = {
        "{\"holds\":false,\"ways\":[{\"holds\":false,\"steps\":[",
        "{\"type\":\"PolicyNV\",\"result\":\"fails\",\"reason\":\"this TPM has no NV index",
    };
    static const char *const there[] = {
        "{\"holds\":true,\"ways\":[{\"holds\":true,\"steps\":[",
        "{\"type\":\"PolicyNV\",\"result\":\"holds\"}",
    };
    static const char *const secret[] = {
        "{\"holds\":false,",
        "{\"type\":\"PolicyNV\",\"result\":\"fails\",\"reason\":\"the NV index 0x01000002",
        "none was given",
    };
    static const char *const unequal[] = {
        "{\"holds\":false,",
        "\"reason\":\"the NV index 0x01000002 at the offset 0 is 61",
    };
    struct bench *b = *state;

    define_index(INDEX_READ, CANARY, 1);
    other_write_index(INDEX, "a", 1);
    make_nv(b, "a", 1, 0, TPMC_OPERATION_EQ);
    instantiate(b);
    expect_report(b, secret, COUNT(secret));
    set_password(b, INDEX, CANARY);
    expect_report(b, there, COUNT(there));
    b->steps.items[0].u.nv.operation = TPMC_OPERATION_NEQ;
    expect_report(b, unequal, COUNT(unequal));
    other_undefine_index(INDEX);
    expect_report(b, missing, COUNT(missing));
}

/* What can be known of the rest comes when the key is used. */
static void reports_of_what_is_not_run(void **state)
{
    static const tpmc__policy_kind kinds[] = { TPMC__POLICY_AUTH_VALUE, TPMC__POLICY_PASSWORD,
                                               TPMC__POLICY_LOCALITY,
                                               TPMC__POLICY_PHYSICAL_PRESENCE,
                                               TPMC__POLICY_NAME_HASH };
    static const char *const parts[] = {
        "{\"holds\":true,",           "\"PolicyAuthValue\",\"result\":\"not run\"",
        "\"PolicyPassword\"",         "\"not run\"",
        "\"PolicyLocality\"",         "\"not run\"",
        "\"PolicyPhysicalPresence\"", "\"not run\"",
        "\"PolicyNameHash\"",         "\"not run\"",
        "\"PolicySecret\"",           "\"not run\"",
        "\"PolicySigned\"",           "\"not run\"",
    };
    struct bench *b = *state;
    tpmc__policy_step *step = NULL;
    maker_key key;

    for (size_t i = 0; i < COUNT(kinds); i++)
        fill_plain(make_step(&b->steps, kinds[i]));
    make_secret(&b->steps, INDEX, "\0\x0b", 2);
    b->steps.items[COUNT(kinds)].u.secret.name.len = 34;
    step = make_step(&b->steps, TPMC__POLICY_SIGNED);
    maker_key_begin(&key);
    maker_signer(b->f.env, &key, &step->u.signed_by.key);
    expect_report(b, parts, COUNT(parts));
    maker_key_end(&key);
}

/* Every step that needs memory, and the report. */
static int run_and_report(void *context)
{
    struct bench *b = context;
    tpmc__json *json = NULL;
    int status = 0;

    begin(b);
    status = tpmc__session_policy(b->f.tpm, NULL, b->hash, 0, b->f.err);
    if (status == 0)
        status = tpmc__policy_path_run(b->f.tpm, &b->paths.items[0], b->hash, &b->answers,
                                       b->f.tpm->policy.tr, b->f.err);
    tpmc__session_policy_end(b->f.tpm);
    if (status == 0)
        status = tpmc__policy_check_now(b->f.tpm, &b->paths, b->hash, NULL, &json, b->f.err);
    tpmc__json_free(json);
    tpmc__tpm_end(b->f.tpm);
    return status;
}

static void memory_runs_out(void **state)
{
    struct bench *b = *state;
    tpmc__policy_step *step = make_step(&b->steps, TPMC__POLICY_AUTHORIZE);
    tpmc__policy_approved *approved = make_approved(step, 1);
    maker_key key;

    maker_key_begin(&key);
    maker_signer(b->f.env, &key, &step->u.authorize.key);
    make_pcr(&approved->steps, 16, 0);
    maker_approve(b->f.env, &key, step, approved);
    find(b, CC_SIGN);
    assert_int_equal(run_and_report(b), 0);
    assert_true(each_allocation(run_and_report, b, TPMC_ERR_NOMEM) > 7);
    assert_int_equal(tpm_raw_transient_count(), 0);
    maker_key_end(&key);
}

static void a_lost_connection_is_no_verdict(void **state)
{
    struct bench *b = *state;
    const tap_fault fault = { TAP_TRANSMIT_FAILS, TSS2_TCTI_RC_IO_ERROR, 0, TAP_STICKY };
    tpmc__json *json = NULL;

    make_pcr(&b->steps, 16, 0);
    find(b, CC_SIGN);
    begin(b);
    tap_clear(b->f.tap);
    tap_set_fault(b->f.tap, &fault);
    assert_int_equal(tpmc__policy_check_now(b->f.tpm, &b->paths, b->hash, NULL, &json, b->f.err),
                     TPMC_ERR_TPM_UNAVAILABLE);
    assert_int_equal(tpmc_error_code(b->f.err), TPMC_ERR_TPM_UNAVAILABLE);
    assert_null(json);
    tap_clear(b->f.tap);
    tpmc__tpm_end(b->f.tpm);
}

#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BENCH(plain_steps),
        WITH_BENCH(duplication_of_a_certain_object),
        WITH_BENCH(other_hashes),
        WITH_BENCH(each_branch),
        WITH_BENCH(registers),
        WITH_BENCH(registers_by_their_digest),
        WITH_BENCH(many_registers_differ),
        WITH_BENCH(another_register_changes_meanwhile),
        WITH_BENCH(registers_change_while_they_are_read),
        WITH_BENCH(missing_bank),
        WITH_BENCH(answers_about_registers_that_were_not_asked_for),
        WITH_BENCH(clock_comparisons),
        WITH_BENCH(lockout_is_not_guessed),
        WITH_BENCH(hierarchy_secrets),
        WITH_BENCH(hierarchy_with_a_password),
        WITH_BENCH(index_secret),
        WITH_BENCH(wrong_password_of_an_index),
        WITH_BENCH(nothing_is_guessed_where_it_counts),
        WITH_BENCH(object_secret),
        WITH_BENCH(index_comparisons),
        WITH_BENCH(index_of_the_owner),
        WITH_BENCH(index_with_a_password),
        WITH_BENCH(what_an_index_approves),
        WITH_BENCH(signed_policies),
        WITH_BENCH(signatures),
        WITH_BENCH(actions),
        WITH_BENCH(reports),
        WITH_BENCH(reports_of_indices),
        WITH_BENCH(reports_of_what_is_not_run),
        WITH_BENCH(memory_runs_out),
        WITH_BENCH(a_lost_connection_is_no_verdict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
