/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_ISSUER_SITE_H
#define TPMC_CLI_ISSUER_SITE_H

#include "cli/args.h"
#include "tpmcloud/tpmcloud.h"

/* The flag of a command that writes the documents of an issuer: --out. */
extern const cli_own_flag cli_issuer_site_flags[];
#define CLI_ISSUER_SITE_FLAG_COUNT 1

/* What a web server shows under the URL of an OpenID Connect issuer; all NULL before. */
typedef struct cli_issuer_site {
    tpmc_bytes *jwks;
    tpmc_bytes *discovery;
} cli_issuer_site;

/* Makes both, so that what is missing is said before anything is written, and writes them to
 * .well-known/jwks.json and .well-known/openid-configuration below the directory in --out, readable
 * for all. CLI_OK, CLI_FAILED or CLI_USAGE. */
int cli_issuer_site_write(cli_args *args, int (*make)(cli_args *args, cli_issuer_site *out));

#endif
