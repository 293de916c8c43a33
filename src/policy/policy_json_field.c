/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "policy/policy_json_field.h"

#define NAME_MAX_LEN 64
#define WORD_MAX 32

/* Whatever the locale. */
static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

const tpmc__json *tpmc__field(const tpmc__json *object, const char *name)
{
    const tpmc__json *found = tpmc__json_member(object, name);
    char small[NAME_MAX_LEN];
    size_t i = 0;

    if (found != NULL)
        return found;
    for (; name[i] != '\0' && i + 1 < sizeof(small); i++)
        small[i] = lower(name[i]);
    small[i] = '\0';
    return tpmc__json_member(object, small);
}

int tpmc__field_fail(tpmc__json_reader *reader, const char *name, const char *flaw)
{
    return tpmc__fail(reader->err, TPMC_ERR_FORMAT, "the field '%s' %s", name, flaw);
}

int tpmc__field_refuse_path(tpmc__json_reader *reader, const char *name, const char *instead)
{
    return tpmc__fail(reader->err, TPMC_ERR_UNSUPPORTED,
                      "the field '%s' names an entry of the key store of the FAPI, which this "
                      "library does not have; give '%s' instead",
                      name, instead);
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int read_digits(const char *text, unsigned base, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;

    if (*text == '\0')
        return -1;
    for (; *text != '\0'; text++) {
        int digit = digit_of(*text);

        if (digit < 0 || (unsigned)digit >= base)
            return -1;
        value = value * base + (unsigned)digit;
        if (value > max)
            return -1;
    }
    *out = value;
    return 0;
}

int tpmc__field_value_number(const tpmc__json *value, uint32_t max, uint32_t *out)
{
    const char *text = tpmc__json_text(value);
    uint64_t number = 0;
    int64_t integer = 0;

    if (text == NULL) {
        if (tpmc__json_integer(value, &integer) != 0 || integer < 0 || integer > (int64_t)max)
            return -1;
        *out = (uint32_t)integer;
        return 0;
    }
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        if (read_digits(text + 2, 16, max, &number) != 0)
            return -1;
    } else if (read_digits(text, 10, max, &number) != 0) {
        return -1;
    }
    *out = (uint32_t)number;
    return 0;
}

int tpmc__field_number(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                       uint32_t max, uint32_t *out)
{
    const tpmc__json *value = tpmc__field(object, name);
    char flaw[WORD_MAX + NAME_MAX_LEN];

    if (value == NULL)
        return tpmc__field_fail(reader, name, "is missing");
    if (tpmc__field_value_number(value, max, out) == 0)
        return 0;
    (void)snprintf(flaw, sizeof(flaw), "is no number from 0 to %lu", (unsigned long)max);
    return tpmc__field_fail(reader, name, flaw);
}

int tpmc__field_boolean(const tpmc__json *value, int *out)
{
    static const char *const prefixes[] = { "TPM_", "TPM2_", "TPMI_", NULL };
    static const tpmc__json_word list[] = { { "NO", 0 },    { "YES", 1 }, { "CLEAR", 0 },
                                            { "SET", 1 },   { "OFF", 0 }, { "ON", 1 },
                                            { "FALSE", 0 }, { "TRUE", 1 } };
    static const tpmc__json_words words = { list, sizeof(list) / sizeof(list[0]), prefixes };
    const char *text = tpmc__json_text(value);
    uint32_t number = 0;

    if (tpmc__json_boolean(value, out) == 0)
        return 0;
    if ((text == NULL || tpmc__field_word(text, &words, &number) != 0) &&
        tpmc__field_value_number(value, 1, &number) != 0)
        return -1;
    *out = (int)number;
    return 0;
}

static const tpmc__json_word *find_word(const char *text, const tpmc__json_words *words)
{
    for (size_t i = 0; words->prefixes[i] != NULL; i++) {
        size_t len = strlen(words->prefixes[i]);

        if (strncasecmp(text, words->prefixes[i], len) == 0)
            text += len;
    }
    for (size_t i = 0; i < words->count; i++) {
        if (strcasecmp(words->words[i].text, text) == 0)
            return &words->words[i];
    }
    return NULL;
}

int tpmc__field_word(const char *text, const tpmc__json_words *words, uint32_t *out)
{
    const tpmc__json_word *word = find_word(text, words);

    if (word == NULL)
        return -1;
    *out = word->value;
    return 0;
}

static const char *take_words(const tpmc__json *list, const tpmc__json_words *words, uint32_t *out)
{
    for (size_t i = 0; i < tpmc__json_count(list); i++) {
        const char *text = tpmc__json_text(tpmc__json_item(list, i));
        uint32_t value = 0;

        if (text == NULL || tpmc__field_word(text, words, &value) != 0)
            return "has a flag that is not known";
        *out |= value;
    }
    return NULL;
}

