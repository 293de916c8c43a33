/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>
#include <stdio.h>

#include "codec/x509_name.h"
#include "unit/each_allocation.h"
#include "unit/expect.h"

#define ROOM 8192

static X509_NAME *parse(const char *text)
{
    const unsigned char *at = NULL;
    X509_NAME *name = NULL;
    X509_NAME *copy = NULL;
    unsigned char *again = NULL;
    tpmc_error *err = NULL;
    tpmc__buf out;
    int len = 0;

    assert_int_equal(tpmc_error_new(&err), 0);
    tpmc__buf_init(&out, ROOM);
    expect_success(tpmc__x509_name_write(text, &out, err), err);
    at = out.data;
    name = d2i_X509_NAME(NULL, &at, (long)out.len);
    assert_non_null(name);
    assert_ptr_equal(at, out.data + out.len);
    /* A copy is encoded anew, with the parts of an RDN in order. */
    copy = X509_NAME_new();
    for (int i = 0; i < X509_NAME_entry_count(name); i++) {
        X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
        int joined = i > 0 && X509_NAME_ENTRY_set(entry) ==
                                  X509_NAME_ENTRY_set(X509_NAME_get_entry(name, i - 1));

        assert_int_equal(X509_NAME_add_entry(copy, entry, -1, joined ? -1 : 0), 1);
    }
    len = i2d_X509_NAME(copy, &again);
    X509_NAME_free(copy);
    assert_int_equal(len, out.len);
    assert_memory_equal(again, out.data, out.len);
    OPENSSL_free(again);
    tpmc__buf_free(&out);
    tpmc_error_free(err);
    return name;
}

/* Compares with what OpenSSL shows. */
static void check(const char *text, const char *shown)
{
    X509_NAME *name = parse(text);
    BIO *bio = BIO_new(BIO_s_mem());
    char line[4096];
    int len = 0;

    assert_true(X509_NAME_print_ex(bio, name, 0,
                                   XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0);
    len = BIO_read(bio, line, sizeof(line) - 1);
    line[len < 0 ? 0 : len] = '\0';
    assert_string_equal(line, shown);
    BIO_free(bio);
    X509_NAME_free(name);
}

static void check_refused(const char *text, const char *words)
{
    tpmc_error *err = NULL;
    tpmc__buf out;

    assert_int_equal(tpmc_error_new(&err), 0);
    tpmc__buf_init(&out, ROOM);
    assert_int_equal(tpmc__buf_append_byte(&out, 1), 0);
    expect_failure(tpmc__x509_name_write(text, &out, err), err, TPMC_ERR_ARGUMENT, words);
    /* Nothing is left behind. */
    assert_int_equal(out.len, 1);
    assert_int_equal(tpmc__buf_status(&out), 0);
    tpmc__buf_free(&out);
    tpmc_error_free(err);
}

static void both_forms_are_read(void **state)
{
    (void)state;
    check("CN=device 7,O=Example", "CN=device 7,O=Example");
    check("/O=Example/CN=device 7", "CN=device 7,O=Example");
    check("cn=a,ou=b,o=c,l=d,st=e,street=f,c=DE", "CN=a,OU=b,O=c,L=d,ST=e,street=f,C=DE");
    check("UID=jsmith,DC=example,DC=net", "UID=jsmith,DC=example,DC=net");
    check("serialNumber=AB-12,EmailAddress=a@example.com",
          "serialNumber=AB-12,emailAddress=a@example.com");
    check("/C=DE/ST=e/L=d/O=c/OU=b/CN=a/emailAddress=a@b",
          "emailAddress=a@b,CN=a,OU=b,O=c,L=d,ST=e,C=DE");
    check("CN = a , O = b c ", "CN=a,O=b c");
    check("CN=a=b", "CN=a=b");
    check("2.5.4.3=by number,1.2.840.113549.1.9.1=x", "CN=by number,emailAddress=x");
}

static void several_types_make_one_part(void **state)
{
    (void)state;
    check("OU=Sales+CN=J.  Smith,DC=example,DC=net", "CN=J.  Smith+OU=Sales,DC=example,DC=net");
    check("CN=a+OU=b+O=c", "OU=b+O=c+CN=a");
    check("/O=x/CN=a+OU=b", "OU=b+CN=a,O=x");
}

/* RFC 4514 section 4 and each escape of section 2.4. */
static void escapes_are_undone(void **state)
{
    (void)state;
    check("CN=James \\\"Jim\\\" Smith\\, III,DC=example,DC=net",
          "CN=James \\\"Jim\\\" Smith\\, III,DC=example,DC=net");
    check("CN=Before\\0dAfter,DC=example,DC=net", "CN=Before\\0DAfter,DC=example,DC=net");
    check("CN=Lu\\C4\\8Di\\C4\\87", "CN=Lu\xc4\x8di\xc4\x87");
    check("CN=Lu\xc4\x8di\xc4\x87", "CN=Lu\xc4\x8di\xc4\x87");
    check("CN=\\ \\ a\\ \\ ", "CN=\\  a \\ ");
    check("CN=\\#1", "CN=\\#1");
    check("CN=a\\+b\\;c\\<d\\>e\\=f\\\\g", "CN=a\\+b\\;c\\<d\\>e=f\\\\g");
    check("CN=\\41\\62", "CN=Ab");
    /* OpenSSL's form takes whatever follows a backslash. */
    check("/CN=a\\/b\\+c\\\\d\\x", "CN=a/b\\+c\\\\dx");
    check("/CN=a, b;c<d>\"e\"", "CN=a\\, b\\;c\\<d\\>\\\"e\\\"");
    check("/CN= a ", "CN=\\ a\\ ");
    check("/CN=\\41", "CN=41");
}

static void values_may_be_given_as_der(void **state)
{
    static const char rfc[] = "\x30\x12\x31\x10\x30\x0e\x06\x08\x2b\x06\x01\x04\x01\x8b\x3a"
                              "\x00\x04\x02Hi";
    X509_NAME *name = parse("O=#1e020061 ,CN=#0c0161");
    const ASN1_STRING *value = NULL;
    tpmc__buf out;

    (void)state;
    /* RFC 4514 section 4; OpenSSL takes no OCTET STRING in a name. */
    tpmc__buf_init(&out, ROOM);
    assert_int_equal(tpmc__x509_name_write("1.3.6.1.4.1.1466.0=#04024869", &out, NULL), 0);
    assert_int_equal(out.len, sizeof(rfc) - 1);
    assert_memory_equal(out.data, rfc, out.len);
    tpmc__buf_free(&out);
    value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, 1));
    assert_int_equal(ASN1_STRING_type(value), V_ASN1_BMPSTRING);
    assert_int_equal(ASN1_STRING_length(value), 2);
    assert_memory_equal(ASN1_STRING_get0_data(value), "\0a", 2);
    value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, 0));
    assert_int_equal(ASN1_STRING_type(value), V_ASN1_UTF8STRING);
    X509_NAME_free(name);
    check("/CN=#04024869", "CN=\\#04024869");
    check_refused("CN=#", "one element of DER");
    check_refused("CN=#0", "not hex");
    check_refused("CN=#0g", "not hex");
    check_refused("CN=#0402486900", "one element of DER");
    check_refused("CN=#040248", "one element of DER");
    check_refused("CN=#0c0161 x", "byte 12: something follows the hex");
}

