/*
 * Owns the only use of a disassembler: libcapstone, which is loaded when it is first asked for, so that
 * programs that name no place inside of a function do not pay for it.
 */
#include "elf/instruction.h"

#include <capstone/capstone.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define TEXT_OF(number)	 #number
#define LIBRARY(version) "libcapstone.so." TEXT_OF(version)

enum { FUNCTION_MOST = 1 << 20 }; /* bytes from its start that are looked at */

/* The functions of libcapstone, by the types of its header. */
struct disassembler {
	void *library;
	__typeof__(cs_open) *open;
	__typeof__(cs_close) *close;
	__typeof__(cs_malloc) *malloc;
	__typeof__(cs_free) *free;
	__typeof__(cs_disasm_iter) *next;
};

static bool load(struct disassembler *d)
{
	d->library = dlopen(LIBRARY(CS_API_MAJOR), RTLD_NOW | RTLD_LOCAL);
	if (!d->library)
		return false;
	*(void **)&d->open = dlsym(d->library, "cs_open");
	*(void **)&d->close = dlsym(d->library, "cs_close");
	*(void **)&d->malloc = dlsym(d->library, "cs_malloc");
	*(void **)&d->free = dlsym(d->library, "cs_free");
	*(void **)&d->next = dlsym(d->library, "cs_disasm_iter");
	return d->open && d->close && d->malloc && d->free && d->next;
}

/* The last instruction that begins at the address or in front of it, and where the next one does. */
static bool find_around(struct disassembler *d, cs_mode mode, const uint8_t *code, size_t size,
			uint64_t distance, uint64_t *last, uint64_t *next)
{
	uint64_t address = 0;
	cs_insn *insn = NULL;
	csh handle;

	if (d->open(CS_ARCH_X86, mode, &handle) != CS_ERR_OK)
		return false;
	insn = d->malloc(handle);
	*last = *next = 0;
	while (insn && *next <= distance && d->next(handle, &code, &size, &address, insn)) {
		*last = insn->address;
		*next = address;
	}
	if (insn)
		d->free(insn, 1);
	d->close(&handle);
	return *next > distance;
}

static int look(struct elf_file *file, uint64_t offset, uint64_t distance, struct error *err)
{
	const struct elf_facts *facts = elf_file_facts(file);
	cs_mode mode = facts->bits == 32 ? CS_MODE_32 : CS_MODE_64;
	size_t size = (size_t)distance + 16; /* no instruction of x86 is longer */
	struct disassembler d = {0};
	uint8_t *code = malloc(size);
	uint64_t last, next;
	ssize_t got;
	int rc = 0;

	if (!code)
		return error_memory(err);
	got = pread(elf_file_fd(file), code, size, (off_t)offset);
	if (got < 0)
		rc = error_set(err, -errno, "%s can't be read", elf_file_path(file));
	else if (!load(&d))
		rc = error_set(err, -ENOTSUP, "the library %s is not there", LIBRARY(CS_API_MAJOR));
	else if (!find_around(&d, mode, code, (size_t)got, distance, &last, &next))
		rc = error_set(err, -ENOTSUP, "the instructions in front of it are not known");
	else if (last != distance)
		rc = error_set(err, -EILSEQ, "instructions begin at +%llu and +%llu of the function",
			       (unsigned long long)last, (unsigned long long)next);
	if (d.library)
		dlclose(d.library);
	free(code);
	return rc;
}

int instruction_begins(struct elf_file *file, uint64_t function, uint64_t address, struct error *err)
{
	uint16_t machine = elf_file_facts(file)->machine;
	uint64_t offset;

	if (address == function)
		return 0;
	if (machine != EM_X86_64 && machine != EM_386)
		return error_set(err, -ENOTSUP, "the instructions of this processor are not known");
	if (address < function || address - function > FUNCTION_MOST ||
	    !elf_file_offset(file, function, &offset))
		return error_set(err, -ENOTSUP, "it is too far from the start of a function");
	return look(file, offset, address - function, err);
}
