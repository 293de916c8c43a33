/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/x509_name.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "codec/der.h"

#define TEXT_MAX 1024
#define PARTS_MAX 32
#define ENCODED_MAX (4 * TEXT_MAX)
#define TYPE_MAX 64

#define TAG_PRINTABLE_STRING 0x13
#define TAG_IA5_STRING 0x16
#define TAG_SET 0x31

typedef struct type_row {
    const char *name;
    const char *oid;
    int tag;
    size_t min; /* characters; RFC 5280 appendix A.1 has the bounds */
    size_t max;
} type_row;

static const type_row types[] = {
    { "CN", "2.5.4.3", TPMC__DER_UTF8_STRING, 1, 64 },
    { "O", "2.5.4.10", TPMC__DER_UTF8_STRING, 1, 64 },
    { "OU", "2.5.4.11", TPMC__DER_UTF8_STRING, 1, 64 },
    { "C", "2.5.4.6", TAG_PRINTABLE_STRING, 2, 2 },
    { "ST", "2.5.4.8", TPMC__DER_UTF8_STRING, 1, 128 },
    { "L", "2.5.4.7", TPMC__DER_UTF8_STRING, 1, 128 },
    { "STREET", "2.5.4.9", TPMC__DER_UTF8_STRING, 1, TEXT_MAX },
    { "DC", "0.9.2342.19200300.100.1.25", TAG_IA5_STRING, 1, 63 },
    { "UID", "0.9.2342.19200300.100.1.1", TPMC__DER_UTF8_STRING, 1, 256 },
    { "SERIALNUMBER", "2.5.4.5", TAG_PRINTABLE_STRING, 1, 64 },
    { "EMAILADDRESS", "1.2.840.113549.1.9.1", TAG_IA5_STRING, 1, 255 },
};

/* For a type that is given as an OID. */
static const type_row other_type = { "the OID", NULL, TPMC__DER_UTF8_STRING, 1, TEXT_MAX };

/* One AttributeTypeAndValue among the encoded ones. */
typedef struct part {
    size_t at;
    size_t len;
    int is_joined; /* to the one before, in one RelativeDistinguishedName */
} part;

typedef struct reader {
    const char *text;
    size_t len;
    size_t at;
    int slashes; /* OpenSSL's form */
    tpmc__buf encoded;
    part parts[PARTS_MAX];
    size_t count;
} reader;

/* A value on its way. */
typedef struct value {
    tpmc__buf bytes;
    size_t keep; /* spaces beyond this many bytes are not part of the value */
    size_t at;   /* where it stands in the text */
} value;

static int fail_at(size_t at, const char *what, tpmc_error *err)
{
    return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the distinguished name is wrong at byte %zu: %s",
                      at + 1, what);
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int upper(char c)
{
    return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
}

static int hex_value(char c)
{
    int up = upper(c);

    if (is_digit(c))
        return c - '0';
    return up >= 'A' && up <= 'F' ? up - 'A' + 10 : -1;
}

static void skip_spaces(reader *in)
{
    while (!in->slashes && in->at < in->len && in->text[in->at] == ' ')
        in->at++;
}

static int is_separator(const reader *in, char c)
{
    return c == '+' || c == (in->slashes ? '/' : ',');
}

static const type_row *find_type(const char *name)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        const char *row = types[i].name;
        size_t at = 0;

        while (row[at] != '\0' && row[at] == upper(name[at]))
            at++;
        if (row[at] == name[at])
            return &types[i];
    }
    return NULL;
}

/* Reads up to the '=' and appends the type's OID to `encoded`. */
static int read_type(reader *in, tpmc__buf *encoded, const type_row **row, tpmc_error *err)
{
    char name[TYPE_MAX];
    size_t len = 0;
    size_t start = 0;

    skip_spaces(in);
    start = in->at;
    while (in->at < in->len && in->text[in->at] != '=' && !is_separator(in, in->text[in->at]))
        in->at++;
    if (in->at == in->len || in->text[in->at] != '=')
        return fail_at(start, "a part is not of the form TYPE=VALUE", err);
    len = in->at - start;
    in->at++;
    while (!in->slashes && len > 0 && in->text[start + len - 1] == ' ')
        len--;
    if (len == 0 || len >= sizeof(name))
        return fail_at(start, "a type is missing or too long", err);
    memcpy(name, in->text + start, len);
    name[len] = '\0';
    *row = is_digit(name[0]) ? &other_type : find_type(name);
    if (*row == NULL)
        return fail_at(start,
                       "a type is not known; there are CN, O, OU, C, ST, L, STREET, DC, UID, "
                       "SERIALNUMBER, emailAddress and OIDs",
                       err);
    if (tpmc__der_write_oid(encoded, is_digit(name[0]) ? name : (*row)->oid) == TPMC_ERR_ARGUMENT)
        return fail_at(start, "a type is no well-formed OID", err);
    return 0;
}

