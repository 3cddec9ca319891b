#ifndef CMAPPINGGUARD_H
#define CMAPPINGGUARD_H

#include <stddef.h>
#include <stdint.h>

// Keeps a mapped file that cannot be read from ending the process with SIGBUS: the page that faults becomes a page of zeros, and the
// fault is noted. The reader asks for it after it has read.

// Guards `length` bytes from `start` on, which is where a mapping begins, until `cmapguard_remove`. Returns a number for the other two
// functions, or -1 where there are too many guarded mappings (256), or the system refuses a handler: then the mapping has no guard.
int cmapguard_add(const void *start, size_t length);

// Ends the guard; to be called before the mapping is given up.
void cmapguard_remove(int guard);

// The lowest offset of a page in the mapping that could not be read, or -1.
int64_t cmapguard_fault(int guard);

#endif
