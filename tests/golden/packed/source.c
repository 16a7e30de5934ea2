#pragma pack(push, 1)
struct tight { char c; double d; struct { char a; int b; } in; };
#pragma pack(pop)
#pragma pack(push, 2)
struct loose { char c; double d; };
#pragma pack(pop)
