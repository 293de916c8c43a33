/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/x509.h"

#include <stdio.h>

#include "base/error_int.h"
#include "codec/spki.h"
#include "codec/time_text.h"
#include "codec/x509_name.h"

/* The most bytes of any structure here; the name is the longest part. */
#define X509_MAX 16384
#define SERIAL_LEN 16
#define KEY_ID_LEN 20 /* RFC 7093 section 2, method 1 */

#define TAG_UTC_TIME 0x17
#define TAG_GENERALIZED_TIME 0x18

#define OID_RSA_ENCRYPTION "1.2.840.113549.1.1.1"
#define OID_RSASSA_PSS "1.2.840.113549.1.1.10"
#define OID_MGF1 "1.2.840.113549.1.1.8"
#define OID_EC_PUBLIC_KEY "1.2.840.10045.2.1"
#define OID_BASIC_CONSTRAINTS "2.5.29.19"
#define OID_KEY_USAGE "2.5.29.15"
#define OID_EXTENDED_KEY_USAGE "2.5.29.37"
#define OID_CLIENT_AUTH "1.3.6.1.5.5.7.3.2"
#define OID_SUBJECT_KEY_ID "2.5.29.14"

typedef struct hash_row {
    uint16_t hash;
    const char *oid;
    const char *rsa_oid;   /* RFC 4055 section 5 */
    const char *ecdsa_oid; /* RFC 5758 section 3.2 */
} hash_row;

static const hash_row hashes[] = {
    { TPMC__HASH_SHA256, "2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.1.11", "1.2.840.10045.4.3.2" },
    { TPMC__HASH_SHA384, "2.16.840.1.101.3.4.2.2", "1.2.840.113549.1.1.12", "1.2.840.10045.4.3.3" },
    { TPMC__HASH_SHA512, "2.16.840.1.101.3.4.2.3", "1.2.840.113549.1.1.13", "1.2.840.10045.4.3.4" },
};

static const hash_row *find_hash(uint16_t hash)
{
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        if (hashes[i].hash == hash)
            return &hashes[i];
    }
    return NULL;
}

static int check_subject(const tpmc__x509_subject *subject, tpmc_error *err)
{
    const char *expected =
        subject->signature == TPMC__X509_ECDSA ? OID_EC_PUBLIC_KEY : OID_RSA_ENCRYPTION;
    tpmc__spki_parts parts;

    if (find_hash(subject->hash) == NULL)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "certificates and requests are signed with SHA-256, SHA-384 or SHA-512");
    if (tpmc__spki_read(subject->spki.data, subject->spki.len, &parts) != 0)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the public key is not a well-formed SubjectPublicKeyInfo in DER");
    if (!tpmc__der_oid_is(&parts.algorithm, expected))
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the public key is not one of %s, which the signature would be of",
                          subject->signature == TPMC__X509_ECDSA ? "EC" : "RSA");
    return 0;
}

/* AlgorithmIdentifier with NULL, or without parameters. */
static void write_plain_algorithm(const char *oid, int with_null, tpmc__buf *out)
{
    tpmc__buf body;

    tpmc__buf_init(&body, X509_MAX);
    tpmc__der_write_oid(&body, oid);
    if (with_null)
        tpmc__der_write(&body, TPMC__DER_NULL, NULL, 0);
    tpmc__der_wrap(out, TPMC__DER_SEQUENCE, &body);
}

/* MGF1 of the hash as an AlgorithmIdentifier. */
static void write_mgf1(const hash_row *hash, tpmc__buf *out)
{
    tpmc__buf body;

    tpmc__buf_init(&body, X509_MAX);
    tpmc__der_write_oid(&body, OID_MGF1);
    write_plain_algorithm(hash->oid, 1, &body);
    tpmc__der_wrap(out, TPMC__DER_SEQUENCE, &body);
}

/* RFC 4055 section 3.1. */
static void write_pss_algorithm(const hash_row *hash, tpmc__buf *out)
{
    tpmc__buf body;
    tpmc__buf parameters;
    tpmc__buf field;

    tpmc__buf_init(&body, X509_MAX);
    tpmc__buf_init(&parameters, X509_MAX);
    tpmc__buf_init(&field, X509_MAX);
    write_plain_algorithm(hash->oid, 1, &field);
    tpmc__der_wrap(&parameters, TPMC__DER_CONTEXT(0), &field);
    write_mgf1(hash, &field);
    tpmc__der_wrap(&parameters, TPMC__DER_CONTEXT(1), &field);
    tpmc__der_write_uint32(&field, (uint32_t)tpmc__hash_size(hash->hash));
    tpmc__der_wrap(&parameters, TPMC__DER_CONTEXT(2), &field);
    tpmc__der_write_oid(&body, OID_RSASSA_PSS);
    tpmc__der_wrap(&body, TPMC__DER_SEQUENCE, &parameters);
    tpmc__der_wrap(out, TPMC__DER_SEQUENCE, &body);
}

