#!/usr/bin/env bash
# A Kubernetes node of namespaces: all of a cluster in one process tree, for machines without Docker. `node.py` calls it.
#
#   node.sh up              start an empty cluster and wait until it works; if it runs, do nothing
#   node.sh load IMAGE.tar  give the cluster an image (docker-archive or oci-archive), now and after each up
#   node.sh kubeconfig      print the path of the administrator's kubeconfig
#   node.sh down            stop the cluster and delete its state (images stay)
#
#   NODE_DIRECTORY  where images and state are kept
#   NODE_NETWORK    first two numbers of the /16 it may use (default 10.97)
#   PATH            has the programs that `build.py` makes, runc, and what Debian packs networking into
#
# The node lives in mount, PID and network namespaces of its own, joined to this machine by one veth pair: it takes no
# port here, changes neither firewall nor sysctls, and goes with one kill. From here, pod IPs, ClusterIPs and NodePorts
# (at NET.0.2) are reached directly; a pod reaches this machine at NET.0.1, and nothing beyond: so each image is loaded
# from a tar (imagePullPolicy IfNotPresent or Never). The default StorageClass makes hostPath volumes. NetworkPolicies
# have no effect. Logs are in NODE_DIRECTORY/run/log.
set -euo pipefail

SELF=$(readlink -f "$0")
DIR=${NODE_DIRECTORY:?} NET=${NODE_NETWORK:-10.97}
IMAGES=$DIR/images RUN=$DIR/run PKI=$DIR/run/pki
HOST=$NET.0.1 NODE=$NET.0.2 PODS=$NET.16.0/20 SERVICES=$NET.32.0/20 API=$NET.32.1 DNS=$NET.32.10
NAME=kube${NET//./-} # of the veth, the cgroup and the kubeconfig context
CGROUPS=$(printf "%s$NAME " /sys/fs/cgroup/*/) # with cgroup v1, one in each hierarchy
[ ! -e /sys/fs/cgroup/cgroup.controllers ] || CGROUPS=/sys/fs/cgroup/$NAME
export PATH=$PATH:/usr/sbin:/sbin KUBECONFIG=$RUN/admin.kubeconfig

die() { echo "$*" >&2; exit 1; }
init() { pgrep -P "$(cat "$RUN/pid" 2>/dev/null || echo 0)" -f "$SELF node"; } # the node's process 1, as seen from here
until_ok() { # until_ok SECONDS COMMAND...
  local end=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || die "gave up waiting for: $* (see $RUN/log)"
    sleep 0.2
  done
}

image() { # image NAME: makes localhost/NAME:1, which holds the static binary NAME and nothing else
  local tmp arch sum; tmp=$(mktemp -d) arch=$(uname -m)
  case $arch in x86_64) arch=amd64 ;; aarch64) arch=arm64 ;; esac
  tar -C "$(dirname "$(command -v "$1")")" --owner 0 --group 0 -cf "$tmp/layer.tar" "$1"
  sum=$(sha256sum <"$tmp/layer.tar")
  echo '{"architecture": "'"$arch"'", "os": "linux", "config": {"Entrypoint": ["/'"$1"'"]}, "rootfs": {"type": "layers",
    "diff_ids": ["sha256:'"${sum%% *}"'"]}}' >"$tmp/config.json"
  echo '[{"Config": "config.json", "RepoTags": ["localhost/'"$1"':1"], "Layers": ["layer.tar"]}]' >"$tmp/manifest.json"
  tar -C "$tmp" -cf "$IMAGES/$1.tar" config.json manifest.json layer.tar
  rm -r "$tmp"
}

up() {
  if ! init >/dev/null; then start; elif [ -e "$RUN/up" ]; then return; fi
  until_ok 90 kubectl get --raw /readyz
  until_ok 30 eval 'manifests | kubectl apply -f -'
  until_ok 30 test -S "$RUN/root/run/containerd/containerd.sock"
  local tar; for tar in "$IMAGES"/*.tar; do import "$tar"; done
  until_ok 90 kubectl wait --for=condition=Ready node/node --timeout=1s
  kubectl -n kube-system rollout status deployment/coredns --timeout=60s >/dev/null
  touch "$RUN/up"
}

start() {
  local c user
  mkdir -p "$IMAGES"; image pause; image coredns
  down # what a cluster that died left behind
  modprobe -qa overlay veth nf_conntrack nft_chain_nat 2>/dev/null || true # unless built in
  for c in $(cat /sys/fs/cgroup/cgroup.controllers 2>/dev/null); do # v2: what exists must be on, says the kubelet
    echo "+$c" 2>/dev/null >/sys/fs/cgroup/cgroup.subtree_control || true
  done
  mkdir -p "$RUN/log" "$RUN/cni" "$PKI" $CGROUPS
  openssl genpkey -algorithm RSA -out "$PKI/sa.key" 2>/dev/null
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$PKI/ca.key" -out "$PKI/ca.crt" -days 3650 -subj "/CN=$NAME" 2>/dev/null
  certificate admin /O=system:masters/CN=admin
  certificate kube-apiserver /CN=kube-apiserver "DNS:kubernetes.default.svc,DNS:kubernetes.default,IP:$API,IP:$NODE,IP:127.0.0.1"
  certificate kubelet /O=system:nodes/CN=system:node:node "IP:$NODE"
  for user in kube-controller-manager kube-scheduler kube-proxy; do certificate $user /CN=system:$user; done
  setsid unshare --mount --pid --net --fork --kill-child --mount-proc "$SELF" node >"$RUN/log/node.log" 2>&1 </dev/null &
  echo $! >"$RUN/pid"
  until_ok 10 test -e "$RUN/unshared"
  ip link add "$NAME" type veth peer name eth0 netns "$!"
  ip addr add $HOST/30 dev "$NAME"; ip link set "$NAME" up
  ip route add $PODS via $NODE; ip route add $SERVICES via $NODE
}

certificate() { # certificate NAME SUBJECT [ALTERNATIVE-NAMES]: key, certificate and kubeconfig
  local extensions=extendedKeyUsage=serverAuth,clientAuth${3:+$'\n'subjectAltName=$3}
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$2" -keyout "$PKI/$1.key" 2>/dev/null |
    openssl x509 -req -CA "$PKI/ca.crt" -CAkey "$PKI/ca.key" -CAcreateserial -days 3650 \
      -extfile <(echo "$extensions") -out "$PKI/$1.crt" 2>/dev/null
  (umask 077; cat >"$RUN/$1.kubeconfig") <<END
apiVersion: v1
kind: Config
clusters: [{name: $NAME, cluster: {server: "https://$NODE:6443", certificate-authority-data: $(base64 -w0 "$PKI/ca.crt")}}]
users: [{name: $NAME, user: {client-certificate-data: $(base64 -w0 "$PKI/$1.crt"), client-key-data: $(base64 -w0 "$PKI/$1.key")}}]
contexts: [{name: $NAME, context: {cluster: $NAME, user: $NAME}}]
current-context: $NAME
END
}

manifests() { cat <<END
{apiVersion: storage.k8s.io/v1, kind: StorageClass, provisioner: kubernetes.io/host-path,
 metadata: {name: standard, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: coredns, namespace: kube-system}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: coredns},
 roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view},
 subjects: [{kind: ServiceAccount, name: coredns, namespace: kube-system}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: coredns, namespace: kube-system}
data:
  Corefile: |
    cluster.local in-addr.arpa ip6.arpa {
      errors
      ready
      kubernetes cluster.local in-addr.arpa ip6.arpa
    }
    . { # there are no other names
      template ANY ANY {
        rcode NXDOMAIN
      }
    }
---
{apiVersion: v1, kind: Service, metadata: {name: kube-dns, namespace: kube-system}, spec: {clusterIP: $DNS,
 selector: {k8s-app: kube-dns}, ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53}]}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: coredns, namespace: kube-system}, spec: {
  selector: {matchLabels: {k8s-app: kube-dns}}, template: {metadata: {labels: {k8s-app: kube-dns}}, spec: {
    serviceAccountName: coredns, dnsPolicy: Default, priorityClassName: system-cluster-critical,
    containers: [{name: coredns, image: localhost/coredns:1, args: [-conf, /etc/coredns/Corefile],
      readinessProbe: {httpGet: {path: /ready, port: 8181}, periodSeconds: 1},
      volumeMounts: [{name: config, mountPath: /etc/coredns}]}],
    volumes: [{name: config, configMap: {name: coredns}}]}}}}
END
}

node() { # process 1 of the node's namespaces
  local d setting file
  mount --make-rshared /
  for d in /run /var/log /var/lib/kubelet /var/lib/cni /tmp/hostpath_pv; do # the node's own
    mkdir -p "$RUN/root$d" $d; mount --bind "$RUN/root$d" $d
  done
  for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
    kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
    file=/proc/sys/${setting%=*} # the kubelet would set it for the whole machine: let it see it is set
    echo "${setting#*=}" >"$RUN/${file//\//.}"
    mount --bind "$RUN/${file//\//.}" "$file"
  done
  touch "$RUN/unshared"
  until_ok 10 ip link show eth0; ip link set lo up
  ip addr add $NODE/30 dev eth0; ip link set eth0 up; ip route add default via $HOST
  echo 1 >/proc/sys/net/ipv4/ip_forward

  keep etcd --data-dir "$RUN/etcd" --unsafe-no-fsync
  keep kube-apiserver --etcd-servers=http://127.0.0.1:2379 --advertise-address=$NODE --service-cluster-ip-range=$SERVICES \
    --client-ca-file="$PKI/ca.crt" --tls-cert-file="$PKI/kube-apiserver.crt" --tls-private-key-file="$PKI/kube-apiserver.key" \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local --service-account-key-file="$PKI/sa.key" \
    --service-account-signing-key-file="$PKI/sa.key" --kubelet-certificate-authority="$PKI/ca.crt" \
    --kubelet-client-certificate="$PKI/admin.crt" --kubelet-client-key="$PKI/admin.key" \
    --kubelet-preferred-address-types=InternalIP --authorization-mode=Node,RBAC \
    --enable-admission-plugins=NodeRestriction --allow-privileged
  until_ok 60 kubectl get --raw /readyz
  keep kube-controller-manager --kubeconfig="$RUN/kube-controller-manager.kubeconfig" --leader-elect=false \
    --service-account-private-key-file="$PKI/sa.key" --use-service-account-credentials --root-ca-file="$PKI/ca.crt" \
    --cluster-signing-cert-file="$PKI/ca.crt" --cluster-signing-key-file="$PKI/ca.key" --enable-hostpath-provisioner
  keep sh -c 'chmod -f 777 /tmp/hostpath_pv/*' # that provisioner's directories are root's alone
  keep kube-scheduler --kubeconfig="$RUN/kube-scheduler.kubeconfig" --leader-elect=false
  keep kube-proxy --kubeconfig="$RUN/kube-proxy.kubeconfig" --hostname-override=node --proxy-mode=nftables \
    --cluster-cidr=$PODS --conntrack-max-per-core=0 --conntrack-min=0

  cat >"$RUN/cni/pods.conflist" <<END
{"cniVersion": "1.0.0", "name": "pods", "plugins": [
  {"type": "ptp", "ipam": {"type": "host-local", "subnet": "$PODS", "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
END
  cat >"$RUN/containerd.toml" <<END
version = 3
root = "$RUN/containerd"
[plugins.'io.containerd.cri.v1.images']
snapshotter = "$(case $(stat -fc %T "$RUN") in overlayfs) echo native ;; *) echo overlayfs ;; esac)"
pinned_images = {sandbox = "localhost/pause:1"}
[plugins.'io.containerd.cri.v1.runtime']
restrict_oom_score_adj = true # lowering it takes CAP_SYS_RESOURCE, which root of a container or VM may lack
cni = {bin_dirs = ["/usr/lib/cni"], conf_dir = "$RUN/cni"}
END
  keep containerd --config "$RUN/containerd.toml"
  cat >"$RUN/kubelet.yaml" <<END
---
{apiVersion: kubelet.config.k8s.io/v1beta1, kind: KubeletConfiguration, failCgroupV1: false, failSwapOn: false,
 containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock", cgroupDriver: cgroupfs, cgroupRoot: "/$NAME",
 authentication: {x509: {clientCAFile: "$PKI/ca.crt"}}, tlsCertFile: "$PKI/kubelet.crt", tlsPrivateKeyFile: "$PKI/kubelet.key",
 clusterDNS: [$DNS], clusterDomain: cluster.local, resolvConf: "", imageGCHighThresholdPercent: 100,
 evictionHard: {memory.available: "0%", nodefs.available: "0%", imagefs.available: "0%"}}
END
  keep kubelet --config="$RUN/kubelet.yaml" --kubeconfig="$RUN/kubelet.kubeconfig" --hostname-override=node --node-ip=$NODE
  wait
}

keep() { while :; do "$@" || true; sleep 1; done >>"$RUN/log/$1.log" 2>&1 & } # runs it again when it ends

load() {
  mkdir -p "$IMAGES"
  [ "${1:?IMAGE.tar is missing}" -ef "$IMAGES/${1##*/}" ] || cp "$1" "$IMAGES/"
  if init >/dev/null; then import "$1"; fi
}

import() { # from standard input, as the node may not see the file
  nsenter --mount --target "$(cat "$RUN/pid")" ctr -n k8s.io images import - <"$1" >"$RUN/log/import.log" 2>&1 ||
    die "$1: $(cat "$RUN/log/import.log")"
}

down() { # kills process 1 of the node, and so all the others, and deletes what they leave
  local pid d
  if pid=$(init); then
    kill -KILL "$pid"; until_ok 30 eval "! kill -0 $pid"
  fi
  ip link delete "$NAME" 2>/dev/null || true # else it stays as long as a dying TCP connection in there
  for d in $CGROUPS; do [ ! -d "$d" ] || until_ok 10 find "$d" -depth -type d -exec rmdir {} +; done
  rm -rf --one-file-system "$RUN"
}

case ${1:-} in
  kubeconfig) echo "$KUBECONFIG" ;;
  up | down | load | node) "$@" ;;
  *) sed -n '2,/^set/s/^# \{0,1\}//p' "$SELF"; exit 2 ;;
esac
