/*
 * Opening an ELF file and finding the way in it: facts of its header, sections by name, addresses
 * to file offsets. libelf reads and translates the headers (with pread; this file never asks it to
 * map); what the headers claim is held against the size of the file before anything follows them.
 */
#include "elf/file.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf/bytes.h"

/* A PT_LOAD segment, as far as it is in the file. */
struct segment {
	uint64_t address, offset, size;
};

struct elf_file {
	char *path;
	int fd;
	Elf *elf;
	uint64_t size; /* of the file when it was opened */
	size_t names;  /* the section that holds the names of the sections */
	size_t section_count;
	uint64_t loaded;      /* bytes of all sections that were asked for, each counted once */
	unsigned char *asked; /* a bit for each section: it is in `loaded` */
	struct elf_facts facts;
	uint64_t thread_address, thread_size, thread_align; /* PT_TLS; align 0: none */
	struct segment *segments; /* sorted by address */
	size_t segment_count, segment_room;
	char *interpreter;
	unsigned char *build_id;
};

/* The longest note segment that is searched for a build-id; real ones have a few hundred bytes. */
enum { BUILD_ID_SEARCH = 1 << 20 };

static bool inside(uint64_t offset, uint64_t size, uint64_t all)
{
	return offset <= all && size <= all - offset;
}

static int damaged(const struct elf_file *file, struct error *err, const char *what)
{
	return error_set(err, -EINVAL, "%s: damaged or truncated ELF file: %s", file->path, what);
}

/* Reads a range of the file into new memory with a NUL behind it; checks the range first. */
static int read_range(const struct elf_file *file, uint64_t offset, uint64_t size,
                      unsigned char **bytes, struct error *err)
{
	size_t done = 0;

	*bytes = NULL;
	if (!inside(offset, size, file->size))
		return damaged(file, err, "a segment lies outside the file");
	*bytes = malloc((size_t)size + 1);
	if (!*bytes)
		return error_memory(err);
	while (done < size) {
		ssize_t n =
		        pread(file->fd, *bytes + done, (size_t)size - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int code = n ? -errno : -EINVAL;

			free(*bytes);
			*bytes = NULL;
			return error_set(err, code, "%s: %s", file->path,
			                 n ? strerror(-code) : "the file became shorter");
		}
		done += (size_t)n;
	}
	(*bytes)[size] = '\0';
	return 0;
}

/* Looks for the build-id among notes; the first one counts. */
static int find_build_id(struct elf_file *file, const unsigned char *data, size_t size,
                         size_t align, struct error *err)
{
	struct note_record record;
	size_t at = 0;

	while (note_record_next(data, size, align, file->facts.big_endian, &at, &record) ==
	       NOTE_STEP_RECORD) {
		if (record.type != NT_GNU_BUILD_ID || record.name_size != 4 ||
		    memcmp(record.name, "GNU", 4) || !record.desc_size)
			continue;
		file->build_id = malloc(record.desc_size);
		if (!file->build_id)
			return error_memory(err);
		memcpy(file->build_id, record.desc, record.desc_size);
		file->facts.build_id = file->build_id;
		file->facts.build_id_length = record.desc_size;
		break;
	}
	return 0;
}

static int read_note_segment(struct elf_file *file, const GElf_Phdr *header, struct error *err)
{
	unsigned char *data;
	int rc;

	if (file->build_id || !header->p_filesz || header->p_filesz > BUILD_ID_SEARCH ||
	    !inside(header->p_offset, header->p_filesz, file->size))
		return 0; /* a separate debug file keeps the headers without the contents */
	rc = read_range(file, header->p_offset, header->p_filesz, &data, err);
	if (!rc)
		rc = find_build_id(file, data, (size_t)header->p_filesz,
		                   header->p_align == 8 ? 8 : 4, err);
	free(data);
	return rc;
}

