/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/xml.h"
#include "unit/each_allocation.h"
#include "unit/expect.h"

#define MAX_LEN 65536

static tpmc__xml *parse(const char *text)
{
    tpmc_error *err = NULL;
    tpmc__xml *xml = NULL;

    assert_int_equal(tpmc_error_new(&err), 0);
    if (tpmc__xml_parse(text, strlen(text), MAX_LEN, "the answer", &xml, err) != 0)
        fail_msg("%s: %s", text, tpmc_error_text(err));
    tpmc_error_free(err);
    return xml;
}

static void finds_elements(void **state)
{
    tpmc__xml *xml =
        parse("\xef\xbb\xbf<?xml version='1.0' encoding=\"utf-8\" standalone='yes' ?>\n"
              "<!-- a comment - with > and < --><s:A xmlns:s=\"urn:x\" b = 'c&lt;d'>\r\n"
              "  <s:B><C>one</C></s:B ><B><C>two</C><D/></B>\n<E a='1'\n/></s:A>\n");
    const tpmc__xml_element *root = tpmc__xml_root(xml);
    const tpmc__xml_element *b = tpmc__xml_find(root, "B");

    (void)state;
    assert_string_equal(tpmc__xml_name(root), "A");
    assert_string_equal(tpmc__xml_name(b), "B");
    assert_string_equal(tpmc__xml_text(tpmc__xml_find(root, "C")), "one");
    assert_string_equal(tpmc__xml_text(tpmc__xml_find(b, "C")), "one");
    assert_null(tpmc__xml_find(b, "D"));
    assert_null(tpmc__xml_find(b, "B"));
    assert_null(tpmc__xml_find(root, "A"));
    assert_null(tpmc__xml_find(root, "c"));
    assert_string_equal(tpmc__xml_text(tpmc__xml_find(root, "D")), "");
    assert_string_equal(tpmc__xml_text(tpmc__xml_find(root, "E")), "");
    assert_null(tpmc__xml_text(root));
    assert_null(tpmc__xml_text(b));
    tpmc__xml_free(xml);
}

typedef struct text_row {
    const char *document;
    const char *text;
} text_row;

static const text_row texts[] = {
    { "<a>x</a>", "x" },
    { "<a> \t\r\n x y \n</a>", "x y" },
    { "<a>&lt;&gt;&amp;&quot;&apos;</a>", "<>&\"'" },
    { "<a>&#65;&#x42;&#x6a;&#x4B;&#0000000067;</a>", "ABjKC" },
    { "<a>&#xe9;&#233;&#x20ac;&#x1F600;&#x10ffff;</a>",
      "\xc3\xa9\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf" },
    { "<a>\xc3\xa9</a>", "\xc3\xa9" },
    { "<a>x<!-- y -->z</a>", "xz" },
    { "<a>x<![CDATA[<&lt;]]]]>y</a>", "x<&lt;]]y" },
    { "<a><![CDATA[]]></a>", "" },
    { "<a>x\r\ny\rz\nw</a>", "x\ny\nz\nw" },
    { "<a>]] ></a>", "]] >" },
    { "<a/>", "" },
    { "<_a.b-1:c2 />", "" },
    { "<\xc3\xa9>x</\xc3\xa9>", "x" },
    { "<?xml version=\"1.0\"?><a>x</a>", "x" },
    { "<?xml version=\"1.0\" encoding='US-ASCII'?><a>x</a>", "x" },
};

static void decodes_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        tpmc__xml *xml = parse(texts[i].document);

        assert_string_equal(tpmc__xml_text(tpmc__xml_root(xml)), texts[i].text);
        tpmc__xml_free(xml);
    }
}

static void text_among_elements_is_dropped(void **state)
{
    tpmc__xml *xml = parse("<a>one<b>two</b>three<c>four</c>&#65;<![CDATA[x]]></a>");
    const tpmc__xml_element *root = tpmc__xml_root(xml);

    (void)state;
    assert_null(tpmc__xml_text(root));
    assert_string_equal(tpmc__xml_name(root), "a");
    assert_string_equal(tpmc__xml_text(tpmc__xml_find(root, "b")), "two");
    assert_string_equal(tpmc__xml_text(tpmc__xml_find(root, "c")), "four");
    tpmc__xml_free(xml);
}

