#!/bin/bash
# Calls through eims-agw, driven over Iq: ICE, DTLS, SRTP on one side, plain RTP on the other (namespaces:
# agw_setup.bash). Each line of the table is a call: addresses, and the DTLS-SRTP profiles that the WIC offers.
# usage: agw_call.sh [PATH-OF-eims-agw]
. "$(dirname "$0")/agw_setup.bash"
call=$(dirname "$agw")/../../tests/system/agw_call
[ -x "$call" ] || { echo "$name: SKIPPED: $call is not built"; exit 77; }
start

while read -r wic ims profiles; do
	echo "call: WIC $wic, phone $ims, $profiles"
	"$call" "$tmp/iq.sock" $p-wic "$wic" $p-ims "$ims" "$profiles" || fail "call $wic $ims $profiles"
done <<'TABLE'
203.0.113.2 198.51.100.2 SRTP_AES128_CM_SHA1_80
fd00:203::2 fd00:198::2  SRTP_AEAD_AES_128_GCM
203.0.113.2 fd00:198::2  SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80
fd00:203::2 198.51.100.2 SRTP_AES128_CM_SHA1_32
TABLE
finish
