/*
 * Mapping slot areas, and the way from an empty slot to whoever knows where it leads.
 *
 * The client maps an area for its own functions and one for each generation's; the worker maps one for its own and one
 * per session.  Any thread.
 */
#include "proto/slots.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "proto/cleanup.h"

static_assert((COIL_SLOTS & (COIL_SLOTS - 1)) == 0, "numbers are taken apart by masks");
static_assert(sizeof COIL_SLOTS_MARK - 1 == 16, "the mark fills the first slot's second half");

coil_slots_resolve_fn *coil_slots_resolver;

void coil_slots_enter(void); /* proto/slots_resolve.S */

uint64_t coil_slots_resolve(uint64_t word);

/* Called by coil_slots_enter with the address of the slot's word. */
uint64_t coil_slots_resolve(uint64_t word)
{
    uint64_t area = word & ~(COIL_SLOTS_ALIGNMENT - 1);
    int saved = errno;
    uint64_t target = coil_slots_resolver(area, (uint32_t)((word - area - COIL_SLOTS_CODE_SIZE) / sizeof(uint64_t)));

    errno = saved;
    return target;
}

int coil_slots_open(const char *path, int *ret_fd, struct coil_error *error)
{
    COIL_CLEANUP(coil_fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    char mark[16];

    if (fd < 0)
        return coil_error_set(error, -errno, "%s cannot be opened: %s", path, strerror(errno));
    if (fstat(fd, &status) < 0 || status.st_size != COIL_SLOTS_CODE_SIZE ||
        pread(fd, mark, sizeof mark, 16) != (ssize_t)sizeof mark || memcmp(mark, COIL_SLOTS_MARK, sizeof mark) != 0)
        return coil_error_set(error, -EINVAL, "%s is not of this version of coil: is coil installed completely?", path);
    *ret_fd = coil_steal_fd(&fd);
    return 0;
}

static void *pointer(uint64_t address)
{
    return (void *)(uintptr_t)address;
}

/* mmap() at exactly this place. */
static int map_at(uint64_t at, size_t size, int protection, int flags, int fd)
{
    void *got = mmap(pointer(at), size, protection, MAP_PRIVATE | flags, fd, 0);

    if (got == pointer(at))
        return 0;
    if (got == MAP_FAILED)
        return -errno;
    (void)munmap(got, size); /* a kernel that does not know MAP_FIXED_NOREPLACE took it for a hint */
    return -EEXIST;
}

int coil_slots_map(uint64_t area, int fd, bool replace, struct coil_error *error)
{
    const int fixed = replace ? MAP_FIXED : MAP_FIXED_NOREPLACE;
    uint64_t data = area + COIL_SLOTS_CODE_SIZE;
    int r;

    r = map_at(data, COIL_SLOTS_DATA_SIZE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | fixed, -1);
    if (r == 0) {
        coil_slot_lead(area, 0, (uint64_t)(uintptr_t)coil_slots_enter);
        r = map_at(area, COIL_SLOTS_CODE_SIZE, PROT_READ | PROT_EXEC, fixed, fd);
        if (r < 0 && !replace)
            (void)munmap(pointer(data), COIL_SLOTS_DATA_SIZE);
    }
    return r == 0 ? 0
                  : coil_error_set(error, r, "the slots for function pointers cannot be mapped at %p: %s",
                                   pointer(area), strerror(-r));
}

void coil_slots_unmap(uint64_t area)
{
    (void)munmap(pointer(area), COIL_SLOTS_SIZE);
}

void coil_slots_clear(uint64_t area)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    /* All but the first page, which has the way to the resolver in it, become zero pages again. */
    (void)madvise(pointer(area + COIL_SLOTS_CODE_SIZE + page), COIL_SLOTS_DATA_SIZE - page, MADV_DONTNEED);
    for (uint32_t i = 1; i < page / sizeof(uint64_t); i++)
        coil_slot_lead(area, i, 0);
}

int coil_slots_table_prepare(_Atomic uint64_t *table, uint32_t index, struct coil_error *error)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    void *at = pointer((uint64_t)((uintptr_t)(table + index) & ~(page - 1)));

    if (madvise(at, page, MADV_POPULATE_WRITE) == 0 || errno == EINVAL) /* before Linux 5.14 it cannot be asked */
        return 0;
    return coil_error_set(error, -ENOMEM, "no memory to share what function pointers lead to: %s", strerror(errno));
}