static const text_row refusals[] = {
    { "", "ends too early" },
    { "  ", "ends too early" },
    { "<?xml version='1.0'?>", "ends too early" },
    { "x", "outside of the root" },
    { "<a/>x", "outside of the root" },
    { "<a/>&lt;", "outside of the root" },
    { "<![CDATA[x]]><a/>", "outside of the root" },
    { "<a/><b/>", "more than one root" },
    { "<a>", "ends too early" },
    { "<a><b></b>", "ends too early" },
    { "<a></b>", "does not match" },
    { "<a><b></a></b>", "does not match" },
    { "<x:a></a>", "does not match" },
    { "<x:a></y:a>", "does not match" },
    { "<a></aa>", "does not match" },
    { "</a>", "does not match" },
    { "<a></a b='c'>", "more than a name" },
    { "<a", "has no end" },
    { "<a ", "has no end" },
    { "<a b", "no value" },
    { "<a b=", "no quotes" },
    { "<a b=c/>", "no quotes" },
    { "<a b='c", "has no end" },
    { "<a b='c\"/>", "has no end" },
    { "<a b='<'/>", "holds a '<'" },
    { "<a b='&x;'/>", "one of the five" },
    { "<a b='c'd='e'/>", "does not belong" },
    { "<a=/>", "does not belong" },
    { "<a / >", "does not belong" },
    { "<a ?>", "does not belong" },
    { "< a/>", "begins with a character" },
    { "<1/>", "begins with a character" },
    { "<:a/>", "begins with a character" },
    { "<a:/>", "begins with a character" },
    { "<a:b:c/>", "two prefixes" },
    { "<>", "begins with a character" },
    { "<a>&nbsp;</a>", "one of the five" },
    { "<a>&</a>", "one of the five" },
    { "<a>&lt</a>", "one of the five" },
    { "<a>&#;</a>", "malformed" },
    { "<a>&#x;</a>", "malformed" },
    { "<a>&#65</a>", "malformed" },
    { "<a>&#6a;</a>", "malformed" },
    { "<a>&#0;</a>", "names no character" },
    { "<a>&#x1b;</a>", "names no character" },
    { "<a>&#xd800;</a>", "names no character" },
    { "<a>&#xdfff;</a>", "names no character" },
    { "<a>&#xfffe;</a>", "names no character" },
    { "<a>&#x110000;</a>", "names no character" },
    { "<a>&#99999999999999999999;</a>", "names no character" },
    { "<a>]]></a>", "outside of CDATA" },
    { "<a><![CDATA[x]]</a>", "CDATA section has no end" },
    { "<a><!-- x --", "comment" },
    { "<a><!-- x -- y --></a>", "comment" },
    { "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "document type" },
    { "<!doctype html><html></html>", "document type" },
    { "<a><!ELEMENT b></a>", "document type" },
    { "<?php x ?><a/>", "processing instruction" },
    { "<a><?xml version='1.0'?></a>", "processing instruction" },
    { " <?xml version='1.0'?><a/>", "processing instruction" },
    { "<?xml-stylesheet href='x'?><a/>", "processing instruction" },
    { "<?xml version='1.0' encoding='ISO-8859-1'?><a/>", "not UTF-8" },
    { "<?xml version='1.0' encoding='UTF-16'?><a/>", "not UTF-8" },
    { "<?xml version='1.0'encoding='UTF-8'?><a/>", "declaration is malformed" },
    { "<?xml version='1.0'>", "declaration is malformed" },
    { "<?xml version?><a/>", "no value" },
    { "<a>\xff</a>", "not UTF-8" },
    { "<a>\xc3</a>", "not UTF-8" },
    { "<a>\x1b</a>", "control character" },
    { "<a>\xc2\x85</a>", "control character" },
    { "<a>\xef\xbf\xbf</a>", "control character" },
};

static void refuses(const void *text, size_t len, const char *words, tpmc_error *err)
{
    tpmc__xml *xml = (tpmc__xml *)&xml;

    expect_failure(tpmc__xml_parse(text, len, MAX_LEN, "the answer", &xml, err), err,
                   TPMC_ERR_FORMAT, words);
    assert_null(xml);
    assert_ptr_equal(strstr(tpmc_error_text(err), "the answer"), tpmc_error_text(err));
}

static void refuses_what_is_not_well_formed(void **state)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        refuses(refusals[i].document, strlen(refusals[i].document), refusals[i].text, *state);
    refuses("<a>\0</a>", 8, "control character", *state);
    refuses("<a/>\0", 5, "control character", *state);
}