static void write_signature_algorithm(const tpmc__x509_subject *subject, tpmc__buf *out)
{
    const hash_row *hash = find_hash(subject->hash);

    if (subject->signature == TPMC__X509_RSA_PSS)
        write_pss_algorithm(hash, out);
    else if (subject->signature == TPMC__X509_ECDSA)
        write_plain_algorithm(hash->ecdsa_oid, 0, out);
    else
        write_plain_algorithm(hash->rsa_oid, 1, out);
}

int tpmc__x509_request_info(const tpmc__x509_subject *subject, tpmc__buf *out, tpmc_error *err)
{
    tpmc__buf body;
    int status = check_subject(subject, err);

    if (status != 0)
        return status;
    tpmc__buf_init(&body, X509_MAX);
    tpmc__der_write_uint32(&body, 0);
    status = tpmc__x509_name_write(subject->name, &body, err);
    if (status != 0) {
        tpmc__buf_free(&body);
        return status;
    }
    tpmc__buf_append(&body, subject->spki.data, subject->spki.len);
    tpmc__der_write(&body, TPMC__DER_CONTEXT(0), NULL, 0); /* no attributes */
    tpmc__der_wrap(out, TPMC__DER_SEQUENCE, &body);
    return tpmc__buf_check(out, "the certificate request", err);
}

/* RFC 5280 section 4.1.2.5. */
static void write_time(int64_t ms, tpmc__buf *out)
{
    tpmc__moment m;
    int is_short = 0;
    char text[64];
    int len = 0;

    tpmc__moment_of(ms, &m);
    is_short = m.year < 2050;
    if (is_short)
        len = snprintf(text, sizeof(text), "%02d", m.year % 100);
    else
        len = snprintf(text, sizeof(text), "%04d", m.year);
    len += snprintf(text + len, sizeof(text) - (size_t)len, "%02d%02d%02d%02d%02dZ", m.month, m.day,
                    m.hour, m.minute, m.second);
    tpmc__der_write(out, is_short ? TAG_UTC_TIME : TAG_GENERALIZED_TIME, text, (size_t)len);
}

static void write_validity(int64_t not_before_ms, int64_t not_after_ms, tpmc__buf *out)
{
    tpmc__buf body;

    tpmc__buf_init(&body, X509_MAX);
    write_time(not_before_ms, &body);
    write_time(not_after_ms, &body);
    tpmc__der_wrap(out, TPMC__DER_SEQUENCE, &body);
}

/* Extension (RFC 5280 section 4.2); frees `value`. */
static void write_extension(const char *oid, int is_critical, tpmc__buf *value, tpmc__buf *out)
{
    tpmc__buf body;

    tpmc__buf_init(&body, X509_MAX);
    tpmc__der_write_oid(&body, oid);
    if (is_critical)
        tpmc__der_write_boolean(&body, 1);
    tpmc__der_wrap(&body, TPMC__DER_OCTET_STRING, value);
    tpmc__der_wrap(out, TPMC__DER_SEQUENCE, &body);
}

static void write_extensions(const uint8_t *key_id, tpmc__buf *out)
{
    static const uint8_t digital_signature[] = { 7, 0x80 }; /* seven bits are unused */
    tpmc__buf list;
    tpmc__buf tagged;
    tpmc__buf value;
    tpmc__buf usages;

    tpmc__buf_init(&list, X509_MAX);
    tpmc__buf_init(&tagged, X509_MAX);
    tpmc__buf_init(&value, X509_MAX);
    tpmc__buf_init(&usages, X509_MAX);
    tpmc__der_write(&value, TPMC__DER_SEQUENCE, NULL, 0); /* cA is FALSE by default */
    write_extension(OID_BASIC_CONSTRAINTS, 1, &value, &list);
    tpmc__der_write(&value, TPMC__DER_BIT_STRING, digital_signature, sizeof(digital_signature));
    write_extension(OID_KEY_USAGE, 1, &value, &list);
    tpmc__der_write_oid(&usages, OID_CLIENT_AUTH);
    tpmc__der_wrap(&value, TPMC__DER_SEQUENCE, &usages);
    write_extension(OID_EXTENDED_KEY_USAGE, 0, &value, &list);
    tpmc__der_write(&value, TPMC__DER_OCTET_STRING, key_id, KEY_ID_LEN);
    write_extension(OID_SUBJECT_KEY_ID, 0, &value, &list);
    tpmc__der_wrap(&tagged, TPMC__DER_SEQUENCE, &list);
    tpmc__der_wrap(out, TPMC__DER_CONTEXT(3), &tagged);
}

