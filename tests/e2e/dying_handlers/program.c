/* A handler does its worst: what the program sees of it, and that it goes on. */
#include <coil.h>
#include <stdio.h>
#include <string.h>

extern int die(const char *how), add(int x, int y), pid(void);

static const char *word(int status)
{
    return status == COIL_E_DIED ? "died" : status == COIL_E_EXCEPTION ? "exception" : "another status";
}

int main(int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        char how[1024];
        int worker = pid(), result, status;

        snprintf(how, sizeof how, "%s|%s", argv[i], argv[1]);
        result = die(how);
        status = coil_last_error(NULL);
        printf("%s: %d (%s)", argv[i], result, word(status));
        printf("; the next call: %d, in %s Python\n", add(40, 2), pid() == worker ? "the same" : "another");
        fflush(stdout);
    }
    return 0;
}
