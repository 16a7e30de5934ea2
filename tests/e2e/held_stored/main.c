/* What a handler has stored in the program's structs is there after the call, although Python keeps it nowhere. */
#include <stdio.h>
#include <string.h>

struct line { char *text; struct line *next; };
struct page { int lines; struct line *first; char *title; const char *names[3]; };
extern void fill(struct page *page, int lines);
extern void touch(struct page *page);
extern int many(struct page *page, int rounds);
extern int reused(const char *p);

static void show(const struct page *page)
{
    printf("%s: %d lines, %s, reused %d\n", page->title, page->lines, page->names[2], reused(page->title));
    for (const struct line *line = page->first; line; line = line->next)
        printf("  %s\n", line->text);
}

int main(void)
{
    struct page page, another;
    char *title;

    memset(&page, 0, sizeof page);
    memset(&another, 0, sizeof another);
    fill(&page, 3);
    show(&page);
    show(&page);
    touch(&page); /* another function: nothing ends */
    show(&page);
    title = page.title;
    fill(&another, 1); /* the same function: what only the first page had is free */
    printf("reused %d\n", reused(title));
    show(&another);
    fill(&another, 2);
    show(&another);
    printf("%d\n", many(&another, 100000)); /* more than is waited for */
    printf("%s, reused %d\n", another.title, reused(another.title));
    return 0;
}
