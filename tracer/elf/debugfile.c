/*
 * Where the symbols of a stripped file are: in a separate debug file, or packed inside of it. A
 * candidate that can't be read or does not belong to the file is no error, there is just the next.
 */
#include "elf/debugfile.h"

#include <errno.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "elf/bytes.h"

enum {
	/* Real ones are some megabytes; what claims to be more is refused. */
	DEBUGDATA_MOST = 128 << 20,
	UNPACK_MEMORY = 256 << 20,
	CHUNK = 64 * 1024,
	BUILD_ID_MOST = 64,
};

/* What the separate file has to be. */
struct wanted {
	const struct elf_facts *facts;
	const char *link; /* its name, or NULL */
	uint32_t checksum;
};

static bool same_build_id(const struct elf_facts *a, const struct elf_facts *b)
{
	return a->build_id_length == b->build_id_length &&
	       !memcmp(a->build_id, b->build_id, a->build_id_length);
}

static bool checksum_is(const struct elf_file *file, uint32_t wanted)
{
	unsigned char *chunk = malloc(CHUNK);
	uint32_t checksum = 0;
	off_t at = 0;
	ssize_t n = -1;

	while (chunk && (n = pread(elf_file_fd(file), chunk, CHUNK, at)) > 0) {
		checksum = lzma_crc32(chunk, (size_t)n, checksum);
		at += n;
	}
	free(chunk);
	return !n && checksum == wanted;
}

/* Opens a candidate and keeps it when it belongs to the file. */
static bool try_path(const struct wanted *wanted, bool by_link, const char *path,
                     struct elf_file **debug)
{
	const struct elf_facts *facts;
	struct error ignored;
	bool fits;

	if (elf_file_open(path, debug, &ignored))
		return false;
	facts = elf_file_facts(*debug);
	fits = facts->machine == wanted->facts->machine && facts->bits == wanted->facts->bits &&
	       facts->big_endian == wanted->facts->big_endian;
	if (fits && facts->build_id && wanted->facts->build_id)
		fits = same_build_id(facts, wanted->facts);
	else if (fits)
		fits = by_link && checksum_is(*debug, wanted->checksum);
	if (!fits) {
		elf_file_close(*debug);
		*debug = NULL;
	}
	return fits;
}

static bool try_build_id(const struct wanted *wanted, const char *root, struct buffer *path,
                         struct elf_file **debug)
{
	const struct elf_facts *facts = wanted->facts;

	if (!facts->build_id || facts->build_id_length < 2 ||
	    facts->build_id_length > BUILD_ID_MOST)
		return false;
	buffer_clear(path);
	buffer_print(path, "%s/usr/lib/debug/.build-id/%02x/", root, facts->build_id[0]);
	for (size_t i = 1; i < facts->build_id_length; i++)
		buffer_print(path, "%02x", facts->build_id[i]);
	buffer_text(path, ".debug");
	return !path->failed && try_path(wanted, false, buffer_string(path), debug);
}

/* folder is the file's, with its slash and without the root. */
static bool try_link(const struct wanted *wanted, const char *root, const char *folder,
                     size_t folder_length, struct buffer *path, struct elf_file **debug)
{
	static const char *const places[][2] = {{"", ""}, {"", ".debug/"}, {"/usr/lib/debug", ""}};

	if (!wanted->link)
		return false;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (*places[i][0] && (!folder_length || folder[0] != '/'))
			continue;
		buffer_clear(path);
		buffer_print(path, "%s%s%.*s%s%s", root, places[i][0], (int)folder_length, folder,
		             places[i][1], wanted->link);
		if (!path->failed && try_path(wanted, true, buffer_string(path), debug))
			return true;
	}
	return false;
}

/* Reads .gnu_debuglink: a name, padding to four bytes, a checksum. */
static int read_link(struct elf_file *file, struct wanted *wanted, struct error *err)
{
	struct elf_section section;
	int rc = elf_file_section(file, ".gnu_debuglink", &section, err);
	const unsigned char *end;
	size_t place;

	if (rc <= 0 || !section.data)
		return rc < 0 ? rc : 0;
	end = memchr(section.data, '\0', (size_t)section.size);
	if (!end || end == section.data || memchr(section.data, '/', (size_t)(end - section.data)))
		return 0;
	place = ((size_t)(end - section.data) + 4) / 4 * 4;
	if (place > section.size || section.size - place < 4)
		return 0;
	wanted->link = (const char *)section.data;
	wanted->checksum =
	        (uint32_t)bytes_number(section.data + place, 4, wanted->facts->big_endian);
	return 0;
}

/* The length of "/proc/PID/root" at the start of a path, 0 for any other. */
static size_t root_length(const char *path)
{
	size_t length;

	if (strncmp(path, "/proc/", 6))
		return 0;
	length = 6 + strcspn(path + 6, "/");
	return strncmp(path + length, "/root/", 6) ? 0 : length + 5;
}

int debug_file_open(struct elf_file *file, struct elf_file **debug, struct error *err)
{
	struct wanted wanted = {.facts = elf_file_facts(file)};
	const char *path = elf_file_path(file), *slash = strrchr(path, '/');
	size_t length = root_length(path);
	char *root = strndup(path, length);
	const char *roots[] = {root, ""}, *folder = path + length;
	size_t folder_length = slash ? (size_t)(slash + 1 - folder) : 0;
	struct buffer text = {0};
	bool found = false;
	int rc;

	*debug = NULL;
	if (!root)
		return error_memory(err);
	rc = read_link(file, &wanted, err);
	for (size_t i = length ? 0 : 1; !rc && !found && i < 2; i++)
		found = try_build_id(&wanted, roots[i], &text, debug) ||
		        try_link(&wanted, roots[i], folder, folder_length, &text, debug);
	if (!rc && text.failed)
		rc = error_memory(err);
	if (rc)
		elf_file_close(*debug);
	buffer_free(&text);
	free(root);
	return rc ? rc : found;
}

static bool write_all(int fd, const unsigned char *bytes, size_t size)
{
	while (size) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		size -= (size_t)n;
	}
	return true;
}

/* Unpacks into a nameless file; false when it is damaged or too big. */
static bool unpack(const struct elf_section *section, int fd)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	unsigned char *chunk = malloc(CHUNK);
	lzma_ret state = LZMA_OK;
	uint64_t total = 0;
	bool good = chunk && lzma_stream_decoder(&stream, UNPACK_MEMORY, 0) == LZMA_OK;

	stream.next_in = section->data;
	stream.avail_in = (size_t)section->size;
	while (good && state == LZMA_OK) {
		stream.next_out = chunk;
		stream.avail_out = CHUNK;
		state = lzma_code(&stream, LZMA_FINISH);
		total += CHUNK - stream.avail_out;
		good = total <= DEBUGDATA_MOST && write_all(fd, chunk, CHUNK - stream.avail_out);
	}
	lzma_end(&stream);
	free(chunk);
	return good && state == LZMA_STREAM_END;
}

int debug_data_open(struct elf_file *file, struct elf_file **debug, struct error *err)
{
	struct elf_section section;
	struct error ignored;
	int fd, rc = elf_file_section(file, ".gnu_debugdata", &section, err);

	*debug = NULL;
	if (rc <= 0 || !section.data)
		return rc < 0 ? rc : 0;
	fd = memfd_create("telltale-debugdata", MFD_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "%s: no memory file for .gnu_debugdata: %s",
		                 elf_file_path(file), strerror(errno));
	rc = unpack(&section, fd) && !elf_file_open_fd(fd, elf_file_path(file), debug, &ignored);
	close(fd);
	return rc;
}
