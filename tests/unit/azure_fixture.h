/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_AZURE_FIXTURE_H
#define TESTS_UNIT_AZURE_FIXTURE_H

/* What the tests of the Azure module share. */

#include "unit/expect.h"

#include "base/buf.h"
#include "base/option_int.h"
#include "base/option_table.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "http/http_int.h"

#define TENANT "72f988bf-86f1-41af-91ab-2d7cd011db47"
#define CLIENT "11111111-2222-3333-4444-555555555555"
#define GRAPH "https://graph.microsoft.com/.default"

/* A setting of one option. */
typedef struct setting {
    const char *name;
    const char *value;
} setting;

static inline void set_options(tpmc__options *options, const setting *settings)
{
    for (; settings->name != NULL; settings++)
        assert_int_equal(tpmc__options_set(options, settings->name, settings->value, NULL), 0);
}

/* Options with these settings, of which the last one's name is NULL. */
static inline void init_options(tpmc__options *options, const setting *settings)
{
    assert_int_equal(tpmc__options_init(options, TPMC_OBJECT_AZURE, NULL), 0);
    set_options(options, settings);
}

/* The part of a compact JWS, 0 the header and 1 the claims. */
static inline tpmc__json *jws_part(const char *jws, int part)
{
    tpmc__json *json = NULL;
    tpmc__buf text;

    for (; part > 0; part--)
        jws = strchr(jws, '.') + 1;
    tpmc__buf_init(&text, 65536);
    assert_int_equal(tpmc__base64url_decode(jws, strcspn(jws, "."), &text), 0);
    assert_int_equal(tpmc__json_parse(text.data, text.len, 65536, "part", &json, NULL), 0);
    tpmc__buf_free(&text);
    return json;
}

static inline void expect_text(const tpmc__json *json, const char *name, const char *value)
{
    assert_non_null(tpmc__json_text(tpmc__json_member(json, name)));
    assert_string_equal(tpmc__json_text(tpmc__json_member(json, name)), value);
}

static inline void expect_integer(const tpmc__json *json, const char *name, int64_t value)
{
    int64_t found = 0;

    assert_int_equal(tpmc__json_integer(tpmc__json_member(json, name), &found), 0);
    assert_int_equal(found, value);
}

/* An answer as a transport would have filled it. */
static inline tpmc_http_response *new_reply(int status, const char *body)
{
    tpmc_http_response *response = NULL;

    assert_int_equal(tpmc__http_response_new(&response, NULL), 0);
    assert_int_equal(tpmc_http_response_set_status(response, status, NULL), 0);
    assert_int_equal(tpmc_http_response_append_body(response, body, strlen(body), NULL), 0);
    return response;
}

#endif
