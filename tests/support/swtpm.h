/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_SWTPM_H
#define TESTS_SUPPORT_SWTPM_H

#include <sys/types.h>

#define SWTPM_TEXT_MAX 128

/* A private swtpm process with a state folder and a pair of ports of its own. It dies with the
 * test. */
typedef struct swtpm {
    pid_t pid;
    unsigned int port; /* data; control is the next one */
    char folder[SWTPM_TEXT_MAX];
    char tcti[SWTPM_TEXT_MAX];
} swtpm;

void swtpm_start(swtpm *self);
/* Ends the process as a power cut would; the state and the ports stay. */
void swtpm_kill(swtpm *self);
void swtpm_restart(swtpm *self);
/* Ends it and removes the folder. */
void swtpm_stop(swtpm *self);

/* A terminal whose other end is this TPM, so that `device:` can be used without a device. */
typedef struct pty_bridge {
    pid_t pid;
    char tcti[SWTPM_TEXT_MAX];
} pty_bridge;

void pty_bridge_start(pty_bridge *self, const swtpm *tpm);
void pty_bridge_stop(pty_bridge *self);

/* A port on which nobody listens, like its successor. */
unsigned int swtpm_free_port(void);

#endif
