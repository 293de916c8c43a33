/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/service_url.h"

#include <string.h>

#include "base/error_int.h"
#include "http/url.h"

int tpmc__service_url_check(const char *url, const char *option, tpmc_error *err)
{
    tpmc__url parts;
    int status = tpmc__url_parse(url, &parts, err);

    if (status != 0) {
        tpmc__error_prefix(err, "option '%s'", option);
        return status;
    }
    if (!parts.is_https && !tpmc__url_is_loopback(&parts))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option '%s' must begin with https://; http:// is for loopback addresses "
                          "such as 127.0.0.1 only",
                          option);
    if (strchr(parts.path, '?') != NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option '%s' has a query: leave out '?' and what follows", option);
    return 0;
}
