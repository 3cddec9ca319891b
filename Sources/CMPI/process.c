// The start time of this process, and the target of its error messages.
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static int64_t start = 0;

__attribute__((constructor)) static void note_start(void) { start = cmpi_nanoseconds(); }

int64_t cmpi_process_start(void) { return start; }

const char *cmpi_error_line_start(void) {
    const char *told = getenv("RNNTRAIN_ERRORS_TERMINAL");
    return (told && strcmp(told, "1") == 0) || isatty(STDERR_FILENO) ? "\r\033[K" : "";
}
