/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/entra_scope.h"

#include <string.h>
#include <strings.h>

#include "base/error_int.h"
#include "base/option_check.h"
#include "base/option_table.h"

static const char default_scope[] = "/.default";
#define DEFAULT_LEN (sizeof(default_scope) - 1)

/* One scope within a text. */
typedef struct scope {
    const char *text;
    size_t len;
} scope;

static int ends_with_default(const scope *s)
{
    return s->len > DEFAULT_LEN &&
           strncmp(s->text + s->len - DEFAULT_LEN, default_scope, DEFAULT_LEN) == 0;
}

/* The length of the resource that a scope names: 0 for a name without one. */
static size_t resource_len(const scope *s)
{
    size_t len = s->len;

    while (len > 0 && s->text[len - 1] != '/')
        len--;
    return len;
}

/* 1 when the words before the first scope hold it already. */
static int is_repeated(const char *text, const scope *s)
{
    size_t len;

    for (const char *at = text; at < s->text; at += len + 1) {
        len = strcspn(at, " ");
        if (len == s->len && strncmp(at, s->text, len) == 0)
            return 1;
    }
    return 0;
}

/* Finds the next scope from `*at` on; 0 at the end. */
static int next_scope(const char **at, scope *out)
{
    *at += strspn(*at, " ");
    out->text = *at;
    out->len = strcspn(*at, " ");
    *at += out->len;
    return out->len > 0;
}

static int check_scope(int grant, int is_adfs, const scope *s, tpmc_error *err)
{
    char copy[2] = { 0, 0 };

    for (size_t i = 0; i < s->len; i++) {
        copy[0] = s->text[i];
        if (tpmc__check_scope(copy) != NULL)
            return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                              "a scope may hold only visible ASCII characters, no quotes or "
                              "backslashes");
        if (s->text[i] == '%' && i + 2 < s->len &&
            (strncasecmp(s->text + i, "%3a", 3) == 0 || strncasecmp(s->text + i, "%2f", 3) == 0))
            return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                              "scope '%.*s' is percent-encoded already: give it as it is, it is "
                              "encoded where that is needed",
                              (int)s->len, s->text);
    }
    if (grant == TPMC__GRANT_CLIENT && !is_adfs && !ends_with_default(s))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "scope '%.*s' does not end with '/.default': an application asks for all "
                          "that it was granted of a resource, such as "
                          "https://graph.microsoft.com/.default",
                          (int)s->len, s->text);
    return 0;
}

/* Entra gives a token for one resource. */
static int check_resource(int grant, const scope *first, const scope *s, tpmc_error *err)
{
    size_t len = resource_len(s);

    if (first->len == 0)
        return 0;
    if (grant == TPMC__GRANT_CLIENT)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the scopes '%.*s' and '%.*s' are of two resources: a token is for one; "
                          "ask for each by itself",
                          (int)first->len, first->text, (int)s->len, s->text);
    if (len > 0 && resource_len(first) > 0 &&
        (len != resource_len(first) || strncmp(first->text, s->text, len) != 0))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the scopes '%.*s' and '%.*s' are of two resources: a token is for one; "
                          "ask for each by itself",
                          (int)first->len, first->text, (int)s->len, s->text);
    return 0;
}

static int append_all(int grant, int is_adfs, const char *text, tpmc__buf *out, tpmc_error *err)
{
    scope first = { NULL, 0 };
    const char *at = text;
    scope s;
    size_t len;
    int status = 0;

    while (status == 0 && next_scope(&at, &s)) {
        if (is_repeated(text, &s))
            continue;
        status = check_scope(grant, is_adfs, &s, err);
        if (status == 0)
            status = check_resource(grant, &first, &s, err);
        if (first.len == 0 || resource_len(&first) == 0)
            first = s;
        len = is_adfs && ends_with_default(&s) ? s.len - DEFAULT_LEN : s.len;
        if (out->len > 0)
            (void)tpmc__buf_append_byte(out, ' ');
        (void)tpmc__buf_append(out, s.text, len);
    }
    return status;
}

static void join_option(const tpmc__options *options, tpmc__buf *out)
{
    size_t count = tpmc__options_item_count(options, TPMC__AZURE_SCOPES);

    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            (void)tpmc__buf_append_byte(out, ' ');
        (void)tpmc__buf_append_text(out, tpmc__options_item(options, TPMC__AZURE_SCOPES, i));
    }
}

int tpmc__entra_scope_text(const tpmc__options *options, int grant, const char *scopes,
                           tpmc__buf *out, tpmc_error *err)
{
    tpmc__buf text;
    int status;

    tpmc__buf_init(&text, TPMC__SCOPES_MAX);
    if (scopes != NULL)
        (void)tpmc__buf_append(&text, scopes, strnlen(scopes, TPMC__SCOPES_MAX + 1));
    else
        join_option(options, &text);
    status = tpmc__buf_check(&text, "all scopes together", err);
    if (status == 0 && text.len > 0)
        status = append_all(grant, tpmc__entra_is_adfs(options), (const char *)text.data, out, err);
    tpmc__buf_free(&text);
    if (status == 0)
        status = tpmc__buf_check(out, "all scopes together", err);
    if (status == 0 && out->len == 0)
        status = tpmc__fail(err, TPMC_ERR_ARGUMENT,
                            "option 'scopes' is missing: what the token is for, such as "
                            "https://graph.microsoft.com/.default");
    return status;
}
