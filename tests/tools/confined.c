/*
 * confined COMMAND ARGS...: runs a command as a container would that nobody gave anything: in a user
 * and mount namespace of its own, as the user nobody (65534) of it, without a capability and without a way
 * to one, and with the system calls denied that Docker's default seccomp profile denies to such a
 * container (docs.docker.com's list of significant calls, and the newer ones of that profile,
 * moby's profiles/seccomp of 2024; ptrace(2) and process_vm_readv(2) are allowed since kernel 4.8).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOBODY = 65534, NAMESPACES = 0x7e020000 /* CLONE_NEW... of clone(2)'s flags */ };

static const int denied[] = {
	SYS_acct, SYS_add_key, SYS_bpf, SYS_clock_adjtime, SYS_clock_settime, SYS_delete_module,
	SYS_finit_module, SYS_fsconfig, SYS_fsmount, SYS_fsopen, SYS_fspick, SYS_get_mempolicy,
	SYS_init_module, SYS_io_uring_enter, SYS_io_uring_register, SYS_io_uring_setup, SYS_kcmp,
	SYS_kexec_load, SYS_keyctl, SYS_lookup_dcookie, SYS_mbind, SYS_mount, SYS_mount_setattr,
	SYS_move_mount, SYS_move_pages, SYS_nfsservctl, SYS_open_by_handle_at, SYS_open_tree,
	SYS_perf_event_open, SYS_personality, SYS_pivot_root, SYS_quotactl, SYS_reboot,
	SYS_request_key, SYS_set_mempolicy, SYS_setns, SYS_settimeofday, SYS_swapon, SYS_swapoff,
	SYS_umount2, SYS_unshare, SYS_userfaultfd,
#ifdef __x86_64__
	SYS_create_module, SYS_get_kernel_syms, SYS_ioperm, SYS_iopl, SYS_kexec_file_load,
	SYS_query_module, SYS_sysfs, SYS__sysctl, SYS_uselib, SYS_ustat,
#endif
};

static int complain(const char *what)
{
	fprintf(stderr, "confined: %s: %s\n", what, strerror(errno));
	return 125;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n < 0 ? -1 : 0;
}

/* We are `nobody` in there and whoever we were outside; files belong to the same people. */
static int enter_namespaces(void)
{
	char map[64];
	uid_t uid = getuid();
	gid_t gid = getgid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		return complain("unshare");
	snprintf(map, sizeof(map), "%d %u 1", NOBODY, uid);
	if (write_file("/proc/self/setgroups", "deny") || write_file("/proc/self/uid_map", map))
		return complain("/proc/self/uid_map");
	snprintf(map, sizeof(map), "%d %u 1", NOBODY, gid);
	return write_file("/proc/self/gid_map", map) ? complain("/proc/self/gid_map") : 0;
}

static int drop_capabilities(void)
{
	struct {
		unsigned version;
		int pid;
	} header = {0x20080522, 0};
	unsigned data[6] = {0};

	for (int cap = 0; cap < 64; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &header, data))
		return complain("capset");
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? complain("no_new_privs") : 0;
}

static int filter_calls(void)
{
	enum { COUNT = sizeof(denied) / sizeof(*denied), MOST = 2 * COUNT + 16 };
	static struct sock_filter code[MOST];
	struct sock_fprog program = {.filter = code};
	unsigned short n = 0;

	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < COUNT; i++) {
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							 (unsigned)denied[i], 0, 1);
		code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
							 SECCOMP_RET_ERRNO | EPERM);
	}
	/* clone3(2) has its flags in memory: told that it is not there, libc takes clone(2). */
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, args[0]));
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NAMESPACES, 0, 1);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = n;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) ? complain("seccomp") : 0;
}

int main(int argc, char **argv)
{
	int code;

	if (argc < 2) {
		fprintf(stderr, "Usage: confined COMMAND ARGS...\n");
		return 125;
	}
	code = enter_namespaces();
	if (!code)
		code = drop_capabilities();
	if (!code)
		code = filter_calls();
	if (code)
		return code;
	execvp(argv[1], argv + 1);
	return complain(argv[1]);
}
