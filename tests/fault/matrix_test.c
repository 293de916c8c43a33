/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Every command of every operation, broken in every way once. A cell is a forked child with a clone
 * of the TPM. It must end by itself; the same objects must work in the next call; when everything
 * is freed, the TPM must hold what it held before; and no correct password may have counted as a
 * wrong one.
 *
 *     matrix_test [--cell OPERATION:COMMAND:FAULT] [--operation NAME] [--fault NAME]
 *                 [--stride N] [--jobs N] [--list]
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault/matrix_faults.h"
#include "fault/matrix_operations.h"
#include "support/check.h"
#include "support/software_key.h"
#include "support/tcti_libtpms.h"

#define CC_POLICY_SECRET 0x151u
#define CC_LOAD_EXTERNAL 0x167u
#define CELL_SECONDS 60
#define TEXT_MAX 240
#define SEQUENCE_MAX 600
#define COMMANDS_MAX 64
#define JOBS_MAX 16

/* What a cell says about itself before it ends. */
typedef struct report {
    size_t commands; /* commands of the operation, and their codes */
    uint32_t codes[COMMANDS_MAX];
    size_t hits;
    int first;
    int next;  /* on the same objects */
    int anew;  /* with a new key */
    int after; /* with a new connection */
    int clean; /* the TPM holds what others hold */
    int objects_clean;
    size_t objects;
    size_t sessions;
    uint32_t counted;
    char first_text[TEXT_MAX];
    char next_text[TEXT_MAX];
    char sequence[SEQUENCE_MAX];
} report;

typedef struct totals {
    size_t cells;
    size_t crash;
    size_t hang;
    size_t stuck;
    size_t leaked;
    size_t counted;
} totals;

typedef struct settings {
    const char *cell;
    const char *operation;
    const char *fault;
    size_t stride;
    size_t jobs;
    int list;
} settings;

static void copy_text(char *out, size_t capacity, const char *text)
{
    (void)snprintf(out, capacity, "%.*s", (int)capacity - 1, text);
}

/* What other programs hold in the TPM, which must stay. */
static void occupy(void)
{
    uint32_t handle = 0;

    check(tpm_raw_load_foreign_signer(&handle) == 0);
    check(tpm_raw_start_foreign_session(&handle) == 0);
}

/*
 * When the reply of StartAuthSession is lost, nobody can tell the session from one of another
 * program: then ours is the only one.
 */
static void make_room(size_t command, const matrix_fault *fault, const report *dry)
{
    tpm_raw_handles sessions = tpm_raw_list(TPM_RAW_LOADED_SESSION);
    size_t last = fault != NULL && fault->count == TAP_STICKY ? dry->commands : command + 1;
    size_t i;

    for (i = command; i < last && i < COMMANDS_MAX; i++) {
        if (fault != NULL && dry->codes[i] == TAP_CC_START_AUTH_SESSION) {
            check(tpm_raw_flush(sessions.items[0]) == 0);
            return;
        }
    }
}

/* `fault` NULL runs without one. `dry` is the report of such a run. */
static void run_cell(const matrix_operation *operation, size_t command, const matrix_fault *fault,
                     const matrix_keys *keys, const report *dry, report *out)
{
    size_t i;
    matrix_cell cell;
    fixture *f = &cell.fixture;
    tap_fault broken = { .kind = TAP_NO_FAULT };

    memset(out, 0, sizeof(*out));
    matrix_cell_begin(&cell, keys, operation, fault != NULL && fault->pollable);
    make_room(command, fault, dry);
    fixture_mark_others(f);
    check(operation->prepare(&cell) == 0);
    tap_clear(f->tap);
    if (fault != NULL) {
        broken.kind = fault->kind;
        broken.value = fault->value;
        broken.at = command;
        broken.count = fault->count;
    }
    tap_set_fault(f->tap, &broken);
    out->first = operation->run(&cell);
    copy_text(out->first_text, sizeof(out->first_text), tpmc_error_text(f->err));
    out->commands = tap_count(f->tap);
    for (i = 0; i < out->commands && i < COMMANDS_MAX; i++)
        out->codes[i] = tap_code(f->tap, i);
    out->hits = tap_hits(f->tap);
    broken.kind = TAP_NO_FAULT;
    tap_set_fault(f->tap, &broken);
    out->next = operation->run(&cell);
    copy_text(out->next_text, sizeof(out->next_text), tpmc_error_text(f->err));
    out->anew = operation->run_anew(&cell);
    tap_sequence(f->tap, 0, out->sequence, sizeof(out->sequence));
    matrix_cell_reconnect(&cell, operation);
    out->clean = fixture_holds_only_others(f);
    out->objects_clean = fixture_holds_only_other_objects(f);
    out->objects = tpm_raw_transient_count();
    out->sessions = tpm_raw_session_count();
    out->after = operation->prepare(&cell);
    if (out->after == 0)
        out->after = operation->run(&cell);
    out->counted = tpm_raw_lockout_counter();
    matrix_cell_free(&cell);
    tpm_raw_flush_all();
}

