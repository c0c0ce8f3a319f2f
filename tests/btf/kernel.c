/*
 * Some of a kernel's types and functions. Compiled for BPF with debug information, it has the types
 * (BTF) that the golden tests take for the kernel's, so that they are the same everywhere.
 */
typedef unsigned int u32;
typedef unsigned int fmode_t;

struct dentry;
struct path {
	void *mnt;
	struct dentry *dentry;
};
struct file {
	fmode_t f_mode;
	unsigned int mode : 4, is_open : 1;
	union {
		const struct path f_path;
		struct path other;
	};
	char name[16];
};
struct task_struct {
	int pid;
	char comm[16];
	struct file *exe;
};
struct pair {
	long a, b;
};
struct seq_file;
struct bpf_iter_meta {
	struct seq_file *seq;
};
enum how { SOON, LATER };

#define MEMBER(type, name) \
	union { \
		type name; \
	} __attribute__((aligned(8)))
struct bpf_iter__task {
	MEMBER(struct bpf_iter_meta *, meta);
	MEMBER(struct task_struct *, task);
};
struct bpf_iter__task_file {
	MEMBER(struct bpf_iter_meta *, meta);
	MEMBER(struct task_struct *, task);
	u32 fd;
	MEMBER(struct file *, file);
};

int bpf_iter_task(struct bpf_iter_meta *meta, struct task_struct *task)
{
	return 0;
}

int bpf_iter_task_file(struct bpf_iter_meta *meta, struct task_struct *task, u32 fd, struct file *file)
{
	return 0;
}

struct file *fget(unsigned int fd)
{
	return 0;
}

long vfs_read(struct file *file, char *buf, unsigned long count, long *pos)
{
	return 0;
}

long vfs_write(struct file *file, const char *buf, unsigned long count, long *pos)
{
	return 0;
}

void odd(signed char c, struct pair pair, _Bool flag, enum how how)
{
}

/* What only pointers lead to is left out. */
struct bpf_iter__task task;
struct bpf_iter__task_file task_file;
struct bpf_iter_meta meta;
struct file file;
struct task_struct task_struct;

struct rq {
	unsigned int nr_running, cpu;
};
__attribute__((section(".data..percpu"))) struct rq runqueues;
__attribute__((section(".data..percpu"))) unsigned long process_counts;