static int read_interpreter(struct elf_file *file, const GElf_Phdr *header, struct error *err)
{
	unsigned char *text;
	int rc;

	if (file->interpreter || !header->p_filesz || header->p_filesz > PATH_MAX ||
	    !inside(header->p_offset, header->p_filesz, file->size))
		return 0;
	rc = read_range(file, header->p_offset, header->p_filesz, &text, err);
	file->interpreter = (char *)text;
	return rc;
}

static int add_segment(struct elf_file *file, const GElf_Phdr *header, struct error *err)
{
	struct segment *segment;

	if (!header->p_filesz || header->p_offset > UINT64_MAX - header->p_filesz ||
	    header->p_vaddr > UINT64_MAX - header->p_filesz)
		return 0;
	segment = array_add(&file->segments, &file->segment_count, &file->segment_room,
	                    sizeof(*segment));
	if (!segment)
		return error_memory(err);
	*segment = (struct segment){header->p_vaddr, header->p_offset, header->p_filesz};
	return 0;
}

static int compare_segments(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static void add_thread_block(struct elf_file *file, const GElf_Phdr *header)
{
	uint64_t align = header->p_align ? header->p_align : 1;

	if (align & (align - 1))
		return;
	file->thread_address = header->p_vaddr;
	file->thread_size = header->p_memsz;
	file->thread_align = align;
}

static int read_segments(struct elf_file *file, struct error *err)
{
	size_t count;

	if (elf_getphdrnum(file->elf, &count))
		return damaged(file, err, "its program headers can't be read");
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr header;
		int rc = 0;

		if (!gelf_getphdr(file->elf, (int)i, &header))
			return damaged(file, err, "its program headers can't be read");
		if (header.p_type == PT_LOAD)
			rc = add_segment(file, &header, err);
		else if (header.p_type == PT_NOTE)
			rc = read_note_segment(file, &header, err);
		else if (header.p_type == PT_TLS)
			add_thread_block(file, &header);
		else if (header.p_type == PT_INTERP)
			rc = read_interpreter(file, &header, err);
		if (rc)
			return rc;
	}
	if (file->segment_count)
		qsort(file->segments, file->segment_count, sizeof(*file->segments),
		      compare_segments);
	return 0;
}

/* A file without program headers (ET_REL) can have a build-id only in its section. */
static int read_build_id_section(struct elf_file *file, struct error *err)
{
	struct elf_section section;
	int rc = elf_file_section(file, ".note.gnu.build-id", &section, err);

	if (rc <= 0 || !section.data)
		return rc < 0 ? rc : 0;
	return find_build_id(file, section.data, (size_t)section.size, 4, err);
}

/*
 * libelf treats tables that lie outside the file as not there; to a person that is a truncated
 * file, so it is said here.
 */
static int check_tables(struct elf_file *file, const GElf_Ehdr *header, struct error *err)
{
	bool wide = file->facts.bits == 64;
	size_t section_size = wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
	size_t segment_size = wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	size_t sections = 0, segments = 0;

	if (header->e_shoff) {
		if (header->e_shnum && header->e_shentsize != section_size)
			return damaged(file, err, "section headers of an impossible size");
		if (!inside(header->e_shoff, section_size, file->size) ||
		    elf_getshdrnum(file->elf, &sections) || !sections ||
		    (header->e_shnum && sections != header->e_shnum) ||
		    (uint64_t)sections > (file->size - header->e_shoff) / section_size)
			return damaged(file, err, "its section headers lie outside it");
	}
	if (header->e_phoff && header->e_phnum) {
		if (header->e_phentsize != segment_size)
			return damaged(file, err, "program headers of an impossible size");
		if (header->e_phoff > file->size || elf_getphdrnum(file->elf, &segments) ||
		    (header->e_phnum != PN_XNUM && segments != header->e_phnum) ||
		    (uint64_t)segments > (file->size - header->e_phoff) / segment_size)
			return damaged(file, err, "its program headers lie outside it");
	}
	if (sections && elf_getshdrstrndx(file->elf, &file->names))
		return damaged(file, err, "its section names can't be found");
	file->section_count = sections;
	file->asked = calloc(sections / 8 + 1, 1);
	return file->asked ? 0 : error_memory(err);
}

