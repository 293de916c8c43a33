/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/certificate_read.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/error_int.h"
#include "codec/certificate_time.h"
#include "codec/der.h"
#include "codec/spki.h"

#define TAG_ISSUER_ID 0x81
#define TAG_SUBJECT_ID 0x82
#define SERIAL_MAX 20
#define KEY_USAGE_DIGITAL_SIGNATURE 0x80
#define MS_PER_SECOND 1000

#define OID_BASIC_CONSTRAINTS "2.5.29.19"
#define OID_KEY_USAGE "2.5.29.15"
#define OID_RSASSA_PSS "1.2.840.113549.1.1.10"

typedef struct weak_row {
    const char *oid; /* of a signature algorithm or of a hash */
    const char *hash;
} weak_row;

static const weak_row weak_algorithms[] = {
    { "1.2.840.113549.1.1.2", "MD2" }, { "1.2.840.113549.1.1.3", "MD4" },
    { "1.2.840.113549.1.1.4", "MD5" }, { "1.2.840.113549.1.1.5", "SHA-1" },
    { "1.3.14.3.2.29", "SHA-1" },      { "1.2.840.10040.4.3", "SHA-1" },
    { "1.2.840.10045.4.1", "SHA-1" },  { "1.3.14.3.2.26", "SHA-1" },
    { "1.2.840.113549.2.5", "MD5" },
};

static int fail_part(const char *part, tpmc_error *err)
{
    return tpmc__fail(err, TPMC_ERR_FORMAT, "%s of the certificate is not well formed", part);
}

static const char *find_weak(const tpmc__der *oid)
{
    for (size_t i = 0; i < sizeof(weak_algorithms) / sizeof(weak_algorithms[0]); i++) {
        if (tpmc__der_oid_is(oid, weak_algorithms[i].oid))
            return weak_algorithms[i].hash;
    }
    return NULL;
}

/* Takes a SEQUENCE; `whole` is all of it, `content` what is inside. */
static int take_sequence(tpmc__der *in, tpmc__span *whole, tpmc__der *content)
{
    const uint8_t *start = in->data;
    int status = tpmc__der_expect(in, TPMC__DER_SEQUENCE, content);

    if (status == 0)
        *whole = (tpmc__span){ start, (size_t)(in->data - start) };
    return status;
}

static int is_same(const tpmc__span *a, const tpmc__span *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* Version ::= INTEGER { v1(0), v2(1), v3(2) }, EXPLICIT and v1 when it is not there. */
static int read_version(tpmc__der *in, tpmc__certificate *out, tpmc_error *err)
{
    tpmc__der tagged = { NULL, 0 };
    tpmc__der number = { NULL, 0 };

    out->version = 1;
    if (tpmc__der_peek(in) != TPMC__DER_CONTEXT(0))
        return 0;
    if (tpmc__der_expect(in, TPMC__DER_CONTEXT(0), &tagged) != 0 ||
        tpmc__der_expect_unsigned(&tagged, &number) != 0 || tagged.len > 0 || number.len > 1)
        return fail_part("the version", err);
    out->version = number.len == 0 ? 1 : number.data[0] + 1;
    if (out->version > 3)
        return fail_part("the version", err);
    return 0;
}

static int read_serial(tpmc__der *in, tpmc__certificate *out, tpmc_error *err)
{
    tpmc__der copy = *in;
    tpmc__der number = { NULL, 0 };

    if (tpmc__der_expect(&copy, TPMC__DER_INTEGER, &number) == 0 && number.len > 0 &&
        (number.data[0] & 0x80) != 0)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the certificate has a negative serial number, which no service takes; "
                          "have it issued again");
    if (tpmc__der_expect_unsigned(in, &number) != 0)
        return fail_part("the serial number", err);
    if (number.len > SERIAL_MAX)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "the serial number of the certificate is longer than %d octets",
                          SERIAL_MAX);
    out->serial = (tpmc__span){ number.data, number.len };
    return 0;
}

/* RSASSA-PSS-params (RFC 4055 section 3.1): without a hash it is SHA-1. */
static const char *weak_pss_hash(tpmc__der parameters)
{
    tpmc__der body = { NULL, 0 };
    tpmc__der tagged = { NULL, 0 };
    tpmc__der algorithm = { NULL, 0 };
    tpmc__der oid = { NULL, 0 };

    if (tpmc__der_expect(&parameters, TPMC__DER_SEQUENCE, &body) != 0 ||
        tpmc__der_expect(&body, TPMC__DER_CONTEXT(0), &tagged) != 0 ||
        tpmc__der_expect(&tagged, TPMC__DER_SEQUENCE, &algorithm) != 0 ||
        tpmc__der_expect(&algorithm, TPMC__DER_OID, &oid) != 0)
        return "SHA-1";
    return find_weak(&oid);
}

