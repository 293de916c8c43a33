/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_SIGV4_CHECK_H
#define TPMC_PROTO_SIGV4_CHECK_H

#include "proto/sigv4.h"

/* TPMC_ERR_ARGUMENT for parameters that would break out of their place in the signature, or that
 * no server takes. Does not look at the time. */
int tpmc__sigv4_check_params(const tpmc__sigv4_params *params, int is_presign, tpmc_error *err);

#endif
