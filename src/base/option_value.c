/* SPDX-License-Identifier: Apache-2.0 */
#include "base/option_value.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/error_int.h"
#include "base/mem.h"
#include "base/utf8.h"

/* The longest value that an error text repeats, and room for it in quotes or for its length. */
#define SHOWN_MAX 64
#define SHOWN_SIZE (SHOWN_MAX + 16)
/* The digits of INT64_MAX, less one: such a number always fits. */
#define NUMBER_MAX_DIGITS 18
#define CHOICES_MAX 512

void tpmc__option_value_free(tpmc__option_value *value)
{
    size_t i;

    for (i = 0; i < value->item_count; i++)
        tpmc__mem_free(value->items[i]);
    tpmc__mem_free(value->items);
    tpmc__mem_free(value->text);
    memset(value, 0, sizeof(*value));
}

/* How an error text speaks of a refused value. */
static const char *show(char out[SHOWN_SIZE], const char *text)
{
    if (strlen(text) <= SHOWN_MAX)
        (void)snprintf(out, SHOWN_SIZE, "'%s'", text);
    else
        (void)snprintf(out, SHOWN_SIZE, "%zu bytes of text", strlen(text));
    return out;
}

static int is_white_space(uint32_t character)
{
    return character == '\n' || character == '\r' || character == '\t';
}

/* 1 when the text is well-formed and without control characters; `reason` says why it is not. */
static int is_clean(const tpmc__option *option, const char *text, size_t len, const char **reason)
{
    const uint8_t *bytes = (const uint8_t *)text;
    uint32_t character = 0;
    size_t pos = 0;

    if (!tpmc__utf8_valid(text, len)) {
        *reason = "is not valid UTF-8";
        return 0;
    }
    while (pos < len) {
        pos += tpmc__utf8_next(bytes + pos, len - pos, &character);
        if (tpmc__utf8_is_control(character) &&
            !(option->many_lines && is_white_space(character))) {
            *reason = "holds a control character such as a line end or tab: remove it";
            return 0;
        }
    }
    return 1;
}

static int check_len(const tpmc__option *option, size_t len, tpmc_error *err)
{
    if (len == 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "option '%s' is empty; leave it unset instead",
                          option->name);
    if (len > (uint64_t)option->max)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option '%s' has %zu bytes; it takes at most %lld", option->name, len,
                          (long long)option->max);
    if (len < (uint64_t)option->min)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option '%s' has %zu bytes; it needs at least %lld", option->name, len,
                          (long long)option->min);
    return 0;
}

/* Makes a checked copy of one text; `*out` stays NULL on failure. */
static int copy_text(const tpmc__option *option, const char *text, size_t len, char **out,
                     tpmc_error *err)
{
    const char *reason = NULL;
    char *copy = NULL;
    int status;

    status = check_len(option, len, err);
    if (status != 0)
        return status;
    if (!is_clean(option, text, len, &reason))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "option '%s' %s", option->name, reason);
    copy = tpmc__mem_copy(text, len);
    if (copy == NULL)
        return tpmc__fail_nomem(err);
    reason = option->check != NULL ? option->check(copy) : NULL;
    if (reason != NULL) {
        tpmc__mem_free(copy);
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "option '%s' %s", option->name, reason);
    }
    *out = copy;
    return 0;
}

static int parse_text(const tpmc__option *option, const char *text, tpmc__option_value *value,
                      tpmc_error *err)
{
    return copy_text(option, text, strlen(text), &value->text, err);
}

/* A decimal number as people write it: digits, no sign but '-', no zeros in front. */
static int read_number(const char *text, int64_t *out)
{
    const char *start = text[0] == '-' ? text + 1 : text;
    size_t len = strspn(start, "0123456789");
    int64_t number = 0;
    size_t i;

    if (len == 0 || len > NUMBER_MAX_DIGITS || start[len] != '\0')
        return 0;
    if (start[0] == '0' && (len > 1 || start != text))
        return 0;
    for (i = 0; i < len; i++)
        number = number * 10 + (start[i] - '0');
    *out = start != text ? -number : number;
    return 1;
}

static int parse_number(const tpmc__option *option, const char *text, tpmc__option_value *value,
                        tpmc_error *err)
{
    char shown[SHOWN_SIZE];
    int64_t number = 0;

    if (!read_number(text, &number) || number < option->min || number > option->max)
        return tpmc__fail(
            err, TPMC_ERR_ARGUMENT, "option '%s' must be a whole number from %lld to %lld, not %s",
            option->name, (long long)option->min, (long long)option->max, show(shown, text));
    value->number = number;
    return 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Whatever the locale says, which strcasecmp() would ask. */
static int same_word(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == '\0' && *b == '\0';
}

static int parse_boolean(const tpmc__option *option, const char *text, tpmc__option_value *value,
                         tpmc_error *err)
{
    /* False and true in turn. */
    static const char *const words[] = { "0", "1", "false", "true", "no", "yes", "off", "on" };
    char shown[SHOWN_SIZE];
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (same_word(text, words[i])) {
            value->number = (int64_t)(i % 2);
            return 0;
        }
    }
    return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                      "option '%s' must be 0 or 1 (or false, true, no, yes, off, on), not %s",
                      option->name, show(shown, text));
}

