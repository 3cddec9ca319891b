/// A thin C layer over MPI that exposes only C scalars and pointers.
///
/// Handles are opaque pointers: `MPI_Comm` is a pointer in Open MPI, an int in MPICH, and a macro in both, which Swift cannot use.
/// A function that can fail returns an int: `CMPI_SUCCESS` or MPI's error code, for `cmpi_error_text`.
/// Counts are 64-bit. Because counts of MPI-3 are ints, messages longer than the piece size (1 GiB) are sent in pieces.
/// A communicator of one rank makes no MPI call, so a program without a launcher runs without MPI_Init.
/// Section numbers in parentheses are those of the MPI-3.1 standard.
#ifndef CMPI_H
#define CMPI_H

#include <stdint.h>

#define CMPI_SUCCESS 0

/// A communicator with its rank and size.
typedef struct cmpi_comm cmpi_comm;
/// Memory that all ranks of a communicator on one host read and write.
typedef struct cmpi_window cmpi_window;

/// One contiguous message of a sparse exchange: `bytes` at `offset` from the base pointer, to or from `peer`.
typedef struct {
    int64_t peer;
    int64_t offset;
    int64_t bytes;
} cmpi_transfer;

// --- Start and end ---

/// The rank in the launcher's environment variables, available before the start; -1 without a launcher.
int32_t cmpi_launcher_rank(void);
/// The number of tasks in the environment variables of a launcher (Open MPI's, PMI's, SLURM); 0 without one.
int32_t cmpi_launcher_size(void);
/// The number of ranks in the environment variables of Open MPI's mpirun; 0 without one.
int32_t cmpi_mpirun_size(void);
/// MPI_Init_thread at MPI_THREAD_FUNNELED (12.4.3). Without a launcher it does not start MPI.
int cmpi_start(cmpi_comm **world);
/// MPI_Finalize (8.7). Frees the world.
int cmpi_finish(cmpi_comm *world);
/// A number derived from the boot id of the machine, the same in all containers on it; 0 if the system does not report a boot id.
uint64_t cmpi_boot_number(void);
/// MPI_Abort (8.7) with the exit status, or `_exit` if MPI was not started. Does not return.
void cmpi_abort(int32_t status) __attribute__((noreturn));

int32_t cmpi_rank(const cmpi_comm *comm);
int32_t cmpi_size(const cmpi_comm *comm);
/// The name of this host, zero-terminated.
void cmpi_host_name(char *text, int64_t capacity);
/// The first line of MPI_Get_library_version (8.1.1). Available before the start.
void cmpi_library_version(char *text, int64_t capacity);
/// MPI_Error_string (8.4) of an error code.
void cmpi_error_text(int code, char *text, int64_t capacity);
/// Sets the piece size of long messages, at most INT_MAX. For tests.
void cmpi_set_piece_bytes(int64_t bytes);

// --- Communicators (6.4.2). Each new communicator returns errors instead of ending the job. ---

/// MPI_Comm_split: the ranks of one colour, ordered by key.
int cmpi_split(cmpi_comm *comm, int32_t colour, int32_t key, cmpi_comm **part);
/// MPI_Comm_split_type with MPI_COMM_TYPE_SHARED: the ranks that can share memory.
int cmpi_split_hosts(cmpi_comm *comm, cmpi_comm **host);
/// Frees a communicator that cmpi_split or cmpi_split_hosts created.
int cmpi_comm_free(cmpi_comm *comm);

// --- Collectives (5) over bytes ---

int cmpi_barrier(cmpi_comm *comm);
int cmpi_broadcast(cmpi_comm *comm, void *bytes, int64_t count, int32_t root);
/// Every rank contributes `count` bytes. All ranks receive all bytes in rank order.
int cmpi_allgather(cmpi_comm *comm, const void *mine, int64_t count, void *all);
/// Every rank contributes `counts[rank]` bytes. The root receives all bytes in rank order. All ranks pass the same `counts`.
int cmpi_gatherv(cmpi_comm *comm, const void *mine, const int64_t *counts, void *all, int32_t root);
/// The element-wise maximum over all ranks, in place.
int cmpi_max_int64(cmpi_comm *comm, int64_t *values, int64_t count);
/// MPI_Allreduce with MPI_SUM, for comparison in benchmarks only. The order of the sum, and so its bits, depend on the library and the rank count.
int cmpi_benchmark_allreduce_float(cmpi_comm *comm, const float *mine, float *sum, int64_t count);

