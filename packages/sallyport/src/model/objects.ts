/** The closed set of declared kinds. */
import { z } from 'zod';
import { Connection } from './connection.ts';
import { CryptoPolicy } from './crypto-policy.ts';
import { Gateway } from './gateway.ts';
import { Host } from './host.ts';
import { Secret } from './secret.ts';

export const DeclaredObject = z.discriminatedUnion('kind', [Gateway, Connection, CryptoPolicy, Secret, Host]);
export type DeclaredObject = z.output<typeof DeclaredObject>;
export type Kind = DeclaredObject['kind'];

/** Schema of each kind, by its name. */
export const SCHEMAS = { Gateway, Connection, CryptoPolicy, Secret, Host } as const;
