/*
 * What Python reaches in the program, as C: struct coil_program of client/stub.h.
 *
 * For each C function that lib has, a function that calls it with a frame's arguments; for each variable, one
 * that says where it is, because only the calling thread knows where its own thread-local ones are.  Whatever
 * the C source calls by a name will do, be it a macro: it is used here as the declaration says.  Comes after
 * everything else in the stub's source.  All memory is the arena's.
 */
#include <string.h>

#include "stubgen/emit.h"
#include "stubgen/passage.h"

/* A local's name, which must not hide the function that is called. */
static const char *local(struct coil_module_model *module, const struct coil_signature *signature, const char *name)
{
    return strcmp(signature->name, name) == 0 ? coil_arena_printf(module->arena, "%s_", name) : name;
}

/* "add(frame->x, frame->y)" */
static const char *call_text(struct coil_module_model *module, const struct coil_signature *signature,
                             const char *before)
{
    struct coil_buffer text = COIL_BUFFER_INIT(module->arena);
    size_t i = 0;

    coil_buffer_printf(&text, "%s(", signature->name);
    for (const struct coil_parameter *p = signature->type->parameters; p; p = p->next, i++)
        coil_buffer_printf(&text, "%s%s%s", i > 0 ? ", " : "", before, signature->passages[i].name);
    coil_buffer_puts(&text, ")");
    return text.text;
}

/* The last line of a thunk: the call, and where its result goes. */
static const char *statement(struct coil_module_model *module, const struct coil_signature *signature, const char *call,
                             const char *result)
{
    struct coil_type *type = signature->result.type;
    struct coil_type *bare = coil_type_strip(type);

    if (coil_type_is_void(type))
        return call;
    /* C cannot assign a struct with const in it. */
    if (bare->kind == COIL_KIND_RECORD && coil_record_const_field(bare->record))
        return coil_arena_printf(
            module->arena, "const struct %sresult returned = { %s };\n\n    memcpy(%s, &returned, sizeof returned)",
            signature->prefix, call, result);
    return coil_arena_printf(module->arena, "((struct %sresult *)%s)->value = %s", signature->prefix, result, call);
}

static void emit_run(struct coil_buffer *out, struct coil_module_model *module, const struct coil_signature *signature)
{
    const char *call = local(module, signature, "call");
    const char *result = local(module, signature, "result");
    const char *frame = local(module, signature, "frame");

    if (signature->type->variadic)
        return;
    coil_buffer_printf(out, "static void %srun(const void *%s, void *%s)\n{\n", signature->prefix, call, result);
    if (signature->type->parameters)
        coil_buffer_printf(out, "    const struct %scall *%s = (const struct %scall *)%s;\n", signature->prefix, frame,
                           signature->prefix, call);
    if (signature->type->parameters)
        coil_buffer_puts(out, "\n");
    else
        coil_buffer_printf(out, "    (void)%s;\n", call);
    if (coil_type_is_void(signature->result.type))
        coil_buffer_printf(out, "    (void)%s;\n", result);
    coil_buffer_printf(out, "    %s;\n}\n\n",
                       statement(module, signature,
                                 call_text(module, signature, coil_arena_printf(module->arena, "%s->", frame)),
                                 result));
}

/* A macro has no address: that of a function that uses it, instead. */
static void emit_macro(struct coil_buffer *out, struct coil_module_model *module,
                       const struct coil_signature *signature)
{
    struct coil_list names = { 0 };
    size_t i = 0;

    if (signature->type->variadic)
        return;
    for (const struct coil_parameter *p = signature->type->parameters; p; p = p->next)
        coil_list_add(&names, module->arena, (void *)(uintptr_t)signature->passages[i++].name);
    coil_buffer_printf(
        out,
        "#ifdef %s\nstatic %s\n{\n    %s%s;\n}\n#define %saddress %smacro\n#else\n#define %saddress %s\n#endif\n\n",
        signature->name,
        coil_type_declare(module->arena, signature->result.type,
                          coil_arena_printf(module->arena, "%smacro(%s)", signature->prefix,
                                            coil_parameters_declare(module->arena, signature->type,
                                                                    (const char *const *)names.items))),
        coil_type_is_void(signature->result.type) ? "" : "return ", call_text(module, signature, ""), signature->prefix,
        signature->prefix, signature->prefix, signature->name);
}

