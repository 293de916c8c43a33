/* SPDX-License-Identifier: Apache-2.0 */

/* Endorsement certificates as a maker writes them: by swtpm_setup, under a CA of swtpm_localca. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/check.h"
#include "support/swtpm.h"
#include "support/tpm_fixture.h"

#define PASSWORD "password of a key"
#define COMMAND_MAX 4096
#define PATH_TEXT_MAX 128
#define FOLDER_TEMPLATE "/tmp/tpmcloud-files-XXXXXX"

/* A software TPM with certificates, two CAs, and a connection. */
typedef struct scene {
    swtpm tpm_process;
    char folder[PATH_TEXT_MAX];
    tpmc_error *err;
    tpmc_env *env;
    tpmc_tpm *tpm;
    tpmc_bytes *pem; /* a key with a password */
} scene;

static void run_shell(const scene *s, const char *command)
{
    char line[COMMAND_MAX];

    (void)snprintf(line, sizeof(line),
                   "cd %s && export ASAN_OPTIONS= && { %s; } >log 2>&1 || { cat %s/log; exit 1; }",
                   s->folder, command, s->folder);
    fflush(NULL);
    check(system(line) == 0);
}

static void connect_scene(scene *s)
{
    tpmc_tpm_free(s->tpm);
    s->tpm = NULL;
    check(tpmc_tpm_new(s->env, &s->tpm, s->err) == 0);
    check(tpmc_tpm_set(s->tpm, "tcti", s->tpm_process.tcti, s->err) == 0);
}

static void make_key(scene *s)
{
    tpmc_key_template *t = NULL;

    check(tpmc_key_template_new(s->env, &t, s->err) == 0);
    check(tpmc_key_template_set(t, "algorithm", "ecc256", s->err) == 0);
    check(tpmc_key_template_set_password(t, PASSWORD, strlen(PASSWORD), s->err) == 0);
    check(tpmc_key_create(s->tpm, t, &s->pem, s->err) == 0);
    tpmc_key_template_free(t);
}

/* Writes the configuration of a CA of its own and has it certify a TPM in the folder `state`. */
static void certify(const scene *s, const char *ca, const char *state)
{
    char command[COMMAND_MAX];

    (void)snprintf(
        command, sizeof(command),
        "mkdir -p %s && printf 'statedir = %s/%s\\nsigningkey = %s/%s/sign.pem\\n"
        "issuercert = %s/%s/issuer.pem\\ncertserial = %s/%s/serial\\n' >%s/ca.conf && "
        "printf -- '--platform-manufacturer Test\\n--platform-version 1\\n--platform-model "
        "Test\\n' >%s/ca.options && "
        "printf 'create_certs_tool = swtpm_localca\\ncreate_certs_tool_config = %s/%s/ca.conf\\n"
        "create_certs_tool_options = %s/%s/ca.options\\n' >%s/setup.conf && "
        "sed -i \"s|= swtpm_localca|= $(command -v swtpm_localca)|\" %s/setup.conf && "
        "swtpm_setup --tpm2 --tpmstate %s --create-ek-cert --overwrite --config %s/setup.conf && "
        "cat %s/issuer.pem %s/swtpm-localca-rootca-cert.pem >%s.pem",
        ca, s->folder, ca, s->folder, ca, s->folder, ca, s->folder, ca, ca, ca, s->folder, ca,
        s->folder, ca, ca, ca, state, ca, ca, ca, ca);
    run_shell(s, command);
}

