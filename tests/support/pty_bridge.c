/* SPDX-License-Identifier: Apache-2.0 */
#define _XOPEN_SOURCE 700 /* posix_openpt() */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "support/check.h"
#include "support/swtpm.h"
#include "support/tcti_libtpms.h"

#define HEADER_LEN 10

/* 0 at the end of the stream. */
static int read_exactly(int fd, uint8_t *out, size_t len)
{
    ssize_t got = 0;

    while (len > 0) {
        got = read(fd, out, len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return 0;
        out += got;
        len -= (size_t)got;
    }
    return 1;
}

/* One command or response: a header that holds the size of the whole. */
static size_t read_message(int fd, uint8_t *out)
{
    size_t size = 0;

    if (!read_exactly(fd, out, HEADER_LEN))
        return 0;
    size = (size_t)out[2] << 24 | (size_t)out[3] << 16 | (size_t)out[4] << 8 | out[5];
    if (size < HEADER_LEN || size > LIBTPMS_BUFFER_MAX ||
        !read_exactly(fd, out + HEADER_LEN, size - HEADER_LEN))
        return 0;
    return size;
}

static void serve(int terminal, unsigned int port)
{
    struct sockaddr_in address;
    uint8_t message[LIBTPMS_BUFFER_MAX];
    size_t len = 0;
    int fd = -1;

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)port);
    for (;;) {
        len = read_message(terminal, message);
        if (len == 0)
            return;
        fd = socket(AF_INET, SOCK_STREAM, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
            return;
        if (write(fd, message, len) != (ssize_t)len)
            return;
        len = read_message(fd, message);
        close(fd);
        /* In one piece, as the kernel's driver hands it out. */
        if (len == 0 || write(terminal, message, len) != (ssize_t)len)
            return;
    }
}

/* Bytes go through as they are. */
static void make_raw(int fd)
{
    struct termios settings;

    check(tcgetattr(fd, &settings) == 0);
    settings.c_iflag = 0;
    settings.c_oflag = 0;
    settings.c_lflag = 0;
    settings.c_cflag = CS8 | CREAD;
    settings.c_cc[VMIN] = 1;
    settings.c_cc[VTIME] = 0;
    check(tcsetattr(fd, TCSANOW, &settings) == 0);
}

void pty_bridge_start(pty_bridge *self, const swtpm *tpm)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    int other = -1;
    const char *name = NULL;

    check(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    name = ptsname(terminal);
    check(name != NULL);
    (void)snprintf(self->tcti, sizeof(self->tcti), "device:%s", name);
    /* Held open by the bridge, so that the terminal does not hang up between two users. */
    other = open(name, O_RDWR | O_NOCTTY);
    check(other >= 0);
    make_raw(other);
    self->pid = fork();
    check(self->pid >= 0);
    if (self->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(terminal, tpm->port);
        _exit(0);
    }
    close(terminal);
    close(other);
}

void pty_bridge_stop(pty_bridge *self)
{
    int status = 0;

    check(kill(self->pid, SIGKILL) == 0);
    while (waitpid(self->pid, &status, 0) < 0)
        check(errno == EINTR);
    memset(self, 0, sizeof(*self));
}
