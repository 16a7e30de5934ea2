/*
 * Modules: from a descriptor to Python objects, once per process.
 *
 * Opening has two halves.  Building makes the backend's types, the converters and
 * `ffi`, `lib` and the module object; that happens once and is never undone,
 * because the backend keeps what it was given for ever.  Then the names are
 * entered in sys.modules and the init code runs; if it fails, the names and the
 * attached functions are taken away again, and the next open runs it afresh over
 * what was built.
 *
 * The list of modules and their states belong to the GIL.  A thread that needs a
 * module which another thread is opening waits on `ended`, without the GIL, for
 * the number of ended attempts to change; a module whose opener asks for it again
 * (its init code calls one of its functions) is handed out as it is, and so is one whose
 * opener waits, directly or through others, for the thread that asks.
 *
 * Modules are immortal.
 */
#include "daemon/host/object.h"

#include "daemon/host/module.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/host/callback.h"
#include "daemon/host/context.h"
#include "daemon/host/dispatch.h"
#include "daemon/host/extern.h"
#include "daemon/host/init_code.h"
#include "daemon/host/report.h"
#include "daemon/host/text.h"
#include "daemon/host/wrapper.h"

/* A thread that waits for what another one opens.  On its stack. */
struct waiter {
    struct waiter *next;
    unsigned long thread;
    const struct coil_host_module *module;
};

static struct coil_host_module *modules;               /* with the GIL */
static struct waiter *waiters;                         /* the same */
static _Thread_local struct coil_host_module *opening; /* the innermost one whose init code this thread runs */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;

static struct coil_host_module *module_find(const struct coil_descriptor *image, const uint8_t hash[COIL_HASH_SIZE])
{
    const char *name = coil_image_name(image);

    for (struct coil_host_module *module = modules; module; module = module->next)
        if (strcmp(module->name, name) == 0 && memcmp(module->hash, hash, COIL_HASH_SIZE) == 0)
            return module;
    return NULL;
}

/* Another module that holds the same name. */
static bool name_is_taken(const struct coil_descriptor *image, const struct coil_host_module *but)
{
    const char *name = coil_image_name(image);

    for (struct coil_host_module *module = modules; module; module = module->next)
        if (module != but && module->state != COIL_MODULE_FAILED && strcmp(module->name, name) == 0)
            return true;
    return false;
}

static void module_free(struct coil_host_module **module)
{
    if (*module) {
        free((void *)(uintptr_t)(*module)->image);
        free((*module)->backend_name);
    }
    free(*module);
    *module = NULL;
}

/* A new entry of the list, in state FAILED: nothing is there yet. */
static struct coil_host_module *module_new(const struct coil_descriptor *image, const uint8_t hash[COIL_HASH_SIZE])
{
    COIL_CLEANUP(module_free) struct coil_host_module *module = calloc(1, sizeof *module);
    COIL_CLEANUP(coil_memory_free) void *copy = malloc(image->size);
    static const char prefix[] = "_coil.";

    if (!module || !copy)
        return NULL;
    memcpy(copy, image, image->size);
    module->image = coil_steal_memory(&copy);
    module->name = coil_image_name(module->image);
    module->backend_name = malloc(sizeof prefix + strlen(module->name));
    if (!module->backend_name)
        return NULL;
    (void)strcat(strcpy(module->backend_name, prefix), module->name);
    memcpy(module->hash, hash, COIL_HASH_SIZE);
    module->state = COIL_MODULE_FAILED;
    module->next = modules;
    modules = module;
    return coil_steal_memory(&module);
}

const struct coil_descriptor_global *coil_module_global(const struct coil_host_module *module, const char *name)
{
    const struct coil_descriptor_global *globals = coil_image_globals(module->image);
    uint32_t first = 0;
    uint32_t end = module->image->globals.count;

    while (first < end) {
        uint32_t middle = first + (end - first) / 2;
        int order = strcmp(name, coil_image_text(module->image, globals[middle].name));

        if (order == 0)
            return &globals[middle];
        if (order < 0)
            end = middle;
        else
            first = middle + 1;
    }
    return NULL;
}

struct coil_host_module *coil_module_of_image(const struct coil_descriptor *image)
{
    struct coil_host_module *module = modules;

    while (module && module->image != image)
        module = module->next;
    return module;
}

const uint8_t *coil_module_hash(const struct coil_host_module *module)
{
    return module->hash;
}

void **coil_module_word(struct coil_host_module *module)
{
    return &module->word;
}

static int functions_build(struct coil_host_module *module)
{
    const struct coil_descriptor_function *descriptors = coil_image_functions(module->image);
    const struct coil_descriptor_value *values = coil_image_values(module->image);
    uint32_t count = module->image->functions.count;

    module->functions = calloc(count ? count : 1, sizeof *module->functions);
    if (!module->functions)
        return PyErr_NoMemory(), -1;
    for (uint32_t i = 0; i < count; i++) {
        struct coil_host_function *function = &module->functions[i];
        uint32_t parameters = descriptors[i].parameter_count;

        function->descriptor = &descriptors[i];
        function->name = coil_image_text(module->image, descriptors[i].name);
        function->parameters = calloc(parameters ? parameters : 1, sizeof *function->parameters);
        if (!function->parameters)
            return PyErr_NoMemory(), -1;
        for (uint32_t j = 0; j < parameters; j++)
            if (coil_converter_init(&function->parameters[j], module->backend_ffi, module->image,
                                    &values[descriptors[i].first_value + j]) < 0)
                return -1;
        if (coil_converter_init(&function->result, module->backend_ffi, module->image, &descriptors[i].result) < 0)
            return -1;
        function->giver = coil_giver_of(module->image, &descriptors[i]);
        function->is_short = coil_dispatch_is_short(function);
    }
    return 0;
}

