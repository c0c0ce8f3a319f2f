/*
 * Probes made by hand, for what needs only their description: two files, a few probes. Used by the
 * fuzzer too, so nothing of cmocka is in here.
 */
#ifndef TELLTALE_TESTS_PROBE_HELP_H
#define TELLTALE_TESTS_PROBE_HELP_H

#include <elf.h>
#include <stdlib.h>

#include "operand/operand.h"
#include "probe/probe.h"
#include "process/target.h"

struct hand {
	struct probe_set set;
	struct target target;
};

static const struct probe_argument hand_request[] = {
	{"id", "int32_t", PROBE_INT, 4, true, true, 0, 0, false, false, false, false},
	{"path", "char *", PROBE_STRING, 8, false, true, 1, 0, false, false, false, false},
	{"seconds", "double", PROBE_FLOAT, 8, true, true, 2, 0, false, false, false, false},
	{"body", "bytes", PROBE_BYTES, 8, false, true, 3, 4, false, false, false, false},
	{"ok", "bool", PROBE_BOOL, 1, false, true, 5, 0, false, false, false, false},
	{"where", "void *", PROBE_POINTER, 8, false, true, 6, 0, false, false, false, false},
};

static const struct probe_argument hand_plain[] = {
	{"arg0", "int64_t", PROBE_INT, 8, true, false, 0, 0, false, false, false, false},
	{"arg1", "uint64_t", PROBE_INT, 8, false, false, 1, 0, false, false, false, false},
};

static inline void hand_add(struct hand *h, uint32_t file, const char *provider, const char *name,
			    const struct probe_argument *arguments, size_t count)
{
	struct probe *probe =
		array_add(&h->set.items, &h->set.count, &h->set.room, sizeof(*probe));
	struct operand *operands;
	struct error err;

	if (!probe)
		abort();
	probe->kind = PROBE_USDT;
	probe->file = file;
	probe->provider = provider;
	probe->name = name;
	probe->arguments = arguments;
	probe->argument_count = count;
	probe->sites = calloc(1, sizeof(*probe->sites));
	probe->site_count = probe->site_room = 1;
	probe->sites[0].operand_text = count == 6   ? "-4@%edi 8@%rsi 8@-8(%rbp) 8@%rdx 4@%ecx 1@$1 8@%r8"
				       : count == 2 ? "-8@%rax 8@(%rbx,%rcx,8)"
						    : "";
	probe->sites[0].machine = EM_X86_64;
	probe->sites[0].bits = 64;
	probe->sites[0].variant = h->set.variant_count++;
	if (operands_parse(EM_X86_64, 64, probe->sites[0].operand_text, &h->set.arena, &operands,
			   &probe->sites[0].operand_count, &err))
		abort();
	probe->sites[0].operands = operands;
}

static inline void hand_file(struct hand *h, const char *path)
{
	struct target_file *file = array_add(&h->target.files, &h->target.file_count,
					     &h->target.file_room, sizeof(*file));

	if (!file)
		abort();
	file->path = path;
	file->fd = -1;
}

static inline void hand_make(struct hand *h)
{
	*h = (struct hand){.set.target = &h->target};
	hand_file(h, "/usr/bin/demo");
	hand_file(h, "/usr/lib/libother.so.1");
	hand_add(h, 0, "demo", "request", hand_request, 6);
	hand_add(h, 0, "demo", "reply", hand_plain, 2);
	hand_add(h, 0, "other", "query__start", hand_plain, 2);
	hand_add(h, 0, "other", "query__done", NULL, 0);
	hand_add(h, 1, "demo", "request", hand_plain, 2);
	hand_add(h, 1, "lib", "open", NULL, 0);
}

static inline void hand_free(struct hand *h)
{
	probes_free(&h->set);
	free(h->target.files);
}

#endif
