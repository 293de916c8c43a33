/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "policy/policy_json_field.h"
#include "policy/policy_signer_int.h"

#define RSA_MAX_BYTES 512

/* A key in PEM, and what is said about it. */
struct pem_key {
    const char *name;
    const char *text;
    tpmc__signer_form form;
    uint16_t scheme_hash; /* of an RSA key */
};

static int read_form(tpmc__json_reader *reader, const tpmc__json *object, const char *hash_name,
                     struct pem_key *out)
{
    const tpmc__json *scheme = tpmc__field(object, "rsaScheme");
    int status =
        tpmc__field_hash(reader, object, hash_name, TPMC__HASH_SHA256, &out->form.name_alg);

    out->form.rsa_scheme = TPMC__ALG_RSAPSS;
    out->scheme_hash = out->form.name_alg;
    if (status != 0 || scheme == NULL)
        return status;
    status = tpmc__json_algorithm(reader, scheme, "scheme", &out->form.rsa_scheme);
    if (status == 0 && out->form.rsa_scheme != TPMC__ALG_RSAPSS &&
        out->form.rsa_scheme != TPMC__ALG_RSASSA)
        status = tpmc__field_fail(reader, "rsaScheme", "is neither RSAPSS nor RSASSA");
    if (status == 0)
        status = tpmc__field_hash(reader, tpmc__field(scheme, "details"), "hashAlg",
                                  out->form.name_alg, &out->scheme_hash);
    return status;
}

static int make_signer(tpmc__json_reader *reader, const struct pem_key *key,
                       tpmc__policy_signer *out)
{
    char what[32];
    tpmc__public public_area;
    int status = 0;

    (void)snprintf(what, sizeof(what), "the field '%s'", key->name);
    status = tpmc__signer_read(reader->env, key->text, strlen(key->text), &key->form, what, out,
                               reader->err);
    if (status != 0 || out->public_area.type != TPMC__ALG_RSA ||
        out->public_area.scheme.hash == key->scheme_hash)
        return status;
    public_area = out->public_area;
    public_area.scheme.hash = key->scheme_hash;
    return tpmc__signer_set(reader->env, &public_area, out, reader->err);
}

static int read_pem(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                    const char *hash_name, tpmc__policy_signer *out)
{
    struct pem_key key = { .name = name };
    int status = tpmc__field_text(reader, object, name, &key.text);

    if (status == 0 && key.text == NULL)
        status = tpmc__field_fail(reader, name, "is missing");
    if (status == 0)
        status = read_form(reader, object, hash_name, &key);
    return status == 0 ? make_signer(reader, &key, out) : status;
}

static int read_public(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                       tpmc__policy_signer *out)
{
    tpmc__public public_area;
    int status = tpmc__json_key(reader, object, name, &public_area);

    if (status != 0)
        return status;
    return tpmc__signer_set(reader->env, &public_area, out, reader->err);
}

int tpmc__json_signer(tpmc__json_reader *reader, const tpmc__json *object, tpmc__policy_signer *out)
{
    static const char *const names[] = { "keyPath", "keyPublic", "keyPEM", NULL };
    size_t which = 0;
    int status = tpmc__field_one_of(reader, object, names, &which);

    if (status != 0)
        return status;
    if (which == 0)
        return tpmc__field_refuse_path(reader, "keyPath", "keyPEM");
    if (which == 1)
        status = read_public(reader, object, "keyPublic", out);
    else
        status = read_pem(reader, object, "keyPEM", "keyPEMhashAlg", out);
    if (status == 0)
        status = tpmc__field_short_bytes(reader, object, "policyRef", TPMC__DIGEST_MAX,
                                         &out->policy_ref);
    return status;
}

/* TPM2B: bytes with their size. */
static int put_sized(tpmc__json_reader *reader, const tpmc__json *object, const char *name,
                     tpmc__buf *out)
{
    tpmc__buf bytes;
    int status = 0;

    tpmc__buf_init(&bytes, RSA_MAX_BYTES);
    status = tpmc__field_bytes(reader, object, name, &bytes);
    if (status == 0 && bytes.len == 0)
        status = tpmc__field_fail(reader, name, "is missing or empty");
    if (status == 0) {
        tpmc__buf_append_be16(out, (uint16_t)bytes.len);
        tpmc__buf_append(out, bytes.data, bytes.len);
        status = tpmc__buf_check(out, "the signature", reader->err);
    }
    tpmc__buf_free(&bytes);
    return status;
}

/* TPMT_SIGNATURE as an object. */
static int put_structure(tpmc__json_reader *reader, const tpmc__json *signature, tpmc__buf *out)
{
    const tpmc__json *details = tpmc__field(signature, "signature");
    uint16_t algorithm = 0;
    uint16_t hash = 0;
    int status = tpmc__json_algorithm(reader, signature, "sigAlg", &algorithm);

    if (status == 0 && algorithm != TPMC__ALG_RSASSA && algorithm != TPMC__ALG_RSAPSS &&
        algorithm != TPMC__ALG_ECDSA)
        return tpmc__fail(reader->err, TPMC_ERR_UNSUPPORTED,
                          "the field 'sigAlg' is none of RSASSA, RSAPSS and ECDSA");
    if (status == 0)
        status = tpmc__field_hash(reader, details, "hash", 0, &hash);
    if (status != 0)
        return status;
    tpmc__buf_append_be16(out, algorithm);
    tpmc__buf_append_be16(out, hash);
    if (algorithm != TPMC__ALG_ECDSA)
        return put_sized(reader, details, "sig", out);
    status = put_sized(reader, details, "signatureR", out);
    return status == 0 ? put_sized(reader, details, "signatureS", out) : status;
}

