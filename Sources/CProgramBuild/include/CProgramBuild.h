#ifndef CPROGRAMBUILD_H
#define CPROGRAMBUILD_H

#include <stddef.h>
#include <stdint.h>

// Copies the build ID of the running program to `bytes`, which has room for `most` bytes, and returns its length. The linker computes this
// number from the contents of the program (ld(1), --build-id); `readelf -n` prints it, and stripping does not change it. Returns 0 if the program
// has none, or one that is longer than `most`.
size_t cprogram_build(uint8_t *bytes, size_t most);

#endif