static void refuses_every_cut(void **state)
{
    static const char text[] =
        "<?xml version='1.0'?><a b='c'><!-- d --><e>&#65;<![CDATA[f]]></e></a>";

    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        /* A block of its own, so that a byte too far is seen. */
        char *cut = malloc(len + 1);
        tpmc__xml *xml = NULL;

        assert_non_null(cut);
        memcpy(cut, text, len);
        assert_int_equal(tpmc__xml_parse(cut, len, MAX_LEN, "the answer", &xml, *state),
                         TPMC_ERR_FORMAT);
        free(cut);
    }
}

/* `count` times `part` behind what is there. */
static void repeat(char *out, const char *part, size_t count)
{
    out += strlen(out);
    for (size_t i = 0; i < count; i++, out += strlen(part))
        strcpy(out, part);
}

static void keeps_its_limits(void **state)
{
    static char text[MAX_LEN];
    tpmc__xml *xml = NULL;

    for (size_t depth = TPMC__XML_MAX_DEPTH; depth <= TPMC__XML_MAX_DEPTH + 1; depth++) {
        text[0] = '\0';
        repeat(text, "<a>", depth);
        repeat(text, "</a>", depth);
        if (depth > TPMC__XML_MAX_DEPTH)
            refuses(text, strlen(text), "32 levels", *state);
        else
            tpmc__xml_free(parse(text));
    }
    for (size_t count = TPMC__XML_MAX_ELEMENTS; count <= TPMC__XML_MAX_ELEMENTS + 1; count++) {
        strcpy(text, "<a>");
        repeat(text, "<b/>", count - 1);
        strcat(text, "</a>");
        if (count > TPMC__XML_MAX_ELEMENTS)
            refuses(text, strlen(text), "4096 elements", *state);
        else
            tpmc__xml_free(parse(text));
    }
    assert_int_equal(tpmc__xml_parse("<a/>", 4, 4, "the answer", &xml, *state), 0);
    tpmc__xml_free(xml);
    expect_failure(tpmc__xml_parse("<a/>", 4, 3, "the answer", &xml, *state), *state,
                   TPMC_ERR_FORMAT, "larger than 3 bytes");
}

static void sniffs(void **state)
{
    (void)state;
    assert_true(tpmc__xml_looks_like_document("<", 1));
    assert_true(tpmc__xml_looks_like_document(" \r\n\t<a/>", 8));
    assert_false(tpmc__xml_looks_like_document(" ", 1));
    assert_false(tpmc__xml_looks_like_document(NULL, 0));
    assert_false(tpmc__xml_looks_like_document("{<", 2));
}

static void null_is_no_crash(void **state)
{
    (void)state;
    tpmc__xml_free(NULL);
    assert_null(tpmc__xml_name(NULL));
    assert_null(tpmc__xml_text(NULL));
    assert_null(tpmc__xml_find(NULL, "a"));
}

static int attempt(void *context)
{
    static const char text[] = "<a><b>one</b><c/><c/><c/><c/><c/><c/><c/><c/><c/><c/><c/><c/><c/>"
                               "<c/><c/><c/><c/><d>&#65;</d></a>";
    tpmc_error *err = context;
    tpmc__xml *xml = NULL;
    int status = tpmc__xml_parse(text, sizeof(text) - 1, MAX_LEN, "the answer", &xml, err);

    if ((status == 0) != (xml != NULL) || (status != 0 && tpmc_error_code(err) != status))
        return 1;
    tpmc__xml_free(xml);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    assert_in_range(each_allocation(attempt, *state, TPMC_ERR_NOMEM), 4, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_elements),
        cmocka_unit_test(decodes_text),
        cmocka_unit_test(text_among_elements_is_dropped),
        WITH_ERROR(refuses_what_is_not_well_formed),
        WITH_ERROR(refuses_every_cut),
        WITH_ERROR(keeps_its_limits),
        cmocka_unit_test(sniffs),
        cmocka_unit_test(null_is_no_crash),
        WITH_ERROR(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
