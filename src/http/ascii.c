/* SPDX-License-Identifier: Apache-2.0 */
#include "http/ascii.h"

#include <string.h>

static int is_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* strchr() finds the NUL at the end too, which is in no class. */
static int is_one_of(unsigned char c, const char *set)
{
    return c != 0 && strchr(set, c) != NULL;
}

int tpmc__ascii_is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

int tpmc__ascii_is_hex(unsigned char c)
{
    return tpmc__ascii_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

int tpmc__ascii_is_url(unsigned char c)
{
    return is_letter(c) || tpmc__ascii_is_digit(c) || is_one_of(c, "-._~!$&'()*+,;=:@/?%");
}

int tpmc__ascii_is_host(unsigned char c)
{
    return is_letter(c) || tpmc__ascii_is_digit(c) || is_one_of(c, "-._");
}

int tpmc__ascii_is_token(unsigned char c)
{
    return is_letter(c) || tpmc__ascii_is_digit(c) || is_one_of(c, "!#$%&'*+-.^_`|~");
}

static unsigned char lower(char c)
{
    unsigned char byte = (unsigned char)c;

    return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte + ('a' - 'A')) : byte;
}

int tpmc__ascii_equal(const char *a, const char *b, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++)
        if (lower(a[i]) != lower(b[i]))
            return 0;
    return 1;
}
