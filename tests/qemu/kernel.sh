#!/bin/bash
# What a machine may forbid or do in newer ways, in a guest of our own: Debian's cloud kernel (6.1) in QEMU, with telltale
# in its initramfs. kprobe and kretprobe, fentry and fexit, path(), override(), variables of each CPU; loops, counts, markers.
. "$(dirname "$0")/lib.sh"
have ldd || skip_all "no ldd"
need_guest

# What is tried in the guest: tell NAME ARGUMENT... runs telltale and says how it ended.
cat >"$tmp/tries" <<'GUEST'
tell features features
tell fentry run -q -e 'fentry:vfs_open /comm == "cat"/ { printf("%s|", str(args.path->dentry->d_name.name)); }' -- /bin/cat /hello
tell fexit run -q -e 'fexit:do_filp_open /comm == "cat"/ { printf("%d %s|", args.dfd, str(retval->f_path.dentry->d_name.name)); }' -- /bin/cat /hello
tell old run -q -e 'kfunc:vfs_open { @[probe, pid == cpid] = count(); } kretfunc:vfs_open { @ret[func, retval == 0] = count(); }' -- /bin/cat /hello
tell many run -q -e 'f:vfs_open, f:do_filp_open, f:vfs_writ[e] { @[func] = count(); }' -- /bin/dd if=/hello of=/copy
tell module run -q -e 'fentry:loop:lo_release { @[probe, args.disk->disk_name] = count(); } fexit:loop:lo_releas* { @back[args.disk->disk_name] = count(); }' -- /bin/dd if=/dev/loop1 of=/dev/null
tell no-module run -q -e 'fentry:loop:vfs_open { @ = count(); }'
tell both run -l 'fentry:*:lo_release,fentry:loop:lo_compa*'
tell path run -q -e 'fentry:filp_close /comm == "cat"/ { printf("%s|", path(args.filp->f_path)); }' -- /bin/cat /hello
tell no-path run -q -e 'fexit:do_filp_open { print(path(retval->f_path)); }'
tell listed run -lv 'fexit:vfs_open'
tell kprobe run -q -e 'kprobe:vfs_open { printf("%s|", str(((struct path *)arg0)->dentry->d_name.name)); } kretprobe:vfs_open { @[retval, func] = count(); }' -- /bin/cat /hello
tell sleeping run -q -e 'kprobe:do_nanosleep { printf("%s %d", comm, pid == cpid); @ = kstack(1); }' -- /bin/sleep 0.01
tell globs run -q -e 'kprobe:vfs_ope* { @[func] = count(); }' -- /bin/cat /hello
tell inside run -q -e 'kprobe:vfs_open+5 { @[probe] = count(); }' -- /bin/cat /hello
tell nowhere run -q -e 'kprobe:vfs_open+1 { @ = count(); }' -- /bin/cat /hello
tell percpu run -q -e 'interval:ms:10 { $q = percpu_kaddr("runqueues"); printf("%d %d %d", $q->cpu == cpu, percpu_kaddr("runqueues", 1)->cpu, percpu_kaddr("runqueues", 99) == 0); exit(); }'
tell override run -q --unsafe -e 'kprobe:vfs_open { override(-1); }'
tell loops run -q -e 'BEGIN { $s = 0; for ($i : 0..1000) { $j = 0; while ($j < 3) { $j++; if ($j == 2) { continue; } $s += $i; } if ($i == 900) { break; } } printf("%d", $s); exit(); }'
tell endless run -e 'BEGIN { while (1) { $x = 1; } } END { printf("end"); }' -t 3
tell counted run -q -e 'BEGIN { @c = count(); @c = count(); @k["a"] = sum(5); @k["b"] = sum(6); $s = 0; for ($kv : @k) { $s += $kv.1; } printf("%d %d %d %d", @c, @k["a"] + @k["b"], len(@k), $s); clear(@c); clear(@k); exit(); }'
tell texts run -q -e 'BEGIN { $s = "hello"; @t[$s, (1, "x")] = comm; print(@t["hello", (1, "x")]); print(strcontains($s, "ell")); clear(@t); exit(); }'
tell process run -q -e 'uprobe:/lib/x86_64-linux-gnu/libc.so.6:write { @n = count(); } t:syscalls:sys_enter_write /comm == "demo"/ { @s = count(); } demo:request { @[args.path] = count(); }' -- /demo -n 3
tell tasks run -q -e 'iter:task /ctx->task->pid == 1/ { printf("%s", ctx->task->comm); }'
GUEST
cat >"$tmp/init" <<'GUEST'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev 2>/dev/null
mount -t tracefs tracefs /sys/kernel/tracing
dmesg -n 1
echo hello >/hello
insmod /loop.ko
tell()
{
	name=$1
	shift
	timeout 20 /telltale "$@" >/out 2>&1 </dev/null
	code=$?
	echo "<<$name"
	cat /out
	echo "$code>>"
}
. /tries
echo "<<end"
poweroff -f
GUEST

