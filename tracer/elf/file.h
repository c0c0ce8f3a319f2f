/*
 * An ELF file on disk: what kind it is, its sections, and the way from an address to a file
 * offset. Read through libelf with pread, never mapped, so that a file that shrinks meanwhile is
 * an error and not a SIGBUS. Every file is hostile until proven otherwise.
 */
#ifndef TELLTALE_ELF_FILE_H
#define TELLTALE_ELF_FILE_H

#include "base/error.h"
#include "base/memory.h"

struct elf_file;
struct Elf;

struct elf_facts {
	uint16_t machine; /* EM_* */
	uint16_t type;    /* ET_EXEC, ET_DYN, ET_REL, ... */
	uint8_t bits;     /* 32 or 64 */
	bool big_endian;
	uint32_t flags;                /* e_flags */
	const unsigned char *build_id; /* NULL where there is none */
	size_t build_id_length;
};

/* Data of a section as it is in the file (not for SHT_NOBITS: data is NULL then). */
struct elf_section {
	size_t index; /* its number in the file */
	uint64_t address, offset, size;
	uint32_t type;
	uint64_t flags;
	uint32_t link, info;
	const unsigned char *data;
};

/*
 * Opens a file. The descriptor form takes a duplicate, reads from that only, and uses path for
 * messages. Errors: -EINVAL (not ELF, empty, a directory, damaged; the text says which),
 * -EACCES, -ENOENT, other errnos of open(2).
 */
int elf_file_open(const char *path, struct elf_file **file, struct error *err);
int elf_file_open_fd(int fd, const char *path, struct elf_file **file, struct error *err);
void elf_file_close(struct elf_file *file); /* NULL is allowed */

const char *elf_file_path(const struct elf_file *file);
int elf_file_fd(const struct elf_file *file);
/* libelf's own, for libdw; it stays the file's. */
struct Elf *elf_file_handle(const struct elf_file *file);
const struct elf_facts *elf_file_facts(const struct elf_file *file);

/* Finds a section by name (the first of that name). Returns 1 found, 0 not there, -errno. The
 * data lives as long as the file is open. */
int elf_file_section(struct elf_file *file, const char *name, struct elf_section *section,
                     struct error *err);

/*
 * The same for a file with several sections of one name (ET_REL has one for each group): the next
 * one behind section number *after (0 at first), which is updated.
 */
int elf_file_section_next(struct elf_file *file, const char *name, size_t *after,
                          struct elf_section *section, struct error *err);

/* Turns a virtual address of the file into a file offset by its PT_LOAD segments; an ET_REL file
 * has none, so there it answers false. */
bool elf_file_offset(const struct elf_file *file, uint64_t address, uint64_t *offset);
/* The other way round. */
bool elf_file_address(const struct elf_file *file, uint64_t offset, uint64_t *address);

/*
 * Turns a place in the file's thread-local block (PT_TLS) into its distance from the thread pointer,
 * as the linker does it for a program; a library's is known at run time only. Of x86, where the
 * block ends at the thread pointer; false elsewhere, and without a block.
 */
bool elf_file_thread_offset(const struct elf_file *file, uint64_t *place);

/* PT_INTERP's text; NULL for a static program or a library. */
const char *elf_file_interpreter(const struct elf_file *file);

#endif
