/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_KEYFILE_KEYFILE_POLICY_H
#define TPMC_KEYFILE_KEYFILE_POLICY_H

#include "keyfile/keyfile.h"
#include "keyfile/keyfile_cursor.h"

/* The fields `policy` and `authPolicy` of a key file. On failure too, what was read is left to be
 * freed. */
int tpmc__keyfile_read_steps(tpmc__cursor *in, tpmc__keyfile_steps *out);
int tpmc__keyfile_read_auth_policies(tpmc__cursor *in, tpmc__keyfile *out);
void tpmc__keyfile_free_steps(tpmc__keyfile_steps *steps);
void tpmc__keyfile_free_auth_policies(tpmc__keyfile *file);

#endif
