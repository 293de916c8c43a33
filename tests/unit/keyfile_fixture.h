/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_KEYFILE_FIXTURE_H
#define TESTS_UNIT_KEYFILE_FIXTURE_H

#include "unit/expect.h"

#include "base/env_int.h"
#include "keyfile/tpm_public.h"

/* Bytes that a test puts together. */
typedef struct blob {
    uint8_t data[70000];
    size_t len;
} blob;

static inline int hex_digit(char c)
{
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Appends bytes given as hex; spaces are for the eye. */
static inline void add_hex(blob *to, const char *hex)
{
    for (; *hex; hex++) {
        if (*hex == ' ')
            continue;
        assert_true(to->len < sizeof(to->data));
        to->data[to->len++] = (uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
        hex++;
    }
}

static inline void set_hex(blob *to, const char *hex)
{
    to->len = 0;
    add_hex(to, hex);
}

static inline void add_bytes(blob *to, const void *data, size_t len)
{
    assert_true(len <= sizeof(to->data) - to->len);
    memcpy(to->data + to->len, data, len);
    to->len += len;
}

/* Puts a DER header before what stands there from `start` on. */
static inline void wrap_from(blob *to, size_t start, int tag)
{
    size_t len = to->len - start;
    uint8_t header[5] = { (uint8_t)tag, (uint8_t)len };
    size_t size = 2;

    if (len >= 0x80) {
        header[1] = len < 0x100 ? 0x81 : len < 0x10000 ? 0x82 : 0x83;
        for (size = 2; size < (size_t)(header[1] - 0x80 + 2); size++)
            header[size] = (uint8_t)(len >> (8 * (header[1] - 0x80 + 1 - (int)size)));
    }
    assert_true(size <= sizeof(to->data) - to->len);
    memmove(to->data + start + size, to->data + start, len);
    memcpy(to->data + start, header, size);
    to->len += size;
}

static inline void parse_hex(const char *hex, tpmc__public *out)
{
    static blob bytes;

    set_hex(&bytes, hex);
    assert_int_equal(tpmc__public_parse(bytes.data, bytes.len, out, NULL), 0);
}

static inline void assert_hex(const void *data, size_t len, const char *hex)
{
    static blob expected;

    set_hex(&expected, hex);
    assert_int_equal(len, expected.len);
    assert_memory_equal(data, expected.data, len);
}

/* An environment without services: keys and their files need none. */
static inline tpmc_env *bare_env_new(void)
{
    static const tpmc__env_defaults none;
    tpmc_env *env = NULL;

    assert_int_equal(tpmc__env_create(&none, &env, NULL), 0);
    return env;
}

#endif
