/* What the files that read BTF share: btf_open.c (files), btf.c (types), btf_function.c (functions). */
#ifndef TELLTALE_TYPES_BTF_H
#define TELLTALE_TYPES_BTF_H

#include "types/source.h"

#include <linux/btf.h>

struct btf {
	struct type_source source;
	struct btf *base; /* whose types and texts come before a module's own; NULL: there is none */
	size_t first;	  /* number of the first own type */
	char *data; /* the file's bytes */
	size_t length;
	bool mapped;
	const char *start, *end; /* the types */
	const char *texts;
	size_t text_length;
	uint32_t *offsets; /* of its own types passed so far, from [1] on */
	size_t count, room;
	const char *next; /* the first one that was not passed */
	struct ctype **nodes; /* likewise, as far as there is room */
	size_t node_count;
	struct table functions; /* names to numbers, once one was asked for */
	bool functions_known;
};

/* The type of that number, counted from 1; NULL when there is none. */
const struct btf_type *btf_type_at(struct btf *b, size_t number);
const char *btf_text_at(const struct btf *b, uint32_t offset);
/* NULL when memory is out, or the type makes no sense or nests too deeply. */
struct ctype *btf_node_at(struct btf *b, uint32_t number);
int btf_no_sense(struct btf *b, const char *name, struct error *err);

/* btf.c: what its struct type_source has. */
int btf_find(struct type_source *source, const struct type_place *place, enum ctype_kind kind,
	     const char *name, const struct ctype **found, struct error *err);
int btf_members(struct type_source *source, struct ctype *node, struct error *err);
int btf_constant(struct type_source *source, const struct type_place *place, const char *name,
		 uint64_t *value, const struct ctype **type, struct error *err);

/* btf_function.c: as types_function(), types_percpu(). */
int btf_function(struct type_source *source, const char *name, struct type_function *function,
		 struct error *err);
int btf_percpu(struct type_source *source, const char *name, uint32_t *number,
	       const struct ctype **type, struct error *err);

#endif
