/* SPDX-License-Identifier: Apache-2.0 */

/* Saved contexts make starts cheaper, and whatever stands in their files, nothing worse happens
 * than a start that is not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"
#include "support/software_key.h"
#include "support/tcti_libtpms.h"
#include "tpm/turns.h"

#define RC_SESSION_MEMORY 0x903u
#define SEQUENCE_MAX 600
#define PATH_SIZE 600
#define CONTEXT_MAX 4096
#define FILES_MAX 8
#define CC_CONTEXT_LOAD 0x161u
#define CC_HMAC 0x155u

static turn_files files;
static char folder[64];

typedef struct blob {
    char path[PATH_SIZE];
    uint8_t bytes[CONTEXT_MAX];
    size_t len;
} blob;

typedef struct blobs {
    blob items[FILES_MAX];
    size_t count;
} blobs;

/* --- the directory --- */

static void each_file(void (*act)(const char *path, void *user), void *user)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry = NULL;
    char path[PATH_SIZE];

    check(dir != NULL);
    for (entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        act(path, user);
    }
    closedir(dir);
}

static void remove_file(const char *path, void *user)
{
    (void)user;
    check(unlink(path) == 0 || rmdir(path) == 0);
}

static void clear_folder(void)
{
    each_file(remove_file, NULL);
}

static void read_file(const char *path, void *user)
{
    blobs *all = user;
    blob *one = &all->items[all->count];
    FILE *file = fopen(path, "rb");

    check(all->count < FILES_MAX && file != NULL);
    (void)snprintf(one->path, sizeof(one->path), "%s", path);
    one->len = fread(one->bytes, 1, sizeof(one->bytes), file);
    fclose(file);
    all->count++;
}

static void read_folder(blobs *out)
{
    memset(out, 0, sizeof(*out));
    each_file(read_file, out);
}

static void write_file(const char *path, const void *data, size_t len, mode_t mode)
{
    int fd = -1;

    (void)unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    check(fd >= 0 && write(fd, data, len) == (ssize_t)len && fchmod(fd, mode) == 0 &&
          close(fd) == 0);
}

static void restore(const blobs *all)
{
    clear_folder();
    for (size_t i = 0; i < all->count; i++)
        write_file(all->items[i].path, all->items[i].bytes, all->items[i].len, 0600);
}

/* What is in the directory is what we write there, and for us alone. */
static void check_file(const char *path, void *user)
{
    struct stat st;

    (void)user;
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_string_equal(path + strlen(path) - 4, ".ctx");
}

static void assert_folder_is_tidy(size_t count)
{
    blobs all;

    each_file(check_file, NULL);
    read_folder(&all);
    assert_int_equal(all.count, count);
}

/* --- a connection with saved contexts --- */

typedef struct bench {
    fixture f;
    tpmc_key *key;
    turn_sort sort;
} bench;

static void connect_with(bench *b, const char *directory)
{
    assert_int_equal(fixture_connect(&b->f), 0);
    assert_int_equal(tpmc_tpm_set(b->f.tpm, "context_dir", directory, b->f.err), 0);
    b->key = turn_key(&b->f, &files, b->sort);
    tap_clear(b->f.tap);
}

static void begin_in(bench *b, turn_sort sort, const char *directory)
{
    memset(b, 0, sizeof(*b));
    fixture_attach(&b->f, 0);
    fixture_mark_others(&b->f);
    b->sort = sort;
    connect_with(b, directory);
}

static void begin(bench *b, turn_sort sort)
{
    begin_in(b, sort, folder);
}

static void disconnect(bench *b)
{
    tpmc_key_free(b->key);
    b->key = NULL;
    tpmc_tpm_free(b->f.tpm);
    b->f.tpm = NULL;
    assert_true(fixture_holds_only_others(&b->f));
    assert_int_equal(tpm_raw_lockout_counter(), 0);
}

static void end(bench *b)
{
    disconnect(b);
    fixture_detach(&b->f);
    tap_free(b->f.tap);
}

