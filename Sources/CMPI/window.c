// Memory that the ranks of a host share.
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "internal.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 // Linux 5.14; older C libraries do not name it
#endif

enum { page = 4096, huge_page = 2 << 20 };

struct cmpi_window {
    MPI_Win window; // MPI_WIN_NULL if the memory is private
    char *base;
    void *mapping;
    size_t mapping_bytes;
};

static char *aligned_up(void *pointer, uintptr_t alignment) {
    return (char *)(((uintptr_t)pointer + alignment - 1) / alignment * alignment);
}

static int map_private(int64_t bytes, cmpi_window *window) {
    window->mapping_bytes = (size_t)bytes + huge_page;
    window->mapping = mmap(NULL, window->mapping_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (window->mapping == MAP_FAILED) return MPI_ERR_NO_MEM;
    window->base = aligned_up(window->mapping, huge_page);
    madvise(window->base, (size_t)bytes, MADV_HUGEPAGE); // optional: a system without huge pages refuses
    return MPI_SUCCESS;
}

/// Rank 0 allocates all the memory, so that it is contiguous with any alignment of the MPI library.
static int map_shared(cmpi_comm *comm, int64_t bytes, cmpi_window *window) {
    void *own;
    MPI_Aint size = comm->rank == 0 ? (MPI_Aint)bytes + page : 0;
    CMPI_TRY_WAITING(MPI_Win_allocate_shared(size, 1, MPI_INFO_NULL, comm->comm, &own, &window->window));
    CMPI_TRY(MPI_Win_set_errhandler(window->window, MPI_ERRORS_RETURN));
    int unit;
    void *base;
    CMPI_TRY(MPI_Win_shared_query(window->window, 0, &size, &unit, &base));
    window->base = aligned_up(base, page); // mappings start at page boundaries, so the result is the same byte in every process
    madvise(window->base, (size_t)bytes, MADV_HUGEPAGE);
    return MPI_SUCCESS;
}

int cmpi_window_create(cmpi_comm *comm, int64_t bytes, cmpi_window **out) {
    cmpi_window *window = calloc(1, sizeof *window);
    if (!window) return MPI_ERR_NO_MEM;
    window->window = MPI_WIN_NULL;
    int code = comm->size == 1 ? map_private(bytes, window) : map_shared(comm, bytes, window);
    if (code != MPI_SUCCESS) {
        free(window);
        return code;
    }
    *out = window;
    return MPI_SUCCESS;
}

void *cmpi_window_base(const cmpi_window *window) { return window->base; }

int cmpi_window_free(cmpi_window *window) {
    int code = MPI_SUCCESS;
    if (window->window != MPI_WIN_NULL) {
        cmpi_wait_begin();
        code = MPI_Win_free(&window->window);
        cmpi_wait_end();
    } else {
        munmap(window->mapping, window->mapping_bytes);
    }
    free(window);
    return code;
}

int cmpi_populate(void *bytes, int64_t count) {
    char *first = aligned_up(bytes, page);
    char *end = (char *)((uintptr_t)((char *)bytes + count) / page * page);
    if (end <= first) return 0;
    if (madvise(first, (size_t)(end - first), MADV_POPULATE_WRITE) == 0) return 0;
    return errno == EINVAL ? 0 : errno; // EINVAL: a kernel without it; pages are then touched at first use
}

const char *cmpi_backing_folder(void) {
    const char *chosen = getenv("OMPI_MCA_osc_sm_backing_directory");
    return chosen && *chosen ? chosen : "/dev/shm";
}

int cmpi_backing_is_writable(void) { return access(cmpi_backing_folder(), W_OK | X_OK) == 0; }

int64_t cmpi_backing_available(void) {
    if (!cmpi_backing_is_writable()) return 0;
    struct statvfs store;
    if (statvfs(cmpi_backing_folder(), &store) != 0) return -1;
    int64_t available = (int64_t)store.f_bavail * (int64_t)store.f_frsize;
    struct rlimit files;
    if (getrlimit(RLIMIT_FSIZE, &files) == 0 && (uint64_t)available > files.rlim_cur) return (int64_t)files.rlim_cur;
    return available;
}
