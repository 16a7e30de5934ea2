typedef struct handle handle;
void *same(void *p);
const void *same_const(const void *p);
handle *store(handle *h, int slot);
handle *fetch(int slot);
int is_null(void *p);
int compare(void *a, void *b);
