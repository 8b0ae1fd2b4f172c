# shellcheck shell=sh
# For recipes: container images as OCI archives (image-spec 1.0: image-layout, manifest, config), the same bytes every time.

# oci_tar FOLDER FILE: a tar of what is in FOLDER (names without spaces at its top), all root's and from 1970.
oci_tar() {
	# shellcheck disable=SC2046 # one word per name; "." instead would put "./" before every name
	tar --create --file "$2" --directory "$1" --format=ustar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner \
		--mode=u+rw,go+r,go-w,a+X $(ls -A "$1")
}

# oci_architecture: what the host builds for, by Go's names.
oci_architecture() {
	case $(uname -m) in
	x86_64) echo amd64 ;;
	aarch64) echo arm64 ;;
	*) uname -m ;;
	esac
}

# oci_blob FILE: move FILE in among the blobs of ./oci; prints its descriptor's digest and size as JSON members.
oci_blob() {
	digest=$(sha256sum <"$1")
	digest=${digest%% *}
	size=$(wc -c <"$1")
	mv "$1" "oci/blobs/sha256/$digest"
	printf '"digest":"sha256:%s","size":%d' "$digest" "$size"
}

# oci_archive ROOT FILE NAME CONFIG: FILE becomes the archive of a one-layer image of the tree ROOT. NAME is the full
# reference, CONFIG what its configuration's "config" holds (JSON). The layer is left uncompressed: it is compressed along
# with the boot image that carries it, and better so. Two annotations name it, for containerd and for everything else.
oci_archive() {
	mkdir -p oci/blobs/sha256
	oci_tar "$1" layer
	diff_id=$(sha256sum <layer)
	layer=$(oci_blob layer)
	printf '{"created":"1970-01-01T00:00:00Z","architecture":"%s","os":"linux","config":%s,' "$(oci_architecture)" "$4" >config
	printf '"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "${diff_id%% *}" >>config
	config=$(oci_blob config)
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",' >manifest
	printf '"config":{"mediaType":"application/vnd.oci.image.config.v1+json",%s},' "$config" >>manifest
	printf '"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar",%s}]}' "$layer" >>manifest
	manifest=$(oci_blob manifest)
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[' >oci/index.json
	printf '{"mediaType":"application/vnd.oci.image.manifest.v1+json",%s,"annotations":' "$manifest" >>oci/index.json
	printf '{"io.containerd.image.name":"%s","org.opencontainers.image.ref.name":"%s"}}]}' "$3" "$3" >>oci/index.json
	printf '{"imageLayoutVersion":"1.0.0"}' >oci/oci-layout
	oci_tar oci "$2"
	rm -r oci
}
