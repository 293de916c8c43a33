/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_GCP_GCP_FAILURE_H
#define TPMC_GCP_GCP_FAILURE_H

#include "proto/oauth_failure.h"

/* Who answers, and what their refusals mean for a person. */
extern const tpmc__oauth_service tpmc__gcp_token_endpoint;
extern const tpmc__oauth_service tpmc__gcp_sts;
extern const tpmc__oauth_service tpmc__gcp_iam;
extern const tpmc__oauth_service tpmc__gcp_gdch;

#endif
