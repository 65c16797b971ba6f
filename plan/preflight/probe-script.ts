/** First and last line of a report: what lies between is whole, whatever a log loses. */
export const PROBE_BEGIN = "gpu-zones-probe 1";
export const PROBE_END = "gpu-zones-probe end";

/**
 * Looks at a host as its own shell does, and changes nothing; runs chrooted into it. Writes one `key=value` a line.
 * `ROOT` is put before every path (default: none), `HOLD_SECONDS` is how long the pod stays when all is said (default: 0).
 */
export const PROBE_SCRIPT = `ROOT=\${ROOT:-}
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
trap 'exit 0' TERM INT
set -u
say() { printf '%s=%s\\n' "$1" "$2"; }
has() { command -v "$1" >/dev/null 2>&1; }
# A driver that hangs must not hang the probe with it.
within() { if has timeout; then timeout "$@"; else shift; "$@"; fi; }
loaded() { grep -q "^$1 " "$ROOT/proc/modules" 2>/dev/null; }
# The top-level version of a containerd configuration; a file without one is of version 1.
config_version() { sed -n '/^[[:space:]]*\\[/q; s/^[[:space:]]*version[[:space:]]*=[[:space:]]*\\([0-9][0-9]*\\).*/\\1/p' | head -n 1; }

echo "${PROBE_BEGIN}"
kernel=$(uname -r)
say kernel "$kernel"

secure_boot=unknown
efi="$ROOT/sys/firmware/efi"
if [ ! -d "$efi" ]; then
  # A host that was booted without UEFI has no Secure Boot.
  secure_boot=disabled
elif has mokutil && state=$(mokutil --sb-state 2>/dev/null); then
  case "$state" in
    *"SecureBoot enabled"*) secure_boot=enabled ;;
    *"SecureBoot disabled"*) secure_boot=disabled ;;
  esac
fi
if [ "$secure_boot" = unknown ]; then
  # Four bytes of attributes, then the value.
  for variable in "$efi"/efivars/SecureBoot-*; do
    [ -r "$variable" ] || continue
    case $(od -An -tu1 "$variable" 2>/dev/null | tr -s ' \\n' ' ') in
      *" 1 ") secure_boot=enabled ;;
      *" 0 ") secure_boot=disabled ;;
    esac
  done
fi
say secureBoot "$secure_boot"

if loaded nouveau; then say nouveau loaded; else say nouveau absent; fi
if loaded nvidia; then say nvidiaModule "$(cat "$ROOT/sys/module/nvidia/version" 2>/dev/null || echo unknown)"; else say nvidiaModule absent; fi

boards=0
for device in "$ROOT"/sys/bus/pci/devices/*; do
  [ "$(cat "$device/vendor" 2>/dev/null)" = 0x10de ] || continue
  case $(cat "$device/class" 2>/dev/null) in 0x0300* | 0x0302*) boards=$((boards + 1)) ;; esac
done
say boards "$boards"

if has nvidia-smi; then
  driver=$(within 30 nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | head -n 1)
  case "$driver" in [0-9]*) say hostDriver "$driver" ;; *) say hostDriver broken ;; esac
else
  say hostDriver absent
fi

headers=unknown
if [ -e "$ROOT/lib/modules/$kernel/build" ] || [ -d "$ROOT/usr/src/linux-headers-$kernel" ]; then
  headers=installed
elif has apt-cache; then
  case $(apt-cache policy "linux-headers-$kernel" 2>/dev/null) in
    *"Candidate: (none)"*) headers=missing ;;
    *"Candidate: "*) headers=available ;;
    *) headers=missing ;;
  esac
elif has dnf || has yum; then
  manager=dnf
  has dnf || manager=yum
  case "$kernel" in *uek*) package=kernel-uek-devel ;; *) package=kernel-devel ;; esac
  # Out of its cache: one that is empty, or that it cannot lock, says nothing of the mirror.
  if answer=$(within 60 "$manager" -q -C list "$package-$kernel" 2>&1); then
    headers=available
  else
    case "$answer" in *"o matching "*) headers=missing ;; esac
  fi
elif has zypper; then
  answer=$(within 60 zypper --quiet --non-interactive --no-refresh search --details --match-exact --type package "kernel-\${kernel##*-}-devel" 2>/dev/null)
  # The package has a number more than the kernel: it was built again. 104: there is none of the name.
  case $?:$answer in
    0:*"| \${kernel%-*}."* | 0:*"| \${kernel%-*} "*) headers=available ;;
    0:* | 104:*) headers=missing ;;
  esac
fi
say headers "$headers"

file=absent
for path in "$ROOT/etc/containerd/config.toml" "$ROOT/var/lib/rancher/k3s/agent/etc/containerd/config.toml" "$ROOT/var/lib/rancher/rke2/agent/etc/containerd/config.toml"; do
  [ -r "$path" ] || continue
  file=$(config_version <"$path")
  file=\${file:-1}
  break
done
say containerdFile "$file"
dump=absent
if has containerd; then
  dump=$(within 20 containerd config dump 2>/dev/null | config_version)
  dump=\${dump:-unknown}
fi
say containerdDump "$dump"

say inotifyInstances "$(cat "$ROOT/proc/sys/fs/inotify/max_user_instances" 2>/dev/null || echo unknown)"
say inotifyWatches "$(cat "$ROOT/proc/sys/fs/inotify/max_user_watches" 2>/dev/null || echo unknown)"
echo "${PROBE_END}"

# A pod that is done leaves its place, and the next of the Job could come to the same node.
sleep "\${HOLD_SECONDS:-0}" &
wait $!
`;
