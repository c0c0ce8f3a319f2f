/*
 * Values that are numbers or bytes to the programs and texts to people: error numbers, times,
 * addresses, cgroups, users, functions. What a number means is looked up when it is printed.
 */
#include "state.h"

#include "base/cgroup.h"
#include "bpf/abi.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <ftw.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static int64_t offset_of(clockid_t clock)
{
	struct timespec real, other;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(clock, &other);
	return (int64_t)(real.tv_sec - other.tv_sec) * 1000000000 + (real.tv_nsec - other.tv_nsec);
}

/* A time of any clock as one of the real one, which is the output's epoch behind its own. */
static void timestamp_text(const struct output *o, struct buffer *b, const struct value *v)
{
	uint64_t time = v->bits;

	if (v->place->limit == PLAN_BOOT)
		time += (uint64_t)offset_of(CLOCK_BOOTTIME);
	else if (v->place->limit == PLAN_TAI)
		time += (uint64_t)offset_of(CLOCK_TAI);
	else
		time += (uint64_t)o->epoch;
	if (clock_real(b, v->place->format, time))
		put_unsigned(b, v->bits);
}

static void inet_text(struct buffer *b, const struct value *v)
{
	char room[INET6_ADDRSTRLEN];
	struct abi_inet inet;

	memcpy(&inet, v->parts, sizeof(inet));
	if (inet.family <= INT32_MAX &&
	    inet_ntop((int)inet.family, inet.bytes, room, sizeof(room))) {
		put_text(b, room);
		return;
	}
	put_text(b, "family ");
	put_unsigned(b, inet.family);
	put_char(b, ' ');
	put_hex_bytes(b, (const char *)inet.bytes, sizeof(inet.bytes));
}

static void mac_text(struct buffer *b, const struct value *v)
{
	for (int i = 0; i < 6; i++)
		buffer_print(b, "%s%02X", i ? ":" : "", (unsigned char)v->parts[i]);
}

static void user_text(struct buffer *b, const struct value *v)
{
	struct passwd entry, *found = NULL;
	char room[4096];

	if (!getpwuid_r((uid_t)v->bits, &entry, room, sizeof(room), &found) && found)
		put_escaped(b, entry.pw_name, strlen(entry.pw_name), 0);
	else
		put_unsigned(b, v->bits);
}

/* ---- cgroups ---- */

/* A walk below a hierarchy's mount for the folder with a number; nftw(3) has no argument for it. */
static _Thread_local struct {
	uint64_t wanted;
	size_t prefix;
	struct buffer *found;
} walk;

static int look_at(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)where;
	if (type != FTW_D || st->st_ino != walk.wanted)
		return 0;
	put_text(walk.found, path[walk.prefix] ? path + walk.prefix : "/");
	return 1;
}

/* The hierarchy's name and the path in it: unified:/system.slice. False when it is not there. */
static bool find_in(struct buffer *b, const char *name, const char *mount, uint64_t id)
{
	struct buffer path = {0};
	bool found;

	walk.wanted = id;
	walk.prefix = strlen(mount);
	walk.found = &path;
	found = nftw(mount, look_at, 16, FTW_PHYS | FTW_MOUNT) == 1;
	if (found) {
		put_text(b, name);
		put_char(b, ':');
		put_escaped(b, buffer_string(&path), path.length, 0);
	}
	buffer_free(&path);
	return found;
}

struct hierarchy {
	char *name, *path;
	bool unified;
};

static int by_name(const void *a, const void *b)
{
	const struct hierarchy *x = a, *y = b;

	if (x->unified != y->unified)
		return x->unified ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* What is mounted and matches the filter: version 2 first, then by name, as bpftrace has them. */
static struct hierarchy *hierarchies(const char *filter, size_t *count)
{
	FILE *mounts = fopen("/proc/self/mounts", "re");
	struct cgroup_mount mount = {0};
	struct hierarchy *found = NULL, *slot;
	size_t room = 0;

	*count = 0;
	while (mounts && cgroup_next(mounts, &mount)) {
		if (filter && fnmatch(filter, mount.name, 0))
			continue;
		slot = array_add(&found, count, &room, sizeof(*slot));
		if (!slot)
			break;
		*slot = (struct hierarchy){strdup(mount.name), strdup(mount.path), mount.unified};
		if (!slot->name || !slot->path) {
			free(slot->name);
			free(slot->path);
			--*count;
			break;
		}
	}
	free(mount.line);
	if (mounts)
		fclose(mounts);
	if (*count)
		qsort(found, *count, sizeof(*found), by_name);
	return found;
}

static void cgroup_text(struct buffer *b, const struct value *v)
{
	size_t start = b->length, count;
	struct hierarchy *all = hierarchies(v->place->format, &count);

	for (size_t i = 0; i < count; i++) {
		size_t before = b->length;

		if (before > start)
			put_char(b, ',');
		if (!find_in(b, all[i].name, all[i].path, v->bits))
			b->length = before;
		free(all[i].name);
		free(all[i].path);
	}
	free(all);
	if (b->length == start) {
		put_text(b, "cgroup ");
		put_unsigned(b, v->bits);
	}
}

static void function_text(const struct output *o, struct buffer *b, const struct value *v)
{
	const char *name = v->bits < o->plan->probe_count ? o->plan->probes[v->bits].function : "";

	put_escaped(b, name, strlen(name), 0);
}

void shown_text(const struct output *o, struct buffer *b, const struct value *v)
{
	const char *text;

	switch (v->type) {
	case PLAN_ERRNO:
		text = strerrordesc_np((int)v->bits);
		if (text)
			put_text(b, text);
		else
			buffer_print(b, "Unknown error %lld", (long long)v->bits);
		break;
	case PLAN_TIMESTAMP:
		timestamp_text(o, b, v);
		break;
	case PLAN_INET:
		inet_text(b, v);
		break;
	case PLAN_MAC:
		mac_text(b, v);
		break;
	case PLAN_CGROUP:
		cgroup_text(b, v);
		break;
	case PLAN_USER:
		user_text(b, v);
		break;
	default:
		function_text(o, b, v);
	}
}

bool shown_json(const struct output *o, struct buffer *b, const struct value *v)
{
	struct buffer text = {0};
	bool clean;

	shown_text(o, &text, v);
	clean = put_json_string(b, buffer_string(&text), text.length);
	buffer_free(&text);
	return clean;
}
