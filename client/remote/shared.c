/*
 * Which memory Python sees as it is.
 *
 * A pointer into it crosses without a copy, in both directions, and nobody
 * follows it here.  Any thread.
 */
#include "client/remote/remote.h"

uint64_t coil_shared_room(struct coil_session *session, uint64_t address)
{
    if (address < COIL_RANGE_BEGIN || address >= COIL_RANGE_END) /* nearly always */
        return 0;
    if (coil_staging_contains(session, address))
        return session->base + COIL_STAGING_OFFSET + COIL_STAGING_SIZE - address;
    if (address - session->heap_base < COIL_HEAP_SIZE)
        return session->heap_base + COIL_HEAP_SIZE - address;
    if (address >= COIL_REGIONS_BEGIN && address < COIL_REGIONS_END)
        return coil_regions_room(session, address);
    return 0;
}
