/* SPDX-License-Identifier: Apache-2.0 */
#include "support/tpm_raw.h"

#include <string.h>

#include "support/check.h"
#include "support/tcti_libtpms.h"

#define CC_HIERARCHY_CHANGE_AUTH 0x129u
#define CC_CREATE_PRIMARY 0x131u
#define CC_LOCK_RESET 0x139u
#define CC_DA_PARAMETERS 0x13au
#define CC_STARTUP 0x144u
#define CC_CREATE 0x153u
#define CC_FLUSH_CONTEXT 0x165u
#define CC_START_AUTH_SESSION 0x176u
#define CC_GET_CAPABILITY 0x17au
#define RH_OWNER 0x40000001u
#define RH_NULL 0x40000007u
#define RS_PW 0x40000009u
#define RH_LOCKOUT 0x4000000au
#define CAP_HANDLES 1u
#define CAP_TPM_PROPERTIES 6u
#define PT_LOCKOUT_COUNTER 0x20eu
#define ST_NO_SESSIONS 0x8001u
#define ST_SESSIONS 0x8002u

const uint8_t tpm_raw_h2_template[26] = {
    0x00, 0x23, 0x00, 0x0b, 0x00, 0x03, 0x04, 0x72, 0x00, 0x00, 0x00, 0x06, 0x00,
    0x80, 0x00, 0x43, 0x00, 0x10, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00,
};

/* RSA 2048, fixedTPM|fixedParent|sensitiveDataOrigin|userWithAuth|noDA|decrypt|sign, scheme NULL.
 */
static const uint8_t signer_template[] = {
    0x00, 0x01, 0x00, 0x0b, 0x00, 0x06, 0x04, 0x72, 0x00, 0x00, 0x00,
    0x10, 0x00, 0x10, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};

typedef struct command {
    uint8_t bytes[LIBTPMS_BUFFER_MAX];
    size_t len;
} command;

typedef struct response {
    uint8_t bytes[LIBTPMS_BUFFER_MAX];
    size_t len;
    size_t at;
    uint32_t code;
} response;

static void put(command *c, uint64_t value, size_t size)
{
    size_t i;

    check(c->len + size <= sizeof(c->bytes));
    for (i = 0; i < size; i++)
        c->bytes[c->len + i] = (uint8_t)(value >> (8 * (size - 1 - i)));
    c->len += size;
}

static void put_bytes(command *c, const void *data, size_t len)
{
    check(c->len + len <= sizeof(c->bytes));
    if (len > 0)
        memcpy(c->bytes + c->len, data, len);
    c->len += len;
}

static void put_sized(command *c, const void *data, size_t len)
{
    put(c, len, 2);
    put_bytes(c, data, len);
}

static uint64_t get(response *r, size_t size)
{
    uint64_t value = 0;
    size_t i;

    check(r->at + size <= r->len);
    for (i = 0; i < size; i++)
        value = value << 8 | r->bytes[r->at + i];
    r->at += size;
    return value;
}

static void get_sized(response *r, uint8_t *out, size_t capacity, size_t *len)
{
    size_t size = (size_t)get(r, 2);

    check(size <= capacity && r->at + size <= r->len);
    memcpy(out, r->bytes + r->at, size);
    r->at += size;
    *len = size;
}

static void begin(command *c, uint32_t tag, uint32_t code)
{
    c->len = 0;
    put(c, tag, 2);
    put(c, 0, 4);
    put(c, code, 4);
}

static void put_password(command *c, const char *password)
{
    put(c, 9 + strlen(password), 4);
    put(c, RS_PW, 4);
    put(c, 0, 2);
    put(c, 0, 1);
    put_sized(c, password, strlen(password));
}

static uint32_t run(command *c, response *r)
{
    command size = { .len = 2 };

    put(&size, c->len, 4);
    memcpy(c->bytes + 2, size.bytes + 2, 4);
    libtpms_run(c->bytes, c->len, r->bytes, &r->len);
    r->at = 6;
    r->code = (uint32_t)get(r, 4);
    return r->code;
}