static void assert_use(bench *b, const char *expected)
{
    char sequence[SEQUENCE_MAX];

    tap_clear(b->f.tap);
    assert_int_equal(turn_use(&b->f, b->key, b->sort), 0);
    tap_sequence(b->f.tap, 0, sequence, sizeof(sequence));
    assert_string_equal(sequence, expected);
}

/* One whole life of a program. */
static void live(turn_sort sort)
{
    bench b;

    begin(&b, sort);
    assert_int_equal(turn_use(&b.f, b.key, sort), 0);
    assert_int_equal(turn_use(&b.f, b.key, sort), 0);
    assert_int_equal(tap_command_name(tap_code(b.f.tap, tap_count(b.f.tap) - 1)) != NULL, 1);
    end(&b);
}

/* The next program starts cheaply, so the files are good. */
static void assert_starts_cheaply(turn_sort sort)
{
    bench b;

    begin(&b, sort);
    assert_int_equal(turn_use(&b.f, b.key, sort), 0);
    assert_int_equal(tap_count_of(b.f.tap, TAP_CC_CREATE_PRIMARY), 0);
    assert_int_not_equal(tap_count_of(b.f.tap, CC_CONTEXT_LOAD), 0);
    assert_int_equal(turns_refused(&b.f), 0);
    end(&b);
}

/* --- the budgets --- */

static void nothing_secret(void **state)
{
    bench b;

    (void)state;
    clear_folder();
    begin(&b, TURN_PLAIN);
    assert_use(&b, "CreatePrimary ContextSave Load FlushContext ContextSave Sign");
    assert_use(&b, "Sign");
    end(&b);
    assert_folder_is_tidy(2);
    begin(&b, TURN_PLAIN);
    assert_use(&b, "ContextLoad Sign");
    assert_use(&b, "Sign");
    end(&b);
    assert_folder_is_tidy(2);
}

static void protected_keys(void **state)
{
    static const turn_sort sorts[] = { TURN_PASSWORD, TURN_HMAC };
    bench b;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const char *last = sorts[i] == TURN_HMAC ? "HMAC" : "Sign";
        char wanted[SEQUENCE_MAX];

        clear_folder();
        begin(&b, sorts[i]);
        (void)snprintf(wanted, sizeof(wanted),
                       "CreatePrimary ContextSave StartAuthSession Load FlushContext ContextSave "
                       "%s",
                       last);
        assert_use(&b, wanted);
        end(&b);
        begin(&b, sorts[i]);
        (void)snprintf(wanted, sizeof(wanted),
                       "ContextLoad ContextLoad ReadPublic StartAuthSession %s", last);
        assert_use(&b, wanted);
        assert_use(&b, last);
        assert_use(&b, last);
        end(&b);
        assert_folder_is_tidy(2);
    }
}

static void further_key_under_the_parent(void **state)
{
    bench b;
    tpmc_key *other = NULL;

    (void)state;
    clear_folder();
    begin(&b, TURN_PLAIN);
    assert_int_equal(turn_use(&b.f, b.key, TURN_PLAIN), 0);
    other = turn_key(&b.f, &files, TURN_RESTRICTED);
    tap_clear(b.f.tap);
    assert_int_equal(turn_use(&b.f, other, TURN_RESTRICTED), 0);
    assert_int_equal(tap_count_of(b.f.tap, TAP_CC_CREATE_PRIMARY), 0);
    tpmc_key_free(other);
    end(&b);
    assert_folder_is_tidy(3);
}

/* Of a key that is subject to lockout only the parent's. */
static void keys_with_lockout(void **state)
{
    bench b;

    (void)state;
    clear_folder();
    begin(&b, TURN_PROTECTED);
    assert_use(&b, "CreatePrimary ContextSave StartAuthSession Load FlushContext Sign");
    end(&b);
    assert_folder_is_tidy(1);
    begin(&b, TURN_PROTECTED);
    assert_use(&b, "ContextLoad ReadPublic StartAuthSession Load FlushContext Sign");
    end(&b);
}

