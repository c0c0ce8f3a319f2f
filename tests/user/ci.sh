#!/bin/bash
# The recipes of samples/ci and the sample of a unit test, as a container without privileges would run
# them: no capabilities, and the system calls denied that Docker denies by default.
. "$(dirname "$0")/../lib.sh"
have gcc || skip_all "no compiler"
demo=$samples/demo
[ -x "$demo" ] || skip_all "samples/demo is not built"
gcc -O2 -o "$tmp/confined" "$root/tests/tools/confined.c" || skip_all "confined does not build"
run "$tmp/confined" true
[ "$code" = 0 ] || skip_all "no namespaces may be made here: $err"

run "$tmp/confined" grep -E '^(CapEff|Seccomp):' /proc/self/status
is "confined: no capability, calls are filtered" "$out" "CapEff:	0000000000000000
Seccomp:	2"
run "$tmp/confined" "$telltale" count --engine kernel demo:request -- "$demo" -n 1
is "the kernel's engine is not permitted there" "$code" 3

mkdir "$tmp/project"
cp "$root"/samples/ci/* "$root/samples/demo.c" "$tmp/project"
cp "$demo" "$tmp/project/demo"
cd "$tmp/project" || exit 1
export TELLTALE=$telltale PROGRAM=./demo

# reports NAME: both reports are there, whole, and without a failure.
reports()
{
	is "$1: its reports" "$(grep -c '<failure' contract.xml emission.xml) $(grep -l '</testsuite' ./*.xml | wc -l)" \
		"contract.xml:0
emission.xml:0 2"
	rm -f ./*.xml
}

run "$tmp/confined" make -s check PROGRAM=./demo
is "the rule of make" "$code: $(grep -c '^ok' <<<"$out") $(grep -c '^not ok' <<<"$out")" "0: 14 0"
like "says which engine it is" "$err" "ptrace"
reports "the rule of make"
sed -i 's/== 20$/== 21/' demo.expect
run "$tmp/confined" make -s check PROGRAM=./demo
is "and what fails, fails" "$code: $(grep '^not ok' <<<"$out")" "2: not ok 2 - emission: demo:request == 21"
rm -f ./*.xml
sed -i 's/== 21$/== 20/' demo.expect

# steps FILE EXPRESSION: runs each command that the file's YAML has, as its runner would.
steps()
{
	python3 - "$1" "$2" <<'END' >"$tmp/steps" || return
import sys, yaml
document = yaml.safe_load(open(sys.argv[1]))
for command in eval(sys.argv[2], {"d": document}):
    print(command)
END
	run "$tmp/confined" bash -e "$tmp/steps"
}

if python3 -c 'import yaml' 2>/dev/null; then
	steps github.yml '[s["run"] for s in d["jobs"]["markers"]["steps"] if "run" in s]'
	is "GitHub's workflow" "$code: $(wc -l <"$tmp/steps") steps, $(grep -c '^not ok' <<<"$out") failed" "0: 2 steps, 0 failed"
	reports "GitHub's workflow"
	steps gitlab.yml 'd["markers"]["script"]'
	is "GitLab's job" "$code: $(wc -l <"$tmp/steps") steps, $(grep -c '^not ok' <<<"$out") failed" "0: 2 steps, 0 failed"
	reports "GitLab's job"
else
	skip "GitHub's workflow and GitLab's job" "no yaml for Python"
fi

if have meson && have ninja; then
	run meson setup build -Dtelltale="$telltale" -Dsource="$tmp/project/demo.c" -Dsdk="$root/sdk"
	is "Meson's project is set up" "$code" 0
	run ninja -C build
	run "$tmp/confined" meson test -C build --no-rebuild
	like "Meson's tests" "$code $out" '^0 .*contract *OK .*emission *OK '
else
	skip "Meson's tests" "no meson"
fi

# ---- a unit test ----

test=$TELLTALE_BUILD/samples/unit/markers_test
if [ -x "$test" ]; then
	run "$tmp/confined" "$test"
	is "markers in a unit test" "$code: $(grep -c '^ok' <<<"$out")" "0: 2"
	run "$tmp/confined" "$test" fail
	is "whose failures fail" "$code: $(grep -c '^not ok' <<<"$out")" "2: 2"
	like "and say what is wrong" "$out$err" "'size' of cache:lookup key=\"a\" hit=false is not a signed integer: there is no such argument"
else
	skip "markers in a unit test" "it is not built"
fi
finish
