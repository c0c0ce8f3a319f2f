/* Sites that newer kernels make a call of (fast.c). */
#ifndef TELLTALE_PROBE_FAST_H
#define TELLTALE_PROBE_FAST_H

#include "probe/probe.h"

enum { FAST_BYTES = 11 }; /* a nop of one byte and one of ten */

/* Whether a site with these bytes at this place of its file can be probed one byte further. */
bool site_is_fast(const unsigned char bytes[FAST_BYTES], uint64_t offset);

/* Moves the sites of all markers of the set that can be moved; a second time moves none. */
void probes_use_fast(struct probe_set *set);

#endif
