// Our left site, declared: a gateway with its host, a key, and connections that a case adds.

export const KEY = 'correct horse battery staple, in a lab';

/** Its file is beside the declarations. */
export const KEY_SECRET: string = `---
apiVersion: sallyport.dev/v1alpha1
kind: Secret
metadata: {name: key}
spec: {psk: {file: key}}
`;

export const STRONG_POLICY: string = `---
apiVersion: sallyport.dev/v1alpha1
kind: CryptoPolicy
metadata: {name: strong}
spec:
  ike: {proposals: [aes256gcm16-prfsha384-ecp384]}
  esp: {proposals: [aes256gcm16-ecp384]}
`;

/** `host`: the spec of the gateway's host, YAML in one line. */
export function siteOf(host: string): string {
  return `
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: left}
spec: ${host}
---
apiVersion: sallyport.dev/v1alpha1
kind: Gateway
metadata: {name: edge}
spec:
  placement: {hosts: [left]}
  networks: [10.1.0.0/24, 'fd01::/64']
${KEY_SECRET}${STRONG_POLICY}`;
}

/** In the network of `two-sites`. */
export const LEFT_SITE: string = siteOf("{addresses: [198.51.100.1, '2001:db8:a::1']}");

/** `spec`: YAML in one line. */
export function secret(name: string, spec: string): string {
  return `---\napiVersion: sallyport.dev/v1alpha1\nkind: Secret\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
}

export interface ConnectionText {
  readonly name: string;
  /** YAML of one tunnel, in one line. */
  readonly tunnel: string;
  readonly networks: string;
  /** Further lines of the spec, indented by two. */
  readonly more?: string;
}

export function connection({ name, tunnel, networks, more = '' }: ConnectionText): string {
  return `---
apiVersion: sallyport.dev/v1alpha1
kind: Connection
metadata: {name: ${name}}
spec:
  gateway: edge
  tunnels: [${tunnel}]
  auth: {psk: {secret: key}}
  crypto: strong
  routing: {static: {networks: [${networks}]}}
${more}`;
}
