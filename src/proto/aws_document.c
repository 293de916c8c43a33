/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/aws_document.h"

#include <string.h>

#include "base/error_int.h"
#include "http/http_int.h"

#define NAME_MAX_LEN 63

static int refuse_form(const char *content_type, size_t len, tpmc_error *err)
{
    if (len == 0)
        return tpmc__fail(err, TPMC_ERR_PROTOCOL, "the answer has no body");
    return tpmc__fail(err, TPMC_ERR_PROTOCOL,
                      "the answer is neither JSON nor XML, as a proxy or a login page may send it; "
                      "its content type is '%.100s'",
                      content_type != NULL ? content_type : "");
}

int tpmc__aws_document_read(const void *body, size_t len, const char *content_type,
                            tpmc__aws_document *out, tpmc_error *err)
{
    int is_json = tpmc__json_looks_like_object(body, len);
    int status = 0;

    memset(out, 0, sizeof(*out));
    if (is_json)
        status = tpmc__json_parse(body, len, TPMC__HTTP_MAX_BODY, "the answer", &out->json, err);
    else if (tpmc__xml_looks_like_document(body, len))
        status = tpmc__xml_parse(body, len, TPMC__HTTP_MAX_BODY, "the answer", &out->xml, err);
    else
        return refuse_form(content_type, len, err);
    if (status != TPMC_ERR_FORMAT)
        return status;
    return tpmc__fail(err, TPMC_ERR_PROTOCOL, "%s%s; its content type is '%.100s'",
                      tpmc_error_text(err),
                      is_json ? "" : ", as of a page that a proxy or a login sends",
                      content_type != NULL ? content_type : "");
}

void tpmc__aws_document_free(tpmc__aws_document *document)
{
    tpmc__json_free(document->json);
    tpmc__xml_free(document->xml);
    memset(document, 0, sizeof(*document));
}

void tpmc__aws_document_root(const tpmc__aws_document *document, tpmc__aws_place *out)
{
    out->json = document->json;
    out->xml = document->xml != NULL ? tpmc__xml_root(document->xml) : NULL;
}

int tpmc__aws_place_exists(const tpmc__aws_place *place)
{
    return place->json != NULL || place->xml != NULL;
}

void tpmc__aws_place_find(const tpmc__aws_place *place, const char *name, tpmc__aws_place *out)
{
    char small[NAME_MAX_LEN + 1] = "";
    size_t len = strnlen(name, NAME_MAX_LEN);
    const tpmc__json *json = tpmc__json_find(place->json, name);

    memcpy(small, name, len);
    if (small[0] >= 'A' && small[0] <= 'Z')
        small[0] = (char)(small[0] + ('a' - 'A'));
    if (json == NULL)
        json = tpmc__json_find(place->json, small);
    out->json = json;
    out->xml = tpmc__xml_find(place->xml, name);
}

const char *tpmc__aws_place_text(const tpmc__aws_place *place, const char *name)
{
    tpmc__aws_place found;
    const char *text = NULL;

    tpmc__aws_place_find(place, name, &found);
    text = found.json != NULL ? tpmc__json_text(found.json) : tpmc__xml_text(found.xml);
    return text != NULL && text[0] != '\0' ? text : NULL;
}
