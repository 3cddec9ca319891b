#ifndef CCHILDPROCESS_H
#define CCHILDPROCESS_H

#include <stdint.h>

// Starts `arguments[0]` with these arguments and this environment, both null-terminated, in `folder`, or in the current folder if that is
// null.
//
// `standard` are the descriptors of its standard input, output and error; a negative descriptor means /dev/null. It inherits no other
// descriptor, and has no signal blocked. With a `terminal`, it leads a new session with that terminal as controlling terminal and as all
// three standard files. Writes its process id to `process`. Returns 0, or an errno.
int cchild_start(const char *const *arguments, const char *const *environment, const char *folder, const char *terminal, const int standard[3],
                 int32_t *process);

// Opens a pseudo-terminal of this size, and writes the path of its slave end. Returns its master end, which is non-blocking; -1 with errno
// on failure.
int cchild_open_terminal(int columns, int rows, char *path, int64_t capacity);

#endif
