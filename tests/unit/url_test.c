/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/url.h"

typedef struct good {
    const char *text;
    int is_https;
    const char *host;
    int port;
    const char *path;
    int is_loopback;
} good;

static const good goods[] = {
    { "https://oauth2.googleapis.com/token", 1, "oauth2.googleapis.com", 443, "/token", 0 },
    { "HTTPS://Example.COM", 1, "Example.COM", 443, "", 0 },
    { "http://127.0.0.1:8080/a?b=c", 0, "127.0.0.1", 8080, "/a?b=c", 1 },
    { "http://127.255.255.254", 0, "127.255.255.254", 80, "", 1 },
    { "http://128.0.0.1", 0, "128.0.0.1", 80, "", 0 },
    { "http://126.255.255.255", 0, "126.255.255.255", 80, "", 0 },
    { "http://[::1]:1?q", 0, "[::1]", 1, "?q", 1 },
    { "https://[2001:db8::7]:65535/", 1, "[2001:db8::7]", 65535, "/", 0 },
    { "http://[::ffff:127.0.0.1]/", 0, "[::ffff:127.0.0.1]", 80, "/", 0 },
    { "http://localhost/", 0, "localhost", 80, "/", 0 },
    { "http://127.0.0.1.example.com/", 0, "127.0.0.1.example.com", 80, "/", 0 },
    { "http://127.1/", 0, "127.1", 80, "/", 0 },
    { "http://127.0.0.01/", 0, "127.0.0.01", 80, "/", 0 },
    { "http://2130706433/", 0, "2130706433", 80, "/", 0 },
    { "http://0x7f.0.0.1/", 0, "0x7f.0.0.1", 80, "/", 0 },
    { "https://my_bucket.s3.amazonaws.com./k%20y?X-Amz-Date=1&x=!$'()*,;:@", 1,
      "my_bucket.s3.amazonaws.com.", 443, "/k%20y?X-Amz-Date=1&x=!$'()*,;:@", 0 },
    { "https://a/b@c", 1, "a", 443, "/b@c", 0 },
    { "https://a?b@c", 1, "a", 443, "?b@c", 0 },
};

static void takes_urls_apart(void **state)
{
    tpmc__url url;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(goods) / sizeof(goods[0]); i++) {
        assert_int_equal(tpmc__url_parse(goods[i].text, &url, NULL), 0);
        assert_int_equal(url.is_https, goods[i].is_https);
        assert_int_equal(url.host_len, strlen(goods[i].host));
        assert_memory_equal(url.host, goods[i].host, url.host_len);
        assert_int_equal(url.port, goods[i].port);
        assert_string_equal(url.path, goods[i].path);
        assert_int_equal(tpmc__url_is_loopback(&url), goods[i].is_loopback);
    }
}

typedef struct bad {
    const char *text;
    const char *words;
} bad;

static const bad bads[] = {
    { "", "https://" },
    { "example.com/token", "https://" },
    { "ftp://example.com/", "https://" },
    { "https:/example.com/", "https://" },
    { "//example.com/", "https://" },
    { " https://example.com/", "https://" },
    { "https://", "no host" },
    { "https:///path", "no host" },
    { "https://:443/", "no host" },
    { "https://?q", "no host" },
    { "https://user@example.com/", "user name" },
    { "https://user:pw@example.com/", "user name" },
    { "https://@example.com/", "user name" },
    { "https://example.com/#part", "fragment" },
    { "https://example.com#part", "fragment" },
    { "https://example.com?x#", "fragment" },
    { "https://exa mple.com/", "no host name has" },
    { "https://exa\\mple.com/", "no host name has" },
    { "https://ex%61mple.com/", "no host name has" },
    { "https://b\xc3\xbc"
      "cher.example/",
      "no host name has" },
    { "https://.example.com/", "begins with a dot" },
    { "https://a..b/", "two dots" },
    { "https://example.com:/", "port" },
    { "https://example.com:0/", "port" },
    { "https://example.com:65536/", "port" },
    { "https://example.com:000443/", "port" },
    { "https://example.com:44a/", "port" },
    { "https://example.com:-1/", "port" },
    { "https://example.com:443:443/", "port" },
    { "https://[::1/", "IPv6" },
    { "https://[]/", "IPv6" },
    { "https://[::1]x/", "IPv6" },
    { "https://[::g]/", "IPv6" },
    { "https://[fe80::1%25eth0]/", "IPv6" },
    { "https://[127.0.0.1]/", "IPv6" },
    { "https://[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc]/", "IPv6" },
    { "https://[::1]:0/", "port" },
    { "https://example.com/a b", "percent-encoded" },
    { "https://example.com/a\tb", "percent-encoded" },
    { "https://example.com/a\r\nHost: x", "percent-encoded" },
    { "https://example.com/\x7f", "percent-encoded" },
    { "https://example.com/\xc3\xbc", "percent-encoded" },
    { "https://example.com/\"<>\\^`{|}", "percent-encoded" },
    { "https://example.com/?a[]=1", "percent-encoded" },
    { "https://example.com/%", "hexadecimal" },
    { "https://example.com/%4", "hexadecimal" },
    { "https://example.com/%4g", "hexadecimal" },
    { "https://example.com/%%41", "hexadecimal" },
};

