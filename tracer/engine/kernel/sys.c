/*
 * Owns the one bpf(2) wrapper and the one perf_event_open(2) wrapper of telltale. Facts about the
 * kernel's interface are here and nowhere else; policy is with the callers.
 */
#include "sys.h"

#include <ctype.h>
#include <errno.h>
#include <linux/btf.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static uint64_t address_of(const void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

static int sys_bpf(int command, void *attr, size_t size)
{
	long result = syscall(SYS_bpf, command, attr, size);

	return result < 0 ? -errno : (int)result;
}

/* The kernel takes letters, digits, `_` and `.` in names. */
static void set_name(char *to, const char *from)
{
	size_t n = 0;

	for (; from && *from && n < BPF_OBJ_NAME_LEN - 1; from++)
		if (isalnum((unsigned char)*from) || *from == '_' || *from == '.')
			to[n++] = *from;
	to[n] = '\0';
}

static int create_map(const struct sys_map *map, int types)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	if (types >= 0) {
		attr.btf_fd = (uint32_t)types;
		attr.btf_key_type_id = 1;
		attr.btf_value_type_id = 2;
	}
	attr.map_type = map->type;
	attr.map_flags = map->flags;
	attr.key_size = map->key_size;
	attr.value_size = map->value_size;
	attr.max_entries = map->entries;
	set_name(attr.map_name, map->name);
	return sys_bpf(BPF_MAP_CREATE, &attr, sizeof(attr));
}

int sys_map_create(const struct sys_map *map)
{
	return create_map(map, -1);
}

int sys_map_create_carried(const struct sys_map *map)
{
	static const char texts[] = "\0int\0long";
	struct {
		struct btf_header header;
		uint32_t key[4], value[4];
		char texts[sizeof(texts)];
	} btf = {
	        .header = {.magic = BTF_MAGIC, .version = BTF_VERSION,
	                   .hdr_len = sizeof(struct btf_header), .type_len = 8 * 4,
	                   .str_off = 8 * 4, .str_len = sizeof(texts)},
	        .key = {1, BTF_KIND_INT << 24, 4, BTF_INT_SIGNED << 24 | 32},
	        .value = {5, BTF_KIND_INT << 24, 8, 64},
	};
	int types, fd;

	memcpy(btf.texts, texts, sizeof(texts));
	types = sys_types_load(&btf, sizeof(btf.header) + 8 * 4 + sizeof(texts));
	if (types < 0)
		return types;
	fd = create_map(map, types);
	close(types);
	return fd;
}

static int map_element(int command, int fd, const void *key, const void *value)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)fd;
	attr.key = address_of(key);
	attr.value = address_of(value); /* for MAP_GET_NEXT_KEY: next_key, the same place */
	attr.flags = BPF_ANY;
	return sys_bpf(command, &attr, sizeof(attr));
}

int sys_map_lookup(int fd, const void *key, void *value)
{
	return map_element(BPF_MAP_LOOKUP_ELEM, fd, key, value);
}

int sys_map_update(int fd, const void *key, const void *value)
{
	return map_element(BPF_MAP_UPDATE_ELEM, fd, key, value);
}

int sys_map_delete(int fd, const void *key)
{
	return map_element(BPF_MAP_DELETE_ELEM, fd, key, NULL);
}

int sys_map_next(int fd, const void *key, void *next)
{
	return map_element(BPF_MAP_GET_NEXT_KEY, fd, key, next);
}

int sys_map_freeze(int fd)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)fd;
	return sys_bpf(BPF_MAP_FREEZE, &attr, sizeof(attr));
}

int sys_map_lookup_batch(int fd, const void *from, void *to, void *keys, void *values,
                         uint32_t *count)
{
	union bpf_attr attr;
	int result;

	memset(&attr, 0, sizeof(attr));
	attr.batch.map_fd = (uint32_t)fd;
	attr.batch.in_batch = address_of(from);
	attr.batch.out_batch = address_of(to);
	attr.batch.keys = address_of(keys);
	attr.batch.values = address_of(values);
	attr.batch.count = *count;
	result = sys_bpf(BPF_MAP_LOOKUP_BATCH, &attr, sizeof(attr));
	*count = attr.batch.count;
	return result;
}

