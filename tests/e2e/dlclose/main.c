#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

static int (*add)(int, int);

static void *other(void *argument)
{
    (void)argument;
    printf("%d\n", add(20, 22));
    return NULL;
}

int main(int argc, char **argv)
{
    for (int round = 0; round < 3; round++) {
        void *library = dlopen(argv[argc - 1], RTLD_NOW | RTLD_LOCAL);
        pthread_t thread;

        if (!library) {
            printf("%s\n", dlerror());
            return 1;
        }
        *(void **)&add = dlsym(library, "add");
        printf("%d\n", add(40, round));
        pthread_create(&thread, NULL, other, NULL);
        pthread_join(thread, NULL);
        dlclose(library);
    }
    return 0;
}