static void write_all(int fd, const void *data, size_t len)
{
    const char *at = data;
    ssize_t written = 0;

    while (len > 0) {
        written = write(fd, at, len);
        if (written < 0 && errno == EINTR)
            continue;
        check(written > 0);
        at += written;
        len -= (size_t)written;
    }
}

static int read_all(int fd, void *data, size_t len)
{
    char *at = data;
    ssize_t got = 0;

    while (len > 0) {
        got = read(fd, at, len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return 0;
        at += got;
        len -= (size_t)got;
    }
    return 1;
}

/* Runs a cell in a child. Returns its wait status; `out` is all zero when it could not report. */
static int fork_cell(const matrix_operation *operation, size_t command, const matrix_fault *fault,
                     const matrix_keys *keys, const report *dry, report *out)
{
    int ends[2] = { -1, -1 };
    int status = 0;
    pid_t child = -1;
    report mine;

    check(pipe(ends) == 0);
    fflush(NULL);
    child = fork();
    check(child >= 0);
    if (child == 0) {
        close(ends[0]);
        alarm(CELL_SECONDS);
        run_cell(operation, command, fault, keys, dry, &mine);
        write_all(ends[1], &mine, sizeof(mine));
        close(ends[1]);
        exit(0);
    }
    close(ends[1]);
    if (!read_all(ends[0], out, sizeof(*out)))
        memset(out, 0, sizeof(*out));
    close(ends[0]);
    while (waitpid(child, &status, 0) < 0)
        check(errno == EINTR);
    return status;
}

/* The commands that take a hierarchy's password. */
static int is_by_hierarchy(uint32_t code)
{
    return code == TAP_CC_CREATE_PRIMARY || code == CC_POLICY_SECRET;
}

/*
 * A password that the TPM called wrong stays wrong for the object; for the hierarchy's, which is
 * the connection's, for that.
 */
static int is_stuck(const report *r, uint32_t code, const matrix_fault *fault)
{
    if (r->after != 0)
        return 1;
    if (r->next == 0 && r->anew == 0)
        return 0;
    if (fault == NULL || !matrix_fault_is_wrong_password(fault) ||
        r->first != TPMC_ERR_WRONG_PASSWORD || r->next != TPMC_ERR_WRONG_PASSWORD)
        return 1;
    return r->anew != 0 && (!is_by_hierarchy(code) || r->anew != TPMC_ERR_WRONG_PASSWORD);
}

static int brings_object(uint32_t code)
{
    static const uint32_t codes[] = { TAP_CC_CREATE_PRIMARY, TAP_CC_LOAD, 0x15b, 0x161,
                                      CC_LOAD_EXTERNAL,      0x186 };

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (code == codes[i])
            return 1;
    }
    return 0;
}

/*
 * Bits that nothing protects: the number of a new handle, and what StartAuthSession answers. Then
 * the TPM and we disagree without a way to know; the cell must end, with no wrong signature.
 */
static int is_undetectable(uint32_t code, const matrix_fault *fault)
{
    if (fault == NULL || fault->kind != TAP_FLIP)
        return 0;
    if (code == TAP_CC_START_AUTH_SESSION)
        return fault->value > 10;
    /* ContextLoad and HashSequenceStart answer with nothing but the handle. */
    if (code == 0x161 || code == 0x186)
        return fault->value > 10;
    return brings_object(code) && fault->value > 10 && fault->value < 14;
}

/* A TPM that says it does not know our session keeps it if it lied. */
static int is_leaked(const report *r, const matrix_fault *fault)
{
    if (fault != NULL && fault->kind == TAP_ANSWER && fault->value == 0x918)
        return !r->objects_clean;
    return !r->clean;
}

