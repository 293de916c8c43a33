/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/oidc_documents.h"

#include <string.h>

#include "base/bytes_int.h"
#include "base/error_int.h"
#include "codec/json.h"
#include "http/url.h"
#include "proto/jwk_int.h"

#define DOCUMENT_MAX 16384

int tpmc__oidc_check_issuer(const char *issuer, const char *option, tpmc_error *err)
{
    tpmc__url url;
    int status = tpmc__url_parse(issuer, &url, err);

    if (status != 0) {
        tpmc__error_prefix(err, "option '%s'", option);
        return status;
    }
    if (!url.is_https)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option '%s' must begin with https://, as every OpenID Connect issuer",
                          option);
    if (strchr(url.path, '?') != NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option '%s' has a query: leave out '?' and what follows", option);
    return 0;
}

int tpmc__oidc_algorithm(tpmc_key *key, const char **out, tpmc_error *err)
{
    static const char *const algorithms[] = { "RS256", "ES256" };
    int status = 0;

    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        status = tpmc_key_supports(key, algorithms[i], err);
        if (status == 0)
            *out = algorithms[i];
        if (status != TPMC_ERR_UNSUPPORTED)
            return status;
    }
    tpmc__error_prefix(err, "an issuer's key must be an RSA key that may use RSASSA with SHA-256, "
                            "or an EC key on P-256");
    return status;
}

/* The key as a parsed JSON Web Key. */
static int read_jwk(tpmc_key *key, const char *algorithm, tpmc__json **out, tpmc_error *err)
{
    tpmc_bytes *text = NULL;
    int status = tpmc_jwk_from_key(key, algorithm, &text, err);

    if (status == 0)
        status = tpmc__json_parse(tpmc_bytes_data(text), tpmc_bytes_len(text), TPMC__JWK_MAX,
                                  "the JSON Web Key", out, err);
    tpmc_bytes_free(text);
    return status;
}

int tpmc__oidc_key_id(tpmc_key *key, const char *algorithm, tpmc__buf *out, tpmc_error *err)
{
    tpmc__json *jwk = NULL;
    int status = read_jwk(key, algorithm, &jwk, err);

    if (status == 0) {
        (void)tpmc__buf_append_text(out, tpmc__json_text(tpmc__json_member(jwk, "kid")));
        status = tpmc__buf_check(out, "the key's id", err);
    }
    tpmc__json_free(jwk);
    return status;
}

/* Frees the document, which may be NULL for one that found no memory. */
static int print(tpmc__json *document, tpmc_bytes **out, tpmc_error *err)
{
    tpmc__buf text;
    int status;

    tpmc__buf_init(&text, DOCUMENT_MAX);
    (void)tpmc__json_print(document, &text);
    tpmc__json_free(document);
    status = tpmc__buf_check(&text, "the document", err);
    if (status == 0)
        status = tpmc__bytes_from_buf(&text, "the document", out, err);
    tpmc__buf_free(&text);
    return status;
}

int tpmc__oidc_jwks(tpmc_key *key, const char *algorithm, tpmc_bytes **out, tpmc_error *err)
{
    tpmc__json *jwk = NULL;
    tpmc__json *keys = NULL;
    tpmc__json *set = NULL;
    int status = read_jwk(key, algorithm, &jwk, err);

    if (status != 0)
        return status;
    keys = tpmc__json_new_array();
    (void)tpmc__json_append(keys, jwk);
    set = tpmc__json_new_object();
    (void)tpmc__json_add(set, "keys", keys);
    return print(set, out, err);
}

static void add_list(tpmc__json *object, const char *name, const char *item)
{
    tpmc__json *list = tpmc__json_new_array();

    (void)tpmc__json_append(list, tpmc__json_new_text(item));
    (void)tpmc__json_add(object, name, list);
}

int tpmc__oidc_discovery(const char *issuer, const char *algorithm, tpmc_bytes **out,
                         tpmc_error *err)
{
    tpmc__json *document = tpmc__json_new_object();
    size_t len = strlen(issuer);
    tpmc__buf keys_url;

    if (len > 0 && issuer[len - 1] == '/')
        len--;
    tpmc__buf_init(&keys_url, TPMC__URL_MAX + sizeof(TPMC__OIDC_JWKS_PATH));
    (void)tpmc__buf_append(&keys_url, issuer, len);
    (void)tpmc__buf_append_text(&keys_url, TPMC__OIDC_JWKS_PATH);
    (void)tpmc__json_add_text(document, "issuer", issuer);
    (void)tpmc__json_add_text(document, "jwks_uri", (const char *)keys_url.data);
    add_list(document, "response_types_supported", "id_token");
    add_list(document, "subject_types_supported", "public");
    add_list(document, "id_token_signing_alg_values_supported", algorithm);
    tpmc__buf_free(&keys_url);
    return print(document, out, err);
}
