#!/bin/sh
# Installs what is missing of the packages that GROUPs need, on Debian, as root:
#
#	tests/setup.sh build|test|sdk-matrix|qemu...
#
# Silent when nothing is missing. Elsewhere, and without root, it says what is needed and stops with
# exit code 1; TELLTALE_SETUP=no goes on without looking.
set -u
tests=$(cd "$(dirname "$0")" && pwd) || exit 1

[ "${TELLTALE_SETUP-}" = no ] && exit 0

lists=
for group in "$@"; do
	case $group in
	build) lists="$lists $tests/packages-build.txt" ;;
	test) lists="$lists $tests/packages-test.txt $tests/sdk/packages.txt" ;;
	qemu) lists="$lists $tests/packages-qemu.txt" ;;
	sdk-matrix) lists="$lists $tests/sdk/packages-matrix.txt" ;;
	*)
		echo "setup.sh: no group '$group'; there are build, test, sdk-matrix and qemu" >&2
		exit 2
		;;
	esac
done
[ -n "$lists" ] || {
	echo "Usage: tests/setup.sh build|test|sdk-matrix|qemu..." >&2
	exit 2
}

# shellcheck disable=SC2086
needed=$(sed 's/#.*//' $lists | awk 'NF && !seen[$1]++ { print $1 }')
needed=$(echo $needed) # on one line

is_debian() (
	ID= ID_LIKE=
	[ -r /etc/os-release ] && . /etc/os-release
	case " $ID $ID_LIKE " in *" debian "*) ;; *) return 1 ;; esac
	command -v dpkg-query >/dev/null && command -v apt-get >/dev/null
)

if ! is_debian; then
	cat >&2 <<END
This is not Debian, so nothing is installed here. Needed, by the names of Debian 12's packages:
  $needed
Install their equivalents, then run make again with TELLTALE_SETUP=no.
END
	exit 1
fi

# The words of $1 that are not installed. A package of another architecture does not count.
missing_of() {
	# shellcheck disable=SC2016
	dpkg-query -W -f '${db:Status-Status} ${Architecture} ${Package}\n' 2>/dev/null |
		awk -v arch="$(dpkg --print-architecture)" -v needed="$1" '
		$1 == "installed" && ($2 == arch || $2 == "all") { installed[$3] = 1 }
		END {
			count = split(needed, names, " ")
			for (i = 1; i <= count; i++)
				if (!(names[i] in installed)) printf "%s%s", words++ ? " " : "", names[i]
		}'
}

missing=$(missing_of "$needed")
[ -z "$missing" ] && exit 0
if [ "$(id -u)" != 0 ]; then
	cat >&2 <<END
These packages are missing, and only root can install them:
  apt-get install --no-install-recommends $missing
END
	exit 1
fi

export DEBIAN_FRONTEND=noninteractive
apt() {
	apt-get -qq -o DPkg::Lock::Timeout=600 "$@" </dev/null
}

echo "Installing with apt-get: $missing"
apt update || echo "setup.sh: apt-get update failed; going on with the lists that are here" >&2

# What this release or architecture does not have must not stop the rest; the tests that want it say so.
known=
for package in $missing; do
	if apt-cache show "$package" >/dev/null 2>&1; then
		known="$known $package"
	else
		echo "setup.sh: there is no package $package here; going on without it" >&2
	fi
done

# Tests start their own servers: installing one neither makes a cluster nor starts a service.
policy=/usr/sbin/policy-rc.d
cluster=/etc/postgresql-common/createcluster.d/telltale-setup.conf
created=
clean_up() {
	for path in $created; do
		rm -f "$path"
	done
	rmdir /etc/postgresql-common/createcluster.d /etc/postgresql-common 2>/dev/null
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
case " $known " in *" postgresql-"*)
	if [ ! -e "$policy" ]; then
		created="$created $policy"
		printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
	fi
	if mkdir -p "${cluster%/*}" && [ ! -e "$cluster" ]; then
		created="$created $cluster"
		echo "create_main_cluster = false" >"$cluster"
	fi
	;;
esac

log=$(mktemp) || exit 1
created="$created $log"
# shellcheck disable=SC2086
if [ -n "$known" ] && ! apt install -y --no-install-recommends $known >"$log" 2>&1; then
	cat "$log" >&2
	echo "setup.sh: apt-get could not install$known" >&2
	exit 1
fi
exit 0
