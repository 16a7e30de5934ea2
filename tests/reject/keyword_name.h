int return(int x);
