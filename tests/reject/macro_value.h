#define NAME "text"
