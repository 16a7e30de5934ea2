/* An open module, and the functions the program can call in it. */
#ifndef COIL_HOST_MODULE_H
#define COIL_HOST_MODULE_H

#include "daemon/host/context.h"
#include "daemon/host/convert.h"
#include "daemon/host/host.h"
#include "daemon/host/names.h"
#include "daemon/host/stray.h"
#include "proto/image.h"

/* What @ffi.def_extern() attached.  Counted, with the GIL: a running call keeps the one it started with. */
struct coil_attachment {
    size_t references;
    PyObject *callable;
    PyObject *onerror;      /* NULL: none */
    PyObject *error_object; /* NULL, or what `error` was made of: there may be a pointer in it */
    size_t error_size;      /* of `error`: the function's result_size */
    char error[];           /* the result frame after an exception */
};

struct coil_host_function {
    const struct coil_descriptor_function *descriptor;
    const char *name;
    struct coil_converter *parameters; /* descriptor->parameter_count of them */
    struct coil_converter result;
    struct coil_giver giver;
    struct coil_attachment *attachment; /* NULL before the first def_extern */
    bool is_short;                      /* dispatch.c has a short way for its calls */
};

enum coil_module_state {
    COIL_MODULE_IDLE,    /* ready, init code not run: imported by Python code */
    COIL_MODULE_OPENING, /* `opener` is at it */
    COIL_MODULE_OPEN,
    COIL_MODULE_FAILED /* init code failed; the next open tries again */
};

/* Everything is read and written with the GIL; `state` and `attempts` are written with module.c's lock as
 * well. */
struct coil_host_module {
    struct coil_host_module *next;
    const struct coil_descriptor *image; /* our copy */
    uint8_t hash[COIL_HASH_SIZE];
    const char *name;
    char *backend_name; /* "_coil.NAME" */
    enum coil_module_state state;
    unsigned long opener;         /* thread ident */
    unsigned attempts;            /* ended ones */
    bool built;                   /* types, functions and objects below are there */
    bool imported;                /* Python code has imported it: failed init code does not take it away */
    char failure[256];            /* why the last attempt failed */
    struct coil_context *context; /* the backend's tables: never freed */
    PyObject *backend_ffi;        /* the backend's; the user's forwards to it */
    PyObject *ffi;
    PyObject *lib;
    PyObject *object;        /* what `import NAME` gives */
    PyModuleDef definition;  /* of `object` */
    struct coil_names names; /* what was done to sys.modules */
    struct coil_host_function *functions;
    struct coil_signature *signatures;   /* one per row of the descriptor's table, built when they are needed */
    struct coil_variable *variables;     /* the same for variables */
    bool needs_program;                  /* its init code does, so it cannot run here */
    PyObject *on_open;                   /* list of functions; NULL: none */
    void *word;                          /* the embedder's */
    uint32_t first_slot;                 /* of the functions' slots, which follow each other; 0: they have none */
    uint64_t functions_address;          /* of that slot */
    PyObject *callback_types;            /* of the signatures of function pointers: callback.c */
    struct coil_pointer_native *natives; /* guarded by the lock of pointer.c */
};

int coil_module_open(const struct coil_descriptor *image, const uint8_t hash[COIL_HASH_SIZE],
                     struct coil_host_module **ret_module, struct coil_error *error);
void *coil_module_import(const struct coil_descriptor *image, const uint8_t hash[COIL_HASH_SIZE]);

/* The open module with this image, which is its own copy; NULL if there is none. */
struct coil_host_module *coil_module_of_image(const struct coil_descriptor *image);

/* In a forked child, with the GIL: what other threads were opening is opened afresh by whoever needs it. */
void coil_modules_forked(void);

const uint8_t *coil_module_hash(const struct coil_host_module *module);
void **coil_module_word(struct coil_host_module *module);

/* The module whose init code runs on this thread, and not a call inside it; NULL: none. */
struct coil_host_module *coil_module_opening(void);

/* A global of the descriptor by name; NULL if there is none. */
const struct coil_descriptor_global *coil_module_global(const struct coil_host_module *module, const char *name);

#endif
