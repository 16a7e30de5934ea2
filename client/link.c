/*
 * A stub library's module in this process, and the one entry for all calls.
 *
 * Lazy initialisation is one path for both modes: a link starts with the
 * carrier that opens it.  Whoever calls first opens; who comes meanwhile waits
 * where the mode says (remote: the link's lock; in-process: inside the host, where the GIL
 * can be given up).  Afterwards a call costs two loads and a jump here.
 *
 * Links are immortal: that of a stub library which is unloaded stays behind, with a descriptor of its own, until the
 * library, or another of the same descriptor, is loaded again.  libcoil itself is never unloaded.
 */
#include "client/runtime.h"

#include <errno.h>
#include <link.h>
#include <stdlib.h>

#include "proto/cleanup.h"
#include "proto/expression.h"
#include "proto/ring.h"

pthread_mutex_t coil_attach_lock = PTHREAD_MUTEX_INITIALIZER;
pthread_mutex_t coil_runtime_lock = PTHREAD_MUTEX_INITIALIZER;
struct coil_link *coil_links;

/* The stub's `runtime` member, as what it is. */
static struct coil_link *_Atomic *runtime_of(struct coil_module *module)
{
    static_assert(sizeof(struct coil_link * _Atomic) == sizeof module->runtime, "a pointer is a pointer");
    return (struct coil_link * _Atomic *)(void *)&module->runtime;
}

static void link_free(struct coil_link *link)
{
    if (!link)
        return;
    free((void *)(uintptr_t)link->image);
    free(link->stubs);
    free(link->functions);
    free(link->signatures);
    free(link->error_value_offsets);
    free(link->error_values);
    free(link);
}

static void link_freep(struct coil_link **link)
{
    link_free(*link);
}

/* Is it a pointer, or does it contain some that are followed? */
static bool has_pointers(const struct coil_descriptor *image, const struct coil_descriptor_value *value)
{
    return value->crossing != COIL_CROSS_VALUE || value->shape || coil_image_is_pointer(image, value);
}

/* Values, strings and arrays of such that Python reads, without pointers in them. */
static bool has_only_inputs(const struct coil_descriptor *image, const struct coil_descriptor_function *function)
{
    const struct coil_descriptor_value *parameters = coil_image_values(image) + function->first_value;

    for (uint32_t i = 0; i < function->parameter_count; i++)
        if (parameters[i].shape ||
            (parameters[i].crossing != COIL_CROSS_VALUE && parameters[i].crossing != COIL_CROSS_STRING_IN &&
             parameters[i].crossing != COIL_CROSS_BLOCK_IN))
            return false;
    return true;
}

static bool has_length(const struct coil_descriptor_value *value)
{
    return value->count && value->count != COIL_COUNT_TO_NULL;
}

/* Which shapes have lengths in them, or lead to such that have; NULL: no memory. */
static bool *find_counted_shapes(const struct coil_descriptor *image)
{
    const struct coil_descriptor_shape *shapes = coil_image_shapes(image);
    bool *counted = calloc(image->shapes.count + 1u, sizeof *counted);
    bool changed = counted != NULL;

    while (changed) {
        changed = false;
        for (uint32_t i = 0; i < image->shapes.count; i++)
            for (uint32_t v = 0; v < shapes[i].value_count && !counted[i]; v++) {
                const struct coil_descriptor_value *value = &coil_image_values(image)[shapes[i].first_value + v];

                counted[i] = has_length(value) || (value->shape && counted[value->shape - 1]);
                changed |= counted[i];
            }
    }
    return counted;
}

/* What calls need of functions of either table. */
static void lay_out(const struct coil_descriptor *image, const struct coil_descriptor_function *functions,
                    uint32_t count, const bool *counted_shapes, uint32_t default_ms,
                    struct coil_client_function *ret_functions)
{
    const struct coil_descriptor_value *parameters = coil_image_values(image);

