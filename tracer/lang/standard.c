/*
 * What is known of headers where no file is: the numbers that programs want of C's library and of the
 * kernel, as this machine has them; the headers that compilers bring along; and the names that
 * compilers define by themselves.
 */
#include "lang/preprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

struct number {
	const char *name;
	long long value;
};

/* ---- numbers ---- */

/* clang-format off */
#define ERRORS(N) \
	N(E2BIG) N(EACCES) N(EADDRINUSE) N(EADDRNOTAVAIL) N(EADV) N(EAFNOSUPPORT) N(EAGAIN) \
	N(EALREADY) N(EBADE) N(EBADF) N(EBADFD) N(EBADMSG) N(EBADR) N(EBADRQC) N(EBADSLT) \
	N(EBFONT) N(EBUSY) N(ECANCELED) N(ECHILD) N(ECHRNG) N(ECOMM) N(ECONNABORTED) \
	N(ECONNREFUSED) N(ECONNRESET) N(EDEADLK) N(EDEADLOCK) N(EDESTADDRREQ) N(EDOM) \
	N(EDOTDOT) N(EDQUOT) N(EEXIST) N(EFAULT) N(EFBIG) N(EHOSTDOWN) N(EHOSTUNREACH) \
	N(EHWPOISON) N(EIDRM) N(EILSEQ) N(EINPROGRESS) N(EINTR) N(EINVAL) N(EIO) N(EISCONN) \
	N(EISDIR) N(EISNAM) N(EKEYEXPIRED) N(EKEYREJECTED) N(EKEYREVOKED) N(EL2HLT) N(EL2NSYNC) \
	N(EL3HLT) N(EL3RST) N(ELIBACC) N(ELIBBAD) N(ELIBEXEC) N(ELIBMAX) N(ELIBSCN) N(ELNRNG) \
	N(ELOOP) N(EMEDIUMTYPE) N(EMFILE) N(EMLINK) N(EMSGSIZE) N(EMULTIHOP) N(ENAMETOOLONG) \
	N(ENAVAIL) N(ENETDOWN) N(ENETRESET) N(ENETUNREACH) N(ENFILE) N(ENOANO) N(ENOBUFS) \
	N(ENOCSI) N(ENODATA) N(ENODEV) N(ENOENT) N(ENOEXEC) N(ENOKEY) N(ENOLCK) N(ENOLINK) \
	N(ENOMEDIUM) N(ENOMEM) N(ENOMSG) N(ENONET) N(ENOPKG) N(ENOPROTOOPT) N(ENOSPC) N(ENOSR) \
	N(ENOSTR) N(ENOSYS) N(ENOTBLK) N(ENOTCONN) N(ENOTDIR) N(ENOTEMPTY) N(ENOTNAM) \
	N(ENOTRECOVERABLE) N(ENOTSOCK) N(ENOTSUP) N(ENOTTY) N(ENOTUNIQ) N(ENXIO) N(EOPNOTSUPP) \
	N(EOVERFLOW) N(EOWNERDEAD) N(EPERM) N(EPFNOSUPPORT) N(EPIPE) N(EPROTO) \
	N(EPROTONOSUPPORT) N(EPROTOTYPE) N(ERANGE) N(EREMCHG) N(EREMOTE) N(EREMOTEIO) \
	N(ERESTART) N(ERFKILL) N(EROFS) N(ESHUTDOWN) N(ESOCKTNOSUPPORT) N(ESPIPE) N(ESRCH) \
	N(ESRMNT) N(ESTALE) N(ESTRPIPE) N(ETIME) N(ETIMEDOUT) N(ETOOMANYREFS) N(ETXTBSY) \
	N(EUCLEAN) N(EUNATCH) N(EUSERS) N(EWOULDBLOCK) N(EXDEV) N(EXFULL)

