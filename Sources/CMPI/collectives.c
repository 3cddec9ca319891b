// Collectives over bytes with 64-bit counts, and the sparse exchange. They use nonblocking MPI calls, so that a waiting rank can answer liveness
// polls; except for the all-reduce, which is measured.
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static int64_t piece_bytes = (int64_t)1 << 30;

void cmpi_set_piece_bytes(int64_t bytes) {
    piece_bytes = bytes < 4 ? 4 : bytes > INT_MAX ? INT_MAX : bytes;
}

int64_t cmpi_piece_bytes(void) { return piece_bytes; }

static int piece_of(int64_t left) { return (int)(left < piece_bytes ? left : piece_bytes); }

int cmpi_barrier(cmpi_comm *comm) {
    if (comm->size > 1) {
        MPI_Request request;
        CMPI_TRY(MPI_Ibarrier(comm->comm, &request));
        CMPI_TRY(cmpi_wait_all(&request, 1));
    }
    return MPI_SUCCESS;
}

int cmpi_broadcast(cmpi_comm *comm, void *bytes, int64_t count, int32_t root) {
    if (comm->size == 1) return MPI_SUCCESS;
    for (int64_t done = 0; done < count;) {
        int piece = piece_of(count - done);
        MPI_Request request;
        CMPI_TRY(MPI_Ibcast((char *)bytes + done, piece, MPI_BYTE, root, comm->comm, &request));
        CMPI_TRY(cmpi_wait_all(&request, 1));
        done += piece;
    }
    return MPI_SUCCESS;
}

int cmpi_allgather(cmpi_comm *comm, const void *mine, int64_t count, void *all) {
    if (comm->size > 1 && count <= piece_bytes / comm->size) {
        MPI_Request request;
        CMPI_TRY(MPI_Iallgather(mine, (int)count, MPI_BYTE, all, (int)count, MPI_BYTE, comm->comm, &request));
        return cmpi_wait_all(&request, 1);
    }
    memcpy((char *)all + comm->rank * count, mine, (size_t)count);
    for (int root = 0; root < comm->size; root++) {
        CMPI_TRY(cmpi_broadcast(comm, (char *)all + root * count, count, root));
    }
    return MPI_SUCCESS;
}

/// The root's side of gatherv: it copies its own part, and receives all other parts in one exchange.
static int gather_at_root(cmpi_comm *comm, const void *mine, const int64_t *counts, void *all) {
    cmpi_transfer *receives = malloc(sizeof *receives * (size_t)comm->size);
    if (!receives) return MPI_ERR_NO_MEM;
    int64_t receive_count = 0, offset = 0;
    for (int rank = 0; rank < comm->size; rank++) {
        if (rank == comm->rank) {
            memcpy((char *)all + offset, mine, (size_t)counts[rank]);
        } else {
            receives[receive_count++] = (cmpi_transfer){rank, offset, counts[rank]};
        }
        offset += counts[rank];
    }
    int code = cmpi_exchange(comm, NULL, NULL, 0, all, receives, receive_count);
    free(receives);
    return code;
}

int cmpi_gatherv(cmpi_comm *comm, const void *mine, const int64_t *counts, void *all, int32_t root) {
    if (comm->rank == root) return gather_at_root(comm, mine, counts, all);
    cmpi_transfer send = {root, 0, counts[comm->rank]};
    return cmpi_exchange(comm, mine, &send, 1, NULL, NULL, 0);
}

int cmpi_max_int64(cmpi_comm *comm, int64_t *values, int64_t count) {
    if (comm->size == 1) return MPI_SUCCESS;
    for (int64_t done = 0; done < count;) {
        int piece = count - done < 1 << 20 ? (int)(count - done) : 1 << 20;
        MPI_Request request;
        CMPI_TRY(MPI_Iallreduce(MPI_IN_PLACE, values + done, piece, MPI_INT64_T, MPI_MAX, comm->comm, &request));
        CMPI_TRY(cmpi_wait_all(&request, 1));
        done += piece;
    }
    return MPI_SUCCESS;
}

int cmpi_benchmark_allreduce_float(cmpi_comm *comm, const float *mine, float *sum, int64_t count) {
    if (comm->size == 1) {
        memcpy(sum, mine, (size_t)count * sizeof *sum);
        return MPI_SUCCESS;
    }
    for (int64_t done = 0; done < count;) {
        int piece = piece_of((count - done) * 4) / 4;
        CMPI_TRY_WAITING(MPI_Allreduce(mine + done, sum + done, piece, MPI_FLOAT, MPI_SUM, comm->comm));
        done += piece;
    }
    return MPI_SUCCESS;
}

static int64_t piece_count(const cmpi_transfer *transfers, int64_t count) {
    int64_t pieces = 0;
    for (int64_t i = 0; i < count; i++) pieces += (transfers[i].bytes + piece_bytes - 1) / piece_bytes;
    return pieces;
}

static int reserve_requests(cmpi_comm *comm, int64_t count) {
    if (count <= comm->request_capacity) return MPI_SUCCESS;
    MPI_Request *grown = realloc(comm->requests, sizeof *grown * (size_t)count);
    if (!grown) return MPI_ERR_NO_MEM;
    comm->requests = grown;
    comm->request_capacity = count;
    return MPI_SUCCESS;
}

int cmpi_exchange(cmpi_comm *comm, const void *send_base, const cmpi_transfer *sends, int64_t send_count,
                  void *receive_base, const cmpi_transfer *receives, int64_t receive_count) {
    int64_t pieces = piece_count(sends, send_count) + piece_count(receives, receive_count);
    if (pieces == 0) return MPI_SUCCESS;
    CMPI_TRY(reserve_requests(comm, pieces));
    int64_t n = 0;
    for (int64_t i = 0; i < receive_count; i++) {
        for (int64_t done = 0; done < receives[i].bytes; done += piece_bytes) {
            CMPI_TRY(MPI_Irecv((char *)receive_base + receives[i].offset + done, piece_of(receives[i].bytes - done),
                               MPI_BYTE, (int)receives[i].peer, 0, comm->comm, &comm->requests[n++]));
        }
    }
    for (int64_t i = 0; i < send_count; i++) {
        for (int64_t done = 0; done < sends[i].bytes; done += piece_bytes) {
            CMPI_TRY(MPI_Isend((const char *)send_base + sends[i].offset + done, piece_of(sends[i].bytes - done),
                               MPI_BYTE, (int)sends[i].peer, 0, comm->comm, &comm->requests[n++]));
        }
    }
    if (n > INT_MAX) return MPI_ERR_COUNT;
    return cmpi_wait_all(comm->requests, (int)n);
}
