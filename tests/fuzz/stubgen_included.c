/*
 * ffi.include(): declarations beside a descriptor that is sound but need not fit them.
 *
 * Input: the text's size in two bytes, the text of the included module's declarations, its image.  The image's magic,
 * format, word and size are set right first.
 */
#include "tests/fuzz/fuzz.h"

#include "proto/cleanup.h"
#include "proto/image.h"
#include "stubgen/crossing.h"
#include "stubgen/emit.h"
#include "stubgen/explain.h"
#include "stubgen/included.h"
#include "stubgen/parser.h"

static void run_passes(struct coil_arena *arena, struct coil_diagnostics *diagnostics, struct coil_section *section)
{
    static const char own[] = "int fuzzed_own(int);";
    struct coil_section *last = coil_arena_take(arena, sizeof *last);
    struct coil_module_model *module = coil_module_new(arena, diagnostics, "fuzzed");

    module->init_code = "";
    module->c_source = "";
    coil_parse(module, section);
    *last = (struct coil_section){ .kind = COIL_SECTION_API, .label = "own.h", .text = own, .size = sizeof own - 1 };
    coil_parse(module, last);
    coil_module_finish(module);
    coil_included_apply(module);
    coil_crossing_decide(module);
    MUST(*coil_explain(module));
    MUST(*coil_emit_source(module));
    MUST(*coil_emit_header(module));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    COIL_CLEANUP(coil_memory_free) struct coil_descriptor *image = NULL;
    struct coil_arena arena = { 0 };
    struct coil_diagnostics diagnostics = { .arena = &arena };
    struct input input = { data, size };
    size_t text_size = input_take(&input, 2);
    struct coil_section *section;

    if (text_size > input.size || input.size - text_size < sizeof *image)
        return 0;
    image = input_copy(input.data + text_size, input.size - text_size);
    image->magic = COIL_DESCRIPTOR_MAGIC;
    image->format = COIL_DESCRIPTOR_FORMAT;
    image->size = (uint32_t)(input.size - text_size);
    image->word = sizeof(void *) << 16 | sizeof(long double) << 8 | sizeof(wchar_t);
    if (coil_descriptor_check(image, image->size, NULL) < 0)
        return 0;
    section = coil_arena_take(&arena, sizeof *section);
    *section = (struct coil_section){ .kind = COIL_SECTION_CDEF, .label = "included.h", .included = image };
    section->text = coil_arena_copy(&arena, (const char *)input.data, text_size);
    section->size = text_size;
    if (setjmp(diagnostics.escape) == 0)
        run_passes(&arena, &diagnostics, section);
    coil_arena_deinit(&arena);
    return 0;
}