static int read_algorithm(tpmc__der algorithm, tpmc__certificate *out, tpmc_error *err)
{
    tpmc__der oid = { NULL, 0 };

    if (tpmc__der_expect(&algorithm, TPMC__DER_OID, &oid) != 0)
        return fail_part("the signature algorithm", err);
    out->weak_hash =
        tpmc__der_oid_is(&oid, OID_RSASSA_PSS) ? weak_pss_hash(algorithm) : find_weak(&oid);
    return 0;
}

static int read_validity(tpmc__der validity, tpmc__certificate *out, tpmc_error *err)
{
    if (tpmc__certificate_take_time(&validity, &out->not_before_ms) != 0 ||
        tpmc__certificate_take_time(&validity, &out->not_after_ms) != 0 || validity.len > 0)
        return fail_part("the validity", err);
    return 0;
}

/* BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, ... } */
static int read_constraints(tpmc__der value, tpmc__certificate *out)
{
    tpmc__der body = { NULL, 0 };
    tpmc__der flag = { NULL, 0 };

    if (tpmc__der_expect(&value, TPMC__DER_SEQUENCE, &body) != 0 || value.len > 0)
        return TPMC_ERR_FORMAT;
    if (tpmc__der_peek(&body) != TPMC__DER_BOOLEAN)
        return 0;
    if (tpmc__der_expect(&body, TPMC__DER_BOOLEAN, &flag) != 0 || flag.len != 1)
        return TPMC_ERR_FORMAT;
    out->is_ca = flag.data[0] != 0;
    return 0;
}

/* A BIT STRING whose first octet counts the unused bits of the last. */
static int read_key_usage(tpmc__der value, tpmc__certificate *out)
{
    tpmc__der bits = { NULL, 0 };

    if (tpmc__der_expect(&value, TPMC__DER_BIT_STRING, &bits) != 0 || value.len > 0 ||
        bits.len == 0 || bits.data[0] > 7)
        return TPMC_ERR_FORMAT;
    out->has_key_usage = 1;
    out->may_sign = bits.len > 1 && (bits.data[1] & KEY_USAGE_DIGITAL_SIGNATURE) != 0;
    return 0;
}

typedef struct extension_row {
    const char *oid;
    int (*read)(tpmc__der value, tpmc__certificate *out);
    const char *part;
} extension_row;

static const extension_row extensions[] = {
    { OID_BASIC_CONSTRAINTS, read_constraints, "the extension basicConstraints" },
    { OID_KEY_USAGE, read_key_usage, "the extension keyUsage" },
};

#define EXTENSION_COUNT (sizeof(extensions) / sizeof(extensions[0]))

/* Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } */
static int take_extension(tpmc__der *list, tpmc__der *oid, tpmc__der *value)
{
    tpmc__der body = { NULL, 0 };
    tpmc__der critical = { NULL, 0 };

    if (tpmc__der_expect(list, TPMC__DER_SEQUENCE, &body) != 0 ||
        tpmc__der_expect(&body, TPMC__DER_OID, oid) != 0)
        return TPMC_ERR_FORMAT;
    if (tpmc__der_peek(&body) == TPMC__DER_BOOLEAN &&
        tpmc__der_expect(&body, TPMC__DER_BOOLEAN, &critical) != 0)
        return TPMC_ERR_FORMAT;
    if (tpmc__der_expect(&body, TPMC__DER_OCTET_STRING, value) != 0 || body.len > 0)
        return TPMC_ERR_FORMAT;
    return 0;
}

static int read_extensions(tpmc__der tagged, tpmc__certificate *out, tpmc_error *err)
{
    tpmc__der list = { NULL, 0 };
    tpmc__der oid = { NULL, 0 };
    tpmc__der value = { NULL, 0 };
    int seen[EXTENSION_COUNT] = { 0 };

    if (tpmc__der_expect(&tagged, TPMC__DER_SEQUENCE, &list) != 0 || tagged.len > 0)
        return fail_part("the list of extensions", err);
    while (list.len > 0) {
        if (take_extension(&list, &oid, &value) != 0)
            return fail_part("the list of extensions", err);
        for (size_t i = 0; i < EXTENSION_COUNT; i++) {
            if (!tpmc__der_oid_is(&oid, extensions[i].oid))
                continue;
            if (seen[i]++ || extensions[i].read(value, out) != 0)
                return fail_part(extensions[i].part, err);
        }
    }
    return 0;
}

/* The unique identifiers of version 2, which nobody uses, and the extensions. */
static int read_rest(tpmc__der *in, tpmc__certificate *out, tpmc_error *err)
{
    static const int ids[] = { TAG_ISSUER_ID, TAG_SUBJECT_ID };
    tpmc__der content = { NULL, 0 };

    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        if (tpmc__der_peek(in) == ids[i] && tpmc__der_expect(in, ids[i], &content) != 0)
            return fail_part("a unique identifier", err);
    }
    if (in->len == 0)
        return 0;
    if (tpmc__der_expect(in, TPMC__DER_CONTEXT(3), &content) != 0 || in->len > 0)
        return fail_part("the list of extensions", err);
    return read_extensions(content, out, err);
}

