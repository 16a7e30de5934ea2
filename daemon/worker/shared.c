/*
 * Which memory a program can see, and which it cannot.
 *
 * A pointer that is followed must lead into memory that both have.  One that is only handed on (an
 * opaque one) may be anything: an address of the program's own, or a number.  What it may not be is an address of
 * memory that this process alone has, because the program would follow it to something else.
 * Whose an address is can be told nearly always by who has something there; where both have, it is
 * taken for the program's.
 *
 * Any thread.
 */
#include <sys/mman.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "daemon/worker/worker.h"
#include "proto/cleanup.h"

#define PAGE 4096u

/*
 * Of the heap, in a worker for programs of several users: what was made for this one, for all of them in the init code,
 * or was given to it.
 */
static uint64_t block_room(const struct coil_session *session, uint64_t address, bool asks_program)
{
    struct coil_heap_block block;

    if (!coil_blocks_find(address, &block))
        return 0;
    if (block.owner ? !session || session->number != block.owner
                    : asks_program && !coil_mirror_has(session, &block))
        return 0;
    return block.begin + block.size - address;
}

uint64_t coil_shared_room_of(const struct coil_session *session, uint64_t address)
{
    return session->mirror && coil_heap_room(address) ? block_room(session, address, true)
                                                      : coil_shared_room(session, address);
}

uint64_t coil_shared_room(const struct coil_session *session, uint64_t address)
{
    uint64_t staging;

    if (address < COIL_RANGE_BEGIN || address >= COIL_RANGE_END)
        return 0;
    if (coil_heap_room(address))
        return coil_worker_is_system ? block_room(session, address, false) : coil_heap_room(address);
    if (session && address >= COIL_REGIONS_BEGIN && address < COIL_REGIONS_END)
        return coil_session_region_room(session, address);
    staging = session ? session->base + COIL_STAGING_OFFSET : UINT64_MAX;
    return address - staging < COIL_STAGING_SIZE ? staging + COIL_STAGING_SIZE - address : 0;
}

bool coil_shared_is_pythons(uint64_t address)
{
    return coil_heap_room(address) || coil_function_is_pythons(address);
}

/* Is there a mapping of this process's own?  Where the kernel may not be asked (a filter of system calls): yes, to be
 * safe. */
static bool is_mapped_here(uint64_t address)
{
    unsigned char resident;

    return mincore((void *)(uintptr_t)(address & ~(uint64_t)(PAGE - 1)), 1, &resident) == 0 || errno != ENOMEM;
}

static bool is_mapped_there(uint64_t pid, uint64_t address)
{
    COIL_CLEANUP(coil_file_close) FILE *maps = NULL;
    char path[40], line[512];
    uint64_t begin, end;

    (void)snprintf(path, sizeof path, "/proc/%llu/maps", (unsigned long long)pid);
    maps = fopen(path, "re");
    while (maps && fgets(line, sizeof line, maps))
        if (sscanf(line, "%" SCNx64 "-%" SCNx64, &begin, &end) == 2 && address >= begin && address < end)
            return true;
    return false;
}

/* Whatever the host lets a program have, it asks about here: a session that has been given something cannot move. */
static void note_given(struct coil_session *session, uint64_t address)
{
    if (!coil_heap_room(address))
        return;
    if (!session)
        coil_sessions_given();
    else if (!atomic_load_explicit(&session->given, memory_order_relaxed))
        atomic_store_explicit(&session->given, true, memory_order_relaxed);
}

/* An address of coil's own range that is only handed on: may it reach this program? */
static bool is_harmless(const struct coil_session *session, uint64_t address)
{
    if (!coil_worker_is_system || (address >= COIL_WINDOWS_END && !coil_heap_room(address)))
        return true;
    if (coil_heap_room(address))
        return block_room(session, address, false) > 0;
    if (!session) /* it is looked at again for the program that it goes to */
        return (address - COIL_RANGE_BEGIN) % COIL_WINDOW_STRIDE - COIL_FUNCTIONS_OFFSET < COIL_SLOTS_CODE_SIZE;
    return address - session->base < COIL_WINDOW_STRIDE;
}

bool coil_shared_is(struct coil_host_program *program, uint64_t address, uint64_t size)
{
    struct coil_session *session = (struct coil_session *)(void *)program;

    note_given(session, address);
    if (size > 0)
        return size <= coil_shared_room(session, address);
    if (address >= COIL_RANGE_BEGIN && address < COIL_RANGE_END)
        return is_harmless(session, address);
    return !is_mapped_here(address) || (session && is_mapped_there(session->peer.pid, address));
}
