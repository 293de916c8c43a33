/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_KEYFILE_KEYFILE_CURSOR_H
#define TPMC_KEYFILE_KEYFILE_CURSOR_H

#include "codec/der.h"

/*
 * Elements of a key file left to read. Everything below returns 0, TPMC_ERR_FORMAT with a text that
 * names the field, or TPMC_ERR_NOMEM.
 */
typedef struct tpmc__cursor {
    tpmc__der in;
    int cut; /* the file ends before these elements do */
    tpmc_error *err;
} tpmc__cursor;

/* 1 when the next element claims more bytes than there are. */
int tpmc__cursor_cut_short(const tpmc__der *in);
/* Takes the next element, which must have this tag. */
int tpmc__cursor_take(tpmc__cursor *in, int tag, const char *field, tpmc__der *content);
/* Takes an element that holds elements, to be read from `inner`. */
int tpmc__cursor_enter(tpmc__cursor *in, int tag, const char *field, tpmc__cursor *inner);
/* Checks that nothing is left of what was entered. */
int tpmc__cursor_leave(const tpmc__cursor *inner, const char *field);
/* A BOOLEAN of any octet: 0 is FALSE. */
int tpmc__cursor_boolean(tpmc__cursor *in, const char *field, int *out);
/* 1 for UTF-8 without control characters: text that may be shown to a person. */
int tpmc__cursor_text_clean(const void *text, size_t len);
/* A UTF8String that is clean in that sense, to be freed by the caller. */
int tpmc__cursor_text(tpmc__cursor *in, const char *field, char **out);

#endif
