/* SPDX-License-Identifier: Apache-2.0 */

/* More keys than the TPM has places for take turns; what others hold stays. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/software_key.h"
#include "support/tcti_libtpms.h"
#include "tpm/turns.h"

#define SLOTS 3
#define KEYS (SLOTS + 3)
#define ROUNDS 5
#define RC_OBJECT_MEMORY 0x902u

static turn_files files;

typedef struct bench {
    fixture f;
    turn_sort sorts[KEYS];
    tpmc_key *keys[KEYS];
} bench;

static void begin(bench *b, const turn_sort *sorts, size_t foreign, size_t foreign_sessions)
{
    uint32_t handle = 0;

    memset(b, 0, sizeof(*b));
    fixture_attach(&b->f, 0);
    for (size_t i = 0; i < foreign; i++)
        assert_int_equal(tpm_raw_load_foreign(&handle), 0);
    for (size_t i = 0; i < foreign_sessions; i++)
        assert_int_equal(tpm_raw_start_foreign_session(&handle), 0);
    fixture_mark_others(&b->f);
    assert_int_equal(fixture_connect(&b->f), 0);
    for (size_t i = 0; i < KEYS; i++) {
        b->sorts[i] = sorts[i];
        b->keys[i] = turn_key(&b->f, &files, sorts[i]);
    }
}

static void end(bench *b)
{
    for (size_t i = 0; i < KEYS; i++)
        tpmc_key_free(b->keys[i]);
    tpmc_tpm_free(b->f.tpm);
    b->f.tpm = NULL;
    assert_true(fixture_holds_only_others(&b->f));
    assert_int_equal(tpm_raw_lockout_counter(), 0);
    fixture_detach(&b->f);
    tap_free(b->f.tap);
    tpm_raw_flush_all();
}

/* Everything works in every round, and once the room is known nothing is refused any more. */
static void take_turns(bench *b)
{
    for (int round = 0; round < ROUNDS; round++) {
        tap_clear(b->f.tap);
        for (size_t i = 0; i < KEYS; i++)
            assert_int_equal(turn_use(&b->f, b->keys[i], b->sorts[i]), 0);
        if (round >= 2)
            assert_int_equal(turns_refused(&b->f), 0);
    }
    /* Back and forth between two of them. */
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(turn_use(&b->f, b->keys[i % 2], b->sorts[i % 2]), 0);
}

static const turn_sort plain[KEYS] = { TURN_PLAIN, TURN_PLAIN, TURN_PLAIN,
                                       TURN_PLAIN, TURN_PLAIN, TURN_PLAIN };
static const turn_sort passwords[KEYS] = { TURN_PASSWORD,  TURN_PROTECTED, TURN_PASSWORD,
                                           TURN_PROTECTED, TURN_PASSWORD,  TURN_PROTECTED };
static const turn_sort macs[KEYS] = { TURN_HMAC, TURN_HMAC, TURN_HMAC,
                                      TURN_HMAC, TURN_HMAC, TURN_HMAC };
static const turn_sort long_macs[KEYS] = { TURN_HMAC_LONG, TURN_HMAC_LONG, TURN_HMAC_LONG,
                                           TURN_HMAC_LONG, TURN_HMAC_LONG, TURN_HMAC_LONG };
static const turn_sort mixed[KEYS] = { TURN_PLAIN,      TURN_HMAC_LONG,       TURN_PROTECTED,
                                       TURN_RESTRICTED, TURN_RESTRICTED_LONG, TURN_HMAC };
static const turn_sort mixed_otherwise[KEYS] = { TURN_RESTRICTED_LONG, TURN_PASSWORD,
                                                 TURN_RESTRICTED_LONG, TURN_HMAC_LONG,
                                                 TURN_PLAIN,           TURN_HMAC_LONG };

static const turn_sort *const sets[] = {
    plain, passwords, macs, long_macs, mixed, mixed_otherwise,
};

#define SET_COUNT (sizeof(sets) / sizeof(sets[0]))

