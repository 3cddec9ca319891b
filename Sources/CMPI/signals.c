// Signal handlers that set a flag. All ranks combine their flags and act on them at the end of a step.
#define _GNU_SOURCE
#include <signal.h>
#include <stdatomic.h>

#include "internal.h"

_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler may touch lock-free atomics only");

static _Atomic int32_t flags = 0;
static _Atomic int64_t stop_time = 0; // nanoseconds; 0 before the first stop signal

static int32_t flag_of(int signal) {
    switch (signal) {
    case SIGUSR1: return CMPI_SIGNAL_CHECKPOINT;
    case SIGINT: return CMPI_SIGNAL_INTERRUPT;
    case SIGHUP: return CMPI_SIGNAL_HANGUP;
    default: return CMPI_SIGNAL_TERMINATION;
    }
}

static void note(int signal) {
    if (signal != SIGUSR1 && atomic_load(&stop_time) == 0) atomic_store(&stop_time, cmpi_nanoseconds());
    atomic_fetch_or(&flags, flag_of(signal));
}

/// Leaves SIGHUP ignored if it was ignored at the start, as with nohup: such a process continues after the terminal closes.
static int install_hangup(const struct sigaction *action) {
    struct sigaction present;
    if (sigaction(SIGHUP, NULL, &present) != 0) return 1;
    return present.sa_handler == SIG_IGN ? 0 : sigaction(SIGHUP, action, NULL);
}

int cmpi_signals_install(void) {
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGUSR1, &action, NULL) != 0 || sigaction(SIGTERM, &action, NULL) != 0) return 1;
    if (install_hangup(&action) != 0) return 1;
    action.sa_flags |= (int)SA_RESETHAND; // the second SIGINT ends the process
    return sigaction(SIGINT, &action, NULL) != 0;
}

int cmpi_signals_hold_checkpoint(void) {
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    return sigaction(SIGUSR1, &action, NULL) != 0;
}

int cmpi_create_thread(pthread_t *thread, void *(*body)(void *)) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(thread, NULL, body, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

int32_t cmpi_signals_flags(void) { return atomic_load(&flags); }

int64_t cmpi_signals_stop_time(void) { return atomic_load(&stop_time); }
