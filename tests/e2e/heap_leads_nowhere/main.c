/* Python's object leads to what an earlier call has passed, of which nothing is there any more. */
#include <stdio.h>

struct node {
    int value;
    struct node *next;
};
extern int remember(struct node *n);
extern int store(struct node *n);
extern const char *hand_over(struct node *n);

int main(void)
{
    struct node many[64], one = { 7, NULL };

    for (int i = 0; i < 64; i++)
        many[i] = (struct node){ i, i < 63 ? &many[i + 1] : NULL };
    printf("%d\n", remember(many));
    printf("%d\n", store(&one));
    printf("%d\n", one.next && !one.next->next);
    one.next = NULL;
    printf("%d\n", remember(many));
    printf("%s\n", hand_over(&one));
    printf("%s\n", hand_over(&one)); /* it is NULL now */
    return 0;
}