/* RFC 4514 section 3: a backslash stands before a special character or two hex digits. In OpenSSL's
 * form it stands before any character. */
static int read_escape(reader *in, value *out, tpmc_error *err)
{
    static const char special[] = "\\\"+,;<> #=";
    size_t left = in->len - in->at;
    char c = left >= 2 ? in->text[in->at + 1] : '\0';
    int high = hex_value(c);
    int low = left >= 3 ? hex_value(in->text[in->at + 2]) : -1;

    if (left < 2)
        return fail_at(in->at, "nothing follows the last backslash", err);
    if (in->slashes || strchr(special, c) != NULL) {
        tpmc__buf_append_byte(&out->bytes, (uint8_t)c);
        in->at += 2;
    } else if (high >= 0 && low >= 0) {
        tpmc__buf_append_byte(&out->bytes, (uint8_t)(high << 4 | low));
        in->at += 3;
    } else {
        return fail_at(in->at,
                       "a backslash is followed by neither a special character nor two hex "
                       "digits",
                       err);
    }
    out->keep = out->bytes.len;
    return 0;
}

static int read_character(reader *in, value *out, tpmc_error *err)
{
    static const char special[] = "\";<>";
    char c = in->text[in->at];

    if ((unsigned char)c < 0x20 || c == 0x7f)
        return fail_at(in->at, "there is a control character", err);
    if (!in->slashes && strchr(special, c) != NULL)
        return fail_at(in->at, "a quote, semicolon or angle bracket has no backslash before it",
                       err);
    tpmc__buf_append_byte(&out->bytes, (uint8_t)c);
    if (in->slashes || c != ' ')
        out->keep = out->bytes.len;
    in->at++;
    return 0;
}

static int read_string(reader *in, value *out, tpmc_error *err)
{
    int status = 0;

    while (status == 0 && in->at < in->len && !is_separator(in, in->text[in->at])) {
        if (in->text[in->at] == '\\')
            status = read_escape(in, out, err);
        else
            status = read_character(in, out, err);
    }
    return status;
}

/* RFC 4514 section 2.4: '#' and the value's whole BER, here DER, in hex. */
static int read_hex(reader *in, value *out, tpmc_error *err)
{
    tpmc__der der = { NULL, 0 };
    tpmc__der content = { NULL, 0 };
    int tag = 0;

    for (in->at++; in->at < in->len && !is_separator(in, in->text[in->at]); in->at += 2) {
        int high = hex_value(in->text[in->at]);
        int low = in->at + 1 < in->len ? hex_value(in->text[in->at + 1]) : -1;

        if (in->text[in->at] == ' ')
            break;
        if (high < 0 || low < 0)
            return fail_at(in->at, "the value after '#' is not hex", err);
        tpmc__buf_append_byte(&out->bytes, (uint8_t)(high << 4 | low));
    }
    skip_spaces(in);
    if (in->at < in->len && !is_separator(in, in->text[in->at]))
        return fail_at(in->at, "something follows the hex of a value", err);
    if (tpmc__buf_status(&out->bytes) != 0)
        return 0;
    der = (tpmc__der){ out->bytes.data, out->bytes.len };
    if (tpmc__der_next(&der, &tag, &content) != 0 || der.len > 0)
        return fail_at(out->at, "the value after '#' is not one element of DER", err);
    return 0;
}

static int is_printable(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || is_digit((char)c) ||
           (c != '\0' && strchr(" '()+,-./:=?", c) != NULL);
}

