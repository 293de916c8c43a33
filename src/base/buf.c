/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"

#define FIRST_CAPACITY 256

static void drop_content(tpmc__buf *buf)
{
    tpmc__mem_free_wiped(buf->data, buf->capacity);
    buf->data = NULL;
    buf->len = 0;
    buf->capacity = 0;
}

static int fail(tpmc__buf *buf, int status)
{
    drop_content(buf);
    buf->status = status;
    return status;
}

int tpmc__buf_fail(tpmc__buf *buf, int status)
{
    buf->was_given = 1;
    return fail(buf, status);
}

void tpmc__buf_init(tpmc__buf *buf, size_t max)
{
    memset(buf, 0, sizeof(*buf));
    /* One byte is always left for the NUL. */
    buf->max = max < SIZE_MAX ? max : SIZE_MAX - 1;
}

static size_t next_capacity(const tpmc__buf *buf, size_t needed)
{
    size_t capacity = buf->capacity > FIRST_CAPACITY ? buf->capacity : FIRST_CAPACITY;

    while (capacity < needed) {
        if (capacity > buf->max / 2)
            return buf->max + 1;
        capacity *= 2;
    }
    return capacity;
}

/* Makes room for `len` more bytes and the NUL. The old copy is wiped, which realloc would not do.
 */
static int grow(tpmc__buf *buf, size_t len)
{
    size_t capacity;
    uint8_t *data;

    if (buf->status != 0)
        return buf->status;
    if (len > buf->max - buf->len)
        return fail(buf, TPMC_ERR_ARGUMENT);
    if (buf->len + len < buf->capacity)
        return 0;

    capacity = next_capacity(buf, buf->len + len + 1);
    data = tpmc__mem_new(capacity, 1);
    if (data == NULL)
        return fail(buf, TPMC_ERR_NOMEM);
    if (buf->len > 0)
        memcpy(data, buf->data, buf->len);
    tpmc__mem_free_wiped(buf->data, buf->capacity);
    buf->data = data;
    buf->capacity = capacity;
    return 0;
}

uint8_t *tpmc__buf_reserve(tpmc__buf *buf, size_t len)
{
    uint8_t *place;
    int status;

    status = grow(buf, len);
    if (status != 0)
        return NULL;
    place = buf->data + buf->len;
    buf->len += len;
    buf->data[buf->len] = 0;
    return place;
}

int tpmc__buf_append(tpmc__buf *buf, const void *data, size_t len)
{
    uint8_t *place;

    if (len == 0)
        return buf->status;
    place = tpmc__buf_reserve(buf, len);
    if (place == NULL)
        return buf->status;
    memcpy(place, data, len);
    return 0;
}

int tpmc__buf_append_text(tpmc__buf *buf, const char *text)
{
    return tpmc__buf_append(buf, text, strlen(text));
}

int tpmc__buf_append_byte(tpmc__buf *buf, uint8_t value)
{
    return tpmc__buf_append(buf, &value, 1);
}

int tpmc__buf_append_be16(tpmc__buf *buf, uint16_t value)
{
    uint8_t bytes[2];

    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)(value & 0xff);
    return tpmc__buf_append(buf, bytes, sizeof(bytes));
}

int tpmc__buf_append_be32(tpmc__buf *buf, uint32_t value)
{
    uint8_t bytes[4];

    bytes[0] = (uint8_t)(value >> 24);
    bytes[1] = (uint8_t)((value >> 16) & 0xff);
    bytes[2] = (uint8_t)((value >> 8) & 0xff);
    bytes[3] = (uint8_t)(value & 0xff);
    return tpmc__buf_append(buf, bytes, sizeof(bytes));
}

void tpmc__buf_clear(tpmc__buf *buf)
{
    tpmc__mem_wipe(buf->data, buf->len);
    buf->len = 0;
}

int tpmc__buf_status(const tpmc__buf *buf)
{
    return buf->status;
}

int tpmc__buf_check(const tpmc__buf *buf, const char *what, tpmc_error *err)
{
    if (buf->status == TPMC_ERR_NOMEM)
        return tpmc__fail_nomem(err);
    if (buf->status != 0 && buf->was_given)
        return tpmc__fail(err, buf->status, "%s cannot be encoded: a value in it is malformed",
                          what);
    if (buf->status != 0)
        return tpmc__fail(err, buf->status, "%s is larger than the %zu bytes that are allowed",
                          what, buf->max);
    return 0;
}

void tpmc__buf_free(tpmc__buf *buf)
{
    drop_content(buf);
    buf->status = 0;
    buf->was_given = 0;
}
