/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "http/http_int.h"
#include "proto/aws_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_as(int http_status, const uint8_t *data, size_t size, tpmc_aws_credentials **out,
                   tpmc_error *err)
{
    tpmc_http_response *response = NULL;
    int remedy = 0;
    int status = 0;

    if (tpmc__http_response_new(&response, NULL) != 0 ||
        tpmc_http_response_set_status(response, http_status, NULL) != 0 ||
        tpmc_http_response_append_body(response, data, size, NULL) != 0)
        abort();
    status = tpmc__aws_reply_read(response, "the service", NULL, out, &remedy, err);
    tpmc__http_response_free(response);
    return status;
}

/* Whatever is sent: usable credentials or a refusal with a text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tpmc_aws_credentials *credentials = NULL;
    tpmc_error *err = NULL;

    if (tpmc_error_new(&err) != 0)
        abort();
    if (read_as(200, data, size, &credentials, err) == 0) {
        if (strlen(tpmc_aws_credentials_access_key_id(credentials)) < 16 ||
            tpmc_aws_credentials_secret_access_key(credentials)[0] == '\0' ||
            tpmc_aws_credentials_session_token(credentials)[0] == '\0' ||
            tpmc_aws_credentials_expires_at_ms(credentials) <= 0)
            abort();
    } else if (credentials != NULL || tpmc_error_code(err) != TPMC_ERR_PROTOCOL) {
        abort();
    }
    tpmc_aws_credentials_free(credentials);
    credentials = NULL;
    if (read_as(403, data, size, &credentials, err) == 0 || credentials != NULL ||
        tpmc_error_text(err)[0] == '\0')
        abort();
    tpmc_error_free(err);
    return 0;
}
