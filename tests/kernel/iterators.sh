#!/bin/bash
# Iterators: what the kernel goes over is what /proc has: tasks, their open files, their memory. What they can't be
# together with, and what of the ring is too small for all at once.
. "$(dirname "$0")/../lib.sh"
need_tracing
has_feature iter || skip_all "the kernel has no iterators here"

# One process of our own, which waits with a few files open.
printf x >"$tmp/a file"
mkfifo "$tmp/wait"
start holder bash -c 'exec 7<"$1" 8</dev/null 9<>"$2"; exec -a holder sleep 600' bash "$tmp/a file" "$tmp/wait"
holder=$pid
holds() { [ "$(readlink "/proc/$holder/exe")" = "$(readlink -f "$(command -v sleep)")" ]; }
wait_until 20 holds

run "$telltale" run -e 'iter:task { printf("%d %d %s\n", ctx->task->tgid, ctx->task->pid, ctx->task->comm); } END { printf("end\n"); }'
is "tasks: exit code" "$code" 0
like "a task with its name" "$out" "(^|
)$holder $holder sleep
"
like "and END behind the last" "$out" "
end\$"
is "each once" "$(sort <<<"$out" | uniq -d)" ""
# Those that were there before and after; there are machines that hide the threads of their first process.
tasks() { (cd /proc && ls -d [0-9]*/task/*) | sed 's|/task/| |' | grep -v '^1 ' | sort; }
tasks >"$tmp/before"
"$telltale" run -e 'iter:task { printf("%d %d\n", ctx->task->tgid, ctx->task->pid); }' | sort >"$tmp/seen"
tasks >"$tmp/after"
is "none is missing" "$(comm -12 "$tmp/before" "$tmp/after" | comm -23 - "$tmp/seen")" ""

files() { (cd "/proc/$holder/fd" && for fd in *; do echo "$fd $(readlink "$fd")"; done | sort); }
run "$telltale" run -e "iter:task_file /ctx->task->pid == $holder/ { printf(\"%d %s\\n\", ctx->fd, path(ctx->file->f_path)); }"
is "open files with their paths" "$(sort <<<"$out")" "$(files)"
run "$telltale" run -e "it:task_file /ctx->task->pid == $holder && path(ctx->file->f_path) == \"/dev/null\" && ctx->fd == 8/ { @[path(ctx->file->f_path)] = count(); }"
is "a path compared, and as a key" "$(grep . <<<"$out")" "@[/dev/null]: 1"
run "$telltale" run -e "iter:task_file /ctx->task->pid == $holder && ctx->fd == 7/ { printf(\"%s|\", path(ctx->file->f_path, 3)); }"
is "a path that is too long for its room can't be read" "$out" "<unreadable>|"

run "$telltale" run -e "iter:task_vma /ctx->task->pid == $holder/ { printf(\"%lx-%lx\\n\", ctx->vma->vm_start, ctx->vma->vm_end); }"
is "memory" "$out" "$(sed -n 's/ .*//p' "/proc/$holder/maps" | sed 's/^0*//; s/-0*/-/' | grep -v '^ffff')"

run "$telltale" run -e 'iter:task { @ = count(); exit(); }'
is "exit() ends it" "$code" 0
run "$telltale" run -e 'iter:task { printf("%s\n", probe); exit(); }'
is "probe" "$out" "iter:task"
run "$telltale" run -q -e 'iter:task /ctx->meta->seq_num == 3/ { printf("%d", ctx->meta->seq_num); }'
is "what all iterators have, though it is not listed" "$out" 3

# More than the ring has room for: it is read in parts.
run "$telltale" run --ring-size 64K -e 'iter:task { printf("%1000d\n", 1); printf("%s", str(kptr(ctx->task->comm), 1000)); @ = count(); }'
is "a small ring: nothing is lost" "$(grep -c . <<<"$err")" 0
like "and all are seen" "$(tail -n 1 <<<"$out")" "^@: [0-9]+\$"

# ---- pinned: the kernel prints, what telltale would ----

mkdir "$tmp/pins"
if mount -t bpf bpf "$tmp/pins" 2>"$tmp/mount"; then
	at_exit+=("umount '$tmp/pins'")
	pinned() # WHAT FORMAT-AND-ARGUMENTS
	{
		local said

		run "$telltale" run -q -e "iter:task /ctx->task->pid == $holder/ { printf($2); }"
		said=$out
		run "$telltale" run -q -e "iter:task:$tmp/pins/task /ctx->task->pid == $holder/ { printf($2); }"
		like "$1: where it is pinned" "$out" "^Program pinned to $tmp/pins/task"
		is "and it prints the same" "$(cat "$tmp/pins/task")" "$said"
		rm "$tmp/pins/task"
	}
	pinned "numbers" '"%d %x %u %lx %5d|%-5d|%05d|%+d\n", -1, -1, -1, -1, 7, 7, 7, 7'
	pinned "large numbers" '"%d %d %x %u %i %X\n", 4294967295, 4294967296, 4294967296, 5000000000, -5000000000, 255'
	pinned "sizes and texts" '"%hhx %hd|%s|%-6s|%6s|%c%%\n", 0x1ff, 70000, "abc", "abc", "abc", 65'
	pinned "what it is at" '"%lld %p %s %d\n", -5, 4096, ctx->task->comm, ctx->task->pid'
	run "$telltale" run -q -e "iter:task_file:$tmp/pins/files /ctx->task->pid == $holder/ { printf(\"%d %s\\n\", ctx->fd, path(ctx->file->f_path)); }"
	is "paths" "$(sort "$tmp/pins/files")" "$(files)"
	run "$telltale" run -q -e "iter:task:$tmp/pins/files { }"
	like "a name that is taken" "$err" "there is a file of its pin's name already"
	rm "$tmp/pins/files"
else
	skip "pinned iterators" "$(cat "$tmp/mount")"
fi
run "$telltale" run -q -e "iter:task:$tmp/nowhere { }"
is "a pin in another file system: exit code" "$code" 1
like "and why" "$err" "its pin is in no BPF file system"

refused() # PROGRAM TEXT
{
	run "$telltale" run -e "$1"
	is "$1: exit code" "$code" 2
	like "and why" "$err" "$2"
}
alone="an iterator is alone in its program"
refused 'iter:task { } iter:task { }' "$alone"
refused 'iter:task, iter:task_file { }' "$alone"
refused 'iter:task { } interval:s:1 { }' "$alone"
refused 'iter:task* { }' "$alone"
refused 'iter:task { print(ctx->taks); }' "did you mean 'task'"
run "$telltale" run -e 'iter:taks { }'
is "a name that is near: exit code" "$code" 1
like "and it is said" "$err" "did you mean 'iter:task'"
TELLTALE_WITHOUT=iter run "$telltale" run -e 'iter:task { }'
is "a kernel without: exit code" "$code" 4
like "and since when there are some" "$err" "iter .*since Linux 5.8"

like "they are listed" "$("$telltale" run -lv 'iter:*')" "iter:task_file
    struct task_struct \*task
    u32 fd
    struct file \*file"
finish
