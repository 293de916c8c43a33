/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <stdio.h>

#include "tpm/tcti.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void allows_what_is_known(void **state)
{
    static const struct {
        const char *tcti;
        tpmc__tcti_kind kind;
    } rows[] = {
        { "device:/dev/tpmrm0", TPMC__TCTI_DEVICE },
        { "swtpm", TPMC__TCTI_SIMULATOR },
        { "swtpm:", TPMC__TCTI_SIMULATOR },
        { "swtpm:port=2321", TPMC__TCTI_SIMULATOR },
        { "swtpm:host=127.0.0.1,port=1", TPMC__TCTI_SIMULATOR },
        { "swtpm:host=localhost,port=65535", TPMC__TCTI_SIMULATOR },
        { "mssim:host=::1,port=2321", TPMC__TCTI_SIMULATOR },
        { "swtpm:path=/run/swtpm.sock", TPMC__TCTI_SIMULATOR },
        { "tabrmd", TPMC__TCTI_BROKER },
        { "tabrmd:bus_name=com.example.Tabrmd,bus_type=system", TPMC__TCTI_BROKER },
    };
    tpmc_error *err = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        tpmc__tcti_kind kind = TPMC__TCTI_OTHER;

        expect_success(tpmc__tcti_check(rows[i].tcti, 0, &kind, err), err);
        assert_int_equal(kind, rows[i].kind);
    }
}

static void refuses_the_rest(void **state)
{
    static const struct {
        const char *tcti;
        const char *words;
    } rows[] = {
        { "cmd:touch /tmp/x", "allow_any_tcti" },
        { "/usr/lib/libtss2-tcti-swtpm.so", "allow_any_tcti" },
        { "libtss2-tcti-device.so.0:/dev/tpm0", "allow_any_tcti" },
        { "", "allow_any_tcti" },
        { ":", "allow_any_tcti" },
        { "swtp", "allow_any_tcti" },
        { "swtpmm:port=1", "allow_any_tcti" },
        { "pcap:device:/dev/tpmrm0", "allow_any_tcti" },
        { "swtpm:host=10.0.0.1", "10.0.0.1" },
        { "swtpm:host=127.0.0.1.example.com", "example.com" },
        { "mssim:host=,port=1", "host" },
        { "swtpm:port=0", "port" },
        { "swtpm:port=65536", "port" },
        { "swtpm:port=1x", "port" },
        { "swtpm:port", "port" },
        { "swtpm:path=relative", "path" },
        { "swtpm:nonsense=1", "nonsense" },
        { "device:", "absolute path" },
        { "device", "absolute path" },
        { "device:dev/tpm0", "absolute path" },
        { "tabrmd:bus name", "D-Bus" },
    };
    tpmc_error *err = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        tpmc__tcti_kind kind = TPMC__TCTI_OTHER;

        expect_failure(tpmc__tcti_check(rows[i].tcti, 0, &kind, err), err, TPMC_ERR_ARGUMENT,
                       rows[i].words);
    }
}

static void takes_any_when_told(void **state)
{
    tpmc_error *err = *state;
    tpmc__tcti_kind kind = TPMC__TCTI_DEVICE;

    expect_success(tpmc__tcti_check("cmd:tpm2-broker", 1, &kind, err), err);
    assert_int_equal(kind, TPMC__TCTI_OTHER);
    expect_success(tpmc__tcti_check("swtpm:host=10.0.0.1,port=1", 1, &kind, err), err);
    assert_int_equal(kind, TPMC__TCTI_OTHER);
    expect_success(tpmc__tcti_check("swtpm:port=7", 1, &kind, err), err);
    assert_int_equal(kind, TPMC__TCTI_SIMULATOR);
}

static void names_a_missing_device(void **state)
{
    tpmc_error *err = *state;
    TSS2_TCTI_CONTEXT *tcti = NULL;
    int status = tpmc__tcti_open("device:/nonexistent/tpm", TPMC__TCTI_DEVICE, &tcti, err);

    expect_failure(status, err, TPMC_ERR_TPM_UNAVAILABLE, "/nonexistent/tpm");
    assert_null(tcti);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(allows_what_is_known),
        WITH_ERROR(refuses_the_rest),
        WITH_ERROR(takes_any_when_told),
        WITH_ERROR(names_a_missing_device),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
