struct loose { char c; double d; };
