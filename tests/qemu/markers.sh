#!/bin/bash
# The markers of the QEMU that was built with telltale's gen and headers, against those of systemtap's dtrace and header:
# provider, name, semaphore, and the size and sign of each argument. If the whole of QEMU was built with systemtap's, too
# (qemu-demo/build.sh dtrace), against that; otherwise against objects that have one function for each of QEMU's events, compiled
# from the same headers of QEMU's with what systemtap's dtrace makes of the same definitions.
. "$(dirname "$0")/lib.sh"
need_built
ours=$qemu

# markers FILE...: a line for each probe; sites that differ in operands only are one.
markers()
{
	local file

	for file in "$@"; do
		"$telltale" list -b "$file" --json
	done | jq -r '[.provider, .probe, .semaphore,
		(.sites | map(.args | map((if .signed then "i" else "u" end) + (.size * 8 | tostring)) | join(",")) | unique | join(" or "))] |
		join(" ")' | sort
}

# All inline functions of a header of QEMU's, which have a site each, made to stay by taking their addresses.
functions_of() # GROUP
{
	printf '#include "qemu/osdep.h"\n#include "trace/trace-%s.h"\nvoid *const functions_of_%s[] = {\n' "$1" "$1"
	sed -n 's/^static inline void \(_nocheck__trace_[A-Za-z0-9_]*\)(.*/(void *)\1,/p' "$work/trace/trace-$1.h"
	echo '};'
}

# Leaves them in $reference, which is kept with the build: it takes half a minute.
by_systemtap()
{
	local group definitions

	reference=$folder/markers-by-systemtap-$(dpkg-query -W -f '${Version}' systemtap-sdt-dev)
	[ -s "$reference" ] && return
	work=$tmp/objects
	mkdir -p "$work/trace"
	for definitions in "$folder"/trace/trace-dtrace-*.dtrace; do
		[ -s "$definitions" ] || continue
		group=${definitions##*/trace-dtrace-}
		group=${group%.dtrace}
		cp "$folder/trace/trace-$group.h" "$work/trace/"
		echo "$group"
	done >"$work/groups"
	export work folder source
	export -f functions_of
	source=$(echo "$cache/qemu-$(basename "$folder" | sed 's/^qemu-//; s/-telltale-[0-9a-f]*$//')-source")
	# shellcheck disable=SC2016
	xargs -P "$(nproc)" -I GROUP bash -c '
		definitions=$folder/trace/trace-dtrace-GROUP.dtrace
		dtrace -DSTAP_SDT_V2 -o "$work/trace/trace-dtrace-GROUP.h" -h -s "$definitions" &&
		dtrace -DSTAP_SDT_V2 -o "$work/GROUP.semaphores.o" -G -s "$definitions" &&
		functions_of GROUP >"$work/GROUP.c" &&
		gcc -O1 -w -fPIC -c -I"$work" -I"$folder" -I"$source/include" -I"$source" \
			$(pkg-config --cflags glib-2.0) -o "$work/GROUP.o" "$work/GROUP.c" &&
		gcc -shared -Wl,--unresolved-symbols=ignore-all -o "$work/GROUP.so" "$work/GROUP.o" "$work/GROUP.semaphores.o"' \
		<"$work/groups" >"$work/log" 2>&1 || return
	markers "$work"/*.so >"$tmp/theirs" && mv "$tmp/theirs" "$reference"
}

markers "$ours" >"$tmp/ours"
check "there are thousands" [ "$(lines "$tmp/ours")" -gt 2500 ]
telltale_folder=$folder
if build_folder dtrace; then
	markers "$folder/qemu-system-x86_64" >"$tmp/whole"
	is "the markers of a whole QEMU by systemtap's dtrace are the same" "$(diff "$tmp/whole" "$tmp/ours")" ""
fi
folder=$telltale_folder
if ! have dtrace; then
	skip "the markers of systemtap's dtrace are the same" "no dtrace (systemtap-sdt-dev)"
elif ! by_systemtap; then
	not_ok "systemtap's dtrace and header make objects of all groups of events" "$(tail -n 20 "$work/log")"
else
	# those that nobody calls in this configuration are not in QEMU
	is "each marker is as systemtap's dtrace and header make it" "$(comm -23 "$tmp/ours" "$reference" 2>&1)" ""
	is "every definition by systemtap's has a marker there" "$(sed -n 's/^probe \([a-zA-Z0-9_]*\).*/\1/p' "$folder"/trace/*.dtrace | sort -u | wc -l)" \
		"$(lines "$reference")"
fi

# names and types as trace-events has them
is "names and types are those that trace-events declares" \
	"$("$telltale" list -b "$ours" qemu:virtio_blk_submit_multireq qemu:memory_region_ops_read | tail -n +2)" \
	"  qemu:virtio_blk_submit_multireq(void *vdev, void *mrb, int start, int num_reqs, uint64_t offset, size_t size, bool is_write)
  qemu:memory_region_ops_read(int cpu_index, void *mr, uint64_t addr, uint64_t value, unsigned size, const char *name)"
finish
