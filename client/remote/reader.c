/*
 * Reading the program's memory where a pointer may lead nowhere.
 *
 * What a function's own arguments point to is read as any C function would read
 * it.  But Python gets whole trees, of which the program's own code might never have
 * followed a branch; a stale pointer deep in one of them is worth an error, not a
 * crash.  So the kernel reads for us: process_vm_readv() on this very process says EFAULT where a
 * load would fault, and takes many places at once.
 *
 * A page that could be read a moment ago is read with plain loads: that is what makes linked lists cheap,
 * whose nodes come one by one and lie close together.  Where the system call is not permitted
 * everything is read with plain loads.
 *
 * C may free what Python still points to, and then this file looks at freed memory, on purpose.  In a program that is
 * watched by AddressSanitizer only the kernel does, whom it does not watch.
 *
 * Called by the other parts of marshalling; one thread per reader.
 */
#include "client/remote/marshal.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096u       /* or a part of one: what can be read of it can be read of all of it */
#define COPIED 256u      /* of a string at once, where it is not looked at in place; divides PAGE */
#define PAGES_AT_ONCE 8u /* larger places are not worth remembering */

static _Atomic bool unavailable; /* the system call is not permitted here; relaxed: only ever becomes true */

/* AddressSanitizer's, if the program is built with it, whether libcoil is or not; else NULL. */
extern int __asan_address_is_poisoned(const volatile void *address) __attribute__((weak));

/* Are plain loads from freed memory reported? */
static bool is_watched(void)
{
    return __asan_address_is_poisoned != NULL && !atomic_load_explicit(&unavailable, memory_order_relaxed);
}

static uint64_t page_of(const void *address)
{
    return (uint64_t)(uintptr_t)address / PAGE;
}

static bool is_known(const struct coil_reader *reader, uint64_t page)
{
    return reader->pages[page % COIL_READER_PAGES] == page + 1;
}

static void remember(struct coil_reader *reader, uint64_t page)
{
    if (is_watched())
        return;
    reader->pages[page % COIL_READER_PAGES] = page + 1;
}

/* Are all pages of [from, from + size) known?  Few pages only. */
static bool all_known(const struct coil_reader *reader, const void *from, uint64_t size)
{
    uint64_t first = page_of(from), last = page_of((const char *)from + size - 1);

    if (last - first >= PAGES_AT_ONCE)
        return false;
    for (uint64_t page = first; page <= last; page++)
        if (!is_known(reader, page))
            return false;
    return true;
}

static void remember_all(struct coil_reader *reader, const void *from, uint64_t size)
{
    uint64_t first = page_of(from), last = page_of((const char *)from + size - 1);

    if (last - first < PAGES_AT_ONCE)
        for (uint64_t page = first; page <= last; page++)
            remember(reader, page);
}

/*
 * As process_vm_readv() on ourselves.  -EFAULT; -ENOSYS: read with plain loads instead.  Not by libc's function: that
 * is one of those in which AddressSanitizer looks at what is read.
 */
static ssize_t kernel_read(const struct iovec *to, const struct iovec *from, unsigned count)
{
    ssize_t got;

    if (atomic_load_explicit(&unavailable, memory_order_relaxed))
        return -ENOSYS;
    got = syscall(SYS_process_vm_readv, getpid(), to, (long)count, from, (long)count, 0L);
    if (got >= 0)
        return got;
    if (errno == EFAULT)
        return -EFAULT;
    if (errno == EPERM || errno == ENOSYS)
        atomic_store_explicit(&unavailable, true, memory_order_relaxed);
    return -ENOSYS;
}

/* Reads one place, however large: the kernel reads at most 2 GiB at once. */
static bool read_place(const struct iovec *to, const struct iovec *from)
{
    for (uint64_t done = 0; done < from->iov_len;) {
        const struct iovec here = { (char *)to->iov_base + done, from->iov_len - done };
        const struct iovec there = { (char *)from->iov_base + done, from->iov_len - done };
        ssize_t got = kernel_read(&here, &there, 1);

        if (got == -ENOSYS) {
            memcpy(here.iov_base, there.iov_base, there.iov_len);
            return true;
        }
        if (got <= 0)
            return false;
        done += (uint64_t)got;
    }
    return true;
}

