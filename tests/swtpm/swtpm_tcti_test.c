/* SPDX-License-Identifier: Apache-2.0 */

/* Which TCTIs are taken, and what is said when nobody is there. */

#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/check.h"
#include "support/swtpm.h"
#include "tpmcloud/tpmkey.h"

typedef struct scene {
    tpmc_error *err;
    tpmc_env *env;
} scene;

static void setup(scene *s)
{
    check(tpmc_error_new(&s->err) == 0);
    check(tpmc_env_new(&s->env, s->err) == 0);
}

static void teardown(scene *s)
{
    tpmc_env_free(s->env);
    tpmc_error_free(s->err);
}

/* Sets and opens; the first failure counts. */
static int try_tcti(scene *s, const char *tcti, int allow_any)
{
    tpmc_tpm *tpm = NULL;
    int rc = tpmc_tpm_new(s->env, &tpm, s->err);

    if (rc == 0 && allow_any)
        rc = tpmc_tpm_set(tpm, "allow_any_tcti", "1", s->err);
    if (rc == 0)
        rc = tpmc_tpm_set(tpm, "tcti", tcti, s->err);
    if (rc == 0)
        rc = tpmc_tpm_open(tpm, s->err);
    tpmc_tpm_free(tpm);
    return rc;
}

static void refused(void **state)
{
    static const char *const tctis[] = {
        "cmd:touch /tmp/tpmcloud-must-not-exist",
        "/usr/lib/x86_64-linux-gnu/libtss2-tcti-swtpm.so.0",
        "/tmp/evil.so:conf",
        "libtss2-tcti-cmd.so.0:true",
        "swtpm:host=10.0.0.1,port=2321",
        "swtpm:host=localhost.example.com",
        "swtpm:host=127.0.0.1,port=0",
        "swtpm:host=127.0.0.1,port=65536",
        "swtpm:host=127.0.0.1,port=2321,other=1",
        "mssim:host=tpm.example.com,port=2321",
        "nonsense",
        "nonsense:x",
        "",
        ":",
        "device",
        "device:",
        "device:relative",
        "device:../dev/tpm0",
        "pcap:device:/dev/tpmrm0",
        "none",
        "Device:/dev/tpmrm0",
        " device:/dev/tpmrm0",
    };
    scene s;
    size_t i;

    (void)state;
    setup(&s);
    for (i = 0; i < sizeof(tctis) / sizeof(tctis[0]); i++) {
        if (try_tcti(&s, tctis[i], 0) != TPMC_ERR_ARGUMENT)
            print_error("not refused: \"%s\": %s\n", tctis[i], tpmc_error_text(s.err));
        assert_int_equal(tpmc_error_code(s.err), TPMC_ERR_ARGUMENT);
        assert_string_not_equal(tpmc_error_text(s.err), "");
    }
    assert_int_not_equal(access("/tmp/tpmcloud-must-not-exist", F_OK), 0);
    teardown(&s);
}

static void control_characters(void **state)
{
    scene s;

    (void)state;
    setup(&s);
    assert_int_equal(try_tcti(&s, "device:/dev/tpm\n0", 0), TPMC_ERR_ARGUMENT);
    assert_int_equal(try_tcti(&s, "device:/dev/\x7f", 1), TPMC_ERR_ARGUMENT);
    teardown(&s);
}

static void nobody_there(void **state)
{
    char tcti[SWTPM_TEXT_MAX];
    scene s;

    (void)state;
    setup(&s);
    (void)snprintf(tcti, sizeof(tcti), "swtpm:host=127.0.0.1,port=%u", swtpm_free_port());
    assert_int_equal(try_tcti(&s, tcti, 0), TPMC_ERR_TPM_UNAVAILABLE);
    assert_non_null(strstr(tpmc_error_text(s.err), "127.0.0.1"));
    assert_int_equal(try_tcti(&s, "device:/dev/does-not-exist", 0), TPMC_ERR_TPM_UNAVAILABLE);
    assert_non_null(strstr(tpmc_error_text(s.err), "/dev/does-not-exist"));
    teardown(&s);
}

