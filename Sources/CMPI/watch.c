// The watch: a thread in each rank that ends the job when a rank of it stops or dies, and says which one and where.
//
// Ranks of a host share a board with a seat for each: the phase it is in, whether it waits for others, a count that grows with
// all it does, and the time at which its own watch last looked. A thread looks at the board; it never calls MPI but to abort.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "watch.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434 // Linux 5.3; the same number on all architectures
#endif

/// What the thread remembers of a seat.
typedef struct {
    uint64_t progress;
    int64_t since; // nanoseconds of its last progress
} memory;

enum { longest_line = 1024, most_named = 8 };

static struct {
    cmpi_watch_plan plan;
    watch_board *board;
    memory *memories;
    struct pollfd *handles; // [seats + 1]; the last one is the bell
    char **phases;
    char **hosts;
    int32_t *leaders;
    int bell;
    pthread_t thread;
    int is_running;
} watch;

// --- What other ranks and hosts have said ---

void cmpi_watch_heed(void) {
    if (watch.is_running) atomic_store(&watch.board->announced, 1);
}

void cmpi_watch_silence(void) {
    atomic_store(&watch_own->is_leaving, 1);
    cmpi_watch_heed();
}

// --- What the thread says ---

static int seconds_of(int64_t nanoseconds) { return (int)((nanoseconds + 500000000) / 1000000000); }

static const char *host_of(int32_t rank) {
    return rank >= 0 && rank < watch.plan.rank_count ? watch.hosts[rank] : "unknown host";
}

static void name_place(char *text, size_t capacity, const watch_seat *of) {
    int32_t phase = atomic_load(&of->phase);
    const char *name = phase >= 0 && phase < watch.plan.phase_count ? watch.phases[phase] : "unknown";
    int64_t step = atomic_load(&of->step);
    if (step > 0) {
        snprintf(text, capacity, "in the phase '%s' of step %lld", name, (long long)step);
    } else {
        snprintf(text, capacity, "in the phase '%s'", name);
    }
}

static void *abort_job(void *unused) {
    (void)unused;
    cmpi_abort(watch.plan.exit_status);
}

/// Aborting goes through MPI, which may be what hangs: a process that then simply ends is noticed by its launcher, too.
__attribute__((noreturn)) static void end_job(void) {
    usleep(200000); // the launcher carries the line and the abort on separate ways; and the other hosts are told
    pthread_t helper;
    if (cmpi_create_thread(&helper, abort_job) == 0) sleep(2);
    _exit(watch.plan.exit_status);
}

/// Says why the job ends, unless another rank of this host has, or another host, and ends it.
__attribute__((noreturn)) static void announce(const char *reason) {
    int32_t nobody_yet = 0;
    if (atomic_compare_exchange_strong(&watch.board->announced, &nobody_yet, 1)) {
        char line[longest_line];
        int length = snprintf(line, sizeof line, "%srnntrain: error: %s %s\n", cmpi_error_line_start(), reason, watch.plan.advice);
        if (length >= (int)sizeof line) length = sizeof line - 1;
        ssize_t written = write(STDERR_FILENO, line, (size_t)length);
        (void)written; // nobody is left to tell
        cmpi_roll_call_tell();
    } else {
        sleep(1); // for the one who speaks
    }
    end_job();
}

__attribute__((noreturn)) static void announce_seat(int index, const char *what, const char *remark) {
    const watch_seat *of = &watch.board->seats[index];
    int32_t rank = watch.plan.first_rank + index;
    char place[160], reason[640];
    name_place(place, sizeof place, of);
    snprintf(reason, sizeof reason, "rank %d (%s) %s %s%s.", rank, host_of(rank), what, place, remark);
    announce(reason);
}

// --- What the thread looks at ---

static int is_gone(int index) {
    return watch.handles[index].fd >= 0 && (watch.handles[index].revents & (POLLIN | POLLHUP | POLLERR));
}

/// A launcher that ends a job sends SIGTERM first and SIGKILL later: the deaths that come then are no news. One that comes
/// together with the SIGTERM is its reason.
static int is_being_ended(int64_t now) {
    int64_t since = cmpi_signals_stop_time();
    return since > 0 && now - since > 500000000;
}

/// What waits while the launcher ends the job waits for those that have ended already.
static int is_being_ended_now(int64_t now) {
    int64_t since = cmpi_signals_stop_time();
    return since > 0 && now - since < 10000000000;
}