#define OPENS(N) \
	N(AT_EACCESS) N(AT_EMPTY_PATH) N(AT_FDCWD) N(AT_NO_AUTOMOUNT) N(AT_RECURSIVE) \
	N(AT_REMOVEDIR) N(AT_STATX_DONT_SYNC) N(AT_STATX_FORCE_SYNC) N(AT_STATX_SYNC_AS_STAT) \
	N(AT_STATX_SYNC_TYPE) N(AT_SYMLINK_FOLLOW) N(AT_SYMLINK_NOFOLLOW) N(FD_CLOEXEC) \
	N(F_ADD_SEALS) N(F_DUPFD) N(F_DUPFD_CLOEXEC) N(F_EXLCK) N(F_GETFD) N(F_GETFL) \
	N(F_GETLEASE) N(F_GETLK) N(F_GETLK64) N(F_GETOWN) N(F_GETOWN_EX) N(F_GETPIPE_SZ) \
	N(F_GETSIG) N(F_GET_FILE_RW_HINT) N(F_GET_RW_HINT) N(F_GET_SEALS) N(F_LOCK) N(F_NOTIFY) \
	N(F_OFD_GETLK) N(F_OFD_SETLK) N(F_OFD_SETLKW) N(F_OK) N(F_RDLCK) N(F_SEAL_FUTURE_WRITE) \
	N(F_SEAL_GROW) N(F_SEAL_SEAL) N(F_SEAL_SHRINK) N(F_SEAL_WRITE) N(F_SETFD) N(F_SETFL) \
	N(F_SETLEASE) N(F_SETLK) N(F_SETLK64) N(F_SETLKW) N(F_SETLKW64) N(F_SETOWN) \
	N(F_SETOWN_EX) N(F_SETPIPE_SZ) N(F_SETSIG) N(F_SET_FILE_RW_HINT) N(F_SET_RW_HINT) \
	N(F_SHLCK) N(F_TEST) N(F_TLOCK) N(F_ULOCK) N(F_UNLCK) N(F_WRLCK) N(O_ACCMODE) \
	N(O_APPEND) N(O_ASYNC) N(O_CLOEXEC) N(O_CREAT) N(O_DIRECT) N(O_DIRECTORY) N(O_DSYNC) \
	N(O_EXCL) N(O_FSYNC) N(O_LARGEFILE) N(O_NDELAY) N(O_NOATIME) N(O_NOCTTY) N(O_NOFOLLOW) \
	N(O_NONBLOCK) N(O_PATH) N(O_RDONLY) N(O_RDWR) N(O_RSYNC) N(O_SYNC) N(O_TMPFILE) \
	N(O_TRUNC) N(O_WRONLY) N(S_IFBLK) N(S_IFCHR) N(S_IFDIR) N(S_IFIFO) N(S_IFLNK) N(S_IFMT) \
	N(S_IFREG) N(S_IFSOCK) N(S_IRGRP) N(S_IROTH) N(S_IRUSR) N(S_IRWXG) N(S_IRWXO) \
	N(S_IRWXU) N(S_ISGID) N(S_ISUID) N(S_ISVTX) N(S_IWGRP) N(S_IWOTH) N(S_IWUSR) N(S_IXGRP) \
	N(S_IXOTH) N(S_IXUSR)

#define FAMILIES(N) \
	N(AF_ALG) N(AF_APPLETALK) N(AF_ASH) N(AF_ATMPVC) N(AF_ATMSVC) N(AF_AX25) \
	N(AF_BLUETOOTH) N(AF_BRIDGE) N(AF_CAIF) N(AF_CAN) N(AF_ECONET) N(AF_FILE) N(AF_IB) \
	N(AF_IEEE802154) N(AF_INET) N(AF_INET6) N(AF_IPX) N(AF_IRDA) N(AF_ISDN) N(AF_IUCV) \
	N(AF_KCM) N(AF_KEY) N(AF_LLC) N(AF_LOCAL) N(AF_MPLS) N(AF_NETBEUI) N(AF_NETLINK) \
	N(AF_NETROM) N(AF_NFC) N(AF_PACKET) N(AF_PHONET) N(AF_PPPOX) N(AF_QIPCRTR) N(AF_RDS) \
	N(AF_ROSE) N(AF_ROUTE) N(AF_RXRPC) N(AF_SECURITY) N(AF_SMC) N(AF_SNA) N(AF_TIPC) \
	N(AF_UNIX) N(AF_UNSPEC) N(AF_VSOCK) N(AF_WANPIPE) N(AF_X25) N(AF_XDP)

