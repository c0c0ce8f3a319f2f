/*
 * ELF files made by the tests, byte by byte, of either width and byte order.
 */
#ifndef TELLTALE_TESTS_ELF_IMAGE_H
#define TELLTALE_TESTS_ELF_IMAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <elf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "elf/file.h"
#include "elf/note.h"

enum { IMAGE_SECTIONS = 32, IMAGE_SEGMENTS = 8 };
/* The code segment: file offset 0x100 is at this address. */
#define IMAGE_CODE        0x401000
#define IMAGE_CODE_OFFSET 0x100
#define IMAGE_CODE_SIZE   0x1000
/* The data segment; behind IMAGE_DATA_SIZE it goes on without a place in the file. */
#define IMAGE_DATA        0x603000
#define IMAGE_DATA_OFFSET 0x2000
#define IMAGE_DATA_SIZE   0x100

struct image_header {
	uint64_t name, type, flags, address, offset, size, link, info;
};

struct image {
	struct buffer bytes, names;
	unsigned bits, machine, type;
	bool big;
	struct image_header sections[IMAGE_SECTIONS];
	size_t section_count;
	struct {
		uint64_t type, offset, address, file_size, size;
	} segments[IMAGE_SEGMENTS];
	size_t segment_count;
	uint64_t headers; /* where the section headers are; set by image_end */
};

static inline void put(struct buffer *b, uint64_t value, unsigned size, bool big)
{
	for (unsigned i = 0; i < size; i++) {
		unsigned place = big ? size - 1 - i : i;

		buffer_char(b, place < 8 ? (char)(value >> 8 * place) : 0);
	}
}

/* An address in the image's own width. */
static inline void put_address(struct image *im, struct buffer *b, uint64_t value)
{
	put(b, value, im->bits / 8, im->big);
}

static inline void pad(struct buffer *b, size_t align)
{
	while (b->length % align)
		buffer_add(b, "", 1);
}

static inline size_t image_headers_size(const struct image *im)
{
	return im->bits == 64 ? sizeof(Elf64_Ehdr) + IMAGE_SEGMENTS * sizeof(Elf64_Phdr)
	                      : sizeof(Elf32_Ehdr) + IMAGE_SEGMENTS * sizeof(Elf32_Phdr);
}

static inline void image_segment(struct image *im, uint64_t type, uint64_t offset, uint64_t address,
                                 uint64_t file_size, uint64_t size)
{
	im->segments[im->segment_count].type = type;
	im->segments[im->segment_count].offset = offset;
	im->segments[im->segment_count].address = address;
	im->segments[im->segment_count].file_size = file_size;
	im->segments[im->segment_count++].size = size;
}

static inline size_t image_section(struct image *im, const char *name, uint32_t type,
                                   uint64_t address, const void *data, size_t size, uint32_t link,
                                   uint32_t info)
{
	size_t index = im->section_count++;

	pad(&im->bytes, 8);
	im->sections[index] = (struct image_header){
	        .name = im->names.length,
	        .type = type,
	        .address = address,
	        .offset = im->bytes.length,
	        .size = size,
	        .link = link,
	        .info = info,
	};
	buffer_add(&im->names, name, strlen(name) + 1);
	if (type != SHT_NOBITS)
		buffer_add(&im->bytes, data, size);
	return index;
}

static inline void image_start(struct image *im, unsigned bits, bool big, unsigned machine,
                               unsigned type)
{
	*im = (struct image){.bits = bits, .big = big, .machine = machine, .type = type};
	while (im->bytes.length < image_headers_size(im))
		buffer_add(&im->bytes, "", 1);
	image_section(im, "", SHT_NULL, 0, NULL, 0, 0, 0);
	im->sections[0].offset = 0;
	if (type != ET_REL) {
		image_segment(im, PT_LOAD, IMAGE_CODE_OFFSET, IMAGE_CODE, IMAGE_CODE_SIZE,
		              IMAGE_CODE_SIZE);
		image_segment(im, PT_LOAD, IMAGE_DATA_OFFSET, IMAGE_DATA, IMAGE_DATA_SIZE, 0x1000);
	}
}

static inline void image_put_sections(struct image *im)
{
	unsigned word = im->bits / 8;

	pad(&im->bytes, 8);
	im->headers = im->bytes.length;
	for (size_t i = 0; i < im->section_count; i++) {
		const struct image_header *s = &im->sections[i];

		put(&im->bytes, s->name, 4, im->big);
		put(&im->bytes, s->type, 4, im->big);
		put(&im->bytes, s->flags, word, im->big);
		put(&im->bytes, s->address, word, im->big);
		put(&im->bytes, s->offset, word, im->big);
		put(&im->bytes, s->size, word, im->big);
		put(&im->bytes, s->link, 4, im->big);
		put(&im->bytes, s->info, 4, im->big);
		put(&im->bytes, 1, word, im->big);
		put(&im->bytes, 0, word, im->big);
	}
}