/* Reads place after place; returns how many were read before one could not be. */
static unsigned read_places(const struct iovec *to, const struct iovec *from, unsigned count)
{
    ssize_t got = kernel_read(to, from, count);
    uint64_t left = got > 0 ? (uint64_t)got : 0;
    unsigned done = 0;

    /* What is whole counts; the kernel may have stopped anywhere. */
    while (done < count && left >= from[done].iov_len)
        left -= from[done++].iov_len;
    while (done < count && read_place(&to[done], &from[done]))
        done++;
    return done;
}

void coil_reader_flush(struct coil_reader *reader)
{
    unsigned done = 0;

    while (done < reader->count) {
        unsigned good = read_places(reader->to + done, reader->from + done, reader->count - done);

        for (unsigned i = done; i < done + good; i++)
            remember_all(reader, reader->from[i].iov_base, reader->from[i].iov_len);
        done += good;
        if (done < reader->count)
            *reader->failed[done++] = true;
    }
    reader->count = 0;
}

void coil_reader_read(struct coil_reader *reader, const void *from, uint64_t size, void *to, bool *failed)
{
    if (size == 0)
        return;
    if (page_of(from) > page_of((const char *)from + size - 1)) { /* past the end of the address space */
        *failed = true;
        return;
    }
    if (all_known(reader, from, size)) {
        memcpy(to, from, size);
        return;
    }
    reader->from[reader->count] = (struct iovec){ (void *)(uintptr_t)from, size };
    reader->to[reader->count] = (struct iovec){ to, size };
    reader->failed[reader->count] = failed;
    if (++reader->count == COIL_READER_BATCH)
        coil_reader_flush(reader);
}

bool coil_reader_can_read(struct coil_reader *reader, const void *from, uint64_t size)
{
    uint64_t first = page_of(from), last = page_of((const char *)from + size - 1);

    for (uint64_t page = first; size > 0 && page <= last; page++) {
        const uint64_t at = page == first ? (uint64_t)(uintptr_t)from : page * PAGE;
        struct iovec there = { (void *)(uintptr_t)at, 1 };
        unsigned char byte;
        struct iovec here = { &byte, 1 };

        if (is_known(reader, page))
            continue;
        if (read_places(&here, &there, 1) == 0)
            return false;
        remember(reader, page);
    }
    return first <= last;
}

void coil_reader_forget(struct coil_reader *reader)
{
    memset(reader->pages, 0, sizeof reader->pages);
}

/* Bytes of the program for a look with plain loads: where they are, or copied to `copy`.  NULL: they cannot be read. */
static const unsigned char *look(struct coil_reader *reader, const unsigned char *at, uint64_t size,
                                 unsigned char copy[COPIED])
{
    const struct iovec there = { (void *)(uintptr_t)at, size }, here = { copy, size };

    if (!is_watched())
        return coil_reader_can_read(reader, at, size) ? at : NULL;
    return read_place(&here, &there) ? copy : NULL;
}

int coil_reader_string(struct coil_reader *reader, const void *from, uint64_t limit, uint64_t *ret_size)
{
    const unsigned char *at = from;
    uint64_t size = 0;

    while (size <= limit) {
        uint64_t step = is_watched() ? COPIED : PAGE;
        uint64_t room = step - (uint64_t)(uintptr_t)at % step;
        unsigned char copy[COPIED];
        const unsigned char *text = look(reader, at, room, copy);
        const unsigned char *end;

        if (!text)
            return -EFAULT;
        end = memchr(text, 0, room);
        if (end) {
            *ret_size = size + (uint64_t)(end - text) + 1;
            return 0;
        }
        size += room;
        at += room;
    }
    return -E2BIG;
}

int coil_reader_to_null(struct coil_reader *reader, const void *from, uint64_t size, uint64_t limit, uint64_t *ret_size)
{
    const unsigned char *at = from;
    uint64_t key = size < sizeof key ? size : sizeof key;

    for (uint64_t total = size; size > 0 && total <= limit; total += size, at += size) {
        unsigned char copy[COPIED];
        const unsigned char *begin = coil_reader_can_read(reader, at, size) ? look(reader, at, key, copy) : NULL;
        uint64_t value = 0;

        if (!begin)
            return -EFAULT;
        memcpy(&value, begin, key);
        if (value == 0) {
            *ret_size = total;
            return 0;
        }
    }
    return -E2BIG;
}
