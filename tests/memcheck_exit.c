/*
 * Looks for leaks at the very end of a program that runs under valgrind: preloaded into it by tests/memcheck.py.
 *
 * Valgrind's own look at exit would read all memory that the program has mapped, to find pointers in it: many gigabytes
 * of files that are nearly all holes, and reading a hole gives it memory.  So what is shared with Python is
 * covered first by memory that can only be read, into which valgrind does not look.  Nothing is missed: no
 * pointer to a private block may lie there.
 *
 * libcoil's own destructor drains one-way calls.  What is registered while destructors run comes after all of them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <valgrind/memcheck.h>

#define RANGE_BEGIN UINT64_C(0x200000000000) /* whatever coil maps lies in between: proto/window.h */
#define RANGE_END UINT64_C(0x500000000000)

static void hide_shared_memory(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    uint64_t begin, end;
    char line[512];

    while (maps && fgets(line, sizeof line, maps))
        if (sscanf(line, "%" SCNx64 "-%" SCNx64, &begin, &end) == 2 && begin >= RANGE_BEGIN && end <= RANGE_END)
            (void)mmap((void *)(uintptr_t)begin, end - begin, PROT_READ,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    if (maps)
        (void)fclose(maps);
}

static void look(int status, void *argument)
{
    (void)status;
    (void)argument;
    (void)fflush(NULL);
    hide_shared_memory();
    VALGRIND_DO_LEAK_CHECK;
}

__attribute__((destructor)) static void at_exit(void)
{
    if (RUNNING_ON_VALGRIND)
        (void)on_exit(look, NULL);
}
