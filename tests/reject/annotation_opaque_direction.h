struct hidden; void f(struct hidden *v /* [out] */);
