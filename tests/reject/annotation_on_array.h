void f(int v[4] /* [counted_by(4)] */);
