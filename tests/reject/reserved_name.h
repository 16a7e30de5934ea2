int coil_call(int x);
