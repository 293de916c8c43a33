/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_HTTP_HEAD_H
#define TPMC_HTTP_HEAD_H

#include <stddef.h>

#include "tpmcloud/http.h"

/* The most bytes of all lines before and after a body, those of interim answers too. */
#define TPMC__HTTP_HEAD_MAX (64 * 1024)

/* The head of an answer on its way in; all zero at the start. */
typedef struct tpmc__http_head {
    size_t bytes;
    int has_status; /* the lines to come are fields */
    int is_interim;
    int is_done;
} tpmc__http_head;

/*
 * Takes the next line of an answer, with or without its line end, and puts what it says into
 * `response`: the status line, then fields, then an empty line. Interim answers (1xx) are passed
 * over, and so are the trailers after the body. TPMC_ERR_PROTOCOL for what is malformed or too
 * much, or TPMC_ERR_NOMEM.
 */
int tpmc__http_head_take(tpmc__http_head *head, const char *line, size_t len,
                         tpmc_http_response *response, tpmc_error *err);

#endif
