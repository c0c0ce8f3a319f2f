/* Facts about the running kernel's structs. */
#ifndef TELLTALE_ENGINE_KERNEL_BTF_H
#define TELLTALE_ENGINE_KERNEL_BTF_H

#include "base/error.h"
#include "base/memory.h"

/*
 * The offset in bytes of a member, such as "tgid" or "thread.fsbase" of "task_struct". Negative:
 * -EOPNOTSUPP when the kernel has no such member or does not tell its types, or another -errno.
 */
int kernel_member(const char *type, const char *path, struct error *err);

#endif
