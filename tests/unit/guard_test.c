/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <poll.h>
#include <unistd.h>

#include "base/mem.h"
#include "tpm/frame.h"
#include "tpm/guard.h"

#define MAX_REPLIES 8

/* A TCTI that answers from a list, each entry once. */
struct fake_tcti {
    TSS2_TCTI_CONTEXT_COMMON_V2 common;
    TSS2_RC transmit_rc;
    struct reply {
        TSS2_RC rc;
        uint32_t tpm_rc;
        size_t len; /* 0: ten bytes */
    } replies[MAX_REPLIES];
    size_t next;
    size_t sent;
    size_t cancelled;
    int pipe[2]; /* pipe[0] < 0: shows no descriptor */
};

struct bench {
    tpmc_env *env;
    tpmc__guard guard;
    struct fake_tcti inner;
    int64_t now_ms;
    int64_t slept_ms;
    int stop;
};

static TSS2_RC fake_transmit(TSS2_TCTI_CONTEXT *context, size_t size, const uint8_t *command)
{
    struct fake_tcti *fake = (struct fake_tcti *)context;

    (void)size;
    (void)command;
    fake->sent++;
    return fake->transmit_rc;
}

static TSS2_RC fake_receive(TSS2_TCTI_CONTEXT *context, size_t *size, uint8_t *response,
                            int32_t timeout)
{
    struct fake_tcti *fake = (struct fake_tcti *)context;
    struct reply *reply = &fake->replies[fake->next++];
    uint8_t bytes[10] = { 0x80, 0x01, 0, 0, 0, 10 };

    (void)timeout;
    if (reply->rc != 0)
        return reply->rc;
    for (int i = 0; i < 4; i++)
        bytes[9 - i] = (uint8_t)(reply->tpm_rc >> (8 * i));
    *size = reply->len != 0 ? reply->len : sizeof(bytes);
    memcpy(response, bytes, *size < sizeof(bytes) ? *size : sizeof(bytes));
    return TSS2_RC_SUCCESS;
}

static TSS2_RC fake_cancel(TSS2_TCTI_CONTEXT *context)
{
    ((struct fake_tcti *)context)->cancelled++;
    return TSS2_RC_SUCCESS;
}

static TSS2_RC fake_get_poll_handles(TSS2_TCTI_CONTEXT *context, TSS2_TCTI_POLL_HANDLE *handles,
                                     size_t *count)
{
    struct fake_tcti *fake = (struct fake_tcti *)context;

    if (fake->pipe[0] < 0)
        return TSS2_TCTI_RC_NOT_IMPLEMENTED;
    if (handles != NULL) {
        handles[0].fd = fake->pipe[0];
        handles[0].events = POLLIN;
    }
    *count = 1;
    return TSS2_RC_SUCCESS;
}

static int fake_clock(void *user, int64_t *ms)
{
    struct bench *bench = user;

    *ms = bench->now_ms;
    bench->now_ms += 10; /* looking takes time, so that every wait ends */
    return 0;
}

static int fake_sleep(void *user, int64_t ms)
{
    struct bench *bench = user;

    bench->now_ms += ms;
    bench->slept_ms += ms;
    return 0;
}

static int fake_should_stop(void *user)
{
    return ((struct bench *)user)->stop ? TPMC_ERR_CANCELLED : 0;
}

static int setup(void **state)
{
    struct bench *bench = tpmc__mem_new(1, sizeof(*bench));
    static const uint8_t command[] = { 0x80, 0x01, 0, 0, 0, 14, 0, 0, 0x01, 0x65, 0x80, 0, 0, 1 };

    assert_int_equal(tpmc_env_new(&bench->env, NULL), 0);
    assert_int_equal(tpmc_env_set_monotonic_clock(bench->env, fake_clock, bench, NULL, NULL), 0);
    assert_int_equal(tpmc_env_set_sleep(bench->env, fake_sleep, bench, NULL, NULL), 0);
    assert_int_equal(tpmc_env_set_should_stop(bench->env, fake_should_stop, bench, NULL, NULL), 0);
    bench->inner.common.v1.version = 2;
    bench->inner.common.v1.transmit = fake_transmit;
    bench->inner.common.v1.receive = fake_receive;
    bench->inner.common.v1.cancel = fake_cancel;
    bench->inner.common.v1.getPollHandles = fake_get_poll_handles;
    bench->inner.pipe[0] = -1;
    tpmc__guard_init(&bench->guard, bench->env);
    bench->guard.inner = (TSS2_TCTI_CONTEXT *)&bench->inner;
    bench->guard.deadline_ms = 60000;
    memcpy(bench->guard.command, command, sizeof(command));
    bench->guard.command_len = sizeof(command);
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;

    if (bench->inner.pipe[0] >= 0) {
        close(bench->inner.pipe[0]);
        close(bench->inner.pipe[1]);
    }
    tpmc_env_free(bench->env);
    tpmc__mem_free(bench);
    return 0;
}

