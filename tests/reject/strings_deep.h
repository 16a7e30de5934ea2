int f(char ***v /* [inout, counted_by(2)] */);
