/* SPDX-License-Identifier: Apache-2.0 */

/* Against a software TPM in a process of its own, and with the files of other tools. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/check.h"
#include "support/software_key.h"
#include "support/swtpm.h"
#include "support/tpm_fixture.h"

#define PASSWORD "swtpm test password"
#define COMMAND_MAX 2048
#define OUTPUT_MAX 4096
#define PATH_TEXT_MAX 256

/* A connection to a private swtpm. */
typedef struct scene {
    swtpm tpm_process;
    fixture f;
    char folder[PATH_TEXT_MAX];
} scene;

static void connect_scene(scene *s)
{
    fixture *f = &s->f;

    assert_int_equal(tpmc_tpm_new(f->env, &f->tpm, f->err), 0);
    assert_int_equal(tpmc_tpm_set(f->tpm, "tcti", s->tpm_process.tcti, f->err), 0);
}

static void setup(scene *s)
{
    memset(s, 0, sizeof(*s));
    swtpm_start(&s->tpm_process);
    (void)snprintf(s->folder, sizeof(s->folder), "/tmp/tpmcloud-files-XXXXXX");
    check(mkdtemp(s->folder) != NULL);
    check(tpmc_error_new(&s->f.err) == 0);
    check(tpmc_env_new(&s->f.env, s->f.err) == 0);
    connect_scene(s);
}

