/* A stub library is loaded, used and unloaded many times over, at several addresses: nothing piles up. */
#include <dirent.h>
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static int open_fds(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int number = 0;

    while (readdir(folder))
        number++;
    closedir(folder);
    return number;
}

static int many(const char *path, int rounds)
{
    int wrong = 0;

    for (int round = 0; round < rounds; round++) {
        void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        int (*add)(int, int) = NULL;

        if (library)
            *(void **)&add = dlsym(library, "add");
        wrong += !add || add(40, round) != 40 + round;
        if (library)
            dlclose(library);
        if (round % 50 == 0) /* takes the place where it was, so that it comes to lie elsewhere */
            (void)mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    return wrong;
}

int main(int argc, char **argv)
{
    int wrong, fds;
    size_t used;

    if (argc != 2)
        return 2;
    wrong = many(argv[1], 100);
    fds = open_fds();
    used = mallinfo2().uordblks;
    wrong += many(argv[1], 400 * atoi(getenv("COIL_TEST_SCALE")));
    printf("%d wrong\n", wrong);
    printf("%s\n", open_fds() <= fds ? "fds as before" : "more fds");
    if (mallinfo2().uordblks > used + 16384)
        printf("%zu bytes more\n", mallinfo2().uordblks - used);
    return 0;
}