static int setup(void **state)
{
    scene *s = calloc(1, sizeof(*s));

    check(s != NULL);
    memcpy(s->folder, FOLDER_TEMPLATE, sizeof(FOLDER_TEMPLATE));
    check(mkdtemp(s->folder) != NULL);
    swtpm_start(&s->tpm_process);
    swtpm_kill(&s->tpm_process);
    certify(s, "right", s->tpm_process.folder);
    run_shell(s, "mkdir other");
    certify(s, "wrong", "other");
    run_shell(s,
              "cp right/swtpm-localca-rootca-cert.pem root.pem && cp right/issuer.pem issuer.pem");
    swtpm_restart(&s->tpm_process);
    check(tpmc_error_new(&s->err) == 0);
    check(tpmc_env_new(&s->env, s->err) == 0);
    connect_scene(s);
    make_key(s);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    scene *s = *state;
    char command[COMMAND_MAX];

    tpmc_bytes_free(s->pem);
    tpmc_tpm_free(s->tpm);
    tpmc_env_free(s->env);
    tpmc_error_free(s->err);
    /* swtpm_setup leaves a lock file. */
    (void)snprintf(command, sizeof(command), "rm -rf %s", s->folder);
    check(system(command) == 0);
    swtpm_stop(&s->tpm_process);
    free(s);
    return 0;
}

/* Signs with a salt key that must be certified under `roots`. */
static int sign_under(scene *s, const char *salt_key, const char *roots)
{
    char path[2 * PATH_TEXT_MAX];
    tpmc_key *key = NULL;
    int status = 0;

    connect_scene(s);
    (void)snprintf(path, sizeof(path), "%s/%s", s->folder, roots);
    assert_int_equal(tpmc_tpm_set(s->tpm, "salt_key", salt_key, s->err), 0);
    assert_int_equal(tpmc_tpm_set(s->tpm, "ek_ca_file", path, s->err), 0);
    assert_int_equal(tpmc_key_new(s->tpm, &key, s->err), 0);
    assert_int_equal(tpmc_key_set_pem(key, tpmc_bytes_data(s->pem), tpmc_bytes_len(s->pem), s->err),
                     0);
    assert_int_equal(tpmc_key_set_password(key, PASSWORD, strlen(PASSWORD), s->err), 0);
    status = fixture_sign_with(key, "ES256", s->err);
    tpmc_key_free(key);
    return status;
}

static void verifies(void **state)
{
    static const char *const keys[] = { "ek-rsa", "ek-ecc", "handle:0x81010001",
                                        "handle:0x81010016" };
    static const char *const files[] = { "right.pem", "issuer.pem" };
    scene *s = *state;

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        for (size_t k = 0; k < sizeof(files) / sizeof(files[0]); k++) {
            if (sign_under(s, keys[i], files[k]) != 0)
                fail_msg("%s, %s: %s", keys[i], files[k], tpmc_error_text(s->err));
            assert_int_equal(tpmc_tpm_bus_level(s->tpm), TPMC_BUS_VERIFIED);
        }
    }
}

/* Another maker's CA, and a root whose intermediate is missing. */
static void refuses_others(void **state)
{
    static const char *const keys[] = { "ek-rsa", "ek-ecc" };
    static const char *const files[] = { "wrong.pem", "root.pem" };
    scene *s = *state;

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        for (size_t k = 0; k < sizeof(files) / sizeof(files[0]); k++) {
            assert_int_equal(sign_under(s, keys[i], files[k]), TPMC_ERR_INTEGRITY);
            assert_int_equal(tpmc_tpm_bus_level(s->tpm), TPMC_BUS_NOTHING_SECRET);
        }
    }
}

/* The key's certificate must be about that very key. */
static void refuses_another_key(void **state)
{
    scene *s = *state;
    tpmc_key_template *t = NULL;

    connect_scene(s);
    assert_int_equal(tpmc_key_template_new(s->env, &t, s->err), 0);
    assert_int_equal(tpmc_key_template_set(t, "parent", "owner-rsa", s->err), 0);
    assert_int_equal(tpmc_tpm_persist_parent(s->tpm, t, 0x81000001u, NULL, s->err), 0);
    tpmc_key_template_free(t);
    assert_int_equal(sign_under(s, "handle:0x81000001", "right.pem"), TPMC_ERR_INTEGRITY);
    assert_int_equal(tpmc_tpm_bus_level(s->tpm), TPMC_BUS_NOTHING_SECRET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verifies),
        cmocka_unit_test(refuses_others),
        cmocka_unit_test(refuses_another_key),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
