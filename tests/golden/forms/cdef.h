/* Forms of declarations that are seldom seen. */
typedef ... box_t, *box_ptr, *other_ptr;
typedef int... id_t_, count_t_;
typedef float... real_t_, ratio_t_;
typedef void nothing_t;
struct stray { ; int a;; char b; };
#define JOINED \
    42
#define BLANKS   7   /* and a comment */
#pragma once
#pragma pack(push, 1)
struct tight { char c; int i; };
#pragma pack(2)
struct pairs { char c; int i; };
#pragma pack(pop)
struct loose { char c; int i; };
_Alignas(16) extern int aligned;
extern _Thread_local int own;
int none(nothing_t);
struct flat { char kind; union { int whole; float real; struct { short low, high; }; }; struct { enum side { LEFT, RIGHT } side; }; };
