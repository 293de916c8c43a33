/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_BASE_OPTION_TABLE_INT_H
#define TPMC_BASE_OPTION_TABLE_INT_H

#include "base/option_int.h"

/* What only the files with the tables share. */

/* The most bytes of a path. */
#define PATH_MAX_BYTES 4096

extern const tpmc__option tpmc__gcp_options[];
extern const tpmc__option tpmc__aws_rolesanywhere_options[];
extern const tpmc__option tpmc__aws_hmac_options[];
extern const tpmc__option tpmc__azure_options[];

#endif
