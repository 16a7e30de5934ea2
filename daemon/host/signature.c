/*
 * Signatures: built when they are first used, because a declaration may name hundreds of C functions of
 * which Python calls three.
 *
 * Called by lib_function.c and by whatever calls function pointers, with the GIL.
 */
#include "daemon/host/object.h"

#include "daemon/host/signature.h"

#include <stdlib.h>

#include "daemon/host/context.h"
#include "daemon/host/file.h"

/* Converters for all values; the arguments' array is owned by the caller until it is stored. */
static int arguments_build(const struct coil_host_module *module, const struct coil_descriptor_function *row,
                           struct coil_argument *arguments)
{
    const struct coil_descriptor_value *values = coil_image_values(module->image) + row->first_value;

    for (uint32_t i = 0; i < row->parameter_count; i++)
        if (coil_argument_init(&arguments[i], module->backend_ffi, module->image, &values[i], i) < 0)
            return -1;
    return 0;
}

static int signature_build(const struct coil_host_module *module, const struct coil_descriptor_function *row,
                           struct coil_signature *signature)
{
    const struct coil_descriptor_value *values = coil_image_values(module->image) + row->first_value;
    COIL_CLEANUP(coil_memory_free)
    struct coil_argument *arguments = calloc(row->parameter_count + 1u, sizeof *arguments);

    if (!arguments)
        return PyErr_NoMemory(), -1;
    if (arguments_build(module, row, arguments) < 0 ||
        coil_converter_init(&signature->result, module->backend_ffi, module->image, &row->result) < 0)
        return -1;
    signature->giver = coil_giver_of(module->image, row);
    signature->name = coil_image_text(module->image, row->name);
    for (uint32_t i = 0; i < row->parameter_count; i++)
        signature->has_pointers = signature->has_pointers || values[i].crossing != COIL_CROSS_VALUE ||
                                  values[i].shape || coil_image_is_pointer(module->image, &values[i]);
    signature->arguments = coil_steal_memory(&arguments);
    signature->descriptor = row;
    return 0;
}

const struct coil_signature *coil_signature_get(struct coil_host_module *module, unsigned index)
{
    if (!module->signatures) {
        module->signatures = calloc(module->image->signatures.count + 1u, sizeof *module->signatures);
        if (!module->signatures) {
            (void)PyErr_NoMemory();
            return NULL;
        }
    }
    if (!module->signatures[index].descriptor &&
        signature_build(module, &coil_image_signatures(module->image)[index], &module->signatures[index]) < 0)
        return NULL;
    return &module->signatures[index];
}

PyObject *coil_signature_pointer_ctype(const struct coil_host_module *module,
                                       const struct coil_descriptor_function *row)
{
    char name[COIL_CONTEXT_TYPE_NAME_SIZE + 2];

    coil_context_type_name(row->type, name);
    (void)strcat(name, " *");
    return PyObject_CallMethod(module->backend_ffi, "typeof", "s", name);
}

PyObject *coil_signature_ctype(const struct coil_host_module *module, unsigned index)
{
    return coil_signature_pointer_ctype(module, &coil_image_signatures(module->image)[index]);
}

static void raise_error(int r, const struct coil_signature *signature, const struct coil_error *error)
{
    PyErr_Format(r == -ENOMEM ? PyExc_MemoryError : PyExc_ValueError, "%s(): %s",
                 *signature->name ? signature->name : "C function", error->text);
}

/* A parameter that is a FILE *: a file object may be given, too. */
static int pack_file(const struct coil_argument *argument, const struct coil_program_place *place, PyObject *object,
                     char *frame, struct coil_outgoing *outgoing)
{
    int is_lent = coil_file_is_lent(object);
    void *file;

    if (is_lent <= 0)
        return is_lent < 0 ? -1 : coil_argument_to_c(argument, object, frame, outgoing);
    if (coil_file_lend(place, object, &file) < 0)
        return -1;
    memcpy(frame + argument->converter.offset, &file, sizeof file);
    return 0;
}

int coil_signature_pack(const struct coil_host_module *module, const struct coil_signature *signature,
                        const struct coil_program_place *place, PyObject *const *arguments, void *frame,
                        struct coil_outgoing *outgoing)
{
    struct coil_error error; /* large, so it is filled only when it is needed */
    int r;

    for (uint32_t i = 0; i < signature->descriptor->parameter_count; i++)
        if ((signature->arguments[i].is_file
                 ? pack_file(&signature->arguments[i], place, arguments[i], frame, outgoing)
                 : coil_argument_to_c(&signature->arguments[i], arguments[i], frame, outgoing)) < 0)
            return -1;
    if (!signature->has_pointers)
        return 0;
    r = coil_outgoing_share(outgoing, place->program, module->image, signature->descriptor, frame, &error);
    if (r < 0)
        raise_error(r, signature, &error);
    return r < 0 ? -1 : 0;
}