/// Runs all transfers with nonblocking calls, and waits for them (3.7).
///
/// Like MPI_Alltoallv, without its int counts and displacements, and with messages only between ranks that exchange data.
/// The transfers between two ranks have the same order on both sides. Allocates nothing after the first call with as many transfers.
int cmpi_exchange(cmpi_comm *comm, const void *send_base, const cmpi_transfer *sends, int64_t send_count,
                  void *receive_base, const cmpi_transfer *receives, int64_t receive_count);

// --- Shared memory (11.2.3) ---

/// Allocates one window of `bytes` for all ranks of the communicator, which must be on one host. Its base is aligned to 4096. Collective.
/// A communicator of one rank gets private memory, with huge pages if the system has them.
int cmpi_window_create(cmpi_comm *comm, int64_t bytes, cmpi_window **window);
void *cmpi_window_base(const cmpi_window *window);
/// Frees the window. Collective.
int cmpi_window_free(cmpi_window *window);
/// Touches the whole pages of a range for the first time, which places them near the caller's core. Returns 0, or an errno.
/// If the backing store is full it returns an errno, where a plain write would raise SIGBUS.
int cmpi_populate(void *bytes, int64_t count);
/// The folder that backs shared windows.
const char *cmpi_backing_folder(void);
/// Whether this process may create files in the backing folder. If not, Open MPI fails, or silently uses another folder.
int cmpi_backing_is_writable(void);
/// The free bytes in the backing folder; 0 if no file can be created in it, -1 if the system does not report them.
int64_t cmpi_backing_available(void);

// --- A barrier in shared memory ---

/// Bytes of the state of a barrier, a multiple of 64. The initial state is all zero.
int64_t cmpi_shared_barrier_bytes(void);
/// Waits until `count` processes have called it: spins for `spin_ns` nanoseconds, yields a few times, then sleeps (futex).
/// After it, every process sees what the other processes wrote before it. Returns the nanoseconds waited.
int64_t cmpi_shared_barrier_wait(void *state, int32_t count, int64_t spin_ns);

/// The bit mask, of `bytes` bytes, of the cores that this process may run on.
void cmpi_core_mask(uint8_t *mask, int64_t bytes);
/// The monotonic clock, in nanoseconds.
int64_t cmpi_nanoseconds(void);
/// The value of cmpi_nanoseconds when this process loaded its libraries.
int64_t cmpi_process_start(void);

// --- Lines on a terminal ---

/// The text to print before a line on standard error. On a terminal it clears the current line, which may be the progress line of rank 0; otherwise
/// it is empty. RNNTRAIN_ERRORS_TERMINAL=1 means that the launching script forwards standard error to a terminal.
const char *cmpi_error_line_start(void);
/// Writes all bytes to standard error, with one system call if there is room. If there is none, because the reader pauses, a rank of a job waits
/// at most two seconds, and then omits the rest; so does every process whose standard error is non-blocking. A signal handler may call it.
void cmpi_write_error(const char *bytes, int64_t count);
/// The same for the last line of a process whose work has ended: nothing else waits for it, so it waits until the reader continues, or closes, or a
/// further signal comes. If a signal has requested the end, it waits so long at a terminal only. Calls cmpi_signals_note_end.
void cmpi_write_last_error(const char *bytes, int64_t count);

// --- Signals: the handlers of a job only set a flag ---

#define CMPI_SIGNAL_CHECKPOINT 1
#define CMPI_SIGNAL_TERMINATION 2
#define CMPI_SIGNAL_INTERRUPT 4
#define CMPI_SIGNAL_HANGUP 8
#define CMPI_SIGNAL_USER 16
#define CMPI_SIGNAL_CPU_LIMIT 32
#define CMPI_SIGNAL_COUNT 6

/// Installs handlers for SIGUSR1, SIGTERM and SIGINT and, unless they are ignored, SIGHUP, SIGUSR2 and SIGXCPU. A second SIGINT, a second or more
/// after the first, ends the process. If the CPU time has a hard limit, makes the system send SIGXCPU before it. Returns 0 on success.
int cmpi_signals_install(void);
/// Until cmpi_signals_install or cmpi_signals_release, these signals end the process with `status`, after the line of the signal on standard error.
/// The lines, in the order of the flags, must remain valid. Returns 0 on success.
int cmpi_signals_end_process(const char *const lines[CMPI_SIGNAL_COUNT], int32_t status);
/// Restores the dispositions and the limit of CPU time from before the handlers, and sends this process the signals that it received meanwhile.
/// Returns 0 on success.
int cmpi_signals_release(void);
/// The flags of all signals received since the start.
int32_t cmpi_signals_flags(void);
/// The work of this process has ended. Calls after the first one have no effect.
void cmpi_signals_note_end(void);
/// The number of signals received since cmpi_signals_note_end; 0 before it. A signal then ends the waits for readers of the output.
int32_t cmpi_signals_after_end(void);

