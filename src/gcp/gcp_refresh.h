/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_GCP_GCP_REFRESH_H
#define TPMC_GCP_GCP_REFRESH_H

#include "gcp/gcp_settings.h"
#include "http/retry.h"
#include "tpmcloud/token.h"
#include "tpmcloud/tpmkey.h"

/* What making a token needs; all borrowed. The settings have passed tpmc__gcp_check(), or
 * tpmc__gcp_check_subject_token(). */
typedef struct tpmc__gcp_maker {
    tpmc_env *env;
    tpmc_key *key;
    tpmc__http_clock *clock;
    const tpmc__gcp_settings *settings;
} tpmc__gcp_maker;

/* Makes a token of the settings' kind: signs, and exchanges what is signed where the kind asks for
 * it. All requests together have the environment's `timeout_ms`. */
int tpmc__gcp_make_token(const tpmc__gcp_maker *maker, tpmc_token **out, tpmc_error *err);
/* Signs a token of the key's own issuer for a workload identity pool. Sends nothing. */
int tpmc__gcp_make_subject_token(const tpmc__gcp_maker *maker, tpmc_token **out, tpmc_error *err);

#endif
