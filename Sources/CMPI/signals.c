// Signal handlers that set a flag: what to do about it is decided by all ranks together, at the end of a step.
#define _GNU_SOURCE
#include <signal.h>
#include <stdatomic.h>

#include "internal.h"

_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler may touch lock-free atomics only");

static _Atomic int32_t flags = 0;

static void note(int signal) {
    atomic_fetch_or(&flags, signal == SIGUSR1 ? CMPI_SIGNAL_CHECKPOINT : CMPI_SIGNAL_STOP);
}

int cmpi_signals_install(void) {
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGUSR1, &action, NULL) != 0 || sigaction(SIGTERM, &action, NULL) != 0) return 1;
    action.sa_flags |= (int)SA_RESETHAND; // the second interrupt of an impatient user ends the process
    return sigaction(SIGINT, &action, NULL) != 0;
}

int32_t cmpi_signals_flags(void) { return atomic_load(&flags); }