// --- The watchdog: ends the job if a rank stops or dies ---

/// The location of a host's status table, for the other ranks of the host.
typedef struct {
    int64_t process;
    int64_t file; // -1 if other processes cannot open it
    uint64_t token;
} cmpi_watchdog_table_location;

typedef struct {
    int32_t slot;       // of this rank
    int32_t slot_count; // ranks that share the table
    int32_t first_rank; // of slot 0
    int32_t rank_count; // of the world
    int32_t group;      // index of the ranks that share this table
    int32_t group_count;
    int32_t exit_status;
    int64_t limit; // nanoseconds without progress after which the job ends; 0 for none
    int32_t phase_count;
    const char *const *phases; // names, by number
    const char *const *hosts;  // names, by rank
    const int32_t *leaders;    // first rank of each group, ascending
    const char *advice;        // the end of each message
} cmpi_watchdog_plan;

/// Creates a status table and returns its location. NULL if there is no memory.
void *cmpi_watchdog_table_create(int32_t slot_count, cmpi_watchdog_table_location *location);
/// Maps the table of another process. NULL if the system does not allow it.
void *cmpi_watchdog_table_open(int32_t slot_count, const cmpi_watchdog_table_location *location);
/// Makes this rank report its phases and waits in a slot of the table.
void cmpi_watchdog_take_slot(void *table, int32_t slot);
/// Prepares the liveness check, by which the first ranks of the groups find out which groups still answer. Collective.
int cmpi_liveness_prepare(cmpi_comm *comm, const int32_t *leaders, int32_t count);
/// Starts the watchdog's thread. Requires that all ranks have taken their slots. Copies all texts. Returns 0, or an errno.
int cmpi_watchdog_start(void *table, const cmpi_watchdog_plan *plan);
/// The time before the work of a job, in which nothing is lost if it ends.
typedef struct {
    const char *lines[CMPI_SIGNAL_COUNT]; // the reasons of the signals, in the order of the flags
    int32_t exit_status;  // after a signal
    const char *advice;   // the end of other messages
    int64_t deadline;     // when this time must have ended, in nanoseconds of the monotonic clock; 0 for no deadline
    const char *deadline_line;
    int32_t deadline_status;
} cmpi_watchdog_preparation;

/// Makes the watchdog end the job if a stop signal has had no effect for three seconds, or three seconds after the deadline, until
/// `cmpi_watchdog_begin_work`. Copies all texts.
/// To be called before `cmpi_watchdog_start`.
void cmpi_watchdog_prepare_work(const cmpi_watchdog_preparation *preparation);
/// From now on, the deadline does not end the job: it has another error.
void cmpi_watchdog_forget_deadline(void);
/// From now on, stop signals are left to the work.
void cmpi_watchdog_begin_work(void);
/// Reports that this rank begins a phase. Messages omit a step of 0. Costs a few stores.
void cmpi_watchdog_enter_phase(int32_t phase, int64_t step);
/// Reports progress within a phase. Costs one store.
void cmpi_watchdog_progress(void);
/// Between these two calls this rank waits for a disk. The watchdog does not limit this wait.
void cmpi_watchdog_disk_wait_begin(void);
void cmpi_watchdog_disk_wait_end(void);
/// Runs `work` on another thread, and until it ends answers the liveness polls of other hosts: this rank is busy. Does not run `work` and returns 0 if
/// no other host can poll this thread, or if the system refuses a thread.
int cmpi_liveness_answer_during(void (*work)(void *), void *context);
/// Whether other hosts may poll this thread: it is the main thread of a job of several hosts. Costs a load in a job of one host.
int cmpi_liveness_may_be_polled(void);

/// Whether this process may create `count` more threads, at most 16. Returns 0, or an errno. The test threads end before it returns.
int cmpi_probe_threads(int32_t count);

/// Starts a thread that ends this process with a message unless `cmpi_startup_watchdog_stop` is called within the limit (nanoseconds).
/// `advice` is the end of the message, and must remain valid. Returns 0, or an errno.
int cmpi_startup_watchdog_start(int64_t limit, int32_t exit_status, const char *advice);
/// Stops that thread. Does nothing if it was not started.
void cmpi_startup_watchdog_stop(void);

#endif
