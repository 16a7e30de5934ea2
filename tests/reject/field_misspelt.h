struct s {
    char *name; /* [strng] */
};
int f(struct s *s);
