/*
 * Explaining: the decisions of crossing.c in plain words, for whoever wants to know
 * what a declaration costs, or whether it says what was meant.  Called by
 * main.c instead of the emitter.
 */
#include "stubgen/explain.h"

#include <string.h>

#include "proto/descriptor.h"
#include "stubgen/length.h"
#include "stubgen/passage.h"

/* Whose side a value is seen from. */
enum view {
    VIEW_PYTHON, /* an argument of a function that Python implements */
    VIEW_RESULT, /* what such a function returns */
    VIEW_C,      /* an argument of a C function, or of a callback: either side may call it */
    VIEW_PLACE   /* something that is there: a field, a variable, a result of C */
};

/* ---- what is there ---- */

static bool is_strings(const struct coil_passage *passage)
{
    const struct coil_shape *shape = passage->shape;

    return shape && !shape->record && shape->passage_count == 1 &&
           (shape->passages[0].crossing == COIL_CROSS_STRING_IN ||
            shape->passages[0].crossing == COIL_CROSS_STRING_INOUT);
}

/* " and what they lead to", where there is such a thing. */
static const char *deep_words(const struct coil_passage *passage, bool is_one)
{
    const struct coil_shape *shape = passage->shape;

    if (!shape || !shape->is_needed || is_strings(passage))
        return "";
    if (!shape->record && shape->passages[0].crossing == COIL_CROSS_FUNCTION)
        return ", callable on the other side";
    return is_one ? " and what it leads to" : " and what they lead to";
}

/* "array of n * 2 'double'", "one 'struct point'", "n bytes", "strings up to a NULL" */
static const char *extent_words(struct coil_arena *arena, const struct coil_passage *passage)
{
    struct coil_type *block = passage->block;
    struct coil_type *bare = block ? coil_type_strip(block) : NULL;
    const char *type;

    if (passage->is_sized)
        return coil_arena_printf(arena, "%s bytes", passage->count->text);
    type = is_strings(passage) &&
                   coil_type_strip(bare->kind == COIL_KIND_ARRAY ? bare->item : block)->kind == COIL_KIND_POINTER
               ? "strings"
               : coil_arena_printf(
                     arena, "'%s'",
                     coil_type_name(arena, coil_type_unqualified(bare->kind == COIL_KIND_ARRAY ? bare->item : block)));
    if (passage->is_to_null)
        return coil_arena_printf(arena, "%s up to a NULL%s", type, deep_words(passage, false));
    if (passage->count)
        return coil_arena_printf(
            arena, "array of %s %s%s", passage->count->text,
            bare->kind == COIL_KIND_ARRAY
                ? coil_arena_printf(arena, "'%s'", coil_type_name(arena, coil_type_unqualified(block)))
                : type,
            deep_words(passage, false));
    if (bare->kind == COIL_KIND_ARRAY)
        return coil_arena_printf(arena, "array of %llu %s%s", (unsigned long long)bare->length, type,
                                 deep_words(passage, false));
    return coil_arena_printf(arena, "one %s%s", is_strings(passage) ? "string" : type, deep_words(passage, true));
}

/* What comes back: all of it, or as much as length() says. */
static const char *part_words(struct coil_arena *arena, const struct coil_passage *passage)
{
    if (!passage->length)
        return "";
    return coil_arena_printf(arena, "of the first %s %s ", passage->length->text,
                             passage->is_sized ? "bytes" : "elements");
}

/* ---- how it crosses ---- */

/* An argument of a function that Python implements. */
static const char *argument_words(struct coil_arena *arena, const struct coil_passage *passage)
{
    switch (passage->crossing) {
    case COIL_CROSS_STRING_IN:
        return "string: copied to Python before the call";
    case COIL_CROSS_STRING_INOUT:
        return "string: copied to Python before the call; what Python changed is copied back, at the "
               "original size";
    case COIL_CROSS_BLOCK_IN:
        return coil_arena_printf(arena, "%s: copied to Python before the call", extent_words(arena, passage));
    case COIL_CROSS_BLOCK_INOUT:
        return coil_arena_printf(arena,
                                 "%s: copied to Python before the call; what Python changed %sis copied back after it",
                                 extent_words(arena, passage), part_words(arena, passage));
    default:
        break;
    }
    if (passage->length)
        return coil_arena_printf(
            arena, "%s: never read, Python gets zeros; the first %s %s are copied back after the call",
            extent_words(arena, passage), passage->length->text, passage->is_sized ? "bytes" : "elements");
    return coil_arena_printf(arena, "%s: never read, Python gets zeros; all of it is copied back after the call",
                             extent_words(arena, passage));
}

