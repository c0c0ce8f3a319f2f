/*
 * The floor: BPF written by hand for one case each, and no more than the case needs. It is exact
 * where telltale is: a hit may be preempted by another one on its CPU, so counts are atomic.
 */
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <stddef.h>

#include <bpf/bpf_helpers.h>

#include "floor.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u64);
} by_key SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, FLOOR_BUCKETS);
	__type(key, __u32);
	__type(value, __u64);
} buckets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u64);
} begun SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} of_thread SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

static __always_inline void add_one(void *map, __u32 key)
{
	__u64 *value = bpf_map_lookup_elem(map, &key);

	if (value)
		__sync_fetch_and_add(value, 1);
}

/* The bucket's number by halves, as compilers have no instruction for it in BPF. */
static __always_inline __u32 log2_bucket(__u64 value)
{
	__u32 log = 0;

	if (!value)
		return 0;
	if (value >> 32)
		value >>= 32, log += 32;
	if (value >> 16)
		value >>= 16, log += 16;
	if (value >> 8)
		value >>= 8, log += 8;
	if (value >> 4)
		value >>= 4, log += 4;
	if (value >> 2)
		value >>= 2, log += 2;
	return log + (value >> 1) + 1;
}

SEC("uprobe")
int count(struct pt_regs *ctx)
{
	(void)ctx;
	add_one(&counts, 0);
	return 0;
}

SEC("uprobe")
int key(struct pt_regs *ctx)
{
	__u64 key = (__u64)(int)ctx->rdi, one = 1;
	__u64 *value = bpf_map_lookup_elem(&by_key, &key);

	if (value)
		__sync_fetch_and_add(value, 1);
	else
		bpf_map_update_elem(&by_key, &key, &one, BPF_ANY);
	return 0;
}

SEC("uprobe")
int hist(struct pt_regs *ctx)
{
	add_one(&buckets, log2_bucket((__u64)(int)ctx->rsi));
	return 0;
}

SEC("uprobe")
int begin(struct pt_regs *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 time = bpf_ktime_get_ns();

	(void)ctx;
	bpf_map_update_elem(&begun, &tid, &time, BPF_ANY);
	return 0;
}

SEC("uprobe")
int end(struct pt_regs *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 *time = bpf_map_lookup_elem(&begun, &tid);

	(void)ctx;
	if (time) {
		add_one(&buckets, log2_bucket(bpf_ktime_get_ns() - *time));
		bpf_map_delete_elem(&begun, &tid);
	}
	return 0;
}

/* The same in memory of the thread's own. */
SEC("uprobe")
int begin_own(struct pt_regs *ctx)
{
	__u64 *time = bpf_task_storage_get(&of_thread, bpf_get_current_task_btf(), NULL,
					   BPF_LOCAL_STORAGE_GET_F_CREATE);

	(void)ctx;
	if (time)
		*time = bpf_ktime_get_ns();
	return 0;
}

SEC("uprobe")
int end_own(struct pt_regs *ctx)
{
	__u64 *time = bpf_task_storage_get(&of_thread, bpf_get_current_task_btf(), NULL, 0);

	(void)ctx;
	if (time && *time) {
		add_one(&buckets, log2_bucket(bpf_ktime_get_ns() - *time));
		*time = 0;
	}
	return 0;
}

/* Three integers and nothing else. */
SEC("uprobe")
int ints(struct pt_regs *ctx)
{
	struct floor_ints *e = bpf_ringbuf_reserve(&ring, sizeof(*e), 0);

	if (!e) {
		add_one(&lost, 0);
		return 0;
	}
	e->values[0] = (int)ctx->rdi;
	e->values[1] = (int)ctx->rsi;
	e->values[2] = (int)ctx->rdx;
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
	return 0;
}

static __always_inline void fill_head(struct floor_head *h)
{
	__u64 id = bpf_get_current_pid_tgid();

	h->time = bpf_ktime_get_ns();
	h->pid = id >> 32;
	h->tid = (__u32)id;
	h->cpu = bpf_get_smp_processor_id();
	bpf_get_current_comm(h->comm, sizeof(h->comm));
}

/* With what `telltale trace` prints beside them: time, process, thread, processor, name. */
SEC("uprobe")
int event(struct pt_regs *ctx)
{
	struct floor_event *e = bpf_ringbuf_reserve(&ring, sizeof(*e), 0);

	if (!e) {
		add_one(&lost, 0);
		return 0;
	}
	fill_head(&e->head);
	e->values[0] = (int)ctx->rdi;
	e->values[1] = (int)ctx->rsi;
	e->values[2] = (int)ctx->rdx;
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("uprobe")
int text(struct pt_regs *ctx)
{
	struct floor_text *e = bpf_ringbuf_reserve(&ring, sizeof(*e), 0);

	if (!e) {
		add_one(&lost, 0);
		return 0;
	}
	fill_head(&e->head);
	e->length = bpf_probe_read_user_str(e->text, sizeof(e->text), (const void *)ctx->rdi);
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
	return 0;
}

char _license[] SEC("license") = "GPL";
