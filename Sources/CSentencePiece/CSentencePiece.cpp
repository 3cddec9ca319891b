#include "CSentencePiece.h"

#include <dlfcn.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace {

// The functions of the library.
struct Library {
    void *constructor, *destructor, *load, *encode, *encodeWithPlaces, *train, *statusDestructor, *statusText;
    bool isComplete;
    std::string fault;

    Library();
};

const Library &library() {
    static const Library loaded;
    return loaded;
}

// sentencepiece::util::Status: a pointer to the error, NULL for success. Its destructor makes functions return it through memory.
struct Status {
    void *error = nullptr;

    Status() = default;
    Status(const Status &) = delete;
    ~Status() {
        if (error) reinterpret_cast<void (*)(Status *)>(library().statusDestructor)(this);
    }
    std::string text() const { return reinterpret_cast<std::string (*)(const Status *)>(library().statusText)(this); }
};

// sentencepiece::SentenceIterator: the same virtual functions in the same order.
class Sentences {
  public:
    Sentences(csp_next_sentence next, void *context) : next_(next), context_(context) { read(); }
    virtual ~Sentences() {}
    virtual bool done() const { return isDone_; }
    virtual void Next() { read(); }
    virtual const std::string &value() const { return value_; }
    virtual Status status() const { return Status(); }

  private:
    void read() {
        size_t size = 0;
        const char *text = next_(context_, &size);
        isDone_ = text == nullptr;
        if (text) value_.assign(text, size);
    }

    csp_next_sentence next_;
    void *context_;
    std::string value_;
    bool isDone_ = false;
};

#define VIEW "St17basic_string_viewIcSt11char_traitsIcEE"

void *opened(const char *name) {
    const std::string versioned = std::string(name) + ".so.0";
    void *handle = dlopen(versioned.c_str(), RTLD_NOW | RTLD_LOCAL);
    return handle ? handle : dlopen((std::string(name) + ".so").c_str(), RTLD_NOW | RTLD_LOCAL);
}

Library::Library() : isComplete(false) {
    void *encoder = opened("libsentencepiece");
    void *trainer = encoder ? opened("libsentencepiece_train") : nullptr;
    if (!trainer) {
        const char *reason = dlerror();
        fault = reason ? reason : "it cannot be opened";
        return;
    }
    constructor = dlsym(encoder, "_ZN13sentencepiece22SentencePieceProcessorC1Ev");
    destructor = dlsym(encoder, "_ZN13sentencepiece22SentencePieceProcessorD1Ev");
    load = dlsym(encoder, "_ZN13sentencepiece22SentencePieceProcessor23LoadFromSerializedProtoE" VIEW);
    encode = dlsym(encoder, "_ZNK13sentencepiece22SentencePieceProcessor6EncodeE" VIEW "PSt6vectorIiSaIiEE");
    encodeWithPlaces = dlsym(encoder, "_ZNK13sentencepiece22SentencePieceProcessor23EncodeAsSerializedProtoB5cxx11E" VIEW);
    train = dlsym(trainer, "_ZN13sentencepiece20SentencePieceTrainer5TrainE" VIEW "PNS_16SentenceIteratorEPNSt7__cxx1112basic_stringIcS3_SaIcEEE");
    statusDestructor = dlsym(encoder, "_ZN13sentencepiece4util6StatusD1Ev");
    statusText = dlsym(encoder, "_ZNK13sentencepiece4util6Status8ToStringB5cxx11Ev");
    // Otherwise the library writes its progress to the standard error.
    void *setLogLevel = dlsym(encoder, "_ZN13sentencepiece7logging14SetMinLogLevelEi");
    if (setLogLevel) reinterpret_cast<void (*)(int)>(setLogLevel)(2);
    isComplete = constructor && destructor && load && encode && encodeWithPlaces && train && statusDestructor && statusText;
    if (!isComplete) fault = "it has another interface than versions 0.1.96 to 0.2";
}

// Writes a message as one line.
void tell(const std::string &text, char *message, size_t capacity) {
    if (capacity == 0) return;
    snprintf(message, capacity, "%s", text.c_str());
    for (char *p = message; *p; ++p)
        if (*p == '\n' || *p == '\r') *p = ' ';
}