#define SOCKETS(N) \
	N(SHUT_RD) N(SHUT_RDWR) N(SHUT_WR) N(SOL_SOCKET) N(SO_ACCEPTCONN) N(SO_BINDTODEVICE) \
	N(SO_BINDTOIFINDEX) N(SO_BROADCAST) N(SO_BSDCOMPAT) N(SO_COOKIE) N(SO_DEBUG) \
	N(SO_DOMAIN) N(SO_DONTROUTE) N(SO_ERROR) N(SO_KEEPALIVE) N(SO_LINGER) N(SO_MARK) \
	N(SO_MEMINFO) N(SO_NOFCS) N(SO_OOBINLINE) N(SO_PASSCRED) N(SO_PASSSEC) N(SO_PEERCRED) \
	N(SO_PEERGROUPS) N(SO_PEERNAME) N(SO_PEERSEC) N(SO_PRIORITY) N(SO_PROTOCOL) \
	N(SO_RCVBUF) N(SO_RCVBUFFORCE) N(SO_RCVLOWAT) N(SO_RCVMARK) N(SO_RCVTIMEO) \
	N(SO_REUSEADDR) N(SO_REUSEPORT) N(SO_SNDBUF) N(SO_SNDBUFFORCE) N(SO_SNDLOWAT) \
	N(SO_SNDTIMEO) N(SO_TIMESTAMP) N(SO_TIMESTAMPING) N(SO_TIMESTAMPNS) N(SO_TXREHASH) \
	N(SO_TXTIME) N(SO_TYPE) N(SO_ZEROCOPY) N(SOCK_STREAM) N(SOCK_DGRAM) N(SOCK_RAW) \
	N(SOCK_SEQPACKET) N(SOCK_CLOEXEC) N(SOCK_NONBLOCK) N(MSG_PEEK) N(MSG_DONTWAIT) \
	N(MSG_NOSIGNAL) N(MSG_TRUNC) N(MSG_WAITALL)

#define SIGNALS(N) \
	N(SIGABRT) N(SIGALRM) N(SIGBUS) N(SIGCHLD) N(SIGCONT) N(SIGFPE) N(SIGHUP) N(SIGILL) \
	N(SIGINT) N(SIGIO) N(SIGIOT) N(SIGKILL) N(SIGPIPE) N(SIGPOLL) N(SIGPROF) N(SIGPWR) \
	N(SIGQUIT) N(SIGSEGV) N(SIGSTKFLT) N(SIGSTOP) N(SIGSYS) N(SIGTERM) N(SIGTRAP) \
	N(SIGTSTP) N(SIGTTIN) N(SIGTTOU) N(SIGURG) N(SIGUSR1) N(SIGUSR2) N(SIGVTALRM) \
	N(SIGWINCH) N(SIGXCPU) N(SIGXFSZ)
/* clang-format on */

#define ROW(name) {#name, (long long)(name)},
static const struct number errors[] = {ERRORS(ROW){0}};
static const struct number opens[] = {OPENS(ROW){0}};
static const struct number families[] = {FAMILIES(ROW){0}};
static const struct number sockets[] = {SOCKETS(ROW){0}};
static const struct number signals[] = {SIGNALS(ROW){0}};
#undef ROW

/* Of the kernel's own headers, which its BTF does not tell: part of its promise to programs. */
static const struct number tasks[] = {
	{"TASK_RUNNING", 0}, {"TASK_INTERRUPTIBLE", 1}, {"TASK_UNINTERRUPTIBLE", 2}, {0},
};

static const struct {
	const char *header;
	const struct number *numbers;
} numbered[] = {
	{"errno.h", errors},	   {"linux/errno.h", errors},  {"asm/errno.h", errors},
	{"fcntl.h", opens},	   {"linux/fcntl.h", opens},   {"sys/socket.h", families},
	{"sys/socket.h", sockets},
	{"linux/socket.h", families}, {"signal.h", signals},   {"linux/signal.h", signals},
	{"linux/sched.h", tasks},
};

/* ---- headers that belong to compilers ---- */

