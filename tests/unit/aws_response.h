/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_AWS_RESPONSE_H
#define TESTS_UNIT_AWS_RESPONSE_H

#include "http/http_int.h"
#include "unit/expect.h"

/* An answer as a transport would have filled it. */
static inline tpmc_http_response *new_answer(int status, const char *body)
{
    tpmc_http_response *response = NULL;

    assert_int_equal(tpmc__http_response_new(&response, NULL), 0);
    assert_int_equal(tpmc_http_response_set_status(response, status, NULL), 0);
    assert_int_equal(tpmc_http_response_append_body(response, body, strlen(body), NULL), 0);
    return response;
}

static inline void add_header(tpmc_http_response *response, const char *name, const char *value)
{
    assert_int_equal(tpmc_http_response_add_header(response, name, value, NULL), 0);
}

#endif
