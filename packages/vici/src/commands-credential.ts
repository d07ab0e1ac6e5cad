// Commands that load, unload and list certificates, keys, shared secrets and authorities. What they carry
// never appears in an error.

import { type CallOptions, firstSection } from './command-set.ts';
import { ConnectionCommands } from './commands-connection.ts';
import type { Message } from './message.ts';

export type CertificateType = 'X509' | 'X509_AC' | 'X509_CRL' | 'OCSP_RESPONSE' | 'PUBKEY';
export type CertificateFlag = 'NONE' | 'CA' | 'AA' | 'OCSP';

export interface CertificateInput {
  readonly type: 'X509' | 'X509_AC' | 'X509_CRL' | 'PUBKEY';
  /** Default NONE. A certificate with the CA constraint counts as CA in any case. */
  readonly flag?: CertificateFlag;
  /** PEM or DER. */
  readonly data: string | Uint8Array;
}

export interface KeyInput {
  readonly type: 'rsa' | 'ecdsa' | 'ed25519' | 'ed448' | 'any';
  /** PEM or DER, not encrypted. */
  readonly data: string | Uint8Array;
}

export interface TokenInput {
  /** CKA_ID in hexadecimal digits. */
  readonly handle: string;
  readonly slot?: number;
  readonly module?: string;
  readonly pin?: string;
}

export interface SharedSecretInput {
  /** Unique; loading the same id again replaces the secret in one step. */
  readonly id: string;
  readonly type: 'IKE' | 'EAP' | 'XAUTH' | 'NTLM' | 'PPK';
  /** The secret itself. The prefixes `0x` and `0s` belong to swanctl and mean nothing here. */
  readonly data: Uint8Array;
  /** Identities that it belongs to, of both ends for IKE. Empty: anybody. */
  readonly owners: readonly string[];
}

export interface AuthorityInput {
  /** PEM or DER. */
  readonly cacert: string | Uint8Array;
  readonly crlUris?: readonly string[];
  readonly ocspUris?: readonly string[];
  readonly certUriBase?: string;
}

export interface LoadedCertificate {
  readonly type: string;
  readonly flag: string;
  readonly hasPrivateKey: boolean;
  /** DER. */
  readonly data: Uint8Array;
  /** Of a bare public key. */
  readonly subject?: string;
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly raw: Message;
}

export interface LoadedAuthority {
  readonly name: string;
  readonly cacert: string;
  readonly crlUris: readonly string[];
  readonly ocspUris: readonly string[];
  readonly certUriBase?: string;
}

export interface ListCertsOptions extends CallOptions {
  readonly type?: CertificateType | 'ANY';
  readonly flag?: CertificateFlag | 'ANY';
  readonly subject?: string;
}

export abstract class CredentialCommands extends ConnectionCommands {
  async loadCert(certificate: CertificateInput, options?: CallOptions): Promise<void> {
    const { type, flag, data } = certificate;
    await this.call('load-cert', { type, flag: flag ?? 'NONE', data }, options);
  }

  /** Resolves with the SHA-1 of the public key in hexadecimal digits, by which `unloadKey` goes. */
  async loadKey(key: KeyInput, options?: CallOptions): Promise<{ readonly id: string }> {
    const reply = await this.call('load-key', { type: key.type, data: key.data }, options);
    return { id: reply.text('id') ?? '' };
  }

  async loadToken(token: TokenInput, options?: CallOptions): Promise<{ readonly id: string }> {
    const { handle, slot, module, pin } = token;
    const reply = await this.call('load-token', { handle, slot, module, pin }, options);
    return { id: reply.text('id') ?? '' };
  }

  async unloadKey(id: string, options?: CallOptions): Promise<void> {
    await this.call('unload-key', { id }, options);
  }

  /** Ids of the private keys loaded over VICI. */
  async getKeys(options?: CallOptions): Promise<readonly string[]> {
    return (await this.call('get-keys', {}, options)).list('keys');
  }

  async loadShared(secret: SharedSecretInput, options?: CallOptions): Promise<void> {
    const { id, type, data, owners } = secret;
    await this.call('load-shared', { id, type, data, owners }, options);
  }

  /** Succeeds also for an id that was never loaded. */
  async unloadShared(id: string, options?: CallOptions): Promise<void> {
    await this.call('unload-shared', { id }, options);
  }

  /** Ids of the shared secrets loaded over VICI. */
  async getShared(options?: CallOptions): Promise<readonly string[]> {
    return (await this.call('get-shared', {}, options)).list('keys');
  }

  /** Drops cached trust chains, CRLs and OCSP responses. */
  async flushCerts(type?: CertificateType | 'ANY', options?: CallOptions): Promise<void> {
    await this.call('flush-certs', { type }, options);
  }

  /**
   * Drops every credential loaded over VICI that no authority owns. Handshakes fail until they are loaded
   * again, so this is for cleaning up and never for an update.
   */
  async clearCreds(options?: CallOptions): Promise<void> {
    await this.call('clear-creds', {}, options);
  }

  async *listCerts(
    options: ListCertsOptions = {},
  ): AsyncGenerator<LoadedCertificate, void, undefined> {
    const { type, flag, subject, ...call } = options;
    const messages = this.stream('list-certs', 'list-cert', { type, flag, subject }, call);
    for await (const message of messages) yield parseCertificate(message);
  }

  async loadAuthority(
    name: string,
    authority: AuthorityInput,
    options?: CallOptions,
  ): Promise<void> {
    const section = {
      cacert: authority.cacert,
      crl_uris: authority.crlUris,
      ocsp_uris: authority.ocspUris,
      cert_uri_base: authority.certUriBase,
    };
    await this.call('load-authority', new Map([[name, section]]), options);
  }

  async unloadAuthority(name: string, options?: CallOptions): Promise<void> {
    await this.call('unload-authority', { name }, options);
  }

  /** Names of the authorities loaded over VICI. */
  async getAuthorities(options?: CallOptions): Promise<readonly string[]> {
    return (await this.call('get-authorities', {}, options)).list('authorities');
  }

  async *listAuthorities(
    options: CallOptions & { readonly name?: string } = {},
  ): AsyncGenerator<LoadedAuthority, void, undefined> {
    const { name, ...call } = options;
    const messages = this.stream('list-authorities', 'list-authority', { name }, call);
    for await (const message of messages) {
      const section = firstSection(message);
      if (section !== undefined) yield parseAuthority(...section);
    }
  }
}

function parseCertificate(raw: Message): LoadedCertificate {
  const subject = raw.text('subject');
  const notBefore = raw.text('not-before');
  const notAfter = raw.text('not-after');
  return {
    type: raw.text('type') ?? '',
    flag: raw.text('flag') ?? 'NONE',
    hasPrivateKey: raw.flag('has_privkey'),
    data: raw.bytes('data') ?? new Uint8Array(0),
    ...(subject === undefined ? {} : { subject }),
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(notAfter === undefined ? {} : { notAfter }),
    raw,
  };
}

function parseAuthority(name: string, raw: Message): LoadedAuthority {
  const certUriBase = raw.text('cert_uri_base');
  return {
    name,
    cacert: raw.text('cacert') ?? '',
    crlUris: raw.list('crl_uris'),
    ocspUris: raw.list('ocsp_uris'),
    ...(certUriBase === undefined ? {} : { certUriBase }),
  };
}
