/** Keys, certificates and bundles by plain `openssl`, as strangers make them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Opens all that is encrypted here: of eleven letters, one of them outside ASCII. */
export const PASSPHRASE = 'ein Schlüss';

export const KEY_KINDS = ['ec', 'rsa', 'ed25519'] as const;
type KeyKind = (typeof KEY_KINDS)[number];

const NEW_KEY: Readonly<Record<KeyKind, readonly string[]>> = {
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  rsa: ['-newkey', 'rsa:2048'],
  ed25519: ['-newkey', 'ed25519'],
};

export interface Wanted {
  /** As openssl writes it: `/CN=gw.example`; that if absent. */
  readonly subject?: string;
  /** Name of its authority's files; absent: it signs itself. */
  readonly issuer?: string;
  readonly isAuthority?: boolean;
  readonly keyKind?: KeyKind;
  /** Name of the files whose key it has; absent: a new one. */
  readonly keyOf?: string;
  readonly altNames?: string;
  readonly serial?: string;
}

export class StrangerPki implements Disposable {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'sallyport-stranger-'));

  file(name: string): string {
    return join(this.directory, name);
  }

  read(name: string): string {
    return readFileSync(this.file(name), 'utf8');
  }

  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.file(name), content, { mode: 0o600 });
    return this.file(name);
  }

  /** One file out of several, in the order given. */
  join(name: string, ...parts: readonly string[]): string {
    return this.write(name, parts.map((part) => this.read(part)).join(''));
  }

  /** In its directory; `{pass}` stands for the passphrase. Returns what it prints. */
  openssl(command: string, ...more: readonly string[]): string {
    const args = command
      .split(' ')
      .map((word) => (word === '{pass}' ? `pass:${PASSPHRASE}` : word));
    return execFileSync('openssl', [...args, ...more], {
      ...{ cwd: this.directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    });
  }

  /** Makes `NAME.crt` and, unless it has another's, `NAME.key`. */
  certify(name: string, wanted: Wanted = {}): void {
    const { subject = '/CN=gw.example', issuer, isAuthority = false, keyOf, serial } = wanted;
    const { altNames = 'DNS:gw.example', keyKind = 'ec' } = wanted;
    // The machine's own configuration adds "CA:true" to whatever is signed.
    const lines = ['[req]', 'distinguished_name=dn', 'x509_extensions=x', '[dn]', '[x]'];
    const extensions = isAuthority
      ? ['basicConstraints=critical,CA:true']
      : ['basicConstraints=critical,CA:false', `subjectAltName=${altNames}`];
    this.write(`${name}.cnf`, [...lines, ...extensions, ''].join('\n'));
    this.openssl(
      `req -x509 -config ${name}.cnf -utf8 -days 365 -noenc -out ${name}.crt`,
      ...['-subj', subject],
      ...(keyOf === undefined
        ? [...NEW_KEY[keyKind], '-keyout', `${name}.key`]
        : ['-key', `${keyOf}.key`]),
      ...(issuer === undefined ? [] : ['-CA', `${issuer}.crt`, '-CAkey', `${issuer}.key`]),
      ...(serial === undefined ? [] : ['-set_serial', serial]),
    );
  }

  /** `root`, `site` below it, and below that the gateway `gw`. */
  certifyChain(keyKind: KeyKind = 'ec'): void {
    this.certify('root', { subject: '/O=Stranger/CN=Root', isAuthority: true, keyKind });
    const site = { subject: '/O=Stranger/CN=Site', isAuthority: true, issuer: 'root', keyKind };
    this.certify('site', site);
    this.certify('gw', { issuer: 'site', keyKind });
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true });
  }
}
