// posix_spawn with actions, and pseudo-terminals, which Swift's module of the C library does not export.
#define _GNU_SOURCE
#include "CChildProcess.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int add_actions(posix_spawn_file_actions_t *actions, const char *folder, const char *terminal, const int standard[3]) {
    int code = folder ? posix_spawn_file_actions_addchdir_np(actions, folder) : 0;
    for (int i = 0; i < 3 && !code && terminal; i++) code = posix_spawn_file_actions_addopen(actions, i, terminal, O_RDWR, 0);
    for (int i = 0; i < 3 && !code && !terminal; i++) {
        code = standard[i] < 0 ? posix_spawn_file_actions_addopen(actions, i, "/dev/null", O_RDWR, 0)
                               : posix_spawn_file_actions_adddup2(actions, standard[i], i);
    }
    return code ? code : posix_spawn_file_actions_addclosefrom_np(actions, 3);
}

static int set_attributes(posix_spawnattr_t *attributes, int leads_session) {
    sigset_t none;
    sigemptyset(&none);
    int code = posix_spawnattr_setsigmask(attributes, &none);
    return code ? code : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | (leads_session ? POSIX_SPAWN_SETSID : 0));
}

int cchild_start(const char *const *arguments, const char *const *environment, const char *folder, const char *terminal, const int standard[3],
                 int32_t *process) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int code = posix_spawn_file_actions_init(&actions);
    if (code) return code;
    code = posix_spawnattr_init(&attributes);
    if (!code) {
        code = add_actions(&actions, folder, terminal, standard);
        if (!code) code = set_attributes(&attributes, terminal != NULL);
        pid_t number = 0;
        if (!code) code = posix_spawn(&number, arguments[0], &actions, &attributes, (char *const *)arguments, (char *const *)environment);
        *process = number;
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

int cchild_open_terminal(int columns, int rows, char *path, int64_t capacity) {
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0) return -1;
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    if (grantpt(terminal) || unlockpt(terminal) || ptsname_r(terminal, path, (size_t)capacity) || ioctl(terminal, TIOCSWINSZ, &size) ||
        fcntl(terminal, F_SETFL, O_NONBLOCK)) {
        close(terminal);
        return -1;
    }
    return terminal;
}
