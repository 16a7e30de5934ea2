/*
 * Which parts of the heap's address range are in use: extents, in pages.
 *
 * The allocator takes memory from here in extents and gives it back in pieces of
 * any size.  What is free is a list of ranges, sorted by address and never adjacent to each other; the first that
 * fits is taken.  There are few, and they change seldom: the allocator keeps for a while what is free.
 *
 * The list lies in private memory, as everything does that allocating depends on.  Any thread.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "daemon/worker/worker.h"

struct range {
    uint64_t begin, end;
    struct range *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct range *ranges;

int coil_extents_open(uint64_t begin, uint64_t end)
{
    struct range *all = malloc(sizeof *all);

    if (!all)
        return -ENOMEM;
    *all = (struct range){ begin, end, NULL };
    ranges = all;
    return 0;
}

/* Takes [begin, end) out of the range *link.  -ENOMEM. */
static int cut(struct range **link, uint64_t begin, uint64_t end)
{
    struct range *range = *link;

    if (begin > range->begin && end < range->end) {
        struct range *rest = malloc(sizeof *rest);

        if (!rest)
            return -ENOMEM;
        *rest = (struct range){ end, range->end, range->next };
        range->end = begin;
        range->next = rest;
    } else if (begin > range->begin) {
        range->end = begin;
    } else if (end < range->end) {
        range->begin = end;
    } else {
        *link = range->next;
        free(range);
    }
    return 0;
}

uint64_t coil_extents_take(uint64_t wanted, uint64_t size, uint64_t alignment)
{
    uint64_t taken = 0;

    (void)pthread_mutex_lock(&lock);
    for (struct range **link = &ranges; *link && !taken; link = &(*link)->next) {
        uint64_t begin = wanted ? wanted : ((*link)->begin + alignment - 1) & ~(alignment - 1);

        if (begin < (*link)->begin || begin > (*link)->end || size > (*link)->end - begin)
            continue;
        if (cut(link, begin, begin + size) == 0)
            taken = begin;
        break;
    }
    (void)pthread_mutex_unlock(&lock);
    return taken;
}

int coil_extents_give(uint64_t begin, uint64_t size)
{
    uint64_t end = begin + size;
    struct range *before = NULL, *behind, *fresh;
    int r = 0;

    (void)pthread_mutex_lock(&lock);
    behind = ranges;
    while (behind && behind->begin < begin) {
        before = behind;
        behind = behind->next;
    }
    if (before && before->end == begin) {
        before->end = end;
        if (behind && behind->begin == end) {
            before->end = behind->end;
            before->next = behind->next;
            free(behind);
        }
    } else if (behind && behind->begin == end) {
        behind->begin = begin;
    } else if ((fresh = malloc(sizeof *fresh))) {
        *fresh = (struct range){ begin, end, behind };
        if (before)
            before->next = fresh;
        else
            ranges = fresh;
    } else {
        r = -ENOMEM;
    }
    (void)pthread_mutex_unlock(&lock);
    return r;
}
