/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error_int.h"
#include "services/transport.h"

int tpmc__transport_new(tpmc_env *env, tpmc_error *err)
{
    (void)env;
    (void)err;
    return 0;
}

void tpmc__transport_free(tpmc_env *env)
{
    (void)env;
}

int tpmc__transport_exchange(tpmc_env *env, const tpmc_http_request *request,
                             tpmc_http_response *response, tpmc_error *err)
{
    (void)env;
    (void)request;
    (void)response;
    return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                      "this build has no HTTP transport (TPMCLOUD_WITH_CURL is OFF): set one with "
                      "tpmc_env_set_http()");
}