/* --- what is not good for us any more --- */

static void after_a_reset(void **state)
{
    static const turn_sort sorts[] = { TURN_PLAIN, TURN_PASSWORD, TURN_HMAC, TURN_RESTRICTED };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        clear_folder();
        live(sorts[i]);
        libtpms_power_cycle(1, 1);
        live(sorts[i]);
        assert_folder_is_tidy(2);
        assert_starts_cheaply(sorts[i]);
    }
}

/* Runs in a child, whose TPM is a clone. */
static void in_clone(void (*run)(void *), void *user)
{
    int status = 0;
    pid_t child = -1;

    fflush(NULL);
    child = fork();
    check(child >= 0);
    if (child == 0) {
        run(user);
        _exit(0);
    }
    check(waitpid(child, &status, 0) == child);
    check(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void fill_folder_by_another_tpm(void *user)
{
    const turn_sort *sort = user;
    turn_files former = files;

    libtpms_start();
    turns_make(&files);
    clear_folder();
    live(*sort);
    turns_free(&files);
    files = former;
}

/* Files of another TPM, under the names of ours. */
static void of_another_tpm(void **state)
{
    turn_sort sort = TURN_PASSWORD;
    blobs ours;
    blobs theirs;

    (void)state;
    clear_folder();
    live(sort);
    read_folder(&ours);
    in_clone(fill_folder_by_another_tpm, &sort);
    read_folder(&theirs);
    assert_int_equal(theirs.count, 2);
    for (size_t i = 0; i < ours.count; i++) {
        for (size_t k = 0; k < theirs.count; k++) {
            restore(&ours);
            write_file(ours.items[i].path, theirs.items[k].bytes, theirs.items[k].len, 0600);
            live(sort);
            assert_folder_is_tidy(2);
            assert_starts_cheaply(sort);
        }
    }
}

/* --- damage --- */

typedef struct damage {
    const blobs *good;
    size_t which;
    size_t at;
    int cut;
} damage;

static void live_with_damage(void *user)
{
    const damage *d = user;
    const blob *whole = &d->good->items[d->which];
    blob damaged = *whole;

    if (d->cut)
        damaged.len = d->at;
    else
        damaged.bytes[d->at] ^= 0x01;
    restore(d->good);
    write_file(damaged.path, damaged.bytes, damaged.len, 0600);
    live(TURN_PASSWORD);
    live(TURN_PASSWORD);
    assert_folder_is_tidy(2);
}

/* Every byte of the header, and of the rest a share. */
static size_t next_place(size_t at, size_t len)
{
    if (at < 40 || at + 4 >= len)
        return at + 1;
    return at + 97;
}

static void damaged(void **state)
{
    blobs good;
    damage d;

    (void)state;
    clear_folder();
    live(TURN_PASSWORD);
    read_folder(&good);
    memset(&d, 0, sizeof(d));
    d.good = &good;
    for (d.which = 0; d.which < good.count; d.which++) {
        for (d.cut = 0; d.cut < 2; d.cut++) {
            for (d.at = 0; d.at < good.items[d.which].len;
                 d.at = next_place(d.at, good.items[d.which].len))
                live_with_damage(&d);
        }
    }
}

static void of_no_use(const char *path, int which)
{
    static const uint8_t nothing[1] = { 0 };
    uint8_t *huge = calloc(1, 1 << 20);

    check(huge != NULL);
    (void)unlink(path);
    if (which == 0)
        write_file(path, huge, 1 << 20, 0600);
    else if (which == 1)
        write_file(path, nothing, 0, 0600);
    else if (which == 2)
        check(symlink("/etc/passwd", path) == 0);
    else if (which == 3)
        check(mkfifo(path, 0600) == 0);
    else
        check(mkdir(path, 0700) == 0);
    free(huge);
}

/* Things that are no context, where the context should be. */
static void things_of_other_kinds(void **state)
{
    blobs good;

    (void)state;
    clear_folder();
    live(TURN_PASSWORD);
    read_folder(&good);
    for (size_t i = 0; i < good.count; i++) {
        for (int which = 0; which < 5; which++) {
            restore(&good);
            of_no_use(good.items[i].path, which);
            live(TURN_PASSWORD);
            /* A folder cannot be replaced by a file. */
            if (which == 4)
                check(rmdir(good.items[i].path) == 0);
            live(TURN_PASSWORD);
            assert_folder_is_tidy(2);
            assert_starts_cheaply(TURN_PASSWORD);
        }
    }
}

static void writable_by_others(void **state)
{
    static const mode_t modes[] = { 0620, 0602, 0666 };
    blobs good;
    bench b;

    (void)state;
    clear_folder();
    live(TURN_PLAIN);
    read_folder(&good);
    for (size_t i = 0; i < 3; i++) {
        restore(&good);
        for (size_t k = 0; k < good.count; k++)
            check(chmod(good.items[k].path, modes[i]) == 0);
        begin(&b, TURN_PLAIN);
        assert_int_equal(turn_use(&b.f, b.key, TURN_PLAIN), 0);
        assert_int_equal(tap_count_of(b.f.tap, CC_CONTEXT_LOAD), 0);
        end(&b);
        assert_folder_is_tidy(2);
    }
}

static void no_such_directory(void **state)
{
    char missing[PATH_SIZE];
    const char *const directories[] = { missing, "/dev/null", "/proc/self", "relative/missing" };
    bench b;

    (void)state;
    (void)snprintf(missing, sizeof(missing), "%s/missing", folder);
    for (size_t i = 0; i < 4; i++) {
        begin_in(&b, TURN_PASSWORD, directories[i]);
        assert_int_equal(turn_use(&b.f, b.key, TURN_PASSWORD), 0);
        assert_int_equal(turn_use(&b.f, b.key, TURN_PASSWORD), 0);
        end(&b);
    }
}

/* --- malice: contexts that this TPM takes, of other objects --- */

/* Every pair of files exchanged for each other: the object under our name is another one. */
static void exchanged(void **state)
{
    static const turn_sort sorts[] = { TURN_PLAIN, TURN_PASSWORD, TURN_HMAC, TURN_RESTRICTED };
    blobs good;

    (void)state;
    clear_folder();
    for (size_t i = 0; i < 4; i++)
        live(sorts[i]);
    read_folder(&good);
    assert_int_equal(good.count, 5);
    for (size_t i = 0; i < good.count; i++) {
        for (size_t k = 0; k < good.count; k++) {
            restore(&good);
            write_file(good.items[i].path, good.items[k].bytes, good.items[k].len, 0600);
            for (size_t n = 0; n < 4; n++)
                live(sorts[n]);
            assert_folder_is_tidy(5);
            for (size_t n = 0; n < 4; n++)
                assert_starts_cheaply(sorts[n]);
        }
    }
}

/* Also of a key that comes from a saved context a wrong password is called so. */
static void wrong_password_is_said_once(void **state)
{
    bench b;
    tpmc_key *wrong = NULL;

    (void)state;
    clear_folder();
    live(TURN_PASSWORD);
    begin(&b, TURN_PASSWORD);
    assert_int_equal(fixture_key(&b.f, files.rsa[TURN_PASSWORD], "wrong", &wrong), 0);
    assert_int_equal(fixture_sign(&b.f, wrong, "RS256"), TPMC_ERR_WRONG_PASSWORD);
    /* Once by the context and once by the key file; the key has no lockout. */
    assert_int_equal(tap_count_of(b.f.tap, TAP_CC_SIGN), 2);
    tap_clear(b.f.tap);
    assert_int_equal(fixture_sign(&b.f, wrong, "RS256"), TPMC_ERR_WRONG_PASSWORD);
    assert_int_equal(tap_count(b.f.tap), 0);
    assert_int_equal(turn_use(&b.f, b.key, TURN_PASSWORD), 0);
    tpmc_key_free(wrong);
    end(&b);
    assert_folder_is_tidy(2);
}

/* What the TPM says of an object at its first use after a start: never taken for the key's. */
static void first_use_refused(void **state)
{
    static const uint32_t codes[] = { 0x98e, 0x9a2, 0x921, 0x12f, 0x082, 0x2d2, 0x19c, 0x126 };
    static const turn_sort sorts[] = { TURN_PASSWORD, TURN_PLAIN, TURN_HMAC };
    tap_fault fault = { .kind = TAP_ANSWER, .count = 1 };
    bench b;

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        clear_folder();
        live(sorts[k]);
        for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
            begin(&b, sorts[k]);
            fault.value = codes[i];
            fault.at = sorts[k] == TURN_PLAIN ? 1 : 4;
            tap_set_fault(b.f.tap, &fault);
            assert_int_equal(turn_use(&b.f, b.key, sorts[k]), 0);
            assert_int_equal(tap_hits(b.f.tap), 1);
            end(&b);
            assert_folder_is_tidy(2);
        }
        assert_starts_cheaply(sorts[k]);
    }
}