static inline void image_put_segments(struct image *im, struct buffer *b)
{
	unsigned word = im->bits / 8;

	for (size_t i = 0; i < im->segment_count; i++) {
		put(b, im->segments[i].type, 4, im->big);
		if (word == 8)
			put(b, PF_R, 4, im->big);
		put(b, im->segments[i].offset, word, im->big);
		put(b, im->segments[i].address, word, im->big);
		put(b, im->segments[i].address, word, im->big);
		put(b, im->segments[i].file_size, word, im->big);
		put(b, im->segments[i].size, word, im->big);
		if (word == 4)
			put(b, PF_R, 4, im->big);
		put(b, 4, word, im->big);
	}
}

/* Writes the headers; the bytes are a whole file then. */
static inline void image_end(struct image *im)
{
	unsigned word = im->bits / 8;
	struct buffer b = {0};
	size_t names = im->section_count;

	image_section(im, ".shstrtab", SHT_STRTAB, 0, NULL, 0, 0, 0);
	im->sections[names].size = im->names.length;
	buffer_add(&im->bytes, im->names.data, im->names.length);
	image_put_sections(im);
	buffer_add(&b, ELFMAG, SELFMAG);
	put(&b, word == 8 ? ELFCLASS64 : ELFCLASS32, 1, false);
	put(&b, im->big ? ELFDATA2MSB : ELFDATA2LSB, 1, false);
	put(&b, EV_CURRENT, 1, false);
	put(&b, 0, 9, false);
	put(&b, im->type, 2, im->big);
	put(&b, im->machine, 2, im->big);
	put(&b, EV_CURRENT, 4, im->big);
	put(&b, IMAGE_CODE, word, im->big);
	put(&b, word == 8 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr), word, im->big);
	put(&b, im->headers, word, im->big);
	put(&b, 0, 4, im->big);
	put(&b, word == 8 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr), 2, im->big);
	put(&b, word == 8 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr), 2, im->big);
	put(&b, im->segment_count, 2, im->big);
	put(&b, word == 8 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr), 2, im->big);
	put(&b, im->section_count, 2, im->big);
	put(&b, names, 2, im->big);
	image_put_segments(im, &b);
	assert_false(b.failed || im->bytes.failed || im->names.failed);
	assert_true(b.length <= image_headers_size(im));
	memcpy(im->bytes.data, b.data, b.length);
	buffer_free(&b);
}

static inline void image_free(struct image *im)
{
	buffer_free(&im->bytes);
	buffer_free(&im->names);
}

/* Opens bytes as a nameless file. */
static inline int open_bytes(const void *bytes, size_t size, struct elf_file **file,
                             struct error *err)
{
	int fd = memfd_create("image", MFD_CLOEXEC), rc;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	rc = elf_file_open_fd(fd, "image", file, err);
	close(fd);
	return rc;
}

static inline int image_open(struct image *im, struct elf_file **file, struct error *err)
{
	return open_bytes(im->bytes.data, im->bytes.length, file, err);
}

static inline void put_note(struct buffer *b, bool big, uint32_t type, const char *owner,
                            const struct buffer *desc)
{
	put(b, strlen(owner) + 1, 4, big);
	put(b, desc->length, 4, big);
	put(b, type, 4, big);
	buffer_add(b, owner, strlen(owner) + 1);
	pad(b, 4);
	buffer_add(b, desc->data, desc->length);
	pad(b, 4);
}

/* A note of .note.stapsdt. */
static inline void put_site(struct image *im, struct buffer *b, uint64_t address, uint64_t base,
                            uint64_t semaphore, const char *provider, const char *name,
                            const char *operands)
{
	struct buffer desc = {0};

	put_address(im, &desc, address);
	put_address(im, &desc, base);
	put_address(im, &desc, semaphore);
	buffer_add(&desc, provider, strlen(provider) + 1);
	buffer_add(&desc, name, strlen(name) + 1);
	buffer_add(&desc, operands, strlen(operands) + 1);
	put_note(b, im->big, 3, "stapsdt", &desc);
	buffer_free(&desc);
}

/* The warnings of a test, one behind the other. */
static inline void keep_warning(void *context, const char *line)
{
	buffer_print(context, "%s\n", line);
}

#endif
