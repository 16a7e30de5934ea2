typedef int callback_t(int);
int each(callback_t callback);
