/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile/keyfile_field.h"

#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "codec/digest.h"

#define SECRET_MAX 514 /* TPM2B_ENCRYPTED_SECRET of an RSA parent of 4096 bits */
#define HANDLE_SIZE 4

typedef struct handle_kind {
    uint32_t first;
    uint32_t last;
    const char *text;
} handle_kind;

static const handle_kind refused_handles[] = {
    { 0x00000000, 0x00ffffff, "a PCR" },
    { 0x01000000, 0x01ffffff, "an NV index" },
    { 0x02000000, 0x03ffffff, "a session" },
    { 0x4000000a, 0x4000000a, "the lockout hierarchy" },
    { 0x40000000, 0x40ffffff, "a permanent handle that holds no keys" },
    { 0x80000000, 0x80ffffff, "a transient object, which is gone when its maker ends" },
};

static int is_parent_handle(uint32_t handle)
{
    switch (handle) {
    case TPMC__KEYFILE_OWNER:
    case 0x40000007:
    case 0x4000000b:
    case 0x4000000c:
        return 1;
    default:
        return handle >> 24 == 0x81;
    }
}

static int check_parent(uint32_t handle, tpmc_error *err)
{
    const char *text = "no handle of a parent";
    size_t i;

    if (is_parent_handle(handle))
        return 0;
    for (i = 0; i < sizeof(refused_handles) / sizeof(refused_handles[0]); i++) {
        if (handle >= refused_handles[i].first && handle <= refused_handles[i].last) {
            text = refused_handles[i].text;
            break;
        }
    }
    return tpmc__fail(err, TPMC_ERR_FORMAT,
                      "the key file names the parent 0x%08lx, which is %s; a hierarchy or a "
                      "persistent handle 0x81xxxxxx is needed",
                      (unsigned long)handle, text);
}

int tpmc__keyfile_read_parent(tpmc__cursor *in, tpmc__keyfile *out)
{
    tpmc__der number = { NULL, 0 };
    uint32_t handle = 0;
    size_t i;
    int status = tpmc__cursor_take(in, TPMC__DER_INTEGER, "parent", &number);

    if (status)
        return status;
    if (number.len == 0 || number.len > 5)
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the field 'parent' of the key file is out of range: a number of %zu "
                          "bytes",
                          number.len);
    /* Some encoders leave out the 00 before a handle of the upper half: take it modulo 2^32. */
    if (number.data[0] & 0x80)
        handle = 0xffffffff;
    for (i = 0; i < number.len; i++)
        handle = handle << 8 | number.data[i];
    if (handle == 0)
        handle = TPMC__KEYFILE_OWNER;
    out->parent = handle;
    return check_parent(handle, in->err);
}

/* 1 when a TPM2B fills its bytes exactly and is not empty. */
static int is_sized(const uint8_t *data, size_t len)
{
    return len > 2 && (size_t)(data[0] << 8 | data[1]) == len - 2;
}

int tpmc__keyfile_read_secret(tpmc__cursor *in, tpmc__keyfile *out)
{
    tpmc__der content = { NULL, 0 };
    int status = tpmc__cursor_take(in, TPMC__DER_OCTET_STRING, "secret", &content);

    if (status)
        return status;
    if (!is_sized(content.data, content.len) || content.len > SECRET_MAX)
        return tpmc__fail(in->err, TPMC_ERR_FORMAT,
                          "the field 'secret' of the key file is no TPM2B_ENCRYPTED_SECRET: %zu "
                          "bytes that do not fit the size they state",
                          content.len);
    out->secret = tpmc__mem_copy(content.data, content.len);
    if (!out->secret)
        return tpmc__fail_nomem(in->err);
    out->secret_len = content.len;
    return 0;
}

int tpmc__keyfile_is_name(const uint8_t *data, size_t len)
{
    size_t size;

    if (len < 2)
        return 0;
    size = tpmc__hash_size((uint16_t)(data[0] << 8 | data[1]));
    return size != 0 && len == 2 + size;
}

