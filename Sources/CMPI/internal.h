// What the files of this target share; not seen outside it.
#ifndef CMPI_INTERNAL_H
#define CMPI_INTERNAL_H

#include <mpi.h>
#include <pthread.h>

#include "CMPI.h"

struct cmpi_comm {
    MPI_Comm comm; // MPI_COMM_NULL in a process that no launcher started
    int rank;
    int size;
    MPI_Request *requests; // of cmpi_exchange, grown when needed
    int64_t request_capacity;
};

/// Leaves with MPI's error code when a call fails.
#define CMPI_TRY(call)                                                                                                 \
    do {                                                                                                               \
        int cmpi_try_code = (call);                                                                                    \
        if (cmpi_try_code != MPI_SUCCESS) return cmpi_try_code;                                                        \
    } while (0)

/// Around every call that waits for other ranks: tells the watch that this rank is not the one that others wait for.
void cmpi_wait_begins(void);
void cmpi_wait_ends(void);

/// Leaves with MPI's error code when a call that waits for other ranks fails.
#define CMPI_TRY_WAITING(call)                                                                                         \
    do {                                                                                                               \
        cmpi_wait_begins();                                                                                            \
        int cmpi_waiting_code = (call);                                                                                \
        cmpi_wait_ends();                                                                                              \
        if (cmpi_waiting_code != MPI_SUCCESS) return cmpi_waiting_code;                                                \
    } while (0)

/// Waits for all requests, as MPI_Waitall does, and answers the roll call.
int cmpi_wait_all(MPI_Request *requests, int count);

/// Asks and answers, from within a call that waits; returns 0 where there is no roll call now.
int cmpi_roll_call_serve(void);
/// For the watch's thread: whether the rank answers, and asks itself; a new round begins with each change to asking.
void cmpi_roll_call_close(void);
void cmpi_roll_call_answer(void);
void cmpi_roll_call_ask(void);
/// Tells the other groups that this one says why the job ends; they heed it.
void cmpi_roll_call_tell(void);
void cmpi_watch_heed(void);
/// Creates a thread that takes no signals, which are for the rank's own thread. 0 if done, otherwise an errno.
int cmpi_create_thread(pthread_t *thread, void *(*body)(void *));
/// Whether a group has answered in this round.
int cmpi_roll_call_has_answered(int32_t group);

/// Ends the watch's thread, before the process ends.
void cmpi_watch_stop(void);
/// This process is about to end the job for a reason that it has told.
void cmpi_watch_silence(void);
/// Nanoseconds at which the first signal to stop came; 0 before.
int64_t cmpi_signals_stop_time(void);

/// Length of the longest piece of a message.
int64_t cmpi_piece_bytes(void);

#endif
