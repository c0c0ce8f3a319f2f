/*
 * Owns where a marker of telltale's own is probed on kernels that make a call of the ten-byte nop (7.2
 * and later): there, one byte behind the address of its note, which is that of a one-byte nop. The
 * kernel changes ten bytes at once, so they must lie in one page. What the marker's operands mean is
 * the same at both places, since nothing happens between them.
 */
#include "probe/fast.h"

#include "process/target.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

static const unsigned char marker[FAST_BYTES] = {
	0x90, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00,
};

enum { PAGE = 4096 };

bool site_is_fast(const unsigned char bytes[FAST_BYTES], uint64_t offset)
{
	uint64_t last = offset + FAST_BYTES - 1;

	return !memcmp(bytes, marker, FAST_BYTES) && (offset + 1) / PAGE == last / PAGE;
}

static bool look(int fd, const struct probe_site *site)
{
	unsigned char bytes[FAST_BYTES];

	return site->machine == EM_X86_64 && site->bits == 64 &&
	       pread(fd, bytes, sizeof(bytes), (off_t)site->offset) == sizeof(bytes) &&
	       site_is_fast(bytes, site->offset);
}

void probes_use_fast(struct probe_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		struct probe *probe = &set->items[i];

		if (probe->kind != PROBE_USDT)
			continue;
		for (size_t j = 0; j < probe->site_count; j++) {
			struct probe_site *site = &probe->sites[j];

			if (!look(set->target->files[probe->file].fd, site))
				continue;
			site->address++;
			site->offset++;
		}
	}
}
