/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes_int.h"

#include "base/error_int.h"
#include "base/mem.h"

struct tpmc_bytes {
    uint8_t *data; /* followed by a NUL */
    size_t len;
};

int tpmc__bytes_new(const void *data, size_t len, tpmc_bytes **out, tpmc_error *err)
{
    tpmc_bytes *bytes;

    *out = NULL;
    bytes = tpmc__mem_new(1, sizeof(*bytes));
    if (bytes == NULL)
        return tpmc__fail_nomem(err);
    bytes->data = tpmc__mem_copy(data, len);
    if (bytes->data == NULL) {
        tpmc__mem_free(bytes);
        return tpmc__fail_nomem(err);
    }
    bytes->len = len;
    *out = bytes;
    return 0;
}

int tpmc__bytes_from_buf(tpmc__buf *buf, const char *what, tpmc_bytes **out, tpmc_error *err)
{
    tpmc_bytes *bytes = NULL;
    int status;

    *out = NULL;
    status = tpmc__buf_check(buf, what, err);
    if (status != 0)
        goto out;
    if (buf->data == NULL) {
        status = tpmc__bytes_new(NULL, 0, out, err);
        goto out;
    }
    bytes = tpmc__mem_new(1, sizeof(*bytes));
    if (bytes == NULL) {
        status = tpmc__fail_nomem(err);
        goto out;
    }
    bytes->data = buf->data;
    bytes->len = buf->len;
    buf->data = NULL;
    *out = bytes;

out:
    tpmc__buf_free(buf);
    return status;
}

const uint8_t *tpmc_bytes_data(const tpmc_bytes *bytes)
{
    return bytes != NULL ? bytes->data : NULL;
}

size_t tpmc_bytes_len(const tpmc_bytes *bytes)
{
    return bytes != NULL ? bytes->len : 0;
}

void tpmc_bytes_free(tpmc_bytes *bytes)
{
    if (bytes == NULL)
        return;
    tpmc__mem_free_wiped(bytes->data, bytes->len);
    tpmc__mem_free(bytes);
}
