/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_GCP_GCP_CHECK_H
#define TPMC_GCP_GCP_CHECK_H

#include "gcp/gcp_settings.h"

/* Checks that the settings together make a token of their kind possible: nothing is missing, and
 * nothing is set that would have no effect. TPMC_ERR_ARGUMENT or TPMC_ERR_NOMEM. Pure. */
int tpmc__gcp_check(const tpmc__gcp_settings *settings, tpmc_error *err);
/* Checks what a subject token alone needs: `pool_audience`, `issuer` and
 * `federation_subject`. Pure. */
int tpmc__gcp_check_subject_token(const tpmc__gcp_settings *settings, tpmc_error *err);
/* Checks the issuer, which must be set. Pure. */
int tpmc__gcp_check_issuer(const tpmc__gcp_settings *settings, tpmc_error *err);

#endif