static void six_keys_on_three_slots(void **state)
{
    bench b;

    (void)state;
    for (size_t i = 0; i < SET_COUNT; i++) {
        begin(&b, sets[i], 0, 0);
        take_turns(&b);
        end(&b);
    }
}

static void on_two_slots(void **state)
{
    bench b;

    (void)state;
    for (size_t i = 0; i < SET_COUNT; i++) {
        begin(&b, sets[i], 1, 0);
        take_turns(&b);
        end(&b);
    }
}

/* A key and its parent need two: the reason is said, and nothing of others is touched. */
static void on_one_slot(void **state)
{
    bench b;

    (void)state;
    for (size_t i = 0; i < SET_COUNT; i++) {
        begin(&b, sets[i], 2, 0);
        for (size_t k = 0; k < KEYS; k++) {
            assert_int_equal(turn_use(&b.f, b.keys[k], b.sorts[k]), TPMC_ERR_TPM_UNAVAILABLE);
            assert_int_equal(tpmc_error_tpm_code(b.f.err), RC_OBJECT_MEMORY);
            assert_true(fixture_error_says(&b.f, "no free slot for an object|tpm2_flushcontext"));
            assert_true(fixture_holds_only_other_objects(&b.f));
        }
        end(&b);
    }
}

static void with_sessions_of_others(void **state)
{
    bench b;

    (void)state;
    for (size_t i = 0; i < SET_COUNT; i++) {
        begin(&b, sets[i], 0, 2);
        take_turns(&b);
        end(&b);
    }
}

static void all_sessions_taken(void **state)
{
    bench b;

    (void)state;
    begin(&b, mixed, 1, 3);
    for (size_t k = 0; k < KEYS; k++) {
        int needs_session =
            mixed[k] == TURN_HMAC || mixed[k] == TURN_HMAC_LONG || mixed[k] == TURN_PROTECTED;
        int rc = turn_use(&b.f, b.keys[k], b.sorts[k]);

        assert_int_equal(rc, needs_session ? TPMC_ERR_TPM_UNAVAILABLE : 0);
        if (needs_session)
            assert_true(fixture_error_says(&b.f, "no free slot for a session"));
    }
    end(&b);
}

/* Slots that others give back are used again in time. */
static void room_is_learnt_anew(void **state)
{
    bench b;

    (void)state;
    begin(&b, plain, 1, 0);
    take_turns(&b);
    assert_int_equal(tpm_raw_flush(b.f.others.items[0]), 0);
    b.f.others.count = 0;
    for (size_t i = 0; i < KEYS; i++)
        assert_int_equal(turn_use(&b.f, b.keys[i], b.sorts[i]), 0);
    assert_int_equal(tpm_raw_transient_count(), 1);
    atomic_fetch_add(&b.f.skew_ms, 11 * 60 * 1000);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < KEYS; i++)
            assert_int_equal(turn_use(&b.f, b.keys[i], b.sorts[i]), 0);
    }
    assert_int_equal(tpm_raw_transient_count(), 2);
    end(&b);
}

/* A slot is taken by another program in the middle of it all. */
static void others_come_meanwhile(void **state)
{
    bench b;
    uint32_t handle = 0;

    (void)state;
    begin(&b, mixed, 0, 0);
    take_turns(&b);
    tpmc_tpm_release(b.f.tpm);
    assert_int_equal(tpm_raw_load_foreign(&handle), 0);
    fixture_mark_others(&b.f);
    take_turns(&b);
    end(&b);
}

static int start(void **state)
{
    (void)state;
    libtpms_start();
    turns_make(&files);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    turns_free(&files);
    software_key_cleanup();
    libtpms_stop();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(six_keys_on_three_slots),
        cmocka_unit_test(on_two_slots),
        cmocka_unit_test(on_one_slot),
        cmocka_unit_test(with_sessions_of_others),
        cmocka_unit_test(all_sessions_taken),
        cmocka_unit_test(room_is_learnt_anew),
        cmocka_unit_test(others_come_meanwhile),
    };

    return cmocka_run_group_tests(tests, start, finish);
}
