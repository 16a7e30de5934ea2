/*
 * Crossing: for each parameter, result and variable, whether and how it gets to the other side.
 *
 * First all annotations of a function are read, because the length of one pointer may be
 * behind another; then each parameter is decided, pointers by pointer.c.  What Python
 * implements must be clear, or the declaration is refused; what only lib reaches never is: what
 * is not clear there is an exception in Python when it is used.  Between the parser and the
 * emitter; needs coil_module_finish().
 */
#include "stubgen/crossing.h"

#include <stdlib.h>
#include <string.h>

#include "proto/descriptor.h"
#include "stubgen/length.h"
#include "stubgen/pointer.h"

/* In the frame, arrays and functions are the pointers that they are in C. */
static struct coil_type *frame_type(struct coil_arena *arena, struct coil_type *declared)
{
    struct coil_type *type = coil_type_strip(declared);

    if (type->kind == COIL_KIND_FUNCTION)
        return coil_type_new(arena, COIL_KIND_POINTER, declared);
    if (type->kind != COIL_KIND_ARRAY)
        return coil_type_unqualified(declared);
    return coil_type_new(arena, COIL_KIND_POINTER,
                         coil_type_is_const(declared) && !coil_type_is_const(type->item)
                             ? coil_type_qualify(arena, type->item, COIL_QUALIFIER_CONST)
                             : type->item);
}

static bool is_pointer(const struct coil_parameter *p)
{
    enum coil_type_kind kind = coil_type_strip(p->type)->kind;

    return kind == COIL_KIND_POINTER || kind == COIL_KIND_ARRAY;
}

static bool uses(const struct coil_passage *passage, size_t index)
{
    return (passage->count && passage->count->uses[index]) || (passage->length && passage->length->uses[index]);
}

/* Whether another parameter's expression has the integer beside this pointer in it, or what this one leads
 * to. */
static bool is_used_elsewhere(const struct coil_decision *d)
{
    size_t integer = 0, i = 0;
    bool used = false;

    if (!d->beside.integer)
        return false;
    for (const struct coil_parameter *p = d->signature->type->parameters; p != d->beside.integer; p = p->next)
        integer++;
    for (const struct coil_parameter *p = d->signature->type->parameters; p; p = p->next, i++)
        if (i != d->index)
            used |= uses(&d->signature->passages[i], integer) || uses(&d->signature->passages[i], d->index);
    return used;
}

/* What was let through is passed as it is in-process, and for lib raises when it is used. */
static void set_let_through(const struct coil_decision *d)
{
    struct coil_passage *passage = d->passage;
    bool is_pointer = coil_type_strip(passage->type)->kind == COIL_KIND_POINTER;

    passage->crossing = d->subject.is_of_lib && is_pointer ? COIL_CROSS_UNSAID : COIL_CROSS_VALUE;
    passage->block = NULL;
    passage->count = passage->length = NULL;
    passage->is_sized = false;
    passage->is_local = !d->subject.is_of_lib;
}

static void decide_parameter(struct coil_decision *d)
{
    struct coil_type *type = coil_type_strip(d->p->type);
    bool is_let_through = false;

    d->subject.is_local = &is_let_through;
    if (d->subject.is_of_lib && coil_type_is_file(type)) {
        d->passage->crossing = COIL_CROSS_FILE;
    } else if (type->kind == COIL_KIND_FUNCTION) {
        if (!coil_subject_is_let_through(&d->subject))
            coil_pointer_refuse_function(d);
    } else if (type->kind == COIL_KIND_ARRAY && type->length_kind != COIL_LENGTH_OPEN) {
        coil_pointer_decide_array(d, type);
    } else if (is_pointer(d->p)) {
        coil_pointer_decide(d, is_used_elsewhere(d));
    } else {
        coil_contents_check_value(&d->subject, type);
    }
    if (is_let_through)
        set_let_through(d);
}

/* Reads what is said about each parameter, and compiles its lengths: others' decisions depend on them. */
static void read_marks(struct coil_module_model *module, struct coil_signature *signature, struct coil_marks *marks)
{
    size_t i = 0;

    for (const struct coil_parameter *p = signature->type->parameters; p; p = p->next, i++) {
        struct coil_type *type = coil_type_strip(p->type);

        if (type->kind == COIL_KIND_FUNCTION ||
            (type->kind == COIL_KIND_POINTER && coil_type_strip(type->item)->kind == COIL_KIND_FUNCTION))
            continue;
        marks[i] =
            coil_annotation_read(module, p->annotation, is_pointer(p) ? COIL_ANNOTATED_POINTER : COIL_ANNOTATED_VALUE);
    }
    i = 0;
    for (const struct coil_parameter *p = signature->type->parameters; p; p = p->next, i++) {
        struct coil_passage *passage = &signature->passages[i];

        passage->type = frame_type(module->arena, p->type);
        passage->crossing = COIL_CROSS_VALUE;
        for (enum coil_word word = COIL_WORD_COUNTED_BY; word <= COIL_WORD_SIZED_BY; word++)
            if (coil_marks_say(&marks[i], word))
                passage->count = coil_length_compile(module, signature->type, marks, &marks[i].said[word], false);
        if (coil_marks_say(&marks[i], COIL_WORD_LENGTH))
            passage->length =
                coil_length_compile(module, signature->type, marks, &marks[i].said[COIL_WORD_LENGTH], true);
    }
}

