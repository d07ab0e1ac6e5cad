#!/bin/sh
# Brings what Sallyport needs on Debian 12 or newer: packages by name, Node.js 24, the npm
# dependencies, the build. Says what it does; does nothing where everything is there.
set -eu
cd "$(dirname "$0")/.."

packages="charon-systemd strongswan-swanctl libstrongswan-standard-plugins libstrongswan-extra-plugins
libcharon-extra-plugins strongswan-pki nftables tcpdump iputils-ping fping iproute2 kmod procps openssl
xz-utils util-linux libcap2-bin libnss3-tools gnutls-bin opensc softhsm2 fish zsh frr keepalived"

say() { echo "setup: $*"; }

missing=
for package in $packages; do
	dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -q '^installed$' || missing="$missing $package"
done
if [ -n "$missing" ]; then
	if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
		say "these Debian packages are missing, and only root on Debian 12 or newer can install them here:"
		say " $missing"
		exit 1
	fi
	say "installing$missing"
	# No daemon may start while packages are unpacked: policy-rc.d says so to Debian's tools.
	policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
		trap 'rm -f /usr/sbin/policy-rc.d' EXIT INT TERM
	fi
	fresh_services=
	for service in strongswan frr keepalived; do
		[ -e "/lib/systemd/system/$service.service" ] || fresh_services="$fresh_services $service.service"
	done
	apt-get update -qq
	# shellcheck disable=SC2086 # words on purpose
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
	if [ -n "$fresh_services" ] && [ -d /run/systemd/system ]; then
		# shellcheck disable=SC2086 # words on purpose
		systemctl disable --quiet $fresh_services || true
	fi
fi

node_major() { "$1" -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0; }
if [ ! -x .tools/bin/node ] && [ "$(node_major node)" -lt 24 ]; then
	if ! command -v npm >/dev/null; then
		say "installing npm"
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends npm >/dev/null
	fi
	case $(uname -m) in
	x86_64) platform=linux-x64 ;;
	aarch64) platform=linux-arm64 ;;
	*) say "no Node.js 24 for $(uname -m) on npm: install it, then run this again"; exit 1 ;;
	esac
	say "bringing Node.js 24 into .tools"
	mkdir -p .tools/bin
	npm install --prefix .tools --no-save --no-package-lock --silent "node-$platform@24"
	ln -sf "../node_modules/node-$platform/bin/node" .tools/bin/node
fi
PATH=$PWD/.tools/bin:$PATH
export PATH

stamp=node_modules/.package-lock.stamp
if ! cmp -s package-lock.json "$stamp" 2>/dev/null; then
	say "installing npm dependencies"
	# Not `npm ci`: it refuses lock files that leave out the binaries of other platforms.
	npm install --silent --no-save
	cp package-lock.json "$stamp"
fi
say "building"
node_modules/.bin/tsc -b packages/vici packages/sallyport
say "ready: node $(node --version)"
