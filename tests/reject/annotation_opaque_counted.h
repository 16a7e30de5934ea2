struct hidden; void f(struct hidden *v /* [counted_by(n)] */, size_t n);
