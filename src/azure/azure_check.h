/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_AZURE_AZURE_CHECK_H
#define TPMC_AZURE_AZURE_CHECK_H

#include "base/option_int.h"

/*
 * Checks that the options together make assertions possible; `has_certificate` says whether its
 * bytes were given. A federated credential's needs neither tenant nor client. TPMC_ERR_ARGUMENT.
 * Pure.
 */
int tpmc__azure_check_assertion(const tpmc__options *options, int has_certificate, tpmc_error *err);
/* The same for tokens; `grant` is one of TPMC__GRANT_*. */
int tpmc__azure_check_token(const tpmc__options *options, int has_certificate, int grant,
                            tpmc_error *err);
/* Checks that the issuer of a federated credential is given, and one that Entra can look up.
 * TPMC_ERR_ARGUMENT. Pure. */
int tpmc__azure_check_issuer(const tpmc__options *options, tpmc_error *err);

#endif
