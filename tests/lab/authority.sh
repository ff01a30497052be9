# A certification authority for the lab and the gateway's certificates. Sourced by scripts/lab; needs $run.

authority_make() {
	local name
	(
		cd "$run"
		umask 077
		openssl ecparam -name prime256v1 -genkey -noout -out ca.key
		openssl req -x509 -new -key ca.key -days 30 -subj '/CN=Isthmus lab' -out ca.crt \
			-addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign,cRLSign'
		for name in ep-cscf wwsf; do
			authority_sign "$name"
		done
	) 2>"$run/authority.log" || { cat "$run/authority.log" >&2; false; }
}

authority_sign() {
	openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
	openssl req -new -key "$1.key" -subj "/CN=$1.ims.test" -out "$1.csr"
	openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out "$1.crt" -extfile - <<-TEXT
		subjectAltName = DNS:$1.ims.test, IP:203.0.113.1, IP:fd00:203::1
		keyUsage = critical, digitalSignature
		extendedKeyUsage = serverAuth
		basicConstraints = critical, CA:FALSE
	TEXT
	rm "$1.csr"
}
