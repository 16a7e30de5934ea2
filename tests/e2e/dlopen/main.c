#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    void *library = dlopen(argv[argc - 1], RTLD_NOW | RTLD_LOCAL);
    int (*add)(int, int);
    double (*root)(double);

    if (!library) {
        printf("%s\n", dlerror());
        return 1;
    }
    *(void **)&add = dlsym(library, "add");
    *(void **)&root = dlsym(library, "root");
    printf("%d %g\n", add(40, 2), root(16));
    return 0;
}