/* The same TPM, with another program's session, has no room for two more. */
static int is_full(const matrix_operation *operation, const matrix_fault *fault)
{
    return operation->two_sessions && fault != NULL && fault->kind == TAP_ANSWER &&
           fault->value == 0x918;
}

static void judge(int status, const report *r, const matrix_operation *operation, size_t command,
                  const matrix_fault *fault, totals *sum)
{
    totals before = *sum;
    uint32_t code = command < COMMANDS_MAX ? r->codes[command] : 0;

    sum->cells++;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        sum->hang++;
    } else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        sum->crash++;
    } else if (!is_undetectable(code, fault)) {
        sum->stuck += is_stuck(r, code, fault) && !is_full(operation, fault) ? 1 : 0;
        sum->leaked += is_leaked(r, fault) ? 1 : 0;
        sum->counted += r->counted != 0 ? 1 : 0;
    }
    if (sum->crash + sum->hang + sum->stuck + sum->leaked + sum->counted ==
        before.crash + before.hang + before.stuck + before.leaked + before.counted)
        return;
    printf("%s%s%s%s%s %s:%zu:%s status=%#x first=%s next=%s anew=%s after=%s objects=%zu "
           "sessions=%zu counted=%u\n    first: %s\n    next: %s\n    %s\n",
           sum->crash > before.crash ? "CRASH" : "", sum->hang > before.hang ? "HANG" : "",
           sum->stuck > before.stuck ? "STUCK " : "", sum->leaked > before.leaked ? "LEAKED " : "",
           sum->counted > before.counted ? "COUNTED " : "", operation->name, command,
           fault != NULL ? fault->name : "none", (unsigned int)status, tpmc_error_name(r->first),
           tpmc_error_name(r->next), tpmc_error_name(r->anew), tpmc_error_name(r->after),
           r->objects, r->sessions, (unsigned int)r->counted, r->first_text, r->next_text,
           r->sequence);
    fflush(stdout);
}

static int is_selected(const char *wanted, const char *name)
{
    return wanted == NULL || strcmp(wanted, name) == 0;
}

/* A TPM that denies to have what it is told to flush, leaves nothing to be done: no cell. */
static int is_cell(const report *dry, size_t command, const matrix_fault *fault)
{
    return dry->codes[command] != TAP_CC_FLUSH_CONTEXT || !matrix_fault_denies_handle(fault);
}

/* All cells of an operation whose number modulo `jobs` is `job`. */
static void run_operation(const matrix_operation *operation, const settings *s, size_t job,
                          const matrix_keys *keys, totals *sum)
{
    report dry;
    report r;
    size_t number = 0;
    size_t i;
    size_t k;
    int status = fork_cell(operation, 0, NULL, keys, NULL, &dry);

    if (job == 0)
        judge(status, &dry, operation, 0, NULL, sum);
    check(dry.commands <= COMMANDS_MAX);
    for (i = 0; i < dry.commands; i++) {
        for (k = 0; k < matrix_fault_count; k++) {
            number++;
            if (!is_cell(&dry, i, &matrix_faults[k]) ||
                !is_selected(s->fault, matrix_faults[k].name) || number % s->stride != 0 ||
                number / s->stride % s->jobs != job)
                continue;
            status = fork_cell(operation, i, &matrix_faults[k], keys, &dry, &r);
            judge(status, &r, operation, i, &matrix_faults[k], sum);
        }
    }
}

static void run_job(const settings *s, size_t job, const matrix_keys *keys, totals *sum)
{
    size_t i;

    memset(sum, 0, sizeof(*sum));
    for (i = 0; i < matrix_operation_count; i++) {
        if (is_selected(s->operation, matrix_operations[i].name))
            run_operation(&matrix_operations[i], s, job, keys, sum);
    }
}

static totals run_jobs(const settings *s, const matrix_keys *keys)
{
    totals all = { .cells = 0 };
    totals one;
    int ends[JOBS_MAX][2];
    int status = 0;
    pid_t children[JOBS_MAX];
    size_t i;

    fflush(NULL);
    for (i = 0; i < s->jobs; i++) {
        check(pipe(ends[i]) == 0);
        children[i] = fork();
        check(children[i] >= 0);
        if (children[i] == 0) {
            run_job(s, i, keys, &one);
            write_all(ends[i][1], &one, sizeof(one));
            fflush(NULL);
            _exit(0);
        }
        close(ends[i][1]);
    }
    for (i = 0; i < s->jobs; i++) {
        check(read_all(ends[i][0], &one, sizeof(one)));
        close(ends[i][0]);
        while (waitpid(children[i], &status, 0) < 0)
            check(errno == EINTR);
        all.cells += one.cells;
        all.crash += one.crash;
        all.hang += one.hang;
        all.stuck += one.stuck;
        all.leaked += one.leaked;
        all.counted += one.counted;
    }
    return all;
}

