// Signal handlers. In a job they set a flag: all ranks combine their flags and act on them at the end of a step. Before that, they may end the process.
#define _GNU_SOURCE
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "internal.h"

_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler may touch lock-free atomics only");

static _Atomic int32_t flags = 0;
static _Atomic int64_t stop_time = 0;        // nanoseconds; 0 before the first stop signal
static _Atomic int64_t first_time = 0;       // the same, with SIGUSR1
static _Atomic int64_t interrupt_time = 0;   // the same, of the first SIGINT
static _Atomic int32_t received = 0;         // the number of signals
static _Atomic int32_t received_at_end = -1; // the same at the end of the work; -1 before it

// The flag of stops[i] is 1 << i.
static const int stops[CMPI_SIGNAL_COUNT] = {SIGUSR1, SIGTERM, SIGINT, SIGHUP, SIGUSR2, SIGXCPU};

static int index_of(int signal) {
    int index = 0;
    while (index < CMPI_SIGNAL_COUNT - 1 && stops[index] != signal) index++;
    return index;
}

/// Whether the launcher may have sent a signal in order to end the job.
static int may_end_job(int signal) { return signal == SIGTERM || signal == SIGINT || signal == SIGHUP; }

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
    if (may_end_job(signal) && atomic_load(&stop_time) == 0) atomic_store(&stop_time, cmpi_nanoseconds());
    atomic_fetch_or(&flags, 1 << index_of(signal));
    atomic_fetch_add(&received, 1);
    if (signal == SIGINT) end_at_second_interrupt();
}

// The dispositions before the first handler, and whether handlers are installed.
static struct sigaction before[CMPI_SIGNAL_COUNT];
static int are_held = 0;

// The limit of CPU time before the first handler. The system sends SIGXCPU at the soft limit, and SIGKILL at the hard limit.
static struct rlimit cpu_before;
static int has_earlier_cpu_limit = 0;

/// Lowers the soft limit of CPU time, so that time for a checkpoint is left before the hard limit. `ulimit -t` sets both to the same value.
static void make_time_before_cpu_limit(void) {
    if (getrlimit(RLIMIT_CPU, &cpu_before) != 0 || cpu_before.rlim_max == RLIM_INFINITY) return;
    rlim_t most = cpu_before.rlim_max, reserve = most / 10;
    if (reserve < 5) reserve = most / 2 < 5 ? most / 2 : 5;
    if (reserve > 60) reserve = 60;
    struct rlimit limit = cpu_before;
    limit.rlim_cur = most - reserve;
    has_earlier_cpu_limit = limit.rlim_cur < cpu_before.rlim_cur && setrlimit(RLIMIT_CPU, &limit) == 0;
}

/// Whether a signal that was ignored at the start remains ignored: SIGHUP, as with nohup, so that the process continues after the terminal closes.
static int may_be_ignored(int signal) { return signal == SIGHUP || signal == SIGUSR2 || signal == SIGXCPU; }

/// Handles the stop signals.
static int take(void (*handler)(int)) {
    for (int i = 0; i < CMPI_SIGNAL_COUNT; i++) {
        struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
        sigemptyset(&action.sa_mask);
        if (!are_held && sigaction(stops[i], NULL, &before[i]) != 0) return 1;
        if (may_be_ignored(stops[i]) && before[i].sa_handler == SIG_IGN) continue;
        if (sigaction(stops[i], &action, NULL) != 0) return 1;
    }
    if (!are_held) make_time_before_cpu_limit();
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
    for (int i = 0; i < CMPI_SIGNAL_COUNT; i++) {
        if (sigaction(stops[i], &before[i], NULL) != 0) return 1;
    }
    if (has_earlier_cpu_limit && setrlimit(RLIMIT_CPU, &cpu_before) != 0) return 1;
    for (int i = 0; i < CMPI_SIGNAL_COUNT; i++) {
        // A SIGXCPU of the earlier limit is no end: the system sends it again at the restored limit.
        if (stops[i] == SIGXCPU && has_earlier_cpu_limit) continue;
        if (atomic_load(&flags) & 1 << i) raise(stops[i]);
    }
    has_earlier_cpu_limit = 0;
    return 0;
}

static const char *endings[CMPI_SIGNAL_COUNT];
static int ending_status = 0;

static void end_process(int signal) {
    if (atomic_load(&received_at_end) >= 0) { // the process is ending with a status of its own: the signal ends its wait for the reader
        atomic_fetch_add(&received, 1);
        return;
    }
    const char *start = cmpi_error_line_start(), *line = endings[index_of(signal)];
    cmpi_write_error(start, (int64_t)strlen(start));
    cmpi_write_error(line, (int64_t)strlen(line));
    _exit(ending_status);
}

int cmpi_signals_end_process(const char *const lines[CMPI_SIGNAL_COUNT], int32_t status) {
    for (int i = 0; i < CMPI_SIGNAL_COUNT; i++) endings[i] = lines[i];
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
    for (int i = 0; i < CMPI_SIGNAL_COUNT; i++) {
        if (stops[i] != SIGTERM && (atomic_load(&flags) & 1 << i)) return i;
    }
    return index_of(SIGTERM);
}
