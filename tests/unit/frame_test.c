/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "tpm/frame.h"
#include "tpm/ledger.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* TPM2_FlushContext(0x80000001). */
static const uint8_t flush_command[] = { 0x80, 0x01, 0, 0, 0, 14, 0, 0, 0x01, 0x65, 0x80, 0, 0, 1 };

/* TPM2_Load under 0x80000000 with the empty password. */
static const uint8_t load_command[] = { 0x80, 0x02, 0,    0, 0, 31, 0, 0,    0x01, 0x57, 0x80,
                                        0,    0,    0,    0, 0, 0,  9, 0x40, 0,    0,    0x09,
                                        0,    0,    0x01, 0, 0, 0,  0, 0,    0 };

/* TPM2_Sign with 0x80000001 and the session 0x02000000, which wants an encrypted answer. */
static uint8_t sign_command[] = { 0x80, 0x02, 0,    0,    0, 29, 0, 0, 0x01, 0x5d, 0x80, 0, 0, 1, 0,
                                  0,    0,    0x0b, 0x02, 0, 0,  0, 0, 0,    0x41, 0,    2, 1, 2 };

static const uint8_t success[] = { 0x80, 0x01, 0, 0, 0, 10, 0, 0, 0, 0 };
static const uint8_t failure[] = { 0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x09, 0x8e };

/* handle, parameterSize 2, an empty TPM2B, nonce, attributes, HMAC. */
static const uint8_t load_response[] = { 0x80, 0x02, 0, 0, 0, 25, 0, 0, 0, 0, 0x80, 0, 0,
                                         0x02, 0,    0, 0, 2, 0,  0, 0, 0, 1, 0,    0 };

/* parameterSize 4, TPM2B of 2, nonce of 1, attributes, HMAC of 1. */
static const uint8_t sign_response[] = { 0x80, 0x02, 0, 0,    0,    25, 0, 0,    0,    0, 0, 0,   0,
                                         4,    0,    2, 0xaa, 0xbb, 0,  1, 0x11, 0x01, 0, 1, 0x22 };

static void reads_commands(void **state)
{
    tpmc__frame frame;

    (void)state;
    assert_int_equal(tpmc__frame_read_command(flush_command, sizeof(flush_command), &frame), 0);
    assert_int_equal(frame.code, TPMC__CC_FLUSH_CONTEXT);
    assert_int_equal(frame.auth_count, 0);
    assert_int_equal(frame.parameters, 10);
    assert_int_equal(frame.parameters_len, 4);
    assert_int_equal(tpmc__frame_read_command(load_command, sizeof(load_command), &frame), 0);
    assert_int_equal(frame.auth_count, 1);
    assert_int_equal(frame.auths[0].session, 0x40000009);
    assert_int_equal(frame.auths[0].attributes, 1);
    assert_int_equal(frame.parameters_len, 4);
    assert_int_equal(tpmc__frame_read_command(sign_command, sizeof(sign_command), &frame), 0);
    assert_int_equal(frame.auths[0].session, 0x02000000);
    assert_int_equal(frame.auths[0].attributes, 0x41);
    assert_int_equal(frame.parameters_len, 0);
}

/* Three handles stand before the authorization. */
static void reads_policy_commands(void **state)
{
    static const uint8_t codes[] = { 0x49, 0x92 }; /* PolicyNV, PolicyAuthorizeNV */
    uint8_t command[] = { 0x80, 0x02, 0, 0, 0, 39, 0, 0, 0x01, 0,    0x40, 0, 0,
                          0x01, 0x01, 0, 0, 2, 3,  0, 0, 0,    0,    0,    0, 9,
                          0x40, 0,    0, 9, 0, 0,  1, 0, 0,    0xaa, 0xbb, 0, 0 };
    tpmc__frame frame;

    (void)state;
    for (size_t i = 0; i < sizeof(codes); i++) {
        command[9] = codes[i];
        assert_int_equal(tpmc__frame_command_handles(0x100u + codes[i]), 3);
        assert_int_equal(tpmc__frame_read_command(command, sizeof(command), &frame), 0);
        assert_int_equal(frame.auth_count, 1);
        assert_int_equal(frame.auths[0].session, 0x40000009);
        assert_int_equal(frame.parameters_len, 4);
    }
    assert_int_equal(tpmc__frame_command_handles(0x160), 2);
}

