/** Keys and certificates that stand in a document: a TLS Secret of Kubernetes, or what AWS exports. */
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { type FileField, faultIn, SecretFaultError } from './secret-fault.ts';

/** One file's worth of bytes, and where they stand. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly from: FileField;
}

/** Names of its data, and of the files where a pod has it mounted. */
export const TLS_SECRET_FILES = { required: ['tls.crt', 'tls.key'], optional: ['ca.crt'] } as const;

/** In one line or in several, as people wrap it. */
const Base64 = z
  .string()
  .transform((text) => text.replaceAll(/\s/g, ''))
  .pipe(z.base64());

/** https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets */
const TlsSecret = z.object({
  kind: z.literal('Secret'),
  type: z.literal('kubernetes.io/tls'),
  data: z.record(z.string(), Base64).default({}),
  stringData: z.record(z.string(), z.string()).default({}),
});

/** `aws acm export-certificate`, `aws acm-pca get-certificate`: PEM, the key under a passphrase. */
const AwsExport = z.object({
  Certificate: z.string(),
  CertificateChain: z.string().optional(),
  PrivateKey: z.string().optional(),
});

/** A first line of a YAML mapping or of JSON, which neither PEM nor DER has. */
const DOCUMENT = /^(?:---|\s*\{|[A-Za-z]+:(?:\s|$))/u;

/** Undefined: this is no document. Throws `SecretFaultError`. */
export function documentPieces({ bytes, from }: Piece): Piece[] | undefined {
  const text = Buffer.from(bytes).toString('utf8');
  if (!DOCUMENT.test(text) || /^-----BEGIN /mu.test(text)) return undefined;
  return parse(text, from).flatMap((document) => piecesOf(document, from));
}

function parse(text: string, from: FileField): unknown[] {
  try {
    return parseAllDocuments(text).map((document): unknown => {
      const [error] = document.errors;
      if (error !== undefined) throw error;
      return document.toJS() as unknown;
    });
  } catch {
    throw new SecretFaultError(
      faultIn(
        from,
        'secret/malformed',
        'the file is neither YAML nor JSON, or only a part of it',
        'give the whole file, as it was exported',
      ),
    );
  }
}

function piecesOf(document: unknown, from: FileField): Piece[] {
  const piece = (name: string, bytes: Uint8Array): Piece => ({
    bytes,
    from: { ...from, file: `${from.file}: ${name}` },
  });
  const secret = TlsSecret.safeParse(document).data;
  if (secret !== undefined) {
    const { data, stringData } = secret;
    const all = new Map([
      ...Object.entries(data).map(([name, text]) => [name, Buffer.from(text, 'base64')] as const),
      // Written over the other by the API server.
      ...Object.entries(stringData).map(([name, text]) => [name, Buffer.from(text)] as const),
    ]);
    const { required, optional } = TLS_SECRET_FILES;
    return [...required, ...optional].flatMap((name) => {
      const bytes = all.get(name);
      return bytes === undefined || bytes.length === 0 ? [] : [piece(name, bytes)];
    });
  }
  const found = AwsExport.safeParse(document).data;
  if (found !== undefined)
    return Object.entries(found).flatMap(([name, text]) =>
      text === undefined ? [] : [piece(name, Buffer.from(text))],
    );
  throw new SecretFaultError(
    faultIn(
      from,
      'secret/malformed',
      'the document is neither a Secret of type kubernetes.io/tls nor what AWS exports',
      'give the output of kubectl get secret -o yaml, or of aws acm export-certificate',
    ),
  );
}
