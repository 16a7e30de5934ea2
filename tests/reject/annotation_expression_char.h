void f(int *v /* [in, counted_by(c)] */, char c);