static uint32_t response_rc(const struct bench *bench)
{
    return tpmc__be32(bench->guard.response + 6);
}

static void passes_an_answer_on(void **state)
{
    struct bench *bench = *state;

    bench->inner.replies[0].tpm_rc = 0x98e;
    tpmc__guard_exchange(&bench->guard);
    assert_int_equal(bench->guard.outcome, TPMC__OUTCOME_ANSWERED);
    assert_int_equal(response_rc(bench), 0x98e);
    assert_int_equal(tpmc__guard_take_outcome(&bench->guard), TPMC__OUTCOME_ANSWERED);
    assert_int_equal(bench->guard.outcome, TPMC__OUTCOME_NONE);
}

static void sends_again_with_growing_pauses(void **state)
{
    struct bench *bench = *state;

    bench->inner.replies[0].tpm_rc = 0x922;
    bench->inner.replies[1].tpm_rc = 0x90a;
    bench->inner.replies[2].tpm_rc = 0x908;
    bench->inner.replies[3].tpm_rc = 0;
    tpmc__guard_exchange(&bench->guard);
    assert_int_equal(bench->inner.sent, 4);
    assert_int_equal(response_rc(bench), 0);
    assert_in_range(bench->slept_ms, 20 + 40 + 80, (20 + 40 + 80) * 3 / 2);
}

/* At the deadline ESAPI gets a plain failure: it would send again at once, five times. */
static void gives_up_retrying_at_the_deadline(void **state)
{
    struct bench *bench = *state;

    bench->inner.replies[0].tpm_rc = 0x922;
    bench->guard.deadline_ms = 0;
    tpmc__guard_exchange(&bench->guard);
    assert_int_equal(bench->inner.sent, 1);
    assert_int_equal(bench->guard.outcome, TPMC__OUTCOME_ANSWERED);
    assert_int_equal(bench->guard.rc, 0x922);
    assert_int_equal(response_rc(bench), 0x101);
}

static void hides_a_resource_managers_layer(void **state)
{
    struct bench *bench = *state;

    bench->inner.replies[0].tpm_rc = 0xb0902;
    tpmc__guard_exchange(&bench->guard);
    assert_int_equal(bench->guard.rc, 0xb0902);
    assert_int_equal(response_rc(bench), 0x101);
}

static void turns_transport_errors_into_answers(void **state)
{
    struct bench *bench = *state;

    bench->inner.transmit_rc = TSS2_TCTI_RC_IO_ERROR;
    tpmc__guard_exchange(&bench->guard);
    assert_int_equal(bench->guard.outcome, TPMC__OUTCOME_NOT_SENT);
    assert_int_equal(response_rc(bench), 0x101);
    assert_int_equal(bench->guard.broken, 1);
    bench->guard.broken = 0;
    bench->inner.transmit_rc = 0;
    bench->inner.replies[0].rc = TSS2_TCTI_RC_NO_CONNECTION;
    tpmc__guard_exchange(&bench->guard);
    assert_int_equal(bench->guard.outcome, TPMC__OUTCOME_LOST);
    assert_int_equal(bench->guard.cause, TPMC_ERR_TPM_UNAVAILABLE);
    assert_int_equal(response_rc(bench), 0x101);
}

static void refuses_malformed_answers(void **state)
{
    struct bench *bench = *state;

    bench->inner.replies[0].len = 7;
    tpmc__guard_exchange(&bench->guard);
    assert_int_equal(bench->guard.outcome, TPMC__OUTCOME_LOST);
    assert_int_equal(response_rc(bench), 0x101);
    assert_int_equal(bench->guard.broken, 0);
}