/* "OPERATION:COMMAND:FAULT" */
static int replay(const char *id, const matrix_keys *keys, totals *sum)
{
    char operation[32] = "";
    char fault[32] = "";
    unsigned int command = 0;
    size_t i;
    size_t k;
    report dry;
    report r;
    int status = 0;

    if (sscanf(id, "%31[^:]:%u:%31s", operation, &command, fault) != 3)
        return 0;
    for (i = 0; i < matrix_operation_count; i++) {
        for (k = 0; k < matrix_fault_count; k++) {
            if (strcmp(matrix_operations[i].name, operation) != 0 ||
                strcmp(matrix_faults[k].name, fault) != 0)
                continue;
            (void)fork_cell(&matrix_operations[i], 0, NULL, keys, NULL, &dry);
            status = fork_cell(&matrix_operations[i], command, &matrix_faults[k], keys, &dry, &r);
            printf("hits=%zu first=%s: %s\nnext=%s: %s\nanew=%s after=%s\n%s\n", r.hits,
                   tpmc_error_name(r.first), r.first_text, tpmc_error_name(r.next), r.next_text,
                   tpmc_error_name(r.anew), tpmc_error_name(r.after), r.sequence);
            judge(status, &r, &matrix_operations[i], command, &matrix_faults[k], sum);
            return 1;
        }
    }
    return 0;
}

static size_t default_jobs(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (processors < 1)
        return 1;
    return processors > JOBS_MAX ? JOBS_MAX : (size_t)processors;
}

static int read_settings(int argc, char **argv, settings *s)
{
    int i;

    memset(s, 0, sizeof(*s));
    s->stride = 1;
    s->jobs = default_jobs();
    for (i = 1; i < argc; i += 2) {
        if (strcmp(argv[i], "--list") == 0) {
            s->list = 1;
            return 1;
        }
        if (i + 1 >= argc)
            return 0;
        if (strcmp(argv[i], "--cell") == 0)
            s->cell = argv[i + 1];
        else if (strcmp(argv[i], "--operation") == 0)
            s->operation = argv[i + 1];
        else if (strcmp(argv[i], "--fault") == 0)
            s->fault = argv[i + 1];
        else if (strcmp(argv[i], "--stride") == 0)
            s->stride = strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--jobs") == 0)
            s->jobs = strtoul(argv[i + 1], NULL, 10);
        else
            return 0;
    }
    return s->stride > 0 && s->jobs > 0 && s->jobs <= JOBS_MAX;
}

static void list(void)
{
    size_t i;

    for (i = 0; i < matrix_operation_count; i++)
        printf("operation %s\n", matrix_operations[i].name);
    for (i = 0; i < matrix_fault_count; i++)
        printf("fault %s\n", matrix_faults[i].name);
}

int main(int argc, char **argv)
{
    settings s;
    matrix_keys keys;
    totals sum = { .cells = 0 };

    if (!read_settings(argc, argv, &s)) {
        fprintf(stderr, "usage: matrix_test [--cell OPERATION:COMMAND:FAULT] [--operation NAME] "
                        "[--fault NAME] [--stride N] [--jobs N] [--list]\n");
        return 2;
    }
    if (s.list) {
        list();
        return 0;
    }
    libtpms_start();
    matrix_keys_make(&keys);
    occupy();
    if (s.cell == NULL) {
        sum = run_jobs(&s, &keys);
    } else if (!replay(s.cell, &keys, &sum)) {
        fprintf(stderr, "no such cell: %s\n", s.cell);
        sum.crash = 1;
    }
    matrix_keys_free(&keys);
    software_key_cleanup();
    libtpms_stop();
    printf("matrix: %zu cells, crash=%zu hang=%zu stuck=%zu leaked=%zu counted=%zu\n", sum.cells,
           sum.crash, sum.hang, sum.stuck, sum.leaked, sum.counted);
    return sum.crash + sum.hang + sum.stuck + sum.leaked + sum.counted == 0 ? 0 : 1;
}
