struct tight { char c; double d; struct { char a; int b; } in; };
