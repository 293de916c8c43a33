/* SPDX-License-Identifier: Apache-2.0 */
#include "tpmkey/algorithm.h"

#include <string.h>

#include "base/error_int.h"

#define NAME_MAX_LEN 32

/* The first that fits a key is the one that the key implies. */
static const tpmc__algorithm algorithms[] = {
    { "RS256", TPMC__ALG_RSA, TPMC__ALG_RSASSA, TPMC__HASH_SHA256 },
    { "PS256", TPMC__ALG_RSA, TPMC__ALG_RSAPSS, TPMC__HASH_SHA256 },
};

#define ALGORITHM_COUNT (sizeof(algorithms) / sizeof(algorithms[0]))

static const char *type_text(uint16_t type)
{
    switch (type) {
    case TPMC__ALG_RSA:
        return "an RSA key";
    case TPMC__ALG_ECC:
        return "an EC key";
    case TPMC__ALG_KEYEDHASH:
        return "an HMAC key";
    default:
        return "a key of another kind";
    }
}

static int fits(const tpmc__key_kind *kind, const tpmc__algorithm *algorithm)
{
    if (kind->type != algorithm->type)
        return 0;
    if (kind->scheme != TPMC__ALG_NULL && kind->scheme != algorithm->scheme)
        return 0;
    return kind->hash == 0 || kind->hash == algorithm->hash;
}

static const tpmc__algorithm *find(const char *name)
{
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        if (strcmp(algorithms[i].name, name) == 0)
            return &algorithms[i];
    }
    return NULL;
}

static const tpmc__algorithm *implied(const tpmc__key_kind *kind)
{
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        if (fits(kind, &algorithms[i]))
            return &algorithms[i];
    }
    return NULL;
}

static int refuse(const tpmc__key_kind *kind, const char *name, tpmc_error *err)
{
    const char *scheme = tpmc__alg_name(kind->scheme);
    const char *hash = tpmc__hash_name(kind->hash);

    if (kind->type != TPMC__ALG_RSA)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "this is %s, which cannot make %s signatures",
                          type_text(kind->type), name);
    return tpmc__fail(
        err, TPMC_ERR_UNSUPPORTED,
        "this RSA key is fixed to the scheme %s%s%s, so it cannot make %s signatures; a "
        "key imported with the scheme null can",
        scheme != NULL ? scheme : "of another kind", hash != NULL ? " with " : "",
        hash != NULL ? hash : "", name);
}

int tpmc__algorithm_for(const tpmc__key_kind *kind, const char *name, const tpmc__algorithm **out,
                        tpmc_error *err)
{
    const tpmc__algorithm *found = NULL;

    *out = NULL;
    if (name == NULL) {
        found = implied(kind);
        if (found == NULL)
            return refuse(kind, "RS256 or PS256", err);
        *out = found;
        return 0;
    }
    found = find(name);
    if (found == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "unknown algorithm '%.*s'; this release knows RS256 and PS256",
                          NAME_MAX_LEN, name);
    if (!fits(kind, found))
        return refuse(kind, found->name, err);
    *out = found;
    return 0;
}