// The line and the status of a process that the library ends. The line is NULL unless the library trains.
std::atomic<const char *> fatalLine{nullptr};
std::atomic<int> fatalStatus{0};

// Runs at `exit`. The library calls `exit(-1)` if a check fails, also in threads of its own; nothing else in this program has this status.
void tellFatalEnd(int status, void *) {
    const char *line = fatalLine.load();
    if (status != -1 || !line) return;
    size_t rest = strlen(line);
    while (rest > 0) {
        const ssize_t written = write(STDERR_FILENO, line, rest);
        if (written <= 0) break;
        line += written;
        rest -= static_cast<size_t>(written);
    }
    usleep(200000);  // mpirun transports the line and the end of the rank independently
    _exit(fatalStatus.load());
}

// Sets the line and the status for the time of a training.
class FatalEnd {
  public:
    FatalEnd(const char *line, int status) {
        static const int isInstalled = on_exit(tellFatalEnd, nullptr);
        (void)isInstalled;
        fatalStatus.store(status);
        fatalLine.store(line);
    }
    FatalEnd(const FatalEnd &) = delete;
    ~FatalEnd() { fatalLine.store(nullptr); }
};

}  // namespace

struct csp_model {
    // The object of the library: at most 128 bytes in versions 0.1.96 to 0.2.
    alignas(64) unsigned char processor[1024];
    std::vector<int> ids;
    std::string places;
};

int csp_open(char *message, size_t capacity) {
    if (library().isComplete) return 0;
    tell(library().fault, message, capacity);
    return -1;
}

csp_model *csp_load(const void *bytes, size_t count, char *message, size_t capacity) {
    if (csp_open(message, capacity) != 0) return nullptr;
    csp_model *model = new (std::nothrow) csp_model();
    if (!model) {
        tell("no memory is left", message, capacity);
        return nullptr;
    }
    reinterpret_cast<void (*)(void *)>(library().constructor)(model->processor);
    const Status status = reinterpret_cast<Status (*)(void *, std::string_view)>(library().load)(
        model->processor, std::string_view(static_cast<const char *>(bytes), count));
    if (!status.error) return model;
    tell(status.text(), message, capacity);
    csp_free(model);
    return nullptr;
}

void csp_free(csp_model *model) {
    if (!model) return;
    reinterpret_cast<void (*)(void *)>(library().destructor)(model->processor);
    delete model;
}

int csp_encode(csp_model *model, const char *text, size_t size, const int32_t **ids, size_t *count, char *message, size_t capacity) {
    static_assert(sizeof(int) == sizeof(int32_t), "the ids of the library are int");
    model->ids.clear();
    const Status status = reinterpret_cast<Status (*)(const void *, std::string_view, std::vector<int> *)>(library().encode)(
        model->processor, std::string_view(text, size), &model->ids);
    if (status.error) {
        tell(status.text(), message, capacity);
        return -1;
    }
    *ids = model->ids.data();
    *count = model->ids.size();
    return 0;
}

void csp_encode_with_places(csp_model *model, const char *text, size_t size, const void **bytes, size_t *count) {
    model->places = reinterpret_cast<std::string (*)(const void *, std::string_view)>(library().encodeWithPlaces)(
        model->processor, std::string_view(text, size));
    *bytes = model->places.data();
    *count = model->places.size();
}

int csp_train(
    const char *arguments, const char *fatal_line, int fatal_status, csp_next_sentence next, void *context,
    void (*take)(void *context, const char *bytes, size_t count), char *message, size_t capacity) {
    if (csp_open(message, capacity) != 0) return -1;
    const FatalEnd fatalEnd(fatal_line, fatal_status);
    Sentences sentences(next, context);
    std::string model;
    const Status status = reinterpret_cast<Status (*)(std::string_view, Sentences *, std::string *)>(library().train)(
        std::string_view(arguments), &sentences, &model);
    if (status.error) {
        tell(status.text(), message, capacity);
        return -1;
    }
    take(context, model.data(), model.size());
    return 0;
}
