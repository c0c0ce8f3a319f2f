/*
 * Owns the reading of the running kernel's own types (/sys/kernel/btf/vmlinux, since 5.4). libbpf
 * could do it, but takes 50 ms to make its index of 5 MB of types; here the place of a type is
 * remembered as one passes it, and a search stops where it finds.
 *
 * The format is that of the kernel's Documentation/bpf/btf.rst. Data is only what follows a type in
 * full inside the section: type_at() sees to that.
 */
#include "types/btf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- types by number ---- */

/* Bytes of a type with what follows it; 0 for a kind that is not known. */
static size_t type_bytes(const struct btf_type *type)
{
	size_t members = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return sizeof(*type) + 4;
	case BTF_KIND_ARRAY:
		return sizeof(*type) + sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_DATASEC:
	case BTF_KIND_ENUM64:
		return sizeof(*type) + members * 12;
	case BTF_KIND_ENUM:
	case BTF_KIND_FUNC_PROTO:
		return sizeof(*type) + members * 8;
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return sizeof(*type);
	default:
		return 0;
	}
}

/* Passes one more type; false at the end, also where what follows makes no sense. */
static bool pass(struct btf *b)
{
	size_t left = (size_t)(b->end - b->next), bytes;
	uint32_t *offset;

	if (left < sizeof(struct btf_type))
		return false;
	bytes = type_bytes((const void *)b->next);
	if (!bytes || bytes > left)
		return false;
	offset = array_add(&b->offsets, &b->count, &b->room, sizeof(*offset));
	if (!offset)
		return false;
	*offset = (uint32_t)(b->next - b->start);
	b->next += bytes;
	return true;
}

/* The type of that number, counted from 1; NULL when there is none. */
static const struct btf_type *type_at(struct btf *b, size_t number)
{
	size_t own = number - b->first + 1;

	if (number < b->first)
		return b->base ? type_at(b->base, number) : NULL;
	while (b->count <= own)
		if (!pass(b))
			return NULL;
	return (const void *)(b->start + b->offsets[own]);
}

static const char *text_at(const struct btf *b, uint32_t offset)
{
	if (b->base && offset < b->base->text_length)
		return text_at(b->base, offset);
	offset -= b->base ? (uint32_t)b->base->text_length : 0;
	return offset < b->text_length ? b->texts + offset : "";
}

static bool kind_fits(unsigned kind, enum ctype_kind wanted)
{
	switch (wanted) {
	case CTYPE_STRUCT:
		return kind == BTF_KIND_STRUCT;
	case CTYPE_UNION:
		return kind == BTF_KIND_UNION;
	case CTYPE_ENUM:
		return kind == BTF_KIND_ENUM || kind == BTF_KIND_ENUM64;
	default:
		return kind == BTF_KIND_TYPEDEF || kind == BTF_KIND_INT || kind == BTF_KIND_FLOAT;
	}
}

/* The first type of that name, 0 when there is none. */
static size_t find_name(struct btf *b, enum ctype_kind kind, const char *name)
{
	const struct btf_type *type;

	for (size_t i = b->first; (type = type_at(b, i)); i++)
		if (kind_fits(BTF_INFO_KIND(type->info), kind) &&
		    !strcmp(text_at(b, type->name_off), name) &&
		    (kind != CTYPE_ENUM || BTF_INFO_VLEN(type->info)))
			return i;
	return 0;
}

/* ---- to nodes ---- */

static struct ctype *node_at(struct btf *b, uint32_t number, unsigned depth);

static bool keep_node(struct btf *b, uint32_t number, struct ctype *node)
{
	number = (uint32_t)(number - b->first + 1);
	if (number >= b->node_count) {
		size_t count = b->count > number ? b->count : (size_t)number + 1;
		struct ctype **nodes = realloc(b->nodes, count * sizeof(*nodes));

		if (!nodes)
			return false;
		memset(nodes + b->node_count, 0, (count - b->node_count) * sizeof(*nodes));
		b->nodes = nodes;
		b->node_count = count;
	}
	b->nodes[number] = node;
	return true;
}

