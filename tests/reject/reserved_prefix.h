int coil_reject_x(int x);
