int each(int (*callback)(int), int n);
