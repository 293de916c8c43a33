/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "base/option_check.h"
#include "base/option_int.h"

typedef struct sample {
    const char *value;
    const char *words; /* NULL: accepted */
} sample;

static void check_samples(tpmc__option_check check, const sample *samples, size_t count)
{
    const char *refusal;
    size_t i;

    for (i = 0; i < count; i++) {
        refusal = check(samples[i].value);
        if (refusal == NULL && samples[i].words != NULL)
            fail_msg("'%s' is accepted", samples[i].value);
        else if (refusal != NULL && samples[i].words == NULL)
            fail_msg("'%s': %s", samples[i].value, refusal);
        else if (refusal != NULL && strstr(refusal, samples[i].words) == NULL)
            fail_msg("'%s': '%s' does not hold '%s'", samples[i].value, refusal, samples[i].words);
    }
}

#define CHECK(check, samples) check_samples(check, samples, sizeof(samples) / sizeof((samples)[0]))

static void visible(void **state)
{
    static const sample samples[] = {
        { "!~azAZ09\"\\", NULL },
        { "a b", "no spaces" },
        { "caf\xc3\xa9", "visible ASCII" },
    };

    (void)state;
    CHECK(tpmc__check_visible, samples);
}

static void words(void **state)
{
    static const sample samples[] = {
        { "agent/1.0 (linux; x)", NULL }, { "a", NULL },
        { " a", "begin or end" },         { "a ", "begin or end" },
        { " ", "begin or end" },          { "caf\xc3\xa9", "visible ASCII" },
    };

    (void)state;
    CHECK(tpmc__check_words, samples);
}

static void scopes(void **state)
{
    static const sample samples[] = {
        { "https://www.googleapis.com/auth/cloud-platform", NULL },
        { "openid", NULL },
        { "a\"b", "quotes or backslashes" },
        { "a'b", "quotes or backslashes" },
        { "a\\b", "quotes or backslashes" },
        { "a b", "visible ASCII" },
        { "\xc3\xa9", "visible ASCII" },
    };

    (void)state;
    CHECK(tpmc__check_scope, samples);
}

static void emails(void **state)
{
    static const sample samples[] = {
        { "robot@project.iam.gserviceaccount.com", NULL },
        { "a@b", NULL },
        { "nobody", "one '@'" },
        { "a@b@c", "one '@'" },
        { "@b", "both sides" },
        { "a@", "both sides" },
        { "a b@c", "spaces" },
        { "\"a\"@c", "quotes" },
        { "o'a@c", NULL },
        { "a\\@c", "backslashes" },
    };

    (void)state;
    CHECK(tpmc__check_email, samples);
}

static void proxies(void **state)
{
    static const sample samples[] = {
        { "http://proxy", NULL },
        { "https://proxy.example:3128", NULL },
        { "http://127.0.0.1:1/", NULL },
        { "http://[::1]:65535", NULL },
        { "http://[::1]", NULL },
        { "proxy:3128", "http:// or https://" },
        { "socks5://proxy", "http:// or https://" },
        { "HTTP://proxy", "http:// or https://" },
        { "http:/proxy", "http:// or https://" },
        { "http://", "no host" },
        { "https:///", "no host" },
        { "http://:80", "no host" },
        { "http://[]", "no host" },
        { "http://[::1", "no host" },
        { "http://[proxy]", "no host" },
        { "http://proxy:", "port" },
        { "http://proxy:0", "port" },
        { "http://proxy:65536", "port" },
        { "http://proxy:000080", "port" },
        { "http://proxy:http", "port" },
        { "http://proxy/path", "nothing after" },
        { "http://proxy?x", "nothing after" },
        { "http://proxy:80#x", "nothing after" },
        { "http://[::1]x", "nothing after" },
        { "http://me:word@proxy", "user name or password" },
        { "http://a b", "spaces" },
        { "http://\xc3\xa9", "visible ASCII" },
    };

    (void)state;
    CHECK(tpmc__check_proxy, samples);
}

#define HEX16 "000b0123456789aB"
#define HEX64 HEX16 HEX16 HEX16 HEX16
#define HEX128 HEX64 HEX64

static void names(void **state)
{
    static const sample samples[] = {
        { HEX64 "0123", NULL },
        { "0x" HEX64 "0123", NULL },
        { "0X" HEX64 "CDEF", NULL },
        { HEX128 "0123", NULL },
        { "0x" HEX128 "0123", NULL },
        { HEX64 "01", "34 to 66 bytes" },
        { HEX64 "01234", "34 to 66 bytes" },
        { HEX128 "012345", "34 to 66 bytes" },
        { "0x" HEX64 "01", "34 to 66 bytes" },
        { HEX64 "012g", "hexadecimal digits" },
        { "0x0x" HEX64, "hexadecimal digits" },
        { HEX64 " 0123", "hexadecimal digits" },
    };

    (void)state;
    CHECK(tpmc__check_name_hex, samples);
}

static void persistent_handles(void **state)
{
    static const sample samples[] = {
        { "0x81000000", NULL },
        { "0x81ffffff", NULL },
        { "0X81ABcdEF", NULL },
        { "0x80ffffff", "persistent handle" },
        { "0x82000000", "persistent handle" },
        { "0x40000001", "persistent handle" },
        { "81000001", "persistent handle" },
        { "0x8100001", "persistent handle" },
        { "0x081000001", "persistent handle" },
        { "0x8100000g", "persistent handle" },
        { "0x+1000001", "persistent handle" },
        { "0x 1000001", "persistent handle" },
        { "2164260865", "persistent handle" },
        { "", "persistent handle" },
    };

    (void)state;
    CHECK(tpmc__check_persistent_handle, samples);
    assert_int_equal(tpmc__persistent_handle("0x81000001"), 0x81000001);
    assert_int_equal(tpmc__persistent_handle("0X81FFffFF"), 0x81ffffff);
    assert_int_equal(tpmc__persistent_handle("0x80000001"), 0);
    assert_int_equal(tpmc__persistent_handle("0x8100000"), 0);
    assert_int_equal(tpmc__persistent_handle(""), 0);
}

