/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_XML_H
#define TPMC_CODEC_XML_H

#include "base/buf.h"

/*
 * A small strict reader for the XML that services answer with. There is no DTD, so no entity can
 * grow or name a file. Documents are wiped when freed: they may hold secrets.
 */
typedef struct tpmc__xml tpmc__xml;
/* An element of a document, which owns it. */
typedef struct tpmc__xml_element tpmc__xml_element;

#define TPMC__XML_MAX_DEPTH 32
#define TPMC__XML_MAX_ELEMENTS 4096

/*
 * Parses one whole document of UTF-8. Attributes, namespaces and comments are checked for their
 * form and left out; namespace prefixes are cut off. TPMC_ERR_FORMAT for more than `max_len` bytes,
 * TPMC__XML_MAX_DEPTH levels or TPMC__XML_MAX_ELEMENTS elements, a DOCTYPE, a processing
 * instruction, an entity that XML itself does not define, a control character, or anything that is
 * not well formed. `what` names the text in errors, which never quote it. TPMC_ERR_NOMEM.
 */
int tpmc__xml_parse(const void *text, size_t len, size_t max_len, const char *what, tpmc__xml **out,
                    tpmc_error *err);
void tpmc__xml_free(tpmc__xml *xml);
/* 1 when the first byte that is no white space is '<'. */
int tpmc__xml_looks_like_document(const void *data, size_t len);

const tpmc__xml_element *tpmc__xml_root(const tpmc__xml *xml);
/* These accept a NULL element and answer NULL. */
const char *tpmc__xml_name(const tpmc__xml_element *element); /* without prefix */
/* The first element with this local name below `element`, in the order of the document. */
const tpmc__xml_element *tpmc__xml_find(const tpmc__xml_element *element, const char *name);
/* The element's text without white space around it; NULL for an element with elements inside. */
const char *tpmc__xml_text(const tpmc__xml_element *element);

#endif
