/// A thin C layer over Open MPI that shows only C scalars and pointers.
///
/// Handles are opaque pointers: `MPI_Comm` is a pointer in one MPI, an int in another, a macro in both, and none of that
/// reaches Swift. Every function that can fail returns an int: `CMPI_SUCCESS` or MPI's error code, for `cmpi_error_text`.
/// Counts are 64-bit: what is over the piece size (1 GiB) goes in pieces, since MPI-3 counts are ints.
/// A communicator of one rank makes no MPI call at all, so a program that no launcher started runs without MPI_Init.
/// Sections in parentheses are those of the MPI-3.1 standard.
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

// --- Starting and ending ---

/// The rank that the launcher wrote into the environment, before MPI is started; -1 where no launcher did.
int32_t cmpi_environment_rank(void);
/// The rank count that an Open MPI launcher wrote into the environment; 0 where none did.
int32_t cmpi_environment_size(void);
/// The number of tasks that a launcher (Open MPI's, PMI's, SLURM) wrote into the environment; 0 where none did.
int32_t cmpi_launched_size(void);
/// MPI_Init_thread at MPI_THREAD_FUNNELED (12.4.3), or nothing at all where no launcher started this process.
int cmpi_start(cmpi_comm **world);
/// MPI_Finalize (8.7); frees the world given.
int cmpi_finish(cmpi_comm *world);
/// A number of this start of the machine's system, the same in all containers on it; 0 where the system does not tell.
uint64_t cmpi_boot_number(void);
/// MPI_Abort (8.7) with the exit status; `exit` where MPI was not started. Does not return.
void cmpi_abort(int32_t status) __attribute__((noreturn));

int32_t cmpi_rank(const cmpi_comm *comm);
int32_t cmpi_size(const cmpi_comm *comm);
/// This host's name, ended by zero.
void cmpi_host_name(char *text, int64_t capacity);
/// MPI_Get_library_version (8.1.1), its first line; works before the start.
void cmpi_library_version(char *text, int64_t capacity);
/// MPI_Error_string (8.4) of an error code.
void cmpi_error_text(int code, char *text, int64_t capacity);
/// Sets the size of the pieces that long messages are cut into: for tests. At most INT_MAX.
void cmpi_set_piece_bytes(int64_t bytes);

// --- Communicators (6.4.2). Each new one returns errors instead of ending the job. ---

/// MPI_Comm_split: the ranks of one colour, ordered by key.
int cmpi_split(cmpi_comm *comm, int32_t colour, int32_t key, cmpi_comm **part);
/// MPI_Comm_split_type with MPI_COMM_TYPE_SHARED: the ranks that can share memory.
int cmpi_split_hosts(cmpi_comm *comm, cmpi_comm **host);
/// Frees a communicator that one of the splits made.
int cmpi_comm_free(cmpi_comm *comm);

// --- Collectives (5) over bytes ---

int cmpi_barrier(cmpi_comm *comm);
int cmpi_broadcast(cmpi_comm *comm, void *bytes, int64_t count, int32_t root);
/// Every rank gives `count` bytes; all get them in rank order.
int cmpi_allgather(cmpi_comm *comm, const void *mine, int64_t count, void *all);
/// Every rank gives `count` of its own; all get them in rank order. `counts` of all ranks is known to every rank.
int cmpi_allgatherv(cmpi_comm *comm, const void *mine, const int64_t *counts, void *all);
/// Every rank gives `counts[rank]` bytes; the root gets them in rank order.
int cmpi_gatherv(cmpi_comm *comm, const void *mine, const int64_t *counts, void *all, int32_t root);
/// The greatest value of all ranks, element by element, in place.
int cmpi_max_int64(cmpi_comm *comm, int64_t *values, int64_t count);
/// MPI_SUM of floats, whose order, and so whose bits, depend on the library and the rank count.
/// For comparison in benchmarks only.
int cmpi_benchmark_allreduce_float(cmpi_comm *comm, const float *mine, float *sum, int64_t count);

/// All transfers at once, nonblocking, and waits for them (3.7): what alltoallv does, without its int counts and
/// displacements, and touching only the peers there are. Order of the transfers between two ranks is the same on both sides.
/// Allocates nothing after the first call with as many transfers.
int cmpi_exchange(cmpi_comm *comm, const void *send_base, const cmpi_transfer *sends, int64_t send_count,
                  void *receive_base, const cmpi_transfer *receives, int64_t receive_count);

// --- Shared memory (11.2.3) ---

/// One window of `bytes` for all ranks of the communicator, which must be on one host; its base is aligned to 4096.
/// A communicator of one rank gets private memory, with huge pages where the system has them.
int cmpi_window_create(cmpi_comm *comm, int64_t bytes, cmpi_window **window);
void *cmpi_window_base(const cmpi_window *window);
/// Collective, as the creation is.
int cmpi_window_free(cmpi_window *window);
/// Touches the whole pages of a range for the first time, which places them by the caller's core. Where the backing store is full
/// it returns an errno instead of the SIGBUS that a plain write would end in. 0 if done.
int cmpi_populate(void *bytes, int64_t count);
/// The folder that backs shared windows.
const char *cmpi_backing_folder(void);
/// Bytes free in the backing folder; -1 where it cannot be asked.
int64_t cmpi_backing_available(void);

