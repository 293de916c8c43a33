/* SPDX-License-Identifier: Apache-2.0 */
#include "base/option_check.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/pcr_text.h"

#define NAME_MIN_DIGITS 68
#define NAME_MAX_DIGITS 132
#define PORT_MAX_DIGITS 5
#define PORT_MAX 65535

/* Visible ASCII in the order of its codes. */
static const char visible[] = "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";
static const char digits[] = "0123456789";
static const char region_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
static const char key_id_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                        "0123456789_-.";
static const char session_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789_+=,.@-";
static const char external_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                          "0123456789_+=,.@-:/";
static const char domain_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                        "0123456789-.";
static const char label_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
static const char tenant_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                        "0123456789-.";
static const char hex_digits[] = "0123456789abcdefABCDEF";

static int is_visible(const char *value)
{
    return value[strspn(value, visible)] == '\0';
}

const char *tpmc__check_visible(const char *value)
{
    return is_visible(value) ? NULL : "may hold only visible ASCII characters and no spaces";
}

const char *tpmc__check_words(const char *value)
{
    size_t len = strlen(value);
    size_t pos = 0;

    while (pos < len && (value[pos] == ' ' || strchr(visible, value[pos]) != NULL))
        pos++;
    if (pos < len)
        return "may hold only visible ASCII characters and spaces";
    if (value[0] == ' ' || value[len - 1] == ' ')
        return "may not begin or end with a space";
    return NULL;
}

const char *tpmc__check_scope(const char *value)
{
    if (!is_visible(value))
        return "may hold only visible ASCII characters";
    if (strpbrk(value, "\"'\\") != NULL)
        return "may not hold quotes or backslashes";
    return NULL;
}

const char *tpmc__check_email(const char *value)
{
    const char *at = strchr(value, '@');

    if (strpbrk(value, " \"\\") != NULL)
        return "is not an e-mail address: it may not hold spaces, double quotes or backslashes";
    if (at == NULL || strchr(at + 1, '@') != NULL)
        return "is not an e-mail address: it needs one '@'";
    if (at == value || at[1] == '\0')
        return "is not an e-mail address: something must stand on both sides of the '@'";
    return NULL;
}

/* The rest of a URL after `http://` or `https://`; NULL when it begins otherwise. */
static const char *skip_scheme(const char *value)
{
    static const char *const schemes[] = { "http://", "https://" };
    size_t i;

    for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (strncmp(value, schemes[i], strlen(schemes[i])) == 0)
            return value + strlen(schemes[i]);
    }
    return NULL;
}

/* The rest after a host name, an IPv4 address or an IPv6 address in brackets; NULL without one. */
static const char *skip_host(const char *value)
{
    size_t len;

    if (*value == '[') {
        len = strspn(value + 1, "0123456789abcdefABCDEF:.");
        return len > 0 && value[len + 1] == ']' ? value + len + 2 : NULL;
    }
    len = strcspn(value, ":/?#[]");
    return len > 0 ? value + len : NULL;
}

/* The rest after `:port`, where there is one; NULL when it is no port. */
static const char *skip_port(const char *value)
{
    unsigned int port = 0;
    size_t len;
    size_t i;

    if (*value != ':')
        return value;
    value++;
    len = strspn(value, digits);
    if (len == 0 || len > PORT_MAX_DIGITS)
        return NULL;
    for (i = 0; i < len; i++)
        port = port * 10 + (unsigned int)(value[i] - '0');
    return port > 0 && port <= PORT_MAX ? value + len : NULL;
}

const char *tpmc__check_proxy(const char *value)
{
    const char *rest;

    if (!is_visible(value))
        return "may hold only visible ASCII characters and no spaces";
    if (strchr(value, '@') != NULL)
        return "may not hold a user name or password";
    rest = skip_scheme(value);
    if (rest == NULL)
        return "must begin with http:// or https://";
    rest = skip_host(rest);
    if (rest == NULL)
        return "names no host after http:// or https://";
    rest = skip_port(rest);
    if (rest == NULL)
        return "has a port that is not a number from 1 to 65535";
    if (strcmp(rest, "") != 0 && strcmp(rest, "/") != 0)
        return "may hold nothing after the host and port";
    return NULL;
}

const char *tpmc__check_name_hex(const char *value)
{
    size_t len;

    if (value[0] == '0' && (value[1] == 'x' || value[1] == 'X'))
        value += 2;
    len = strlen(value);
    if (strspn(value, hex_digits) != len)
        return "may hold only hexadecimal digits";
    if (len % 2 != 0 || len < NAME_MIN_DIGITS || len > NAME_MAX_DIGITS)
        return "is not the Name of a TPM object: those have 34 to 66 bytes, which are 68 to 132 "
               "hexadecimal digits";
    return NULL;
}

