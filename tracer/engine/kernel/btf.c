/*
 * Owns the reading of the running kernel's own types (/sys/kernel/btf/vmlinux, since 5.4): the
 * offset of a member in a struct, for the few that plans need. libbpf could tell too, but takes
 * 50 ms to make its index of 5 MB of types; one pass that stops at the struct takes 2.
 *
 * The format is that of the kernel's Documentation/bpf/btf.rst.
 */
#include "btf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct types {
	char *data;
	const char *start, *end; /* the types */
	const char *texts;
	size_t text_length;
};

enum { BTF_MOST = 64 << 20 };

/* sysfs gives the true size only by reading to the end. */
static int read_all(int fd, struct buffer *out)
{
	char part[64 * 1024];
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) > 0 && out->length < BTF_MOST)
		buffer_add(out, part, (size_t)n);
	return n < 0 ? -errno : out->failed ? -ENOMEM : n > 0 ? -EFBIG : 0;
}

static int open_types(struct types *t)
{
	struct buffer file = {0};
	struct btf_header header;
	int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? -errno : read_all(fd, &file);

	if (fd >= 0)
		close(fd);
	t->data = file.data;
	if (rc)
		return rc;
	if (file.length < sizeof(header))
		return -EBADMSG;
	memcpy(&header, file.data, sizeof(header));
	if (header.magic != BTF_MAGIC || header.hdr_len > file.length ||
	    (uint64_t)header.hdr_len + header.type_off + header.type_len > file.length ||
	    (uint64_t)header.hdr_len + header.str_off + header.str_len > file.length ||
	    !header.str_len || file.data[header.hdr_len + header.str_off + header.str_len - 1])
		return -EBADMSG;
	t->start = file.data + header.hdr_len + header.type_off;
	t->end = t->start + header.type_len;
	t->texts = file.data + header.hdr_len + header.str_off;
	t->text_length = header.str_len;
	return 0;
}

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

static const char *text_at(const struct types *t, uint32_t offset)
{
	return offset < t->text_length ? t->texts + offset : "";
}

/* The struct of that name, or (name NULL) the type of that number, counted from 1. */
static const struct btf_type *find_type(const struct types *t, const char *name, uint32_t number)
{
	uint32_t count = 1;

	for (const char *at = t->start; at + sizeof(struct btf_type) <= t->end; count++) {
		const struct btf_type *type = (const void *)at;
		size_t bytes = type_bytes(type);

		if (!bytes || bytes > (size_t)(t->end - at))
			return NULL;
		if (name ? BTF_INFO_KIND(type->info) == BTF_KIND_STRUCT &&
				   !strcmp(text_at(t, type->name_off), name)
			 : count == number)
			return type;
		at += bytes;
	}
	return NULL;
}

static const struct btf_member *find_member(const struct types *t, const struct btf_type *type,
					    const char *name, size_t length)
{
	const struct btf_member *members = (const void *)(type + 1);

	if (BTF_INFO_KIND(type->info) != BTF_KIND_STRUCT)
		return NULL;
	for (size_t i = 0; i < BTF_INFO_VLEN(type->info); i++) {
		const char *text = text_at(t, members[i].name_off);

		if (!strncmp(text, name, length) && !text[length])
			return &members[i];
	}
	return NULL;
}

/* Bits from the start of the struct to `path`, whose parts are joined by dots; negative: none. */
static int64_t bit_offset(const struct types *t, const char *name, const char *path)
{
	const struct btf_type *type = find_type(t, name, 0);
	int64_t bits = 0;

	while (type) {
		size_t length = strcspn(path, ".");
		const struct btf_member *member = find_member(t, type, path, length);

		if (!member)
			return -1;
		bits += BTF_INFO_KFLAG(type->info) ? BTF_MEMBER_BIT_OFFSET(member->offset)
						   : member->offset;
		if (!path[length])
			return bits;
		path += length + 1;
		type = find_type(t, NULL, member->type);
	}
	return -1;
}

int kernel_member(const char *type, const char *path, struct error *err)
{
	struct types t = {0};
	int64_t bits = -1;
	int rc = open_types(&t);

	if (!rc)
		bits = bit_offset(&t, type, path);
	free(t.data);
	if (rc)
		return error_set(err, rc == -ENOENT ? -EOPNOTSUPP : rc,
				 "the kernel's types (/sys/kernel/btf/vmlinux, since Linux 5.4) can't "
				 "be read: %s",
				 strerror(-rc));
	if (bits < 0 || bits % 8 || bits / 8 > INT32_MAX)
		return error_set(err, -EOPNOTSUPP, "this kernel's struct %s has no member %s", type,
				 path);
	return (int)(bits / 8);
}