int sys_map_update_batch(int fd, const void *keys, const void *values, uint32_t count)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.batch.map_fd = (uint32_t)fd;
	attr.batch.keys = address_of(keys);
	attr.batch.values = address_of(values);
	attr.batch.count = count;
	return sys_bpf(BPF_MAP_UPDATE_BATCH, &attr, sizeof(attr));
}

int sys_types_load(const void *btf, size_t size)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.btf = address_of(btf);
	attr.btf_size = (uint32_t)size;
	return sys_bpf(BPF_BTF_LOAD, &attr, sizeof(attr));
}

static int next_types(uint32_t *id)
{
	union bpf_attr attr;
	int result;

	memset(&attr, 0, sizeof(attr));
	attr.start_id = *id;
	result = sys_bpf(BPF_BTF_GET_NEXT_ID, &attr, sizeof(attr));
	if (result < 0)
		return result;
	*id = attr.next_id;
	memset(&attr, 0, sizeof(attr));
	attr.btf_id = *id;
	return sys_bpf(BPF_BTF_GET_FD_BY_ID, &attr, sizeof(attr));
}

static bool is_of_module(int types, const char *module)
{
	char name[64] = "";
	struct bpf_btf_info info = {.name = address_of(name), .name_len = sizeof(name)};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)types;
	attr.info.info_len = sizeof(info);
	attr.info.info = address_of(&info);
	return !sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) && info.kernel_btf &&
	       !strcmp(name, module);
}

int sys_module_types(const char *module)
{
	uint32_t id = 0;
	int types;

	while ((types = next_types(&id)) >= 0) {
		if (is_of_module(types, module))
			break;
		close(types);
	}
	return types;
}

int sys_program_load(const struct sys_program *program)
{
	union bpf_attr attr;
	int result, tries = 5;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = program->type;
	attr.expected_attach_type = program->attach_type;
	attr.attach_btf_id = program->function;
	attr.attach_btf_obj_fd = (uint32_t)program->module_types;
	attr.insns = address_of(program->insns);
	attr.insn_cnt = (uint32_t)program->insn_count;
	/* What telltale's own licence says of its BPF parts; the tracing helpers ask for it. */
	attr.license = address_of("Dual MIT/GPL");
	attr.prog_flags = program->sleepable ? BPF_F_SLEEPABLE : 0;
	set_name(attr.prog_name, program->name);
	if (program->function_count) {
		attr.prog_btf_fd = (uint32_t)program->types;
		attr.func_info = address_of(program->functions);
		attr.func_info_cnt = (uint32_t)program->function_count;
		attr.func_info_rec_size = sizeof(*program->functions);
	}
	if (program->log) {
		attr.log_buf = address_of(program->log);
		attr.log_size = (uint32_t)program->log_size;
		attr.log_level = program->log_states ? 2 : 1;
	}
	/* The verifier gives up with EAGAIN when a signal is waiting. */
	do
		result = sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	while (result == -EAGAIN && --tries);
	return result;
}

int sys_program_run(int fd)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)fd;
	return sys_bpf(BPF_PROG_TEST_RUN, &attr, sizeof(attr));
}

int sys_raw_tracepoint(const char *name, int program)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.raw_tracepoint.name = (uintptr_t)name;
	attr.raw_tracepoint.prog_fd = (uint32_t)program;
	return sys_bpf(BPF_RAW_TRACEPOINT_OPEN, &attr, sizeof(attr));
}

int sys_link_iterator(int program)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)program;
	attr.link_create.attach_type = BPF_TRACE_ITER;
	return sys_bpf(BPF_LINK_CREATE, &attr, sizeof(attr));
}

int sys_iterator(int link)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.iter_create.link_fd = (uint32_t)link;
	return sys_bpf(BPF_ITER_CREATE, &attr, sizeof(attr));
}

int sys_pin(int fd, const char *path)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.bpf_fd = (uint32_t)fd;
	attr.pathname = address_of(path);
	return sys_bpf(BPF_OBJ_PIN, &attr, sizeof(attr));
}

int sys_link_uprobe_multi(int program, const struct sys_uprobe_multi *multi)
{
	struct {
		uint32_t prog_fd, target_fd, attach_type, flags;
		uint64_t path, offsets, ref_ctr_offsets, cookies;
		uint32_t count, multi_flags, pid, padding;
	} attr = {
	        .prog_fd = (uint32_t)program,
	        .attach_type = SYS_TRACE_UPROBE_MULTI,
	        .path = address_of(multi->path),
	        .offsets = address_of(multi->offsets),
	        .ref_ctr_offsets = address_of(multi->ref_ctr_offsets),
	        .cookies = address_of(multi->cookies),
	        .count = (uint32_t)multi->count,
	        .multi_flags = multi->at_return ? 1 : 0,
	        .pid = (uint32_t)multi->pid,
	};

	return sys_bpf(BPF_LINK_CREATE, &attr, sizeof(attr));
}

