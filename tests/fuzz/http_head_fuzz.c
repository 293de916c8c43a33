/* SPDX-License-Identifier: Apache-2.0 */
/* The head of an answer, line by line, and what is read from its fields. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/head.h"
#include "http/http_int.h"
#include "http/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void read_fields(const tpmc_http_response *response)
{
    static const char *const names[] = { "Retry-After", "Date", "Location", "Content-Type" };
    char excerpt[TPMC__HTTP_EXCERPT_MAX];
    const char *value;
    const char *c;
    int64_t ms = tpmc__http_retry_after_ms(response, 0);
    size_t i;

    if (ms < -1 || ms > INT64_C(365) * 24 * 3600 * 1000)
        abort();
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        value = tpmc_http_response_header(response, names[i]);
        for (c = value == NULL ? "" : value; *c != '\0'; c++)
            if ((unsigned char)*c < 0x20 || *c == 0x7f)
                abort();
    }
    tpmc__http_excerpt(response, excerpt);
    if (strlen(excerpt) >= sizeof(excerpt))
        abort();
}

/* Lines until the head is done; the rest is the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *text = (const char *)data;
    tpmc__http_head head = { 0 };
    tpmc_http_response *response = NULL;
    const char *end;
    size_t line;
    int status = tpmc__http_response_new(&response, NULL);

    while (status == 0 && len != 0 && !head.is_done) {
        end = memchr(text, '\n', len);
        line = end == NULL ? len : (size_t)(end - text) + 1;
        status = tpmc__http_head_take(&head, text, line, response, NULL);
        text += line;
        len -= line;
    }
    if (status == 0 && head.is_done) {
        (void)tpmc_http_response_append_body(response, text, len, NULL);
        read_fields(response);
    }
    tpmc__http_response_free(response);
    return 0;
}