    for (uint32_t i = 0; i < count; i++) {
        struct coil_client_function *f = &ret_functions[i];

        f->call_size = functions[i].call_size;
        f->result_size = functions[i].result_size;
        f->plain = f->functions = f->call_size <= COIL_PAYLOAD_MAX - 8 && f->result_size <= COIL_PAYLOAD_MAX;
        f->result_pointers = has_pointers(image, &functions[i].result);
        f->scalar = !f->result_pointers;
        if (f->result_pointers)
            f->plain = f->functions = false;
        f->oneway = functions[i].flags & COIL_FUNCTION_ONEWAY;
        f->own_ms = functions[i].timeout_ms ? functions[i].timeout_ms : default_ms;
        atomic_init(&f->limit_ms, f->own_ms);
        f->inlines = f->oneway && f->call_size <= COIL_PAYLOAD_MAX && has_only_inputs(image, &functions[i]);
        for (uint32_t p = 0; p < functions[i].parameter_count; p++) {
            const struct coil_descriptor_value *parameter = &parameters[functions[i].first_value + p];

            if (parameter->crossing != COIL_CROSS_VALUE || parameter->shape)
                f->plain = false;
            if (parameter->shape ||
                (parameter->crossing != COIL_CROSS_VALUE && parameter->crossing != COIL_CROSS_FUNCTION))
                f->functions = false;
            if (has_pointers(image, parameter))
                f->scalar = false;
            if (has_length(parameter))
                f->counted = true;
            if (parameter->shape && counted_shapes[parameter->shape - 1])
                f->counted_inside = true;
        }
        f->ordinary = !f->counted && !f->counted_inside && !f->oneway && !f->own_ms;
    }
}

/* Copies of what the library has, which may be unloaded. */
static bool copy_library(struct coil_link *link, const struct coil_module *module)
{
    const struct coil_descriptor *image = module->descriptor;
    void *copy = malloc(image->size);

    link->image = copy;
    link->program = module->program;
    if (!copy)
        return false;
    memcpy(copy, image, image->size);
    if (!module->program || !module->program->functions || image->functions.count == 0)
        return true;
    link->stubs = calloc(image->functions.count, sizeof *link->stubs);
    if (!link->stubs)
        return false;
    memcpy(link->stubs, module->program->functions, image->functions.count * sizeof *link->stubs);
    return true;
}

/* The tables that calls look at. */
static bool make_tables(struct coil_link *link)
{
    const struct coil_descriptor *image = link->image;
    COIL_CLEANUP(coil_memory_free) bool *counted_shapes = find_counted_shapes(image);
    uint32_t default_ms = coil_environment_timeout();

    link->functions = calloc(image->functions.count + 1, sizeof *link->functions);
    link->signatures = calloc(image->signatures.count + 1, sizeof *link->signatures);
    link->error_value_offsets = calloc(image->functions.count + 1, sizeof *link->error_value_offsets);
    if (!link->functions || !link->signatures || !link->error_value_offsets || !counted_shapes)
        return false;
    lay_out(image, coil_image_functions(image), image->functions.count, counted_shapes, default_ms,
            link->functions);
    lay_out(image, coil_image_signatures(image), image->signatures.count, counted_shapes, default_ms,
            link->signatures);
    link->error_values_size = coil_image_error_values(image, COIL_ERROR_VALUES_SIZE, link->error_value_offsets);
    link->error_values = calloc(1, link->error_values_size + 1u);
    if (!link->error_values)
        return false;
    for (uint32_t i = 0; link->error_values_size <= COIL_ERROR_VALUES_SIZE && i < image->functions.count; i++)
        coil_image_declared_error(image, &coil_image_functions(image)[i],
                                  link->error_values + link->error_value_offsets[i]);
    return true;
}

/* Of a descriptor that has been checked.  With the runtime lock. */
static struct coil_link *link_new(struct coil_module *module, struct coil_error *error)
{
    COIL_CLEANUP(link_freep) struct coil_link *link = calloc(1, sizeof *link);
    const struct coil_descriptor *image = module->descriptor;

    if (!link || !copy_library(link, module) || !make_tables(link)) {
        coil_error_set(error, -ENOMEM, "no memory for module '%s'", coil_image_name(image));
        return NULL;
    }
    coil_descriptor_hash(image, link->hash);
    (void)pthread_mutex_init(&link->lock, NULL);
    atomic_init(&link->carry, coil_link_carry_unopened);
    link->module = module;
    link->next = coil_links;
    coil_links = link;
    return coil_steal_memory(&link);
}

