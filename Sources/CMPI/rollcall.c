// The roll call: which other groups of ranks still answer, when all of this one wait for somebody; and who says why the job ends.
//
// A group is what shares a watch's board: the ranks of a host. Its first rank asks the first ranks of the others, by messages
// of a communicator of their own, from within the calls that wait for other ranks: so nobody answers who computes, is stopped
// or is cut off. Without it a rank would blame the one it waits for itself, which may be waiting for a third one.
#include <stdatomic.h>
#include <stdlib.h>

#include "internal.h"

enum { closed, answering, asking, telling };
enum { question_tag, answer_tag, told_tag, going_on_tag };

static struct {
    MPI_Comm comm;
    int32_t count;      // of groups
    int32_t *leaders;   // the first rank of each group
    int32_t *questions; // what is being sent to each of them
    int32_t *answers;
    _Atomic int32_t *answered; // the last round in which each of them answered
    int32_t asked;             // the last round in which they were asked
    int has_told;
} call = {.comm = MPI_COMM_NULL};

/// Set by the watch's thread.
static _Atomic int32_t state = closed, call_round = 0;

int cmpi_roll_call_prepare(cmpi_comm *comm, const int32_t *leaders, int32_t count) {
    if (comm->size == 1) return MPI_SUCCESS;
    CMPI_TRY(cmpi_barrier(comm)); // where a long wait answers
    CMPI_TRY_WAITING(MPI_Comm_dup(comm->comm, &call.comm));
    call.leaders = calloc((size_t)count, sizeof *call.leaders);
    call.questions = calloc((size_t)count, sizeof *call.questions);
    call.answers = calloc((size_t)count, sizeof *call.answers);
    call.answered = calloc((size_t)count, sizeof *call.answered);
    if (!call.leaders || !call.questions || !call.answers || !call.answered) return MPI_ERR_NO_MEM;
    for (int32_t i = 0; i < count; i++) call.leaders[i] = leaders[i];
    call.count = count;
    return MPI_SUCCESS;
}

// --- What the watch's thread calls ---

void cmpi_roll_call_close(void) { atomic_store(&state, closed); }

void cmpi_roll_call_answer(void) {
    if (atomic_load(&state) == closed) atomic_store(&state, answering);
}

void cmpi_roll_call_ask(void) {
    if (atomic_load(&state) == asking) return;
    atomic_fetch_add(&call_round, 1);
    atomic_store(&state, asking);
}

void cmpi_roll_call_tell(void) { atomic_store(&state, telling); }

int cmpi_roll_call_has_answered(int32_t group) {
    return group < call.count && atomic_load(&call.answered[group]) == atomic_load(&call_round);
}

// --- What the rank's own thread does while it waits ---

/// Sends a word that nobody waits for: a peer that is gone may never take it. The word's place outlives the sending.
static void send_word(int32_t *word, int32_t value, int32_t rank, int tag) {
    MPI_Request request;
    *word = value;
    if (MPI_Isend(word, 1, MPI_INT32_T, rank, tag, call.comm, &request) == MPI_SUCCESS) MPI_Request_free(&request);
}

static void send_all(int32_t value, int32_t own_rank, int tag) {
    for (int32_t i = 0; i < call.count; i++) {
        if (call.leaders[i] != own_rank) send_word(&call.questions[i], value, call.leaders[i], tag);
    }
}

static void ask_or_tell(int32_t what, int32_t own_rank) {
    int32_t round = atomic_load(&call_round);
    if (what == asking && call.asked != round) {
        call.asked = round;
        send_all(round, own_rank, question_tag);
    }
    if (what == telling && !call.has_told) {
        call.has_told = 1;
        send_all(round, own_rank, told_tag);
    }
}

static int32_t group_led_by(int32_t rank) {
    int32_t i = 0;
    while (i < call.count && call.leaders[i] != rank) i++;
    return i;
}

/// - is_going_on: this rank does not wait for others, and says so.
static void take_word(const MPI_Status *status, int is_going_on) {
    int32_t word = 0, group = group_led_by(status->MPI_SOURCE);
    if (MPI_Recv(&word, 1, MPI_INT32_T, status->MPI_SOURCE, status->MPI_TAG, call.comm, MPI_STATUS_IGNORE) != MPI_SUCCESS) return;
    if (status->MPI_TAG == told_tag) {
        cmpi_watch_heed();
    } else if (group == call.count) {
        return; // only the first ranks ask and are asked
    } else if (status->MPI_TAG == question_tag) {
        send_word(&call.answers[group], word, status->MPI_SOURCE, is_going_on ? going_on_tag : answer_tag);
    } else {
        atomic_store(&call.answered[group], word);
        if (status->MPI_TAG == going_on_tag) cmpi_watch_progress();
    }
}

static void take_words(int is_going_on) {
    MPI_Status status;
    for (int is_there = 1; is_there;) {
        if (MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, call.comm, &is_there, &status) != MPI_SUCCESS) return;
        if (is_there) take_word(&status, is_going_on);
    }
}

void cmpi_roll_call_go_on(void) {
    if (call.comm != MPI_COMM_NULL) take_words(1);
}

int cmpi_roll_call_serve(void) {
    int32_t now = atomic_load_explicit(&state, memory_order_relaxed);
    if (now == closed || call.comm == MPI_COMM_NULL) return 0;
    int rank;
    MPI_Comm_rank(call.comm, &rank);
    ask_or_tell(now, rank);
    take_words(0);
    return 1;
}

int cmpi_wait_all(MPI_Request *requests, int count) {
    cmpi_wait_begins();
    int code = MPI_SUCCESS;
    for (int is_done = 0; code == MPI_SUCCESS && !is_done;) {
        code = MPI_Testall(count, requests, &is_done, MPI_STATUSES_IGNORE);
        if (!is_done) cmpi_roll_call_serve();
    }
    cmpi_wait_ends();
    return code;
}
