#!/usr/bin/env bats
# The kubelet and its container runtime agree by construction: a profile that makes them disagree does not build.
load helpers

setup() {
	export MKDL_HOME=$ROOT
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir -p profiles
}

# overlay NAME PATH TEXT
overlay() {
	mkdir -p "overlays/$1$(dirname "$2")"
	printf '%b' "$3" >"overlays/$1$2"
}

# refused MESSAGE: the profile on standard input does not build, and says so.
refused() {
	cat >profiles/p.yml
	run "$MKDL" build profiles/p.yml --out out
	assert_failure
	assert_output --partial "$1"
}

@test "cgroup drivers: arguments, command lines and files of overlays that contradict each other" {
	overlay docker /etc/docker/daemon.json '{\n\t"exec-opts": ["native.cgroupdriver=systemd"]\n}\n'
	overlay containerd /etc/containerd/config.toml 'version = 2\n[x]\n  SystemdCgroup = true\n'
	overlay kubelet /etc/kubernetes/kubelet.yaml 'kind: KubeletConfiguration\ncgroupDriver: systemd\n'
	refused 'overlay docker: /etc/docker/daemon.json:2: "native.cgroupdriver=systemd", but the kubelet' <<-'END'
		extends: docker.yml
		overlays: [docker]
	END
	refused 'overlay containerd: /etc/containerd/config.toml:3: SystemdCgroup = true' <<-'END'
		extends: docker.yml
		overlays: [containerd]
	END
	refused 'overlay kubelet: /etc/kubernetes/kubelet.yaml:2: the cgroupDriver is cgroupfs' <<-'END'
		extends: docker.yml
		overlays: [kubelet]
	END
	refused 'profiles/p.yml:2:21: error: "args": --cgroup-driver follows from' <<-'END'
		extends: worker.yml
		kubernetes: {args: ["--cgroup-driver=systemd"]}
	END
	refused 'profiles/p.yml:3:3: service kubelet: --cgroup-driver systemd does not go with this image' <<-'END'
		extends: worker.yml
		services:
		  kubelet: {run: [/usr/bin/kubelet, --cgroup-driver, systemd]}
	END
	refused 'profiles/p.yml:3:3: service docker: --exec-opt native.cgroupdriver=systemd' <<-'END'
		extends: docker.yml
		services:
		  docker: {run: [/usr/sbin/dockerd, --exec-opt=native.cgroupdriver=systemd]}
	END
}

@test "runtimes: a kubelet without its shim, one that never had it, one that is sent to another runtime" {
	refused 'profiles/p.yml:3:3: this kubelet is built without its docker shim' <<-'END'
		extends: docker.yml
		components:
		  kubelet: !replace {build: kubernetes, files: [/usr/bin/kubelet]}
	END
	refused 'kubelet 1.24 cannot drive dockerd by itself' <<-'END'
		extends: docker.yml
		kubernetes: {version: "1.24"}
	END
	refused 'profiles/p.yml:3:3: service kubelet: --container-runtime remote does not go with this image' <<-'END'
		extends: docker.yml
		services:
		  kubelet: {run: [/usr/bin/kubelet, --container-runtime=remote]}
	END
	refused 'profiles/p.yml:3:3: registries: dockerd mirrors docker.io only' <<-'END'
		extends: docker.yml
		registries:
		  quay.io: ["http://192.0.2.1:5000"]
	END
}
