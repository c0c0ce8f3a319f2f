/*
 * The loader of floor.bpf.c: libbpf for the object, bpf(2) for the uprobe_multi link, which libbpf
 * 1.1 does not know.
 *
 *	floor CASE FILE		attaches to the probes of FILE that CASE is about; at SIGINT prints what
 *				was counted. Events are printed as they come.
 */
#include "floor.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SITES_MOST = 16384, UPROBE_MULTI = 48, CPUS_MOST = 1024 };

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static int die(const char *what) /* never returns */
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- sites ---- */

struct sites {
	uint64_t offsets[SITES_MOST], semaphores[SITES_MOST];
	size_t count;
	bool any_semaphore;
};

static uint64_t file_offset(Elf *elf, uint64_t address)
{
	GElf_Phdr p;

	for (int i = 0; gelf_getphdr(elf, i, &p); i++)
		if (p.p_type == PT_LOAD && address >= p.p_vaddr && address < p.p_vaddr + p.p_filesz)
			return address - p.p_vaddr + p.p_offset;
	return 0;
}

static void add_note(Elf *elf, const char *probe, const char *d, struct sites *s)
{
	const char *provider = d + 24, *name = provider + strlen(provider) + 1;
	uint64_t words[3];

	memcpy(words, d, sizeof(words));
	if (strcmp(provider, "bench") || strcmp(name, probe) || s->count == SITES_MOST)
		return;
	s->offsets[s->count] = file_offset(elf, words[0]);
	s->semaphores[s->count++] = words[2] ? file_offset(elf, words[2]) : 0;
	s->any_semaphore |= words[2] != 0;
}

static void find_sites(const char *file, const char *probe, struct sites *s)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	Elf_Scn *section = NULL;
	size_t names;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ, NULL);
	if (!elf || elf_getshdrstrndx(elf, &names))
		die(file);
	while ((section = elf_nextscn(elf, section))) {
		size_t at = 0, name_at, data_at;
		GElf_Shdr header;
		GElf_Nhdr note;
		Elf_Data *data;
		const char *name;

		gelf_getshdr(section, &header);
		name = elf_strptr(elf, names, header.sh_name);
		if (!name || strcmp(name, ".note.stapsdt"))
			continue;
		data = elf_getdata(section, NULL);
		while (data && (at = gelf_getnote(data, at, &note, &name_at, &data_at)))
			add_note(elf, probe, (const char *)data->d_buf + data_at, s);
	}
	elf_end(elf);
	close(fd);
	if (!s->count) {
		errno = ENOENT;
		die(probe);
	}
}

/* ---- attaching ---- */

/* Linux 6.6: link_create.uprobe_multi of union bpf_attr. */
struct multi_attr {
	uint32_t program, target, attach_type, flags;
	uint64_t path, offsets, semaphores, cookies;
	uint32_t count, multi_flags, pid, end;
};

static int attach(int program, const char *file, const struct sites *s)
{
	struct multi_attr attr = {
		.program = (uint32_t)program,
		.attach_type = UPROBE_MULTI,
		.path = (uintptr_t)file,
		.offsets = (uintptr_t)s->offsets,
		.semaphores = s->any_semaphore ? (uintptr_t)s->semaphores : 0,
		.count = (uint32_t)s->count,
	};
	int fd = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));

	return fd < 0 ? die("uprobe_multi") : fd;
}

/* ---- what comes out ---- */

static void print_head(const struct floor_head *h)
{
	printf("%llu.%09llu %s %u/%u %u ", h->time / 1000000000, h->time % 1000000000, h->comm,
	       h->pid, h->tid, h->cpu);
}

static int print_event(void *context, void *data, size_t size)
{
	const struct floor_ints *i = data;
	const struct floor_event *e = data;
	const struct floor_text *t = data;

	(void)context;
	if (size == sizeof(*i)) {
		printf("%lld %lld %lld\n", i->values[0], i->values[1], i->values[2]);
	} else if (size == sizeof(*e)) {
		print_head(&e->head);
		printf("%lld %lld %lld\n", e->values[0], e->values[1], e->values[2]);
	} else {
		print_head(&t->head);
		puts(t->length > 0 ? t->text : "?");
	}
	return 0;
}

