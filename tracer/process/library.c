/*
 * Owns the way from a name to a program or library file: PATH as execvp(3) walks it, and libraries
 * as ld.so finds them (LD_LIBRARY_PATH, /etc/ld.so.cache, the standard folders). What a program
 * needs is asked of its own interpreter (`ld.so --list`), which alone knows RUNPATH, LD_PRELOAD,
 * hwcaps and all the rest.
 */
#include "internal.h"

#include "elf/file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* ---- programs ---- */

static int check_executable(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) ? -errno : 0;
}

const char *find_executable(struct arena *arena, const char *name, struct error *err)
{
	const char *folders = getenv("PATH"), *end;
	int code, worst = -ENOENT;

	if (!*name || strchr(name, '/')) {
		code = *name ? check_executable(name) : -ENOENT;
		if (!code)
			return name;
		error_set(err, code, "%s: can't be executed: %s", name, strerror(-code));
		return NULL;
	}
	if (!folders)
		folders = "/bin:/usr/bin";
	for (;; folders = end + 1) {
		const char *path;

		end = strchrnul(folders, ':');
		/* An empty element is the current folder. */
		path = arena_print(arena, "%.*s%s%s", (int)(end - folders), folders,
		                   end == folders ? "./" : "/", name);
		if (!path) {
			error_memory(err);
			return NULL;
		}
		code = check_executable(path);
		if (!code)
			return path;
		if (code == -EACCES)
			worst = code;
		if (!*end)
			break;
	}
	error_set(err, worst, "%s: %s", name,
	          worst == -EACCES ? "found along PATH, but it can't be executed: Permission denied"
	                           : "no such program along PATH");
	return NULL;
}

/* ---- libraries ---- */

bool library_is(const char *file, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(file, name, length))
		return false;
	file += length;
	if (!*file)
		return true;
	if (strncmp(name, "lib", 3))
		return false;
	if (!strncmp(file, ".so", 3))
		file += 3;
	else if (length < 3 || strcmp(name + length - 3, ".so"))
		return false;
	return !*file || *file == '.';
}

#if defined(__x86_64__)
enum { OWN_MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { OWN_MACHINE = EM_AARCH64 };
#else
enum { OWN_MACHINE = EM_NONE };
#endif

/* Opens a candidate; a library of another machine (lib32) is none. */
static int open_candidate(const char *path)
{
	struct elf_file *elf;
	struct error err;
	int fd = open_regular(AT_FDCWD, path, path, &err);
	bool fits;

	if (fd < 0)
		return -ENOENT;
	if (elf_file_open_fd(fd, path, &elf, &err)) {
		close(fd);
		return -ENOENT;
	}
	fits = OWN_MACHINE == EM_NONE || (elf_file_facts(elf)->machine == OWN_MACHINE &&
	                                  elf_file_facts(elf)->bits == sizeof(void *) * 8);
	elf_file_close(elf);
	if (!fits) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

/* Along a list of folders with the given separators. */
static int find_in_folders(struct arena *arena, const char *folders, const char *separators,
                           const char *name, const char **path)
{
	int fd = -ENOENT;

	while (*folders && fd < 0) {
		size_t length = strcspn(folders, separators);

		if (length) {
			*path = arena_print(arena, "%.*s/%s", (int)length, folders, name);
			fd = *path ? open_candidate(*path) : -ENOMEM;
		}
		folders += length + (folders[length] != '\0');
	}
	return fd;
}

/*
 * /etc/ld.so.cache in its format since glibc 2.2, which older writers put behind an older one:
 * this header, `count` entries, and texts at offsets from the header's start.
 */
struct cache_header {
	char magic[20]; /* "glibc-ld.so.cache1.1" */
	uint32_t count, texts_length;
	uint32_t rest[5];
};

struct cache_entry {
	int32_t flags;
	uint32_t name, path;
	uint32_t os_version;
	uint64_t hwcap;
};

static const char CACHE_MAGIC[] = "glibc-ld.so.cache1.1";

/* A text of the cache that ends inside it, or NULL. */
static const char *cache_text(const char *cache, size_t length, uint32_t offset)
{
	return offset < length && memchr(cache + offset, '\0', length - offset) ? cache + offset
	                                                                        : NULL;
}

static int find_in_cache(struct arena *arena, const char *cache, size_t length, const char *name,
                         const char **path)
{
	struct cache_header header;
	const char *start = memmem(cache, length, CACHE_MAGIC, sizeof(CACHE_MAGIC) - 1);
	int fd = -ENOENT;

	if (!start)
		return -ENOENT;
	length -= (size_t)(start - cache);
	if (length < sizeof(header))
		return -ENOENT;
	memcpy(&header, start, sizeof(header));
	if (header.count > (length - sizeof(header)) / sizeof(struct cache_entry))
		return -ENOENT;
	for (uint32_t i = 0; i < header.count && fd < 0; i++) {
		struct cache_entry entry;
		const char *its_name, *its_path;

		memcpy(&entry, start + sizeof(header) + i * sizeof(entry), sizeof(entry));
		its_name = cache_text(start, length, entry.name);
		its_path = cache_text(start, length, entry.path);
		if (!its_name || !its_path || !library_is(its_name, name))
			continue;
		*path = arena_string(arena, its_path);
		fd = *path ? open_candidate(*path) : -ENOMEM;
	}
	return fd;
}

/* Reads at most `most` bytes until the end. */
static void read_up_to(int fd, size_t most, struct buffer *text)
{
	char chunk[4096];
	ssize_t got;

	while (text->length < most) {
		got = read(fd, chunk, sizeof(chunk));
		if (got > 0)
			buffer_add(text, chunk, (size_t)got);
		else if (!got || errno != EINTR)
			break;
	}
}

int find_library(struct arena *arena, const char *name, const char **path)
{
	const char *own = getenv("LD_LIBRARY_PATH");
	struct buffer cache = {0};
	int fd = -ENOENT, file;

	if (own)
		fd = find_in_folders(arena, own, ":;", name, path);
	if (fd < 0) {
		file = open("/etc/ld.so.cache", O_RDONLY | O_CLOEXEC);
		if (file >= 0) {
			read_up_to(file, 64 << 20, &cache);
			close(file);
		}
		if (cache.length)
			fd = find_in_cache(arena, cache.data, cache.length, name, path);
		buffer_free(&cache);
	}
	if (fd < 0)
		fd = find_in_folders(arena, "/lib64:/usr/lib64:/lib:/usr/lib:/usr/local/lib", ":",
		                     name, path);
	return fd;
}

/* ---- what a program needs ---- */

/* Starts `interpreter --list program`; its standard output is at *out. */
static pid_t spawn_list(const char *interpreter, const char *program, int *out)
{
	char *const argv[] = {(char *)interpreter, "--list", (char *)program, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t all, none;
	int ends[2];
	pid_t pid = -1;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	sigfillset(&all);
	sigemptyset(&none);
	if (posix_spawn_file_actions_init(&actions))
		goto out_pipe;
	if (posix_spawnattr_init(&attributes))
		goto out_actions;
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &none);
	if (posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) ||
	    posix_spawn_file_actions_adddup2(&actions, ends[1], 1) ||
	    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) ||
	    posix_spawn(&pid, interpreter, &actions, &attributes, argv, environ))
		pid = -1;
	posix_spawnattr_destroy(&attributes);
out_actions:
	posix_spawn_file_actions_destroy(&actions);
out_pipe:
	close(ends[1]);
	if (pid < 0)
		close(ends[0]);
	else
		*out = ends[0];
	return pid;
}