static int fail_choice(const tpmc__option *option, const char *text, tpmc_error *err)
{
    char shown[SHOWN_SIZE];
    tpmc__buf words;
    size_t i;
    int status;

    tpmc__buf_init(&words, CHOICES_MAX);
    for (i = 0; option->choices[i] != NULL; i++) {
        if (i > 0)
            (void)tpmc__buf_append_text(&words, ", ");
        (void)tpmc__buf_append_text(&words, option->choices[i]);
    }
    status = tpmc__buf_check(&words, "the list of an option's words", err);
    if (status == 0)
        status = tpmc__fail(err, TPMC_ERR_ARGUMENT, "option '%s' must be one of %s, not %s",
                            option->name, (const char *)words.data, show(shown, text));
    tpmc__buf_free(&words);
    return status;
}

static int parse_choice(const tpmc__option *option, const char *text, tpmc__option_value *value,
                        tpmc_error *err)
{
    size_t i;

    for (i = 0; option->choices[i] != NULL; i++) {
        if (strcmp(text, option->choices[i]) == 0) {
            value->number = (int64_t)i;
            return 0;
        }
    }
    return fail_choice(option, text, err);
}

static int has_item(const tpmc__option_value *value, const char *text)
{
    size_t i;

    for (i = 0; i < value->item_count; i++) {
        if (strcmp(value->items[i], text) == 0)
            return 1;
    }
    return 0;
}

/* Appends one item to a list that has room for TPMC__OPTION_LIST_MAX of them. */
static int append_item(const tpmc__option *option, const char *text, size_t len,
                       tpmc__option_value *value, tpmc_error *err)
{
    char *item = NULL;
    int status;

    status = copy_text(option, text, len, &item, err);
    if (item == NULL)
        return status;
    if (option->split && has_item(value, item)) {
        tpmc__mem_free(item);
        return 0;
    }
    if (value->item_count == TPMC__OPTION_LIST_MAX) {
        tpmc__mem_free(item);
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "option '%s' takes at most %d values",
                          option->name, TPMC__OPTION_LIST_MAX);
    }
    value->items[value->item_count] = item;
    value->item_count++;
    return 0;
}

/* The first part of a list's text from `pos` on; 0 bytes long when there is none left. */
static size_t next_part(const char *text, size_t *pos)
{
    *pos += strspn(text + *pos, " ");
    return strcspn(text + *pos, " ");
}

static int append_parts(const tpmc__option *option, const char *text, tpmc__option_value *value,
                        tpmc_error *err)
{
    size_t pos = 0;
    size_t len;
    int status = 0;

    len = next_part(text, &pos);
    if (len == 0)
        return check_len(option, 0, err);
    while (len > 0 && status == 0) {
        status = append_item(option, text + pos, len, value, err);
        pos += len;
        len = next_part(text, &pos);
    }
    return status;
}

static int copy_items(const tpmc__option_value *from, tpmc__option_value *to, tpmc_error *err)
{
    size_t i;

    to->items = tpmc__mem_new(TPMC__OPTION_LIST_MAX, sizeof(*to->items));
    if (to->items == NULL)
        return tpmc__fail_nomem(err);
    for (i = 0; i < from->item_count; i++) {
        to->items[i] = tpmc__mem_copy_text(from->items[i]);
        if (to->items[i] == NULL)
            return tpmc__fail_nomem(err);
        to->item_count++;
    }
    return 0;
}

static int parse_list(const tpmc__option *option, const char *text, tpmc__option_value *value,
                      tpmc_error *err)
{
    if (option->split)
        return append_parts(option, text, value, err);
    return append_item(option, text, strlen(text), value, err);
}

typedef int (*parse_fn)(const tpmc__option *option, const char *text, tpmc__option_value *value,
                        tpmc_error *err);

static const parse_fn parsers[] = {
    [TPMC_OPTION_TEXT] = parse_text,       [TPMC_OPTION_NUMBER] = parse_number,
    [TPMC_OPTION_BOOLEAN] = parse_boolean, [TPMC_OPTION_CHOICE] = parse_choice,
    [TPMC_OPTION_LIST] = parse_list,
};

int tpmc__option_value_parse(const tpmc__option *option, const tpmc__option_value *current,
                             const char *text, tpmc__option_value *out, tpmc_error *err)
{
    tpmc__option_value value;
    int status = 0;

    memset(&value, 0, sizeof(value));
    if (option->kind == TPMC_OPTION_LIST)
        status = copy_items(current, &value, err);
    if (status == 0)
        status = parsers[option->kind](option, text, &value, err);
    if (status != 0) {
        tpmc__option_value_free(&value);
        return status;
    }
    value.is_set = 1;
    *out = value;
    return 0;
}
