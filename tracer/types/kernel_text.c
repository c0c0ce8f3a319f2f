/*
 * Owns the kernel's types as text, for people: with the names that its own source has for them, which
 * types.c resolves away. libbpf writes them.
 */
#include "types/types.h"

#include "base/text.h"

#include <bpf/btf.h>
#include <errno.h>
#include <string.h>

static void put_printed(void *context, const char *format, va_list args)
{
	buffer_printv(context, format, args);
}

static const char *keyword(const struct btf_type *t)
{
	return btf_is_struct(t)				? "struct"
	       : btf_is_union(t)			? "union"
	       : btf_is_enum(t) || btf_is_enum64(t)	? "enum"
							: NULL;
}

static void put_members(const struct btf *btf, struct btf_dump *dump, const struct btf_type *t,
			struct buffer *out)
{
	const struct btf_member *members = btf_members(t);

	for (__u32 i = 0; i < btf_vlen(t); i++) {
		LIBBPF_OPTS(btf_dump_emit_type_decl_opts, options,
			    .field_name = btf__name_by_offset(btf, members[i].name_off),
			    .indent_level = 1);
		__u32 bits = btf_member_bitfield_size(t, i);

		buffer_char(out, '\t');
		btf_dump__emit_type_decl(dump, members[i].type, &options);
		if (bits)
			buffer_print(out, ": %u", bits);
		buffer_text(out, ";\n");
	}
}

static void put_constants(const struct btf *btf, const struct btf_type *t, struct buffer *out)
{
	for (__u32 i = 0; i < btf_vlen(t); i++) {
		bool wide = btf_is_enum64(t), is_signed = btf_kflag(t);
		const struct btf_enum64 *all = btf_enum64(t);
		const struct btf_enum *small = btf_enum(t);
		const char *name = btf__name_by_offset(btf, wide ? all[i].name_off : small[i].name_off);
		long long value = wide ? (long long)btf_enum64_value(&all[i]) : small[i].val;

		if (is_signed || (!wide && value >= 0))
			buffer_print(out, "\t%s = %lld,\n", name, value);
		else
			buffer_print(out, "\t%s = %llu,\n", name,
				     wide ? (unsigned long long)value : (__u32)value);
	}
}

static void put_type(const struct btf *btf, struct btf_dump *dump, const struct btf_type *t,
		     const char *name, struct buffer *out)
{
	buffer_clear(out);
	buffer_print(out, "%s {\n", name);
	if (btf_is_enum(t) || btf_is_enum64(t))
		put_constants(btf, t, out);
	else
		put_members(btf, dump, t, out);
	buffer_text(out, "};\n");
}

int kernel_types_text(const char *path, const char *pattern,
		      int (*each)(void *context, const char *name, const char *declaration,
				  struct error *err),
		      void *context, struct error *err)
{
	struct btf *btf = path ? btf__parse(path, NULL) : btf__load_vmlinux_btf();
	struct buffer name = {0}, text = {0};
	struct btf_dump *dump = btf ? btf_dump__new(btf, put_printed, &text, NULL) : NULL;
	bool found = false;
	int rc = dump ? 0 : -errno;

	if (rc)
		error_set(err, rc, "the kernel's types can't be read: %s", strerror(-rc));
	for (__u32 id = 1; !rc && id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *tag = btf__name_by_offset(btf, t->name_off), *word = keyword(t);

		if (!word || !*tag)
			continue;
		buffer_clear(&name);
		buffer_print(&name, "%s %s", word, tag);
		if (!glob_match(pattern, buffer_string(&name)))
			continue;
		found = true;
		put_type(btf, dump, t, buffer_string(&name), &text);
		rc = name.failed || text.failed ? error_memory(err)
						: each(context, name.data, text.data, err);
	}
	btf_dump__free(dump);
	btf__free(btf);
	buffer_free(&name);
	buffer_free(&text);
	return rc || found ? rc : error_set(err, -ENODATA, "the kernel has no type '%s'", pattern);
}