/* NULL when `value` is made of `characters` alone, else `reason`. */
static const char *check_characters(const char *value, const char *characters, const char *reason)
{
    return value[strspn(value, characters)] == '\0' ? NULL : reason;
}

const char *tpmc__check_region(const char *value)
{
    return check_characters(value, region_characters,
                            "is not a region: those are made of a-z, 0-9 and '-'");
}

const char *tpmc__check_domain(const char *value)
{
    size_t len = strlen(value);

    if (value[strspn(value, domain_characters)] != '\0')
        return "is not a domain: those are made of letters, digits, '-' and '.'";
    if (value[0] == '.' || value[len - 1] == '.' || strstr(value, "..") != NULL)
        return "is not a domain: every '.' stands between two names";
    return NULL;
}

const char *tpmc__check_label(const char *value)
{
    return check_characters(value, label_characters, "may hold only a-z, 0-9, '-' and '.'");
}

const char *tpmc__check_pool_audience(const char *value)
{
    if (!is_visible(value))
        return "may hold only visible ASCII characters and no spaces";
    if (strncmp(value, "//iam.", strlen("//iam.")) != 0)
        return "is not the full name of a provider: it begins with //iam.googleapis.com/";
    return NULL;
}

static int names_no_tenant(const char *value)
{
    static const char *const words[] = { "common", "organizations", "consumers" };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(value, words[i]) == 0)
            return 1;
    }
    return 0;
}

const char *tpmc__check_tenant_id(const char *value)
{
    if (value[strspn(value, tenant_characters)] != '\0')
        return "is not a tenant: its id or domain is made of letters, digits, '-' and '.'";
    if (value[0] == '.' || value[strlen(value) - 1] == '.')
        return "is not a tenant: it may not begin or end with '.'";
    if (names_no_tenant(value))
        return "names no tenant: an application signs in to one, given by its id or domain";
    return NULL;
}

const char *tpmc__check_azure_region(const char *value)
{
    if (value[strspn(value, region_characters)] != '\0')
        return "is not a region: those are made of a-z, 0-9 and '-'";
    if (strchr(digits, value[0]) != NULL || value[0] == '-' || value[strlen(value) - 1] == '-')
        return "is not a region: it must begin with a letter and may not end with '-'";
    return NULL;
}

const char *tpmc__check_access_key_id(const char *value)
{
    return check_characters(value, key_id_characters,
                            "may hold only letters, digits, '_', '-' and '.'");
}

const char *tpmc__check_session_name(const char *value)
{
    return check_characters(value, session_characters, "may hold only letters, digits and _+=,.@-");
}

const char *tpmc__check_external_id(const char *value)
{
    return check_characters(value, external_characters,
                            "may hold only letters, digits and _+=,.@:/-");
}

const char *tpmc__check_mfa_code(const char *value)
{
    return check_characters(value, digits, "may hold only digits");
}

const char *tpmc__check_pair(const char *value)
{
    const char *sign = strchr(value, '=');

    if (sign == NULL)
        return "is not of the form key=value";
    return sign != value ? NULL : "has no key before the '='";
}

const char *tpmc__check_pcr(const char *value)
{
    return tpmc__pcr_text_parse(value, NULL);
}

uint32_t tpmc__persistent_handle(const char *value)
{
    uint32_t handle = 0;

    if (strlen(value) != 10 || value[0] != '0' || (value[1] != 'x' && value[1] != 'X') ||
        strspn(value + 2, "0123456789abcdefABCDEF") != 8)
        return 0;
    handle = (uint32_t)strtoul(value + 2, NULL, 16);
    return handle >> 24 == 0x81 ? handle : 0;
}

const char *tpmc__check_persistent_handle(const char *value)
{
    return tpmc__persistent_handle(value) != 0 ? NULL
                                               : "is not a persistent handle, such as 0x81000001";
}

const char *tpmc__check_salt_key(const char *value)
{
    static const char *const words[] = { "parent", "ek-rsa", "ek-ecc" };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(value, words[i]) == 0)
            return NULL;
    }
    if (strncmp(value, "handle:", 7) == 0)
        return tpmc__check_persistent_handle(value + 7);
    return "is not 'parent', 'ek-rsa', 'ek-ecc' or 'handle:0x81xxxxxx'";
}
