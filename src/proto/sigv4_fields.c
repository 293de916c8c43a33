/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sigv4_fields.h"

#include <stdio.h>
#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "http/ascii.h"

typedef struct name_row {
    const char *name;
    size_t len;
} name_row;

#define NAME(text)                                                                                 \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static const char web_socket[] = "sec-websocket-";

/* What a proxy or the transport may add, change or drop on the way. */
static const name_row unsigned_names[] = {
    NAME("authorization"),
    NAME("user-agent"),
    NAME("x-amzn-trace-id"),
    NAME("connection"),
    NAME("expect"),
    NAME("keep-alive"),
    NAME("proxy-authenticate"),
    NAME("proxy-authorization"),
    NAME("te"),
    NAME("trailer"),
    NAME("transfer-encoding"),
    NAME("upgrade"),
};

/* What the signature adds itself. */
static const name_row refused_names[] = {
    NAME("Authorization"),        NAME("X-Amz-Date"),       NAME("X-Amz-Security-Token"),
    NAME("X-Amz-Content-Sha256"), NAME("X-Amz-Region-Set"),
};

static const name_row host_name = NAME("host");

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static int is_name(const char *name, size_t len, const name_row *row)
{
    return row->len == len && tpmc__ascii_equal(row->name, name, len);
}

static const name_row *find_name(const char *name, size_t len, const name_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_name(name, len, &rows[i]))
            return &rows[i];
    }
    return NULL;
}

void tpmc__sigv4_host(const tpmc__url *url, char *host)
{
    size_t len = url->host_len;

    for (size_t i = 0; i < len; i++)
        host[i] = (char)lower(url->host[i]);
    host[len] = '\0';
    if (url->port != (url->is_https ? 443 : 80))
        (void)snprintf(host + len, TPMC__SIGV4_HOST_SIZE - len, ":%d", url->port);
}

static int is_signed(const char *name, size_t len)
{
    size_t prefix_len = sizeof(web_socket) - 1;

    if (len >= prefix_len && tpmc__ascii_equal(name, web_socket, prefix_len))
        return 0;
    /* Host is taken from the URL. */
    return !is_name(name, len, &host_name) &&
           find_name(name, len, unsigned_names,
                     sizeof(unsigned_names) / sizeof(unsigned_names[0])) == NULL;
}

static int compare_names(const tpmc__sigv4_field *a, const tpmc__sigv4_field *b)
{
    size_t len = a->name_len < b->name_len ? a->name_len : b->name_len;

    for (size_t i = 0; i < len; i++) {
        if (lower(a->name[i]) != lower(b->name[i]))
            return lower(a->name[i]) < lower(b->name[i]) ? -1 : 1;
    }
    return (a->name_len > b->name_len) - (a->name_len < b->name_len);
}

/* Puts a field behind all that are not greater: there are few, and equal ones keep their order. */
static void insert(tpmc__sigv4_fields *fields, const tpmc__sigv4_field *field)
{
    size_t i = fields->count;

    while (i > 0 && compare_names(field, &fields->items[i - 1]) < 0) {
        fields->items[i] = fields->items[i - 1];
        i--;
    }
    fields->items[i] = *field;
    fields->count++;
}

int tpmc__sigv4_fields_init(tpmc__sigv4_fields *fields, const tpmc_http_request *request,
                            const char *host, tpmc_error *err)
{
    size_t count = tpmc_http_request_header_count(request);
    tpmc__sigv4_field field = { host_name.name, host_name.len, host };

    fields->count = 0;
    fields->items = tpmc__mem_new(count + 1, sizeof(*fields->items));
    if (fields->items == NULL)
        return tpmc__fail_nomem(err);
    insert(fields, &field);
    for (size_t i = 0; i < count; i++) {
        field.name = tpmc_http_request_header_name(request, i);
        field.name_len = strlen(field.name);
        field.value = tpmc_http_request_header_value(request, i);
        if (is_signed(field.name, field.name_len))
            insert(fields, &field);
    }
    return 0;
}

void tpmc__sigv4_fields_free(tpmc__sigv4_fields *fields)
{
    tpmc__mem_free(fields->items);
    fields->items = NULL;
    fields->count = 0;
}

static void append_name(const tpmc__sigv4_field *field, tpmc__buf *out)
{
    uint8_t *to = tpmc__buf_reserve(out, field->name_len);

    if (to == NULL)
        return;
    for (size_t i = 0; i < field->name_len; i++)
        to[i] = lower(field->name[i]);
}

/* Without spaces at the ends, and one instead of several. */
static void append_value(const char *value, tpmc__buf *out)
{
    const char *word = value + strspn(value, " ");
    size_t len;

    while (*word != '\0') {
        len = strcspn(word, " ");
        (void)tpmc__buf_append(out, word, len);
        word += len;
        word += strspn(word, " ");
        if (*word != '\0')
            (void)tpmc__buf_append_byte(out, ' ');
    }
}

static int begins_name(const tpmc__sigv4_fields *fields, size_t i)
{
    return i == 0 || compare_names(&fields->items[i - 1], &fields->items[i]) != 0;
}

void tpmc__sigv4_fields_append_lines(const tpmc__sigv4_fields *fields, tpmc__buf *out)
{
    for (size_t i = 0; i < fields->count; i++) {
        if (!begins_name(fields, i)) {
            (void)tpmc__buf_append_byte(out, ',');
        } else {
            if (i > 0)
                (void)tpmc__buf_append_byte(out, '\n');
            append_name(&fields->items[i], out);
            (void)tpmc__buf_append_byte(out, ':');
        }
        append_value(fields->items[i].value, out);
    }
    (void)tpmc__buf_append_byte(out, '\n');
}

void tpmc__sigv4_fields_append_names(const tpmc__sigv4_fields *fields, tpmc__buf *out)
{
    for (size_t i = 0; i < fields->count; i++) {
        if (!begins_name(fields, i))
            continue;
        if (i > 0)
            (void)tpmc__buf_append_byte(out, ';');
        append_name(&fields->items[i], out);
    }
}

int tpmc__sigv4_check_fields(const tpmc_http_request *request, const char *host, tpmc_error *err)
{
    size_t count = tpmc_http_request_header_count(request);
    const name_row *refused;
    const char *name;
    size_t len;

    for (size_t i = 0; i < count; i++) {
        name = tpmc_http_request_header_name(request, i);
        len = strlen(name);
        refused =
            find_name(name, len, refused_names, sizeof(refused_names) / sizeof(refused_names[0]));
        if (refused != NULL)
            return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                              "the request has the header field %s already: give one that was not "
                              "signed before",
                              refused->name);
        if (is_name(name, len, &host_name) &&
            strcmp(tpmc_http_request_header_value(request, i), host) != 0)
            return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                              "the header field Host is not what the URL says, which is '%s'",
                              host);
    }
    return 0;
}