/// A process that ends without saying so has crashed or was killed.
static void look_for_the_dead(int64_t now) {
    for (int i = 0; i < watch.plan.seat_count; i++) {
        if (!is_gone(i)) continue;
        close(watch.handles[i].fd);
        watch.handles[i].fd = -1;
        if (atomic_load(&watch.board->seats[i].is_leaving) || is_being_ended(now)) continue;
        announce_seat(i, "was killed or crashed", "");
    }
}

/// Notes what has moved; returns the time of the last progress on this host.
static int64_t take_in(int64_t now) {
    int64_t last = 0;
    for (int i = 0; i < watch.plan.seat_count; i++) {
        const watch_seat *of = &watch.board->seats[i];
        uint64_t progress = atomic_load(&of->progress);
        memory *of_it = &watch.memories[i];
        if (progress != of_it->progress || atomic_load(&of->disk) > 0) {
            of_it->progress = progress;
            of_it->since = now;
        }
        if (of_it->since > last) last = of_it->since;
    }
    return last;
}

static void forget_all(int64_t now) {
    for (int i = 0; i < watch.plan.seat_count; i++) watch.memories[i].since = now;
}

/// Whoever waits for nobody is the one that all others wait for. They speak first, as from their waiting they can tell other hosts.
static void look_for_the_stopped(int64_t now, int64_t tick) {
    for (int i = 0; i < watch.plan.seat_count; i++) {
        const watch_seat *of = &watch.board->seats[i];
        int is_silent = now - atomic_load(&of->beat) > 4 * tick + 500000000;
        if (atomic_load(&of->is_leaving) || (!is_silent && atomic_load(&of->waits) > 0)) continue;
        if (of == watch_own && now - watch.memories[i].since < watch.plan.limit / 100 * 84) continue;
        char what[80];
        snprintf(what, sizeof what, "has made no progress for %d s", seconds_of(now - watch.memories[i].since));
        announce_seat(i, what, is_silent ? "; its process is stopped, or gets no time" : "");
    }
}

static int32_t end_of_group(int32_t group) {
    return group + 1 < watch.plan.group_count ? watch.leaders[group + 1] : watch.plan.rank_count;
}

/// The ranks of the groups that have not answered, as text; empty where all have. Returns how many such groups there are.
static int name_silent(char *text, size_t capacity) {
    int named = 0;
    size_t length = 0;
    text[0] = 0;
    for (int32_t i = 0; i < watch.plan.group_count; i++) {
        if (i == watch.plan.group || cmpi_roll_call_has_answered(i)) continue;
        int32_t first = watch.leaders[i], last = end_of_group(i) - 1;
        char ranks[40];
        snprintf(ranks, sizeof ranks, first == last ? "rank %d" : "ranks %d to %d", first, last);
        if (named++ < most_named && length < capacity) {
            length += (size_t)snprintf(text + length, capacity - length, "%s%s (%s)", named > 1 ? ", " : "", ranks, host_of(first));
        }
    }
    if (named > most_named && length < capacity) snprintf(text + length, capacity - length, " and %d more hosts", named - most_named);
    return named;
}

/// All of this host wait for somebody of another one.
__attribute__((noreturn)) static void announce_wait(int64_t waited, const char *silent) {
    char place[160], reason[800];
    name_place(place, sizeof place, watch_own);
    int32_t rank = watch.plan.first_rank + watch.plan.seat;
    snprintf(reason, sizeof reason, "no word for %d s from %s: rank %d (%s) waits %s.", seconds_of(waited),
             silent[0] ? silent : "some rank, though all hosts answer", rank, host_of(rank), place);
    announce(reason);
}

/// Whether this host hears the greater part of them; of two halves the one with rank 0.
static int is_among_most(int silent_count) {
    int heard = watch.plan.group_count - silent_count;
    if (heard * 2 != watch.plan.group_count) return heard * 2 > watch.plan.group_count;
    return watch.plan.group == 0 || cmpi_roll_call_has_answered(0);
}

