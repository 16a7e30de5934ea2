int first(int *v);