int sys_link_kprobe_multi(int program, const struct sys_kprobe_multi *multi)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)program;
	attr.link_create.attach_type = BPF_TRACE_KPROBE_MULTI;
	attr.link_create.kprobe_multi.flags = multi->at_return ? BPF_F_KPROBE_MULTI_RETURN : 0;
	attr.link_create.kprobe_multi.cnt = (uint32_t)multi->count;
	attr.link_create.kprobe_multi.syms = address_of(multi->symbols);
	attr.link_create.kprobe_multi.cookies = address_of(multi->cookies);
	return sys_bpf(BPF_LINK_CREATE, &attr, sizeof(attr));
}

int sys_link_perf_event(int program, int event, uint64_t cookie)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)program;
	attr.link_create.target_fd = (uint32_t)event;
	attr.link_create.attach_type = BPF_PERF_EVENT;
	attr.link_create.perf_event.bpf_cookie = cookie;
	return sys_bpf(BPF_LINK_CREATE, &attr, sizeof(attr));
}

static int perf_event_open(struct perf_event_attr *attr, pid_t pid, int cpu)
{
	long fd = syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

int sys_perf_uprobe(const struct sys_uprobe *uprobe)
{
	struct perf_event_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = (uint32_t)uprobe->type;
	if (uprobe->at_return)
		attr.config |= 1ull << uprobe->return_bit;
	if (uprobe->ref_ctr_offset)
		attr.config |= uprobe->ref_ctr_offset << uprobe->ref_ctr_shift;
	attr.uprobe_path = address_of(uprobe->path);
	attr.probe_offset = uprobe->offset;
	return perf_event_open(&attr, uprobe->pid ? uprobe->pid : -1,
	                       uprobe->pid ? -1 : uprobe->cpu);
}

int sys_perf_output(int cpu, uint32_t watermark)
{
	struct perf_event_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_BPF_OUTPUT;
	attr.sample_period = 1;
	attr.sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_RAW;
	attr.use_clockid = 1;
	attr.clockid = CLOCK_MONOTONIC;
	attr.watermark = 1;
	attr.wakeup_watermark = watermark;
	return perf_event_open(&attr, -1, cpu);
}

int sys_perf_mappings(int cpu)
{
	struct perf_event_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_DUMMY;
	attr.sample_type = PERF_SAMPLE_TIME;
	attr.sample_id_all = 1;
	attr.use_clockid = 1;
	attr.clockid = CLOCK_MONOTONIC;
	attr.mmap = attr.mmap2 = attr.task = attr.comm = attr.comm_exec = 1;
	attr.watermark = 1;
	attr.wakeup_watermark = 1u << 31; /* nobody waits for it */
	return perf_event_open(&attr, -1, cpu);
}

int sys_perf_kprobe(const struct sys_kprobe *kprobe)
{
	struct perf_event_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = (uint32_t)kprobe->type;
	if (kprobe->at_return)
		attr.config |= 1ull << kprobe->return_bit;
	attr.kprobe_func = address_of(kprobe->symbol);
	attr.probe_offset = kprobe->offset;
	return perf_event_open(&attr, -1, kprobe->cpu);
}

int sys_perf_event(uint32_t type, uint64_t config, uint64_t period, int cpu)
{
	struct perf_event_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = type;
	attr.config = config;
	attr.sample_period = period;
	return perf_event_open(&attr, -1, cpu);
}

int sys_perf_watch(const struct sys_watch *watch)
{
	struct perf_event_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_BREAKPOINT;
	attr.bp_type = watch->mode;
	attr.bp_addr = watch->address;
	attr.bp_len = watch->length;
	attr.sample_period = 1;
	return perf_event_open(&attr, -1, watch->cpu);
}

int sys_perf_set_program(int event, int program)
{
	if (ioctl(event, PERF_EVENT_IOC_SET_BPF, program))
		return -errno;
	return ioctl(event, PERF_EVENT_IOC_ENABLE, 0) ? -errno : 0;
}