/* Does a loaded library contain the link's module, and does that know the link? */
static int is_in_library(struct dl_phdr_info *library, size_t size, void *argument)
{
    const struct coil_link *link = argument;
    uint64_t at = (uint64_t)(uintptr_t)link->module;

    (void)size;
    for (unsigned i = 0; i < library->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &library->dlpi_phdr[i];

        /* No other thread unloads it while we are here. */
        if (segment->p_type == PT_LOAD && at - (library->dlpi_addr + segment->p_vaddr) < segment->p_memsz)
            return atomic_load_explicit(runtime_of((struct coil_module *)(uintptr_t)at), memory_order_relaxed) == link;
    }
    return 0;
}

/* The link of a library with the same descriptor that has been unloaded since.  With the runtime lock. */
static struct coil_link *find_orphan(const struct coil_module *module)
{
    uint8_t hash[COIL_HASH_SIZE];
    struct coil_link *link = coil_links;

    coil_descriptor_hash(module->descriptor, hash);
    while (link && (memcmp(link->hash, hash, COIL_HASH_SIZE) != 0 || dl_iterate_phdr(is_in_library, link)))
        link = link->next;
    return link;
}

/* The library is where the link now belongs; its functions and variables lie elsewhere than those of the old one. */
static void adopt(struct coil_link *link, const struct coil_module *module)
{
    link->module = module;
    link->program = module->program;
    if (link->stubs && module->program && module->program->functions)
        memcpy(link->stubs, module->program->functions, link->image->functions.count * sizeof *link->stubs);
}

/* The module's link, made if there is none.  NULL with words. */
static struct coil_link *find_link(struct coil_module *module, struct coil_error *error)
{
    struct coil_link *link;

    coil_fork_prepare();
    (void)pthread_mutex_lock(&coil_runtime_lock);
    link = atomic_load_explicit(runtime_of(module), memory_order_relaxed);
    if (!link && coil_descriptor_check(module->descriptor, module->descriptor->size, error) == 0) {
        link = find_orphan(module);
        if (link)
            adopt(link, module);
        else
            link = link_new(module, error);
        if (link)
            atomic_store_explicit(runtime_of(module), link, memory_order_release); /* M */
    }
    (void)pthread_mutex_unlock(&coil_runtime_lock);
    return link;
}

struct coil_link *coil_link_of(struct coil_module *module)
{
    struct coil_link *link = atomic_load_explicit(runtime_of(module), memory_order_acquire); /* M */
    struct coil_error error = { 0 };

    if (!link)
        link = find_link(module, &error);
    if (!link)
        coil_status_unusable(&error);
    return link;
}

/* A call whose module has no link. */
static void fail_unlinked(const struct coil_module *module, unsigned function, void *result,
                          const struct coil_error *error)
{
    const struct coil_descriptor_function *f = &coil_image_functions(module->descriptor)[function];

    /* A descriptor that cannot be used tells at least the result's size; one that there was no memory for is whole. */
    if (result && error->code == -ENOMEM)
        coil_image_declared_error(module->descriptor, f, result);
    else if (result)
        memset(result, 0, f->result_size);
    coil_status_unusable(error);
}

const char *coil_link_function_name(const struct coil_link *link, unsigned function)
{
    return coil_image_function_name(link->image, function);
}

int coil_link_check_lengths(const struct coil_link *link, unsigned function, const void *call, struct coil_error *error)
{
    const struct coil_descriptor_function *f = &coil_image_functions(link->image)[function];
    int r = 0;

    for (uint32_t p = 0; r == 0 && p < f->parameter_count; p++) {
        const struct coil_descriptor_value *parameter = &coil_image_values(link->image)[f->first_value + p];
        const void *pointer = NULL;
        uint64_t size;

        if (parameter->crossing == COIL_CROSS_VALUE || parameter->count == COIL_COUNT_TO_NULL)
            continue;
        memcpy(&pointer, (const char *)call + parameter->offset, sizeof pointer);
        if (!pointer) /* leads nowhere, so it does not matter how far */
            continue;
        r = coil_expression_extent(link->image, f->first_value, parameter, call, &size, error);
    }
    return r;
}

