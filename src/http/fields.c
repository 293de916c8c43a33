/* SPDX-License-Identifier: Apache-2.0 */
#include "http/fields.h"

#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "http/ascii.h"

void tpmc__fields_init(tpmc__fields *fields, size_t max_count, size_t max_bytes)
{
    memset(fields, 0, sizeof(*fields));
    fields->max_count = max_count;
    fields->max_bytes = max_bytes;
}

static int check_name(const char *name, tpmc_error *err)
{
    size_t len = strnlen(name, TPMC__FIELD_NAME_MAX + 1);
    size_t i;

    if (len == 0 || len > TPMC__FIELD_NAME_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "a header field's name is empty or longer than 128 bytes");
    for (i = 0; i < len; i++)
        if (!tpmc__ascii_is_token((unsigned char)name[i]))
            return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                              "the header field name '%s' holds a character that no such name has",
                              name);
    return 0;
}

static int check_value(const char *name, const char *value, tpmc_error *err)
{
    size_t len = strnlen(value, TPMC__FIELD_VALUE_MAX + 1);
    size_t i;

    if (len > TPMC__FIELD_VALUE_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the value of the header field '%s' is longer than 16384 bytes", name);
    for (i = 0; i < len; i++)
        if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
            return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                              "the value of the header field '%s' holds a control character", name);
    return 0;
}

static int make_room(tpmc__fields *fields, size_t bytes, tpmc_error *err)
{
    size_t capacity = fields->capacity == 0 ? 8 : fields->capacity * 2;
    tpmc__field *items;

    if (fields->count >= fields->max_count)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "there are more than %zu header fields",
                          fields->max_count);
    if (bytes > fields->max_bytes - fields->bytes)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the header fields are longer than %zu bytes together",
                          fields->max_bytes);
    if (fields->count < fields->capacity)
        return 0;
    items = tpmc__mem_resize(fields->items, capacity, sizeof(*items));
    if (items == NULL)
        return tpmc__fail_nomem(err);
    fields->items = items;
    fields->capacity = capacity;
    return 0;
}

void tpmc__text_free(char *text)
{
    if (text != NULL)
        tpmc__mem_free_wiped(text, strlen(text));
}

int tpmc__fields_add(tpmc__fields *fields, const char *name, const char *value, tpmc_error *err)
{
    tpmc__field field = { NULL, NULL };
    size_t bytes;
    int status;

    status = check_name(name, err);
    if (status == 0)
        status = check_value(name, value, err);
    if (status != 0)
        return status;
    bytes = strlen(name) + strlen(value);
    status = make_room(fields, bytes, err);
    if (status != 0)
        return status;
    field.name = tpmc__mem_copy_text(name);
    field.value = tpmc__mem_copy_text(value);
    if (field.name == NULL || field.value == NULL) {
        tpmc__text_free(field.name);
        tpmc__text_free(field.value);
        return tpmc__fail_nomem(err);
    }
    fields->items[fields->count] = field;
    fields->count++;
    fields->bytes += bytes;
    return 0;
}

const char *tpmc__fields_find(const tpmc__fields *fields, const char *name)
{
    size_t len = strlen(name);
    size_t i;

    for (i = 0; i < fields->count; i++)
        if (strlen(fields->items[i].name) == len &&
            tpmc__ascii_equal(fields->items[i].name, name, len))
            return fields->items[i].value;
    return NULL;
}

void tpmc__fields_truncate(tpmc__fields *fields, size_t count)
{
    tpmc__field *field;

    while (fields->count > count) {
        fields->count--;
        field = &fields->items[fields->count];
        fields->bytes -= strlen(field->name) + strlen(field->value);
        tpmc__text_free(field->name);
        tpmc__text_free(field->value);
    }
}

void tpmc__fields_free(tpmc__fields *fields)
{
    tpmc__fields_truncate(fields, 0);
    tpmc__mem_free(fields->items);
    tpmc__fields_init(fields, fields->max_count, fields->max_bytes);
}