/* "string", "array of n 'int'": what a pointer leads to that is followed. */
static const char *target_words(struct coil_arena *arena, const struct coil_passage *passage)
{
    bool is_string = passage->crossing == COIL_CROSS_STRING_IN || passage->crossing == COIL_CROSS_STRING_INOUT;

    return is_string ? "string" : extent_words(arena, passage);
}

static const char *followed_words(struct coil_arena *arena, const struct coil_passage *passage, enum view view)
{
    const char *target;
    bool is_in = passage->crossing == COIL_CROSS_STRING_IN || passage->crossing == COIL_CROSS_BLOCK_IN;

    if (view == VIEW_PYTHON)
        return argument_words(arena, passage);
    target = target_words(arena, passage);
    if (view == VIEW_RESULT)
        return coil_arena_printf(arena, "%s: must be in memory that both sides see, such as ffi.new() gives", target);
    if (view == VIEW_PLACE)
        return coil_arena_printf(arena, "%s: %s", target,
                                 is_in                                       ? "in"
                                 : passage->crossing == COIL_CROSS_BLOCK_OUT ? "out"
                                                                             : "in and out");
    return coil_arena_printf(arena, "%s: %s", target,
                             is_in                                       ? "only read"
                             : passage->crossing == COIL_CROSS_BLOCK_OUT ? "filled, never read"
                                                                         : "read and written");
}

static const char *value_words(struct coil_arena *arena, const struct coil_passage *passage, enum view view)
{
    bool is_pointer = coil_type_strip(passage->type)->kind == COIL_KIND_POINTER;

    if (passage->is_local)
        return "address: passed as it is, which means something in-process only";
    if (is_pointer && view == VIEW_RESULT)
        return "address: passed as it is; what it leads to must be in memory that both sides see";
    if (is_pointer)
        return "address: passed as it is, nothing is copied";
    return coil_arena_printf(arena, "by value%s",
                             passage->shape && passage->shape->is_needed ? " and what pointers in it lead to" : "");
}

static const char *passage_words(struct coil_arena *arena, const struct coil_passage *passage, enum view view)
{
    switch (passage->crossing) {
    case COIL_CROSS_VALUE:
        return value_words(arena, passage, view);
    case COIL_CROSS_FUNCTION:
        return "function: callable on the other side";
    case COIL_CROSS_UNSAID:
        return "not said: raises in Python if it leads to memory that only one side sees; write an annotation";
    case COIL_CROSS_FILE:
        return "file: of a file in Python, which C gets as a FILE *";
    default:
        return followed_words(arena, passage, view);
    }
}

/* ---- functions ---- */

static void explain_row(struct coil_buffer *out, int width, const char *name, const char *words)
{
    coil_buffer_printf(out, "    %-*s  %s\n", width, name, words);
}

static void explain_values(struct coil_buffer *out, struct coil_module_model *module,
                           const struct coil_signature *signature, const struct coil_list *names, bool is_python)
{
    int width = (int)strlen("result");

    for (size_t i = 0; i < names->count; i++)
        if ((int)strlen(names->items[i]) > width)
            width = (int)strlen(names->items[i]);
    for (size_t i = 0; i < names->count; i++)
        explain_row(out, width, names->items[i],
                    passage_words(module->arena, &signature->passages[i], is_python ? VIEW_PYTHON : VIEW_C));
    if (!coil_type_is_void(signature->result.type))
        explain_row(out, width, "result",
                    passage_words(module->arena, &signature->result, is_python ? VIEW_RESULT : VIEW_PLACE));
}

static void explain_words(struct coil_buffer *out, const struct coil_signature *signature)
{
    if (signature->is_oneway)
        coil_buffer_puts(out, "    one-way: it returns before Python has run, and nothing comes back\n");
    if (signature->is_idempotent)
        coil_buffer_puts(out, "    idempotent: sent again if the worker dies while it runs\n");
    if (signature->error_text)
        coil_buffer_printf(out, "    in trouble it returns %s, until def_extern(error=) says something else\n",
                           signature->error_text);
    if (signature->timeout_text)
        coil_buffer_printf(out, "    it waits for at most %s ms\n", signature->timeout_text);
    if (signature->type->variadic)
        coil_buffer_puts(out, "    further arguments are passed by value, or as strings\n");
    if (signature->is_in_process_only)
        coil_buffer_puts(out, "    in-process only\n");
}

