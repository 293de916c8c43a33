/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMCLOUD_TPMCLOUD_H
#define TPMCLOUD_TPMCLOUD_H

/**
 * \file tpmcloud.h
 * \brief Everything but tpmcloud/tpmkey_esys.h.
 */

#include "tpmcloud/aws.h"
#include "tpmcloud/aws_hmac.h"
#include "tpmcloud/aws_rolesanywhere.h"
#include "tpmcloud/azure.h"
#include "tpmcloud/bytes.h"
#include "tpmcloud/env.h"
#include "tpmcloud/error.h"
#include "tpmcloud/gcp.h"
#include "tpmcloud/http.h"
#include "tpmcloud/jwk.h"
#include "tpmcloud/option.h"
#include "tpmcloud/policy.h"
#include "tpmcloud/token.h"
#include "tpmcloud/tpmkey.h"
#include "tpmcloud/version.h"

#endif
