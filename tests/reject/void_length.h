int fill(void *buffer, size_t size);
