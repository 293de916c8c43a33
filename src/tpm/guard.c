/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/guard.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "tpm/frame.h"
#include "tpm/response_code.h"

#define TCTI_MAGIC 0x746d636775617264ULL /* any number that is not another TCTI's */
#define RC_FAILURE 0x101u
#define MAX_POLL_HANDLES 8
#define WAIT_SLICE_MS 50
#define BUSY_SLICE_MS 5
#define BACKOFF_FIRST_MS 20
#define BACKOFF_MAX_MS 2000

/* The TPM asks to send the same bytes once more (Part 2, 6.6.3, and the rate limits of NV memory).
 */
static int wants_retry(uint32_t rc)
{
    static const uint32_t codes[] = {
        0x908, /* TPM_RC_YIELDED */
        0x90a, /* TPM_RC_TESTING */
        0x920, /* TPM_RC_NV_RATE */
        0x922, /* TPM_RC_RETRY */
        0x923, /* TPM_RC_NV_UNAVAILABLE */
    };

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (rc == codes[i])
            return 1;
    }
    return 0;
}

static void synthesize(tpmc__guard *guard, tpmc__outcome outcome, int cause, TSS2_RC rc,
                       const char *why)
{
    static const uint8_t failure[] = { 0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x01, 0x01 };

    memcpy(guard->response, failure, sizeof(failure));
    guard->response_len = sizeof(failure);
    guard->outcome = outcome;
    guard->cause = cause;
    guard->rc = rc;
    guard->why = why;
    guard->handle = 0;
}

/* 0 to go on waiting, or why not. */
static int check_patience(tpmc__guard *guard)
{
    int64_t now = 0;
    int status = 0;

    if (!guard->uncancellable) {
        status = tpmc__env_should_stop(guard->env, NULL);
        if (status != 0)
            return status;
    }
    status = tpmc__env_monotonic_ms(guard->env, &now, NULL);
    if (status != 0)
        return status;
    return now >= guard->deadline_ms ? TPMC_ERR_TIMEOUT : 0;
}

/* How many descriptors the inner TCTI shows; 0 when it shows none. */
static size_t poll_handles(tpmc__guard *guard, struct pollfd *handles)
{
    TSS2_TCTI_CONTEXT *inner = guard->inner;
    size_t count = 0;
    TSS2_RC rc = Tss2_Tcti_GetPollHandles(inner, NULL, &count);

    if (rc != TSS2_RC_SUCCESS || count == 0 || count > MAX_POLL_HANDLES)
        return 0;
    rc = Tss2_Tcti_GetPollHandles(inner, handles, &count);
    if (rc != TSS2_RC_SUCCESS)
        return 0;
    /* libtss2 asks for POLLOUT too, and an idle device is always writable. */
    for (size_t i = 0; i < count; i++)
        handles[i].events = POLLIN;
    return count;
}

/*
 * Waits until the inner TCTI has bytes. A signal only means to look again: libtss2's own wait takes
 * EINTR for a dead TPM. A TCTI without descriptors blocks in its receive instead.
 */
static int wait_for_reply(tpmc__guard *guard)
{
    struct pollfd handles[MAX_POLL_HANDLES];
    size_t count = poll_handles(guard, handles);

    while (count > 0) {
        int ready = 0;
        int status = check_patience(guard);

        if (status != 0)
            return status;
        ready = poll(handles, (nfds_t)count, WAIT_SLICE_MS);
        /* What else is wrong with the descriptor shows when it is read. */
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return 0;
    }
    return 0;
}

/* How taking a reply in may end. */
enum receipt { RECEIVED, TRANSPORT_FAILED, GAVE_UP };

/* Takes the reply in. For GAVE_UP `*status` says why; for TRANSPORT_FAILED `guard->rc` does. */
static enum receipt receive_reply(tpmc__guard *guard, int *status)
{
    for (;;) {
        size_t len = sizeof(guard->response);

        *status = wait_for_reply(guard);
        if (*status != 0)
            return GAVE_UP;
        guard->rc = Tss2_Tcti_Receive(guard->inner, &len, guard->response, TSS2_TCTI_TIMEOUT_BLOCK);
        if (guard->rc == TSS2_RC_SUCCESS) {
            /* A TCTI that claims more than it was given room for is not to be believed. */
            guard->response_len = len <= sizeof(guard->response) ? len : 0;
            return RECEIVED;
        }
        if ((guard->rc & 0xffff) != TSS2_BASE_RC_TRY_AGAIN)
            return TRANSPORT_FAILED;
        *status = check_patience(guard);
        if (*status != 0)
            return GAVE_UP;
        tpmc__env_sleep_ms(guard->env, BUSY_SLICE_MS, NULL);
    }
}

static const char *pending_reason(int cause)
{
    if (cause == TPMC_ERR_TIMEOUT)
        return "the TPM did not answer in time; see the option 'tpm_timeout_ms'";
    if (cause == TPMC_ERR_CANCELLED)
        return "the caller asked to stop";
    return "waiting for the TPM failed, since a callback failed";
}

