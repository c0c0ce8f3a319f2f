/* Giving up privileges (privileges.c). */
#ifndef TELLTALE_ENGINE_KERNEL_PRIVILEGES_H
#define TELLTALE_ENGINE_KERNEL_PRIVILEGES_H

#include <stdbool.h>
#include <stdint.h>

#define CAPABILITY(name) (1ull << (name)) /* CAP_... of <linux/capability.h> */

/* Keeps of this thread's capabilities those in the set, for good; 0 or -errno. */
int capabilities_keep(uint64_t set);
/* The same, but they can be taken back: only what is permitted counts. */
int capabilities_use(uint64_t set);
/* All that may be used. */
uint64_t capabilities_permitted(void);

#endif
