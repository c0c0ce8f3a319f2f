/*
 * Owns the semaphores of kernels that do not keep them (before 4.20): finds them in the processes
 * that map their files, raises them through /proc/PID/mem, and puts them back. Who does it, and
 * when, is in guardian.c.
 *
 * A process that forks hands its raised semaphores on, one that calls execve(2) or loads a library
 * anew has fresh ones. So a descriptor of /proc/PID/mem is kept for each process: it stays with the
 * address space that it was opened for, and reads nothing once that is gone. A semaphore that is
 * above zero when we first see it is a copy of ours when the parent has the same one at the same
 * place with the same value; else another tracer's, to which ours is added.
 */
#include "semaphore.h"

#include "process/maps.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- places ---- */

static struct semaphore_place *place_of(struct semaphores *s, dev_t device, ino_t inode,
                                        uint64_t offset)
{
	struct semaphore_place *place;

	for (size_t i = 0; i < s->place_count; i++) {
		place = &s->places[i];
		if (place->device == device && place->inode == inode && place->offset == offset)
			return place;
	}
	place = array_add(&s->places, &s->place_count, &s->place_room, sizeof(*place));
	if (place) {
		place->device = device;
		place->inode = inode;
		place->offset = offset;
	}
	return place;
}

int semaphores_add(struct semaphores *s, dev_t device, ino_t inode, uint64_t offset, pid_t pid)
{
	struct semaphore_place *place = place_of(s, device, inode, offset);
	pid_t *slot;

	if (!place)
		return -ENOMEM;
	place->everywhere |= !pid;
	for (size_t i = 0; i < place->pid_count; i++)
		if (place->pids[i] == pid)
			return 0;
	slot = pid ? array_add(&place->pids, &place->pid_count, &place->pid_room, sizeof(*slot))
	           : NULL;
	if (slot)
		*slot = pid;
	return pid && !slot ? -ENOMEM : 0;
}

/* ---- one process ---- */

static void forget(struct semaphore_process *p)
{
	if (p->memory >= 0)
		close(p->memory);
	free(p->held);
	p->memory = -1;
	p->held = NULL;
	p->held_count = p->held_room = 0;
}

