/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/aws_document.h"
#include "unit/each_allocation.h"
#include "unit/expect.h"

static const char json_text[] =
    " {\"other\": {\"credentials\": {\"Key\": \"one\", \"empty\": \"\", \"number\": 5}},"
    " \"key\": \"two\"}";
static const char xml_text[] = "\n<Answer><Other><Credentials><Key>one</Key><Empty/></Credentials>"
                               "</Other></Answer>";

static int read_text(const char *text, tpmc__aws_document *out, tpmc_error *err)
{
    return tpmc__aws_document_read(text, strlen(text), "text/plain", out, err);
}

static void both_forms_are_read_alike(void **state)
{
    static const char *const both[] = { json_text, xml_text };

    for (size_t i = 0; i < 2; i++) {
        tpmc__aws_document document;
        tpmc__aws_place place;

        expect_success(read_text(both[i], &document, *state), *state);
        tpmc__aws_document_root(&document, &place);
        assert_true(tpmc__aws_place_exists(&place));
        tpmc__aws_place_find(&place, "Credentials", &place);
        assert_true(tpmc__aws_place_exists(&place));
        assert_string_equal(tpmc__aws_place_text(&place, "Key"), "one");
        assert_null(tpmc__aws_place_text(&place, "Empty"));
        assert_null(tpmc__aws_place_text(&place, "Number"));
        assert_null(tpmc__aws_place_text(&place, "Missing"));
        tpmc__aws_place_find(&place, "Missing", &place);
        assert_false(tpmc__aws_place_exists(&place));
        assert_null(tpmc__aws_place_text(&place, "Key"));
        tpmc__aws_place_find(&place, "Key", &place);
        assert_false(tpmc__aws_place_exists(&place));
        tpmc__aws_document_free(&document);
    }
}

typedef struct bad_row {
    const char *text;
    const char *words;
} bad_row;

static const bad_row bads[] = {
    { "", "the answer has no body" },
    { " \r\n", "neither JSON nor XML" },
    { "Service s3cret", "neither JSON nor XML, as a proxy" },
    { "[]", "neither JSON nor XML" },
    { "\"s3cret\"", "neither JSON nor XML" },
    { "{\"a\": \"s3cret\"", "the answer is not usable JSON" },
    { "{\"a\": \"s3cret\", \"a\": 1}", "names a member twice" },
    { "{\"a\": \"s3cret\\u0000\"}", "the answer is not usable JSON" },
    { "<!DOCTYPE html><html>s3cret</html>",
      "a proxy or a login sends; its content type is 'text/" },
    { "<a>s3cret", "the answer is not usable XML" },
};

static void refuses_other_bodies(void **state)
{
    for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
        tpmc__aws_document document;

        expect_failure(read_text(bads[i].text, &document, *state), *state, TPMC_ERR_PROTOCOL,
                       bads[i].words);
        if (i > 0 && strstr(tpmc_error_text(*state), "content type is 'text/plain'") == NULL &&
            i != 7)
            fail_msg("%s", tpmc_error_text(*state));
        assert_null(strstr(tpmc_error_text(*state), "s3cret"));
        assert_null(document.json);
        assert_null(document.xml);
        tpmc__aws_document_free(&document);
    }
    {
        tpmc__aws_document document;

        expect_failure(tpmc__aws_document_read("x", 1, NULL, &document, *state), *state,
                       TPMC_ERR_PROTOCOL, "content type is ''");
        expect_failure(tpmc__aws_document_read(NULL, 0, NULL, &document, *state), *state,
                       TPMC_ERR_PROTOCOL, "no body");
    }
}

static int attempt(void *context)
{
    tpmc__aws_document document;
    int status = read_text(xml_text, &document, context);

    tpmc__aws_document_free(&document);
    if (status != 0)
        return status;
    status = read_text("{}", &document, context);
    tpmc__aws_document_free(&document);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    assert_in_range(each_allocation(attempt, *state, TPMC_ERR_NOMEM), 4, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(both_forms_are_read_alike),
        WITH_ERROR(refuses_other_bodies),
        WITH_ERROR(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
