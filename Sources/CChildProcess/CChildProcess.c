// posix_spawn, with two of its actions that Swift's module of the C library does not have.
#define _GNU_SOURCE
#include "CChildProcess.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>

static int add_actions(posix_spawn_file_actions_t *actions, const char *folder, const int standard[3]) {
    int code = folder ? posix_spawn_file_actions_addchdir_np(actions, folder) : 0;
    for (int i = 0; i < 3 && !code; i++) {
        code = standard[i] < 0 ? posix_spawn_file_actions_addopen(actions, i, "/dev/null", O_RDWR, 0)
                               : posix_spawn_file_actions_adddup2(actions, standard[i], i);
    }
    return code ? code : posix_spawn_file_actions_addclosefrom_np(actions, 3);
}

static int unblock_signals(posix_spawnattr_t *attributes) {
    sigset_t none;
    sigemptyset(&none);
    int code = posix_spawnattr_setsigmask(attributes, &none);
    return code ? code : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK);
}

int cchild_start(const char *const *arguments, const char *const *environment, const char *folder, const int standard[3], int32_t *process) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int code = posix_spawn_file_actions_init(&actions);
    if (code) return code;
    code = posix_spawnattr_init(&attributes);
    if (!code) {
        code = add_actions(&actions, folder, standard);
        if (!code) code = unblock_signals(&attributes);
        pid_t number = 0;
        if (!code) code = posix_spawn(&number, arguments[0], &actions, &attributes, (char *const *)arguments, (char *const *)environment);
        *process = number;
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return code;
}
