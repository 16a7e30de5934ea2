struct item { void *user /* [opaque] */; int n; };
void *counter_new(const char *name);
int counter_add(void *counter /* [opaque] */, int n);
const char *counter_name(void *counter);
void counter_free(void *counter);
int counters_alive(void);
int items_add(struct item *items /* [in, counted_by(n)] */, int n);
void *same(void *handle);