static void types_have_their_kind_of_string(void **state)
{
    static const int kinds[] = {
        V_ASN1_PRINTABLESTRING, V_ASN1_PRINTABLESTRING, V_ASN1_IA5STRING,
        V_ASN1_IA5STRING,       V_ASN1_UTF8STRING,      V_ASN1_UTF8STRING
    };
    X509_NAME *name = parse("/C=DE/SERIALNUMBER=1/DC=x/emailAddress=a@b/CN=c/1.2.3=d");

    (void)state;
    for (int i = 0; i < 6; i++) {
        const ASN1_STRING *value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i));

        assert_int_equal(ASN1_STRING_type(value), kinds[i]);
    }
    X509_NAME_free(name);
    check_refused("C=D_", "letters, digits");
    check_refused("SERIALNUMBER=a*b", "letters, digits");
    check_refused("DC=\xc3\xa4", "ASCII alone");
    check_refused("emailAddress=\xc3\xa4@b", "ASCII alone");
}

static void malformed_names_are_refused(void **state)
{
    (void)state;
    check_refused("", "is empty");
    check_refused("device 7", "TYPE=VALUE");
    check_refused("/", "TYPE=VALUE");
    check_refused("CN=a,", "byte 6: a part is not of the form");
    check_refused("CN=a,,O=b", "byte 6");
    check_refused("/CN=a/", "TYPE=VALUE");
    check_refused("CN=a+", "TYPE=VALUE");
    check_refused("CN,O=a", "TYPE=VALUE");
    check_refused("CN=", "a value is empty");
    check_refused("CN=  ,O=a", "a value is empty");
    check_refused("=a", "a type is missing");
    check_refused("X=a", "a type is not known");
    check_refused("CNN=a", "a type is not known");
    check_refused("C N=a", "a type is not known");
    check_refused("1.2.=a", "no well-formed OID");
    check_refused("9.2=a", "no well-formed OID");
    check_refused("CN=a\\", "byte 5: nothing follows");
    check_refused("CN=a\\zb", "neither a special character nor two hex");
    check_refused("CN=a\\4", "neither a special character nor two hex");
    check_refused("CN=a\"b", "no backslash before it");
    check_refused("CN=a;b", "no backslash before it");
    check_refused("CN=a<b", "no backslash before it");
    check_refused("CN=a>b", "no backslash before it");
    check_refused("CN=a\nb", "control character");
    check_refused("/CN=a\x7f", "control character");
    check_refused("CN=a\\00b", "holds a NUL");
    check_refused("CN=\\ff", "not UTF-8");
    check_refused("CN=\xc3", "not UTF-8");
}