static int read_headers(struct elf_file *file, struct error *err)
{
	unsigned char ident[EI_NIDENT] = {0};
	GElf_Ehdr header;
	ssize_t n = pread(file->fd, ident, sizeof(ident), 0);

	if (n < 0)
		return error_set(err, -errno, "%s: %s", file->path, strerror(errno));
	if (n < SELFMAG || memcmp(ident, ELFMAG, SELFMAG))
		return error_set(err, -EINVAL, "%s: not an ELF file", file->path);
	if (n < EI_NIDENT)
		return damaged(file, err, "it ends inside its header");
	if ((ident[EI_CLASS] != ELFCLASS32 && ident[EI_CLASS] != ELFCLASS64) ||
	    (ident[EI_DATA] != ELFDATA2LSB && ident[EI_DATA] != ELFDATA2MSB))
		return damaged(file, err, "unknown width or byte order");
	elf_version(EV_CURRENT);
	file->elf = elf_begin(file->fd, ELF_C_READ, NULL);
	if (!file->elf || elf_kind(file->elf) != ELF_K_ELF || !gelf_getehdr(file->elf, &header))
		return damaged(file, err, "its header can't be read");
	file->facts = (struct elf_facts){
	        .machine = header.e_machine,
	        .type = header.e_type,
	        .bits = ident[EI_CLASS] == ELFCLASS64 ? 64 : 32,
	        .big_endian = ident[EI_DATA] == ELFDATA2MSB,
	        .flags = header.e_flags,
	};
	return check_tables(file, &header, err);
}

/* Only a regular file can be read at any offset; everything else is named for what it is. */
static int check_kind(const char *path, const struct stat *status, struct error *err)
{
	const char *kind = S_ISDIR(status->st_mode)                               ? "is a directory"
	                   : S_ISFIFO(status->st_mode)                            ? "is a pipe"
	                   : S_ISSOCK(status->st_mode)                            ? "is a socket"
	                   : S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode) ? "is a device"
	                   : !S_ISREG(status->st_mode) ? "is not a regular file"
	                   : !status->st_size          ? "is empty"
	                                               : NULL;

	return kind ? error_set(err, -EINVAL, "%s: %s, not an ELF file", path, kind) : 0;
}

/* Takes fd over, also when it fails. */
static int open_taken(int fd, const char *path, struct elf_file **result, struct error *err)
{
	struct elf_file *file = calloc(1, sizeof(*file));
	struct stat status;
	int rc;

	if (!file) {
		close(fd);
		return error_memory(err);
	}
	file->fd = fd;
	file->path = strdup(path);
	if (!file->path)
		rc = error_memory(err);
	else if (fstat(fd, &status))
		rc = error_set(err, -errno, "%s: %s", path, strerror(errno));
	else
		rc = check_kind(path, &status, err);
	if (rc)
		goto out;
	file->size = (uint64_t)status.st_size;
	rc = read_headers(file, err);
	if (!rc)
		rc = read_segments(file, err);
	if (!rc && !file->build_id)
		rc = read_build_id_section(file, err);
out:
	if (rc) {
		elf_file_close(file);
		file = NULL;
	}
	*result = file;
	return rc;
}

int elf_file_open(const char *path, struct elf_file **file, struct error *err)
{
	struct stat status;
	int fd, rc;

	*file = NULL;
	/* Asked before opening: to open a device or a pipe can already do something. */
	if (stat(path, &status))
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	rc = check_kind(path, &status, err);
	if (rc)
		return rc;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	return open_taken(fd, path, file, err);
}

int elf_file_open_fd(int fd, const char *path, struct elf_file **file, struct error *err)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	*file = NULL;
	if (own < 0)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	return open_taken(own, path, file, err);
}

void elf_file_close(struct elf_file *file)
{
	if (!file)
		return;
	elf_end(file->elf);
	close(file->fd);
	free(file->asked);
	free(file->segments);
	free(file->interpreter);
	free(file->build_id);
	free(file->path);
	free(file);
}

const char *elf_file_path(const struct elf_file *file)
{
	return file->path;
}

