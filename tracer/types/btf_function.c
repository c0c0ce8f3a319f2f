/*
 * Owns what BTF says of functions and variables. Of functions: their parameters and what they return, with
 * types as C declares them. Names are put in a table when the first function is asked for: of all functions of the kernel
 * that takes a few milliseconds.
 */
#include "types/btf.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

/* ---- types as text ---- */

static const char *keyword(unsigned kind)
{
	switch (kind) {
	case BTF_KIND_STRUCT:
		return "struct ";
	case BTF_KIND_UNION:
	case BTF_KIND_FWD: /* or a struct: see write_type() */
		return "union ";
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return "enum ";
	default:
		return "";
	}
}

/* What a pointer leads to, or a value is, without its declarator. */
static void write_type(struct btf *b, uint32_t number, struct buffer *out, unsigned depth)
{
	const struct btf_type *type = number ? btf_type_at(b, number) : NULL;
	unsigned kind = type ? BTF_INFO_KIND(type->info) : BTF_KIND_UNKN;
	bool is_struct = kind == BTF_KIND_FWD && !BTF_INFO_KFLAG(type->info);

	if (!type || depth > TYPE_DEPTH_MOST || kind == BTF_KIND_FUNC_PROTO) {
		buffer_text(out, "void");
		return;
	}
	switch (kind) {
	case BTF_KIND_PTR:
		write_type(b, type->type, out, depth + 1);
		buffer_text(out, out->length && out->data[out->length - 1] == '*' ? "*" : " *");
		break;
	case BTF_KIND_CONST:
		buffer_text(out, "const ");
		/* fall through */
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		write_type(b, type->type, out, depth + 1);
		break;
	case BTF_KIND_ARRAY:
		write_type(b, ((const struct btf_array *)(type + 1))->type, out, depth + 1);
		buffer_text(out, " *"); /* as a parameter */
		break;
	default:
		buffer_text(out, is_struct ? "struct " : keyword(kind));
		buffer_text(out, btf_text_at(b, type->name_off));
	}
}

static bool value_of(struct btf *b, uint32_t number, const char *name, struct function_value *value)
{
	struct buffer text = {0};

	write_type(b, number, &text, 0);
	*value = (struct function_value){
		.name = name,
		.text = text.failed ? NULL
				    : arena_string(&b->source.types->arena, buffer_string(&text)),
		.type = btf_node_at(b, number),
	};
	buffer_free(&text);
	return value->text && value->type;
}

/* ---- functions ---- */

static int find_names(struct btf *b)
{
	const struct btf_type *type;
	size_t first;

	if (b->functions_known)
		return 0;
	for (size_t i = b->first; (type = btf_type_at(b, i)); i++) {
		const char *name = btf_text_at(b, type->name_off);

		if (BTF_INFO_KIND(type->info) == BTF_KIND_FUNC &&
		    table_put(&b->functions, name, strlen(name), i, &first) < 0)
			return -ENOMEM;
	}
	b->functions_known = true;
	return 0;
}

int btf_function(struct type_source *source, const char *name, struct type_function *function,
		 struct error *err)
{
	struct btf *b = (struct btf *)source;
	const struct btf_type *type, *prototype;
	const struct btf_param *from;
	size_t number, count;

	if (find_names(b))
		return error_memory(err);
	if (!table_get(&b->functions, name, strlen(name), &number))
		return -ENOENT;
	type = btf_type_at(b, number);
	prototype = btf_type_at(b, type->type);
	if (!prototype || BTF_INFO_KIND(prototype->info) != BTF_KIND_FUNC_PROTO)
		return btf_no_sense(b, name, err);
	from = (const void *)(prototype + 1);
	count = BTF_INFO_VLEN(prototype->info);
	*function = (struct type_function){.number = (uint32_t)number};
	function->parameters =
		arena_alloc(&b->source.types->arena, (count + 1) * sizeof(*function->parameters));
	if (!function->parameters)
		return error_memory(err);
	/* The last one of a function with a variable number of them is void and has no name. */
	for (size_t i = 0; i < count && from[i].type; i++, function->parameter_count++)
		if (!value_of(b, from[i].type, btf_text_at(b, from[i].name_off),
			      &function->parameters[i]))
			return btf_no_sense(b, name, err);
	if (prototype->type && !value_of(b, prototype->type, "retval", &function->result))
		return btf_no_sense(b, name, err);
	return 0;
}

/* ---- variables ---- */

/* The section of those that each CPU has. */
static const struct btf_type *percpu_section(struct btf *b)
{
	const struct btf_type *type;

	for (size_t i = b->first; (type = btf_type_at(b, i)); i++)
		if (BTF_INFO_KIND(type->info) == BTF_KIND_DATASEC &&
		    !strcmp(btf_text_at(b, type->name_off), ".data..percpu"))
			break;
	return type;
}

int btf_percpu(struct type_source *source, const char *name, uint32_t *number,
	       const struct ctype **found, struct error *err)
{
	struct btf *b = (struct btf *)source;
	const struct btf_type *section = percpu_section(b), *variable;
	const struct btf_var_secinfo *items = section ? (const void *)(section + 1) : NULL;
	const char *near = NULL;
	unsigned distance = TEXT_FAR;

	for (size_t i = 0; section && i < BTF_INFO_VLEN(section->info); i++) {
		const char *other;

		variable = btf_type_at(b, items[i].type);
		if (!variable || BTF_INFO_KIND(variable->info) != BTF_KIND_VAR)
			return btf_no_sense(b, name, err);
		other = btf_text_at(b, variable->name_off);
		if (!strcmp(other, name)) {
			*number = items[i].type;
			*found = btf_node_at(b, variable->type);
			return *found ? 0 : btf_no_sense(b, name, err);
		}
		text_keep_nearer(name, other, &near, &distance);
	}
	return error_set(err, -ENOENT,
			 "the kernel's types describe no variable '%s' of each CPU%s%s%s", name,
			 near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}
