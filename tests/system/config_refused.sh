#!/bin/bash
# A wrong configuration is refused at start, with file, line and a sentence that says what to change.
set -uo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cat /run/isthmus-lab/build 2>/dev/null || echo "$top/build")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# Certificates are read before what is behind them in the file.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=test -days 2 \
	-keyout "$work/ep-cscf.key" -out "$work/ep-cscf.crt" 2>/dev/null
cp "$work/ep-cscf.crt" "$work/ca.crt"

# refused PROGRAM SAMPLE WHAT SED-EXPRESSION EXPECTED-TEXT
refused() {
	local program=$build/$1 sample=$work/$2 what=$3 file=$work/changed.yaml line said
	sed "s#/etc/isthmus/#$work/#" "$top/configs/$2" >"$sample"
	sed "$4" "$sample" >"$file"
	line=$(diff "$sample" "$file" | sed -n '1s/[^0-9].*//p')
	said=$(timeout 10 "$program" --config "$file" 2>&1)
	if [ $? -eq 0 ] || [[ $said != *"$file:$line: "*$5* ]]; then
		echo "FAIL $(basename "$program"), $what (line $line; said: $said)"
		failed=1
	else
		echo "ok   $(basename "$program"), $what: ${said##*"$file":}"
	fi
}

agw=dataplane/main/eims-agw cscf=controlplane/main/ep-cscf wwsf=controlplane/wwsf/wwsf
refused $agw eims-agw.yaml 'a key it does not know' 's/^idle:/idel:/' idel
refused $agw eims-agw.yaml 'a value it does not know' 's/role: core/role: cores/' cores
refused $agw eims-agw.yaml 'a number out of range' 's/^contexts_max: .*/contexts_max: 99999999/' 'at most'
refused $agw eims-agw.yaml 'ports upside down' 's/first: 20000, last: 29999/first: 30000, last: 20000/' ''
refused $agw eims-agw.yaml 'an address that is none' 's#203.0.113.10/24#203.0.113.310/24#' addresses
refused $agw eims-agw.yaml 'a port that is not there' 's/port: core0/port: core9/' port
refused $cscf ep-cscf.yaml 'a key it does not know' 's/^store:/stor:/' stor
refused $cscf ep-cscf.yaml 'an algorithm it does not take' 's/\[ES256\]/[HS256]/' HS256
refused $cscf ep-cscf.yaml 'an address that is none' 's/^  peers: .198.51.100.2,/  peers: [198.51.100.2222,/' peers
refused $cscf ep-cscf.yaml 'an origin with a path' 's#origins: .*#origins: ["https://203.0.113.1:8444/page"]#' origin
refused $cscf ep-cscf.yaml 'a core that is no SIP URI' 's#core: sip:.*#core: http://198.51.100.2#' ''
refused $wwsf wwsf.yaml 'a key it does not know' 's/^threads:/treads:/' treads
refused $wwsf wwsf.yaml 'a number out of range' 's/^threads: .*/threads: 0/' threads
exit $failed
