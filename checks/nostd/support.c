/* What the compiler calls by itself, for a link of the image alone. */
#include <stddef.h>
void *memcpy(void *to, const void *from, size_t n) { char *t = to; const char *f = from; while (n--) *t++ = *f++; return to; }
void *memmove(void *to, const void *from, size_t n) { char *t = to; const char *f = from; if (t < f) while (n--) *t++ = *f++; else while (n--) t[n] = f[n]; return to; }
void *memset(void *to, int c, size_t n) { char *t = to; while (n--) *t++ = (char)c; return to; }
int memcmp(const void *a, const void *b, size_t n) { const unsigned char *x = a, *y = b; for (; n--; x++, y++) if (*x != *y) return *x - *y; return 0; }
int bcmp(const void *a, const void *b, size_t n) { return memcmp(a, b, n); }
void rust_eh_personality(void) {}
void _Unwind_Resume(void) { for (;;) {} }