static struct ctype *make_tagged(struct btf *b, const struct btf_type *type, uint32_t number)
{
	unsigned kind = BTF_INFO_KIND(type->info);
	bool forward = kind == BTF_KIND_FWD;
	bool is_union = kind == BTF_KIND_UNION || (forward && BTF_INFO_KFLAG(type->info));
	bool is_enum = kind == BTF_KIND_ENUM || kind == BTF_KIND_ENUM64;
	struct ctype *node = types_make(b->source.types,
					is_enum	   ? CTYPE_ENUM
					: is_union ? CTYPE_UNION
						   : CTYPE_STRUCT,
					text_at(b, type->name_off));

	if (!node)
		return NULL;
	node->complete = !forward && !(is_enum && !BTF_INFO_VLEN(type->info));
	node->size = forward ? 0 : type->size;
	node->is_signed = is_enum && BTF_INFO_KFLAG(type->info);
	node->source = &b->source;
	node->key = number;
	return node;
}

static struct ctype *make_array(struct btf *b, const struct btf_type *type, unsigned depth)
{
	const struct btf_array *array = (const void *)(type + 1);
	const struct ctype *element = node_at(b, array->type, depth + 1);

	return element ? types_array(b->source.types, element, array->nelems) : NULL;
}

/* A pointer; what it points to may be tagged as memory of user space. */
static struct ctype *make_pointer(struct btf *b, const struct btf_type *type, unsigned depth)
{
	const struct btf_type *tag = type_at(b, type->type);
	const struct ctype *target = node_at(b, type->type, depth + 1);
	struct ctype *node = target ? types_pointer(b->source.types, target) : NULL;

	if (node && tag && BTF_INFO_KIND(tag->info) == BTF_KIND_TYPE_TAG &&
	    !strcmp(text_at(b, tag->name_off), "user"))
		node->user = true;
	return node;
}

static struct ctype *make_int(struct btf *b, const struct btf_type *type)
{
	uint32_t facts;

	memcpy(&facts, type + 1, sizeof(facts));
	return types_number(b->source.types, CTYPE_INT, text_at(b, type->name_off), type->size,
			    BTF_INT_ENCODING(facts) & BTF_INT_SIGNED);
}

/* A typedef or a qualifier: what it stands for. An anonymous struct gets the typedef's name. */
static struct ctype *make_alias(struct btf *b, const struct btf_type *type, unsigned depth)
{
	struct ctype *node = node_at(b, type->type, depth + 1);
	const char *name = text_at(b, type->name_off);

	if (node && BTF_INFO_KIND(type->info) == BTF_KIND_TYPEDEF && *name && !*node->name &&
	    (ctype_is_record(node) || node->kind == CTYPE_ENUM))
		node->text = name;
	return node;
}

/* NULL when memory is out, or the type makes no sense or nests too deeply. */
static struct ctype *node_at(struct btf *b, uint32_t number, unsigned depth)
{
	const struct btf_type *type;
	struct ctype *node;
	size_t own = number - b->first + 1;

	if (!number)
		return (struct ctype *)&ctype_void;
	if (number < b->first)
		return b->base ? node_at(b->base, number, depth) : NULL;
	if (own < b->node_count && b->nodes[own])
		return b->nodes[own];
	type = depth <= TYPE_DEPTH_MOST ? type_at(b, number) : NULL;
	if (!type)
		return NULL;
	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
		node = make_int(b, type);
		break;
	case BTF_KIND_FLOAT:
		node = types_number(b->source.types, CTYPE_FLOAT, text_at(b, type->name_off),
				    type->size, true);
		break;
	case BTF_KIND_PTR:
		node = make_pointer(b, type, depth);
		break;
	case BTF_KIND_ARRAY:
		node = make_array(b, type, depth);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_FWD:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		node = make_tagged(b, type, number);
		break;
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		node = make_alias(b, type, depth);
		break;
	case BTF_KIND_FUNC:
	case BTF_KIND_FUNC_PROTO:
		return (struct ctype *)&ctype_function;
	default:
		return NULL;
	}
	return node && keep_node(b, number, node) ? node : NULL;
}

static int no_sense(struct btf *b, const char *name, struct error *err)
{
	if (b->source.types->arena.failed)
		return error_memory(err);
	return error_set(err, -EBADMSG, "the kernel's types make no sense at '%s'", name);
}