/* "CN=" and `count` times `unit`. */
static void check_length(const char *type, const char *unit, size_t count, const char *words)
{
    char text[4096];
    size_t len = (size_t)snprintf(text, sizeof(text), "%s=", type);

    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", unit);
    if (words == NULL)
        X509_NAME_free(parse(text));
    else
        check_refused(text, words);
}

static void lengths_have_bounds(void **state)
{
    static const struct {
        const char *type;
        size_t max;
    } rows[] = { { "CN", 64 },           { "O", 64 },  { "OU", 64 },
                 { "ST", 128 },          { "L", 128 }, { "DC", 63 },
                 { "UID", 256 },         { "C", 2 },   { "SERIALNUMBER", 64 },
                 { "emailAddress", 255 } };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        check_length(rows[i].type, "x", rows[i].max, NULL);
        check_length(rows[i].type, "x", rows[i].max + 1, "characters");
    }
    check_length("CN", "\xc3\xa4", 64, NULL);
    check_length("CN", "\xc3\xa4", 65, "CN has 1 to 64 characters");
    check_length("C", "x", 1, "C has 2 to 2 characters");
    check_length("STREET", "x", 1017, NULL);
    check_length("STREET", "x", 1018, "longer than 1024 bytes");
}

static void parts_have_a_bound(void **state)
{
    char text[600] = "CN=0";
    size_t len = 4;

    (void)state;
    for (int i = 1; i < 32; i++)
        len +=
            (size_t)snprintf(text + len, sizeof(text) - len, "%cCN=%d", i % 3 == 0 ? '+' : ',', i);
    X509_NAME_free(parse(text));
    (void)snprintf(text + len, sizeof(text) - len, ",CN=x");
    check_refused(text, "more than 32 parts");
}

static void a_full_buffer_is_told(void **state)
{
    tpmc__buf out;

    tpmc__buf_init(&out, 10);
    expect_failure(tpmc__x509_name_write("CN=device 7", &out, *state), *state, TPMC_ERR_ARGUMENT,
                   "the distinguished name");
    tpmc__buf_free(&out);
}

static int write_once(void *context)
{
    tpmc__buf out;
    int status = 0;

    (void)context;
    tpmc__buf_init(&out, ROOM);
    status = tpmc__x509_name_write("CN=device 7+UID=x,O=#0c0161", &out, NULL);
    tpmc__buf_free(&out);
    return status;
}

static void lack_of_memory_is_told(void **state)
{
    (void)state;
    assert_true(each_allocation(write_once, NULL, TPMC_ERR_NOMEM) >= 8);
}

/* An error shows it, so nothing in it may do harm. */
static void names_have_a_text(void **state)
{
    static const uint8_t nul[] = { 0x30, 0x0e, 0x31, 0x0c, 0x30, 0x0a, 0x06, 0x03,
                                   0x55, 0x04, 0x03, 0x0c, 0x03, 'a',  0,    '\n' };
    tpmc__buf name;
    char text[64];

    (void)state;
    tpmc__buf_init(&name, 1024);
    assert_int_equal(tpmc__x509_name_write("CN=device 7,O=Example,1.2.3=x", &name, NULL), 0);
    tpmc__x509_name_text(name.data, name.len, text, sizeof(text));
    assert_string_equal(text, "1.2.3=x, O=Example, CN=device 7");
    tpmc__x509_name_text(name.data, name.len, text, 6);
    assert_string_equal(text, "1.2.3");
    tpmc__x509_name_text(name.data, name.len - 1, text, sizeof(text));
    assert_string_equal(text, "?");
    tpmc__buf_free(&name);
    tpmc__x509_name_text(nul, sizeof(nul), text, sizeof(text));
    assert_string_equal(text, "CN=a??");
    tpmc__x509_name_text("\x30", 2, text, sizeof(text));
    assert_string_equal(text, "(no name)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_are_read),
        cmocka_unit_test(several_types_make_one_part),
        cmocka_unit_test(escapes_are_undone),
        cmocka_unit_test(values_may_be_given_as_der),
        cmocka_unit_test(types_have_their_kind_of_string),
        cmocka_unit_test(malformed_names_are_refused),
        cmocka_unit_test(lengths_have_bounds),
        cmocka_unit_test(parts_have_a_bound),
        WITH_ERROR(a_full_buffer_is_told),
        cmocka_unit_test(lack_of_memory_is_told),
        cmocka_unit_test(names_have_a_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
