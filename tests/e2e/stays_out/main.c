#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern int add(int x, int y);
extern int python_pid(void);

int main(void)
{
    char line[4096];
    int python = 0, host = 0;
    int result = add(40, 2);
    FILE *maps = fopen("/proc/self/maps", "r");

    while (fgets(line, sizeof(line), maps)) {
        python |= strstr(line, "libpython") != NULL || strstr(line, "_cffi_backend") != NULL;
        host |= strstr(line, "libcoil-host") != NULL;
    }
    fclose(maps);
    printf("%d, libpython %s, host %s, Python in %s\n", result, python ? "mapped" : "not mapped", host ? "mapped" : "not mapped",
           python_pid() == getpid() ? "this process" : "another process");
    return 0;
}
