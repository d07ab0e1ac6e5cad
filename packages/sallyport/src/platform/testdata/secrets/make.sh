#!/bin/sh
# Makes the key material of the tests beside it anew. Worthless keys, valid for a century.
# Needs OpenSSL 3 with its legacy provider.
set -eu
cd "$(dirname "$0")"
days=36500
new_key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }

new_key ca.key
openssl req -x509 -new -key ca.key -days $days -subj '/C=CH/O=Example/CN=Test CA' -out ca.pem
new_key gateway.key
openssl req -new -key gateway.key -subj '/C=CH/O=Example, Ltd/CN=gw.example' |
  openssl x509 -req -CA ca.pem -CAkey ca.key -days $days -out gateway.pem -extfile /dev/fd/3 3<<X
basicConstraints = CA:FALSE
subjectAltName = DNS:gw.example, IP:192.0.2.1, IP:2001:db8::1, email:ops@example
X
openssl x509 -in gateway.pem -outform der -out gateway.der
openssl pkey -in gateway.key -outform der -out gateway-key.der
openssl ec -in gateway.key -out gateway-sec1.key
openssl pkcs8 -topk8 -in gateway.key -passout pass:secret -out gateway-encrypted.key
new_key other.key
new_key nameless.key
openssl req -x509 -new -key nameless.key -days $days -subj / -out nameless.pem -addext 'subjectAltName = DNS:nameless.example'

export_p12() { openssl pkcs12 -export -in gateway.pem -inkey gateway.key -certfile ca.pem "$@"; }
export_p12 -passout pass:sécret -out modern.p12
export_p12 -passout pass: -out no-passphrase.p12
export_p12 -passout pass:sécret -legacy -out legacy.p12
export_p12 -passout pass:sécret -legacy -certpbe PBE-SHA1-RC2-128 -keypbe PBE-SHA1-2DES -macalg sha1 -out legacy-128.p12
export_p12 -passout pass:sécret -nomac -out no-mac.p12
export_p12 -passout pass:sécret -macalg sha512 -certpbe NONE -keypbe AES-128-CBC -out plain-certificates.p12
export_p12 -passout pass:sécret -iter 1000001 -nomaciter -out many-iterations.p12
export_p12 -passout pass:sécret -legacy -keypbe PBE-SHA1-RC4-128 -out rc4.p12
openssl pkcs12 -export -nokeys -in gateway.pem -passout pass:sécret -out only-certificate.p12
openssl pkcs12 -export -nocerts -inkey gateway.key -passout pass:sécret -out only-key.p12
rm ca.key
