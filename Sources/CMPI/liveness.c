// The liveness check: when all ranks of a group wait, it finds out which other groups still answer, and informs them of a report.
//
// A group is the set of ranks that share a status table: the ranks of a host. Its first rank polls the first ranks of the other groups, by messages on
// a separate communicator. The messages are sent and answered inside calls that wait for other ranks, so a rank that computes, is stopped or is
// disconnected does not answer. Without this check a rank would blame the rank that it waits for, which may itself wait for a third rank.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

enum { idle_state, answering_state, polling_state, reporting_state };
enum { question_tag, answer_tag, reported_tag, busy_tag };

static struct {
    MPI_Comm comm;
    int32_t count;      // number of groups
    int32_t *leaders;   // the first rank of each group
    int32_t *questions; // send buffer of the question to each group
    int32_t *answers;   // send buffer of the answer to each group
    _Atomic int32_t *answered; // the last round in which each group answered
    int32_t asked;             // the last round in which this rank sent questions
    int has_reported;
} liveness = {.comm = MPI_COMM_NULL};

/// Written by the watchdog's thread.
static _Atomic int32_t state = idle_state, poll_round = 0;

int cmpi_liveness_prepare(cmpi_comm *comm, const int32_t *leaders, int32_t count) {
    if (comm->size == 1) return MPI_SUCCESS;
    CMPI_TRY(cmpi_barrier(comm)); // a long wait happens here, where this rank answers polls
    CMPI_TRY_WAITING(MPI_Comm_dup(comm->comm, &liveness.comm));
    liveness.leaders = calloc((size_t)count, sizeof *liveness.leaders);
    liveness.questions = calloc((size_t)count, sizeof *liveness.questions);
    liveness.answers = calloc((size_t)count, sizeof *liveness.answers);
    liveness.answered = calloc((size_t)count, sizeof *liveness.answered);
    if (!liveness.leaders || !liveness.questions || !liveness.answers || !liveness.answered) return MPI_ERR_NO_MEM;
    for (int32_t i = 0; i < count; i++) liveness.leaders[i] = leaders[i];
    liveness.count = count;
    return MPI_SUCCESS;
}

// --- Called by the watchdog's thread ---

void cmpi_liveness_set_idle(void) { atomic_store(&state, idle_state); }

void cmpi_liveness_set_answering(void) { atomic_store(&state, answering_state); }

void cmpi_liveness_set_polling(void) {
    if (atomic_load(&state) == polling_state) return;
    atomic_fetch_add(&poll_round, 1);
    atomic_store(&state, polling_state);
}

void cmpi_liveness_set_reporting(void) { atomic_store(&state, reporting_state); }

int cmpi_liveness_has_answered(int32_t group) {
    return group < liveness.count && atomic_load(&liveness.answered[group]) == atomic_load(&poll_round);
}

// --- Called by the rank's main thread while it waits ---

/// Sends without waiting for completion, because a dead peer may never receive the message. The send buffer `word` stays valid.
static void send_unawaited(int32_t *word, int32_t value, int32_t rank, int tag) {
    MPI_Request request;
    *word = value;
    if (MPI_Isend(word, 1, MPI_INT32_T, rank, tag, liveness.comm, &request) == MPI_SUCCESS) MPI_Request_free(&request);
}

static void send_all(int32_t value, int32_t own_rank, int tag) {
    for (int32_t i = 0; i < liveness.count; i++) {
        if (liveness.leaders[i] != own_rank) send_unawaited(&liveness.questions[i], value, liveness.leaders[i], tag);
    }
}

static void send_poll_or_report(int32_t what, int32_t own_rank) {
    int32_t round = atomic_load(&poll_round);
    if (what == polling_state && liveness.asked != round) {
        liveness.asked = round;
        send_all(round, own_rank, question_tag);
    }
    if (what == reporting_state && !liveness.has_reported) {
        liveness.has_reported = 1;
        send_all(round, own_rank, reported_tag);
    }
}

static int32_t group_of_leader(int32_t rank) {
    int32_t i = 0;
    while (i < liveness.count && liveness.leaders[i] != rank) i++;
    return i;
}

/// Receives a message and answers it. `is_busy`: this rank does not wait for other ranks, and the answer says so. It says the same if another rank
/// of the group waits for a disk.
static void receive_one(const MPI_Status *status, int is_busy) {
    int32_t word = 0, group = group_of_leader(status->MPI_SOURCE);
    if (MPI_Recv(&word, 1, MPI_INT32_T, status->MPI_SOURCE, status->MPI_TAG, liveness.comm, MPI_STATUS_IGNORE) != MPI_SUCCESS) return;
    if (status->MPI_TAG == reported_tag) {
        cmpi_watchdog_mark_reported();
    } else if (group == liveness.count) {
        return; // only the first ranks of groups take part
    } else if (status->MPI_TAG == question_tag) {
        int tag = is_busy || cmpi_watchdog_disk_is_awaited() ? busy_tag : answer_tag;
        send_unawaited(&liveness.answers[group], word, status->MPI_SOURCE, tag);
    } else {
        atomic_store(&liveness.answered[group], word);
        if (status->MPI_TAG == busy_tag) cmpi_watchdog_progress();
    }
}

static void receive_all(int is_busy) {
    MPI_Status status;
    for (int is_there = 1; is_there;) {
        if (MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, liveness.comm, &is_there, &status) != MPI_SUCCESS) return;
        if (is_there) receive_one(&status, is_busy);
    }
}

int cmpi_liveness_may_be_polled(void) { return liveness.count > 1 && liveness.comm != MPI_COMM_NULL && syscall(SYS_gettid) == getpid(); }

typedef struct {
    void (*work)(void *);
    void *context;
} errand;

static void *run_errand(void *argument) {
    const errand *errand = argument;
    errand->work(errand->context);
    return NULL;
}

int cmpi_liveness_answer_during(void (*work)(void *), void *context) {
    if (!cmpi_liveness_may_be_polled()) return 0;
    pthread_t thread;
    errand errand = {work, context};
    if (cmpi_create_thread(&thread, run_errand, &errand) != 0) return 0;
    while (1) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 20000000;
        if (until.tv_nsec >= 1000000000) until = (struct timespec){until.tv_sec + 1, until.tv_nsec - 1000000000};
        if (pthread_timedjoin_np(thread, NULL, &until) == 0) return 1;
        receive_all(1);
    }
}

int cmpi_liveness_serve(void) {
    int32_t now = atomic_load_explicit(&state, memory_order_relaxed);
    if (now == idle_state || liveness.comm == MPI_COMM_NULL) return 0;
    int rank;
    MPI_Comm_rank(liveness.comm, &rank);
    send_poll_or_report(now, rank);
    receive_all(0);
    return 1;
}

int cmpi_wait_all(MPI_Request *requests, int count) {
    cmpi_wait_begin();
    int code = MPI_SUCCESS;
    for (int is_done = 0; code == MPI_SUCCESS && !is_done;) {
        code = MPI_Testall(count, requests, &is_done, MPI_STATUSES_IGNORE);
        if (!is_done) cmpi_liveness_serve();
    }
    cmpi_wait_end();
    return code;
}
