/*
 * Pointers that lead to memory which the program does not have.
 *
 * Python's memory is its process's own, but for the heap and what the program has brought.  A pointer
 * to anything else that reached the program would lead it to something quite different, or nowhere; so
 * it is an exception, where somebody can see which pointer it was.
 *
 * Pointers into shared memory are followed, as far as the declaration says what is behind them.  Of any other
 * address the embedder can tell whether it may be the program's own, which Python has kept for it.  In one process
 * all memory is everybody's, and nothing is looked at.
 *
 * With the GIL.
 */
#include "daemon/host/object.h"

#include "daemon/host/stray.h"

#include <errno.h>

#include "daemon/host/callback.h"
#include "daemon/host/start.h"
#include "daemon/host/thread.h"
#include "proto/reach.h"
#include "proto/window.h"

/* What a walk over one call's pointers is about. */
struct search {
    const struct coil_giver *giver;
    struct coil_host_program *program;
    struct coil_path path; /* of the first that was found */
    bool is_function;      /* it is a function pointer */
    uint64_t address;      /* where it leads */
};

struct coil_host_program *coil_stray_program(void)
{
    const struct coil_host_callbacks *callbacks = coil_start_callbacks();
    const struct coil_host_thread *thread = coil_thread_current();

    return callbacks->program ? callbacks->program(thread && thread->calls ? thread->caller : NULL) : NULL;
}

static bool is_shared(void *context, uint64_t address, uint64_t size)
{
    const struct search *search = context;

    return coil_start_callbacks()->is_shared(search->program, address, size);
}

/* May the program have something there, that Python has not? */
static bool is_elsewhere(const struct search *search, uint64_t address)
{
    return coil_start_callbacks()->is_shared(search->program, address, 0);
}

/* Can the program call it?  Where it crosses says how its arguments do. */
static bool is_callable(void *context, const struct coil_descriptor_value *value, uint64_t address)
{
    const struct search *search = context;
    struct coil_error error;

    return coil_callback_cross(search->giver->image, value, search->program, address, &error) == 0;
}

static int raise_stray(const struct search *search, const char *what)
{
    const char *name = coil_image_text(search->giver->image, search->giver->function->name);

    if (search->is_function) {
        PyErr_Format(PyExc_ValueError,
                     "%s%s'%s' %s a function that only Python's process has: make one with ffi.callback(), and keep "
                     "what that returns for as long as the program may call it",
                     name, *name ? "(): " : "", search->path.text, what);
        return -1;
    }
    if (coil_start_is_system() && search->address >= COIL_HEAPS_BEGIN && search->address < COIL_HEAPS_END) {
        PyErr_Format(PyExc_ValueError,
                     "%s%s'%s' %s memory that ffi.new() has made for another program, or that is gone: make it anew for "
                     "each program, or for all of them in the init code",
                     name, *name ? "(): " : "", search->path.text, what);
        return -1;
    }
    PyErr_Format(PyExc_ValueError,
                 "%s%s'%s' %s memory that only Python's process has: make it with ffi.new(), and keep it alive for as "
                 "long as the program uses it",
                 name, *name ? "(): " : "", search->path.text, what);
    return -1;
}

static int raise_error(const struct search *search, const struct coil_error *error)
{
    const char *name = coil_image_text(search->giver->image, search->giver->function->name);

    PyErr_Format(error->code == -ENOMEM ? PyExc_MemoryError : PyExc_ValueError, "%s%s%s", name, *name ? "(): " : "",
                 error->text);
    return -1;
}

/* ---- results ---- */

static int note_result(void *context, const struct coil_reach_stray *stray)
{
    struct search *search = context;

    if (!stray->is_function && is_elsewhere(search, stray->address))
        return 0;
    search->path = *stray->path;
    search->address = stray->address;
    search->is_function = stray->is_function;
    return -EFAULT;
}

/* A search over the frame of a result. */
struct result_search {
    struct search search;
    const char *result;
    bool follows; /* somebody else looks at what is followed */
};