static struct semaphore_process *find(const struct semaphores *s, pid_t pid)
{
	size_t low = 0, high = s->process_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (s->processes[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->process_count && s->processes[low].pid == pid ? &s->processes[low] : NULL;
}

static struct semaphore_process *add(struct semaphores *s, pid_t pid)
{
	struct semaphore_process *p =
	        array_add(&s->processes, &s->process_count, &s->process_room, sizeof(*p));

	if (!p)
		return NULL;
	/* The kernel lists them in order: mostly this is the last one. */
	for (; p > s->processes && p[-1].pid > pid; p--)
		*p = p[-1];
	*p = (struct semaphore_process){.pid = pid, .memory = -1};
	return p;
}

static bool read_value(const struct semaphore_process *p, uint64_t address, uint16_t *value)
{
	return pread(p->memory, value, sizeof(*value), (off_t)address) == sizeof(*value);
}

static bool write_value(const struct semaphore_process *p, uint64_t address, uint16_t value)
{
	return pwrite(p->memory, &value, sizeof(value), (off_t)address) == sizeof(value);
}

/* Parent and time of the start from /proc/PID/stat. */
static bool read_stat(pid_t pid, pid_t *parent, unsigned long long *start)
{
	char path[64], text[1024], *at;
	FILE *file;
	size_t length;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	length = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[length] = '\0';
	at = strrchr(text, ')'); /* the name may hold anything */
	return at && sscanf(at + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d "
	                            "%*d %*d %*d %*d %llu", parent, start) == 2;
}

static struct semaphore_held *held_at(const struct semaphore_process *p, uint64_t address)
{
	for (size_t i = 0; p && i < p->held_count; i++)
		if (p->held[i].address == address)
			return &p->held[i];
	return NULL;
}

/* Was this value copied, with our raise in it, when the process was forked? */
static bool is_copy(const struct semaphores *s, const struct semaphore_process *p, uint64_t address,
                    uint16_t value)
{
	const struct semaphore_process *from;
	unsigned long long start;
	uint16_t theirs;
	pid_t parent;

	if (!value || !s->since || !read_stat(p->pid, &parent, &start) || start + 1 < s->since)
		return false;
	from = find(s, parent);
	if (held_at(from, address) && read_value(from, address, &theirs))
		return value == theirs + s->lowering;
	return parent == 1; /* whose copy it is has ended */
}

/* ---- one semaphore ---- */

static bool open_memory(struct semaphores *s, struct semaphore_process *p)
{
	char path[64];

	if (p->memory >= 0)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/mem", p->pid);
	p->memory = open(path, O_RDWR | O_CLOEXEC);
	if (p->memory < 0 && errno != ENOENT && errno != ESRCH && !s->refusal) {
		s->refused_by = p->pid;
		s->refusal = errno;
	}
	return p->memory >= 0;
}

/* A semaphore that is mapped there: one of ours, or a new one. */
static void take(struct semaphores *s, struct semaphore_process *p, uint64_t address)
{
	struct semaphore_held *held = held_at(p, address);
	uint16_t value;
	bool copy;

	if (!open_memory(s, p) || !read_value(p, address, &value))
		return;
	copy = !held && is_copy(s, p, address, value);
	if (s->lowering) {
		if ((copy || (held && !held->lowered)) && value)
			s->changed += write_value(p, address, value - 1);
	} else if (!copy && !(held && value) && value < UINT16_MAX) {
		/* A held one that is zero has been loaded anew at its old place. */
		if (!write_value(p, address, value + 1))
			return;
		s->changed++;
	}
	if (!held && (copy || !s->lowering))
		held = array_add(&p->held, &p->held_count, &p->held_room, sizeof(*held));
	if (held)
		*held = (struct semaphore_held){address, s->lowering};
}

/* ---- the mappings of one process ---- */

/* Some file systems show another device in maps than stat(2) has. */
static bool is_file(const struct semaphore_process *p, const struct maps_line *line,
                    const struct semaphore_place *place)
{
	char path[96];
	struct stat st;

	if (line->inode != place->inode)
		return false;
	if (line->device == place->device)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", p->pid,
	         (unsigned long long)line->start, (unsigned long long)line->end);
	return !stat(path, &st) && st.st_dev == place->device && st.st_ino == place->inode;
}

static bool is_meant(const struct semaphore_place *place, pid_t pid)
{
	for (size_t i = 0; i < place->pid_count; i++)
		if (place->pids[i] == pid)
			return true;
	return place->everywhere;
}

static void take_line(struct semaphores *s, struct semaphore_process *p,
                      const struct maps_line *line)
{
	if (!line->writable || line->shared || !line->inode)
		return;
	for (size_t i = 0; i < s->place_count; i++) {
		const struct semaphore_place *place = &s->places[i];
		uint64_t into = place->offset - line->offset;

		if (is_meant(place, p->pid) && place->offset >= line->offset &&
		    into < line->end - line->start && is_file(p, line, place))
			take(s, p, line->start + into);
	}
}

static void take_mappings(struct semaphores *s, struct semaphore_process *p)
{
	char path[64], *text = NULL;
	size_t room = 0;
	ssize_t length;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/maps", p->pid);
	file = fopen(path, "re");
	if (!file)
		return;
	while ((length = getline(&text, &room, file)) > 0) {
		struct maps_line line;

		length -= text[length - 1] == '\n';
		if (maps_parse(text, (size_t)length, &line))
			take_line(s, p, &line);
	}
	free(text);
	fclose(file);
}

/* The address space is gone: the process has ended, or runs another program. */
static bool is_gone(const struct semaphore_process *p)
{
	uint16_t value;
	ssize_t got = p->held_count ? pread(p->memory, &value, sizeof(value),
	                                    (off_t)p->held[0].address)
	                            : 1;

	return !got;
}

static int look_at(struct semaphores *s, pid_t pid, bool again)
{
	struct semaphore_process *p = find(s, pid);
	char path[64];
	struct stat exe;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (stat(path, &exe)) /* it has ended, or is a thread of the kernel's */
		return 0;
	if (p && !again && p->exe_device == exe.st_dev && p->exe_inode == exe.st_ino && !is_gone(p))
		return 0;
	if (p && is_gone(p))
		forget(p);
	if (!p)
		p = add(s, pid);
	if (!p)
		return -ENOMEM;
	p->exe_device = exe.st_dev;
	p->exe_inode = exe.st_ino;
	take_mappings(s, p);
	return 0;
}

/* ---- all processes ---- */

static void drop_ended(struct semaphores *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->process_count; i++) {
		struct semaphore_process *p = &s->processes[i];

		if (kill(p->pid, 0) && errno == ESRCH)
			forget(p);
		else
			s->processes[kept++] = *p;
	}
	s->process_count = kept;
}

static int look_at_all(struct semaphores *s, bool again)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;
	int code = folder ? 0 : -errno;

	while (!code && (entry = readdir(folder))) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);

		if (pid > 0 && !*end)
			code = look_at(s, (pid_t)pid, again);
	}
	if (folder)
		closedir(folder);
	return code;
}

static bool is_for_all(const struct semaphores *s)
{
	for (size_t i = 0; i < s->place_count; i++)
		if (s->places[i].everywhere)
			return true;
	return false;
}

static int round_of(struct semaphores *s, bool again)
{
	int code = 0;

	s->changed = 0;
	drop_ended(s);
	if (is_for_all(s))
		return look_at_all(s, again);
	for (size_t i = 0; i < s->place_count; i++)
		for (size_t j = 0; j < s->places[i].pid_count && !code; j++)
			code = look_at(s, s->places[i].pids[j], again);
	return code;
}

static unsigned long long ticks_since_boot(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return ((unsigned long long)t.tv_sec * 1000 + (unsigned long long)t.tv_nsec / 1000000) *
	       (unsigned long long)sysconf(_SC_CLK_TCK) / 1000;
}

int semaphores_raise(struct semaphores *s, bool again)
{
	if (!s->since)
		s->since = ticks_since_boot();
	return round_of(s, again);
}

/* A parent that is lowered has children with lowered semaphores from then on: a round without a
 * change is the last. */
void semaphores_lower(struct semaphores *s)
{
	enum { ROUNDS = 20 };

	s->lowering = true;
	for (int i = 0; i < ROUNDS; i++)
		if (round_of(s, true) || !s->changed)
			break;
}

void semaphores_free(struct semaphores *s)
{
	for (size_t i = 0; i < s->process_count; i++)
		forget(&s->processes[i]);
	for (size_t i = 0; i < s->place_count; i++)
		free(s->places[i].pids);
	free(s->processes);
	free(s->places);
	*s = (struct semaphores){0};
}
