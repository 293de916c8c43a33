/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "http/http_int.h"
#include "proto/oauth_failure.h"
#include "proto/oauth_reply.h"

#define NOW_MS INT64_C(1750000000000)
#define MAX_LIFE_S 43200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static tpmc_http_response *new_response(int http_status, const uint8_t *data, size_t size)
{
    tpmc_http_response *response = NULL;

    if (tpmc__http_response_new(&response, NULL) != 0 ||
        tpmc_http_response_set_status(response, http_status, NULL) != 0 ||
        tpmc_http_response_append_body(response, data, size, NULL) != 0)
        abort();
    return response;
}

static void check_token(int status, tpmc_token *token, const tpmc_error *err)
{
    if (status != 0 &&
        (status != TPMC_ERR_PROTOCOL || token != NULL || tpmc_error_text(err)[0] == '\0'))
        abort();
    if (status == 0 && (tpmc_token_value(token)[0] == '\0' ||
                        tpmc_token_expires_at_ms(token) > NOW_MS + MAX_LIFE_S * 1000))
        abort();
    tpmc_token_free(token);
}

static void read_success(const tpmc_http_response *response, tpmc_error *err)
{
    tpmc__json *reply = NULL;
    tpmc_token *token = NULL;
    int status = tpmc__oauth_reply_read(response, "the service", &reply, err);

    if (status != 0) {
        check_token(status, NULL, err);
        return;
    }
    status = tpmc__oauth_reply_access_token(reply, "the service", NOW_MS, MAX_LIFE_S, &token, err);
    check_token(status, token, err);
    status = tpmc__oauth_reply_jwt(reply, "id_token", "the service", 0, NOW_MS + MAX_LIFE_S * 1000,
                                   &token, err);
    check_token(status, token, err);
    tpmc__json_free(reply);
}

/* A JWT never stands in what is shown. */
static void read_failure(const tpmc_http_response *response, tpmc_error *err)
{
    static const tpmc__oauth_service service = { "the service", NULL, 0 };
    const char *jwt = NULL;
    int verdict = -1;

    if (tpmc__oauth_failure(response, &service, &verdict, err) >= 0 || verdict < 0)
        abort();
    for (jwt = strstr(tpmc_error_text(err), " eyJ"); jwt != NULL; jwt = strstr(jwt + 1, " eyJ")) {
        if (strspn(jwt + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") >=
            20)
            abort();
    }
}

/* Whatever is sent: a usable token, or a refusal with a text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tpmc_http_response *success = new_response(200, data, size);
    tpmc_http_response *failure = new_response(400, data, size);
    tpmc_error *err = NULL;

    if (tpmc_error_new(&err) != 0)
        abort();
    read_success(success, err);
    read_failure(failure, err);
    tpmc_error_free(err);
    tpmc__http_response_free(success);
    tpmc__http_response_free(failure);
    return 0;
}