/* `name`: "add", or "(*)" for a callback. */
static void explain_signature(struct coil_buffer *out, struct coil_module_model *module,
                              const struct coil_signature *signature, const char *name, bool is_python)
{
    struct coil_arena *arena = module->arena;
    struct coil_list names = { 0 };
    size_t i = 0;

    for (const struct coil_parameter *p = signature->type->parameters; p; p = p->next, i++)
        coil_list_add(&names, arena, (void *)(uintptr_t)(p->name ? p->name : signature->passages[i].name));
    coil_buffer_printf(out, "\n%s;\n",
                       coil_type_declare(arena, signature->type->item,
                                         coil_arena_printf(arena, "%s(%s)", name,
                                                           coil_parameters_declare(arena, signature->type,
                                                                                   (const char *const *)names.items))));
    explain_values(out, module, signature, &names, is_python);
    explain_words(out, signature);
}

/* ---- the other sections ---- */

static void explain_python(struct coil_buffer *out, struct coil_module_model *module)
{
    for (size_t i = 0; i < module->functions.count; i++) {
        const struct coil_name *function = module->functions.items[i];

        explain_signature(out, module, function->signature, function->name, true);
    }
    if (module->functions.count == 0)
        coil_buffer_puts(out, "\nPython implements none of its functions.\n");
}

static void explain_lib(struct coil_buffer *out, struct coil_module_model *module)
{
    if (module->signatures.count + module->variables.count == 0)
        return;
    coil_buffer_puts(out, "\nThrough lib, run in the program that Python works for:\n");
    for (size_t i = 0; i < module->signatures.count; i++) {
        const struct coil_name *function = module->signatures.items[i];

        explain_signature(out, module, function->signature, function->name, false);
    }
    for (size_t i = 0; i < module->variables.count; i++) {
        const struct coil_name *variable = module->variables.items[i];

        coil_buffer_printf(out, "\n%s;\n    %s\n", coil_type_declare(module->arena, variable->type, variable->name),
                           passage_words(module->arena, variable->passage, VIEW_PLACE));
    }
}

/* "struct node"; of one without a name, where it is. */
static const char *shape_name(struct coil_arena *arena, const struct coil_record *record)
{
    if (!coil_record_is_nameless(record))
        return coil_type_name(arena, record->type);
    return coil_arena_printf(arena, "%s (%s:%u)", coil_record_words(arena, record), record->position.section->label,
                             coil_position_line(record->position));
}

static void explain_shape(struct coil_buffer *out, struct coil_module_model *module, const struct coil_shape *shape)
{
    int width = 0;

    for (size_t i = 0; i < shape->passage_count; i++)
        if ((int)strlen(shape->passages[i].name) > width)
            width = (int)strlen(shape->passages[i].name);
    coil_buffer_printf(out, "\n%s\n", shape_name(module->arena, shape->record));
    for (size_t i = 0; i < shape->passage_count; i++)
        explain_row(out, width, shape->passages[i].name, passage_words(module->arena, &shape->passages[i], VIEW_PLACE));
}

static void explain_shapes(struct coil_buffer *out, struct coil_module_model *module)
{
    bool any = false;

    for (size_t i = 0; i < module->shapes.count; i++) {
        const struct coil_shape *shape = module->shapes.items[i];

        if (!shape->record)
            continue;
        if (!any)
            coil_buffer_puts(out, "\nIn structs, wherever they are; fields that are not listed cross as they are:\n");
        any = true;
        explain_shape(out, module, shape);
    }
}

static void explain_callbacks(struct coil_buffer *out, struct coil_module_model *module)
{
    if (module->callbacks.count > 0)
        coil_buffer_puts(out, "\nBehind pointers to functions:\n");
    for (size_t i = 0; i < module->callbacks.count; i++)
        explain_signature(out, module, module->callbacks.items[i], "(*)", false);
}

const char *coil_explain(struct coil_module_model *module)
{
    struct coil_buffer out = COIL_BUFFER_INIT(module->arena);

    coil_buffer_printf(
        &out,
        "Module %s, with the daemon; in-process, Python works on the program's own memory and nothing is "
        "copied.\n"
        "Pointers into memory that both sides see (coil_alloc(), ffi.new()) always cross as they are.\n",
        module->name);
    explain_python(&out, module);
    explain_lib(&out, module);
    explain_shapes(&out, module);
    explain_callbacks(&out, module);
    return out.text;
}
