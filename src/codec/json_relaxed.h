/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_JSON_RELAXED_H
#define TPMC_CODEC_JSON_RELAXED_H

#include "base/buf.h"

/*
 * Makes JSON by RFC 8259 of the dialect that json-c takes: comments outside of strings become white
 * space, a comma between an element and a closing bracket goes, and line ends and tabs inside
 * strings are escaped. All else stays as it is, and is for tpmc__json_parse() to judge. The ceiling
 * is that of `out`. A comment that does not end is TPMC_ERR_FORMAT, which sticks to `out`.
 */
int tpmc__json_relax(const void *text, size_t len, tpmc__buf *out);

#endif