int btf_find(struct type_source *source, const struct type_place *place,
		    enum ctype_kind kind, const char *name, const struct ctype **found,
		    struct error *err)
{
	struct btf *b = (struct btf *)source;
	size_t number = find_name(b, kind, name);

	(void)place;
	if (!number)
		return -ENOENT;
	*found = node_at(b, (uint32_t)number, 0);
	return *found ? 0 : no_sense(b, name, err);
}

const struct btf_type *btf_type_at(struct btf *b, size_t number)
{
	return type_at(b, number);
}

const char *btf_text_at(const struct btf *b, uint32_t offset)
{
	return text_at(b, offset);
}

struct ctype *btf_node_at(struct btf *b, uint32_t number)
{
	return node_at(b, number, 0);
}

int btf_no_sense(struct btf *b, const char *name, struct error *err)
{
	return no_sense(b, name, err);
}

static int read_members(struct btf *b, const struct btf_type *type, struct ctype *node,
			struct error *err)
{
	const struct btf_member *from = (const void *)(type + 1);

	for (size_t i = 0; i < BTF_INFO_VLEN(type->info); i++) {
		const struct ctype *t = node_at(b, from[i].type, 0);
		bool fields = BTF_INFO_KFLAG(type->info);
		struct ctype_member *m;

		if (!t)
			return no_sense(b, text_at(b, from[i].name_off), err);
		m = array_add(&node->members, &node->member_count, &node->member_room, sizeof(*m));
		if (!m)
			return error_memory(err);
		m->name = text_at(b, from[i].name_off);
		m->type = t;
		m->bit_offset = fields ? BTF_MEMBER_BIT_OFFSET(from[i].offset) : from[i].offset;
		m->bits = fields ? BTF_MEMBER_BITFIELD_SIZE(from[i].offset) : 0;
	}
	return 0;
}

/* Name and value of an enumerator. */
static const char *constant_at(const struct btf *b, const struct btf_type *type, size_t i,
			       uint64_t *value)
{
	if (BTF_INFO_KIND(type->info) == BTF_KIND_ENUM64) {
		const struct btf_enum64 *from = (const void *)(type + 1);

		*value = (uint64_t)from[i].val_hi32 << 32 | from[i].val_lo32;
		return text_at(b, from[i].name_off);
	}
	const struct btf_enum *from = (const void *)(type + 1);

	*value = BTF_INFO_KFLAG(type->info) ? (uint64_t)(int64_t)from[i].val
					    : (uint32_t)from[i].val;
	return text_at(b, from[i].name_off);
}

static int read_constants(struct btf *b, const struct btf_type *type, struct ctype *node,
			  struct error *err)
{
	for (size_t i = 0; i < BTF_INFO_VLEN(type->info); i++) {
		struct ctype_enumerator *e =
			array_add(&node->enumerators, &node->enumerator_count,
				  &node->enumerator_room, sizeof(*e));

		if (!e)
			return error_memory(err);
		e->name = constant_at(b, type, i, &e->value);
	}
	return 0;
}

int btf_members(struct type_source *source, struct ctype *node, struct error *err)
{
	struct btf *b = (struct btf *)source;
	const struct btf_type *type = type_at(b, node->key);

	if (node->kind == CTYPE_ENUM)
		return read_constants(b, type, node, err);
	return node->complete ? read_members(b, type, node, err) : 0;
}

int btf_constant(struct type_source *source, const struct type_place *place,
			const char *name, uint64_t *value, const struct ctype **type,
			struct error *err)
{
	struct btf *b = (struct btf *)source;
	const struct btf_type *t;

	(void)place;
	for (size_t i = b->first; (t = type_at(b, i)); i++) {
		if (!kind_fits(BTF_INFO_KIND(t->info), CTYPE_ENUM))
			continue;
		for (size_t n = 0; n < BTF_INFO_VLEN(t->info); n++) {
			if (strcmp(constant_at(b, t, n, value), name))
				continue;
			*type = node_at(b, (uint32_t)i, 0);
			return *type ? 0 : no_sense(b, name, err);
		}
	}
	return -ENOENT;
}
