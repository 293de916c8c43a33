/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_AWS_DOCUMENT_H
#define TPMC_PROTO_AWS_DOCUMENT_H

#include "codec/json.h"
#include "codec/xml.h"

/* The body of an answer, which services write in JSON or in XML, read one way. It is wiped when
 * freed. */
typedef struct tpmc__aws_document {
    tpmc__json *json; /* one of these, or neither */
    tpmc__xml *xml;
} tpmc__aws_document;

/* A member or element of a document; what is missing has both NULL. */
typedef struct tpmc__aws_place {
    const tpmc__json *json;
    const tpmc__xml_element *xml;
} tpmc__aws_place;

/* Reads a body by its first byte. TPMC_ERR_PROTOCOL for what is neither an object of JSON nor XML,
 * TPMC_ERR_NOMEM. `content_type` may be NULL; it is all of the answer that a text quotes. */
int tpmc__aws_document_read(const void *body, size_t len, const char *content_type,
                            tpmc__aws_document *out, tpmc_error *err);
void tpmc__aws_document_free(tpmc__aws_document *document);

/* `out` may be what is looked in. All accept a missing place. */
void tpmc__aws_document_root(const tpmc__aws_document *document, tpmc__aws_place *out);
int tpmc__aws_place_exists(const tpmc__aws_place *place);
/* The first one with this name anywhere below; JSON may also have it with a small first letter. */
void tpmc__aws_place_find(const tpmc__aws_place *place, const char *name, tpmc__aws_place *out);
/* The text of what is found so; NULL when it is missing, empty or no text. */
const char *tpmc__aws_place_text(const tpmc__aws_place *place, const char *name);

#endif
