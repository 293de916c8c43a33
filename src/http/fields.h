/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_HTTP_FIELDS_H
#define TPMC_HTTP_FIELDS_H

#include <stddef.h>

#include "tpmcloud/error.h"

#define TPMC__FIELD_NAME_MAX 128
#define TPMC__FIELD_VALUE_MAX 16384

/* One header field. The value may be a secret. */
typedef struct tpmc__field {
    char *name;
    char *value;
} tpmc__field;

/* The header fields of one message, in the order in which they were added. */
typedef struct tpmc__fields {
    tpmc__field *items;
    size_t count;
    size_t capacity;
    size_t max_count;
    size_t bytes; /* of all names and values together */
    size_t max_bytes;
} tpmc__fields;

void tpmc__fields_init(tpmc__fields *fields, size_t max_count, size_t max_bytes);
/* Copies a checked name and value. TPMC_ERR_ARGUMENT or TPMC_ERR_NOMEM, and nothing has changed. */
int tpmc__fields_add(tpmc__fields *fields, const char *name, const char *value, tpmc_error *err);
/* Wipes and frees all fields but the first `count`. */
void tpmc__fields_truncate(tpmc__fields *fields, size_t count);
/* The first value with this name, whatever the case of its letters; NULL when there is none. */
const char *tpmc__fields_find(const tpmc__fields *fields, const char *name);
/* Wipes and frees a text; NULL is fine. */
void tpmc__text_free(char *text);
/* Wipes and frees all fields. */
void tpmc__fields_free(tpmc__fields *fields);

#endif