static size_t count_characters(const uint8_t *data, size_t len)
{
    size_t count = 0;

    for (size_t i = 0; i < len; i++)
        count += (data[i] & 0xc0) != 0x80;
    return count;
}

static int check_string(const type_row *row, const value *v, tpmc_error *err)
{
    const uint8_t *data = v->bytes.data;
    size_t characters = count_characters(data, v->keep);

    if (v->keep == 0)
        return fail_at(v->at, "a value is empty", err);
    if (!tpmc__utf8_valid(data, v->keep) || memchr(data, '\0', v->keep) != NULL)
        return fail_at(v->at, "a value is not UTF-8 or holds a NUL", err);
    if (characters < row->min || characters > row->max)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the distinguished name is wrong at byte %zu: %s has %zu to %zu "
                          "characters",
                          v->at + 1, row->name, row->min, row->max);
    for (size_t i = 0; i < v->keep; i++) {
        if (row->tag == TAG_PRINTABLE_STRING && !is_printable(data[i]))
            return fail_at(v->at,
                           "C and SERIALNUMBER take letters, digits and ' ( ) + , - . / : = "
                           "? alone",
                           err);
        if (row->tag == TAG_IA5_STRING && data[i] > 0x7f)
            return fail_at(v->at, "DC and emailAddress take ASCII alone", err);
    }
    return 0;
}

/* Reads a value and appends it to `encoded`. */
static int read_value(reader *in, const type_row *row, tpmc__buf *encoded, tpmc_error *err)
{
    value v = { .keep = 0 };
    int status = 0;

    tpmc__buf_init(&v.bytes, TEXT_MAX);
    skip_spaces(in);
    v.at = in->at;
    if (!in->slashes && in->at < in->len && in->text[in->at] == '#') {
        status = read_hex(in, &v, err);
        if (status == 0)
            status = tpmc__buf_check(&v.bytes, "the distinguished name", err);
        if (status == 0)
            tpmc__buf_append(encoded, v.bytes.data, v.bytes.len);
        goto out;
    }
    status = read_string(in, &v, err);
    if (status == 0)
        status = tpmc__buf_check(&v.bytes, "the distinguished name", err);
    if (status == 0)
        status = check_string(row, &v, err);
    if (status == 0)
        tpmc__der_write(encoded, row->tag, v.bytes.data, v.keep);
out:
    tpmc__buf_free(&v.bytes);
    return status;
}

static int read_part(reader *in, int is_joined, tpmc_error *err)
{
    const type_row *row = NULL;
    size_t at = in->encoded.len;
    tpmc__buf inner;
    int status = 0;

    if (in->count == PARTS_MAX)
        return fail_at(in->at, "there are more than 32 parts", err);
    tpmc__buf_init(&inner, ENCODED_MAX);
    status = read_type(in, &inner, &row, err);
    if (status == 0)
        status = read_value(in, row, &inner, err);
    if (status != 0) {
        tpmc__buf_free(&inner);
        return status;
    }
    tpmc__der_wrap(&in->encoded, TPMC__DER_SEQUENCE, &inner);
    status = tpmc__buf_check(&in->encoded, "the distinguished name", err);
    in->parts[in->count++] = (part){ at, in->encoded.len - at, is_joined };
    return status;
}

static int read_parts(reader *in, tpmc_error *err)
{
    int is_joined = 0;
    int more = 1;
    int status = 0;

    if (in->slashes)
        in->at++;
    while (status == 0 && more) {
        status = read_part(in, is_joined, err);
        more = in->at < in->len;
        if (status != 0 || !more)
            return status;
        is_joined = in->text[in->at] == '+';
        in->at++;
    }
    return status;
}

/* X.690 section 11.6: the encodings of a SET OF ascend. */
static int is_before(const reader *in, const part *a, const part *b)
{
    size_t shorter = a->len < b->len ? a->len : b->len;
    int order = memcmp(in->encoded.data + a->at, in->encoded.data + b->at, shorter);

    return order != 0 ? order < 0 : a->len < b->len;
}

static void sort(const reader *in, part *parts, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        part moved = parts[i];
        size_t to = i;

        for (; to > 0 && is_before(in, &moved, &parts[to - 1]); to--)
            parts[to] = parts[to - 1];
        parts[to] = moved;
    }
}