const char *tpmc__field_flags(const tpmc__json *value, const tpmc__json_words *words, size_t others,
                              uint32_t *out)
{
    uint64_t seen = 0; /* by position: no list has more than 64 */
    size_t unknown = 0;

    *out = 0;
    if (tpmc__json_is_array(value))
        return take_words(value, words, out);
    for (size_t i = 0; i < tpmc__json_count(value); i++) {
        const tpmc__json_word *flag = find_word(tpmc__json_name(value, i), words);
        int is_set = 0;

        if (flag == NULL) {
            unknown++;
            continue;
        }
        if (seen >> (flag - words->words) & 1)
            return "has a flag twice";
        seen |= UINT64_C(1) << (flag - words->words);
        if (tpmc__field_boolean(tpmc__json_item(value, i), &is_set) != 0)
            return "has a flag that is neither set nor clear";
        if (is_set)
            *out |= flag->value;
    }
    return unknown == others ? NULL : "has a flag that is not known";
}

int tpmc__field_text(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                     const char **out)
{
    const tpmc__json *value = tpmc__field(object, name);

    *out = tpmc__json_text(value);
    return value == NULL || *out != NULL ? 0 : tpmc__field_fail(reader, name, "is no text");
}

int tpmc__field_copy(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                     char **out)
{
    const char *text = NULL;
    int status = tpmc__field_text(reader, object, name, &text);

    if (status != 0 || text == NULL)
        return status;
    if (strlen(text) > TPMC__POLICY_MAX_TEXT)
        return tpmc__field_fail(reader, name, "is longer than 255 bytes");
    *out = tpmc__mem_copy_text(text);
    return *out == NULL ? tpmc__fail_nomem(reader->err) : 0;
}

/* tpm2-tss leaves out a last odd digit, and samples of it have one too many. */
static int take_hex(const char *text, tpmc__buf *out)
{
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        text += 2;
    for (; text[0] != '\0' && text[1] != '\0'; text += 2) {
        int high = digit_of(text[0]);
        int low = digit_of(text[1]);

        if (high < 0 || low < 0)
            return -1;
        tpmc__buf_append_byte(out, (uint8_t)(high << 4 | low));
    }
    return text[0] == '\0' || digit_of(text[0]) >= 0 ? 0 : -1;
}

static int take_array(const tpmc__json *array, tpmc__buf *out)
{
    for (size_t i = 0; i < tpmc__json_count(array); i++) {
        uint32_t byte = 0;

        if (tpmc__field_value_number(tpmc__json_item(array, i), UINT8_MAX, &byte) != 0)
            return -1;
        tpmc__buf_append_byte(out, (uint8_t)byte);
    }
    return 0;
}

int tpmc__field_bytes(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                      tpmc__buf *out)
{
    const tpmc__json *value = tpmc__field(object, name);
    int status = 0;

    if (value == NULL)
        return 0;
    if (tpmc__json_text(value) != NULL)
        status = take_hex(tpmc__json_text(value), out);
    else
        status = tpmc__json_is_array(value) ? take_array(value, out) : -1;
    if (status != 0)
        return tpmc__field_fail(reader, name,
                                "is neither a text of hexadecimal digits nor an array of bytes");
    if (tpmc__buf_status(out) == TPMC_ERR_NOMEM)
        return tpmc__fail_nomem(reader->err);
    return tpmc__buf_status(out) == 0 ? 0 : tpmc__field_fail(reader, name, "is too long");
}

int tpmc__field_short_bytes(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                            size_t max, tpmc__policy_bytes *out)
{
    tpmc__buf bytes;
    int status = 0;

    tpmc__buf_init(&bytes, max);
    status = tpmc__field_bytes(reader, object, name, &bytes);
    if (status == 0)
        (void)tpmc__policy_bytes_set(out, bytes.data, bytes.len);
    tpmc__buf_free(&bytes);
    return status;
}

int tpmc__field_hash(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                     uint16_t fallback, uint16_t *out)
{
    const tpmc__json *value = tpmc__field(object, name);
    const char *text = tpmc__json_text(value);
    uint32_t number = 0;

    *out = fallback;
    if (value == NULL)
        return fallback != 0 ? 0 : tpmc__field_fail(reader, name, "is missing");
    if (text != NULL && tpmc__policy_word_hash(text, out) == 0)
        return 0;
    if (tpmc__field_value_number(value, UINT16_MAX, &number) == 0 &&
        tpmc__hash_size((uint16_t)number) != 0) {
        *out = (uint16_t)number;
        return 0;
    }
    return tpmc__field_fail(reader, name,
                            "names a hash that is not SHA1, SHA256, SHA384 or SHA512");
}

int tpmc__field_one_of(tpmc__json_reader *reader, const tpmc__json *object,
                       const char *const *names, size_t *which)
{
    size_t count = 0;
    size_t i = 0;

    for (; names[i] != NULL; i++) {
        if (tpmc__field(object, names[i]) == NULL)
            continue;
        *which = i;
        count++;
    }
    if (count == 1)
        return 0;
    return tpmc__fail(reader->err, TPMC_ERR_FORMAT,
                      "%s of the fields '%s'%s%s%s and '%s' is there, and one is needed",
                      count == 0 ? "none" : "more than one", names[0], i > 2 ? ", '" : "",
                      i > 2 ? names[1] : "", i > 2 ? "'" : "", names[i - 1]);
}
