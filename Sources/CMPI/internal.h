// What the files of this target share; not seen outside it.
#ifndef CMPI_INTERNAL_H
#define CMPI_INTERNAL_H

#include <mpi.h>

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

/// Length of the longest piece of a message.
int64_t cmpi_piece_bytes(void);

#endif
