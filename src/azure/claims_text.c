/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/claims_text.h"

#include <string.h>

#include "base/error_int.h"
#include "base/option_table.h"
#include "codec/base64.h"
#include "codec/json.h"

/* A challenge holds base64 in either alphabet, with its padding or without. */
static void decode(const char *text, size_t len, tpmc__buf *out)
{
    tpmc__buf plain;

    while (len > 0 && text[len - 1] == '=')
        len--;
    tpmc__buf_init(&plain, TPMC__CLAIMS_MAX);
    for (size_t i = 0; i < len; i++) {
        char c = text[i];

        if (c == '+')
            c = '-';
        if (c == '/')
            c = '_';
        (void)tpmc__buf_append_byte(&plain, (uint8_t)c);
    }
    if (tpmc__buf_status(&plain) != 0)
        (void)tpmc__buf_fail(out, tpmc__buf_status(&plain));
    else if (plain.len > 0)
        (void)tpmc__base64url_decode((const char *)plain.data, plain.len, out);
    tpmc__buf_free(&plain);
}

static int refuse(tpmc_error *err)
{
    return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                      "the claims are neither a JSON object nor the base64 of one, as the "
                      "parameter 'claims' of a challenge holds it");
}

static int parse(const char *claims, tpmc__json **out, tpmc_error *err)
{
    size_t len = strnlen(claims, TPMC__CLAIMS_MAX + 1);
    tpmc__buf decoded;
    int status;

    tpmc__buf_init(&decoded, TPMC__CLAIMS_MAX);
    if (tpmc__json_looks_like_object(claims, len)) {
        status = tpmc__json_parse(claims, len, TPMC__CLAIMS_MAX, "the claims", out, err);
    } else {
        decode(claims, len, &decoded);
        status = tpmc__buf_status(&decoded);
        if (status == 0)
            status = tpmc__json_parse(decoded.data, decoded.len, TPMC__CLAIMS_MAX, "the claims",
                                      out, err);
    }
    tpmc__buf_free(&decoded);
    if (status == TPMC_ERR_NOMEM)
        return tpmc__fail_nomem(err);
    if (status != 0 || !tpmc__json_is_object(*out))
        return refuse(err);
    return 0;
}

/* Copies the members but `access_token`. NULL is an object without members. */
static void copy_members(const tpmc__json *from, const char *but, tpmc__json *to)
{
    for (size_t i = 0; i < tpmc__json_count(from); i++) {
        const char *name = tpmc__json_name(from, i);

        if (but == NULL || strcmp(name, but) != 0)
            (void)tpmc__json_add(to, name, tpmc__json_copy(tpmc__json_item(from, i)));
    }
}

static void add_capabilities(const tpmc__options *options, tpmc__json *access_token)
{
    size_t count = tpmc__options_item_count(options, TPMC__AZURE_CLIENT_CAPABILITY);
    tpmc__json *values = tpmc__json_new_array();
    tpmc__json *request = tpmc__json_new_object();

    for (size_t i = 0; i < count; i++)
        (void)tpmc__json_append(values, tpmc__json_new_text(tpmc__options_item(
                                            options, TPMC__AZURE_CLIENT_CAPABILITY, i)));
    (void)tpmc__json_add(request, "values", values);
    (void)tpmc__json_add(access_token, "xms_cc", request);
}

static int print(const tpmc__json *json, tpmc__buf *out, tpmc_error *err)
{
    (void)tpmc__json_print(json, out);
    return tpmc__buf_check(out, "the claims", err);
}

static int merge(const tpmc__options *options, const tpmc__json *asked, tpmc__buf *out,
                 tpmc_error *err)
{
    const tpmc__json *former = tpmc__json_member(asked, "access_token");
    tpmc__json *merged;
    tpmc__json *access_token;
    int status;

    /* null is how a claim is asked for by its mere name. */
    if (tpmc__json_member(former, "xms_cc") != NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the claims ask for 'xms_cc' themselves, which option "
                          "'client_capability' is to say");
    merged = tpmc__json_new_object();
    access_token = tpmc__json_new_object();
    copy_members(asked, "access_token", merged);
    copy_members(tpmc__json_is_object(former) ? former : NULL, NULL, access_token);
    add_capabilities(options, access_token);
    (void)tpmc__json_add(merged, "access_token", access_token);
    status = print(merged, out, err);
    tpmc__json_free(merged);
    return status;
}

int tpmc__claims_text(const tpmc__options *options, const char *claims, tpmc__buf *out,
                      tpmc_error *err)
{
    size_t capabilities = tpmc__options_item_count(options, TPMC__AZURE_CLIENT_CAPABILITY);
    tpmc__json *asked = NULL;
    int status = 0;

    if (claims == NULL)
        claims = tpmc__options_text(options, TPMC__AZURE_CLAIMS);
    if (claims != NULL)
        status = parse(claims, &asked, err);
    if (status == 0 && capabilities > 0)
        status = merge(options, asked, out, err);
    else if (status == 0 && asked != NULL)
        status = print(asked, out, err);
    tpmc__json_free(asked);
    return status;
}
