/*
 * Declarations: whatever text they are, coil-stubgen either refuses them with one sentence or makes a module of them,
 * through all passes up to the emitted C source and header.
 *
 * Input: sections, separated by the byte 0x1e.  The first byte of each is c for cdef(), h for a header, else
 * embedding_api(); C, H, E in the first section: --in-process-only.  A digit behind it is the packing.
 */
#include "tests/fuzz/fuzz.h"

#include "stubgen/crossing.h"
#include "stubgen/emit.h"
#include "stubgen/explain.h"
#include "stubgen/included.h"
#include "stubgen/parser.h"

#define SEPARATOR 0x1e
#define SECTIONS_MAX 8

/* Takes one section's bytes off the input. */
static struct coil_section *section_next(struct coil_arena *arena, struct input *input)
{
    struct coil_section *section = coil_arena_take(arena, sizeof *section);
    const uint8_t *end = memchr(input->data, SEPARATOR, input->size);
    size_t size = end ? (size_t)(end - input->data) : input->size;
    struct input text = { input->data, size };
    unsigned char kind = (unsigned char)(input_take(&text, 1) | 0x20);

    section->kind = kind == 'c'   ? COIL_SECTION_CDEF
                    : kind == 'h' ? COIL_SECTION_HEADER
                                  : COIL_SECTION_API;
    section->label = "declarations.h";
    if (text.size && *text.data >= '1' && *text.data <= '8')
        section->pack = 1u << ((input_take(&text, 1) - '1') % 4);
    section->text = coil_arena_copy(arena, (const char *)text.data, text.size);
    section->size = text.size;
    input->data += size + (end != NULL);
    input->size -= size + (end != NULL);
    return section;
}

static void check_refusal(const struct coil_diagnostics *diagnostics)
{
    size_t size;

    MUST(diagnostics->text);
    size = strlen(diagnostics->text);
    MUST(size > 0 && diagnostics->text[size - 1] == '\n' && strstr(diagnostics->text, "error: "));
}

static void run_passes(struct coil_arena *arena, struct coil_diagnostics *diagnostics, struct input *input)
{
    struct coil_module_model *module = coil_module_new(arena, diagnostics, "fuzzed.module");

    module->init_code = "pass\n";
    module->c_source = "";
    module->is_in_process_only = input->size && input->data[0] < 'a';
    for (int i = 0; i < SECTIONS_MAX && input->size; i++)
        coil_parse(module, section_next(arena, input));
    coil_module_finish(module);
    coil_included_apply(module);
    coil_crossing_decide(module);
    MUST(*coil_explain(module) || !module->functions.count);
    MUST(*coil_emit_source(module));
    MUST(*coil_emit_header(module));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct coil_arena arena = { 0 };
    struct coil_diagnostics diagnostics = { .arena = &arena };
    struct input input = { data, size };

    if (setjmp(diagnostics.escape))
        check_refusal(&diagnostics);
    else
        run_passes(&arena, &diagnostics, &input);
    coil_arena_deinit(&arena);
    return 0;
}