/* Runs a shell command in the scene's folder; returns its exit status. */
static int run_shell(const scene *s, const char *command, char *output)
{
    char line[COMMAND_MAX];
    FILE *stream = NULL;
    size_t len = 0;
    int status = 0;

    (void)snprintf(line, sizeof(line),
                   "cd %s && export TPM2TOOLS_TCTI=%s TPM2OPENSSL_TCTI=%s ASAN_OPTIONS= && "
                   "{ %s; } 2>&1",
                   s->folder, s->tpm_process.tcti, s->tpm_process.tcti, command);
    fflush(NULL);
    stream = popen(line, "r");
    check(stream != NULL);
    len = fread(output, 1, OUTPUT_MAX - 1, stream);
    output[len] = '\0';
    status = pclose(stream);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void must_run(const scene *s, const char *command)
{
    char output[OUTPUT_MAX];
    int status = run_shell(s, command, output);

    if (status != 0)
        print_error("%s\n%s\n", command, output);
    assert_int_equal(status, 0);
}

static void assert_holds_nothing(const scene *s)
{
    char output[OUTPUT_MAX];

    assert_int_equal(run_shell(s, "tpm2_getcap handles-transient", output), 0);
    assert_string_equal(output, "");
    assert_int_equal(run_shell(s, "tpm2_getcap handles-loaded-session", output), 0);
    assert_string_equal(output, "");
}

static void teardown(scene *s)
{
    char output[OUTPUT_MAX];

    tpmc_tpm_free(s->f.tpm);
    assert_holds_nothing(s);
    tpmc_env_free(s->f.env);
    tpmc_error_free(s->f.err);
    assert_int_equal(run_shell(s, "rm -f *", output), 0);
    check(rmdir(s->folder) == 0);
    swtpm_stop(&s->tpm_process);
}

static void write_file(const scene *s, const char *name, const void *data, size_t len)
{
    char path[2 * PATH_TEXT_MAX];
    FILE *file = NULL;

    (void)snprintf(path, sizeof(path), "%s/%s", s->folder, name);
    file = fopen(path, "wb");
    check(file != NULL);
    check(fwrite(data, 1, len, file) == len);
    check(fclose(file) == 0);
}

static void key_from_file(scene *s, const char *name, const char *password, tpmc_key **key)
{
    char path[2 * PATH_TEXT_MAX];

    (void)snprintf(path, sizeof(path), "%s/%s", s->folder, name);
    assert_int_equal(tpmc_key_new(s->f.tpm, key, s->f.err), 0);
    assert_int_equal(tpmc_key_set(*key, "keyfile", path, s->f.err), 0);
    if (password != NULL)
        assert_int_equal(tpmc_key_set_password(*key, password, strlen(password), s->f.err), 0);
}

static void import_and_sign(void **state)
{
    static const fixture_template templates[] = {
        { .password = NULL },
        { .password = PASSWORD },
        { .password = PASSWORD, .dictionary_attack = "1" },
    };
    scene s;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    size_t i;

    (void)state;
    setup(&s);
    for (i = 0; i < sizeof(templates) / sizeof(templates[0]); i++) {
        assert_int_equal(fixture_import(&s.f, &templates[i], &pem), 0);
        assert_int_equal(fixture_key(&s.f, pem, templates[i].password, &key), 0);
        assert_int_equal(fixture_sign(&s.f, key, "RS256"), 0);
        assert_int_equal(fixture_sign(&s.f, key, "PS256"), 0);
        tpmc_key_free(key);
        tpmc_bytes_free(pem);
    }
    teardown(&s);
}

#define H2_PRIMARY                                                                                 \
    "tpm2_createprimary -Q -C o -G ecc -g sha256 -a "                                              \
    "'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt' -c h2.ctx "   \
    "&& "                                                                                          \
    "tpm2_flushcontext -Q -t"
#define SIGNER "'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|sign'"

static void key_of_tpm2_tools(void **state)
{
    scene s;
    tpmc_key *key = NULL;

    (void)state;
    setup(&s);
    must_run(&s, H2_PRIMARY);
    must_run(&s, "tpm2_create -Q -C h2.ctx -G rsa2048 -a " SIGNER " -u k.pub -r k.prv && "
                 "tpm2_flushcontext -Q -t && "
                 "tpm2_encodeobject -C h2.ctx -u k.pub -r k.prv -o k.pem && "
                 "tpm2_flushcontext -Q -t");
    key_from_file(&s, "k.pem", NULL, &key);
    assert_int_equal(fixture_sign(&s.f, key, "RS256"), 0);
    assert_int_equal(fixture_sign(&s.f, key, "PS256"), 0);
    tpmc_key_free(key);
    /* With a password, which some releases of the tool flag the wrong way round. */
    must_run(&s, "tpm2_create -Q -C h2.ctx -G rsa2048:rsassa-sha256 -p abc -a " SIGNER
                 " -u p.pub -r p.prv && tpm2_flushcontext -Q -t && "
                 "tpm2_encodeobject -C h2.ctx -u p.pub -r p.prv -p -o p.pem && "
                 "tpm2_flushcontext -Q -t && tpm2_flushcontext -Q -l");
    assert_holds_nothing(&s);
    key_from_file(&s, "p.pem", "abc", &key);
    assert_int_equal(fixture_sign(&s.f, key, "RS256"), 0);
    tpmc_key_free(key);
    key_from_file(&s, "p.pem", "abd", &key);
    assert_int_equal(fixture_sign(&s.f, key, "RS256"), TPMC_ERR_WRONG_PASSWORD);
    tpmc_key_free(key);
    teardown(&s);
}

static void key_of_openssl(void **state)
{
    scene s;
    tpmc_key *key = NULL;

    (void)state;
    setup(&s);
    must_run(&s, "openssl genpkey -provider tpm2 -algorithm RSA -out k.pem");
    key_from_file(&s, "k.pem", NULL, &key);
    assert_int_equal(fixture_sign(&s.f, key, "RS256"), 0);
    tpmc_key_free(key);
    teardown(&s);
}

/* Our file in the hands of OpenSSL's TPM provider. */
static void our_key_in_openssl(void **state)
{
    scene s;
    tpmc_bytes *pem = NULL;
    tpmc_bytes *spki = NULL;
    tpmc_key *key = NULL;

    (void)state;
    setup(&s);
    assert_int_equal(fixture_import(&s.f, NULL, &pem), 0);
    assert_int_equal(fixture_key(&s.f, pem, NULL, &key), 0);
    assert_int_equal(tpmc_key_public(key, &spki, s.f.err), 0);
    write_file(&s, "k.pem", tpmc_bytes_data(pem), tpmc_bytes_len(pem));
    write_file(&s, "k.der", tpmc_bytes_data(spki), tpmc_bytes_len(spki));
    write_file(&s, "message", FIXTURE_MESSAGE, strlen(FIXTURE_MESSAGE));
    must_run(&s, "openssl dgst -sha256 -binary -out digest message && "
                 "openssl pkeyutl -provider tpm2 -provider default -sign -inkey k.pem "
                 "-in digest -pkeyopt digest:sha256 -out signature && "
                 "openssl dgst -sha256 -verify k.der -keyform DER -signature signature message");
    tpmc_bytes_free(spki);
    tpmc_bytes_free(pem);
    tpmc_key_free(key);
    teardown(&s);
}

static void owner_password(void **state)
{
    scene s;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    static const fixture_template t = { .password = PASSWORD };

    (void)state;
    setup(&s);
    must_run(&s, "tpm2_changeauth -c o ownerpw");
    tpmc_tpm_free(s.f.tpm);
    connect_scene(&s);
    assert_int_equal(
        tpmc_tpm_set_hierarchy_password(s.f.tpm, TPMC_HIERARCHY_OWNER, "ownerpw", 7, s.f.err), 0);
    assert_int_equal(fixture_import(&s.f, &t, &pem), 0);
    assert_int_equal(fixture_key(&s.f, pem, PASSWORD, &key), 0);
    assert_int_equal(fixture_sign(&s.f, key, "RS256"), 0);
    tpmc_key_free(key);
    tpmc_bytes_free(pem);
    teardown(&s);
}

/* The TPM goes away in the middle of a life, and comes back. */
static void killed_and_restarted(void **state)
{
    static const fixture_template t = { .password = PASSWORD };
    scene s;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;
    int round;

    (void)state;
    setup(&s);
    assert_int_equal(fixture_import(&s.f, &t, &pem), 0);
    assert_int_equal(fixture_key(&s.f, pem, PASSWORD, &key), 0);
    for (round = 0; round < 3; round++) {
        assert_int_equal(fixture_sign(&s.f, key, "RS256"), 0);
        swtpm_kill(&s.tpm_process);
        assert_int_equal(fixture_sign(&s.f, key, "RS256"), TPMC_ERR_TPM_UNAVAILABLE);
        assert_string_not_equal(tpmc_error_text(s.f.err), "");
        assert_int_equal(fixture_sign(&s.f, key, "RS256"), TPMC_ERR_TPM_UNAVAILABLE);
        swtpm_restart(&s.tpm_process);
        assert_int_equal(fixture_sign(&s.f, key, "RS256"), 0);
        assert_int_equal(fixture_sign(&s.f, key, "PS256"), 0);
    }
    tpmc_key_free(key);
    tpmc_bytes_free(pem);
    teardown(&s);
}

/* Reset between two signatures: nothing is noticed. */
static void restarted_unnoticed(void **state)
{
    scene s;
    tpmc_bytes *pem = NULL;
    tpmc_key *key = NULL;

    (void)state;
    setup(&s);
    assert_int_equal(fixture_import(&s.f, NULL, &pem), 0);
    assert_int_equal(fixture_key(&s.f, pem, NULL, &key), 0);
    assert_int_equal(fixture_sign(&s.f, key, "RS256"), 0);
    swtpm_kill(&s.tpm_process);
    swtpm_restart(&s.tpm_process);
    assert_int_equal(fixture_sign(&s.f, key, "RS256"), 0);
    tpmc_key_free(key);
    tpmc_bytes_free(pem);
    teardown(&s);
}

static int cleanup(void **state)
{
    (void)state;
    software_key_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(import_and_sign),     cmocka_unit_test(key_of_tpm2_tools),
        cmocka_unit_test(key_of_openssl),      cmocka_unit_test(our_key_in_openssl),
        cmocka_unit_test(owner_password),      cmocka_unit_test(killed_and_restarted),
        cmocka_unit_test(restarted_unnoticed),
    };

    return cmocka_run_group_tests(tests, NULL, cleanup);
}
