add(int x, int y);