/* Sets `known` for the two contents that are understood. */
static int look_at_parent_id(const tpmc__der *content, int *known, tpmc_error *err)
{
    tpmc__public parent;
    int status;

    *known = tpmc__keyfile_is_name(content->data, content->len);
    if (*known || !is_sized(content->data, content->len))
        return 0;
    status = tpmc__public_parse(content->data, content->len, &parent, NULL);
    if (status == TPMC_ERR_NOMEM)
        return tpmc__fail_nomem(err);
    *known = status == 0 && !tpmc__public_unique_flaw(&parent);
    return 0;
}

int tpmc__keyfile_read_parent_id(tpmc__cursor *in, tpmc__keyfile *out)
{
    tpmc__der rest = in->in;
    tpmc__der content = { NULL, 0 };
    int known = 0;
    int status;

    /* The field has no agreed meaning yet, so that nothing in it can be wrong. */
    in->in.len = 0;
    if (tpmc__der_expect(&rest, TPMC__DER_OCTET_STRING, &content) != 0 || rest.len)
        return 0;
    status = look_at_parent_id(&content, &known, in->err);
    if (status || !known)
        return status;
    out->parent_id = tpmc__mem_copy(content.data, content.len);
    if (!out->parent_id)
        return tpmc__fail_nomem(in->err);
    out->parent_id_len = content.len;
    return 0;
}

int tpmc__keyfile_set_public(tpmc__keyfile *out, const void *data, size_t len, const char *what,
                             tpmc_error *err)
{
    const char *flaw;
    int status = tpmc__public_parse(data, len, &out->key, err);

    if (status) {
        tpmc__error_prefix(err, "%s", what);
        return status;
    }
    flaw = tpmc__public_unique_flaw(&out->key);
    if (flaw)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "%s is not that of a key: %s", what, flaw);
    memcpy(out->public_bytes, data, len);
    out->public_len = len;
    return 0;
}

int tpmc__keyfile_read_public(tpmc__cursor *in, tpmc__keyfile *out)
{
    tpmc__der content = { NULL, 0 };
    int status = tpmc__cursor_take(in, TPMC__DER_OCTET_STRING, "pubkey", &content);

    if (status)
        return status;
    return tpmc__keyfile_set_public(out, content.data, content.len,
                                    "the field 'pubkey' of the key file", in->err);
}

int tpmc__keyfile_set_private(tpmc__keyfile *out, const void *data, size_t len, const char *what,
                              tpmc_error *err)
{
    const uint8_t *bytes = data;

    if (len == 0 || (len == 2 && bytes[0] == 0 && bytes[1] == 0))
        return tpmc__fail(err, TPMC_ERR_FORMAT, "%s is empty", what);
    if (!is_sized(bytes, len))
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "%s is a bad TPM2B_PRIVATE: its %zu bytes do not fit the size they state",
                          what, len);
    if (len > TPMC__KEYFILE_PRIVATE_MAX)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "%s has %zu bytes, more than the %d that are taken",
                          what, len, TPMC__KEYFILE_PRIVATE_MAX);
    memcpy(out->private_bytes, bytes, len);
    out->private_len = len;
    return 0;
}

int tpmc__keyfile_read_private(tpmc__cursor *in, tpmc__keyfile *out)
{
    tpmc__der content = { NULL, 0 };
    int status = tpmc__cursor_take(in, TPMC__DER_OCTET_STRING, "privkey", &content);

    if (status)
        return status;
    if (content.len == HANDLE_SIZE && content.data[0] == 0x81) {
        out->handle = (uint32_t)content.data[0] << 24 | (uint32_t)content.data[1] << 16 |
                      (uint32_t)content.data[2] << 8 | content.data[3];
        return 0;
    }
    return tpmc__keyfile_set_private(out, content.data, content.len,
                                     "the field 'privkey' of the key file", in->err);
}
