/*
 * What crosses.
 *
 * Shapes and callbacks have rows in the descriptor only if something leads to them; both may lead to
 * themselves.  A shape that is part of another one has its row before it.  Called by crossing.c when everything
 * has been decided; all memory is the arena's.
 */
#include "stubgen/reach.h"

#include "proto/descriptor.h"
#include "stubgen/passage.h"

struct search {
    struct coil_module_model *module;
    struct coil_list shapes; /* found */
};

static void visit_signature(struct search *search, const struct coil_signature *signature);

static void visit_passage(struct search *search, const struct coil_passage *passage)
{
    struct coil_shape *shape = passage->shape;

    if (passage->signature && !passage->signature->is_found) {
        struct coil_signature *callback = (struct coil_signature *)(uintptr_t)passage->signature;

        callback->is_found = true;
        callback->number = (unsigned)search->module->callbacks.count;
        coil_list_add(&search->module->callbacks, search->module->arena, callback);
        visit_signature(search, callback);
    }
    if (!shape || !shape->is_needed || shape->is_found)
        return;
    shape->is_found = true;
    coil_list_add(&search->shapes, search->module->arena, shape);
    for (size_t i = 0; i < shape->passage_count; i++)
        visit_passage(search, &shape->passages[i]);
}

static void visit_signature(struct search *search, const struct coil_signature *signature)
{
    for (size_t i = 0; i < signature->passage_count; i++)
        visit_passage(search, &signature->passages[i]);
    visit_passage(search, &signature->result);
}

/* Gives it its row, behind those of what lies in it. */
static void place(struct coil_module_model *module, struct coil_shape *shape)
{
    if (shape->is_placed)
        return;
    shape->depth = 1;
    for (size_t i = 0; i < shape->passage_count; i++) {
        const struct coil_passage *passage = &shape->passages[i];

        if (passage->crossing != COIL_CROSS_VALUE || !passage->shape || !passage->shape->is_needed)
            continue;
        place(module, passage->shape);
        if (shape->depth <= passage->shape->depth)
            shape->depth = passage->shape->depth + 1;
    }
    if (shape->depth > COIL_SHAPE_DEPTH_MAX)
        coil_refuse_at(module->diagnostics, shape->record->position,
                       "this struct is nested too deeply: more than %d levels with pointers in them are not supported",
                       COIL_SHAPE_DEPTH_MAX);
    shape->is_placed = true;
    shape->index = (unsigned)module->shapes.count;
    coil_list_add(&module->shapes, module->arena, shape);
}

/* ---- in-process only ---- */

static bool is_local(const struct coil_passage *passage, struct coil_list *seen, struct coil_arena *arena)
{
    struct coil_shape *shape = passage->shape;

    if (passage->is_local || (shape && shape->is_local))
        return true;
    if (!shape || shape->is_seen)
        return false;
    shape->is_seen = true;
    coil_list_add(seen, arena, shape);
    for (size_t i = 0; i < shape->passage_count; i++)
        if (is_local(&shape->passages[i], seen, arena))
            return true;
    return false;
}

static void mark_local(struct coil_module_model *module, struct coil_signature *signature)
{
    struct coil_list seen = { 0 };

    for (size_t i = 0; i < signature->passage_count; i++)
        signature->is_in_process_only |= is_local(&signature->passages[i], &seen, module->arena);
    for (size_t i = 0; i < seen.count; i++)
        ((struct coil_shape *)seen.items[i])->is_seen = false;
}

void coil_reach_list(struct coil_module_model *module)
{
    struct search search = { .module = module };

    for (size_t i = 0; i < module->functions.count; i++) {
        struct coil_name *function = module->functions.items[i];

        if (module->is_in_process_only)
            mark_local(module, function->signature);
        visit_signature(&search, function->signature);
    }
    for (size_t i = 0; i < module->signatures.count; i++)
        visit_signature(&search, ((const struct coil_name *)module->signatures.items[i])->signature);
    for (size_t i = 0; i < module->variables.count; i++)
        visit_passage(&search, ((const struct coil_name *)module->variables.items[i])->passage);
    for (size_t i = 0; i < search.shapes.count; i++)
        place(module, search.shapes.items[i]);
    for (size_t i = 0; i < module->callbacks.count; i++) {
        struct coil_signature *callback = module->callbacks.items[i];
        const char *name = coil_arena_printf(module->arena, "callback%u", callback->number + 1);

        while (coil_module_find(module, name))
            name = coil_arena_printf(module->arena, "%s_", name);
        callback->prefix = coil_arena_printf(module->arena, "%s%s_", module->prefix, name);
    }
}
