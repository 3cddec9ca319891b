#ifndef CCHILDPROCESS_H
#define CCHILDPROCESS_H

#include <stdint.h>

// Starts `arguments[0]` with these arguments and this environment, both ended by a null, in `folder`; or here, where that is null.
//
// `standard` are what the process gets as its standard input, output and error output, /dev/null where that is negative; it inherits no
// other file, and no signal of it is blocked. With a `terminal` it leads a session of its own, which that terminal controls, and the
// three are that terminal. Writes its number to `process`; returns an errno, 0 for success.
int cchild_start(const char *const *arguments, const char *const *environment, const char *folder, const char *terminal, const int standard[3],
                 int32_t *process);

// Opens a pseudo-terminal of this size, and writes the path of the end that a process is to have. Returns the other end, which does not
// block; -1 with errno.
int cchild_open_terminal(int columns, int rows, char *path, int64_t capacity);

#endif
