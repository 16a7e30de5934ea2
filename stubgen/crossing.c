/*
 * Crossing: for each parameter, result and variable, whether and how it gets to the other side.
 *
 * First the parameters of what Python implements, which must be clear, or the declaration is refused; with all
 * structs that they lead to.  Then, leniently, everything else: results, because a pointer into shared memory crosses
 * as it is; what only lib reaches; and callbacks.  What is not clear there is an exception in Python when it is used.
 * Last, the shapes and callbacks that cross are listed.  Between the parser and the emitter; needs
 * coil_module_finish().
 */
#include "stubgen/crossing.h"

#include <stdlib.h>
#include <string.h>

#include "proto/descriptor.h"
#include "stubgen/function_words.h"
#include "stubgen/length.h"
#include "stubgen/decision.h"
#include "stubgen/reach.h"
#include "stubgen/shape.h"

/* ---- functions ---- */

static bool is_python(const struct coil_name *function)
{
    return function && coil_name_is_python(function);
}

/* Words of pointers in a function's annotation are about its result. */
static void check_result_words(struct coil_module_model *module, const struct coil_signature *signature,
                               const struct coil_marks *marks)
{
    enum coil_type_kind kind = coil_type_strip(signature->type->item)->kind;

    for (enum coil_word word = COIL_WORD_IN; word < COIL_WORD_IDEMPOTENT; word++) {
        if (!coil_marks_say(marks, word) || word == COIL_WORD_OR_NULL)
            continue;
        if (kind != COIL_KIND_POINTER)
            coil_refuse_at(module->diagnostics, marks->said[word].position,
                           "'%s' is said about the result here, and that is no pointer: write it inside the "
                           "parentheses, beside the parameter that it is about",
                           coil_word_text(word));
        if (word == COIL_WORD_OUT || word == COIL_WORD_LENGTH)
            coil_refuse_at(module->diagnostics, marks->said[word].position,
                           "'%s' is about a parameter, and this is said about the result: write %s",
                           coil_word_text(word),
                           word == COIL_WORD_OUT ? "how long it is, as in [counted_by(n)]"
                                                 : "counted_by() with the number of elements there are");
    }
}

/* What a function returns.  A pointer that Python returns needs no length: it leads into shared memory. */
static void decide_result(struct coil_module_model *module, const struct coil_name *name,
                          struct coil_signature *signature, const struct coil_marks *marks,
                          const struct coil_group *group)
{
    struct coil_type *type = coil_type_unqualified(signature->type->item);
    const struct coil_field *field;
    const struct coil_member result = {
        .type = type,
        .position = name ? name->position : (struct coil_position){ 0 },
        .annotation = signature->annotation,
        .marks = *marks,
        .passage = &signature->result,
    };
    struct coil_decision d = { .subject = { .module = module, .is_lenient = true }, .group = group, .m = &result };

    d.subject.position = result.position;
    d.subject.name = name ? coil_arena_printf(module->arena, "the result of '%s'", name->name) : "the result";
    signature->result.type = type;
    signature->result.crossing = COIL_CROSS_VALUE;
    coil_length_read(module, group, marks, true, &signature->result);
    if (coil_type_is_void(type))
        return;
    coil_decide_alone(&d);
    if (!is_python(name))
        return;
    if (signature->result.crossing == COIL_CROSS_UNSAID)
        signature->result.crossing = COIL_CROSS_VALUE;
    type = coil_type_strip(type);
    if (coil_type_is_opaque_record(type))
        COIL_SUBJECT_REFUSE(&d.subject,
                            "%s is a '%s', whose size is not known: declare its fields, or return a pointer",
                            d.subject.name, coil_type_name(module->arena, type));
    field = type->kind == COIL_KIND_RECORD ? coil_record_const_field(type->record) : NULL;
    if (field)
        COIL_SUBJECT_REFUSE(&d.subject, "%s cannot be passed by value, because its field '%s' is const: pass a pointer",
                            d.subject.name, field->name);
}

static void decide_parameters(struct coil_module_model *module, const struct coil_name *name,
                              struct coil_signature *signature, const struct coil_group *group)
{
    size_t i = 0;