tpm_raw_handles tpm_raw_list(uint32_t kind)
{
    tpm_raw_handles list = { .count = 0 };
    command c;
    response r;
    size_t i;

    begin(&c, ST_NO_SESSIONS, CC_GET_CAPABILITY);
    put(&c, CAP_HANDLES, 4);
    put(&c, kind, 4);
    put(&c, TPM_RAW_HANDLES_MAX, 4);
    check(run(&c, &r) == 0);
    get(&r, 1);
    check(get(&r, 4) == CAP_HANDLES);
    list.count = (size_t)get(&r, 4);
    check(list.count <= TPM_RAW_HANDLES_MAX);
    for (i = 0; i < list.count; i++)
        list.items[i] = (uint32_t)get(&r, 4);
    return list;
}

size_t tpm_raw_transient_count(void)
{
    return tpm_raw_list(TPM_RAW_TRANSIENT).count;
}

size_t tpm_raw_session_count(void)
{
    return tpm_raw_list(TPM_RAW_LOADED_SESSION).count;
}

int tpm_raw_holds(uint32_t handle)
{
    uint32_t kind =
        handle >> 24 == TPM_RAW_TRANSIENT >> 24 ? TPM_RAW_TRANSIENT : TPM_RAW_LOADED_SESSION;
    tpm_raw_handles list = tpm_raw_list(kind);
    size_t i;

    for (i = 0; i < list.count; i++) {
        if (list.items[i] == handle)
            return 1;
    }
    return 0;
}

uint32_t tpm_raw_lockout_counter(void)
{
    command c;
    response r;

    begin(&c, ST_NO_SESSIONS, CC_GET_CAPABILITY);
    put(&c, CAP_TPM_PROPERTIES, 4);
    put(&c, PT_LOCKOUT_COUNTER, 4);
    put(&c, 1, 4);
    check(run(&c, &r) == 0);
    get(&r, 1);
    check(get(&r, 4) == CAP_TPM_PROPERTIES);
    check(get(&r, 4) == 1);
    check(get(&r, 4) == PT_LOCKOUT_COUNTER);
    return (uint32_t)get(&r, 4);
}

uint32_t tpm_raw_startup(void)
{
    command c;
    response r;

    begin(&c, ST_NO_SESSIONS, CC_STARTUP);
    put(&c, 0, 2);
    return run(&c, &r);
}

uint32_t tpm_raw_flush(uint32_t handle)
{
    command c;
    response r;

    begin(&c, ST_NO_SESSIONS, CC_FLUSH_CONTEXT);
    put(&c, handle, 4);
    return run(&c, &r);
}

static void flush_kind(uint32_t kind)
{
    tpm_raw_handles list = tpm_raw_list(kind);
    size_t i;

    for (i = 0; i < list.count; i++)
        check(tpm_raw_flush(list.items[i]) == 0);
}

void tpm_raw_flush_all(void)
{
    flush_kind(TPM_RAW_TRANSIENT);
    flush_kind(TPM_RAW_LOADED_SESSION);
}

uint32_t tpm_raw_set_owner_password(const char *old, const char *password)
{
    command c;
    response r;

    begin(&c, ST_SESSIONS, CC_HIERARCHY_CHANGE_AUTH);
    put(&c, RH_OWNER, 4);
    put_password(&c, old);
    put_sized(&c, password, strlen(password));
    return run(&c, &r);
}

uint32_t tpm_raw_lockout_reset(void)
{
    command c;
    response r;

    begin(&c, ST_SESSIONS, CC_LOCK_RESET);
    put(&c, RH_LOCKOUT, 4);
    put_password(&c, "");
    return run(&c, &r);
}