/* A module with functions that only work in-process must not look as if it worked, until one of them is called. */
static int check_modes(const struct coil_link *link, struct coil_error *error)
{
    const struct coil_descriptor_function *functions = coil_image_functions(link->image);

    for (uint32_t i = 0; i < link->image->functions.count; i++)
        if (functions[i].flags & COIL_FUNCTION_IN_PROCESS_ONLY)
            return coil_error_set(
                error, -EPERM,
                "the library was generated with --in-process-only, and %s() passes pointers that mean nothing "
                "in another process: set COIL_MODE=inprocess, or annotate them and generate it without",
                coil_link_function_name(link, i));
    return 0;
}

/* Opens the module in the mode the environment asks for.  0, or 1 if its init code runs for this thread right now. */
static int link_open(struct coil_link *link, enum coil_status *ret_status, struct coil_error *error)
{
    enum coil_mode mode;
    bool is_private, is_imported;
    int cancel;
    int r;

    *ret_status = COIL_E_REFUSED;
    r = coil_environment_validate(error);
    if (r == 0)
        r = coil_environment_mode(&mode, error);
    if (r < 0)
        return r;
    r = coil_environment_interpreter(&is_private, error);
    if (r < 0)
        return r;
    is_imported = atomic_load_explicit(&link->imported, memory_order_relaxed);
    if (is_imported)
        mode = COIL_MODE_INPROCESS;
    /* A thread that is cancelled here would leave with locks held. */
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    if (mode == COIL_MODE_INPROCESS) {
        r = is_imported || coil_environment_is_worker() ? 0 : coil_policy_check(error);
        r = r < 0 ? r : coil_inprocess_open(link, ret_status, error);
    } else {
        r = check_modes(link, error);
        r = r < 0 ? r : coil_remote_open(link, ret_status, error);
    }
    (void)pthread_setcancelstate(cancel, NULL);
    return r;
}

/* Opens and calls. */
static void carry_first(struct coil_link *link, unsigned function, void *call, void *result)
{
    struct coil_error error = { 0 };
    enum coil_status status;
    int saved = errno;
    int r = link_open(link, &status, &error);

    errno = saved;
    if (r < 0)
        coil_status_fail(link, function, result, status, &error);
    else if (r > 0) /* from within its own init code */
        (link->host_module ? coil_inprocess_call : coil_remote_call)(link, function, call, result);
    else
        atomic_load_explicit(&link->carry, memory_order_acquire)(link, function, call, result); /* L */
}

void coil_link_carry_unopened(struct coil_link *link, unsigned function, void *call, void *result)
{
    uint32_t limit_ms = atomic_load_explicit(&link->functions[function].limit_ms, memory_order_relaxed);
    struct coil_deadline outer;
    int saved = errno;

    /* Opening and the call itself share one deadline; in-process, where opening cannot be left, it begins behind that.
     */
    coil_deadline_enter(&outer, limit_ms);
    errno = saved;
    carry_first(link, function, call, result);
    coil_deadline_leave(&outer);
}

void coil_link_carry_failed(struct coil_link *link, unsigned function, void *call, void *result)
{
    (void)call;
    coil_status_fail(link, function, result, COIL_E_INIT, &link->failure);
}

void coil_call(struct coil_module *module, unsigned function, void *call, void *result)
{
    struct coil_link *link = atomic_load_explicit(runtime_of(module), memory_order_acquire); /* M */

    if (__builtin_expect(!link, 0)) {
        struct coil_error error = { 0 };
        int saved = errno;

        link = find_link(module, &error);
        errno = saved;
        if (!link) {
            fail_unlinked(module, function, result, &error);
            return;
        }
    }
    atomic_load_explicit(&link->carry, memory_order_acquire)(link, function, call, result); /* L */
}

COIL_EXPORT int coil_flush(void)
{
    return coil_thread_self ? coil_remote_flush(coil_thread_self) : 0;
}

int coil_module_start(struct coil_module *module)
{
    struct coil_link *link = coil_link_of(module);
    struct coil_error error = { 0 };
    enum coil_status status;
    coil_carry_fn *carry;

    if (!link)
        return -1;
    carry = atomic_load_explicit(&link->carry, memory_order_acquire); /* L */
    if (carry == coil_link_carry_unopened && link_open(link, &status, &error) < 0) {
        coil_status_print("%s: %s", coil_image_name(link->image), error.text);
        return -1;
    }
    return atomic_load_explicit(&link->carry, memory_order_acquire) == coil_link_carry_failed ? -1 : 0; /* L */
}
