/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_GCP_EXECUTABLE_H
#define TPMC_CLI_GCP_EXECUTABLE_H

#include "cli/args.h"

/*
 * What Google's libraries run as the executable of an external account (AIP-4117): prints a subject
 * token, or what failed, as JSON of version 1. What the libraries want stands in the environment.
 * Nothing goes to stderr, which they would read as part of the answer, and a failure exits with 0,
 * or they would not read the answer at all.
 */
int cli_gcp_run_executable(cli_args *args);

#endif
