/* Pointers into the heap of a worker that has died go stale; they do not crash, and can be read and passed on. */
#include <signal.h>
#include <stdio.h>
#include <time.h>

struct line { char *text; struct line *next; };
extern struct line *lines(int n);
extern const char *name(void);
extern int length(const struct line *first);
extern char *upper(const char *text);
extern int python_pid(void);

static void show(const char *what, const struct line *line)
{
    printf("%s:", what);
    for (; line; line = line->next)
        printf(" %s;", line->text);
    printf("\n");
}

int main(void)
{
    const struct line *stale = lines(2), *fresh, *all[12];
    const char *old_name = name();

    show("before", stale);
    kill(python_pid(), SIGKILL);
    nanosleep(&(struct timespec){ 0, 100000000 }, NULL);
    show("dead", stale);
    fresh = lines(3);
    show("next", fresh);
    show("stale", stale);
    /* Stale memory is the program's own by now: it goes to the next worker like any other. */
    printf("%d %d\n", length(stale), length(fresh));
    printf("%s %s\n", upper(old_name), upper(fresh->text));
    stale->text[0] = 'L';
    show("changed", stale);
    for (int i = 0; i < 12; i++) {
        all[i] = lines(i + 1);
        kill(python_pid(), SIGKILL);
        (void)python_pid();
    }
    for (int i = 0; i < 12; i++)
        printf("%d\n", length(all[i]));
    show("still", stale);
    return 0;
}