/* A RelativeDistinguishedName of `count` parts. */
static void write_rdn(const reader *in, part *parts, size_t count, tpmc__buf *out)
{
    tpmc__buf set;

    sort(in, parts, count);
    tpmc__buf_init(&set, ENCODED_MAX);
    for (size_t i = 0; i < count; i++)
        tpmc__buf_append(&set, in->encoded.data + parts[i].at, parts[i].len);
    tpmc__der_wrap(out, TAG_SET, &set);
}

/* The DER has the least specific part first, as OpenSSL's form does and that of RFC 4514 does not.
 */
static void write_rdns(reader *in, tpmc__buf *out)
{
    size_t begin[PARTS_MAX + 1];
    size_t groups = 0;

    for (size_t i = 0; i < in->count; i++) {
        if (!in->parts[i].is_joined)
            begin[groups++] = i;
    }
    begin[groups] = in->count;
    for (size_t i = 0; i < groups; i++) {
        size_t group = in->slashes ? i : groups - 1 - i;

        write_rdn(in, in->parts + begin[group], begin[group + 1] - begin[group], out);
    }
}

int tpmc__x509_name_write(const char *text, tpmc__buf *out, tpmc_error *err)
{
    reader in = { .text = text, .len = strlen(text), .slashes = text[0] == '/' };
    tpmc__buf rdns;
    int status = 0;

    if (in.len == 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the distinguished name is empty; give one such as CN=device 7");
    if (in.len > TEXT_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the distinguished name is longer than %d bytes",
                          TEXT_MAX);
    tpmc__buf_init(&in.encoded, ENCODED_MAX);
    tpmc__buf_init(&rdns, ENCODED_MAX);
    status = read_parts(&in, err);
    if (status == 0) {
        write_rdns(&in, &rdns);
        tpmc__der_wrap(out, TPMC__DER_SEQUENCE, &rdns);
        status = tpmc__buf_check(out, "the distinguished name", err);
    }
    tpmc__buf_free(&in.encoded);
    return status;
}

static const char *type_name(const tpmc__der *oid)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (tpmc__der_oid_is(oid, types[i].oid))
            return types[i].name;
    }
    return NULL;
}

/* AttributeTypeAndValue ::= SEQUENCE { OID, value } */
static int append_part(tpmc__der *set, tpmc__buf *out)
{
    tpmc__der body = { NULL, 0 };
    tpmc__der oid = { NULL, 0 };
    tpmc__der content = { NULL, 0 };
    char dotted[128];
    int tag = 0;

    if (tpmc__der_expect(set, TPMC__DER_SEQUENCE, &body) != 0 ||
        tpmc__der_expect(&body, TPMC__DER_OID, &oid) != 0 ||
        tpmc__der_next(&body, &tag, &content) != 0)
        return TPMC_ERR_FORMAT;
    (void)tpmc__der_oid_text(&oid, dotted, sizeof(dotted));
    if (out->len > 0)
        tpmc__buf_append_text(out, ", ");
    tpmc__buf_append_text(out, type_name(&oid) != NULL ? type_name(&oid) : dotted);
    tpmc__buf_append_byte(out, '=');
    for (size_t i = 0; i < content.len; i++)
        tpmc__buf_append_byte(out, content.data[i] == 0 ? '?' : content.data[i]);
    return tpmc__buf_status(out);
}

void tpmc__x509_name_text(const void *der, size_t len, char *out, size_t capacity)
{
    tpmc__der in = { der, len };
    tpmc__der names = { NULL, 0 };
    tpmc__der set = { NULL, 0 };
    tpmc__buf text;
    int status = 0;

    tpmc__buf_init(&text, ENCODED_MAX);
    status = tpmc__der_expect(&in, TPMC__DER_SEQUENCE, &names);
    while (status == 0 && names.len > 0) {
        status = tpmc__der_expect(&names, TAG_SET, &set);
        while (status == 0 && set.len > 0)
            status = append_part(&set, &text);
    }
    if (status != 0)
        (void)snprintf(out, capacity, "?");
    else
        tpmc__utf8_clean(out, capacity, text.len == 0 ? "(no name)" : (const char *)text.data);
    tpmc__buf_free(&text);
}
