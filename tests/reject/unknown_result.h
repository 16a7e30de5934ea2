foo_t add(int x, int y);