/* Takes in the reply to the command that was sent. 0 when it is well formed. */
static int receive_once(tpmc__guard *guard)
{
    const char *why = NULL;
    int status = 0;
    enum receipt receipt = receive_reply(guard, &status);

    if (receipt == TRANSPORT_FAILED) {
        guard->broken = 1;
        synthesize(guard, TPMC__OUTCOME_LOST, TPMC_ERR_TPM_UNAVAILABLE, guard->rc,
                   "the connection to the TPM failed before its answer came");
        return -1;
    }
    if (receipt == GAVE_UP) {
        guard->pending = 1;
        memcpy(guard->unanswered, guard->command, guard->command_len);
        synthesize(guard, TPMC__OUTCOME_PENDING, status, 0, pending_reason(status));
        return -1;
    }
    why = tpmc__frame_check_response(guard->command, guard->response, guard->response_len);
    if (why != NULL) {
        synthesize(guard, TPMC__OUTCOME_LOST, TPMC_ERR_TPM_UNAVAILABLE, 0, why);
        return -1;
    }
    return 0;
}

/* Sends once and receives once. 0 when the response is well formed. */
static int exchange_once(tpmc__guard *guard)
{
    TSS2_RC rc = 0;

    if (guard->pending) {
        /* What the late reply will be about is the one that was sent. */
        guard->command_len = tpmc__be32(guard->unanswered + 2);
        memcpy(guard->command, guard->unanswered, guard->command_len);
        synthesize(guard, TPMC__OUTCOME_NOT_SENT, TPMC_ERR_TIMEOUT, 0,
                   "the TPM has not answered the command before");
        return -1;
    }
    rc = Tss2_Tcti_Transmit(guard->inner, guard->command_len, guard->command);
    if (rc != TSS2_RC_SUCCESS) {
        guard->broken = 1;
        synthesize(guard, TPMC__OUTCOME_NOT_SENT, TPMC_ERR_TPM_UNAVAILABLE, rc,
                   "the connection to the TPM failed while sending");
        return -1;
    }
    return receive_once(guard);
}

/* A pause that ends early when the time is over or the caller asks to stop; 0 when it was slept
 * through. */
static int pause_for(tpmc__guard *guard, int64_t ms)
{
    while (ms > 0) {
        int64_t slice = ms < WAIT_SLICE_MS ? ms : WAIT_SLICE_MS;
        int status = check_patience(guard);

        if (status == 0)
            status = tpmc__env_sleep_ms(guard->env, slice, NULL);
        if (status != 0)
            return status;
        ms -= slice;
    }
    return check_patience(guard);
}

/* A handle that comes anew while we think that we hold it was lost before: the TPM was reset. */
static void follow(tpmc__guard *guard)
{
    const tpmc__ledger_entry *known = NULL;

    if (tpmc__frame_brings_handle(tpmc__be32(guard->command + 6))) {
        known = tpmc__ledger_find(&guard->ledger, tpmc__be32(guard->response + TPMC__HEADER_LEN));
        if (known != NULL && !known->orphan)
            guard->collision = 1;
    }
    guard->handle = tpmc__ledger_follow(&guard->ledger, guard->command, guard->response);
}

/* The answer as ESAPI may see it: a resource manager's codes carry a layer that would kill the ESYS
 * context. */
static void accept_answer(tpmc__guard *guard)
{
    uint32_t rc = tpmc__be32(guard->response + 6);

    guard->outcome = TPMC__OUTCOME_ANSWERED;
    guard->cause = 0;
    guard->rc = rc;
    guard->why = NULL;
    guard->handle = 0;
    if (rc == 0)
        follow(guard);
    /* ESAPI itself would send again what asks for it, without a pause; our own patience is at its
     * end. */
    if (rc > 0xfff || wants_retry(rc)) {
        guard->response[6] = 0;
        guard->response[7] = 0;
        guard->response[8] = RC_FAILURE >> 8;
        guard->response[9] = RC_FAILURE & 0xff;
    }
}

void tpmc__guard_exchange(tpmc__guard *guard)
{
    int64_t pause_ms = BACKOFF_FIRST_MS;

    for (;;) {
        uint8_t jitter = 0;

        if (exchange_once(guard) != 0)
            return;
        if (!wants_retry(tpmc__be32(guard->response + 6)))
            break;
        /* Several processes that wait for the same chip should not come back together. */
        tpmc__env_random(guard->env, &jitter, sizeof(jitter), NULL);
        if (pause_for(guard, pause_ms + pause_ms * jitter / 512) != 0)
            break;
        pause_ms = pause_ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : pause_ms * 2;
    }
    accept_answer(guard);
}

/* What a late reply tells: a handle that nobody waits for any more, or a password that must not be
 * sent again. */
