/*
 * Explaining: the decisions of crossing.c in plain words, for whoever wants to know
 * what a declaration costs, or whether it says what was meant.  Called by
 * main.c instead of the emitter.
 */
#include "stubgen/explain.h"

#include <string.h>

#include "proto/descriptor.h"
#include "stubgen/length.h"

/* "array of n * 2 'double'", "one 'struct point'", "n bytes" */
static const char *extent_words(struct coil_arena *arena, const struct coil_passage *passage)
{
    struct coil_type *block = passage->block;
    struct coil_type *bare = block ? coil_type_strip(block) : NULL;

    if (passage->is_sized)
        return coil_arena_printf(arena, "%s bytes", passage->count->text);
    if (passage->count)
        return coil_arena_printf(arena, "array of %s '%s'", passage->count->text,
                                 coil_type_name(arena, coil_type_unqualified(block)));
    if (bare->kind == COIL_KIND_ARRAY)
        return coil_arena_printf(arena, "array of %llu '%s'", (unsigned long long)bare->length,
                                 coil_type_name(arena, coil_type_unqualified(bare->item)));
    return coil_arena_printf(arena, "one '%s'", coil_type_name(arena, coil_type_unqualified(block)));
}

/* What comes back: all of it, or as much as length() says. */
static const char *part_words(struct coil_arena *arena, const struct coil_passage *passage)
{
    if (!passage->length)
        return "";
    return coil_arena_printf(arena, "of the first %s %s ", passage->length->text,
                             passage->is_sized ? "bytes" : "elements");
}

static const char *passage_words(struct coil_arena *arena, const struct coil_passage *passage)
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
    case COIL_CROSS_BLOCK_OUT:
        if (passage->length)
            return coil_arena_printf(
                arena, "%s: never read, Python gets zeros; the first %s %s are copied back after the call",
                extent_words(arena, passage), passage->length->text, passage->is_sized ? "bytes" : "elements");
        return coil_arena_printf(arena, "%s: never read, Python gets zeros; all of it is copied back after the call",
                                 extent_words(arena, passage));
    case COIL_CROSS_FUNCTION:
        return "function: callable on the other side";
    case COIL_CROSS_UNSAID:
        return "not said: an exception in Python if it leads into private memory";
    case COIL_CROSS_FILE:
        return "file: a file of Python's, opened by the program";
    default:
        break;
    }
    if (passage->is_local)
        return "address: passed as it is, which means something in-process only";
    return coil_type_strip(passage->type)->kind == COIL_KIND_POINTER ? "address: passed as it is, nothing is copied"
                                                                     : "by value";
}

static void explain_function(struct coil_buffer *out, struct coil_module_model *module,
                             const struct coil_name *function)
{
    struct coil_arena *arena = module->arena;
    struct coil_type *result = function->type->item;
    struct coil_list names = { 0 };
    size_t i = 0;
    int width = (int)strlen("result");

    for (const struct coil_parameter *p = function->type->parameters; p; p = p->next, i++) {
        const char *name = p->name ? p->name : function->signature->passages[i].name;

        coil_list_add(&names, arena, (void *)(uintptr_t)name);
        if ((int)strlen(name) > width)
            width = (int)strlen(name);
    }
    coil_buffer_printf(out, "\n%s;\n",
                       coil_type_declare(arena, result,
                                         coil_arena_printf(arena, "%s(%s)", function->name,
                                                           coil_parameters_declare(arena, function->type,
                                                                                   (const char *const *)names.items))));
    for (i = 0; i < names.count; i++)
        coil_buffer_printf(out, "    %-*s  %s\n", width, (const char *)names.items[i],
                           passage_words(arena, &function->signature->passages[i]));
    if (!coil_type_is_void(result))
        coil_buffer_printf(out, "    %-*s  %s\n", width, "result",
                           coil_type_strip(result)->kind == COIL_KIND_POINTER
                               ? "address: passed as it is, nothing is copied"
                               : "by value");
    if (function->signature->is_idempotent)
        coil_buffer_puts(out, "    idempotent: sent again if the worker dies while it runs\n");
    if (function->signature->is_in_process_only)
        coil_buffer_puts(out, "    in-process only\n");
}

const char *coil_explain(struct coil_module_model *module)
{
    struct coil_buffer out = COIL_BUFFER_INIT(module->arena);
    size_t count = 0;

    coil_buffer_printf(
        &out,
        "Module %s, with the daemon; in-process, Python works on the program's own memory and nothing is "
        "copied.\n",
        module->name);
    for (const struct coil_name *name = module->first; name; name = name->next)
        if (coil_name_is_python(name)) {
            explain_function(&out, module, name);
            count++;
        }
    if (count == 0)
        coil_buffer_puts(&out, "\nPython implements none of its functions.\n");
    return out.text;
}
