/* SPDX-License-Identifier: Apache-2.0 */
#include "support/tcti_tap.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "support/check.h"
#include "support/tcti_libtpms.h"

#define TCTI_MAGIC 0x7470636c74617031ULL
#define REPLY_MAX (2 * LIBTPMS_BUFFER_MAX)
#define HEADER_LEN 10
#define NEVER INT64_MAX

typedef struct record {
    uint32_t code;
    uint32_t response_code;
    uint8_t *command;
    size_t command_len;
    uint8_t *response; /* what the TPM answered, before the fault; NULL when it got nothing */
    size_t response_len;
} record;

struct tap {
    TSS2_TCTI_CONTEXT_COMMON_V2 common;
    pthread_mutex_t mutex; /* guards what the test reads while a command runs */
    record *records;
    size_t count;
    size_t capacity;
    size_t hits;
    size_t finalized;
    size_t cancelled;
    tap_fault fault;
    tap_hook hook;
    void *hook_user;
    atomic_int stalls;
    int timer; /* readable when the reply is there; -1 when not pollable */
    int has_reply;
    int deaf;
    TSS2_RC receive_fails;
    uint32_t try_again;
    int64_t available_at; /* monotonic ms */
    uint8_t reply[REPLY_MAX];
    size_t reply_len;
};

static const struct {
    uint32_t code;
    const char *name;
} command_names[] = {
    { 0x11d, "ChangeEPS" },
    { 0x120, "EvictControl" },
    { 0x129, "HierarchyChangeAuth" },
    { 0x131, "CreatePrimary" },
    { 0x144, "Startup" },
    { 0x145, "Shutdown" },
    { 0x149, "PolicyNV" },
    { 0x14b, "Duplicate" },
    { 0x14e, "NV_Read" },
    { 0x151, "PolicySecret" },
    { 0x153, "Create" },
    { 0x155, "HMAC" },
    { 0x156, "Import" },
    { 0x157, "Load" },
    { 0x159, "RSA_Decrypt" },
    { 0x15d, "Sign" },
    { 0x15e, "Unseal" },
    { 0x160, "PolicySigned" },
    { 0x161, "ContextLoad" },
    { 0x162, "ContextSave" },
    { 0x165, "FlushContext" },
    { 0x167, "LoadExternal" },
    { 0x169, "NV_ReadPublic" },
    { 0x16a, "PolicyAuthorize" },
    { 0x16b, "PolicyAuthValue" },
    { 0x16c, "PolicyCommandCode" },
    { 0x16d, "PolicyCounterTimer" },
    { 0x16e, "PolicyCpHash" },
    { 0x16f, "PolicyLocality" },
    { 0x170, "PolicyNameHash" },
    { 0x171, "PolicyOR" },
    { 0x173, "ReadPublic" },
    { 0x176, "StartAuthSession" },
    { 0x177, "VerifySignature" },
    { 0x17a, "GetCapability" },
    { 0x17b, "GetRandom" },
    { 0x17d, "Hash" },
    { 0x17e, "PCR_Read" },
    { 0x17f, "PolicyPCR" },
    { 0x180, "PolicyRestart" },
    { 0x181, "ReadClock" },
    { 0x187, "PolicyPhysicalPresence" },
    { 0x188, "PolicyDuplicationSelect" },
    { 0x189, "PolicyGetDigest" },
    { 0x18f, "PolicyNvWritten" },
    { 0x190, "PolicyTemplate" },
    { 0x192, "PolicyAuthorizeNV" },
};

const char *tap_command_name(uint32_t code)
{
    size_t i;

    for (i = 0; i < sizeof(command_names) / sizeof(command_names[0]); i++) {
        if (command_names[i].code == code)
            return command_names[i].name;
    }
    return "other";
}