static void refuses_cut_commands(void **state)
{
    tpmc__frame frame;
    uint8_t cut[sizeof(load_command)];

    (void)state;
    for (size_t len = 0; len < 27; len++) {
        memcpy(cut, load_command, sizeof(cut));
        cut[5] = (uint8_t)len;
        assert_int_equal(tpmc__frame_read_command(cut, len, &frame), -1);
    }
    memcpy(cut, load_command, sizeof(cut));
    assert_int_equal(tpmc__frame_read_command(cut, sizeof(cut) - 1, &frame), -1);
}

static void accepts_good_responses(void **state)
{
    (void)state;
    assert_null(tpmc__frame_check_response(flush_command, success, sizeof(success)));
    assert_null(tpmc__frame_check_response(flush_command, failure, sizeof(failure)));
    assert_null(tpmc__frame_check_response(load_command, load_response, sizeof(load_response)));
    assert_null(tpmc__frame_check_response(load_command, failure, sizeof(failure)));
    assert_null(tpmc__frame_check_response(sign_command, sign_response, sizeof(sign_response)));
}

/* Every response that is cut at any place, with its size field following or not, is refused. */
static void refuses_cut_responses(void **state)
{
    uint8_t bytes[sizeof(sign_response)];

    (void)state;
    for (size_t len = 0; len < sizeof(sign_response); len++) {
        memcpy(bytes, sign_response, sizeof(bytes));
        assert_non_null(tpmc__frame_check_response(sign_command, bytes, len));
        bytes[5] = (uint8_t)len;
        assert_non_null(tpmc__frame_check_response(sign_command, bytes, len));
    }
}

static void refuses_each_wrong_field(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
        const char *words;
    } rows[] = {
        { 1, 0x01, "tag" },                     /* no sessions, for a command that has them */
        { 0, 0x00, "tag" },                     /* no such tag */
        { 5, 24, "size" },                      /* one byte less than came */
        { 13, 24, "longer than the response" }, /* parameterSize beyond the end */
        { 13, 3, "encrypted parameter" },       /* TPM2B beyond the parameters */
        { 15, 3, "encrypted parameter" },       /* its size beyond them */
        { 19, 2, "authorization" },             /* nonce longer */
        { 19, 65, "authorization" },            /* nonce longer than any hash */
        { 23, 0, "follow" },                    /* HMAC shorter: a byte is left over */
        { 23, 2, "authorization" },             /* HMAC longer */
    };
    uint8_t bytes[sizeof(sign_response)];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *why = NULL;

        memcpy(bytes, sign_response, sizeof(bytes));
        bytes[rows[i].at] = rows[i].value;
        why = tpmc__frame_check_response(sign_command, bytes, sizeof(bytes));
        assert_non_null(why);
        if (strstr(why, rows[i].words) == NULL)
            fail_msg("row %zu: '%s' does not hold '%s'", i, why, rows[i].words);
    }
}

static void refuses_strange_errors(void **state)
{
    static const uint32_t bad[] = { 0x1000, 0x70007, 0xa000a, 0xffffffff, 0x80000000 };
    static const uint32_t good[] = { 0x100, 0x922, 0x98e, 0xfff, 0xb0902, 0xc0101 };
    uint8_t bytes[12] = { 0x80, 0x01, 0, 0, 0, 10 };

    (void)state;
    for (size_t i = 0; i < COUNT(bad) + COUNT(good); i++) {
        uint32_t rc = i < COUNT(bad) ? bad[i] : good[i - COUNT(bad)];
        const char *why = NULL;

        for (int shift = 0; shift < 4; shift++)
            bytes[9 - shift] = (uint8_t)(rc >> (8 * shift));
        why = tpmc__frame_check_response(sign_command, bytes, 10);
        if (i < COUNT(bad))
            assert_non_null(why);
        else
            assert_null(why);
    }
    bytes[5] = 12; /* an error with something behind it */
    assert_non_null(tpmc__frame_check_response(sign_command, bytes, 12));
    bytes[1] = 0x02;
    bytes[5] = 10;
    assert_non_null(tpmc__frame_check_response(sign_command, bytes, 10));
}

