/*
 * Owns the files that have BTF: the kernel's own, which is mapped where it can be, and those of its
 * modules, whose types go on where the kernel's end.
 */
#include "types/btf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BTF_MOST = 64 << 20 };

/* The kernel's, where it can be mapped (since 6.16); sysfs knows the size of that file. */
static bool map_file(struct btf *b, int fd)
{
	struct stat st;
	void *data;

	if (fstat(fd, &st) || st.st_size <= 0 || st.st_size > BTF_MOST)
		return false;
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return false;
	b->data = data;
	b->length = (size_t)st.st_size;
	b->mapped = true;
	return true;
}

static int read_file(struct btf *b, int fd)
{
	char part[64 * 1024];
	struct buffer out = {0};
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) > 0 && out.length < BTF_MOST)
		buffer_add(&out, part, (size_t)n);
	b->data = out.data;
	b->length = out.length;
	return n < 0 ? -errno : out.failed ? -ENOMEM : n > 0 ? -EFBIG : 0;
}

static bool read_header(struct btf *b)
{
	struct btf_header header;

	if (b->length < sizeof(header))
		return false;
	memcpy(&header, b->data, sizeof(header));
	if (header.magic != BTF_MAGIC || header.hdr_len > b->length ||
	    (uint64_t)header.hdr_len + header.type_off + header.type_len > b->length ||
	    (uint64_t)header.hdr_len + header.str_off + header.str_len > b->length ||
	    !header.str_len || b->data[header.hdr_len + header.str_off + header.str_len - 1] ||
	    (header.hdr_len + header.type_off) % 4)
		return false;
	b->start = b->data + header.hdr_len + header.type_off;
	b->end = b->start + header.type_len;
	b->next = b->start;
	b->texts = b->data + header.hdr_len + header.str_off;
	b->text_length = header.str_len;
	return true;
}

static void btf_close(struct type_source *source)
{
	struct btf *b = (struct btf *)source;

	if (b->mapped)
		munmap(b->data, b->length);
	else
		free(b->data);
	table_free(&b->functions);
	free(b->offsets);
	free(b->nodes);
	free(b);
}

static struct btf *make_btf(struct types *types)
{
	struct btf *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->first = 1;
	b->source = (struct type_source){.types = types,
					 .find = btf_find,
					 .constant = btf_constant,
					 .function = btf_function,
					 .percpu = btf_percpu,
					 .members = btf_members,
					 .close = btf_close};
	/* number 0, void */
	if (array_add(&b->offsets, &b->count, &b->room, sizeof(*b->offsets)))
		return b;
	free(b);
	return NULL;
}

/* A module's types go on where those of the base end. */
static void put_behind(struct btf *b, struct btf *base)
{
	for (size_t number = base->first; btf_type_at(base, number); number++)
		;
	b->base = base;
	b->first = base->count;
}

int btf_open(struct types *types, const char *path, struct type_source *base,
	     struct type_source **source, struct error *err)
{
	struct btf *b = make_btf(types);
	int fd, rc = 0;

	*source = NULL;
	if (!b)
		return error_memory(err);
	if (base)
		put_behind(b, (struct btf *)base);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		rc = -errno;
	else if (!map_file(b, fd))
		rc = read_file(b, fd);
	if (fd >= 0)
		close(fd);
	if (!rc && !read_header(b))
		rc = -EBADMSG;
	if (!rc) {
		*source = &b->source;
		return 0;
	}
	btf_close(&b->source);
	return error_set(err, rc == -ENOENT ? -EOPNOTSUPP : rc,
			 "the kernel's types (%s, since Linux 5.4) can't be read: %s", path,
			 strerror(-rc));
}

int btf_open_memory(struct types *types, void *data, size_t length, struct type_source **source,
		    struct error *err)
{
	struct btf *b = make_btf(types);

	*source = NULL;
	if (!b) {
		free(data);
		return error_memory(err);
	}
	b->data = data;
	b->length = length;
	if (!read_header(b)) {
		btf_close(&b->source);
		return error_set(err, -EBADMSG, "this is no BTF");
	}
	*source = &b->source;
	return 0;
}
