# For the tests of joining: authorities, certificates and clusters that never were (tests/lib/api-server.py).

# issue NAME CA SUBJECT FROM UNTIL NAMES: NAME.pem, a key and its certificate by CA (CA.key, CA.crt), valid between two times as
# openssl ca(1) has them (YYYYMMDDHHMMSSZ), or "now" and "year".
issue() {
	local name=$1 ca=$2 from=$4 until=$5
	[ "$from" != now ] || from=$(date -u -d '-1 hour' +%Y%m%d%H%M%SZ)
	[ "$until" != year ] || until=$(date -u -d '+1 year' +%Y%m%d%H%M%SZ)
	rm -rf "$name.ca" && mkdir "$name.ca" && : >"$name.ca/index"
	cat >"$name.ca/conf" <<-CONF
		[ca]
		default_ca = d
		[d]
		database = $name.ca/index
		new_certs_dir = $name.ca
		rand_serial = yes
		default_md = sha256
		policy = p
		copy_extensions = none
		x509_extensions = x
		[p]
		commonName = supplied
		organizationName = optional
		[x]
		${6:+subjectAltName = $6}
		basicConstraints = critical,CA:FALSE
	CONF
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$name.key" -out "$name.csr" -subj "$3" 2>/dev/null || return 1
	openssl ca -batch -config "$name.ca/conf" -cert "$ca.crt" -keyfile "$ca.key" -in "$name.csr" -out "$name.crt" -notext \
			-startdate "$from" -enddate "$until" 2>"$name.ca/err" || {
		cat "$name.ca/err"
		return 1
	}
	cat "$name.crt" "$name.key" >"$name.pem"
}

# authority NAME: NAME.crt and NAME.key.
authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.crt" -days 3650 \
		-subj "/CN=$1" 2>/dev/null
}

# The hash of an authority's public key, as kubeadm's manual has it made.
ca_hash() {
	echo "sha256:$(openssl x509 -in "$1.crt" -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum | cut -d ' ' -f 1)"
}

# cluster_info CA.crt TOKEN [ALG]: the ConfigMap, signed with the token, as JSON. ALG other than HS256 lies about it.
cluster_info() {
	python3 - "$@" <<-'PYTHON'
		import base64, hashlib, hmac, json, sys
		def b64(data):
		    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
		ca = base64.b64encode(open(sys.argv[1], "rb").read()).decode()
		kubeconfig = ("apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: " + ca +
		              "\n    server: https://10.9.9.9:6443\n  name: \"\"\ncontexts: null\ncurrent-context: \"\"\n"
		              "kind: Config\npreferences: {}\nusers: null\n")
		ident, secret = sys.argv[2].split(".")
		algorithm = sys.argv[3] if len(sys.argv) > 3 else "HS256"
		header = b64(json.dumps({"alg": algorithm, "kid": ident}, separators=(",", ":")).encode())
		mac = b64(hmac.digest(secret.encode(), (header + "." + b64(kubeconfig.encode())).encode(), hashlib.sha256))
		if algorithm == "none":
		    mac = ""
		print(json.dumps({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "cluster-info"},
		                  "data": {"kubeconfig": kubeconfig, "jws-kubeconfig-" + ident: header + ".." + mac}}))
	PYTHON
}
