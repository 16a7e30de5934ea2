int add(foo_t x, int y);
