/*
 * A tree that Python made, which the program changes, and the other way round.  What the program adds must be memory that
 * Python sees.
 */
#include <coil.h>
#include <stdio.h>
#include <string.h>

#include "api.h"

static void show(const struct tree *tree)
{
    if (!tree)
        return;
    show(tree->left);
    printf(" %s=%d", tree->name ? tree->name : "-", tree->value);
    show(tree->right);
}

static void check(const char *what, int result)
{
    const char *text = "";
    int code = coil_last_error(&text);

    printf("%s: %d %d %s\n", what, result, code == COIL_E_POINTER, text);
}

int main(int argc, char **argv)
{
    struct tree *root = grow(3), own = { NULL, NULL, NULL, 1000 }, *added;
    char text[] = "own";

    (void)argv;
    show(root);
    printf("\n%d %d\n", sum(root), names(root));
    root->left->value = 50; /* in Python's own object */
    root->right->right->left = root->left; /* shared now */
    printf("%d\n", sum(root));
    printf("%d\n", mirror(root));
    show(root);
    printf("\n");
    root = shout(root);
    show(root->left);
    printf("\n");

    added = coil_alloc(sizeof *added);
    added->value = 7;
    added->name = coil_alloc(16);
    strcpy(added->name, "added");
    root->left->left->left = added;
    printf("%d %d\n", sum(root), names(root));
    shout(added);
    printf("%s\n", added->name);

    /* A tree of the program's own with Python's tree in it. */
    own.left = root;
    own.name = text;
    printf("%d %d\n", sum(&own), names(&own));
    shout(&own);
    printf("%s %s\n", own.name, own.left->left->left->left->name);

    if (argc > 1) {
        root->right->left->name = text;
        check("private text", names(root));
        root->right->left->name = NULL;
        root->right->left->left = &own;
        check("private tree", sum(root));
        root->right->left->left = NULL;
        check("mended", sum(root));
    }
    return 0;
}
