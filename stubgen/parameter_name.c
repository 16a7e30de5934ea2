/*
 * Names of parameters in emitted functions.
 *
 * A declaration may leave a parameter without a name, or give it one that is
 * taken in the emitted file by a macro, a keyword of C++ or another declaration.
 * Called by crossing.c.
 */
#include <string.h>

#include "stubgen/crossing.h"
#include "stubgen/passage.h"

/* Names that would mean something else within an emitted function. */
static bool is_bad_parameter_name(struct coil_module_model *module, const char *name)
{
    static const char *const bad[] = {
        "EOF",          "NULL",          "alignas",      "alignof",
        "and",          "and_eq",        "asm",          "assert",
        "bitand",       "bitor",         "bool",         "call",
        "catch",        "char16_t",      "char32_t",     "class",
        "coil_call",    "compl",         "const_cast",   "constexpr",
        "decltype",     "delete",        "dynamic_cast", "errno",
        "explicit",     "export",        "false",        "friend",
        "i386",         "linux",         "mutable",      "namespace",
        "new",          "noexcept",      "not",          "not_eq",
        "nullptr",      "operator",      "or",           "or_eq",
        "private",      "protected",     "public",       "reinterpret_cast",
        "result",       "static_assert", "static_cast",  "stderr",
        "stdin",        "stdout",        "template",     "this",
        "thread_local", "throw",         "true",         "try",
        "typeid",       "typename",      "typeof",       "unix",
        "using",        "virtual",       "wchar_t",      "xor",
        "xor_eq",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (strcmp(bad[i], name) == 0)
            return true;
    return coil_module_find(module, name) || coil_primitive_find(module, name) ||
           strncmp(name, module->prefix, strlen(module->prefix)) == 0;
}

const char *coil_parameter_name(struct coil_module_model *module, const struct coil_type *function,
                                const struct coil_parameter *p, const struct coil_passage *passages, size_t index)
{
    const char *name = p->name ? p->name : coil_arena_printf(module->arena, "argument_%zu", index + 1);
    bool is_taken;

    if (is_bad_parameter_name(module, name))
        name = coil_arena_printf(module->arena, "%s_", name);
    do {
        is_taken = is_bad_parameter_name(module, name);
        for (size_t i = 0; i < index; i++)
            is_taken |= strcmp(passages[i].name, name) == 0;
        for (const struct coil_parameter *other = function->parameters; other; other = other->next)
            is_taken |= other != p && other->name && strcmp(other->name, name) == 0;
        if (is_taken)
            name = coil_arena_printf(module->arena, "%s_", name);
    } while (is_taken);
    return name;
}