/* The first operation says the same as opening, and a key says it too. */
static void nobody_there_for_a_key(void **state)
{
    char tcti[SWTPM_TEXT_MAX];
    scene s;
    tpmc_tpm *tpm = NULL;
    tpmc_bytes *name = NULL;

    (void)state;
    setup(&s);
    (void)snprintf(tcti, sizeof(tcti), "swtpm:host=127.0.0.1,port=%u", swtpm_free_port());
    assert_int_equal(tpmc_tpm_new(s.env, &tpm, s.err), 0);
    assert_int_equal(tpmc_tpm_set(tpm, "tcti", tcti, s.err), 0);
    assert_int_equal(tpmc_tpm_read_parent(tpm, NULL, NULL, &name, s.err), TPMC_ERR_TPM_UNAVAILABLE);
    assert_null(name);
    tpmc_tpm_free(tpm);
    teardown(&s);
}

static void comes_later(void **state)
{
    scene s;
    swtpm process;
    tpmc_tpm *tpm = NULL;

    (void)state;
    setup(&s);
    swtpm_start(&process);
    swtpm_kill(&process);
    assert_int_equal(tpmc_tpm_new(s.env, &tpm, s.err), 0);
    assert_int_equal(tpmc_tpm_set(tpm, "tcti", process.tcti, s.err), 0);
    assert_int_equal(tpmc_tpm_open(tpm, s.err), TPMC_ERR_TPM_UNAVAILABLE);
    swtpm_restart(&process);
    assert_int_equal(tpmc_tpm_open(tpm, s.err), 0);
    assert_int_equal(tpmc_tpm_read_parent(tpm, NULL, NULL, NULL, s.err), 0);
    tpmc_tpm_free(tpm);
    swtpm_stop(&process);
    teardown(&s);
}

static void allowed_when_asked_for(void **state)
{
    scene s;
    swtpm process;
    char tcti[2 * SWTPM_TEXT_MAX];

    (void)state;
    setup(&s);
    swtpm_start(&process);
    (void)snprintf(tcti, sizeof(tcti), "libtss2-tcti-swtpm.so.0:host=127.0.0.1,port=%u",
                   process.port);
    assert_int_equal(try_tcti(&s, tcti, 0), TPMC_ERR_ARGUMENT);
    assert_non_null(strstr(tpmc_error_text(s.err), "allow_any_tcti"));
    assert_int_equal(try_tcti(&s, tcti, 1), 0);
    swtpm_stop(&process);
    teardown(&s);
}

/* A machine without /etc/hosts may not know its own name for itself. */
static int localhost_resolves(void)
{
    struct addrinfo *found = NULL;

    if (getaddrinfo("localhost", NULL, NULL, &found) != 0)
        return 0;
    freeaddrinfo(found);
    return 1;
}

static void localhost_by_name(void **state)
{
    scene s;
    swtpm process;
    char tcti[2 * SWTPM_TEXT_MAX];

    (void)state;
    if (!localhost_resolves())
        skip();
    setup(&s);
    swtpm_start(&process);
    (void)snprintf(tcti, sizeof(tcti), "swtpm:host=localhost,port=%u", process.port);
    assert_int_equal(try_tcti(&s, tcti, 0), 0);
    (void)snprintf(tcti, sizeof(tcti), "swtpm:port=%u", process.port);
    assert_int_equal(try_tcti(&s, tcti, 0), 0);
    swtpm_stop(&process);
    teardown(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused),           cmocka_unit_test(control_characters),
        cmocka_unit_test(nobody_there),      cmocka_unit_test(nobody_there_for_a_key),
        cmocka_unit_test(comes_later),       cmocka_unit_test(allowed_when_asked_for),
        cmocka_unit_test(localhost_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
