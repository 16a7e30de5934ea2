/*
 * lib.var: a variable of the program.
 *
 * Numbers and pointers are read and written where they are, each time.  A struct or an array is a
 * reference, as with CFFI: to the variable itself in the same process, to a copy of it that goes back and forth with
 * the call's arguments from another one.
 *
 * With the GIL, which the embedder gives up while the program answers.
 */
#include "daemon/host/object.h"

#include "daemon/host/lib_variable.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/host/backend.h"
#include "daemon/host/program.h"
#include "daemon/host/start.h"
#include "proto/ring.h"

#define SCALAR_MAX 32 /* bytes of a number or pointer: long double _Complex */

/* What is known of a variable; built when it is first used, immortal. */
struct coil_variable {
    const struct coil_descriptor_value *row; /* NULL: not built yet */
    bool is_reference;                       /* a struct, a union or an array */
    bool is_pointer;                         /* that leads somewhere */
    bool is_open;                            /* an array of unknown length */
    PyObject *ctype, *pointer_ctype;
    struct coil_converter converter; /* of numbers and pointers */
};

/* One use of a variable: which, by whom, and its name in messages. */
struct use {
    struct coil_host_module *module;
    unsigned index;
    const struct coil_variable *variable;
    struct coil_program_place place;
    char what[96]; /* "lib.var" */
};

static int variable_build(const struct coil_host_module *module, const struct coil_descriptor_value *row,
                          struct coil_variable *variable)
{
    coil_type_code code = coil_image_types(module->image)[coil_image_resolve(module->image, row->type)];
    char name[COIL_CONTEXT_TYPE_NAME_SIZE + 2];

    variable->is_reference = COIL_TYPE_OPERATION(code) == COIL_OP_STRUCT_UNION ||
                             COIL_TYPE_OPERATION(code) == COIL_OP_ARRAY ||
                             COIL_TYPE_OPERATION(code) == COIL_OP_OPEN_ARRAY;
    variable->is_open = variable->is_reference && COIL_TYPE_OPERATION(code) != COIL_OP_STRUCT_UNION && row->size == 0;
    variable->is_pointer = COIL_TYPE_OPERATION(code) == COIL_OP_POINTER && row->crossing != COIL_CROSS_VALUE &&
                           row->crossing != COIL_CROSS_FUNCTION;
    coil_context_type_name(row->type, name);
    variable->ctype = PyObject_CallMethod(module->backend_ffi, "typeof", "s", name);
    (void)strcat(name, " *");
    variable->pointer_ctype = variable->ctype ? PyObject_CallMethod(module->backend_ffi, "typeof", "s", name) : NULL;
    if (!variable->pointer_ctype)
        return -1;
    if (!variable->is_reference &&
        coil_converter_init(&variable->converter, module->backend_ffi, module->image, row) < 0)
        return -1;
    variable->row = row;
    return 0;
}

static const struct coil_variable *variable_get(struct coil_host_module *module, unsigned index)
{
    if (!module->variables) {
        module->variables = calloc(module->image->variables.count + 1u, sizeof *module->variables);
        if (!module->variables) {
            (void)PyErr_NoMemory();
            return NULL;
        }
    }
    if (!module->variables[index].row &&
        variable_build(module, &coil_image_variables(module->image)[index], &module->variables[index]) < 0)
        return NULL;
    return &module->variables[index];
}

static int use_begin(struct use *use, struct coil_host_module *module, const struct coil_descriptor_global *global)
{
    use->module = module;
    use->index = global->entry;
    (void)snprintf(use->what, sizeof use->what, "lib.%.80s", coil_image_text(module->image, global->name));
    use->variable = variable_get(module, global->entry);
    return use->variable ? coil_program_current(use->what, &use->place) : -1;
}

static int use_ask(const struct use *use, unsigned kind, const void *payload, size_t payload_size, void *answer,
                   size_t answer_size)
{
    struct coil_host_ask ask = { .kind = kind,
                                 .module = use->module,
                                 .number = use->index,
                                 .payload = payload,
                                 .payload_size = payload_size,
                                 .answer = answer,
                                 .answer_size = answer_size };

    return coil_program_ask(&use->place, &ask, use->what);
}

