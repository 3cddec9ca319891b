// Signal handlers. In a job they set a flag: all ranks combine their flags and act on them at the end of a step. Before that, they may end the process.
#define _GNU_SOURCE
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler may touch lock-free atomics only");

static _Atomic int32_t flags = 0;
static _Atomic int64_t stop_time = 0;        // nanoseconds; 0 before the first stop signal
static _Atomic int64_t first_time = 0;       // the same, with SIGUSR1
static _Atomic int64_t interrupt_time = 0;   // the same, of the first SIGINT
static _Atomic int32_t received = 0;         // the number of signals
static _Atomic int32_t received_at_end = -1; // the same at the end of the work; -1 before it

static int32_t flag_of(int signal) {
    switch (signal) {
    case SIGUSR1: return CMPI_SIGNAL_CHECKPOINT;
    case SIGINT: return CMPI_SIGNAL_INTERRUPT;
    case SIGHUP: return CMPI_SIGNAL_HANGUP;
    default: return CMPI_SIGNAL_TERMINATION;
    }
}

/// Ends the process at the second SIGINT. Two within a second are one: timeout(1) sends a signal to its program, and to the process group of the program.
static void end_at_second_interrupt(void) {
    int64_t now = cmpi_nanoseconds(), first = 0;
    if (atomic_compare_exchange_strong(&interrupt_time, &first, now) || now - first < 1000000000) return;
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigemptyset(&usual.sa_mask);
    if (sigaction(SIGINT, &usual, NULL) == 0) raise(SIGINT); // which comes at the end of the handler
}

static void note(int signal) {
    if (atomic_load(&first_time) == 0) atomic_store(&first_time, cmpi_nanoseconds());
    if (signal != SIGUSR1 && atomic_load(&stop_time) == 0) atomic_store(&stop_time, cmpi_nanoseconds());
    atomic_fetch_or(&flags, flag_of(signal));
    atomic_fetch_add(&received, 1);
    if (signal == SIGINT) end_at_second_interrupt();
}

static const int stops[] = {SIGUSR1, SIGTERM, SIGINT, SIGHUP};
enum { stop_count = sizeof stops / sizeof stops[0] };

// The dispositions before the first handler, and whether handlers are installed.
static struct sigaction before[stop_count];
static int are_held = 0;

/// Handles the stop signals. SIGHUP remains ignored if it was ignored at the start, as with nohup: such a process continues after the terminal
/// closes.
static int take(void (*handler)(int)) {
    for (int i = 0; i < stop_count; i++) {
        struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
        sigemptyset(&action.sa_mask);
        if (!are_held && sigaction(stops[i], NULL, &before[i]) != 0) return 1;
        if (stops[i] == SIGHUP && before[i].sa_handler == SIG_IGN) continue;
        if (sigaction(stops[i], &action, NULL) != 0) return 1;
    }
    are_held = 1;
    return 0;
}

int cmpi_signals_are_held(void) { return are_held; }

int cmpi_signals_install(void) {
    return take(note);
}

int cmpi_signals_release(void) {
    if (!are_held) return 0;
    are_held = 0;
    for (int i = 0; i < stop_count; i++) {
        if (sigaction(stops[i], &before[i], NULL) != 0) return 1;
    }
    for (int i = 0; i < stop_count; i++) {
        if (atomic_load(&flags) & flag_of(stops[i])) raise(stops[i]);
    }
    return 0;
}

static const char *endings[stop_count];
static int ending_status = 0;

static void end_process(int signal) {
    if (atomic_load(&received_at_end) >= 0) { // the process is ending with a status of its own: the signal ends its wait for the reader
        atomic_fetch_add(&received, 1);
        return;
    }
    for (int i = 0; i < stop_count; i++) {
        if (stops[i] != signal) continue;
        const char *start = cmpi_error_line_start();
        cmpi_write_error(start, (int64_t)strlen(start));
        cmpi_write_error(endings[i], (int64_t)strlen(endings[i]));
    }
    _exit(ending_status);
}

int cmpi_signals_end_process(const char *checkpoint, const char *termination, const char *interrupt, const char *hangup, int32_t status) {
    endings[0] = checkpoint;
    endings[1] = termination;
    endings[2] = interrupt;
    endings[3] = hangup;
    ending_status = status;
    return take(end_process);
}

int cmpi_create_thread(pthread_t *thread, void *(*body)(void *), void *argument) {
    sigset_t asynchronous, before;
    sigfillset(&asynchronous);
    static const int faults[] = {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGTRAP};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) sigdelset(&asynchronous, faults[i]);
    pthread_sigmask(SIG_SETMASK, &asynchronous, &before);
    int code = pthread_create(thread, NULL, body, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

int32_t cmpi_signals_flags(void) { return atomic_load(&flags); }

void cmpi_signals_note_end(void) {
    int32_t none = -1;
    atomic_compare_exchange_strong(&received_at_end, &none, atomic_load(&received));
}

int32_t cmpi_signals_after_end(void) {
    int32_t before = atomic_load(&received_at_end);
    return before < 0 ? 0 : atomic_load(&received) - before;
}

int64_t cmpi_signals_stop_time(void) { return atomic_load(&stop_time); }

int64_t cmpi_signals_first_time(void) { return atomic_load(&first_time); }

int cmpi_signals_sent(void) {
    for (int i = 0; i < stop_count; i++) {
        if (stops[i] != SIGTERM && (atomic_load(&flags) & flag_of(stops[i]))) return i;
    }
    return 1;
}
