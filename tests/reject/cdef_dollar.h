int price$(int x);
