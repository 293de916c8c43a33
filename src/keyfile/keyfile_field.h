/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_KEYFILE_KEYFILE_FIELD_H
#define TPMC_KEYFILE_KEYFILE_FIELD_H

#include "keyfile/keyfile.h"
#include "keyfile/keyfile_cursor.h"

#define TPMC__KEYFILE_OWNER 0x40000001u

/*
 * Fields that both layouts of a key file have, and the two of them that may come alone. Everything
 * returns 0, TPMC_ERR_FORMAT (or TPMC_ERR_UNSUPPORTED for an unknown algorithm) with a text, or
 * TPMC_ERR_NOMEM. On failure too, what was read is left to be freed.
 */
int tpmc__keyfile_read_parent(tpmc__cursor *in, tpmc__keyfile *out);
int tpmc__keyfile_read_secret(tpmc__cursor *in, tpmc__keyfile *out);
/* Passes over what is no Name and no TPM2B_PUBLIC. */
int tpmc__keyfile_read_parent_id(tpmc__cursor *in, tpmc__keyfile *out);
int tpmc__keyfile_read_public(tpmc__cursor *in, tpmc__keyfile *out);
/* A TPM2B_PRIVATE, or the four bytes of a persistent handle. */
int tpmc__keyfile_read_private(tpmc__cursor *in, tpmc__keyfile *out);

/* `what` begins the text of a refusal, such as "the public area". */
int tpmc__keyfile_set_public(tpmc__keyfile *out, const void *data, size_t len, const char *what,
                             tpmc_error *err);
int tpmc__keyfile_set_private(tpmc__keyfile *out, const void *data, size_t len, const char *what,
                              tpmc_error *err);

/* The Name that the field [6] states, whichever of its two forms it has; of length 0 when it is
 * absent. `name` has room for TPMC__NAME_MAX bytes. */
int tpmc__keyfile_parent_name(tpmc_env *env, const tpmc__keyfile *file, uint8_t *name, size_t *len,
                              tpmc_error *err);
/* 1 for a Name: the number of a hash and a digest of its size. */
int tpmc__keyfile_is_name(const uint8_t *data, size_t len);

#endif