int elf_file_fd(const struct elf_file *file)
{
	return file->fd;
}

struct Elf *elf_file_handle(const struct elf_file *file)
{
	return file->elf;
}

const struct elf_facts *elf_file_facts(const struct elf_file *file)
{
	return &file->facts;
}

bool elf_file_thread_offset(const struct elf_file *file, uint64_t *place)
{
	uint64_t end = file->thread_address + file->thread_size;

	if (!file->thread_align ||
	    (file->facts.machine != EM_X86_64 && file->facts.machine != EM_386))
		return false;
	*place -= file->thread_size + (-end & (file->thread_align - 1));
	return true;
}

const char *elf_file_interpreter(const struct elf_file *file)
{
	return file->interpreter;
}

/*
 * Real sections do not overlap, so all of them together are no longer than the file. A file with
 * thousands of headers for the same megabytes would otherwise cost their sum in memory.
 */
static bool within_budget(struct elf_file *file, size_t index, uint64_t size)
{
	if (index >= file->section_count)
		return false;
	if (file->asked[index / 8] >> index % 8 & 1)
		return true;
	file->asked[index / 8] |= (unsigned char)(1 << index % 8);
	file->loaded += size; /* at most 2^32 sections, each inside the file: no overflow */
	return file->loaded <= file->size;
}

static int load_section(struct elf_file *file, Elf_Scn *scn, const GElf_Shdr *header,
                        const char *name, struct elf_section *section, struct error *err)
{
	Elf_Data *data;

	*section = (struct elf_section){
	        .index = elf_ndxscn(scn),
	        .address = header->sh_addr,
	        .offset = header->sh_offset,
	        .size = header->sh_size,
	        .type = header->sh_type,
	        .flags = header->sh_flags,
	        .link = header->sh_link,
	        .info = header->sh_info,
	};
	if (header->sh_type == SHT_NOBITS || !header->sh_size)
		return 1;
	if (!inside(header->sh_offset, header->sh_size, file->size) ||
	    !within_budget(file, section->index, header->sh_size))
		return error_set(err, -EINVAL,
		                 "%s: damaged or truncated ELF file: section %s does not fit in it",
		                 file->path, name);
	data = elf_rawdata(scn, NULL);
	if (!data || !data->d_buf || data->d_size < header->sh_size)
		return error_set(err, -EINVAL,
		                 "%s: damaged or truncated ELF file: section %s can't be read",
		                 file->path, name);
	section->data = data->d_buf;
	return 1;
}

int elf_file_section_next(struct elf_file *file, const char *name, size_t *after,
                          struct elf_section *section, struct error *err)
{
	Elf_Scn *scn = *after ? elf_getscn(file->elf, *after) : NULL;

	while ((scn = elf_nextscn(file->elf, scn))) {
		GElf_Shdr header;
		const char *own;

		if (!gelf_getshdr(scn, &header))
			continue;
		own = elf_strptr(file->elf, file->names, header.sh_name);
		if (!own || strcmp(own, name))
			continue;
		*after = elf_ndxscn(scn);
		return load_section(file, scn, &header, name, section, err);
	}
	return 0;
}

int elf_file_section(struct elf_file *file, const char *name, struct elf_section *section,
                     struct error *err)
{
	size_t after = 0;

	return elf_file_section_next(file, name, &after, section, err);
}

bool elf_file_offset(const struct elf_file *file, uint64_t address, uint64_t *offset)
{
	size_t low = 0, high = file->segment_count;
	const struct segment *segment;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (file->segments[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return false;
	segment = &file->segments[low - 1];
	if (address - segment->address >= segment->size)
		return false;
	*offset = segment->offset + (address - segment->address);
	return true;
}

bool elf_file_address(const struct elf_file *file, uint64_t offset, uint64_t *address)
{
	for (size_t i = 0; i < file->segment_count; i++) {
		const struct segment *segment = &file->segments[i];

		if (offset < segment->offset || offset - segment->offset >= segment->size)
			continue;
		*address = segment->address + (offset - segment->offset);
		return true;
	}
	return false;
}
