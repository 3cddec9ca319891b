#include "CPCRE2.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The names, values and types of pcre2.h for units of 8 bits; the library's interface has kept them since its first version.
#define ANCHORED 0x80000000u
#define NO_UTF_CHECK 0x40000000u
#define DOLLAR_ENDONLY 0x00000010u
#define DOTALL 0x00000020u
#define UCP 0x00020000u
#define UTF 0x00080000u
#define NEVER_BACKSLASH_C 0x00100000u
#define NEWLINE_LF 2u
#define CONFIG_UNICODE 9u
#define CONFIG_UNICODE_VERSION 10u
#define CONFIG_VERSION 11u
#define ERROR_NOMATCH (-1)

// The choices that a match may try: far more than a token needs.
#define MATCH_LIMIT 10000000u
// In units of 1,024 bytes: what a match may take to remember where to go back to.
#define HEAP_LIMIT (256u << 10)

static struct {
    int (*config)(uint32_t what, void *where);
    void *(*compile_context_create)(void *general_context);
    int (*set_newline)(void *compile_context, uint32_t value);
    void *(*compile)(const uint8_t *pattern, size_t size, uint32_t options, int *error, size_t *offset, void *compile_context);
    void (*compile_context_free)(void *compile_context);
    void (*code_free)(void *code);
    void *(*match_context_create)(void *general_context);
    int (*set_match_limit)(void *match_context, uint32_t limit);
    int (*set_heap_limit)(void *match_context, uint32_t limit);
    void (*match_context_free)(void *match_context);
    void *(*match_data_create)(const void *code, void *general_context);
    int (*match)(
        const void *code, const uint8_t *subject, size_t length, size_t start, uint32_t options, void *match_data,
        void *match_context);
    size_t *(*ovector)(void *match_data);
    void (*match_data_free)(void *match_data);
    int (*error_message)(int error, uint8_t *buffer, size_t capacity);
    char version[80];
    char fault[256];
    int is_complete;
} library;

static const struct {
    const char *name;
    void *place;
} functions[] = {
    {"pcre2_config_8", &library.config},
    {"pcre2_compile_context_create_8", &library.compile_context_create},
    {"pcre2_set_newline_8", &library.set_newline},
    {"pcre2_compile_8", &library.compile},
    {"pcre2_compile_context_free_8", &library.compile_context_free},
    {"pcre2_code_free_8", &library.code_free},
    {"pcre2_match_context_create_8", &library.match_context_create},
    {"pcre2_set_match_limit_8", &library.set_match_limit},
    {"pcre2_set_heap_limit_8", &library.set_heap_limit},
    {"pcre2_match_context_free_8", &library.match_context_free},
    {"pcre2_match_data_create_from_pattern_8", &library.match_data_create},
    {"pcre2_match_8", &library.match},
    {"pcre2_get_ovector_pointer_8", &library.ovector},
    {"pcre2_match_data_free_8", &library.match_data_free},
    {"pcre2_get_error_message_8", &library.error_message},
};

static void read_version(void) {
    uint32_t has_unicode = 0;
    library.config(CONFIG_UNICODE, &has_unicode);
    if (!has_unicode) {
        snprintf(library.fault, sizeof library.fault, "it was built without Unicode");
        return;
    }
    // Each text has at most some 20 characters; the version is followed by a date.
    char version[64] = "", unicode[64] = "";
    library.config(CONFIG_VERSION, version);
    library.config(CONFIG_UNICODE_VERSION, unicode);
    version[strcspn(version, " ")] = 0;
    snprintf(library.version, sizeof library.version, "PCRE2 %.20s (Unicode %.20s)", version, unicode);
    library.is_complete = 1;
}

static void load(void) {
    void *handle = dlopen("libpcre2-8.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        const char *reason = dlerror();
        snprintf(library.fault, sizeof library.fault, "%s", reason ? reason : "it cannot be opened");
        return;
    }
    for (size_t index = 0; index < sizeof functions / sizeof *functions; index++) {
        void *found = dlsym(handle, functions[index].name);
        if (!found) {
            snprintf(library.fault, sizeof library.fault, "it lacks the function %s", functions[index].name);
            return;
        }
        memcpy(functions[index].place, &found, sizeof found);
    }
    read_version();
}

static int say(char *message, size_t capacity, const char *text) {
    if (capacity) snprintf(message, capacity, "%s", text);
    return -1;
}

int cpcre2_open(char *message, size_t capacity) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return library.is_complete ? 0 : say(message, capacity, library.fault);
}

const char *cpcre2_version(void) { return library.version; }

struct cpcre2_pattern {
    void *code, *context, *data;
};

static void say_error(int error, char *message, size_t capacity) {
    uint8_t text[256] = "unknown error";
    library.error_message(error, text, sizeof text);
    say(message, capacity, (const char *)text);
}

cpcre2_pattern *cpcre2_compile(const char *pattern, size_t size, size_t *offset, char *message, size_t capacity) {
    void *context = library.compile_context_create(NULL);
    cpcre2_pattern *result = calloc(1, sizeof *result);
    int error = 0;
    *offset = 0;
    if (context && result) {
        library.set_newline(context, NEWLINE_LF);
        const uint32_t options = UTF | UCP | DOTALL | DOLLAR_ENDONLY | NEVER_BACKSLASH_C;
        result->code = library.compile((const uint8_t *)pattern, size, options, &error, offset, context);
        if (result->code) {
            result->context = library.match_context_create(NULL);
            result->data = library.match_data_create(result->code, NULL);
        }
    }
    if (context) library.compile_context_free(context);
    if (result && result->context && result->data) {
        library.set_match_limit(result->context, MATCH_LIMIT);
        library.set_heap_limit(result->context, HEAP_LIMIT);
        return result;
    }
    if (error && result && !result->code) {
        say_error(error, message, capacity);
    } else {
        say(message, capacity, "out of memory");
    }
    cpcre2_free(result);
    return NULL;
}

void cpcre2_free(cpcre2_pattern *pattern) {
    if (!pattern) return;
    if (pattern->data) library.match_data_free(pattern->data);
    if (pattern->context) library.match_context_free(pattern->context);
    if (pattern->code) library.code_free(pattern->code);
    free(pattern);
}

int64_t cpcre2_match(
    cpcre2_pattern *pattern, const char *text, size_t size, size_t start, int is_checked, char *message, size_t capacity) {
    const uint32_t options = ANCHORED | (is_checked ? NO_UTF_CHECK : 0);
    const int result =
        library.match(pattern->code, (const uint8_t *)text, size, start, options, pattern->data, pattern->context);
    if (result == ERROR_NOMATCH) return CPCRE2_NO_MATCH;
    if (result < 0) {
        say_error(result, message, capacity);
        return CPCRE2_FAILED;
    }
    const size_t *match = library.ovector(pattern->data);
    return match[0] == start && match[1] >= start ? (int64_t)match[1] : CPCRE2_NO_MATCH;
}