/* The module object is made from a definition, as the import of an extension module demands it. */
static PyObject *object_new(struct coil_host_module *module)
{
    COIL_OBJECT object = NULL;

    module->definition = (PyModuleDef){ .m_base = PyModuleDef_HEAD_INIT, .m_name = module->name, .m_size = -1 };
    object = PyModule_Create(&module->definition);
    if (!object || PyObject_SetAttrString(object, "ffi", module->ffi) < 0 ||
        PyObject_SetAttrString(object, "lib", module->lib) < 0)
        return NULL;
    return coil_object_steal(&object);
}

/* Everything but sys.modules and the init code.  -1 with an exception. */
static int module_build(struct coil_host_module *module)
{
    COIL_CLEANUP(coil_context_freep) struct coil_context *context = NULL;
    COIL_OBJECT backend_object = NULL;

    if (module->built)
        return 0;
    context = coil_context_new(module->image);
    if (!context)
        return PyErr_NoMemory(), -1;
    backend_object = coil_backend_module_new(module->backend_name, coil_context_tables(context));
    module->context = coil_steal_memory(&context); /* the backend may have kept it, also when it failed */
    module->backend_ffi = backend_object ? PyObject_GetAttrString(backend_object, "ffi") : NULL;
    if (!module->backend_ffi || functions_build(module) < 0)
        return -1;
    module->ffi = coil_ffi_new(module);
    module->lib = module->ffi ? coil_lib_new(module) : NULL;
    module->object = module->lib ? object_new(module) : NULL;
    if (!module->object)
        return -1;
    coil_callback_functions(module);
    module->built = true;
    return 0;
}

static void state_set(struct coil_host_module *module, enum coil_module_state state)
{
    (void)pthread_mutex_lock(&lock);
    module->state = state;
    if (state == COIL_MODULE_OPENING)
        module->opener = PyThread_get_thread_ident();
    else
        module->attempts++;
    (void)pthread_cond_broadcast(&ended);
    (void)pthread_mutex_unlock(&lock);
}

/* Waits, without the GIL, until the attempt that is being made has ended. */
static void attempt_wait(struct coil_host_module *module)
{
    unsigned attempts = module->attempts;
    struct waiter self = { waiters, PyThread_get_thread_ident(), module };
    struct waiter **at = &waiters;

    waiters = &self;
    Py_BEGIN_ALLOW_THREADS(void) pthread_mutex_lock(&lock);
    while (module->attempts == attempts)
        (void)pthread_cond_wait(&ended, &lock);
    (void)pthread_mutex_unlock(&lock);
    Py_END_ALLOW_THREADS;
    while (*at != &self)
        at = &(*at)->next;
    *at = self.next;
}

/* Is the module opened by this thread, or by one that waits for this thread, directly or through others? */
static bool opens_here(const struct coil_host_module *module)
{
    while (module && module->state == COIL_MODULE_OPENING) {
        const struct waiter *waiter = waiters;

        if (module->opener == PyThread_get_thread_ident())
            return true;
        while (waiter && waiter->thread != module->opener)
            waiter = waiter->next;
        module = waiter ? waiter->module : NULL;
    }
    return false;
}

static int failure_error(const struct coil_host_module *module, struct coil_error *error)
{
    return coil_error_set(error, -ENOEXEC, "module '%s': its init code failed: %s", module->name, module->failure);
}

/* The attempt has failed: reports the exception and leaves nothing behind. */
static int attempt_fail(struct coil_host_module *module, bool was_published, struct coil_error *error)
{
    COIL_OBJECT exception = coil_compat_exception_take();

    coil_report_summary(exception, module->failure, sizeof module->failure);
    coil_report_open_failure(module->name, exception);
    if (module->built)
        coil_extern_clear(module);
    if (was_published && !module->imported)
        coil_names_withdraw(&module->names, module->name);
    Py_CLEAR(module->on_open);
    PyErr_Clear();
    coil_text_flush(coil_thread_current());
    state_set(module, COIL_MODULE_FAILED);
    return failure_error(module, error);
}

struct coil_host_module *coil_module_opening(void)
{
    const struct coil_host_thread *thread = coil_thread_current();

    return thread && thread->calls > 0 ? NULL : opening;
}

/* The init code is nobody's call, even if it is in one that the module's library is needed. */
static int init_code_run(struct coil_host_module *module, const char *source)
{
    struct coil_host_thread *thread = coil_thread_current();
    struct coil_host_module *outer = opening;
    size_t calls = thread ? thread->calls : 0;
    int r;

    if (thread)
        thread->calls = 0;
    opening = module;
    r = coil_init_code_run(module->name, source);
    opening = outer;
    if (thread)
        thread->calls = calls;
    return r;
}