/* Where the variable, or the copy that stands for it, lies. */
static void *refer(const struct use *use)
{
    uint64_t address;

    if (use_ask(use, COIL_ASK_REFER, NULL, 0, &address, sizeof address) < 0)
        return NULL;
    return (void *)(uintptr_t)address;
}

/* How much of an array can cross to another process? */
static int check_length(const struct use *use)
{
    if (!coil_start_callbacks()->is_shared || !use->variable->is_open)
        return 0;
    PyErr_Format(PyExc_ValueError,
                 "%s: its declaration does not say how long the array is: write %s[...], which asks the compiler",
                 use->what, use->what + strlen("lib."));
    return -1;
}

/* A pointer that nothing is said about leads nowhere here, unless both sides see what is there. */
static int check_said(const struct use *use, const char *value)
{
    const struct coil_host_callbacks *callbacks = coil_start_callbacks();
    uint64_t address;

    if (!callbacks->is_shared || use->variable->row->crossing != COIL_CROSS_UNSAID || !use->variable->is_pointer)
        return 0;
    memcpy(&address, value, sizeof address);
    /* Of several users, a program could say that anything is one of Python's objects. */
    if (!address || (!coil_start_is_system() && callbacks->is_shared(use->place.program, address, 1)))
        return 0;
    PyErr_Format(PyExc_ValueError,
                 "%s: its declaration does not say what the pointer leads to: write [string], [counted_by(n)], "
                 "[sized_by(n)] or [opaque] at it",
                 use->what);
    return -1;
}

PyObject *coil_lib_variable_get(struct coil_host_module *module, const struct coil_descriptor_global *global)
{
    _Alignas(max_align_t) char value[SCALAR_MAX];
    struct use use;
    void *address;

    if (use_begin(&use, module, global) < 0)
        return NULL;
    if (use.variable->is_reference) {
        address = check_length(&use) < 0 ? NULL : refer(&use);
        return address ? coil_backend_from_c(address, use.variable->ctype) : NULL;
    }
    if (use_ask(&use, COIL_ASK_READ, NULL, 0, value, use.variable->converter.size) < 0 || check_said(&use, value) < 0)
        return NULL;
    return use.variable->converter.from_c(&use.variable->converter, value);
}

/* What the program keeps must not be memory of Python's own. */
static int check_pointer(const struct use *use, const char *value)
{
    const struct coil_host_callbacks *callbacks = coil_start_callbacks();
    uint64_t address;

    if (!use->variable->is_pointer || !callbacks->is_shared)
        return 0;
    memcpy(&address, value, sizeof address);
    if (!address || callbacks->is_shared(use->place.program, address, 1))
        return 0;
    PyErr_Format(PyExc_ValueError,
                 "%s: the pointer leads to memory that only Python has: store one to memory that ffi.new() has made, "
                 "and keep that alive for as long as the program may use it",
                 use->what);
    return -1;
}

int coil_lib_variable_set(struct coil_host_module *module, const struct coil_descriptor_global *global, PyObject *value)
{
    _Alignas(max_align_t) char bytes[SCALAR_MAX];
    struct use use;
    void *address;

    if (use_begin(&use, module, global) < 0)
        return -1;
    if (use.variable->is_reference) {
        address = check_length(&use) < 0 ? NULL : refer(&use);
        return address && coil_backend_to_c(address, use.variable->ctype, value) >= 0 ? 0 : -1;
    }
    if (use.variable->converter.to_c(&use.variable->converter, value, bytes) < 0 || check_pointer(&use, bytes) < 0)
        return -1;
    return use_ask(&use, COIL_ASK_WRITE, bytes, use.variable->converter.size, NULL, 0);
}

PyObject *coil_lib_variable_address(struct coil_host_module *module, const struct coil_descriptor_global *global)
{
    struct use use;
    void *address;

    if (use_begin(&use, module, global) < 0 || check_length(&use) < 0)
        return NULL;
    address = refer(&use);
    return address ? coil_backend_from_pointer(address, use.variable->pointer_ctype) : NULL;
}