static void take_late_reply(tpmc__guard *guard)
{
    uint32_t rc = tpmc__be32(guard->response + 6);
    uint32_t code = tpmc__be32(guard->command + 6);

    if (rc == 0) {
        follow(guard);
        tpmc__ledger_orphan(&guard->ledger, guard->handle);
    } else if (tpmc__rc_wrong_auth(rc) && tpmc__frame_command_handles(code) > 0) {
        guard->late_refused = tpmc__be32(guard->command + TPMC__HEADER_LEN);
    }
}

int tpmc__guard_settle(tpmc__guard *guard)
{
    int status = 0;
    enum receipt receipt = RECEIVED;

    if (!guard->pending)
        return 0;
    Tss2_Tcti_Cancel(guard->inner);
    receipt = receive_reply(guard, &status);
    if (receipt == GAVE_UP)
        return status;
    guard->pending = 0;
    if (receipt == TRANSPORT_FAILED) {
        guard->broken = 1;
        return TPMC_ERR_TPM_UNAVAILABLE;
    }
    if (tpmc__frame_check_response(guard->command, guard->response, guard->response_len) != NULL)
        return TPMC_ERR_TPM_UNAVAILABLE;
    take_late_reply(guard);
    return 0;
}

tpmc__outcome tpmc__guard_take_outcome(tpmc__guard *guard)
{
    tpmc__outcome outcome = guard->outcome;

    guard->outcome = TPMC__OUTCOME_NONE;
    return outcome;
}

static void put_sized(tpmc__guard *guard, const uint8_t *data, size_t len)
{
    guard->prepared[guard->prepared_len++] = (uint8_t)(len >> 8);
    guard->prepared[guard->prepared_len++] = (uint8_t)len;
    memcpy(guard->prepared + guard->prepared_len, data, len);
    guard->prepared_len += len;
}

int tpmc__guard_prepare_public(tpmc__guard *guard, const uint8_t *area, size_t area_len,
                               const uint8_t *name, size_t name_len)
{
    static const uint8_t header[TPMC__HEADER_LEN] = { 0x80, 0x01 };
    size_t total = sizeof(header) + area_len + 2 * (2 + name_len);

    guard->prepared_len = 0;
    if (total > sizeof(guard->prepared))
        return -1;
    memcpy(guard->prepared, header, sizeof(header));
    guard->prepared[4] = (uint8_t)(total >> 8);
    guard->prepared[5] = (uint8_t)total;
    memcpy(guard->prepared + sizeof(header), area, area_len);
    guard->prepared_len = sizeof(header) + area_len;
    put_sized(guard, name, name_len);
    /* ESAPI has no use for the qualified Name. */
    put_sized(guard, name, name_len);
    return 0;
}

/* 1 when the command was answered by what had been prepared. */
static int answer_prepared(tpmc__guard *guard)
{
    size_t len = guard->prepared_len;

    guard->prepared_len = 0;
    if (len == 0 || tpmc__be32(guard->command + 6) != TPMC__CC_READ_PUBLIC)
        return 0;
    memcpy(guard->response, guard->prepared, len);
    guard->response_len = len;
    guard->outcome = TPMC__OUTCOME_ANSWERED;
    guard->rc = 0;
    guard->cause = 0;
    guard->handle = 0;
    return 1;
}

static TSS2_RC guard_transmit(TSS2_TCTI_CONTEXT *context, size_t size, const uint8_t *command)
{
    tpmc__guard *guard = (tpmc__guard *)context;

    if (size < TPMC__HEADER_LEN || size > sizeof(guard->command))
        return TSS2_TCTI_RC_BAD_VALUE;
    memcpy(guard->command, command, size);
    guard->command_len = size;
    if (!answer_prepared(guard))
        tpmc__guard_exchange(guard);
    return TSS2_RC_SUCCESS;
}

/* ESAPI asks twice: without a buffer for the size, then for the bytes. */
static TSS2_RC guard_receive(TSS2_TCTI_CONTEXT *context, size_t *size, uint8_t *response,
                             int32_t timeout)
{
    tpmc__guard *guard = (tpmc__guard *)context;

    (void)timeout;
    if (size == NULL || guard->response_len == 0)
        return TSS2_TCTI_RC_BAD_SEQUENCE;
    if (response == NULL) {
        *size = guard->response_len;
        return TSS2_RC_SUCCESS;
    }
    if (*size < guard->response_len)
        return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
    memcpy(response, guard->response, guard->response_len);
    *size = guard->response_len;
    guard->response_len = 0;
    return TSS2_RC_SUCCESS;
}

void tpmc__guard_init(tpmc__guard *guard, tpmc_env *env)
{
    memset(guard, 0, sizeof(*guard));
    guard->env = env;
    guard->tcti.v1.magic = TCTI_MAGIC;
    guard->tcti.v1.version = 2;
    guard->tcti.v1.transmit = guard_transmit;
    guard->tcti.v1.receive = guard_receive;
}