static void salt_keys(void **state)
{
    static const sample samples[] = {
        { "parent", NULL },
        { "ek-rsa", NULL },
        { "ek-ecc", NULL },
        { "handle:0x81010001", NULL },
        { "handle:", "persistent handle" },
        { "handle:0x80010001", "persistent handle" },
        { "handle:81010001", "persistent handle" },
        { "0x81010001", "'handle:0x81xxxxxx'" },
        { "ek_rsa", "'ek-rsa'" },
        { "EK-RSA", "'ek-rsa'" },
        { "parent ", "'parent'" },
        { "", "'parent'" },
    };

    (void)state;
    CHECK(tpmc__check_salt_key, samples);
}

static void registers(void **state)
{
    static const sample samples[] = {
        { "sha256:0,7,23", NULL },      { "23", NULL },
        { "sha1:1,2+sha256:16", NULL }, { "24", "0 to 23" },
        { "md5:1", "unknown bank" },    { "", "no register" },
    };

    (void)state;
    CHECK(tpmc__check_pcr, samples);
}

static void regions(void **state)
{
    static const sample samples[] = {
        { "eu-central-1", NULL },      { "az09-", NULL },
        { "EU", "is not a region" },   { "eu_1", "is not a region" },
        { "eu.1", "is not a region" }, { "eu 1", "is not a region" },
        { "eu/1", "is not a region" }, { "a`", "is not a region" },
        { "a{", "is not a region" },
    };

    (void)state;
    CHECK(tpmc__check_region, samples);
}

static void access_key_ids(void **state)
{
    static const sample samples[] = {
        { "AZaz09_-.", NULL },
        { "a/b", "letters, digits" },
        { "a b", "letters, digits" },
        { "a:b", "letters, digits" },
        { "a@b", "letters, digits" },
        { "a[b", "letters, digits" },
        { "\xc3\xa9", "letters, digits" },
    };

    (void)state;
    CHECK(tpmc__check_access_key_id, samples);
}

static void session_names(void **state)
{
    static const sample samples[] = {
        { "AZaz09_+=,.@-", NULL },         { "a:b", "letters, digits and _+=,.@-" },
        { "a/b", "letters, digits" },      { "a b", "letters, digits" },
        { "\xc3\xa9", "letters, digits" },
    };

    (void)state;
    CHECK(tpmc__check_session_name, samples);
}

static void external_ids(void **state)
{
    static const sample samples[] = {
        { "AZaz09_+=,.@-:/", NULL },
        { "a b", "letters, digits and _+=,.@:/-" },
        { "a;b", "letters, digits" },
        { "\xc3\xa9", "letters, digits" },
    };

    (void)state;
    CHECK(tpmc__check_external_id, samples);
}

static void mfa_codes(void **state)
{
    static const sample samples[] = {
        { "0123456789", NULL },
        { "12345/", "only digits" },
        { "12345:", "only digits" },
        { " 12345", "only digits" },
    };

    (void)state;
    CHECK(tpmc__check_mfa_code, samples);
}

static void pairs(void **state)
{
    static const sample samples[] = {
        { "a=b", NULL },   { "a=", NULL },        { "a==", NULL },
        { "a b=c", NULL }, { "\xc3\xa9=", NULL }, { "a", "of the form key=value" },
        { "=", "no key" }, { "=a", "no key" },    { "==", "no key" },
    };

    (void)state;
    CHECK(tpmc__check_pair, samples);
}

static void domains(void **state)
{
    static const sample samples[] = {
        { "googleapis.com", NULL },   { "S3ns-apis.fr", NULL },  { "localhost", NULL },
        { "a/b", "is not a domain" }, { "a:1", "not a domain" }, { ".a", "between two names" },
        { "a.", "two names" },        { "a..b", "two names" },
    };

    (void)state;
    CHECK(tpmc__check_domain, samples);
}

static void labels(void **state)
{
    static const sample samples[] = {
        { "my-project.1", NULL },
        { "A", "a-z, 0-9" },
        { "a:b", "a-z, 0-9" },
        { "a/b", "a-z, 0-9" },
    };

    (void)state;
    CHECK(tpmc__check_label, samples);
}

static void pool_audiences(void **state)
{
    static const sample samples[] = {
        { "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
          NULL },
        { "//iam.u.example/x", NULL },
        { "https://iam.googleapis.com/x", "begins with //iam.googleapis.com/" },
        { "projects/1", "begins with //iam.googleapis.com/" },
        { "//iam.x y", "no spaces" },
    };

    (void)state;
    CHECK(tpmc__check_pool_audience, samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(visible),
        cmocka_unit_test(words),
        cmocka_unit_test(scopes),
        cmocka_unit_test(emails),
        cmocka_unit_test(proxies),
        cmocka_unit_test(names),
        cmocka_unit_test(persistent_handles),
        cmocka_unit_test(salt_keys),
        cmocka_unit_test(registers),
        cmocka_unit_test(regions),
        cmocka_unit_test(access_key_ids),
        cmocka_unit_test(session_names),
        cmocka_unit_test(external_ids),
        cmocka_unit_test(mfa_codes),
        cmocka_unit_test(pairs),
        cmocka_unit_test(domains),
        cmocka_unit_test(labels),
        cmocka_unit_test(pool_audiences),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
