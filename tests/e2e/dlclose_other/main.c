/*
 * Two stub libraries, and two copies of one at the same time; one is unloaded while threads are in calls of the others.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static int (*other)(int), (*copy)(int);
static atomic_int stop, wrong;

static void *caller(void *unused)
{
    while (!stop)
        wrong += other(3) != 3 || copy(2) != 2;
    return unused;
}

static void *load(const char *path, const char *name, int (**ret_function)(int))
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    if (!library) {
        printf("%s\n", dlerror());
        return NULL;
    }
    *(void **)ret_function = dlsym(library, name);
    return library;
}

int main(int argc, char **argv)
{
    pthread_t threads[3];
    int (*mine)(int);
    void *library;

    if (argc != 4 || !load(argv[2], "two", &other) || !load(argv[3], "one", &copy))
        return 2;
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, caller, NULL);
    for (int round = 0; round < 50; round++) {
        library = load(argv[1], "one", &mine);
        if (!library)
            return 3;
        wrong += mine(1) != 1;
        dlclose(library);
    }
    stop = 1;
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    printf("%d wrong\n", wrong);
    return 0;
}