/* --- other ways --- */

/* Released, evicted and lost keys come back by their contexts. */
static void comes_back_by_context(void **state)
{
    bench b;

    (void)state;
    clear_folder();
    begin(&b, TURN_PLAIN);
    assert_int_equal(turn_use(&b.f, b.key, TURN_PLAIN), 0);
    tpmc_tpm_release(b.f.tpm);
    assert_true(fixture_holds_only_others(&b.f));
    assert_use(&b, "ContextLoad Sign");
    tpm_raw_flush_all();
    tap_clear(b.f.tap);
    assert_int_equal(turn_use(&b.f, b.key, TURN_PLAIN), 0);
    end(&b);
}

static size_t refused_with(bench *b, uint32_t rc)
{
    size_t count = 0;

    for (size_t i = 0; i < tap_count(b->f.tap); i++)
        count += tap_response_code(b->f.tap, i) == rc;
    return count;
}

static void many_keys_take_turns(void **state)
{
    bench b;
    tpmc_key *keys[TURN_SORTS];

    (void)state;
    clear_folder();
    /* With policies there are more sorts of sessions than the TPM has room for. */
    for (int life = 0; life < 4; life++) {
        int sorts = life < 2 ? TURN_BOUND : TURN_SORTS;

        begin(&b, TURN_PLAIN);
        for (int i = 0; i < sorts; i++)
            keys[i] = turn_key(&b.f, &files, (turn_sort)i);
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < sorts; i++)
                assert_int_equal(turn_use(&b.f, keys[i], (turn_sort)i), 0);
        }
        if (life < 2)
            assert_int_equal(tap_count_of(b.f.tap, TAP_CC_CREATE_PRIMARY), life == 0);
        assert_int_equal(refused_with(&b, RC_SESSION_MEMORY), 0);
        for (int i = 0; i < sorts; i++)
            tpmc_key_free(keys[i]);
        end(&b);
    }
}

static int start(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/context-test-XXXXXX");
    check(mkdtemp(folder) != NULL);
    libtpms_start();
    turns_make(&files);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    clear_folder();
    check(rmdir(folder) == 0);
    turns_free(&files);
    software_key_cleanup();
    libtpms_stop();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_secret),
        cmocka_unit_test(protected_keys),
        cmocka_unit_test(further_key_under_the_parent),
        cmocka_unit_test(keys_with_lockout),
        cmocka_unit_test(after_a_reset),
        cmocka_unit_test(of_another_tpm),
        cmocka_unit_test(damaged),
        cmocka_unit_test(things_of_other_kinds),
        cmocka_unit_test(writable_by_others),
        cmocka_unit_test(no_such_directory),
        cmocka_unit_test(exchanged),
        cmocka_unit_test(wrong_password_is_said_once),
        cmocka_unit_test(first_use_refused),
        cmocka_unit_test(comes_back_by_context),
        cmocka_unit_test(many_keys_take_turns),
    };

    return cmocka_run_group_tests(tests, start, finish);
}
