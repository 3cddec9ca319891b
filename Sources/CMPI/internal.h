// Declarations that are internal to this target.
#ifndef CMPI_INTERNAL_H
#define CMPI_INTERNAL_H

#include <mpi.h>
#include <pthread.h>

#include "CMPI.h"

struct cmpi_comm {
    MPI_Comm comm; // MPI_COMM_NULL in a communicator of one rank
    int rank;
    int size;
    MPI_Request *requests; // buffer of cmpi_exchange, which grows when needed
    int64_t request_capacity;
};

/// Returns MPI's error code from the enclosing function if the call fails.
#define CMPI_TRY(call)                                                                                                 \
    do {                                                                                                               \
        int cmpi_try_code = (call);                                                                                    \
        if (cmpi_try_code != MPI_SUCCESS) return cmpi_try_code;                                                        \
    } while (0)

/// Enclose every call that waits for other ranks. They tell the watchdog that this rank waits.
void cmpi_wait_begin(void);
void cmpi_wait_end(void);

/// Like CMPI_TRY, for a call that waits for other ranks.
#define CMPI_TRY_WAITING(call)                                                                                         \
    do {                                                                                                               \
        cmpi_wait_begin();                                                                                            \
        int cmpi_waiting_code = (call);                                                                                \
        cmpi_wait_end();                                                                                              \
        if (cmpi_waiting_code != MPI_SUCCESS) return cmpi_waiting_code;                                                \
    } while (0)

/// Waits for all requests, as MPI_Waitall does, and takes part in liveness checks.
int cmpi_wait_all(MPI_Request *requests, int count);

/// Sends and answers polls, inside a call that waits. Returns 0 if no liveness check is active.
int cmpi_liveness_serve(void);
/// Called by the watchdog's thread: from now on the rank ignores polls, answers them, or also polls. Each change to polling begins a new round.
void cmpi_liveness_set_idle(void);
void cmpi_liveness_set_answering(void);
void cmpi_liveness_set_polling(void);
/// Informs the other groups that this group reports why the job ends.
void cmpi_liveness_set_reporting(void);
/// Records that another rank reports why the job ends.
void cmpi_watchdog_mark_reported(void);
/// Creates a thread with all signals blocked except those of its own faults, so that the main thread receives them. Returns 0, or an errno.
int cmpi_create_thread(pthread_t *thread, void *(*body)(void *), void *argument);
/// Whether a rank of this host waits for a disk.
int cmpi_watchdog_disk_is_awaited(void);
/// Whether a group has answered in the current round.
int cmpi_liveness_has_answered(int32_t group);

/// Records that this rank is about to call MPI_Finalize. If it dies from then on, the launcher has time to end the job before that is reported.
void cmpi_watchdog_end_work(void);
/// Stops the watchdog's thread, before the process exits.
void cmpi_watchdog_stop(void);
/// Disables the reports of the watchdog: this process ends the job and has already printed the reason.
void cmpi_watchdog_disable(void);
/// Whether this process handles the stop signals, as each rank of a job does.
int cmpi_signals_are_held(void);
/// The time of the first stop signal, in nanoseconds; 0 if there was none.
int64_t cmpi_signals_stop_time(void);
/// The time of the first signal of any kind, in nanoseconds; 0 if there was none.
int64_t cmpi_signals_first_time(void);
/// The index of the signal that the user sent, in the order of the flags. SIGTERM comes last, because the launcher may send it after any other
/// signal.
int cmpi_signals_sent(void);

/// The maximum size of the pieces of a long message.
int64_t cmpi_piece_bytes(void);

#endif
