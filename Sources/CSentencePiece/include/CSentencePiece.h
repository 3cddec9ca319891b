// SentencePiece's C++ library, loaded when it is first used, so that the program starts without it.
//
// The library has no C interface. Its functions are found by their C++ names, which are those of GCC's and Clang's common ABI.
// Functions that fail write a message of one line, which ends in a zero byte, to `message`.

#ifndef CSENTENCEPIECE_H
#define CSENTENCEPIECE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Loads the library. Returns 0, or -1 if it is not installed or lacks a function. Thread-safe; later calls return the first result.
int csp_open(char *message, size_t capacity);

/// A model for encoding.
typedef struct csp_model csp_model;

/// Reads a serialised model. Returns NULL on failure. Free the result with `csp_free`.
csp_model *csp_load(const void *bytes, size_t count, char *message, size_t capacity);

void csp_free(csp_model *model);

/// Encodes a text without line ends. `*ids` is valid until the next call of this function with this model. Returns 0, or -1 on failure.
int csp_encode(csp_model *model, const char *text, size_t size, const int32_t **ids, size_t *count, char *message, size_t capacity);

/// Encodes a text that `csp_encode` accepts, as the message `SentencePieceText` of sentencepiece.proto, whose pieces have their places in the text.
/// `*bytes` is valid until the next call of this function with this model.
void csp_encode_with_places(csp_model *model, const char *text, size_t size, const void **bytes, size_t *count);

/// The next sentence, or NULL after the last. The text is valid until the next call.
typedef const char *(*csp_next_sentence)(void *context, size_t *size);

/// Trains a model with the options in `arguments`, as on the command line of `spm_train`, on the sentences of `next`.
///
/// Passes the serialised model to `take`. Returns 0, or -1 on failure.
///
/// The library ends the process if one of its checks fails. In this case, `fatal_line` is written to the standard error, and the process ends with
/// `fatal_status`. One thread of the process trains at a time.
int csp_train(
    const char *arguments, const char *fatal_line, int fatal_status, csp_next_sentence next, void *context,
    void (*take)(void *context, const char *bytes, size_t count), char *message, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
