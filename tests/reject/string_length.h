int put(const char *text, int length);