    for (const struct coil_parameter *p = signature->type->parameters; p; p = p->next, i++) {
        const struct coil_member *m = &group->members[i];
        struct coil_decision d = {
            .subject = { .module = module, .position = m->position, .is_lenient = !is_python(name) },
            .group = group,
            .index = i,
            .signature = signature,
        };

        d.subject.name = m->name ? coil_arena_printf(module->arena, "'%s'", m->name)
                                 : coil_arena_printf(module->arena, "argument %zu of '%s'", i + 1,
                                                     name ? name->name : "the callback");
        coil_decide_member(&d);
        m->passage->name = coil_parameter_name(module, signature->type, p, signature->passages, i);
    }
}

/* `name`: NULL for a callback, whose annotation is about its result only. */
static void decide_signature(struct coil_module_model *module, const struct coil_name *name,
                             struct coil_signature *signature)
{
    struct coil_group group = coil_group_of_parameters(module, signature->type);
    struct coil_marks marks = coil_annotation_read(module, signature->annotation,
                                                   is_python(name) ? COIL_ANNOTATED_FUNCTION : COIL_ANNOTATED_RESULT);

    signature->passages = group.count > 0 ? group.members[0].passage : NULL;
    signature->passage_count = group.count;
    coil_function_words_read(module, signature, &marks);
    coil_group_read(module, &group);
    check_result_words(module, signature, &marks);
    decide_parameters(module, name, signature, &group);
    decide_result(module, name, signature, &marks, &group);
}

static void decide_function(struct coil_module_model *module, struct coil_name *function)
{
    struct coil_signature *signature = coil_arena_take(module->arena, sizeof *signature);

    function->signature = signature;
    signature->name = function->name;
    signature->prefix = coil_arena_printf(module->arena, "%s%s_", module->prefix, function->name);
    signature->type = function->type;
    signature->annotation = function->annotation;
    decide_signature(module, function, signature);
}

/* ---- variables ---- */

static void decide_variable(struct coil_module_model *module, struct coil_name *variable)
{
    struct coil_group group = coil_group_of_nothing();
    struct coil_member member = { .name = variable->name,
                                  .type = variable->type,
                                  .position = variable->position,
                                  .annotation = variable->annotation,
                                  .passage = coil_arena_take(module->arena, sizeof *member.passage) };
    struct coil_decision d = { .subject = { .module = module, .position = variable->position, .is_lenient = true },
                               .group = &group,
                               .m = &member };

    variable->passage = member.passage;
    d.subject.name = coil_arena_printf(module->arena, "'%s'", variable->name);
    member.passage->name = variable->name;
    member.passage->type = variable->type;
    member.passage->crossing = COIL_CROSS_VALUE;
    if (!coil_type_is_function_pointer(variable->type))
        member.marks = coil_annotation_read(module, variable->annotation, coil_member_annotated(&member));
    coil_length_read(module, &group, &member.marks, false, member.passage);
    coil_decide_alone(&d);
}

/* ---- everything ---- */

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

/* Structs that nothing leads to are looked at, too: a mistake in an annotation is a mistake. */
static void queue_all_records(struct coil_module_model *module)
{
    for (size_t i = 0; i < module->records.count; i++) {
        struct coil_record *record = module->records.items[i];

        if (record->is_complete && !record->is_anonymous)
            coil_shape_queue(module, record);
    }
}

/* Callbacks lead to structs, and structs to callbacks. */
static void decide_callbacks(struct coil_module_model *module)
{
    struct coil_list *undecided = &module->undecided_callbacks;

    coil_shape_decide(module, true);
    for (size_t i = 0; i < undecided->count; i++) {
        decide_signature(module, NULL, undecided->items[i]);
        coil_shape_decide(module, true);
    }
}

void coil_crossing_decide(struct coil_module_model *module)
{
    list_names(module);
    for (size_t i = 0; i < module->functions.count; i++)
        decide_function(module, module->functions.items[i]);
    coil_shape_decide(module, false);
    for (size_t i = 0; i < module->functions.count; i++)
        coil_function_words_check(module, ((const struct coil_name *)module->functions.items[i])->signature);
    for (size_t i = 0; i < module->signatures.count; i++)
        decide_function(module, module->signatures.items[i]);
    for (size_t i = 0; i < module->variables.count; i++)
        decide_variable(module, module->variables.items[i]);
    queue_all_records(module);
    decide_callbacks(module);
    coil_reach_list(module);
}