uint32_t tpm_raw_set_max_tries(uint32_t tries)
{
    command c;
    response r;

    begin(&c, ST_SESSIONS, CC_DA_PARAMETERS);
    put(&c, RH_LOCKOUT, 4);
    put_password(&c, "");
    put(&c, tries, 4);
    put(&c, 1000, 4);
    put(&c, 1000, 4);
    return run(&c, &r);
}

static uint32_t create_primary(uint32_t hierarchy, const uint8_t *public_area, size_t len,
                               uint32_t *handle, response *r)
{
    command c;

    begin(&c, ST_SESSIONS, CC_CREATE_PRIMARY);
    put(&c, hierarchy, 4);
    put_password(&c, "");
    put(&c, 4, 2);
    put(&c, 0, 4);
    put_sized(&c, public_area, len);
    put(&c, 0, 2);
    put(&c, 0, 4);
    if (run(&c, r) == 0)
        *handle = (uint32_t)get(r, 4);
    return r->code;
}

uint32_t tpm_raw_load_foreign(uint32_t *handle)
{
    response r;

    return create_primary(RH_NULL, tpm_raw_h2_template, sizeof(tpm_raw_h2_template), handle, &r);
}

uint32_t tpm_raw_load_foreign_signer(uint32_t *handle)
{
    response r;

    return create_primary(RH_NULL, signer_template, sizeof(signer_template), handle, &r);
}

uint32_t tpm_raw_start_foreign_session(uint32_t *handle)
{
    static const uint8_t nonce[16] = { 1 };
    command c;
    response r;

    begin(&c, ST_NO_SESSIONS, CC_START_AUTH_SESSION);
    put(&c, RH_NULL, 4);
    put(&c, RH_NULL, 4);
    put_sized(&c, nonce, sizeof(nonce));
    put(&c, 0, 2);
    put(&c, 0, 1);
    put(&c, 0x0010, 2);
    put(&c, 0x000b, 2);
    if (run(&c, &r) == 0)
        *handle = (uint32_t)get(&r, 4);
    return r.code;
}

uint32_t tpm_raw_owner_primary(const uint8_t *public_area, size_t len, uint32_t *handle,
                               uint8_t *name, size_t *name_len)
{
    response r;
    uint8_t skipped[LIBTPMS_BUFFER_MAX];
    size_t size = 0;
    uint32_t code = create_primary(RH_OWNER, public_area, len, handle, &r);

    if (code != 0)
        return code;
    get(&r, 4);
    get_sized(&r, skipped, sizeof(skipped), &size);
    get_sized(&r, skipped, sizeof(skipped), &size);
    get_sized(&r, skipped, sizeof(skipped), &size);
    /* The creation ticket: tag, hierarchy, digest. */
    get(&r, 2);
    get(&r, 4);
    get_sized(&r, skipped, sizeof(skipped), &size);
    get_sized(&r, name, 66, name_len);
    return 0;
}

uint32_t tpm_raw_create(uint32_t parent, const uint8_t *public_area, size_t len, const void *sealed,
                        size_t sealed_len, tpm_raw_key *out)
{
    command c;
    response r;
    command sized;

    begin(&c, ST_SESSIONS, CC_CREATE);
    put(&c, parent, 4);
    put_password(&c, "");
    put(&c, 4 + sealed_len, 2);
    put(&c, 0, 2);
    put_sized(&c, sealed, sealed_len);
    put_sized(&c, public_area, len);
    put(&c, 0, 2);
    put(&c, 0, 4);
    if (run(&c, &r) != 0)
        return r.code;
    get(&r, 4);
    get_sized(&r, out->private_area + 2, sizeof(out->private_area) - 2, &out->private_len);
    get_sized(&r, out->public_area + 2, sizeof(out->public_area) - 2, &out->public_len);
    sized.len = 0;
    put(&sized, out->private_len, 2);
    put(&sized, out->public_len, 2);
    memcpy(out->private_area, sized.bytes, 2);
    memcpy(out->public_area, sized.bytes + 2, 2);
    out->private_len += 2;
    out->public_len += 2;
    return 0;
}
