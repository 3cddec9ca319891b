#define _GNU_SOURCE
#include "CProgramBuild.h"
#include <link.h>
#include <string.h>

typedef struct {
    uint8_t *bytes;
    size_t most;
    size_t length;
} build_id;

static size_t rounded(size_t size, size_t alignment) { return (size + alignment - 1) / alignment * alignment; }

/* Copies the build ID from the notes (elf(5), "Notes (Nhdr)") at `note` to `found`, if one of them is a build ID. */
static void read_notes(const uint8_t *note, size_t size, size_t alignment, build_id *found) {
    if (alignment != 8) alignment = 4;
    while (size >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) header;
        memcpy(&header, note, sizeof header);
        size_t description = rounded(sizeof header + header.n_namesz, alignment);
        size_t next = rounded(description + header.n_descsz, alignment);
        if (description + header.n_descsz > size) return;
        if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == 4 && memcmp(note + sizeof header, "GNU", 4) == 0 &&
            header.n_descsz <= found->most) {
            memcpy(found->bytes, note + description, header.n_descsz);
            found->length = header.n_descsz;
            return;
        }
        if (next >= size) return;
        note += next;
        size -= next;
    }
}

/* The first object that `dl_iterate_phdr` visits is the program itself (dl_iterate_phdr(3)); the others are its libraries. */
static int read_program(struct dl_phdr_info *info, size_t size, void *found) {
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type == PT_NOTE) {
            read_notes((const uint8_t *)(info->dlpi_addr + segment->p_vaddr), segment->p_memsz, segment->p_align, found);
        }
    }
    return 1;
}

size_t cprogram_build(uint8_t *bytes, size_t most) {
    build_id found = {bytes, most, 0};
    dl_iterate_phdr(read_program, &found);
    return found.length;
}