static void keeps_a_late_command_pending(void **state)
{
    struct bench *bench = *state;

    assert_int_equal(pipe(bench->inner.pipe), 0);
    bench->guard.deadline_ms = 5;
    tpmc__guard_exchange(&bench->guard);
    assert_int_equal(bench->guard.outcome, TPMC__OUTCOME_PENDING);
    assert_int_equal(bench->guard.cause, TPMC_ERR_TIMEOUT);
    assert_int_equal(bench->guard.pending, 1);
    bench->guard.deadline_ms = bench->now_ms + 5;
    assert_int_equal(tpmc__guard_settle(&bench->guard), TPMC_ERR_TIMEOUT);
    assert_int_equal(bench->inner.cancelled, 1);
    assert_int_equal(write(bench->inner.pipe[1], "x", 1), 1);
    bench->guard.deadline_ms = bench->now_ms + 1000;
    assert_int_equal(tpmc__guard_settle(&bench->guard), 0);
    assert_int_equal(bench->guard.pending, 0);
    assert_int_equal(tpmc__guard_settle(&bench->guard), 0);
}

static void stops_when_asked(void **state)
{
    struct bench *bench = *state;

    assert_int_equal(pipe(bench->inner.pipe), 0);
    bench->stop = 1;
    tpmc__guard_exchange(&bench->guard);
    assert_int_equal(bench->guard.outcome, TPMC__OUTCOME_PENDING);
    assert_int_equal(bench->guard.cause, TPMC_ERR_CANCELLED);
}

static void waits_through_try_again(void **state)
{
    struct bench *bench = *state;

    bench->inner.replies[0].rc = TSS2_TCTI_RC_TRY_AGAIN;
    bench->inner.replies[1].rc = TSS2_TCTI_RC_TRY_AGAIN;
    tpmc__guard_exchange(&bench->guard);
    assert_int_equal(bench->guard.outcome, TPMC__OUTCOME_ANSWERED);
    assert_int_equal(bench->inner.sent, 1);
    assert_true(bench->slept_ms > 0);
}

static void answers_esapi_twice(void **state)
{
    struct bench *bench = *state;
    TSS2_TCTI_CONTEXT *tcti = (TSS2_TCTI_CONTEXT *)&bench->guard;
    uint8_t out[64];
    size_t len = 0;

    assert_int_equal(Tss2_Tcti_Transmit(tcti, 14, bench->guard.command), 0);
    assert_int_equal(Tss2_Tcti_Receive(tcti, &len, NULL, TSS2_TCTI_TIMEOUT_BLOCK), 0);
    assert_int_equal(len, 10);
    len = 9;
    assert_int_equal(Tss2_Tcti_Receive(tcti, &len, out, TSS2_TCTI_TIMEOUT_BLOCK),
                     TSS2_TCTI_RC_INSUFFICIENT_BUFFER);
    len = sizeof(out);
    assert_int_equal(Tss2_Tcti_Receive(tcti, &len, out, TSS2_TCTI_TIMEOUT_BLOCK), 0);
    assert_int_equal(len, 10);
    assert_int_equal(Tss2_Tcti_Receive(tcti, &len, out, TSS2_TCTI_TIMEOUT_BLOCK),
                     TSS2_TCTI_RC_BAD_SEQUENCE);
    assert_int_equal(Tss2_Tcti_Transmit(tcti, 9, bench->guard.command), TSS2_TCTI_RC_BAD_VALUE);
    assert_int_equal(Tss2_Tcti_Transmit(tcti, 5000, out), TSS2_TCTI_RC_BAD_VALUE);
}

static size_t receive(struct bench *bench, uint8_t *out, size_t capacity)
{
    size_t len = capacity;

    assert_int_equal(
        Tss2_Tcti_Receive((TSS2_TCTI_CONTEXT *)&bench->guard, &len, out, TSS2_TCTI_TIMEOUT_BLOCK),
        0);
    return len;
}

static const uint8_t read_public[] = { 0x80, 0x01, 0, 0, 0, 14, 0, 0, 0x01, 0x73, 0x81, 0, 0, 1 };

