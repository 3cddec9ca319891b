// Start and end of MPI, names of host and library, communicators.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "internal.h"

_Static_assert(CMPI_SUCCESS == MPI_SUCCESS, "CMPI_SUCCESS equals MPI_SUCCESS");

static int mpi_started = 0;

/// The value of the first environment variable that holds a number; `otherwise` if none does.
static int32_t number_in_environment(const char *const *names, int32_t otherwise) {
    for (; *names; names++) {
        const char *text = getenv(*names);
        if (!text || !*text) continue;
        char *end;
        long value = strtol(text, &end, 10);
        if (!*end && value >= 0 && value <= INT32_MAX) return (int32_t)value;
    }
    return otherwise;
}

int32_t cmpi_launcher_rank(void) {
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID", NULL};
    return number_in_environment(names, -1);
}

int32_t cmpi_mpirun_size(void) {
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", NULL};
    return number_in_environment(names, 0);
}

int32_t cmpi_launcher_size(void) {
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS", NULL};
    return number_in_environment(names, 0);
}

static cmpi_comm *comm_alone(void) {
    cmpi_comm *comm = calloc(1, sizeof *comm);
    if (!comm) return NULL;
    comm->comm = MPI_COMM_NULL;
    comm->size = 1;
    return comm;
}

static int comm_around(MPI_Comm handle, cmpi_comm **out) {
    CMPI_TRY(MPI_Comm_set_errhandler(handle, MPI_ERRORS_RETURN));
    cmpi_comm *comm = comm_alone();
    if (!comm) return MPI_ERR_NO_MEM;
    comm->comm = handle;
    int code = MPI_Comm_rank(handle, &comm->rank);
    if (code == MPI_SUCCESS) code = MPI_Comm_size(handle, &comm->size);
    if (code != MPI_SUCCESS) {
        free(comm);
        return code;
    }
    *out = comm;
    return MPI_SUCCESS;
}

/// Switches off a feature of Open MPI 4 that containers often forbid: its shared-memory transport copies with process_vm_readv, and each large message
/// then fails with "Read -1, expected N, errno = 1" (Open MPI issue 4948). The process tries the call on itself first.
static void avoid_forbidden_single_copy(void) {
    char from = 1, to = 0;
    struct iovec local = {&to, 1}, remote = {&from, 1};
    if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) != 1) {
        setenv("OMPI_MCA_btl_vader_single_copy_mechanism", "none", 0);
    }
}

int cmpi_start(cmpi_comm **world) {
    if (cmpi_launcher_rank() < 0 && cmpi_launcher_size() == 0) {
        *world = comm_alone();
        return *world ? MPI_SUCCESS : MPI_ERR_NO_MEM;
    }
    avoid_forbidden_single_copy();
    int provided;
    CMPI_TRY(MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided));
    mpi_started = 1;
    // Errors that belong to no communicator are raised on MPI_COMM_WORLD.
    CMPI_TRY(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
    return comm_around(MPI_COMM_WORLD, world);
}

int cmpi_finish(cmpi_comm *world) {
    CMPI_TRY(cmpi_comm_free(world));
    if (!mpi_started) return MPI_SUCCESS;
    mpi_started = 0;
    cmpi_watchdog_end_work();
    cmpi_wait_begin();
    int code = MPI_Finalize();
    cmpi_wait_end();
    cmpi_watchdog_stop();
    return code;
}

void cmpi_abort(int32_t status) {
    cmpi_watchdog_disable();
    if (mpi_started) MPI_Abort(MPI_COMM_WORLD, status);
    _exit(status);
}

int32_t cmpi_rank(const cmpi_comm *comm) { return comm->rank; }

int32_t cmpi_size(const cmpi_comm *comm) { return comm->size; }

static void copy_first_line(const char *source, char *text, int64_t capacity) {
    int64_t i = 0;
    for (; i + 1 < capacity && source[i] && source[i] != '\n'; i++) text[i] = source[i];
    if (capacity > 0) text[i] = 0;
}

void cmpi_host_name(char *text, int64_t capacity) {
    char name[256] = "";
    if (gethostname(name, sizeof name - 1) != 0 || !name[0]) strcpy(name, "unknown host");
    copy_first_line(name, text, capacity);
}

uint64_t cmpi_boot_number(void) {
    char text[64] = "";
    int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    uint64_t number = 0;
    for (ssize_t i = 0; i < length; i++) { // FNV-1a over the text
        number = (number ? number : 14695981039346656037u) ^ (unsigned char)text[i];
        number *= 1099511628211u;
    }
    return number;
}

void cmpi_library_version(char *text, int64_t capacity) {
    char version[MPI_MAX_LIBRARY_VERSION_STRING + 1] = "";
    int length = 0;
    if (MPI_Get_library_version(version, &length) != MPI_SUCCESS) strcpy(version, "unknown MPI");
    copy_first_line(version, text, capacity);
}

void cmpi_error_text(int code, char *text, int64_t capacity) {
    char message[MPI_MAX_ERROR_STRING + 1] = "";
    int length = 0;
    if (!mpi_started || MPI_Error_string(code, message, &length) != MPI_SUCCESS) strcpy(message, "unknown error");
    copy_first_line(message, text, capacity);
}

int cmpi_split(cmpi_comm *comm, int32_t colour, int32_t key, cmpi_comm **part) {
    if (comm->size == 1) return (*part = comm_alone()) ? MPI_SUCCESS : MPI_ERR_NO_MEM;
    MPI_Comm handle;
    CMPI_TRY(cmpi_barrier(comm)); // a long wait happens here, where this rank answers liveness polls
    CMPI_TRY_WAITING(MPI_Comm_split(comm->comm, colour, key, &handle));
    return comm_around(handle, part);
}

int cmpi_split_hosts(cmpi_comm *comm, cmpi_comm **host) {
    if (comm->size == 1) return (*host = comm_alone()) ? MPI_SUCCESS : MPI_ERR_NO_MEM;
    MPI_Comm handle;
    CMPI_TRY_WAITING(MPI_Comm_split_type(comm->comm, MPI_COMM_TYPE_SHARED, comm->rank, MPI_INFO_NULL, &handle));
    return comm_around(handle, host);
}

int cmpi_comm_free(cmpi_comm *comm) {
    int code = MPI_SUCCESS;
    if (comm->comm != MPI_COMM_NULL && comm->comm != MPI_COMM_WORLD) code = MPI_Comm_free(&comm->comm);
    free(comm->requests);
    free(comm);
    return code;
}