static int make_serial(tpmc_env *env, uint8_t *serial, tpmc_error *err)
{
    int status = tpmc__env_random(env, serial, SERIAL_LEN, err);

    /* Positive and of full length (RFC 5280 section 4.1.2.2). */
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);
    return status;
}

static int make_key_id(tpmc_env *env, const tpmc__x509_subject *subject, uint8_t *out,
                       tpmc_error *err)
{
    tpmc__spki_parts parts;
    tpmc__span span;

    (void)tpmc__spki_read(subject->spki.data, subject->spki.len, &parts);
    span = (tpmc__span){ parts.key.data, parts.key.len };
    return tpmc__digest(env, TPMC__HASH_SHA256, &span, 1, out, err);
}

static int check_validity(int64_t not_before_ms, int64_t not_after_ms, tpmc_error *err)
{
    if (not_before_ms < 0 || not_after_ms > TPMC__TIME_MAX_MS)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the validity of a certificate begins in 1970 or later and ends in 9999 "
                          "at the latest");
    if (not_after_ms <= not_before_ms)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the validity of the certificate ends before it begins");
    return 0;
}

static void write_version_and_serial(const uint8_t *serial, tpmc__buf *out)
{
    tpmc__buf version;

    tpmc__buf_init(&version, X509_MAX);
    tpmc__der_write_uint32(&version, 2); /* v3 */
    tpmc__der_wrap(out, TPMC__DER_CONTEXT(0), &version);
    tpmc__der_write_unsigned(out, serial, SERIAL_LEN);
}

int tpmc__x509_tbs_certificate(tpmc_env *env, const tpmc__x509_subject *subject,
                               int64_t not_before_ms, int64_t not_after_ms, tpmc__buf *out,
                               tpmc_error *err)
{
    uint8_t serial[SERIAL_LEN] = { 0 };
    uint8_t key_id[TPMC__DIGEST_MAX];
    tpmc__buf name;
    tpmc__buf body;
    int status = check_subject(subject, err);

    if (status == 0)
        status = check_validity(not_before_ms, not_after_ms, err);
    if (status != 0)
        return status;
    tpmc__buf_init(&name, X509_MAX);
    tpmc__buf_init(&body, X509_MAX);
    status = tpmc__x509_name_write(subject->name, &name, err);
    if (status == 0)
        status = make_serial(env, serial, err);
    if (status == 0)
        status = make_key_id(env, subject, key_id, err);
    if (status != 0)
        goto out;
    write_version_and_serial(serial, &body);
    write_signature_algorithm(subject, &body);
    tpmc__buf_append(&body, name.data, name.len); /* issuer */
    write_validity(not_before_ms, not_after_ms, &body);
    tpmc__buf_append(&body, name.data, name.len);
    tpmc__buf_append(&body, subject->spki.data, subject->spki.len);
    write_extensions(key_id, &body);
    tpmc__der_wrap(out, TPMC__DER_SEQUENCE, &body);
    status = tpmc__buf_check(out, "the certificate", err);

out:
    tpmc__buf_free(&name);
    tpmc__buf_free(&body);
    return status;
}

int tpmc__x509_assemble(const tpmc__x509_subject *subject, const tpmc__buf *tbs,
                        const void *signature, size_t len, tpmc__buf *out, tpmc_error *err)
{
    tpmc__buf body;
    tpmc__buf bits;
    int status = check_subject(subject, err);

    if (status != 0)
        return status;
    tpmc__buf_init(&body, 2 * X509_MAX);
    tpmc__buf_init(&bits, X509_MAX);
    tpmc__buf_append(&body, tbs->data, tbs->len);
    write_signature_algorithm(subject, &body);
    tpmc__buf_append_byte(&bits, 0); /* no unused bits */
    tpmc__buf_append(&bits, signature, len);
    tpmc__der_wrap(&body, TPMC__DER_BIT_STRING, &bits);
    tpmc__der_wrap(out, TPMC__DER_SEQUENCE, &body);
    return tpmc__buf_check(out, "the certificate", err);
}
