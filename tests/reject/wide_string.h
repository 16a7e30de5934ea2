int put(const wchar_t *text);