/* The values of a per-CPU map, added up. */
static uint64_t sum_map(int map)
{
	static uint64_t values[CPUS_MOST];
	uint64_t key = 0, next, sum = 0;
	void *from = NULL;
	int cpus = libbpf_num_possible_cpus();

	while (!bpf_map_get_next_key(map, from, &next)) {
		key = next;
		from = &key;
		if (!bpf_map_lookup_elem(map, &key, values))
			for (int i = 0; i < cpus && i < CPUS_MOST; i++)
				sum += values[i];
	}
	return sum;
}

static const struct {
	const char *name;
	struct {
		const char *program, *probe;
	} parts[2];
	const char *counts; /* the map, or NULL: events */
	const char *more;   /* another map, or NULL */
} cases[] = {
	{"count", {{"count", "ints"}}, "counts"},
	{"watched", {{"count", "watched"}}, "counts"},
	{"many", {{"count", "many"}}, "counts"},
	{"key", {{"key", "ints"}}, "by_key"},
	{"hist", {{"hist", "ints"}}, "buckets"},
	{"pair", {{"begin", "begin"}, {"end", "end"}}, "buckets", "begun"},
	{"pair_own", {{"begin_own", "begin"}, {"end_own", "end"}}, "buckets", "of_thread"},
	{"ints", {{"ints", "ints"}}, NULL},
	{"event", {{"event", "ints"}}, NULL},
	{"text", {{"text", "text"}}, NULL},
};

/* Only the programs and the maps of the case are made. */
static struct bpf_object *load(size_t number, const char *object)
{
	struct bpf_object *o = bpf_object__open_file(object, NULL);
	struct bpf_program *p;
	struct bpf_map *m;

	if (!o)
		die(object);
	bpf_object__for_each_program(p, o) {
		bool wanted = false;

		for (int i = 0; i < 2 && cases[number].parts[i].program; i++)
			wanted |= !strcmp(bpf_program__name(p), cases[number].parts[i].program);
		bpf_program__set_autoload(p, wanted);
		bpf_program__set_expected_attach_type(p, (enum bpf_attach_type)UPROBE_MULTI);
	}
	bpf_object__for_each_map(m, o) {
		const char *name = bpf_map__name(m), *counts = cases[number].counts;
		bool wanted = counts ? !strcmp(name, counts) ||
				!strcmp(name, cases[number].more ? cases[number].more : "")
				     : !strcmp(name, "ring") || !strcmp(name, "lost");

		bpf_map__set_autocreate(m, wanted);
	}
	if (bpf_object__load(o))
		die("load");
	return o;
}

static void consume(struct bpf_object *o, size_t number, struct ring_buffer *ring, int *links)
{
	uint32_t zero = 0;
	uint64_t lost = 0;

	while (!stopped) {
		if (!ring)
			pause();
		else if (ring_buffer__consume(ring) <= 0)
			usleep(1000);
	}
	close(links[0]);
	if (links[1] >= 0)
		close(links[1]);
	if (!ring) {
		int map = bpf_object__find_map_fd_by_name(o, cases[number].counts);

		printf("@: %llu\n", (unsigned long long)sum_map(map));
		return;
	}
	ring_buffer__consume(ring);
	bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(o, "lost"), &zero, &lost);
	if (lost)
		fprintf(stderr, "floor: %llu lost\n", (unsigned long long)lost);
}

static int run(size_t number, const char *file, const char *self)
{
	static struct sites sites;
	struct ring_buffer *ring = NULL;
	struct bpf_object *o;
	int links[2] = {-1, -1};
	char object[4096];

	snprintf(object, sizeof(object), "%s.bpf.o", self);
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	signal(SIGINT, stop);
	o = load(number, object);
	if (!cases[number].counts)
		ring = ring_buffer__new(bpf_object__find_map_fd_by_name(o, "ring"), print_event, NULL,
					NULL);
	for (int i = 0; i < 2 && cases[number].parts[i].program; i++) {
		struct bpf_program *p = bpf_object__find_program_by_name(
			o, cases[number].parts[i].program);

		sites.count = 0;
		find_sites(file, cases[number].parts[i].probe, &sites);
		links[i] = attach(bpf_program__fd(p), file, &sites);
	}
	consume(o, number, ring, links);
	return fflush(stdout) ? 1 : 0;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 3 && i < sizeof(cases) / sizeof(*cases); i++)
		if (!strcmp(cases[i].name, argv[1]))
			return run(i, argv[2], argv[0]);
	fprintf(stderr, "Usage: floor CASE FILE\n");
	return 2;
}