static void decide_python_result(const struct coil_subject *subject, struct coil_type *result)
{
    struct coil_type *type = coil_type_strip(result);

    if (type->kind == COIL_KIND_POINTER) {
        if (!coil_type_is_opaque_pointer(type) && !coil_subject_is_let_through(subject))
            COIL_SUBJECT_REFUSE(
                subject,
                "%s is '%s', and of pointers only void * and pointers to opaque types can be results in this "
                "version: let the caller pass memory that the function fills, such as a struct /* [out] */ or an "
                "array /* [out, counted_by(n)] */, or generate with --in-process-only for COIL_MODE=inprocess",
                subject->name, coil_type_name(subject->module->arena, result));
        return;
    }
    coil_contents_check_value(subject, type);
}

/* A value without others beside it: a result of a C function, or a variable. */
static void decide_alone(const struct coil_subject *subject, struct coil_passage *passage, struct coil_type *type)
{
    static const struct coil_marks none;
    const struct coil_parameter alone = { .type = type, .position = subject->position };
    bool is_let_through = false;
    struct coil_decision d = { .subject = *subject, .p = &alone, .marks = &none, .passage = passage };

    d.subject.is_local = &is_let_through;
    passage->crossing = COIL_CROSS_VALUE;
    if (coil_type_strip(type)->kind != COIL_KIND_POINTER)
        return;
    coil_pointer_decide(&d, false);
    if (is_let_through)
        set_let_through(&d);
}

static void decide_result(struct coil_module_model *module, struct coil_name *function)
{
    struct coil_signature *signature = function->signature;
    struct coil_type *type = signature->type->item;
    struct coil_subject subject = { .module = module,
                                    .position = function->position,
                                    .is_of_lib = !coil_name_is_python(function),
                                    .is_local = &signature->is_in_process_only };

    signature->result.type = coil_type_unqualified(type);
    signature->result.crossing = COIL_CROSS_VALUE;
    subject.name = coil_arena_printf(module->arena, "the result of '%s'", function->name);
    if (coil_type_is_void(type))
        return;
    if (subject.is_of_lib)
        decide_alone(&subject, &signature->result, signature->result.type);
    else
        decide_python_result(&subject, type);
}

static void decide_parameters(struct coil_module_model *module, struct coil_name *function)
{
    const struct coil_parameter *before = NULL, *before2 = NULL;
    struct coil_signature *signature = function->signature;
    struct coil_marks *marks;
    size_t count = 1;

    for (const struct coil_parameter *p = signature->type->parameters; p; p = p->next)
        count++;
    signature->passages = coil_arena_take(module->arena, count * sizeof *signature->passages);
    marks = coil_arena_take(module->arena, count * sizeof *marks);
    read_marks(module, signature, marks);

    count = 0;
    for (const struct coil_parameter *p = signature->type->parameters; p;
         before2 = before, before = p, p = p->next, count++) {
        struct coil_decision d = {
            .subject = { .module = module, .position = p->position, .is_of_lib = !coil_name_is_python(function) },
            .signature = signature,
            .p = p,
            .index = count,
            .marks = &marks[count],
            .passage = &signature->passages[count],
        };

        d.subject.name = p->name ? coil_arena_printf(module->arena, "'%s'", p->name)
                                 : coil_arena_printf(module->arena, "argument %zu of '%s'", count + 1, function->name);
        if (is_pointer(p))
            d.beside = coil_infer_length(before2, before, p);
        decide_parameter(&d);
        signature->is_in_process_only |= d.passage->is_local;
        d.passage->name = coil_parameter_name(module, signature->type, p, signature->passages, count);
    }
}

static void decide_function(struct coil_module_model *module, struct coil_name *function)
{
    struct coil_marks said = coil_annotation_read(module, function->annotation, COIL_ANNOTATED_FUNCTION);
    struct coil_signature *signature = coil_arena_take(module->arena, sizeof *signature);

    function->signature = signature;
    signature->name = function->name;
    signature->prefix = coil_arena_printf(module->arena, "%s%s_", module->prefix, function->name);
    signature->type = function->type;
    signature->is_idempotent = coil_marks_say(&said, COIL_WORD_IDEMPOTENT);
    decide_result(module, function);
    decide_parameters(module, function);
}

static void decide_variable(struct coil_module_model *module, struct coil_name *variable)
{
    struct coil_subject subject = { .module = module, .position = variable->position, .is_of_lib = true };

    subject.name = coil_arena_printf(module->arena, "'%s'", variable->name);
    variable->passage = coil_arena_take(module->arena, sizeof *variable->passage);
    variable->passage->name = variable->name;
    variable->passage->type = variable->type;
    decide_alone(&subject, variable->passage, variable->type);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(struct coil_name *const *)a)->name, (*(struct coil_name *const *)b)->name);
}

static void sort(struct coil_list *names)
{
    if (names->count > 0)
        qsort(names->items, names->count, sizeof(void *), compare_names);
}

/* Which functions and variables there are, in the order of the descriptor's tables. */
static void list_names(struct coil_module_model *module)
{
    for (struct coil_name *name = module->first; name; name = name->next) {
        if (coil_name_is_elsewhere(name))
            continue;
        if (name->kind == COIL_NAME_VARIABLE)
            coil_list_add(&module->variables, module->arena, name);
        else if (name->kind == COIL_NAME_FUNCTION)
            coil_list_add(coil_name_is_python(name) ? &module->functions : &module->signatures, module->arena, name);
    }
    sort(&module->signatures);
    sort(&module->variables);
}

void coil_crossing_decide(struct coil_module_model *module)
{
    list_names(module);
    for (size_t i = 0; i < module->functions.count; i++)
        decide_function(module, module->functions.items[i]);
    for (size_t i = 0; i < module->signatures.count; i++)
        decide_function(module, module->signatures.items[i]);
    for (size_t i = 0; i < module->variables.count; i++)
        decide_variable(module, module->variables.items[i]);
}