/* Pointers, as they are; not 0: one is stray. */
static int look_at(void *argument, const struct coil_place *place)
{
    struct result_search *s = argument;
    uint64_t address;
    bool good;

    if (place->value->crossing == COIL_CROSS_FUNCTION || (s->follows && coil_value_leads(place->value)))
        return 0;
    memcpy(&address, s->result + coil_place_offset(place), sizeof address);
    good = address == 0 || is_elsewhere(&s->search, address);
    if (!good) {
        s->search.path = (struct coil_path){ 0 };
        s->search.address = address;
        coil_path_append_in_frame(&s->search.path, s->search.giver->image, &s->search.giver->function->result, 1,
                                  coil_place_offset(place));
    }
    return !good;
}

int coil_stray_check_error(const struct coil_giver *giver, const void *result)
{
    struct result_search s = { .search = { .giver = giver }, .result = result };

    if (!coil_start_callbacks()->is_shared ||
        !coil_places_visit(giver->image, &giver->function->result, 1, giver->function->first_value, look_at, &s))
        return 0;
    return raise_stray(&s.search, "(of error=) leads to");
}

int coil_stray_check_result(const struct coil_giver *giver, const void *call, const void *result)
{
    struct result_search s = { .search.giver = giver, .result = result, .follows = true };
    const struct coil_descriptor_function *f = giver->function;
    const struct coil_reach reach = { .image = giver->image,
                                      .is_shared = is_shared,
                                      .stray = note_result,
                                      .is_callable = is_callable,
                                      .context = &s.search };
    const struct coil_reach_frame frame = {
        .values = &f->result, .count = 1, .first_value = f->first_value, .arguments = call, .frame = result
    };
    struct coil_error error;
    int r;

    if (!coil_start_callbacks()->is_shared)
        return 0;
    s.search.program = coil_stray_program();
    if (coil_places_visit(giver->image, &f->result, 1, f->first_value, look_at, &s))
        return raise_stray(&s.search, "leads to");
    r = coil_reach_walk(&reach, &frame, &error);
    if (r == -EFAULT)
        return raise_stray(&s.search, "leads to");
    return r < 0 ? raise_error(&s.search, &error) : 0;
}

/* ---- what is stored ---- */

static int mend_stored(void *context, const struct coil_reach_stray *stray)
{
    struct search *search = context;

    if (!stray->is_function && is_elsewhere(search, stray->address))
        return 0;
    if (!search->path.used) {
        search->path = *stray->path;
        search->address = stray->address;
        search->is_function = stray->is_function;
    }
    /* In staging the program's own pointer comes back when it finds this one; the frame is read-only. */
    if (stray->place >= COIL_WINDOWS_END && stray->place < COIL_RANGE_END)
        memset((void *)(uintptr_t)stray->place, 0, sizeof(void *));
    return 0;
}

int coil_stray_check_stored(const struct coil_giver *giver, const void *call)
{
    struct search search = { .giver = giver };
    const struct coil_descriptor_function *f = giver->function;
    const struct coil_reach reach = { .image = giver->image,
                                      .is_shared = is_shared,
                                      .stray = mend_stored,
                                      .is_callable = is_callable,
                                      .context = &search };
    const struct coil_reach_frame frame = { .values = coil_image_values(giver->image) + f->first_value,
                                            .count = f->parameter_count,
                                            .first_value = f->first_value,
                                            .arguments = call,
                                            .frame = call };
    struct coil_error error;
    int r;

    if (!coil_start_callbacks()->is_shared)
        return 0;
    search.program = coil_stray_program();
    r = coil_reach_walk(&reach, &frame, &error);
    if (search.path.used)
        return raise_stray(&search, "was set to");
    return r < 0 ? raise_error(&search, &error) : 0;
}

/* ---- which functions are concerned ---- */

static int find_any(void *argument, const struct coil_place *place)
{
    (void)argument;
    (void)place;
    return 1;
}

static int find_storage(void *argument, const struct coil_place *place)
{
    (void)argument;
    return place->value->shape &&
           (place->value->crossing == COIL_CROSS_BLOCK_INOUT || place->value->crossing == COIL_CROSS_BLOCK_OUT);
}

struct coil_giver coil_giver_of(const struct coil_descriptor *image, const struct coil_descriptor_function *function)
{
    const struct coil_descriptor_value *parameters = coil_image_values(image) + function->first_value;

    return (struct coil_giver){
        .image = image,
        .function = function,
        .gives = function->result.size &&
                 coil_places_visit(image, &function->result, 1, function->first_value, find_any, NULL),
        .stores =
            coil_places_visit(image, parameters, function->parameter_count, function->first_value, find_storage, NULL),
    };
}
