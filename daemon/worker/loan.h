/*
 * What a call has been lent of its program's memory, in a worker for programs of several users (mirror.c).
 *
 *     coil_loan_begin        a call begins
 *       coil_loan_take       for each block that its pointers lead to: copied in
 *       coil_loan_root       the frame they were found from
 *         coil_loan_lend     Python asks the program: all changes go there first
 *           coil_loans_resume    the program calls meanwhile
 *           coil_loans_suspend   that call returns
 *         coil_loan_answered the program may have changed everything: looked at again, and the answer with it
 *       coil_loan_return     the handler has returned: what it has changed, and what it gives, goes to the program
 *     coil_loan_end          before the answer: the program uses the same addresses again
 *
 * The thread that is in the channel's rings.
 */
#ifndef COIL_WORKER_LOAN_H
#define COIL_WORKER_LOAN_H

#include "daemon/worker/worker.h"
#include "proto/reach.h"

struct coil_loan_piece;
struct coil_loan_root;

/* Zero: there is none.  On the stack of whoever handles the call. */
struct coil_loan {
    struct coil_loan *outer; /* of the call around this one, on the same channel */
    struct coil_channel *channel; /* NULL: it has not begun, or has ended */
    bool is_passing; /* no call is there to keep it for, so nothing with pointers in it can be lent */
    bool has_failed; /* there was no memory */
    struct coil_loan_piece *pieces; /* owned */
    size_t piece_count, piece_room;
    struct coil_loan_root *roots; /* owned */
    size_t root_count, root_room;
};

/* Nothing happens if the session has no mirror. */
void coil_loan_begin(struct coil_loan *loan, struct coil_channel *channel);
void coil_loan_end(struct coil_loan *loan);

/* For walks (proto/reach.h). */
const unsigned char *coil_loan_bytes(struct coil_session *session, uint64_t address);
bool coil_loan_take(struct coil_loan *loan, const struct coil_descriptor *image,
                    const struct coil_descriptor_value *value, uint64_t address, uint64_t size);

/* A pointer at `place` of which nothing is said, so that Python must not have it: NULL afterwards, or true: it lies in
 * the frame. */
bool coil_loan_is_unsaid(const struct coil_loan *loan, const struct coil_descriptor_value *value, uint64_t place);

/* What the pointers of `frame` lead to has been taken.  Frame and arguments stay valid for as long as the loan.  -ENOMEM
 * with words. */
int coil_loan_root(struct coil_loan *loan, const struct coil_descriptor *image, const struct coil_reach_frame *frame,
                   struct coil_error *error);

/* -ENOMEM with words. */
int coil_loan_return(struct coil_loan *loan, const struct coil_descriptor *image,
                     const struct coil_descriptor_function *function, const void *call, const void *result,
                     struct coil_error *error);

/*
 * Python stops running for the channel's calls, and what they have been lent goes back, or goes on, and they are lent it
 * again: then nobody else may be looking.  -ENOMEM, -ERANGE with words.
 */
int coil_loans_suspend(struct coil_channel *channel, struct coil_error *error);
int coil_loans_resume(struct coil_channel *channel, struct coil_error *error);

/* Around an ask, with everything that the channel's calls have been lent.  -ENOMEM, -EFAULT with words. */
int coil_loan_lend(struct coil_channel *channel, const struct coil_host_ask *ask, struct coil_error *error);
int coil_loan_answered(struct coil_channel *channel, const struct coil_host_ask *ask, bool is_done,
                       struct coil_error *error);

/* Is there anything to do after the ask?  For that, nobody else may be looking. */
bool coil_loan_is_touched(const struct coil_channel *channel, const struct coil_host_ask *ask);

#endif