/* That of a key in PEM is as OpenSSL has it. */
static int put_pem_signature(tpmc__json_reader *reader, const tpmc__json *object,
                             const tpmc__policy_signer *key, tpmc__buf *out)
{
    const tpmc__scheme scheme = tpmc__signer_approving_scheme(key);
    tpmc__buf bytes;
    tpmc__span span;
    int status = 0;

    tpmc__buf_init(&bytes, TPMC__POLICY_SIGNATURE_MAX);
    status = tpmc__field_bytes(reader, object, "signature", &bytes);
    span.data = bytes.data;
    span.len = bytes.len;
    if (status == 0 && bytes.len == 0)
        status = tpmc__field_fail(reader, "signature", "is missing or empty");
    if (status == 0)
        status = tpmc__signer_marshal_as(key, &scheme, &span, out, reader->err);
    tpmc__buf_free(&bytes);
    return status;
}

static int put_signature(tpmc__json_reader *reader, const tpmc__json *object, int is_pem,
                         const tpmc__policy_signer *key, tpmc__buf *out)
{
    const tpmc__json *signature = tpmc__field(object, "signature");
    int status = 0;

    if (is_pem)
        return put_pem_signature(reader, object, key, out);
    if (tpmc__json_is_object(signature))
        return put_structure(reader, signature, out);
    status = tpmc__field_bytes(reader, object, "signature", out);
    if (status == 0 && out->len == 0)
        status = tpmc__field_fail(reader, "signature", "is missing or empty");
    return status;
}

static int read_signature(tpmc__json_reader *reader, const tpmc__json *object, int is_pem,
                          tpmc__policy_authorization *out)
{
    tpmc__buf bytes;
    int status = 0;

    tpmc__buf_init(&bytes, TPMC__POLICY_SIGNATURE_MAX);
    status = put_signature(reader, object, is_pem, &out->key, &bytes);
    if (status == 0) {
        memcpy(out->signature, bytes.data, bytes.len);
        out->signature_len = bytes.len;
    }
    tpmc__buf_free(&bytes);
    return status;
}

/* tpm2-tss calls a PEM `key`, and the language `keyPEM`; the same goes for its hash. */
static int read_authorization_key(tpmc__json_reader *reader, const tpmc__json *object, int is_pem,
                                  tpmc__policy_signer *out)
{
    const char *name = tpmc__field(object, "keyPEM") != NULL ? "keyPEM" : "key";
    const char *hash_name =
        tpmc__field(object, "keyPEMhashAlg") != NULL ? "keyPEMhashAlg" : "hashAlg";

    if (is_pem)
        return read_pem(reader, object, name, hash_name, out);
    return read_public(reader, object, "key", out);
}

static int read_authorization(tpmc__json_reader *reader, const tpmc__json *object,
                              tpmc__policy_authorization *out)
{
    const char *type = NULL;
    int is_pem = 0;
    int status = tpmc__field_text(reader, object, "type", &type);

    if (status != 0)
        return status;
    is_pem = type != NULL && strcasecmp(type, "pem") == 0;
    if (!is_pem && (type == NULL || strcasecmp(type, "tpm") != 0))
        return tpmc__field_fail(reader, "type", "is neither 'pem' nor 'tpm'");
    status = read_authorization_key(reader, object, is_pem, &out->key);
    if (status == 0)
        status = tpmc__field_short_bytes(reader, object, "policyRef", TPMC__DIGEST_MAX,
                                         &out->key.policy_ref);
    return status == 0 ? read_signature(reader, object, is_pem, out) : status;
}

int tpmc__json_authorizations(tpmc__json_reader *reader, const tpmc__json *object,
                              tpmc__policy_document *out)
{
    const tpmc__json *list = tpmc__field(object, "policyAuthorizations");
    size_t count = tpmc__json_count(list);
    int status = 0;

    if (list == NULL || (tpmc__json_is_array(list) && count == 0))
        return 0;
    if (!tpmc__json_is_array(list) || count > TPMC__POLICY_MAX_BRANCHES)
        return tpmc__field_fail(reader, "policyAuthorizations", "is no array of up to 8 objects");
    out->authorizations = tpmc__mem_new(count, sizeof(*out->authorizations));
    if (out->authorizations == NULL)
        return tpmc__fail_nomem(reader->err);
    out->authorization_count = count;
    for (size_t i = 0; i < count && status == 0; i++) {
        status = read_authorization(reader, tpmc__json_item(list, i), &out->authorizations[i]);
        if (status != 0)
            tpmc__error_prefix(reader->err, "policyAuthorizations: entry %zu", i + 1);
    }
    return status;
}