static void add_library(struct target *target, const char *path, pid_t pid,
                        struct warnings *warnings)
{
	struct error err;
	int fd = open_regular(AT_FDCWD, path, path, &err);

	if (fd < 0 || target_take(target, fd, path, pid, &err))
		warn(warnings, "%s", err.text);
}

/* "\tlibc.so.6 => /lib/libc.so.6 (0x7f...)", "\t/lib64/ld.so (0x7f...)", "\tlibx.so => not found"
 */
static void add_listed(struct target *target, char *line, const char *program, pid_t pid,
                       struct warnings *warnings)
{
	char *arrow = strstr(line, " => "), *end = strrchr(line, '(');
	const char *path = arrow ? arrow + 4 : line + strspn(line, "\t ");

	if (arrow && !strcmp(path, "not found")) {
		*arrow = '\0';
		warn(warnings, "%s needs %s, which is not found", program,
		     line + strspn(line, "\t "));
		return;
	}
	if (*path != '/')
		return; /* the vDSO */
	if (end && end > path && end[-1] == ' ')
		end[-1] = '\0';
	add_library(target, path, pid, warnings);
}

void add_needed(struct target *target, const char *interpreter, const char *program, pid_t pid,
                struct warnings *warnings)
{
	struct buffer text = {0};
	int out, status = -1;
	char *line, *newline;
	/* $ORIGIN in a RUNPATH is the folder of the file itself, not that of a link to it. */
	char *real = realpath(program, NULL);
	pid_t child = spawn_list(interpreter, real ? real : program, &out);

	free(real);
	if (child < 0) {
		warn(warnings, "%s: its interpreter %s can't be run: its libraries are left out",
		     program, interpreter);
		return;
	}
	read_up_to(out, 1 << 20, &text);
	close(out);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (status)
		warn(warnings, "%s: %s --list failed: some of its libraries may be left out",
		     program, interpreter);
	for (line = text.data; line && *line; line = newline) {
		newline = strchrnul(line, '\n');
		if (*newline)
			*newline++ = '\0';
		add_listed(target, line, program, pid, warnings);
	}
	buffer_free(&text);
}
