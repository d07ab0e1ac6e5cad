/**
 * Keys in PKCS #11 tokens, used through pkcs11-tool of OpenSC: it speaks to every token, and nothing native is compiled.
 * It selects keys by their identifier only (0.23), so they are looked up by label first. The PIN is in its environment.
 */
import { execFile } from 'node:child_process';
import { createHash, createPublicKey, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { errorCode } from '../lib/error-code.ts';
import { messageOf } from '../lib/message-of.ts';
import { printable } from '../lib/printable.ts';
import type { KeyType } from '../model/key-type.ts';
import type { TokenKeyPlace } from '../model/token-key.ts';
import { keyAlgorithmOf } from '../pki/keys.ts';
import type { SigningKeys, TokenKey } from '../pki/signing-key.ts';

const TOOL = 'pkcs11-tool';
const PIN = 'SALLYPORT_TOKEN_PIN';
/** An RSA key of 4096 bits may take a small token that long. */
const TIMEOUT_MILLISECONDS = 120_000;

interface TokenKeyType {
  /** As the tool lists it. */
  readonly listed: string;
  readonly generate: string;
  readonly mechanism: string;
  /** Of what has to be hashed before: few tokens hash for ECDSA. */
  readonly hash?: string;
  /** JSON Web Key: the curve, which the tool does not export (0.23: not P-384). */
  readonly curve?: string;
}

const RSA_3072 = { listed: 'RSA 3072', generate: 'rsa:3072' };
const RSA_4096 = { listed: 'RSA 4096', generate: 'rsa:4096' };
const EC_256 = { listed: 'EC 256', generate: 'EC:prime256v1', curve: 'P-256' };
const EC_384 = { listed: 'EC 384', generate: 'EC:secp384r1', curve: 'P-384' };

/** Ed25519 is missing: OpenSC of Debian 12 can neither export nor use such keys. */
const TYPES: Readonly<Partial<Record<KeyType, TokenKeyType>>> = {
  'ecdsa-p256': { ...EC_256, mechanism: 'ECDSA', hash: 'sha256' },
  'ecdsa-p384': { ...EC_384, mechanism: 'ECDSA', hash: 'sha384' },
  'rsa-3072': { ...RSA_3072, mechanism: 'SHA256-RSA-PKCS' },
  'rsa-4096': { ...RSA_4096, mechanism: 'SHA384-RSA-PKCS' },
  'rsa-pss-3072': { ...RSA_3072, mechanism: 'SHA256-RSA-PKCS-PSS' },
  'rsa-pss-4096': { ...RSA_4096, mechanism: 'SHA384-RSA-PKCS-PSS' },
};

/** What the tool says, and what to do. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/CKR_PIN_LOCKED/, 'the token has locked its PIN: only its security officer sets a new one'],
  [
    /CKR_PIN_|Invalid PIN/,
    'the token does not take this PIN: some lock it for good after a few wrong ones',
  ],
  [
    /Failed to load pkcs11 module/,
    'module-path cannot be loaded: install what belongs to the token, and say where it is',
  ],
];

interface LoadedKey extends SigningKeys {
  readonly privateKey: TokenKey;
  readonly publicKey: ArrayBuffer;
}

interface ListedKey {
  readonly label: string;
  readonly id: string;
  /** Kind and bits. */
  readonly type: string;
  /** Hex; of EC keys. */
  readonly point: string;
}

/** The key that is there, or a new one. Throws what is wrong with token, PIN or key, and what to do. */
export async function ensureTokenKey(
  place: TokenKeyPlace,
  pin: string,
  keyType: KeyType,
): Promise<LoadedKey> {
  const { generate } = typeOf(keyType);
  await mustBeOneToken(place);
  if ((await findKey(place, pin)) === undefined) {
    const id = randomBytes(16).toString('hex');
    const as = ['--key-type', generate, '--label', place.object, '--id', id];
    await withPin(place, pin, ['--keypairgen', '--usage-sign', ...as]);
  }
  return loadKey(place, pin, keyType);
}

/** `expected`: of the certificate. Throws as {@link ensureTokenKey}, and where the key is missing or is another one. */
export async function openTokenKey(
  place: TokenKeyPlace,
  pin: string,
  expected: { readonly keyType: KeyType; readonly publicKey: ArrayBuffer },
): Promise<TokenKey> {
  await mustBeOneToken(place);
  const { privateKey, publicKey } = await loadKey(place, pin, expected.keyType);
  if (!Buffer.from(publicKey).equals(Buffer.from(expected.publicKey)))
    throw new Error(
      `${nameOf(place)} is not the key that the authority was made with: put that one back into the token`,
    );
  return privateKey;
}

