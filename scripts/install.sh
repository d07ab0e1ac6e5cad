#!/bin/sh
# Installs Sallyport on this host, or with --uninstall takes it away again: tunnels first, then files.
# Places: $PREFIX (default /usr/local), below $DESTDIR for packagers. State in /var/lib/sallyport stays
# when it holds declarations; it is named at the end.
set -eu
cd "$(dirname "$0")/.."
PREFIX=${PREFIX:-/usr/local}
DESTDIR=${DESTDIR:-}
target=$DESTDIR$PREFIX

say() { echo "install: $*"; }
has_systemd() { [ -z "$DESTDIR" ] && [ -d /run/systemd/system ]; }

lib=$target/lib/sallyport
bin=$target/bin/sallyport
units=$target/lib/systemd/system
completions=$target/share/bash-completion/completions
doc=$target/share/doc/sallyport

if [ "${1:-}" = --uninstall ]; then
	if [ -z "$DESTDIR" ] && [ -x "$bin" ]; then
		if has_systemd; then systemctl disable --now --quiet sallyport.service || true; fi
		say "taking down the tunnels of this host"
		"$bin" agent --teardown
	fi
	rm -rf "$lib" "$bin" "$units/sallyport.service" "$units"/sallyport-*.service "$completions/sallyport" "$doc"
	if has_systemd; then systemctl daemon-reload; fi
	say "removed; declarations and state, where there are any, stay in /var/lib/sallyport"
	exit 0
fi

packed=$(mktemp -d)
trap 'rm -rf "$packed"' EXIT INT TERM
npm pack --silent --pack-destination "$packed" --workspace packages/vici --workspace packages/sallyport >/dev/null
mkdir -p "$lib" "$target/bin" "$units" "$completions" "$doc"
say "program to $lib"
npm install --silent --no-save --no-package-lock --omit=dev --prefix "$lib" "$packed"/*.tgz
node=$(command -v node)
# The machine's own Node.js is used where it is new enough; else ours goes along.
case $node in
"$PWD"/.tools/*) install -m 755 "$(readlink -f "$node")" "$lib/node"; node=$PREFIX/lib/sallyport/node ;;
esac
printf '#!/bin/sh\nexec %s %s "$@"\n' "$node" "$PREFIX/lib/sallyport/node_modules/sallyport/dist/bin/sallyport.js" >"$bin"
chmod 755 "$bin"
for unit in deploy/systemd/*.service; do
	sed "s#/usr/local#$PREFIX#g" "$unit" >"$units/$(basename "$unit")"
done
node packages/sallyport/dist/bin/sallyport.js completion bash >"$completions/sallyport"
install -m 644 README.md "$doc/README.md"
if has_systemd; then
	systemctl daemon-reload
	say "start it with: systemctl enable --now sallyport"
else
	say "start it with: $PREFIX/bin/sallyport agent"
fi
