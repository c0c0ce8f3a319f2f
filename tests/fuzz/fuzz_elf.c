/*
 * Any bytes as an ELF file: opened, its sections, notes and symbols read, its addresses asked for.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "elf/debugfile.h"
#include "elf/file.h"
#include "elf/got.h"
#include "elf/note.h"
#include "elf/symbol.h"

static void read_symbols(struct elf_file *file)
{
	struct symbols *symbols;
	struct error err;
	size_t count;

	if (symbols_read(file, &symbols, &err))
		return;
	symbols_all(symbols, &count);
	for (size_t i = 0; i < count; i++) {
		const struct symbol *symbol = &symbols_all(symbols, &count)[i];
		uint64_t place;
		bool ambiguous;

		symbols_at(symbols, symbol->address + symbol->size / 2);
		if (!symbols_named(symbols, symbol->name, &ambiguous))
			abort();
		place = symbol->address;
		elf_file_thread_offset(file, &place);
	}
	symbols_free(symbols);
}

static void read_notes(struct elf_file *file)
{
	struct warnings warnings = {0};
	struct notes notes;
	struct error err;

	if (notes_read(file, &notes, &warnings, &err))
		return;
	for (size_t i = 0; i < notes.count; i++) {
		const struct note *note = &notes.items[i];
		uint64_t address;

		if (!note->provider[0] || !note->name[0] || !note->operands)
			abort();
		for (size_t j = 0; note->arguments && j < note->argument_count; j++)
			if (!note->arguments[j].name ||
			    note->arguments[j].length_argument >= note->argument_count)
				abort();
		elf_file_address(file, note->offset, &address);
	}
	notes_free(&notes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_file *file;
	struct table got = {0};
	struct error err;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	if (!elf_file_open_fd(fd, "fuzz", &file, &err)) {
		read_notes(file);
		read_symbols(file);
		elf_file_got(file, &got, &err);
		table_free(&got);
		elf_file_close(file);
	} else if (file || !err.text[0]) {
		abort();
	}
	close(fd);
	return 0;
}
