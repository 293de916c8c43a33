/* SPDX-License-Identifier: Apache-2.0 */
#include "support/swtpm.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/check.h"

#define START_TRIES 20
#define PORT_FIRST 10000u
#define PORT_SPAN 10000u
#define PORT_TRIES 1000
#define WAIT_STEPS 500
#define WAIT_STEP_MS 20

static struct sockaddr_in loopback(unsigned int port)
{
    struct sockaddr_in address;

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)port);
    return address;
}

/* Binds; `port` 0 takes any. Returns the descriptor or -1. */
static int bind_port(unsigned int port, unsigned int *bound)
{
    struct sockaddr_in address = loopback(port);
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    check(fd >= 0);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return -1;
    }
    check(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    *bound = ntohs(address.sin_port);
    return fd;
}

unsigned int swtpm_free_port(void)
{
    static atomic_uint calls;
    unsigned int number = (unsigned int)getpid() + 65536u * atomic_fetch_add(&calls, 1);
    unsigned int port = 0;
    unsigned int next = 0;
    int first = -1;
    int second = -1;
    int tries;

    /* Below those that the system hands out by itself: a TPM that is restarted finds its port free,
     * whatever connections others make meanwhile. */
    for (tries = 0; tries < PORT_TRIES; tries++) {
        number = number * 1103515245u + 12345u;
        first = bind_port(PORT_FIRST + 2 * (number >> 8) % PORT_SPAN, &port);
        if (first < 0)
            continue;
        second = bind_port(port + 1, &next);
        close(first);
        if (second < 0)
            continue;
        close(second);
        return port;
    }
    check_that(0, "there is a pair of free ports", __FILE__, __LINE__);
    return 0;
}

static void pause_ms(long ms)
{
    struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

    nanosleep(&time, NULL);
}

static int is_listening(unsigned int port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int rc = 0;

    check(fd >= 0);
    rc = connect(fd, (struct sockaddr *)&address, sizeof(address));
    close(fd);
    return rc == 0;
}

static void run_program(const swtpm *self)
{
    char state[2 * SWTPM_TEXT_MAX];
    char server[SWTPM_TEXT_MAX];
    char control[SWTPM_TEXT_MAX];
    int null = open("/dev/null", O_RDWR);

    (void)snprintf(state, sizeof(state), "dir=%s", self->folder);
    (void)snprintf(server, sizeof(server), "type=tcp,port=%u,bindaddr=127.0.0.1", self->port);
    (void)snprintf(control, sizeof(control), "type=tcp,port=%u,bindaddr=127.0.0.1", self->port + 1);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(null, 1);
    dup2(null, 2);
    execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", state, "--server", server, "--ctrl",
           control, "--flags", "not-need-init,startup-clear", (char *)NULL);
    _exit(127);
}

/* 0 when it does not come up, for instance because somebody else took the port. */
static int start_process(swtpm *self)
{
    int step;
    int status = 0;

    self->pid = fork();
    check(self->pid >= 0);
    if (self->pid == 0)
        run_program(self);
    for (step = 0; step < WAIT_STEPS; step++) {
        if (waitpid(self->pid, &status, WNOHANG) == self->pid) {
            check(!WIFEXITED(status) || WEXITSTATUS(status) != 127);
            return 0;
        }
        if (is_listening(self->port) && is_listening(self->port + 1))
            return 1;
        pause_ms(WAIT_STEP_MS);
    }
    swtpm_kill(self);
    return 0;
}

void swtpm_start(swtpm *self)
{
    int tries;

    memset(self, 0, sizeof(*self));
    (void)snprintf(self->folder, sizeof(self->folder), "/tmp/tpmcloud-test-XXXXXX");
    check(mkdtemp(self->folder) != NULL);
    for (tries = 0; tries < START_TRIES; tries++) {
        self->port = swtpm_free_port();
        if (start_process(self)) {
            (void)snprintf(self->tcti, sizeof(self->tcti), "swtpm:host=127.0.0.1,port=%u",
                           self->port);
            return;
        }
    }
    check_that(0, "swtpm can be started", __FILE__, __LINE__);
}

static void end_process(pid_t pid)
{
    int status = 0;

    check(kill(pid, SIGKILL) == 0);
    while (waitpid(pid, &status, 0) < 0)
        check(errno == EINTR);
}

void swtpm_kill(swtpm *self)
{
    if (self->pid > 0)
        end_process(self->pid);
    self->pid = 0;
}

void swtpm_restart(swtpm *self)
{
    int tries;

    for (tries = 0; tries < START_TRIES; tries++) {
        if (start_process(self))
            return;
        pause_ms(10 * WAIT_STEP_MS);
    }
    check_that(0, "swtpm comes back", __FILE__, __LINE__);
}

void swtpm_stop(swtpm *self)
{
    char path[SWTPM_TEXT_MAX + 300];
    struct dirent *entry = NULL;
    DIR *folder = NULL;

    swtpm_kill(self);
    folder = opendir(self->folder);
    check(folder != NULL);
    for (entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] == '.' &&
            (entry->d_name[1] == '\0' || strcmp(entry->d_name, "..") == 0))
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", self->folder, entry->d_name);
        check(unlink(path) == 0);
    }
    closedir(folder);
    check(rmdir(self->folder) == 0);
    memset(self, 0, sizeof(*self));
}
