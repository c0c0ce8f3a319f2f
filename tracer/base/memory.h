/*
 * Memory of the tracer: growing arrays, growing text, and an arena for things that live and die
 * together (a syntax tree, the probes of a file).
 */
#ifndef TELLTALE_BASE_MEMORY_H
#define TELLTALE_BASE_MEMORY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A growing array is a pointer and two counts, side by side in some struct:
 *
 *	struct site *sites;
 *	size_t site_count, site_room;
 *
 *	struct site *new = array_add(&p->sites, &p->site_count, &p->site_room, sizeof(*new));
 *
 * Returns the new zeroed element, or NULL when memory is out (the array stays as it was).
 */
#define array_add(items, count, room, size) array_grow((void **)(items), (count), (room), (size))
void *array_grow(void **items, size_t *count, size_t *room, size_t size);

/* Text or bytes that grow. Always followed by a NUL that `length` does not count. */
struct buffer {
	char *data; /* NULL while empty; free with buffer_free */
	size_t length, room;
	bool failed; /* memory ran out once: later calls do nothing; check it at the end */
};

void buffer_add(struct buffer *b, const void *bytes, size_t length);
void buffer_char(struct buffer *b, char c);
void buffer_text(struct buffer *b, const char *text);
void buffer_print(struct buffer *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void buffer_printv(struct buffer *b, const char *format, va_list args);
/* Keeps the memory for the next use. */
void buffer_clear(struct buffer *b);
void buffer_free(struct buffer *b);
/* The text: "" while empty. Valid until the next change. */
const char *buffer_string(const struct buffer *b);

/* Memory given back all at once. */
struct arena {
	struct arena_block *blocks;
	bool failed;
};

/* Zeroed, aligned for any type; NULL when memory is out. */
void *arena_alloc(struct arena *a, size_t size);
char *arena_copy(struct arena *a, const char *text, size_t length);
char *arena_string(struct arena *a, const char *text);
char *arena_print(struct arena *a, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void arena_free(struct arena *a);

/*
 * Names to numbers: a hash table over byte strings that the caller keeps alive. For "have I seen
 * this one" and for turning names into indexes without a quadratic step.
 */
struct table {
	struct table_slot *slots;
	size_t count, room;
};

/*
 * Finds the key or adds it with the given value. *found is the value that is in the table then;
 * returns 1 when the key was there before, 0 when it was added, -ENOMEM.
 */
int table_put(struct table *t, const void *key, size_t length, size_t value, size_t *found);
/* True when the key is there; *value is set then. */
bool table_get(const struct table *t, const void *key, size_t length, size_t *value);
void table_free(struct table *t);

#endif
