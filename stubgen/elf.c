/*
 * The descriptor is read out of the library that the compiler has just made: its
 * bytes are the compiler's answer to all sizes and offsets.  It is found by its
 * symbol in .dynsym (of an object that was not linked: .symtab) and lies in the file as it will lie in
 * memory, because it has no pointers to relocate.  The file is not trusted to be well formed.
 */
#include "stubgen/elf.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct library {
    const char *file;
    size_t size;
    const Elf64_Shdr *sections;
    size_t section_count;
};

static bool lies_within(const struct library *library, uint64_t offset, uint64_t size)
{
    return offset <= library->size && size <= library->size - offset;
}

static bool open_library(struct library *library)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)(const void *)library->file;

    if (library->size < sizeof *header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_shentsize != sizeof *library->sections ||
        header->e_shoff % 8 != 0 ||
        !lies_within(library, header->e_shoff, (uint64_t)header->e_shnum * sizeof(Elf64_Shdr)))
        return false;
    library->sections = (const Elf64_Shdr *)(const void *)(library->file + header->e_shoff);
    library->section_count = header->e_shnum;
    return true;
}

static const Elf64_Shdr *find_section(const struct library *library, uint32_t type)
{
    for (size_t i = 0; i < library->section_count; i++)
        if (library->sections[i].sh_type == type &&
            lies_within(library, library->sections[i].sh_offset, library->sections[i].sh_size))
            return &library->sections[i];
    return NULL;
}

/* The bytes of a symbol, or NULL if they are not in the file. */
static const char *symbol_bytes(const struct library *library, const Elf64_Sym *symbol)
{
    const Elf64_Shdr *section;
    uint64_t offset;

    if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx >= library->section_count)
        return NULL;
    section = &library->sections[symbol->st_shndx];
    if (section->sh_type == SHT_NOBITS || symbol->st_value < section->sh_addr)
        return NULL;
    offset = section->sh_offset + (symbol->st_value - section->sh_addr);
    return lies_within(library, offset, symbol->st_size) ? library->file + offset : NULL;
}

/* The first `length` bytes of a name count. */
static int find_symbol(const char *file, size_t size, const char *name, size_t length, const char **ret_data,
                       size_t *ret_size, struct coil_error *error)
{
    struct library library = { .file = file, .size = size };
    const Elf64_Shdr *table;
    const Elf64_Shdr *strings;
    const Elf64_Sym *symbols;

    if (!open_library(&library))
        return coil_error_set(error, -EBADMSG, "it is not a 64-bit library or object");
    table = find_section(&library, SHT_DYNSYM);
    if (!table)
        table = find_section(&library, SHT_SYMTAB);
    if (!table || table->sh_link >= library.section_count || table->sh_offset % 8 != 0)
        return coil_error_set(error, -EBADMSG, "it has no table of symbols");
    strings = &library.sections[table->sh_link];
    if (!lies_within(&library, strings->sh_offset, strings->sh_size))
        return coil_error_set(error, -EBADMSG, "its table of symbols is damaged");
    symbols = (const Elf64_Sym *)(const void *)(file + table->sh_offset);
    for (size_t i = 0; i < table->sh_size / sizeof *symbols; i++) {
        uint64_t at = symbols[i].st_name;
        const char *bytes;

        if (at >= strings->sh_size || strings->sh_size - at <= strlen(name) ||
            strncmp(file + strings->sh_offset + at, name, length) != 0)
            continue;
        bytes = symbol_bytes(&library, &symbols[i]);
        if (!bytes)
            return coil_error_set(error, -EBADMSG, "its symbol %s has no content", name);
        *ret_data = bytes;
        *ret_size = symbols[i].st_size;
        return 0;
    }
    return coil_error_set(error, -ENOENT, "it has no symbol %s", name);
}

int coil_elf_symbol(const char *file, size_t size, const char *name, const char **ret_data, size_t *ret_size,
                    struct coil_error *error)
{
    return find_symbol(file, size, name, strlen(name) + 1, ret_data, ret_size, error);
}

int coil_elf_symbol_like(const char *file, size_t size, const char *start, const char **ret_data, size_t *ret_size,
                         struct coil_error *error)
{
    return find_symbol(file, size, start, strlen(start), ret_data, ret_size, error);
}
