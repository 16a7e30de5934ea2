#define BAD 70000
