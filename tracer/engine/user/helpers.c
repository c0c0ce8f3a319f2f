/*
 * Owns what BPF's helpers do in user space, in one table. One that is not in it is refused when a
 * plan is opened. Each takes its arguments from the program, so every address is checked first.
 */
#include "machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define HELPER(name)                                                                               \
	static uint64_t name(struct machine *m, uint64_t a, uint64_t b, uint64_t c, uint64_t d,    \
			     uint64_t e)
#define UNUSED(...) unused((uint64_t[]){__VA_ARGS__})

static inline void unused(const uint64_t *values)
{
	(void)values;
}

static uint64_t negative(int code)
{
	return (uint64_t)(int64_t)code;
}

/* ---- maps ---- */

/* NULL, and the run fails, when that is not a map with such a key, and, where given, such a value. */
static struct user_map *map_at(struct machine *m, uint64_t map)
{
	for (size_t i = 0; i < m->map_count; i++)
		if ((uintptr_t)m->maps[i] == map)
			return m->maps[i];
	machine_fail(m, -EFAULT, "a program names a map that there is not");
	return NULL;
}

static struct user_map *map_with_key(struct machine *m, uint64_t map, uint64_t key)
{
	struct user_map *found = map_at(m, map);

	return found && machine_may(m, key, found->key_size, false) ? found : NULL;
}

HELPER(map_lookup)
{
	struct user_map *map = map_with_key(m, a, b);

	UNUSED(c, d, e);
	return map ? (uintptr_t)user_map_lookup(map, (const void *)(uintptr_t)b) : 0;
}

/* The maps that the kernel keeps per CPU have one value here, that of the first. */
HELPER(map_lookup_percpu)
{
	return c ? 0 : map_lookup(m, a, b, c, d, e);
}

HELPER(map_update)
{
	struct user_map *map = map_with_key(m, a, b);

	UNUSED(e);
	if (!map || !machine_may(m, c, map->plan.value_size, false))
		return 0;
	return negative(user_map_update(map, (const void *)(uintptr_t)b, (const void *)(uintptr_t)c,
					d));
}

HELPER(map_delete)
{
	struct user_map *map = map_with_key(m, a, b);

	UNUSED(c, d, e);
	return map ? negative(user_map_delete(map, (const void *)(uintptr_t)b)) : 0;
}

struct each_call {
	struct machine *machine;
	uint64_t map, function, context, count;
};

static int call_for_entry(void *context, const void *key, const void *value)
{
	struct each_call *each = context;
	struct machine *m = each->machine;
	uint64_t args[5] = {each->map, (uintptr_t)key, (uintptr_t)value, each->context};
	struct user_map *map = (struct user_map *)(uintptr_t)each->map;
	size_t ranges = m->range_count;
	uint64_t result;

	/* The key, too, is the callback's to read. */
	machine_add_range(m, key, map->key_size, false);
	result = machine_call(m, each->function, args);
	m->range_count = ranges;
	m->recent = 0;
	each->count++;
	return m->failed ? -1 : result != 0;
}

HELPER(for_each_map_elem)
{
	struct each_call each = {m, a, b, c, 0};
	struct user_map *map = map_at(m, a);

	UNUSED(e);
	if (!map)
		return 0;
	if (d || !map->values || m->frames + 1 >= FRAMES)
		return negative(-EINVAL);
	user_map_each(map, call_for_entry, &each);
	return each.count;
}

/* As the kernel: at most 2^23 times. */
HELPER(loop)
{
	uint64_t i = 0;

	UNUSED(e);
	if (d)
		return negative(-EINVAL);
	if ((uint32_t)a > LOOPS_MOST)
		return negative(-E2BIG);
	while (i < (uint32_t)a && !m->failed) {
		uint64_t args[5] = {i++, c};

		if (machine_call(m, b, args))
			break;
	}
	return i;
}

/* ---- the ring ---- */

static uint64_t reserve(struct machine *m, uint64_t size)
{
	void *record;

	if (!m->ring || m->record_count >= RANGES)
		return 0;
	record = user_ring_reserve(m->ring, size);
	if (!record)
		return 0;
	m->records[m->record_count++] = record;
	machine_add_range(m, record, size, true);
	return (uintptr_t)record;
}

static void finish(struct machine *m, uint64_t record, bool discard)
{
	for (size_t i = 0; i < m->record_count; i++) {
		if ((uintptr_t)m->records[i] != record)
			continue;
		user_ring_finish(m->records[i], discard);
		m->records[i] = m->records[--m->record_count];
		for (size_t r = 0; r < m->range_count; r++) {
			if (m->ranges[r].start != record)
				continue;
			m->ranges[r] = m->ranges[--m->range_count];
			break;
		}
		m->recent = 0;
		return;
	}
	machine_fail(m, -EFAULT, "a program gives back a record that it does not have");
}

HELPER(ringbuf_reserve)
{
	UNUSED(c, d, e);
	return map_at(m, a) ? reserve(m, b) : 0;
}

HELPER(ringbuf_submit)
{
	UNUSED(b, c, d, e);
	finish(m, a, false);
	return 0;
}

