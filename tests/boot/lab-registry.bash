# Registries of the machine room (see lab.bash): Debian's docker-registry, by plain HTTP.

# lab_registry NAME PORT [UPSTREAM]: a registry at 10.77.0.1:PORT that keeps what it has in $LAB/registry/NAME; with UPSTREAM (a URL)
# one that passes on what that one has, and keeps a copy.
lab_registry() {
	local name=$1 port=$2 upstream=${3-} dir=$LAB/registry/$1
	lab_stop "registry-$name"
	mkdir -p "$dir"
	{
		printf 'version: 0.1\nlog: {level: warn, accesslog: {disabled: false}}\n'
		printf 'storage: {filesystem: {rootdirectory: %s}, delete: {enabled: true}}\n' "$dir"
		printf 'http: {addr: "10.77.0.1:%s"}\n' "$port"
		[ -z "$upstream" ] || printf 'proxy: {remoteurl: "%s"}\n' "$upstream"
	} >"$dir.yml"
	lab_spawn "registry-$name" docker-registry serve "$dir.yml"
	wait_for 10 lab_listens "$port"
}

# lab_push PORT ARCHIVE NAME: an OCI archive, as NAME ("library/web:1") of the registry at that port.
lab_push() {
	lab_exec skopeo --insecure-policy copy --dest-tls-verify=false "oci-archive:$2" "docker://10.77.0.1:$1/$3"
}

# lab_registry_has NAME IMAGE TAG: is it in its store?
lab_registry_has() {
	[ -e "$LAB/registry/$1/docker/registry/v2/repositories/$2/_manifests/tags/$3/current/link" ]
}

# The OCI archive that the recipe NAME makes, as recipe_archive NAME FILE: made once, kept in the cache.
recipe_archive() {
	(cd "$BOOT" && "$MKDL" recipe "$1" --out "$BOOT/recipes" >/dev/null) || return 1
	find "$BOOT/recipes/$1/files" -name '*.tar' -exec cp {} "$2" \;
}
