/*
 * The program's functions, as pointers that both sides can call.
 */
#include "client/remote/remote.h"

int coil_function_to_shared(struct coil_session *session, const struct coil_link *link, uint32_t signature,
                            uint64_t address, uint64_t *ret_shared, struct coil_error *error)
{
    (void)session;
    (void)link;
    (void)signature;
    (void)error;
    *ret_shared = address;
    return 0;
}

uint64_t coil_function_to_own(const struct coil_session *session, uint64_t address)
{
    (void)session;
    return address;
}