static int64_t now_ms(void)
{
    struct timespec now;

    check(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint32_t read_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void write_u32(uint8_t *bytes, uint32_t value)
{
    bytes[0] = (uint8_t)(value >> 24);
    bytes[1] = (uint8_t)(value >> 16);
    bytes[2] = (uint8_t)(value >> 8);
    bytes[3] = (uint8_t)value;
}

static uint8_t *copy_bytes(const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);

    check(copy != NULL);
    memcpy(copy, data, len);
    return copy;
}

/* When the reply is there. The timer makes poll() agree with receive. */
static void set_available(tap *self, int64_t at)
{
    struct itimerspec when;
    int64_t left = at == NEVER ? 0 : at - now_ms();

    self->available_at = at;
    atomic_store(&self->stalls, self->has_reply && at == NEVER);
    if (self->timer < 0)
        return;
    memset(&when, 0, sizeof(when));
    if (at != NEVER) {
        when.it_value.tv_sec = left > 0 ? (time_t)(left / 1000) : 0;
        when.it_value.tv_nsec = left > 0 ? (long)(left % 1000) * 1000000 : 1;
        if (when.it_value.tv_sec == 0 && when.it_value.tv_nsec == 0)
            when.it_value.tv_nsec = 1;
    }
    check(timerfd_settime(self->timer, 0, &when, NULL) == 0);
}

static void drop_reply(tap *self)
{
    self->has_reply = 0;
    set_available(self, NEVER);
}

static void answer(tap *self, uint32_t code)
{
    static const uint8_t header[6] = { 0x80, 0x01, 0, 0, 0, HEADER_LEN };

    memcpy(self->reply, header, sizeof(header));
    write_u32(self->reply + 6, code);
    self->reply_len = HEADER_LEN;
}

static void grow(tap *self, size_t len, int fix_header)
{
    check(len <= REPLY_MAX);
    if (len > self->reply_len)
        memset(self->reply + self->reply_len, 0xa5, len - self->reply_len);
    self->reply_len = len;
    if (fix_header)
        write_u32(self->reply + 2, (uint32_t)len);
}

static void flip(tap *self, uint32_t value)
{
    size_t at = value & 0x7fffffffu;

    if (value >> 31)
        at = at < self->reply_len ? self->reply_len - 1 - at : self->reply_len;
    if (at < self->reply_len)
        self->reply[at] ^= 1;
}

static void shorten(tap *self, size_t len)
{
    if (len < self->reply_len)
        self->reply_len = len;
}

/* What happens to a reply that the TPM has given. */
static void spoil(tap *self, const tap_fault *fault)
{
    uint32_t value = fault->value;

    switch (fault->kind) {
    case TAP_NO_BODY:
        answer(self, 0);
        break;
    case TAP_CUT:
        shorten(self, value);
        break;
    case TAP_CUT_LAST:
        shorten(self, value < self->reply_len ? self->reply_len - value : 0);
        break;
    case TAP_APPEND:
        grow(self, self->reply_len + value, 0);
        break;
    case TAP_HEADER_SIZE:
        write_u32(self->reply + 2, read_u32(self->reply + 2) + value);
        break;
    case TAP_TAG:
        self->reply[0] = (uint8_t)(value >> 8);
        self->reply[1] = (uint8_t)value;
        break;
    case TAP_FILL:
        memset(self->reply, (int)value, self->reply_len);
        break;
    case TAP_FLIP:
        flip(self, value);
        break;
    case TAP_OVERSIZE:
        grow(self, value, 1);
        break;
    default:
        break;
    }
}

/* When and how a reply is delivered. */
static void delay(tap *self, const tap_fault *fault)
{
    self->receive_fails = fault->kind == TAP_RECEIVE_FAILS ? (TSS2_RC)fault->value : 0;
    self->try_again = fault->kind == TAP_TRY_AGAIN ? fault->value : 0;
    self->deaf = fault->kind == TAP_STALL_DEAF;
    if (fault->kind == TAP_DELAY)
        set_available(self, now_ms() + fault->value);
    else if (fault->kind == TAP_STALL || fault->kind == TAP_STALL_DEAF)
        set_available(self, NEVER);
    else
        set_available(self, now_ms());
}

/* By malloc(), which tests never make fail. */
static void grow_records(tap *self)
{
    size_t capacity = self->capacity == 0 ? 64 : 2 * self->capacity;
    record *grown = malloc(capacity * sizeof(*grown));

    check(grown != NULL);
    if (self->count > 0)
        memcpy(grown, self->records, self->count * sizeof(*grown));
    free(self->records);
    self->records = grown;
    self->capacity = capacity;
}

static record *add_record(tap *self, const uint8_t *command, size_t len)
{
    record *added = NULL;

    if (self->count == self->capacity)
        grow_records(self);
    added = &self->records[self->count];
    self->count++;
    memset(added, 0, sizeof(*added));
    added->code = read_u32(command + 6);
    added->response_code = UINT32_MAX;
    added->command = copy_bytes(command, len);
    added->command_len = len;
    return added;
}

static tap_fault fault_of(tap *self, size_t index)
{
    static const tap_fault none = { .kind = TAP_NO_FAULT };
    tap_fault fault = self->fault;

    if (fault.kind == TAP_NO_FAULT || index < fault.at || index - fault.at >= fault.count)
        return none;
    self->hits++;
    return fault;
}

static void run_hook(tap *self)
{
    tap_hook hook = NULL;
    void *user = NULL;
    size_t index = 0;
    uint32_t code = 0;

    pthread_mutex_lock(&self->mutex);
    hook = self->hook;
    user = self->hook_user;
    index = self->count - 1;
    code = self->records[index].code;
    pthread_mutex_unlock(&self->mutex);
    if (hook != NULL)
        hook(user, index, code);
}

static TSS2_RC tap_transmit(TSS2_TCTI_CONTEXT *tcti, size_t size, const uint8_t *command)
{
    tap *self = (tap *)tcti;
    tap_fault fault;
    size_t index = 0;

    if (self == NULL || command == NULL)
        return TSS2_TCTI_RC_BAD_REFERENCE;
    if (self->has_reply)
        return TSS2_TCTI_RC_BAD_SEQUENCE;
    if (size < HEADER_LEN)
        return TSS2_TCTI_RC_BAD_VALUE;
    pthread_mutex_lock(&self->mutex);
    index = self->count;
    add_record(self, command, size);
    fault = fault_of(self, index);
    pthread_mutex_unlock(&self->mutex);
    run_hook(self);
    if (fault.kind == TAP_TRANSMIT_FAILS)
        return (TSS2_RC)fault.value;
    if (fault.kind == TAP_ANSWER) {
        answer(self, fault.value);
    } else {
        libtpms_run(command, size, self->reply, &self->reply_len);
        pthread_mutex_lock(&self->mutex);
        self->records[index].response = copy_bytes(self->reply, self->reply_len);
        self->records[index].response_len = self->reply_len;
        pthread_mutex_unlock(&self->mutex);
        spoil(self, &fault);
    }
    if (self->reply_len >= HEADER_LEN && fault.kind != TAP_RECEIVE_FAILS)
        self->records[index].response_code = read_u32(self->reply + 6);
    self->has_reply = 1;
    delay(self, &fault);
    return TSS2_RC_SUCCESS;
}

/* Waits as a real TCTI does; 0 when the reply is not there in time. */
static int await_reply(tap *self, int32_t timeout)
{
    int64_t wait = self->available_at == NEVER ? NEVER : self->available_at - now_ms();
    int64_t limit = timeout < 0 ? NEVER : timeout;
    struct timespec pause;

    if (wait <= 0)
        return 1;
    /* A transport that would block for ever is the end of the test. */
    check(wait != NEVER || limit != NEVER);
    if (limit < wait)
        wait = limit;
    pause.tv_sec = (time_t)(wait / 1000);
    pause.tv_nsec = (long)(wait % 1000) * 1000000;
    nanosleep(&pause, NULL);
    return self->available_at != NEVER && self->available_at <= now_ms();
}

static TSS2_RC tap_receive(TSS2_TCTI_CONTEXT *tcti, size_t *size, uint8_t *response,
                           int32_t timeout)
{
    tap *self = (tap *)tcti;

    if (self == NULL || size == NULL)
        return TSS2_TCTI_RC_BAD_REFERENCE;
    if (!self->has_reply)
        return TSS2_TCTI_RC_BAD_SEQUENCE;
    if (!await_reply(self, timeout))
        return TSS2_TCTI_RC_TRY_AGAIN;
    if (self->try_again > 0) {
        self->try_again--;
        return TSS2_TCTI_RC_TRY_AGAIN;
    }
    if (self->receive_fails != 0) {
        drop_reply(self);
        return self->receive_fails;
    }
    if (response != NULL && *size < self->reply_len) {
        if (self->reply_len <= LIBTPMS_BUFFER_MAX)
            return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
        /* No TPM sends that much: a driver drops it. */
        drop_reply(self);
        return TSS2_TCTI_RC_MALFORMED_RESPONSE;
    }
    *size = self->reply_len;
    if (response == NULL)
        return TSS2_RC_SUCCESS;
    memcpy(response, self->reply, self->reply_len);
    drop_reply(self);
    return TSS2_RC_SUCCESS;
}

static void tap_finalize(TSS2_TCTI_CONTEXT *tcti)
{
    tap *self = (tap *)tcti;

    self->finalized++;
}

static TSS2_RC tap_cancel(TSS2_TCTI_CONTEXT *tcti)
{
    tap *self = (tap *)tcti;

    self->cancelled++;
    if (!self->has_reply)
        return TSS2_TCTI_RC_BAD_SEQUENCE;
    if (self->available_at == NEVER && !self->deaf)
        set_available(self, now_ms());
    return TSS2_RC_SUCCESS;
}

static TSS2_RC tap_poll_handles(TSS2_TCTI_CONTEXT *tcti, TSS2_TCTI_POLL_HANDLE *handles,
                                size_t *count)
{
    tap *self = (tap *)tcti;

    if (self == NULL || count == NULL)
        return TSS2_TCTI_RC_BAD_REFERENCE;
    if (self->timer < 0)
        return TSS2_TCTI_RC_NOT_IMPLEMENTED;
    if (handles != NULL) {
        if (*count < 1)
            return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
        memset(handles, 0, sizeof(*handles));
        handles->fd = self->timer;
        handles->events = POLLIN;
    }
    *count = 1;
    return TSS2_RC_SUCCESS;
}

static TSS2_RC tap_locality(TSS2_TCTI_CONTEXT *tcti, uint8_t locality)
{
    (void)tcti;
    (void)locality;
    return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

static TSS2_RC tap_sticky(TSS2_TCTI_CONTEXT *tcti, TPM2_HANDLE *handle, uint8_t sticky)
{
    (void)tcti;
    (void)handle;
    (void)sticky;
    return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

tap *tap_new(int pollable)
{
    tap *self = calloc(1, sizeof(*self));

    check(self != NULL);
    atomic_init(&self->stalls, 0);
    check(pthread_mutex_init(&self->mutex, NULL) == 0);
    self->common.v1.magic = TCTI_MAGIC;
    self->common.v1.version = 2;
    self->common.v1.transmit = tap_transmit;
    self->common.v1.receive = tap_receive;
    self->common.v1.finalize = tap_finalize;
    self->common.v1.cancel = tap_cancel;
    self->common.v1.getPollHandles = tap_poll_handles;
    self->common.v1.setLocality = tap_locality;
    self->common.makeSticky = tap_sticky;
    self->available_at = NEVER;
    self->timer = -1;
    if (pollable) {
        self->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        check(self->timer >= 0);
    }
    return self;
}

static void forget_records(tap *self)
{
    size_t i;

    for (i = 0; i < self->count; i++) {
        free(self->records[i].command);
        free(self->records[i].response);
    }
    self->count = 0;
}

void tap_free(tap *self)
{
    if (self == NULL)
        return;
    forget_records(self);
    free(self->records);
    if (self->timer >= 0)
        close(self->timer);
    pthread_mutex_destroy(&self->mutex);
    free(self);
}

TSS2_TCTI_CONTEXT *tap_tcti(tap *self)
{
    return (TSS2_TCTI_CONTEXT *)self;
}

void tap_clear(tap *self)
{
    static const tap_fault none = { .kind = TAP_NO_FAULT };

    pthread_mutex_lock(&self->mutex);
    forget_records(self);
    self->hits = 0;
    self->fault = none;
    self->hook = NULL;
    self->hook_user = NULL;
    pthread_mutex_unlock(&self->mutex);
}

void tap_set_fault(tap *self, const tap_fault *fault)
{
    pthread_mutex_lock(&self->mutex);
    self->fault = *fault;
    self->hits = 0;
    pthread_mutex_unlock(&self->mutex);
}

void tap_set_hook(tap *self, tap_hook hook, void *user)
{
    pthread_mutex_lock(&self->mutex);
    self->hook = hook;
    self->hook_user = user;
    pthread_mutex_unlock(&self->mutex);
}

static size_t locked_read(tap *self, const size_t *value)
{
    size_t copy = 0;

    pthread_mutex_lock(&self->mutex);
    copy = *value;
    pthread_mutex_unlock(&self->mutex);
    return copy;
}

size_t tap_count(tap *self)
{
    return locked_read(self, &self->count);
}

size_t tap_hits(tap *self)
{
    return locked_read(self, &self->hits);
}

size_t tap_finalized(tap *self)
{
    return locked_read(self, &self->finalized);
}

size_t tap_cancelled(tap *self)
{
    return locked_read(self, &self->cancelled);
}

int tap_stalls(tap *self)
{
    return atomic_load(&self->stalls);
}

uint32_t tap_code(tap *self, size_t index)
{
    check(index < tap_count(self));
    return self->records[index].code;
}

uint32_t tap_response_code(tap *self, size_t index)
{
    check(index < tap_count(self));
    return self->records[index].response_code;
}

size_t tap_count_of(tap *self, uint32_t code)
{
    size_t found = 0;
    size_t i;

    for (i = 0; i < tap_count(self); i++)
        found += tap_code(self, i) == code;
    return found;
}

/* RETRY, TESTING, YIELDED, NV_RATE, NV_UNAVAILABLE: the TPM's own "try again", not counted. */
static int is_retry(uint32_t response_code)
{
    return response_code == 0x922 || response_code == 0x90a || response_code == 0x908 ||
           response_code == 0x920 || response_code == 0x923;
}

void tap_sequence(tap *self, size_t first, char *out, size_t capacity)
{
    size_t used = 0;
    size_t i;

    check(capacity > 0);
    out[0] = '\0';
    for (i = first; i < tap_count(self) && used < capacity - 1; i++) {
        if (is_retry(tap_response_code(self, i)))
            continue;
        used += (size_t)snprintf(out + used, capacity - used, "%s%s", used > 0 ? " " : "",
                                 tap_command_name(tap_code(self, i)));
    }
}

static int contains(const uint8_t *bytes, size_t bytes_len, const void *data, size_t len)
{
    size_t i;

    for (i = 0; bytes != NULL && i + len <= bytes_len; i++) {
        if (memcmp(bytes + i, data, len) == 0)
            return 1;
    }
    return 0;
}

int tap_saw(tap *self, const void *data, size_t len)
{
    size_t i;

    for (i = 0; i < tap_count(self); i++) {
        const record *r = &self->records[i];

        if (contains(r->command, r->command_len, data, len) ||
            contains(r->response, r->response_len, data, len))
            return 1;
    }
    return 0;
}
