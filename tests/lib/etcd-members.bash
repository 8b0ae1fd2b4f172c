#!/bin/bash
# etcd-members.bash SCRIPT: three members of etcd (of PATH) by etcd-member, on the loopback of a namespace of its own, in this
# folder. The third comes late, then loses its data: says so, is replaced, and starts as usual again.
script=$1
export ETCDCTL_API=3
cluster=a=http://127.0.0.1:2380,b=http://127.0.0.2:2380,c=http://127.0.0.3:2380

# member NAME ADDRESS [VARIABLE]: in the background
member() {
	env ${3:+"$3"} sh "$script" etcd --name="$1" --data-dir="$1" --initial-cluster=$cluster \
		--initial-advertise-peer-urls="http://$2:2380" --listen-peer-urls="http://$2:2380" \
		--listen-client-urls="http://$2:2379" --advertise-client-urls="http://$2:2379" \
		--heartbeat-interval=250 --election-timeout=2500 >>"$1.log" 2>&1 &
}

# until_works COMMAND…
until_works() {
	for _ in $(seq 240); do
		"$@" 2>/dev/null && return 0
		sleep 0.5
	done
	tail -n 5 ./*.log
	exit 1
}

at() {
	etcdctl --endpoints="http://127.0.0.$1:2379" --command-timeout=2s "${@:2}"
}

ip link set lo up
member a 127.0.0.1
member b 127.0.0.2
until_works at 1 put before c
member c 127.0.0.3
until_works at 3 get before
echo "first boot: $(grep -c 'data of this member' c.log) complaints"
{ kill -KILL $! && wait $!; } 2>/dev/null
rm -r c
member c 127.0.0.3
wait $!
echo "lost: status $?"
grep 'data of this member' c.log
member c 127.0.0.3 MKDL_REJOIN=yes
until_works at 3 get before
grep 'has been replaced' c.log
{ kill -KILL $! && wait $!; } 2>/dev/null
member c 127.0.0.3
until_works at 3 get before
at 1 member list
