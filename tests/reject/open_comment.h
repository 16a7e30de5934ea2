int add(int x);
/* no end
int sub(int x);
