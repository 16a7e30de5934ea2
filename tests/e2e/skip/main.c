/* An address that Python returns or stores is the program's own: of the beginning, the middle, the end. */
#include <stdio.h>

struct line {
    char *text;
    int step;
};

char *skip(char *s);
const char *find(const char *s, int c);
int *behind(int *v, int n);
int *item(int *v, int n, int at);
struct line rest(struct line l);
void advance(struct line *l);
struct line *itself(struct line *l);
int *member(struct line *l);
void *opaque(void *p);

int main(void)
{
    char text[] = "hello";
    const char *constant = "constant";
    int v[4] = { 1, 2, 3, 4 };
    struct line line = { text, 3 };

    printf("%d %s\n", skip(text) == text + 2, skip(text));
    printf("%d %d\n", find(constant, 's') == constant + 3, find(constant, 'x') == NULL);
    printf("%d %d\n", behind(v, 4) == v + 4, behind(v, 0) == v);
    printf("%d %d\n", item(v, 4, 0) == v, item(v, 4, 3) == v + 3);
    printf("%d\n", rest(line).text == text + 1);
    advance(&line);
    printf("%d %s\n", line.text == text + 3, line.text);
    advance(&line); /* past its end is still an address */
    printf("%d\n", line.text == text + 6);
    line.text = text;
    printf("%d %d\n", itself(&line) == &line, member(&line) == &line.step);
    printf("%d %d\n", opaque(v) == v, opaque((void *)12345) == (void *)12345);
    return 0;
}
