/*
 * Groups of values.
 *
 * Parameters of a function and fields of a struct follow the same rules: what is beside a pointer may be its
 * length, and expressions name their neighbours.  Here both become rows of members.  Called by crossing.c,
 * shape.c and callback.c; all memory is the arena's.
 */
#include "stubgen/group.h"

#include "proto/descriptor.h"
#include "stubgen/length.h"

static struct coil_member *add_member(struct coil_module_model *module, struct coil_list *members, const char *name,
                                      struct coil_type *type, struct coil_position position,
                                      const struct coil_annotation *annotation)
{
    struct coil_member *member = coil_arena_take(module->arena, sizeof *member);

    member->name = name;
    member->type = type;
    member->position = position;
    member->annotation = annotation;
    coil_list_add(members, module->arena, member);
    return member;
}

/* In a frame, arrays and functions are the pointers that they are in C. */
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

/* The members in one row, each with its passage. */
static struct coil_group finish(struct coil_module_model *module, const struct coil_list *members)
{
    struct coil_group group = { .count = members->count };
    struct coil_passage *passages = coil_arena_take(module->arena, (members->count + 1) * sizeof *passages);

    group.members = coil_arena_take(module->arena, (members->count + 1) * sizeof *group.members);
    for (size_t i = 0; i < members->count; i++) {
        struct coil_member *member = &group.members[i];

        *member = *(struct coil_member *)members->items[i];
        member->passage = &passages[i];
        passages[i].name = member->name;
        passages[i].type = member->is_parameter ? frame_type(module->arena, member->type) : member->type;
        passages[i].crossing = COIL_CROSS_VALUE;
        passages[i].number = (unsigned)i;
        passages[i].field = member->field;
        passages[i].base = member->base;
    }
    return group;
}

struct coil_group coil_group_of_parameters(struct coil_module_model *module, const struct coil_type *function)
{
    struct coil_list members = { 0 };
    struct coil_group group;

    for (const struct coil_parameter *p = function->parameters; p; p = p->next)
        add_member(module, &members, p->name, p->type, p->position, p->annotation)->is_parameter = true;
    group = finish(module, &members);
    group.owner = "this function";
    group.member_words = "parameter";
    return group;
}

static void add_fields(struct coil_module_model *module, struct coil_list *members, const struct coil_record *record,
                       bool is_in_union, uint64_t base)
{
    is_in_union |= record->is_union;
    for (const struct coil_field *f = record->fields; f; f = f->next) {
        if (!*f->name && f->bits < 0) {
            add_fields(module, members, coil_type_strip(f->type)->record, is_in_union,
                       base + (f->known ? f->known->offset : 0));
        } else if (*f->name) {
            struct coil_member *member = add_member(module, members, f->name, f->type, f->position, f->annotation);

            member->field = f;
            member->is_in_union = is_in_union;
            member->base = base;
        }
    }
}

struct coil_group coil_group_of_fields(struct coil_module_model *module, const struct coil_record *record)
{
    struct coil_list members = { 0 };
    struct coil_group group;

    add_fields(module, &members, record, false, 0);
    group = finish(module, &members);
    group.owner = record->is_union ? "this union" : "this struct";
    group.member_words = "field";
    return group;
}

struct coil_group coil_group_of_nothing(void)
{
    return (struct coil_group){ .owner = "a variable", .member_words = "variable", .is_alone = true };
}

bool coil_member_is_countable(const struct coil_member *member)
{
    if (member->field && (member->field->bits >= 0 || member->is_in_union))
        return false;
    return coil_type_is_integer(member->type) || coil_type_strip(member->type)->kind == COIL_KIND_ENUM;
}

enum coil_annotated coil_member_annotated(const struct coil_member *member)
{
    struct coil_type *type = coil_type_strip(member->type);

    /* An array as a parameter is a pointer; in a struct it counts as what it is made of. */
    while (!member->is_parameter && type->kind == COIL_KIND_ARRAY)
        type = coil_type_strip(type->item);
    if (type->kind == COIL_KIND_RECORD)
        return COIL_ANNOTATED_RECORD;
    return type->kind == COIL_KIND_POINTER || type->kind == COIL_KIND_ARRAY ? COIL_ANNOTATED_POINTER
                                                                            : COIL_ANNOTATED_VALUE;
}

bool coil_type_is_function_pointer(struct coil_type *type)
{
    type = coil_type_strip(type);
    return type->kind == COIL_KIND_FUNCTION ||
           (type->kind == COIL_KIND_POINTER && coil_type_strip(type->item)->kind == COIL_KIND_FUNCTION);
}

void coil_group_read(struct coil_module_model *module, struct coil_group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        struct coil_member *member = &group->members[i];

        /* What is said at a pointer to a function is about that function: callback.c */
        if (!coil_type_is_function_pointer(member->type))
            member->marks = coil_annotation_read(module, member->annotation, coil_member_annotated(member));
    }
    for (size_t i = 0; i < group->count; i++) {
        struct coil_member *member = &group->members[i];

        coil_length_read(module, group, &member->marks, false, member->passage);
    }
}

bool coil_group_uses(const struct coil_group *group, size_t member, size_t index)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct coil_passage *passage = group->members[i].passage;

        if (i != member &&
            ((passage->count && passage->count->uses[index]) || (passage->length && passage->length->uses[index])))
            return true;
    }
    return false;
}
