/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_OPENSSL_ERROR_H
#define TPMC_CODEC_OPENSSL_ERROR_H

#include "tpmcloud/error.h"

/*
 * Calls into OpenSSL stand between these two, so that the application's queue of OpenSSL errors is
 * after our failures what it was before.
 */
void tpmc__openssl_begin(void);
void tpmc__openssl_end(void);
/* Between the two: 1 when the last failure of OpenSSL was a lack of memory. */
int tpmc__openssl_out_of_memory(void);
/*
 * Between the two: TPMC_ERR_NOMEM when OpenSSL ran out of memory, else TPMC_ERR_UNSUPPORTED with
 * its reason. `what` names what failed, such as "SHA-256 in OpenSSL".
 */
int tpmc__openssl_fail(tpmc_error *err, const char *what);

#endif