static int needs_program_error(const struct coil_host_module *module, struct coil_error *error)
{
    return coil_error_set(error, -EUNATCH, "module '%s': its init code needs the program", module->name);
}

/* The same without a word: the init code will run elsewhere, where it can. */
static int attempt_abort(struct coil_host_module *module, struct coil_error *error)
{
    PyErr_Clear();
    coil_extern_clear(module);
    if (!module->imported)
        coil_names_withdraw(&module->names, module->name);
    Py_CLEAR(module->on_open);
    PyErr_Clear();
    coil_text_flush(coil_thread_current());
    state_set(module, COIL_MODULE_FAILED);
    return needs_program_error(module, error);
}

/* Opens `module`, which nobody else is opening. */
static int attempt_run(struct coil_host_module *module, struct coil_error *error)
{
    const char *source = coil_image_text(module->image, module->image->init_code);
    bool published = module->imported;
    int r;

    state_set(module, COIL_MODULE_OPENING);
    if (module_build(module) < 0)
        return attempt_fail(module, false, error);
    if (!published) {
        published = true;
        if (coil_names_publish(&module->names, module->name, module->object, module->lib) < 0)
            return attempt_fail(module, published, error);
    }
    r = *source ? init_code_run(module, source) : 0;
    if (module->needs_program)
        return attempt_abort(module, error);
    if (r < 0)
        return attempt_fail(module, published, error);
    coil_text_flush(coil_thread_current());
    state_set(module, COIL_MODULE_OPEN);
    return 0;
}

/* Finds or enters the module.  -EEXIST, -ENOMEM. */
static int module_get(const struct coil_descriptor *image, const uint8_t hash[COIL_HASH_SIZE],
                      struct coil_host_module **ret_module, struct coil_error *error)
{
    struct coil_host_module *module = module_find(image, hash);

    if (name_is_taken(image, module))
        return coil_error_set(error, -EEXIST,
                              "another module named '%s' is open in this Python: its declaration or init code is not "
                              "the same",
                              coil_image_name(image));
    if (!module)
        module = module_new(image, hash);
    if (!module)
        return coil_error_set(error, -ENOMEM, "no memory for the module '%s'", coil_image_name(image));
    *ret_module = module;
    return 0;
}

int coil_module_open(const struct coil_descriptor *image, const uint8_t hash[COIL_HASH_SIZE],
                     struct coil_host_module **ret_module, struct coil_error *error)
{
    struct coil_host_module *module = NULL;
    int result = module_get(image, hash, &module, error);

    if (result < 0)
        return result;
    while (module->state == COIL_MODULE_OPENING && !opens_here(module)) {
        attempt_wait(module);
        if (module->needs_program)
            break;
        /* The failure was reported; trying again in every thread that waited would only repeat it. */
        if (module->state == COIL_MODULE_FAILED)
            return failure_error(module, error);
    }
    if (module->needs_program)
        return needs_program_error(module, error);
    if (module->state == COIL_MODULE_IDLE || module->state == COIL_MODULE_FAILED) {
        result = attempt_run(module, error);
        if (result < 0)
            return result;
    }
    *ret_module = module;
    return module->state == COIL_MODULE_OPENING;
}

void coil_modules_forked(void)
{
    (void)pthread_mutex_init(&lock, NULL);
    (void)pthread_cond_init(&ended, NULL);
    waiters = NULL;
    for (struct coil_host_module *module = modules; module; module = module->next) {
        if (module->state != COIL_MODULE_OPENING || module->opener == PyThread_get_thread_ident())
            continue;
        if (module->built)
            coil_extern_clear(module);
        if (module->names.replaced && !module->imported)
            coil_names_withdraw(&module->names, module->name);
        Py_CLEAR(module->on_open);
        state_set(module, COIL_MODULE_FAILED);
    }
}

/* For `import NAME`: builds and publishes the module, without its init code.  -1 with an exception. */
static int module_publish(struct coil_host_module *module)
{
    state_set(module, COIL_MODULE_OPENING);
    if (module_build(module) < 0 || coil_names_publish(&module->names, module->name, module->object, module->lib) < 0) {
        state_set(module, COIL_MODULE_FAILED);
        return -1;
    }
    state_set(module, COIL_MODULE_IDLE);
    return 0;
}

void *coil_module_import(const struct coil_descriptor *image, const uint8_t hash[COIL_HASH_SIZE])
{
    struct coil_host_module *module = NULL;
    struct coil_error error;

    if (module_get(image, hash, &module, &error) < 0) {
        PyErr_SetString(PyExc_ImportError, error.text);
        return NULL;
    }
    while (module->state == COIL_MODULE_OPENING && !module->built && module->opener != PyThread_get_thread_ident())
        attempt_wait(module);
    if (module->state == COIL_MODULE_FAILED && !module->imported && module_publish(module) < 0)
        return NULL;
    module->imported = true;
    return Py_XNewRef(module->object);
}
