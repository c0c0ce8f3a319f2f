#!/bin/bash
# Installed under a prefix of its own, the SDK is found by pkg-config, CMake and Meson, and what they build has its notes.
. "$(dirname "$0")/lib.sh"

prefix=$work/prefix
export PKG_CONFIG_PATH=$prefix/share/pkgconfig PATH=$prefix/bin:$PATH
if ! said=$(make -f "$root/sdk/install.mk" install "PREFIX=$prefix" 2>&1); then
	no "make install" "$said"
	finish
fi
ok "make install"
# The telltale command, of which the examples want `gen` only.
if ! said=$(gcc -std=c11 -D_GNU_SOURCE -I"$root/sdk" -o "$prefix/bin/gen" "$here/gen_main.c" \
		"$root"/tracer/cli/{gen,explain}.c "$root"/sdk/gen/*.c 2>&1); then
	no "gen builds" "$said"
	finish
fi
printf '#!/bin/sh\nshift\nexec %s/bin/gen "$@"\n' "$prefix" >"$prefix/bin/telltale"
chmod +x "$prefix/bin/telltale"

plain="example:argument -4 8 | signed i, string argv[i] [semaphore]
example:end
example:start -4 8 | signed argc, string program"
provided="example:work__done -4 | signed id [semaphore]
example:work__start -4 8 | signed id, string what [semaphore]"

# built NAME PROGRAM NOTES
built()
{
	if [ "$("$2")" = "done" ]; then
		same "$1" "$3" "$(notes "$2" | sort -u)"
	else
		no "$1" "the program fails"
	fi
}

if have pkg-config; then
	version=$(awk '$2 == "TELLTALE_VERSION" { printf "%d.%d.%d", $3 / 10000, $3 % 10000 / 100, $3 % 100 }' \
		"$root/sdk/telltale.h")
	same "pkg-config: the header's version" "$version" "$(pkg-config --modversion telltale)"
	# shellcheck disable=SC2046
	check "pkg-config: telltale.h" \
		gcc -o "$work/pc" $(pkg-config --cflags telltale) "$root/sdk/examples/example.c"
	built "pkg-config: the notes" "$work/pc" "$plain"
	# shellcheck disable=SC2046
	check "pkg-config: the drop-in sys/sdt.h" \
		gcc -o "$work/sdt" $(pkg-config --cflags telltale-sdt) "$here/compat.c"
	same "pkg-config: which is ours" "compat:p1 -4 | signed a" "$(notes "$work/sdt" | grep '^compat:p1 ')"
else
	skip "pkg-config" "no pkg-config"
fi

if have cmake; then
	if said=$(cmake -S "$root/sdk/examples/cmake" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$prefix" 2>&1 &&
			cmake --build "$work/cmake" 2>&1); then
		built "cmake: find_package(telltale)" "$work/cmake/example" "$plain"
		built "cmake: telltale_provider()" "$work/cmake/provided" "$provided"
	else
		no "cmake builds the example" "$(echo "$said" | tail -n 15)"
	fi
else
	skip "cmake" "no cmake"
fi

if have meson && have ninja && have pkg-config; then
	if said=$(meson setup "$work/meson" "$root/sdk/examples/meson" 2>&1 && ninja -C "$work/meson" 2>&1); then
		built "meson: dependency('telltale')" "$work/meson/example" "$plain"
		built "meson: provider definitions" "$work/meson/provided" "$provided"
	else
		no "meson builds the example" "$(echo "$said" | tail -n 15)"
	fi
else
	skip "meson" "no meson, ninja or pkg-config"
fi

# The stand-in, called as other projects call dtrace.
cp "$root/sdk/examples/example.d" "$work/probes.d"
check "telltale-dtrace: -h" telltale-dtrace -C -h -s "$work/probes.d" -o "$work/probes.h"
check "telltale-dtrace: -G" telltale-dtrace -C -G -s "$work/probes.d" -o "$work/probes.o"
finish
