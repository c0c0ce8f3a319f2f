/* What forks of telltale that live on beside it have in common (child.c). */
#ifndef TELLTALE_ENGINE_KERNEL_CHILD_H
#define TELLTALE_ENGINE_KERNEL_CHILD_H

#include <stddef.h>

/*
 * Right after fork(2): a session of its own, every signal that can be ignored ignored (neither the
 * keys of a terminal nor a signal to a group are meant for it), a name, and no descriptor but those
 * to keep, which must be sorted.
 */
void child_settle(const char *name, const int *keep, size_t count);

#endif
