/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_GCP_ACCOUNT_FILE_H
#define TPMC_GCP_ACCOUNT_FILE_H

#include "base/option_int.h"

/* The most bytes of a service-account file. */
#define TPMC__GCP_ACCOUNT_MAX 65536

/*
 * Reads the JSON of a service account, of Google Distributed Cloud for TPMC__GCP_KIND_GDCH and of
 * Google Cloud for the other kinds, into the options that it stands for. The private key is only
 * looked for. TPMC_ERR_FORMAT or TPMC_ERR_NOMEM. Pure.
 */
int tpmc__gcp_account_parse(const void *text, size_t len, int kind, tpmc__options *out,
                            int *has_private_key, tpmc_error *err);

#endif
