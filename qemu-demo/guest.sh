# Sourced after lib.sh: the small guest that QEMU runs here. Debian's cloud kernel, and an initramfs of busybox, the
# modules for virtio, and guest-init as /init. What the guest does is said on the kernel's command line (guest-init).

# The modules that $1 needs, and itself, in the order of loading.
modules_of()
{
	local file depends name

	file=$(find "$kernel/lib/modules/$kernel_release" -name "$1.ko*" | head -n 1)
	[ -n "$file" ] || return 0 # built in
	depends=$(tr '\0' '\n' <"$file" | sed -n 's/^depends=//p' | head -n 1)
	for name in ${depends//,/ }; do
		modules_of "$name"
	done
	echo "$file"
}

# make_guest: sets guest_kernel and guest_initramfs, made once for each kernel, busybox and init.
make_guest()
{
	local folder busybox key work

	kernel
	busybox=$(command -v busybox) || die "no busybox (busybox-static)"
	key=$(cat "$root/qemu-demo/guest-init" "$root/qemu-demo/guest.sh" "$busybox" | sha256sum | cut -c 1-10)
	folder=$cache/guest-$kernel_release-$key
	guest_kernel=$kernel/boot/vmlinuz-$kernel_release
	guest_initramfs=$folder/initramfs
	[ -e "$guest_initramfs" ] && return
	work=$folder.work
	rm -rf "$work"
	mkdir -p "$folder" "$work/bin" "$work/dev" "$work/proc" "$work/sys" "$work/tmp" "$work/modules"
	cp "$busybox" "$work/bin/busybox" && cp "$root/qemu-demo/guest-init" "$work/init" && chmod 755 "$work/init"
	for module in virtio_pci virtio_blk virtio_net; do
		modules_of $module
	done | awk '!seen[$0]++' | while read -r file; do
		cp "$file" "$work/modules/"
		basename "$file"
	done >"$work/modules/order"
	(cd "$work" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$guest_initramfs.new" &&
		mv "$guest_initramfs.new" "$guest_initramfs" || die "cannot make the guest's initramfs"
	rm -rf "$work"
}

# guest_options WORK...: fills the array guest with options of QEMU for a guest that does that (guest-init says what there is).
# The folder $guest_files, with a disk image and what the guest fetches over the network, is the caller's.
guest_options()
{
	local disk=$guest_files/disk

	[ -e "$disk" ] || truncate -s 64M "$disk"
	[ -e "$guest_files/fetch" ] || head -c 1M /dev/zero | tr '\0' 't' >"$guest_files/fetch"
	guest=(
		"${firmware[@]}" -nodefaults -no-user-config -display none -no-reboot
		-machine pc -accel tcg,thread=multi -cpu max -smp 2 -m 256
		-kernel "$guest_kernel" -initrd "$guest_initramfs"
		-append "console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable no_timer_check nokaslr work=$(IFS=,; echo "$*")"
		-serial "file:$guest_files/console"
		-drive "file=$disk,format=raw,if=none,id=disk,cache=none,aio=threads"
		-device virtio-blk-pci,drive=disk
		-netdev "user,id=net,restrict=on,tftp=$guest_files" -device virtio-net-pci,netdev=net,romfile=
		-qmp "unix:$guest_files/qmp,server=on,wait=off"
	)
}