/// One rank of a host speaks, and hosts do it after each other. Those that hear few others are likely to be cut off: they leave
/// it to the rest for as long as launchers take to end a job, since what they say may come through all the same.
static void look_at_other_hosts(int64_t still) {
    if (watch.plan.seat > 0) return;
    cmpi_roll_call_ask();
    int64_t limit = watch.plan.limit, turn = (int64_t)watch.plan.group * 1000000000;
    if (still < limit / 100 * 88) return;
    char silent[400];
    int silent_count = name_silent(silent, sizeof silent);
    if (turn > limit / 20) turn = limit / 20;
    if (!is_among_most(silent_count)) turn = limit / 10 > 4000000000 ? limit / 10 : 4000000000;
    if (still >= limit / 100 * 88 + turn) announce_wait(still, silent);
}

static void look(int64_t now, int64_t tick) {
    look_for_the_dead(now);
    int64_t limit = watch.plan.limit;
    if (limit <= 0) return;
    int64_t still = now - take_in(now);
    if (still < limit / 2) {
        cmpi_roll_call_close();
    } else {
        cmpi_roll_call_answer();
    }
    // A little before the limit, at which the job is to have ended.
    if (still < limit / 10 * 8 || is_being_ended_now(now)) return;
    look_for_the_stopped(now, tick);
    look_at_other_hosts(still);
}

static int64_t tick_of(int64_t limit) {
    int64_t tick = limit > 0 ? limit / 50 : 500000000;
    return tick < 20000000 ? 20000000 : tick > 500000000 ? 500000000 : tick;
}

static void *keep_watch(void *unused) {
    (void)unused;
    int64_t tick = tick_of(watch.plan.limit), last = cmpi_nanoseconds();
    forget_all(last);
    struct pollfd *bell = &watch.handles[watch.plan.seat_count];
    while (1) {
        atomic_store(&watch_own->beat, last);
        poll(watch.handles, (nfds_t)watch.plan.seat_count + 1, (int)(tick / 1000000));
        if (bell->revents) return NULL;
        int64_t now = cmpi_nanoseconds();
        // Who was stopped itself, with all others perhaps, knows nothing of the time between.
        if (now - last > tick + 1000000000) forget_all(now);
        look(now, tick);
        last = now;
    }
}

// --- Starting and ending ---

static char **copied(const char *const *texts, int32_t count) {
    char **copies = calloc((size_t)count + 1, sizeof *copies);
    for (int32_t i = 0; copies && i < count; i++) copies[i] = strdup(texts[i]);
    return copies;
}

/// A handle that tells of a process's end; -1 where the system knows none, or the process is counted in another namespace.
static int handle_of(const watch_seat *of) {
    if (of == watch_own || !of->process_space || of->process_space != watch_own->process_space) return -1;
    return (int)syscall(SYS_pidfd_open, of->process, 0);
}

int cmpi_watch_start(void *memory_of_board, const cmpi_watch_plan *plan) {
    watch.plan = *plan;
    watch.board = memory_of_board;
    watch.memories = calloc((size_t)plan->seat_count, sizeof *watch.memories);
    watch.handles = calloc((size_t)plan->seat_count + 1, sizeof *watch.handles);
    watch.phases = copied(plan->phases, plan->phase_count);
    watch.hosts = copied(plan->hosts, plan->rank_count);
    watch.leaders = malloc(sizeof *watch.leaders * (size_t)plan->group_count);
    watch.plan.advice = strdup(plan->advice);
    watch.bell = eventfd(0, EFD_CLOEXEC);
    if (watch.bell < 0) return errno;
    if (!watch.memories || !watch.handles || !watch.phases || !watch.hosts || !watch.leaders) return ENOMEM;
    memcpy(watch.leaders, plan->leaders, sizeof *watch.leaders * (size_t)plan->group_count);
    for (int i = 0; i < plan->seat_count; i++) {
        watch.handles[i] = (struct pollfd){.fd = handle_of(&watch.board->seats[i]), .events = POLLIN};
    }
    watch.handles[plan->seat_count] = (struct pollfd){.fd = watch.bell, .events = POLLIN};
    int code = cmpi_create_thread(&watch.thread, keep_watch);
    watch.is_running = code == 0;
    return code;
}

/// The process ends after it: what the watch has is not freed, as other threads may still write to the seat.
void cmpi_watch_stop(void) {
    atomic_store(&watch_own->is_leaving, 1);
    if (!watch.is_running) return;
    uint64_t one = 1;
    ssize_t written = write(watch.bell, &one, sizeof one);
    (void)written; // an event counter at zero takes a one
    pthread_join(watch.thread, NULL);
    watch.is_running = 0;
}
