/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_PROTO_TOKEN_INT_H
#define TPMC_PROTO_TOKEN_INT_H

#include "base/ref.h"
#include "proto/cache.h"
#include "tpmcloud/error.h"
#include "tpmcloud/token.h"

/* Copies `value`, which must be visible ASCII of at most 64 KiB. */
int tpmc__token_new(const char *value, int64_t expires_at_ms, tpmc_token **out, tpmc_error *err);
tpmc_token *tpmc__token_ref(tpmc_token *token);

/* For a cache of tokens. */
extern const tpmc__cache_type tpmc__token_cache_type;

#endif