/* TBSCertificate of RFC 5280 section 4.1; `algorithm` is the one inside. */
static int read_tbs(tpmc__der in, tpmc__certificate *out, tpmc__span *algorithm, tpmc_error *err)
{
    tpmc__der content = { NULL, 0 };
    tpmc__span whole = { NULL, 0 };
    tpmc__spki_parts key;
    int status = read_version(&in, out, err);

    if (status == 0)
        status = read_serial(&in, out, err);
    if (status != 0)
        return status;
    if (take_sequence(&in, algorithm, &content) != 0)
        return fail_part("the signature algorithm", err);
    if (take_sequence(&in, &out->issuer, &content) != 0)
        return fail_part("the issuer", err);
    if (take_sequence(&in, &whole, &content) != 0)
        return fail_part("the validity", err);
    status = read_validity(content, out, err);
    if (status != 0)
        return status;
    if (take_sequence(&in, &out->subject, &content) != 0)
        return fail_part("the subject", err);
    if (take_sequence(&in, &out->spki, &content) != 0 ||
        tpmc__spki_read(out->spki.data, out->spki.len, &key) != 0)
        return fail_part("the public key", err);
    return read_rest(&in, out, err);
}

int tpmc__certificate_read(const void *der, size_t len, tpmc__certificate *out, tpmc_error *err)
{
    tpmc__der in = { der, len };
    tpmc__der body = { NULL, 0 };
    tpmc__der content = { NULL, 0 };
    tpmc__span inner = { NULL, 0 };
    tpmc__span outer = { NULL, 0 };
    tpmc__span whole = { NULL, 0 };
    int status = 0;

    memset(out, 0, sizeof(*out));
    out->der = (tpmc__span){ der, len };
    out->may_sign = 1;
    if (tpmc__der_expect(&in, TPMC__DER_SEQUENCE, &body) != 0)
        return tpmc__fail(err, TPMC_ERR_FORMAT,
                          "it is no certificate in DER, or the certificate is cut short");
    if (in.len > 0)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "something follows the certificate");
    if (take_sequence(&body, &whole, &content) != 0)
        return fail_part("the content", err);
    status = read_tbs(content, out, &inner, err);
    if (status != 0)
        return status;
    if (take_sequence(&body, &outer, &content) != 0 || !is_same(&inner, &outer))
        return fail_part("the signature algorithm", err);
    status = read_algorithm(content, out, err);
    if (status != 0)
        return status;
    if (tpmc__der_expect(&body, TPMC__DER_BIT_STRING, &content) != 0 || body.len > 0)
        return fail_part("the signature", err);
    return 0;
}

/* Divides the number by ten and returns what is left over. */
static unsigned divide_by_ten(uint8_t *number, size_t len)
{
    unsigned rest = 0;

    for (size_t i = 0; i < len; i++) {
        rest = rest << 8 | number[i];
        number[i] = (uint8_t)(rest / 10);
        rest %= 10;
    }
    return rest;
}

static int is_zero(const uint8_t *number, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (number[i] != 0)
            return 0;
    }
    return 1;
}

int tpmc__certificate_serial_text(const tpmc__certificate *certificate, tpmc__buf *out)
{
    uint8_t number[SERIAL_MAX] = { 0 };
    char digits[3 * SERIAL_MAX + 1];
    size_t at = sizeof(digits) - 1;

    if (certificate->serial.len > 0)
        memcpy(number, certificate->serial.data, certificate->serial.len);
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + divide_by_ten(number, certificate->serial.len));
    } while (!is_zero(number, certificate->serial.len));
    return tpmc__buf_append_text(out, digits + at);
}

int tpmc__certificate_thumbprint(tpmc_env *env, const tpmc__certificate *certificate, uint16_t hash,
                                 uint8_t *out, tpmc_error *err)
{
    return tpmc__digest(env, hash, &certificate->der, 1, out, err);
}

/* RFC 5280 section 4.1.2.5: from the one through the other. */
int tpmc__certificate_compare_time(const tpmc__certificate *certificate, int64_t now_ms)
{
    if (now_ms < certificate->not_before_ms)
        return -1;
    return now_ms - MS_PER_SECOND >= certificate->not_after_ms;
}

void tpmc__certificate_time_text(int64_t ms, char *out, size_t capacity)
{
    time_t seconds = (time_t)((ms - (ms < 0 ? MS_PER_SECOND - 1 : 0)) / MS_PER_SECOND);
    struct tm parts;

    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(out, capacity, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        (void)snprintf(out, capacity, "?");
}