HELPER(ringbuf_discard)
{
	UNUSED(b, c, d, e);
	finish(m, a, true);
	return 0;
}

HELPER(ringbuf_output)
{
	uint64_t record;

	UNUSED(d, e);
	if (!map_at(m, a) || !machine_may(m, b, c, false))
		return 0;
	record = reserve(m, c);
	if (!record)
		return negative(-EAGAIN);
	memcpy((void *)(uintptr_t)record, (const void *)(uintptr_t)b, c);
	finish(m, record, false);
	return 0;
}

/* ---- memory ---- */

/* All of it or nothing, and then zeros, as the kernel leaves them. */
HELPER(read_user)
{
	void *to = (void *)(uintptr_t)a;

	UNUSED(d, e);
	b = (uint32_t)b;
	if (!machine_may(m, a, b, true))
		return 0;
	if (!b || m->current->read(m->current, c, to, b) == (ssize_t)b)
		return 0;
	memset(to, 0, b);
	return negative(-EFAULT);
}

HELPER(read_user_text)
{
	void *to = (void *)(uintptr_t)a;
	int64_t length;

	UNUSED(d, e);
	b = (uint32_t)b;
	if (!machine_may(m, a, b, true))
		return 0;
	length = current_text(m->current, to, b, c);
	if (length < 0)
		memset(to, 0, b);
	return (uint64_t)length;
}

/* The kernel's memory, as far as plans read it, is the context and the thread. */
HELPER(read_own)
{
	void *to = (void *)(uintptr_t)a;

	UNUSED(d, e);
	b = (uint32_t)b;
	if (!machine_may(m, a, b, true))
		return 0;
	if (machine_owns(m, c, b, false)) {
		memmove(to, (const void *)(uintptr_t)c, b);
		return 0;
	}
	memset(to, 0, b);
	return negative(-EFAULT);
}

HELPER(read_own_text)
{
	char *to = (char *)(uintptr_t)a;
	uint64_t length = 0;

	UNUSED(d, e);
	b = (uint32_t)b;
	if (!machine_may(m, a, b, true))
		return 0;
	while (length < b && machine_owns(m, c + length, 1, false)) {
		to[length] = *(const char *)(uintptr_t)(c + length);
		if (!to[length++])
			return length;
	}
	if (b && length == b) {
		to[b - 1] = '\0';
		return b;
	}
	memset(to, 0, b);
	return negative(-EFAULT);
}

HELPER(compare_text)
{
	UNUSED(d, e);
	if (!machine_may(m, a, (uint32_t)b, false) || !machine_may(m, c, 1, false))
		return 0;
	for (uint64_t i = 0; i < (uint32_t)b; i++) {
		unsigned char x, y;

		if (!machine_may(m, c + i, 1, false))
			return 0;
		x = *(const unsigned char *)(uintptr_t)(a + i);
		y = *(const unsigned char *)(uintptr_t)(c + i);
		if (x != y)
			return x < y ? UINT64_MAX : 1;
		if (!x)
			break;
	}
	return 0;
}

/* abi.h: what BPF does not have. */
HELPER(read_vector)
{
	unsigned char bytes[16];
	void *to = (void *)(uintptr_t)a;

	UNUSED(e);
	if (!machine_may(m, a, b, true))
		return 0;
	if (d > sizeof(bytes) || b > sizeof(bytes) - d ||
	    !m->current->vector(m->current, (unsigned)c, bytes)) {
		memset(to, 0, b);
		return negative(-EFAULT);
	}
	memcpy(to, bytes + d, b);
	return 0;
}

/* ---- the thread ---- */

HELPER(pid_tgid)
{
	UNUSED(a, b, c, d, e);
	return (uint64_t)(uint32_t)m->current->pid << 32 | (uint32_t)m->current->tid;
}

HELPER(uid_gid)
{
	uint32_t uid = 0, gid = 0;

	UNUSED(a, b, c, d, e);
	m->current->owner(m->current, &uid, &gid);
	return (uint64_t)gid << 32 | uid;
}

HELPER(comm)
{
	char name[ABI_COMM] = "";

	UNUSED(c, d, e);
	b = (uint32_t)b;
	if (!machine_may(m, a, b, true))
		return 0;
	m->current->comm(m->current, name);
	memset((void *)(uintptr_t)a, 0, b);
	memcpy((void *)(uintptr_t)a, name, b < sizeof(name) ? b : sizeof(name));
	if (b)
		*(char *)(uintptr_t)(a + b - 1) = '\0';
	return 0;
}

HELPER(cpu)
{
	UNUSED(a, b, c, d, e);
	return m->current->cpu(m->current);
}

HELPER(task)
{
	UNUSED(a, b, c, d, e);
	return (uintptr_t)&m->current->task;
}

/* Threads carry nothing here: the program goes on to the map that has the values then. */
HELPER(task_storage)
{
	UNUSED(b, c, d, e);
	map_at(m, a);
	return 0;
}

HELPER(cookie)
{
	UNUSED(a, b, c, d, e);
	return m->current->cookie;
}

HELPER(site_address)
{
	UNUSED(a, b, c, d, e);
	return m->current->address;
}

