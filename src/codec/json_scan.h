/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_JSON_SCAN_H
#define TPMC_CODEC_JSON_SCAN_H

#include <stddef.h>

/* What a JSON text may hold at most. */
typedef struct tpmc__json_limits {
    size_t depth; /* levels of objects and arrays */
    size_t items; /* members of one object, elements of one array */
} tpmc__json_limits;

/*
 * Checks that the whole text is one value by the grammar of RFC 8259, without what parsers take
 * beyond it, with whole surrogate pairs, valid UTF-8 and no NUL. Returns NULL, or what is wrong,
 * such as "a number has a leading zero", with the place in `*at`.
 */
const char *tpmc__json_scan(const void *text, size_t len, const tpmc__json_limits *limits,
                            size_t *at);

#endif