static void refuses_handles_of_another_kind(void **state)
{
    uint8_t bytes[sizeof(load_response)];

    (void)state;
    memcpy(bytes, load_response, sizeof(bytes));
    bytes[10] = 0x81;
    assert_non_null(tpmc__frame_check_response(load_command, bytes, sizeof(bytes)));
    bytes[10] = 0x02;
    assert_non_null(tpmc__frame_check_response(load_command, bytes, sizeof(bytes)));
}

static void ledger_follows_handles(void **state)
{
    tpmc__ledger ledger = { 0 };

    (void)state;
    assert_int_equal(tpmc__ledger_follow(&ledger, load_command, load_response), 0x80000002);
    assert_non_null(tpmc__ledger_find(&ledger, 0x80000002));
    tpmc__ledger_add(&ledger, 0x80000001);
    assert_int_equal(ledger.count, 2);
    assert_int_equal(tpmc__ledger_follow(&ledger, flush_command, success), 0);
    assert_null(tpmc__ledger_find(&ledger, 0x80000001));
    assert_int_equal(ledger.count, 1);
}

/* A response without continueSession means that the TPM has dropped the session. */
static void ledger_follows_sessions(void **state)
{
    tpmc__ledger ledger = { 0 };
    uint8_t last[sizeof(sign_response)];
    uint8_t last_command[sizeof(sign_command)];

    (void)state;
    tpmc__ledger_add(&ledger, 0x02000000);
    tpmc__ledger_follow(&ledger, sign_command, sign_response);
    assert_int_equal(ledger.count, 1);
    memcpy(last, sign_response, sizeof(last));
    last[21] = 0;
    /* Nobody asked for its end: a bit was flipped on the way. */
    tpmc__ledger_follow(&ledger, sign_command, last);
    assert_int_equal(ledger.count, 1);
    memcpy(last_command, sign_command, sizeof(last_command));
    last_command[24] = 0x40;
    tpmc__ledger_follow(&ledger, last_command, last);
    assert_int_equal(ledger.count, 0);
}

static void ledger_keeps_its_bounds(void **state)
{
    tpmc__ledger ledger = { 0 };

    (void)state;
    for (uint32_t i = 0; i < TPMC__LEDGER_MAX; i++)
        assert_non_null(tpmc__ledger_add(&ledger, 0x80000000 + i));
    assert_null(tpmc__ledger_add(&ledger, 0x02000000));
    assert_non_null(tpmc__ledger_add(&ledger, 0x80000000)); /* known: the same entry again */
    assert_int_equal(ledger.count, TPMC__LEDGER_MAX);
}

static void ledger_suspects_objects_only(void **state)
{
    tpmc__ledger ledger = { 0 };

    (void)state;
    tpmc__ledger_add(&ledger, 0x80000000);
    tpmc__ledger_add(&ledger, 0x02000000);
    tpmc__ledger_suspect_objects(&ledger);
    assert_int_equal(tpmc__ledger_find(&ledger, 0x80000000)->suspect, 1);
    assert_int_equal(tpmc__ledger_find(&ledger, 0x80000000)->orphan, 1);
    assert_int_equal(tpmc__ledger_find(&ledger, 0x02000000)->orphan, 0);
    tpmc__ledger_orphan_all(&ledger);
    assert_int_equal(tpmc__ledger_find(&ledger, 0x02000000)->orphan, 1);
    assert_int_equal(tpmc__ledger_find(&ledger, 0x02000000)->suspect, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_commands),
        cmocka_unit_test(reads_policy_commands),
        cmocka_unit_test(refuses_cut_commands),
        cmocka_unit_test(accepts_good_responses),
        cmocka_unit_test(refuses_cut_responses),
        cmocka_unit_test(refuses_each_wrong_field),
        cmocka_unit_test(refuses_strange_errors),
        cmocka_unit_test(refuses_handles_of_another_kind),
        cmocka_unit_test(ledger_follows_handles),
        cmocka_unit_test(ledger_follows_sessions),
        cmocka_unit_test(ledger_keeps_its_bounds),
        cmocka_unit_test(ledger_suspects_objects_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