/* A constant may be a macro without a place of its own; a struct never is. */
static void emit_variable(struct coil_buffer *out, struct coil_module_model *module, const struct coil_name *name)
{
    coil_buffer_printf(out, "static void *%s%s_variable(void)\n{\n", module->prefix, name->name);
    if (name->is_constant && coil_type_strip(name->type)->kind != COIL_KIND_RECORD)
        coil_buffer_printf(out, "    static COIL_THREAD_LOCAL %s;\n\n    %svalue = %s;\n    return &%svalue;\n}\n\n",
                           coil_type_declare(module->arena, coil_type_unqualified(name->type),
                                             coil_arena_printf(module->arena, "%svalue", module->prefix)),
                           module->prefix, name->name, module->prefix);
    else
        coil_buffer_printf(out, "    return (void *)&%s;\n}\n\n", name->name);
}

static void emit_runs(struct coil_buffer *out, struct coil_module_model *module)
{
    if (module->signatures.count == 0)
        return;
    coil_buffer_printf(out, "static void (*const %sruns[])(const void *call, void *result) = {\n", module->prefix);
    for (size_t i = 0; i < module->signatures.count; i++) {
        const struct coil_signature *signature = ((const struct coil_name *)module->signatures.items[i])->signature;

        if (signature->type->variadic)
            coil_buffer_printf(out, "    NULL, /* %s takes a variable number of arguments */\n", signature->name);
        else
            coil_buffer_printf(out, "    %srun,\n", signature->prefix);
    }
    coil_buffer_printf(out, "};\n\nstatic void (*const %saddresses[])(void) = {\n", module->prefix);
    for (size_t i = 0; i < module->signatures.count; i++) {
        const struct coil_signature *signature = ((const struct coil_name *)module->signatures.items[i])->signature;

        if (signature->type->variadic)
            coil_buffer_printf(out, "    (void (*)(void))%s,\n", signature->name);
        else
            coil_buffer_printf(out, "    (void (*)(void))%saddress,\n", signature->prefix);
    }
    coil_buffer_puts(out, "};\n\n");
}

static void emit_variables(struct coil_buffer *out, const struct coil_module_model *module)
{
    if (module->variables.count == 0)
        return;
    coil_buffer_printf(out, "static void *(*const %svariables[])(void) = {\n", module->prefix);
    for (size_t i = 0; i < module->variables.count; i++)
        coil_buffer_printf(out, "    %s%s_variable,\n", module->prefix,
                           ((const struct coil_name *)module->variables.items[i])->name);
    coil_buffer_puts(out, "};\n\n");
}

static void emit_functions(struct coil_buffer *out, const struct coil_module_model *module)
{
    if (module->functions.count == 0)
        return;
    coil_buffer_printf(out, "static void (*const %sfunctions[])(void) = {\n", module->prefix);
    for (size_t i = 0; i < module->functions.count; i++)
        coil_buffer_printf(out, "    (void (*)(void))%s,\n",
                           ((const struct coil_name *)module->functions.items[i])->name);
    coil_buffer_puts(out, "};\n\n");
}

/* A table's name, or NULL if it has no rows. */
static const char *table_name(const struct coil_module_model *module, size_t count, const char *name)
{
    return count > 0 ? coil_arena_printf(module->arena, "%s%s", module->prefix, name) : "NULL";
}

void coil_emit_program(struct coil_buffer *out, struct coil_module_model *module)
{
    if (!coil_emit_has_program(module))
        return;
    coil_buffer_puts(out, "/* ---- what Python reaches through lib: C functions, variables ---- */\n\n");
    for (size_t i = 0; i < module->signatures.count; i++) {
        const struct coil_name *function = module->signatures.items[i];

        emit_run(out, module, function->signature);
        emit_macro(out, module, function->signature);
    }
    for (size_t i = 0; i < module->variables.count; i++)
        emit_variable(out, module, module->variables.items[i]);
    emit_runs(out, module);
    emit_variables(out, module);
    emit_functions(out, module);
    coil_buffer_printf(out, "const struct coil_program %sprogram = {\n    %s,\n    %s,\n    %s,\n    %s,\n};\n\n",
                       module->prefix, table_name(module, module->signatures.count, "runs"),
                       table_name(module, module->signatures.count, "addresses"),
                       table_name(module, module->variables.count, "variables"),
                       table_name(module, module->functions.count, "functions"));
}
