// PCRE2, the library of regular expressions of `grep -P`, loaded when it is first used, so that the program is built and starts without it.
//
// Functions that fail write a message of one line, which ends in a zero byte, to `message`.

#ifndef CPCRE2_H
#define CPCRE2_H

#include <stddef.h>
#include <stdint.h>

/// Loads the library. Returns 0, or -1 if it is not installed, lacks a function, or has no support of Unicode. Thread-safe; later calls return
/// the first result.
int cpcre2_open(char *message, size_t capacity);

/// The version of the library and of its Unicode tables, such as "PCRE2 10.42 (Unicode 14.0.0)"; empty before `cpcre2_open` succeeds.
const char *cpcre2_version(void);

/// A regular expression. One thread at a time matches with it.
typedef struct cpcre2_pattern cpcre2_pattern;

/// Compiles a pattern in UTF-8: characters are Unicode scalars, classes such as `\w` those of Unicode, and a dot matches every character.
/// Needs a successful `cpcre2_open`. Returns NULL on failure, with the byte of the pattern at which the error was found in `*offset`.
/// Free the result with `cpcre2_free`.
cpcre2_pattern *cpcre2_compile(const char *pattern, size_t size, size_t *offset, char *message, size_t capacity);

void cpcre2_free(cpcre2_pattern *pattern);

enum { CPCRE2_NO_MATCH = -1, CPCRE2_FAILED = -2 };

/// Matches at byte `start` of a text and nowhere else. Returns the offset of the match's end, CPCRE2_NO_MATCH, or CPCRE2_FAILED, such as for a match
/// of more steps than the limit of 10 million. A match whose start `\K` moves is none.
///
/// `is_checked` is whether the text is known to be UTF-8, as it is after the first match in it.
int64_t cpcre2_match(
    cpcre2_pattern *pattern, const char *text, size_t size, size_t start, int is_checked, char *message, size_t capacity);

#endif