async function loadKey(place: TokenKeyPlace, pin: string, keyType: KeyType): Promise<LoadedKey> {
  const { listed, mechanism, hash, curve } = typeOf(keyType);
  const key = await findKey(place, pin);
  if (key === undefined)
    throw new Error(`${nameOf(place)} is missing: put it back, or make a new authority`);
  if (key.type !== listed)
    throw new Error(`${nameOf(place)} is ${key.type}, not ${listed}: choose its --key-type`);
  const spki =
    curve === undefined
      ? await withPin(place, pin, ['--read-object', '--type', 'pubkey', '--id', key.id])
      : exportCurvePoint(curve, Buffer.from(key.point, 'hex'));
  const sign = async (data: ArrayBuffer): Promise<ArrayBuffer> => {
    const bytes = Buffer.from(data);
    const input = hash === undefined ? bytes : createHash(hash).update(bytes).digest();
    const args = ['--sign', '--mechanism', mechanism, '--id', key.id];
    return toArrayBuffer(await withPin(place, pin, args, input));
  };
  return {
    privateKey: { algorithm: keyAlgorithmOf(keyType), sign },
    publicKey: toArrayBuffer(spki),
  };
}

function typeOf(keyType: KeyType): TokenKeyType {
  const type = TYPES[keyType];
  if (type !== undefined) return type;
  throw new Error(
    `a key in a token cannot be ${keyType}: choose ${Object.keys(TYPES).join(', ')} as --key-type`,
  );
}

/** The PIN must not be tried on another token: some lock for good after three. */
async function mustBeOneToken({ module, token }: TokenKeyPlace): Promise<void> {
  const text = (await runTool(['--module', module, '--list-token-slots'])).toString();
  const labels = text
    .split('\n')
    .flatMap((line) => /^ +token label +: (.*)$/.exec(line)?.[1] ?? []);
  const count = labels.filter((label) => label === token).length;
  if (count === 0)
    throw new Error(`there is no token ${token}; there are: ${labels.join(', ') || 'none'}`);
  if (count > 1) throw new Error(`there are ${count} tokens ${token}: take all but one away`);
}

async function findKey(place: TokenKeyPlace, pin: string): Promise<ListedKey | undefined> {
  const text = await withPin(place, pin, ['--list-objects', '--type', 'pubkey']);
  const keys = listedKeys(text.toString());
  const [found, ...others] = keys.filter(({ label }) => label === place.object);
  if (found === undefined) return undefined;
  if (others.length > 0)
    throw new Error(`${nameOf(place)} is there ${others.length + 1} times: name the keys apart`);
  if (keys.filter(({ id }) => id === found.id).length > 1 || found.id === '')
    throw new Error(
      `${nameOf(place)} needs an identifier of its own: give it one by ${TOOL} --set-id`,
    );
  return found;
}

function listedKeys(text: string): ListedKey[] {
  return text.split(/^(?=\S)/m).flatMap((block) => {
    const [, kind, bits] = /^Public Key Object; (\S+) .*?(\d+) bits/.exec(block) ?? [];
    if (kind === undefined) return [];
    const field = (name: string): string =>
      new RegExp(`^ +${name}: +(.*)$`, 'm').exec(block)?.[1] ?? '';
    const [label, id, point] = [field('label'), field('ID'), field('EC_POINT')];
    return [{ label, id, type: `${kind} ${bits}`, point }];
  });
}

/** `point`: an OCTET STRING that ends in both coordinates (PKCS #11 §6.3.3, SEC 1 §2.3.3). */
function exportCurvePoint(crv: string, point: Buffer): Buffer {
  const bytes = crv === 'P-256' ? 32 : 48;
  const [x, y] = [point.subarray(-2 * bytes, -bytes), point.subarray(-bytes)];
  const key = { kty: 'EC', crv, x: x.toString('base64url'), y: y.toString('base64url') };
  return createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'der' });
}

function withPin(
  { module, token }: TokenKeyPlace,
  pin: string,
  args: readonly string[],
  input?: Buffer,
): Promise<Buffer> {
  const login = ['--module', module, '--token-label', token, '--login', '--pin', `env:${PIN}`];
  return runTool([...login, ...args], pin, input);
}

async function runTool(args: readonly string[], pin = '', input?: Buffer): Promise<Buffer> {
  const running = promisify(execFile)(TOOL, args, {
    ...{ encoding: 'buffer' as const, timeout: TIMEOUT_MILLISECONDS },
    env: { ...process.env, LC_ALL: 'C', [PIN]: pin },
  });
  // A program that ends before it has read everything breaks the pipe; its exit code tells.
  running.child.stdin?.on('error', () => undefined).end(input);
  try {
    return (await running).stdout;
  } catch (error) {
    throw new Error(reasonOf(error), { cause: error });
  }
}

function reasonOf(error: unknown): string {
  if (errorCode(error) === 'ENOENT')
    return `keys in tokens need ${TOOL}: install it (Debian: opensc)`;
  const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  const [, reason] = REASONS.find(([pattern]) => pattern.test(text)) ?? [];
  if (reason !== undefined) return reason;
  const said = text
    .split('\n')
    .filter((line) => /\S/.test(line) && !/^(Aborting|Using)/.test(line));
  return printable(`${TOOL}: ${said.join('; ') || messageOf(error)}`);
}

function nameOf({ token, object }: TokenKeyPlace): string {
  return `key ${object} of token ${token}`;
}

function toArrayBuffer(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