static const struct {
	const char *header, *text;
} texts[] = {
	{"stddef.h", "typedef unsigned long size_t;\ntypedef long ptrdiff_t;\ntypedef int wchar_t;\n"
		     "#ifndef NULL\n#define NULL ((void *)0)\n#endif\n"},
	{"stdarg.h", "typedef void *va_list;\ntypedef void *__gnuc_va_list;\n"},
	{"stdbool.h", "#define bool _Bool\n#define __bool_true_false_are_defined 1\n"},
	{"stdint.h", ""}, /* its types are the language's own */
	{"limits.h", "#define CHAR_BIT 8\n#define SCHAR_MAX 127\n#define UCHAR_MAX 255\n"
		     "#define SHRT_MAX 32767\n#define USHRT_MAX 65535\n#define INT_MAX 2147483647\n"
		     "#define INT_MIN (-INT_MAX - 1)\n#define UINT_MAX 4294967295U\n"
		     "#define LONG_MAX 9223372036854775807L\n#define LONG_MIN (-LONG_MAX - 1L)\n"
		     "#define ULONG_MAX 18446744073709551615UL\n#define LLONG_MAX LONG_MAX\n"
		     "#define LLONG_MIN LONG_MIN\n#define ULLONG_MAX ULONG_MAX\n"},
	{"float.h", ""},
};

bool standard_header(const char *name, struct buffer *text)
{
	bool known = false;

	for (size_t i = 0; i < sizeof(numbered) / sizeof(*numbered); i++) {
		if (strcmp(numbered[i].header, name) != 0)
			continue;
		known = true;
		for (const struct number *n = numbered[i].numbers; n->name; n++)
			buffer_print(text, "#ifndef %s\n#define %s %lld\n#endif\n", n->name, n->name,
				     n->value);
	}
	/* Those have a file, or are what one is made of. */
	for (size_t i = 0; !text->length && i < sizeof(texts) / sizeof(*texts); i++) {
		if (strcmp(texts[i].header, name) != 0)
			continue;
		known = true;
		buffer_text(text, texts[i].text);
	}
	return known;
}

/* ---- names ---- */

void standard_names(struct preprocessor *p)
{
	static const struct {
		const char *name, *value;
	} names[] = {
		/* What headers ask for: a compiler that knows attributes, C11, 64 bits. */
		{"__GNUC__", "12"},	    {"__GNUC_MINOR__", "2"},	  {"__STDC__", "1"},
		{"__STDC_HOSTED__", "1"},   {"__STDC_VERSION__", "201112"}, {"__linux__", "1"},
		{"__linux", "1"},	    {"__unix__", "1"},		  {"__ELF__", "1"},
		{"__LP64__", "1"},	    {"_LP64", "1"},		  {"__CHAR_BIT__", "8"},
		{"__SIZEOF_INT__", "4"},    {"__SIZEOF_LONG__", "8"},	  {"__SIZEOF_POINTER__", "8"},
		{"__SIZEOF_SIZE_T__", "8"}, {"__ORDER_LITTLE_ENDIAN__", "1234"},
		{"__ORDER_BIG_ENDIAN__", "4321"},
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		{"__BYTE_ORDER__", "1234"},
#else
		{"__BYTE_ORDER__", "4321"},
#endif
		{"__SIZE_TYPE__", "unsigned long"}, {"__PTRDIFF_TYPE__", "long"},
		{"__INT_MAX__", "2147483647"},	    {"__LONG_MAX__", "9223372036854775807"},
		{"__has_include", "__has_include"},
#if defined(__x86_64__)
		{"__x86_64__", "1"},	    {"__x86_64", "1"},		  {"__amd64__", "1"},
#elif defined(__aarch64__)
		{"__aarch64__", "1"},
#elif defined(__riscv)
		{"__riscv", "1"},	    {"__riscv_xlen", "64"},
#elif defined(__powerpc64__)
		{"__powerpc64__", "1"},	    {"__powerpc__", "1"},
#elif defined(__s390x__)
		{"__s390x__", "1"},	    {"__s390__", "1"},
#endif
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		macro_predefine(p, names[i].name, names[i].value);
}