/* The answer of TPM2_ReadPublic is our own, once, and the TPM does not hear of it. */
static void answers_what_was_prepared(void **state)
{
    static const uint8_t area[] = { 0, 3, 'a', 'b', 'c' };
    static const uint8_t name[] = { 'n', 'a' };
    static const uint8_t expected[] = { 0x80, 0x01, 0,   0, 0, 23,  0,   0, 0, 0,   0,  3,
                                        'a',  'b',  'c', 0, 2, 'n', 'a', 0, 2, 'n', 'a' };
    struct bench *bench = *state;
    TSS2_TCTI_CONTEXT *tcti = (TSS2_TCTI_CONTEXT *)&bench->guard;
    uint8_t out[64];

    bench->guard.handle = 0x80000001;
    assert_int_equal(
        tpmc__guard_prepare_public(&bench->guard, area, sizeof(area), name, sizeof(name)), 0);
    assert_int_equal(Tss2_Tcti_Transmit(tcti, sizeof(read_public), read_public), 0);
    assert_int_equal(bench->inner.sent, 0);
    assert_int_equal(receive(bench, out, sizeof(out)), sizeof(expected));
    assert_memory_equal(out, expected, sizeof(expected));
    assert_int_equal(tpmc__guard_take_outcome(&bench->guard), TPMC__OUTCOME_ANSWERED);
    assert_int_equal(bench->guard.rc, 0);
    assert_int_equal(bench->guard.handle, 0);
    assert_int_equal(Tss2_Tcti_Transmit(tcti, sizeof(read_public), read_public), 0);
    assert_int_equal(bench->inner.sent, 1);
}

/* For no other command, and then for none any more. */
static void answers_nothing_else(void **state)
{
    static const uint8_t area[] = { 0, 1, 'a' };
    static const uint8_t name[] = { 'n' };
    struct bench *bench = *state;
    TSS2_TCTI_CONTEXT *tcti = (TSS2_TCTI_CONTEXT *)&bench->guard;
    uint8_t flush[14];
    uint8_t out[64];

    memcpy(flush, bench->guard.command, sizeof(flush));
    assert_int_equal(
        tpmc__guard_prepare_public(&bench->guard, area, sizeof(area), name, sizeof(name)), 0);
    assert_int_equal(Tss2_Tcti_Transmit(tcti, sizeof(flush), flush), 0);
    assert_int_equal(bench->inner.sent, 1);
    assert_int_equal(receive(bench, out, sizeof(out)), 10);
    assert_int_equal(Tss2_Tcti_Transmit(tcti, sizeof(read_public), read_public), 0);
    assert_int_equal(bench->inner.sent, 2);
}

static void prepares_only_what_fits(void **state)
{
    static const uint8_t name[34];
    uint8_t area[TPMC__GUARD_PREPARED_MAX];
    struct bench *bench = *state;
    size_t room = sizeof(area) - 10 - 2 * (2 + sizeof(name));

    memset(area, 0, sizeof(area));
    assert_int_equal(tpmc__guard_prepare_public(&bench->guard, area, room, name, sizeof(name)), 0);
    assert_int_equal(bench->guard.prepared_len, TPMC__GUARD_PREPARED_MAX);
    assert_int_equal(tpmc__guard_prepare_public(&bench->guard, area, room + 1, name, sizeof(name)),
                     -1);
    assert_int_equal(bench->guard.prepared_len, 0);
}

#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BENCH(passes_an_answer_on),
        WITH_BENCH(sends_again_with_growing_pauses),
        WITH_BENCH(gives_up_retrying_at_the_deadline),
        WITH_BENCH(hides_a_resource_managers_layer),
        WITH_BENCH(turns_transport_errors_into_answers),
        WITH_BENCH(refuses_malformed_answers),
        WITH_BENCH(keeps_a_late_command_pending),
        WITH_BENCH(stops_when_asked),
        WITH_BENCH(waits_through_try_again),
        WITH_BENCH(answers_esapi_twice),
        WITH_BENCH(answers_what_was_prepared),
        WITH_BENCH(answers_nothing_else),
        WITH_BENCH(prepares_only_what_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