// --- A barrier in shared memory ---

/// Bytes of a barrier's state, a multiple of 64.
int64_t cmpi_barrier_state_bytes(void);
/// To be called by one process before any waits.
void cmpi_barrier_state_init(void *state);
/// Waits until `count` processes have called it: spins for `spin_ns` nanoseconds, yields a few times, then sleeps (futex).
/// What any process wrote before is seen by all after. Returns the nanoseconds waited.
int64_t cmpi_barrier_state_wait(void *state, int32_t count, int64_t spin_ns);

/// Bit mask of the cores this process may run on, `bytes` long.
void cmpi_core_mask(uint8_t *mask, int64_t bytes);
/// Nanoseconds of the monotonic clock.
int64_t cmpi_nanoseconds(void);
/// The same at the start of this process, when its libraries were loaded.
int64_t cmpi_process_start(void);

// --- Lines on a terminal ---

/// What a line of the standard error output begins with: the sequence that clears the terminal's current line, on which rank 0 may
/// show its progress, or nothing where errors do not go to a terminal. Such a terminal is this process's own, or one of which
/// the launching script says so by RNNTRAIN_ERRORS_TERMINAL=1.
const char *cmpi_error_line_start(void);

// --- Signals: handlers that set a flag and do no more ---

#define CMPI_SIGNAL_CHECKPOINT 1
#define CMPI_SIGNAL_TERMINATION 2
#define CMPI_SIGNAL_INTERRUPT 4
#define CMPI_SIGNAL_HANGUP 8

/// SIGUSR1, SIGTERM, SIGINT and SIGHUP (unless it is ignored) each set their flag. A second SIGINT ends the process. 0 if done.
int cmpi_signals_install(void);
/// The flags of the signals that came since the start.
int32_t cmpi_signals_flags(void);

// --- The watch over ranks that stop or die ---

/// Where the board of a host's watch is found by the other ranks of that host.
typedef struct {
    int64_t process;
    int64_t file; // -1 where it can't be shared
    uint64_t token;
} cmpi_watch_place;

typedef struct {
    int32_t seat;       // of this rank
    int32_t seat_count; // ranks that share the board
    int32_t first_rank; // of seat 0
    int32_t rank_count; // of the world
    int32_t group;      // number of this host's ranks, or of this rank where it watches alone
    int32_t group_count;
    int32_t exit_status;
    int64_t limit; // nanoseconds without progress after which the job ends; 0 for none
    int32_t phase_count;
    const char *const *phases; // names, by number
    const char *const *hosts;  // names, by rank
    const int32_t *leaders;    // first rank of each group, ascending
    const char *advice;        // the end of each message
} cmpi_watch_plan;

/// Makes a board, and says where it is; NULL without memory.
void *cmpi_watch_board_create(int32_t seat_count, cmpi_watch_place *place);
/// Maps another process's board; NULL where that is not allowed.
void *cmpi_watch_board_open(int32_t seat_count, const cmpi_watch_place *place);
/// From now on this rank's phases and waits go to that seat of the board.
void cmpi_watch_take_seat(void *board, int32_t seat);
/// Prepares the roll call, by which the first ranks of the groups find out which of them still answer. Collective.
int cmpi_roll_call_prepare(cmpi_comm *comm, const int32_t *leaders, int32_t count);
/// Starts the watch's thread, after all seats are taken. It takes copies of all texts. 0 if done, otherwise an errno.
int cmpi_watch_start(void *board, const cmpi_watch_plan *plan);
/// This rank begins a phase of its work; a step of 0 is not spoken of. A few stores.
void cmpi_watch_enter(int32_t phase, int64_t step);
/// This rank has come further in its phase. One store.
void cmpi_watch_progress(void);
/// Between the two this rank waits for a disk, as long as that takes: it counts as going on.
void cmpi_watch_disk_begins(void);
void cmpi_watch_disk_ends(void);
/// Tells the hosts that ask in a roll call that this one goes on; to be called now and then while this rank waits for a disk.
void cmpi_roll_call_go_on(void);

/// Whether this process may have so many threads more, at most 16, at once: 0, or an errno. They end before it returns.
int cmpi_probe_threads(int32_t count);

/// Starts a thread that ends this process, with one line, when `cmpi_start_watch_end` is not called within the limit (nanoseconds).
/// `advice` ends the line, and must outlive the watch. 0 if done, otherwise an errno.
int cmpi_start_watch_begin(int64_t limit, int32_t exit_status, const char *advice);
/// Ends that thread; nothing where it was not started.
void cmpi_start_watch_end(void);

#endif
