/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_JSON_H
#define TPMC_CODEC_JSON_H

#include "base/buf.h"

/* JSON over cJSON, which no other file of the library includes. Trees are wiped when freed: they
 * may hold secrets. */
typedef struct tpmc__json tpmc__json;

#define TPMC__JSON_MAX_DEPTH 40
#define TPMC__JSON_MAX_ITEMS 4096 /* members of one object, elements of one array */

/*
 * Parses one whole text, strictly by RFC 8259. TPMC_ERR_FORMAT for more than `max_len` bytes,
 * TPMC__JSON_MAX_DEPTH levels or TPMC__JSON_MAX_ITEMS members, invalid UTF-8, a NUL (also as
 * \u0000), a member named twice in one object, or anything after the value. `what` names the text
 * in errors. TPMC_ERR_NOMEM.
 */
int tpmc__json_parse(const void *text, size_t len, size_t max_len, const char *what,
                     tpmc__json **out, tpmc_error *err);
void tpmc__json_free(tpmc__json *json);
/* 1 when the first byte that is no white space begins an object. */
int tpmc__json_looks_like_object(const void *data, size_t len);

/* Reading: each accepts NULL and answers NULL, 0 or TPMC_ERR_FORMAT for what is missing or of
 * another type. */
const tpmc__json *tpmc__json_member(const tpmc__json *object,
                                    const char *name); /* case-sensitive */
int tpmc__json_is_object(const tpmc__json *json);
int tpmc__json_is_array(const tpmc__json *json);
int tpmc__json_is_null(const tpmc__json *json);
size_t tpmc__json_count(const tpmc__json *array_or_object);
const tpmc__json *tpmc__json_item(const tpmc__json *array_or_object, size_t i);
const char *tpmc__json_name(const tpmc__json *object, size_t i); /* of a member */
const char *tpmc__json_text(const tpmc__json *json);
/* A number without fraction that a double holds exactly (at most 2^53). It was read as a double:
 * 2^53 + 1 is 2^53 here. */
int tpmc__json_integer(const tpmc__json *json, int64_t *out);
/* Any number that a double can hold, rounded to one. */
int tpmc__json_number(const tpmc__json *json, double *out);
int tpmc__json_boolean(const tpmc__json *json, int *out);
/* The first member with this name in `json` or anywhere below it, an outer one before those inside
 * its neighbours. */
const tpmc__json *tpmc__json_find(const tpmc__json *json, const char *name);

/*
 * Writing. Adding takes ownership of `child`, also on failure, and fails for a NULL one. A failure
 * sticks to the object or array, to what that is added to, and to printing: check only the last
 * step. Making a text or copy of NULL or an integer beyond 2^53 fails as a lack of memory
 * does.
 */
tpmc__json *tpmc__json_new_object(void);
tpmc__json *tpmc__json_new_array(void);
tpmc__json *tpmc__json_new_text(const char *text);
tpmc__json *tpmc__json_new_integer(int64_t value);
tpmc__json *tpmc__json_new_boolean(int value);
tpmc__json *tpmc__json_copy(const tpmc__json *json); /* with all that is in it */
int tpmc__json_add(tpmc__json *object, const char *name, tpmc__json *child);
int tpmc__json_append(tpmc__json *array, tpmc__json *child);
int tpmc__json_add_text(tpmc__json *object, const char *name, const char *text);
int tpmc__json_add_integer(tpmc__json *object, const char *name, int64_t value);
int tpmc__json_add_boolean(tpmc__json *object, const char *name, int value);
/* Without white space, members in the order in which they were added. Fails as adding did, and with
 * TPMC_ERR_ARGUMENT for more than TPMC__JSON_MAX_DEPTH levels or text that is not UTF-8; then
 * the failure sticks to `out`. */
int tpmc__json_print(const tpmc__json *json, tpmc__buf *out);

#endif