enum { STACK_MOST = 1024 };

/* The kernel's part of a stack is not for us to see. */
HELPER(stack_number)
{
	struct user_map *map = map_at(m, b);
	uint64_t addresses[STACK_MOST];
	uint32_t most, skip = (uint32_t)c & BPF_F_SKIP_FIELD_MASK, count;

	UNUSED(a, d, e);
	if (!map)
		return 0;
	if (!(c & BPF_F_USER_STACK))
		return negative(-EOPNOTSUPP);
	most = map->plan.value_size / 8 + skip;
	count = current_stack(m->current, addresses, most < STACK_MOST ? most : STACK_MOST);
	if (count <= skip)
		return negative(-EFAULT);
	return (uint64_t)user_map_stack(map, addresses + skip, count - skip);
}

HELPER(stack)
{
	uint64_t addresses[STACK_MOST];
	uint32_t skip = (uint32_t)d & BPF_F_SKIP_FIELD_MASK, count, most;

	UNUSED(a, e);
	c = (uint32_t)c;
	if (!machine_may(m, b, c, true))
		return 0;
	if (!(d & BPF_F_USER_STACK))
		return negative(-EOPNOTSUPP);
	most = (uint32_t)c / 8 + skip;
	count = current_stack(m->current, addresses, most < STACK_MOST ? most : STACK_MOST);
	if (count <= skip)
		return negative(-EFAULT);
	memset((void *)(uintptr_t)b, 0, c);
	memcpy((void *)(uintptr_t)b, addresses + skip, (count - skip) * 8);
	return (count - skip) * 8;
}

/* ---- time and chance ---- */

static uint64_t clock_now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

HELPER(monotonic)
{
	UNUSED(a, b, c, d, e);
	(void)m;
	return clock_now(CLOCK_MONOTONIC);
}

HELPER(boot_time)
{
	UNUSED(a, b, c, d, e);
	(void)m;
	return clock_now(CLOCK_BOOTTIME);
}

HELPER(atomic_time)
{
	UNUSED(a, b, c, d, e);
	(void)m;
	return clock_now(CLOCK_TAI);
}

HELPER(coarse_time)
{
	UNUSED(a, b, c, d, e);
	(void)m;
	return clock_now(CLOCK_MONOTONIC_COARSE);
}

HELPER(chance)
{
	uint32_t number;

	UNUSED(a, b, c, d, e);
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		machine_fail(m, -EIO, "no random numbers can be had");
	return m->failed ? 0 : number;
}

/* ---- the table ---- */

static const struct {
	int number;
	helper_fn *helper;
} table[] = {
	{BPF_FUNC_map_lookup_elem, map_lookup},
	{BPF_FUNC_map_lookup_percpu_elem, map_lookup_percpu},
	{BPF_FUNC_map_update_elem, map_update},
	{BPF_FUNC_map_delete_elem, map_delete},
	{BPF_FUNC_for_each_map_elem, for_each_map_elem},
	{BPF_FUNC_loop, loop},
	{BPF_FUNC_ringbuf_reserve, ringbuf_reserve},
	{BPF_FUNC_ringbuf_submit, ringbuf_submit},
	{BPF_FUNC_ringbuf_discard, ringbuf_discard},
	{BPF_FUNC_ringbuf_output, ringbuf_output},
	{BPF_FUNC_probe_read_user, read_user},
	{BPF_FUNC_copy_from_user, read_user},
	{BPF_FUNC_probe_read_user_str, read_user_text},
	{BPF_FUNC_probe_read_kernel, read_own},
	{BPF_FUNC_probe_read_kernel_str, read_own_text},
	{BPF_FUNC_strncmp, compare_text},
	{ABI_HELPER_VECTOR, read_vector},
	{BPF_FUNC_get_current_pid_tgid, pid_tgid},
	{BPF_FUNC_get_current_uid_gid, uid_gid},
	{BPF_FUNC_get_current_comm, comm},
	{BPF_FUNC_get_smp_processor_id, cpu},
	{BPF_FUNC_get_current_task, task},
	{BPF_FUNC_get_current_task_btf, task},
	{BPF_FUNC_task_storage_get, task_storage},
	{BPF_FUNC_get_attach_cookie, cookie},
	{BPF_FUNC_get_func_ip, site_address},
	{BPF_FUNC_get_stackid, stack_number},
	{BPF_FUNC_get_stack, stack},
	{BPF_FUNC_ktime_get_ns, monotonic},
	{BPF_FUNC_ktime_get_boot_ns, boot_time},
	{BPF_FUNC_ktime_get_tai_ns, atomic_time},
	{BPF_FUNC_ktime_get_coarse_ns, coarse_time},
	{BPF_FUNC_get_prandom_u32, chance},
	{BPF_FUNC_get_current_cgroup_id, helper_cgroup},
	{BPF_FUNC_get_numa_node_id, helper_numa_node},
	{BPF_FUNC_send_signal, helper_send_signal},
};

helper_fn *helper_of(int32_t number)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (table[i].number == number)
			return table[i].helper;
	return NULL;
}