# The kernel takes several archives as one.
more=$tmp/more
mkdir -p "$more"
cp "$telltale" "$samples/demo" "$tmp/tries" "$(find "$kernel/lib/modules/$kernel_release" -name loop.ko)" "$more/"
cp "$tmp/init" "$more/kernel-init" && chmod 755 "$more/kernel-init"
ldd "$telltale" | grep -o '/[^ ]*' | while read -r library; do
	install -D "$library" "$more/$library"
done
(cd "$more" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$tmp/more.cpio"
cat "$guest_initramfs" "$tmp/more.cpio" >"$tmp/initramfs"
timeout 100 qemu-system-x86_64 "${firmware[@]}" -nodefaults -no-user-config -display none -no-reboot \
	-machine pc -accel tcg,thread=multi -cpu max -smp 2 -m 512 -kernel "$guest_kernel" -initrd "$tmp/initramfs" \
	-append "console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable no_timer_check nokaslr rdinit=/kernel-init" \
	-serial "file:$tmp/console" </dev/null >"$tmp/qemu.out" 2>&1
grep -q '<<end' "$tmp/console" || { not_ok "the guest comes to its end" "$(cat "$tmp/qemu.out"; tail -n 20 "$tmp/console")"; finish; }

said() # NAME: what it said, and how it ended
{
	tr -d '\r' <"$tmp/console" | awk -v name="<<$1" '$0 == name { on = 1; next } on { print } on && />>$/ { exit }' | grep .
}

like "there are kprobes" "$(said features)" "yes  kprobe "
like "and fentry" "$(said features)" "yes  fentry "
like "fentry: what arguments lead to" "$(said fentry)" "\|?hello\|"
like "fexit: arguments and the result, with their types" "$(said fexit)" "-100 hello\|"
like "the old names" "$(said old)" "@\[fentry:vfs_open, 1\]: [0-9]+"
like "the result as a number" "$(said old)" "@ret\[vfs_open, 1\]: [0-9]+"
like "several functions: one" "$(said many)" "@\[vfs_open\]: [0-9]+"
like "and another" "$(said many)" "@\[do_filp_open\]: [0-9]+"
like "and one of a glob" "$(said many)" "@\[vfs_write\]: [0-9]+"
like "a function of a module, with types of the module and of the kernel" "$(said module)" "@\[fentry:loop:lo_release, loop1\]: [0-9]+"
like "and its return" "$(said module)" "@back\[loop1\]: [0-9]+"
like "one that the module has not" "$(said no-module)" "no function of the kernel matches 'fentry:loop:vfs_open'"
is "modules and functions as globs" "$(said both)" "fentry:loop:lo_compat_ioctl
fentry:loop:lo_release
0>>"
like "path()" "$(said path)" "\|?/hello\|"
like "where the kernel forbids it" "$(said no-path)" "the kernel does not permit path\(\) in this function"
like "that is exit code 4" "$(said no-path)" "4>>"
is "-lv: arguments and result" "$(said listed)" "fexit:vfs_open
    const struct path *path
    struct file *file
    int retval
0>>"
like "kprobe: what an argument leads to" "$(said kprobe)" "\|?hello\|"
like "kretprobe: the result" "$(said kprobe)" "@\[0, vfs_open\]: [0-9]+"
like "kprobe: who" "$(said sleeping)" "^sleep 1"
like "kprobe: the stack" "$(said sleeping)" "do_nanosleep"
like "kprobe: globs" "$(said globs)" "@\[vfs_open\]: [0-9]+"
like "kprobe: inside of a function" "$(said inside)" "@\[kprobe:vfs_open\+5\]: [0-9]+"
like "kprobe: where no instruction starts" "$(said nowhere)" "vfs_open\+1 can't be attached: no instruction starts there"
is "variables of each CPU" "$(said percpu)" "1 1 1
0>>"
if grep -q CONFIG_BPF_KPROBE_OVERRIDE=y "$kernel/boot/config-$kernel_release"; then
	like "override() of what may not be" "$(said override)" "can't be attached"
else
	like "a kernel without override()" "$(said override)" "the kernel lacks what override\(\).* needs here \(since Linux 4.16\)
4>>"
fi
# What a kernel before 6.9 does in another way.
like "loops" "$(said loops)" "^810900.0>>"
like "a loop without an end" "$(said endless)" "1 hit given up in a loop"
like "what is counted, as values" "$(said counted)" "^2 11 2 11[^0-9]"
is "texts" "$(said texts)" "telltale
1
0>>"
like "markers of a program" "$(said process)" "@\[/index.html\]: 1"
like "functions of a library" "$(said process)" "@n: [0-9]+"
like "iterators" "$(said tasks)" "^kernel-init"
finish
