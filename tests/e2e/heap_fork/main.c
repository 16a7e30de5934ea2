/* A forked child has a copy of what Python shared with its parent, until it calls Python itself. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

struct state { int n; char text[16]; };
extern struct state *state(void);
extern int value(const struct state *s);
extern void set(int n);
extern int fork_python(struct state *s);

int main(void)
{
    struct state *s = state();
    int to_child[2], to_parent[2];
    char byte = 0;
    pid_t child;
    int status;

    printf("%d %s\n", s->n, s->text);
    if (pipe(to_child) < 0 || pipe(to_parent) < 0)
        return 1;
    fflush(stdout);
    child = fork();
    if (child == 0) {
        s->n = -1; /* its own */
        if (write(to_parent[1], &byte, 1) != 1 || read(to_child[0], &byte, 1) != 1)
            return 1;
        printf("child: %d %s\n", s->n, s->text);
        printf("child: %d\n", state() == s && value(s) == s->n);
        return 0;
    }
    if (read(to_parent[0], &byte, 1) != 1)
        return 1;
    printf("parent: %d %s\n", s->n, s->text);
    set(5);
    printf("parent: %d %s\n", s->n, s->text);
    fflush(stdout);
    if (write(to_child[1], &byte, 1) != 1 || waitpid(child, &status, 0) != child)
        return 1;
    printf("status %d\n", status);
    printf("%d\n", fork_python(s));
    printf("%d %s\n", s->n, s->text);
    set(1);
    s->text[0] = 'S';
    printf("%s\n", s->text);
    return 0;
}
