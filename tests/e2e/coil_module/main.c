/* import coil: who calls, with which environment, from where. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern int pid(void), uid(void), gid(void);
extern int variable(const char *name, char *value, int cap), variables(void), folder(char *path, int cap);
extern int session(int part), outside(void), words(void);

extern char **environ;

static void show(const char *name)
{
    char value[200000];
    int size = variable(name, value, sizeof value);

    if (size < 0)
        printf("%s: %d\n", name, size);
    else
        printf("%s: %d bytes, right: %d\n", name, size,
               size == (int)strlen(getenv(name)) && !memcmp(value, getenv(name), (size_t)size));
}

int main(void)
{
    static char large[150000];
    char path[4096], here[4096];
    int count = 0, size;

    printf("peer: %d %d %d\n", pid() == getpid(), uid() == (int)getuid(), gid() == (int)getgid());
    setenv("GREETING", "hello", 1);
    show("GREETING");
    setenv("GREETING", "with \xff\xc3\xa4 in it", 1);
    show("GREETING");
    unsetenv("GREETING");
    show("GREETING");
    memset(large, 'x', sizeof large - 1);
    setenv("LARGE", large, 1);
    show("LARGE");
    setenv("EMPTY", "", 1);
    show("EMPTY");
    while (environ[count])
        count++;
    printf("all: %d\n", variables() == count);
    if (chdir("/usr") != 0)
        return 1;
    size = folder(path, sizeof path);
    printf("folder: %.*s\n", size, path);
    if (chdir("/tmp") != 0)
        return 1;
    size = folder(path, sizeof path);
    printf("folder: %d\n", getcwd(here, sizeof here) && size == (int)strlen(here) && !memcmp(path, here, (size_t)size));
    clearenv();
    printf("none: %d\n", variables());
    for (int part = 0; part < 5; part++)
        printf("session %d\n", session(part));
    printf("outside: %d\n", outside());
    printf("words: %d\n", words());
    return 0;
}
