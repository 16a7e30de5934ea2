/*
 * The parts of what Python asks for, which nobody else sees.
 *
 *     ask.c         records: from the ring and back
 *     ask_run.c     C functions
 *     ask_value.c   variables and addresses
 *     files.c       files
 *
 * What is done returns 0, or negative with words.
 */
#ifndef COIL_REMOTE_ASK_H
#define COIL_REMOTE_ASK_H

#include "client/remote/remote.h"

/* One ask, copied and not yet judged. */
struct coil_ask_request {
    struct coil_scope *scope; /* the call that waits */
    const struct coil_link *link;
    unsigned kind;   /* enum coil_ask */
    uint32_t number; /* in the table that the kind names */
    unsigned char *payload;
    uint32_t payload_size;
    uint64_t answer_at; /* address in staging; 0: the answer goes into the record */
    int error_number;
};

/* What is answered. */
struct coil_ask_answer {
    unsigned char *bytes; /* private */
    uint32_t size;
    int error_number;
    unsigned char *large;                /* what does not fit into `small`; owned */
    alignas(16) unsigned char small[48]; /* most fit into a line of the ring */
};

/* ---- ask.c ---- */

/* Room for the answer, aligned, zero.  NULL with words. */
void *coil_ask_answer_take(struct coil_ask_answer *answer, uint64_t size, struct coil_error *error);

/* What C has changed is staged again.  What cannot be followed any more is NULL for Python, as C may have freed it. */
int coil_ask_refresh(struct coil_scope *scope, struct coil_error *error);

/* ---- ask_run.c ---- */
int coil_ask_run(const struct coil_ask_request *q, struct coil_ask_answer *answer, struct coil_error *error);
int coil_ask_run_variadic(const struct coil_ask_request *q, struct coil_ask_answer *answer, struct coil_error *error);
int coil_ask_run_pointer(const struct coil_ask_request *q, struct coil_ask_answer *answer, struct coil_error *error);

/* The signature of a function pointer.  NULL with words. */
const struct coil_descriptor_function *coil_ask_pointer_signature(const struct coil_ask_request *q,
                                                                  struct coil_error *error);

/* ---- ask_value.c ---- */
int coil_ask_address(const struct coil_ask_request *q, struct coil_ask_answer *answer, struct coil_error *error);
int coil_ask_read(const struct coil_ask_request *q, struct coil_ask_answer *answer, struct coil_error *error);
int coil_ask_write(const struct coil_ask_request *q, struct coil_ask_answer *answer, struct coil_error *error);
int coil_ask_refer(const struct coil_ask_request *q, struct coil_ask_answer *answer, struct coil_error *error);

/* ---- files.c ---- */
int coil_ask_file(const struct coil_ask_request *q, struct coil_ask_answer *answer, struct coil_error *error);

#endif
