/*
 * Memory of Python's own that C code in the program is to see: bytes, buffers, what was made of a list.
 *
 * Where the program is another process, such memory is copied into shared memory for the duration of one call,
 * and what the C code changed is copied back.  Where it is this process, nothing is copied.
 */
#ifndef COIL_HOST_OUTGOING_H
#define COIL_HOST_OUTGOING_H

#include "daemon/host/host.h"
#include "proto/image.h"

struct coil_outgoing_range;
struct coil_outgoing_pointer;
struct coil_outgoing_block;

/* What one call has outside of its frame.  Zero is empty.  Not moved while in use. */
struct coil_outgoing {
    const struct coil_descriptor *image;
    struct coil_host_program *program;
    uint64_t known_private; /* a bit for each of the first parameters: its pointer is to memory of Python's own */
    struct coil_outgoing_block *blocks; /* memory for arguments that had none */
    struct coil_outgoing_range *ranges; /* of private memory, sorted, with their copies */
    size_t range_count;
    struct coil_outgoing_pointer *pointers; /* that lead into the ranges */
    size_t pointer_count;
};

/*
 * Zeroed memory, until coil_outgoing_deinit(): that the program can see, or, to be copied as other memory of Python's
 * own is, because it will have pointers to such.  NULL: no memory.
 */
void *coil_outgoing_allocate(struct coil_outgoing *outgoing, size_t size, bool is_shared);

/*
 * Makes every pointer of `frame`, a call frame of `signature`, lead to memory that `program` can see, and so on behind
 * them as far as the declaration says what is there.  -EFAULT: something cannot cross; -ERANGE: a length is none;
 * -ENOMEM; with words that name the parameter.  No Python objects are touched; with the GIL.
 */
int coil_outgoing_share(struct coil_outgoing *outgoing, struct coil_host_program *program,
                        const struct coil_descriptor *image, const struct coil_descriptor_function *signature,
                        void *frame, struct coil_error *error);

/* After the call: writes what C changed into Python's memory; `frame` gets its own pointers back. */
void coil_outgoing_back(struct coil_outgoing *outgoing, void *frame);

/* Python's own address for one in a copy; any other address stays as it is. */
uint64_t coil_outgoing_own(const struct coil_outgoing *outgoing, uint64_t address);

void coil_outgoing_deinit(struct coil_outgoing *outgoing);

#endif
