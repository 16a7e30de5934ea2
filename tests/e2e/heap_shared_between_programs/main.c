/* What Python has made for one program, it can give to another: it is the same object. */
#include <stdio.h>
#include <string.h>

struct entry { char text[32]; int visits; struct entry *next; };
extern struct entry *enter(const char *text);
extern struct entry *find(const char *text);
extern int count(const struct entry *first);

int main(int argc, char **argv)
{
    struct entry *own = enter(argc > 1 ? argv[1] : "nobody"), *other;
    char line[64];

    own->visits = 1;
    printf("entered %s at %p\n", own->text, (void *)own);
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        other = find(line);
        if (other) {
            other->visits += 10;
            strcat(other->text, "!");
        }
        printf("%s at %p, own visits %d, %s\n", other ? other->text : "(nobody)", (void *)other, own->visits, own->text);
        fflush(stdout);
    }
    if (!own->next || argc > 2)
        printf("%d\n", count(own));
    return 0;
}
