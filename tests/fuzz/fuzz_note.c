/*
 * Any bytes as the sections .note.stapsdt and .note.telltale of a file whose headers are good: so
 * the fuzzer spends its time behind them. The first byte chooses width and order, the next two are
 * the length of the first section.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "elf/note.h"

static const char names[] = "\0.note.stapsdt\0.note.telltale\0.stapsdt.base\0.shstrtab";
enum { STAPSDT = 1, TELLTALE = 15, BASE = 30, STRINGS = 44 };

struct place {
	uint32_t name, type;
	uint64_t address, offset, size;
};

static void put(struct buffer *b, uint64_t value, unsigned size, bool big)
{
	for (unsigned i = 0; i < size; i++)
		buffer_char(b, (char)(value >> 8 * (big ? size - 1 - i : i)));
}

static void put_header(struct buffer *b, unsigned word, bool big, uint64_t sections)
{
	buffer_add(b, ELFMAG, SELFMAG);
	buffer_char(b, word == 8 ? ELFCLASS64 : ELFCLASS32);
	buffer_char(b, big ? ELFDATA2MSB : ELFDATA2LSB);
	buffer_add(b, "\1\0\0\0\0\0\0\0\0\0", 10);
	put(b, ET_DYN, 2, big);
	put(b, EM_PPC64, 2, big);
	put(b, 1, 4, big);
	put(b, 0, word, big);
	put(b, word == 8 ? 64 : 52, word, big);
	put(b, sections, word, big);
	put(b, 0, 4, big);
	put(b, word == 8 ? 64 : 52, 2, big);
	put(b, word == 8 ? 56 : 32, 2, big);
	put(b, 1, 2, big);
	put(b, word == 8 ? 64 : 40, 2, big);
	put(b, 5, 2, big);
	put(b, 4, 2, big);
	/* One segment: everything, at address 0. */
	put(b, PT_LOAD, 4, big);
	if (word == 8)
		put(b, PF_R, 4, big);
	put(b, 0, word, big);
	put(b, 0, word, big);
	put(b, 0, word, big);
	put(b, 0x10000000, word, big);
	put(b, 0x10000000, word, big);
	if (word == 4)
		put(b, PF_R, 4, big);
	put(b, 1, word, big);
}

static void put_section(struct buffer *b, unsigned word, bool big, const struct place *s)
{
	put(b, s->name, 4, big);
	put(b, s->type, 4, big);
	put(b, 0, word, big);
	put(b, s->address, word, big);
	put(b, s->offset, word, big);
	put(b, s->size, word, big);
	put(b, 0, 8, big);
	put(b, 1, word, big);
	put(b, 0, word, big);
}

static void build(struct buffer *b, unsigned word, bool big, const uint8_t *data, size_t first,
                  size_t size)
{
	uint64_t start = word == 8 ? 64 + 56 : 52 + 32;
	const struct place places[] = {
	        {0},
	        {STAPSDT, SHT_NOTE, 0, start, first},
	        {TELLTALE, SHT_NOTE, 0, start + first, size - first},
	        {BASE, SHT_NOBITS, 0x2000, 0, 1},
	        {STRINGS, SHT_STRTAB, 0, start + size, sizeof(names)},
	};

	put_header(b, word, big, start + size + sizeof(names));
	buffer_add(b, data, size);
	buffer_add(b, names, sizeof(names));
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		put_section(b, word, big, &places[i]);
}

static void check(const struct notes *notes)
{
	for (size_t i = 0; i < notes->count; i++) {
		const struct note *note = &notes->items[i];
		size_t length = strlen(note->provider) + strlen(note->name);

		length += strlen(note->operands);
		for (size_t j = 0; note->arguments && j < note->argument_count; j++)
			length += strlen(note->arguments[j].name) +
			          (note->arguments[j].type ? strlen(note->arguments[j].type) : 0);
		if (length < 2)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct warnings warnings = {0};
	struct elf_file *file;
	struct buffer b = {0};
	struct notes notes;
	struct error err;
	size_t first;
	int fd;

	if (size < 3)
		return 0;
	first = data[1] | (size_t)data[2] << 8;
	build(&b, data[0] & 1 ? 4 : 8, data[0] & 2, data + 3, first < size - 3 ? first : size - 3,
	      size - 3);
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || b.failed || write(fd, b.data, b.length) != (ssize_t)b.length ||
	    elf_file_open_fd(fd, "fuzz", &file, &err))
		abort();
	if (!notes_read(file, &notes, &warnings, &err)) {
		check(&notes);
		notes_free(&notes);
	}
	elf_file_close(file);
	close(fd);
	buffer_free(&b);
	return 0;
}
