#ifndef CXXHASH_H
#define CXXHASH_H

// xxHash's own declarations: XXH3_64bits and its streaming form.
#include <xxhash.h>

#endif