static void refuses_with_a_reason(void **state)
{
    tpmc_error *err = NULL;
    tpmc__url url;
    size_t i;

    (void)state;
    assert_int_equal(tpmc_error_new(&err), 0);
    for (i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
        assert_int_equal(tpmc__url_parse(bads[i].text, &url, err), TPMC_ERR_ARGUMENT);
        if (strstr(tpmc_error_text(err), bads[i].words) == NULL)
            fail_msg("%s: %s", bads[i].text, tpmc_error_text(err));
        assert_int_equal(tpmc_error_code(err), TPMC_ERR_ARGUMENT);
    }
    tpmc_error_free(err);
}

static void some_hosts_are_for_no_proxy(void **state)
{
    static const char *const locals[] = {
        "https://127.0.0.1/",         "https://127.255.0.1:8/",   "https://[::1]:9/",
        "https://localhost/",         "https://LOCALHOST.",       "https://a.localhost:1/",
        "https://169.254.169.254/",   "https://[fe80::1]/",       "https://[febf::1]/",
        "https://[::ffff:127.0.0.1]", "https://[::ffff:a9fe:1]/", "https://127.1/",
        "https://0x7f000001/",        "https://2130706433/",
    };
    static const char *const others[] = {
        "https://126.255.255.255/", "https://128.0.0.1/",       "https://[::2]/",
        "https://example.com/",     "https://notlocalhost/",    "https://localhost.example/",
        "https://169.253.1.1/",     "https://169.255.1.1/",     "https://[fec0::1]/",
        "https://[fd00:ec2::254]/", "https://[::ffff:1.2.3.4]", "https://127.0.0.1.example/",
        "https://255.255.255.255/", "https://localhos/",
    };
    tpmc__url url;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(locals) / sizeof(locals[0]); i++) {
        assert_int_equal(tpmc__url_parse(locals[i], &url, NULL), 0);
        if (!tpmc__url_is_local(&url))
            fail_msg("%s", locals[i]);
    }
    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_equal(tpmc__url_parse(others[i], &url, NULL), 0);
        if (tpmc__url_is_local(&url))
            fail_msg("%s", others[i]);
    }
}

static void host_and_url_have_a_greatest_length(void **state)
{
    static char text[TPMC__URL_MAX + 2];
    tpmc__url url;

    (void)state;
    memset(text, 'a', sizeof(text));
    memcpy(text, "https://", 8);
    text[8 + 253] = '/';
    text[TPMC__URL_MAX] = '\0';
    assert_int_equal(tpmc__url_parse(text, &url, NULL), 0);
    assert_int_equal(url.host_len, 253);
    text[8 + 253] = 'a';
    text[8 + 254] = '/';
    assert_int_equal(tpmc__url_parse(text, &url, NULL), TPMC_ERR_ARGUMENT);
    text[8 + 253] = '/';
    text[TPMC__URL_MAX] = 'a';
    text[TPMC__URL_MAX + 1] = '\0';
    assert_int_equal(tpmc__url_parse(text, &url, NULL), TPMC_ERR_ARGUMENT);
}

static void never_quotes_the_url(void **state)
{
    tpmc_error *err = NULL;
    tpmc__url url;

    (void)state;
    assert_int_equal(tpmc_error_new(&err), 0);
    assert_int_equal(tpmc__url_parse("https://a/?X-Amz-Signature=s3cret#", &url, err),
                     TPMC_ERR_ARGUMENT);
    assert_null(strstr(tpmc_error_text(err), "s3cret"));
    tpmc_error_free(err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_urls_apart),
        cmocka_unit_test(refuses_with_a_reason),
        cmocka_unit_test(some_hosts_are_for_no_proxy),
        cmocka_unit_test(host_and_url_have_a_greatest_length),
        cmocka_unit_test(never_quotes_the_url),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
