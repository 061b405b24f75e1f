import { sha256 } from '@sigstead/crypto';
import { encodeHex, encodeUtf8 } from '@sigstead/encoding';
import {
  parseSigningConfig,
  parseTrustedRoot,
  serializeTrustedRoot,
  type SigningConfig,
  type TrustedRoot,
} from '@sigstead/trust';
import type { Role } from '@sigstead/tuf';

/** A trusted root with the name the operator gave it. Roots stand side by side: nothing is verified by parts of two. */
export interface NamedTrustRoot {
  readonly name: string;
  readonly trustedRoot: TrustedRoot;
  /** Where the root came with one. */
  readonly signingConfig: SigningConfig | undefined;
  /** SHA-256 in hex of what the root says, however it was written. */
  readonly digest: string;
}

export interface TrustRootStatus {
  readonly name: string;
  /** Whether it may be relied on now. */
  readonly usable: boolean;
  /** What is in use: a file, the mirror's answer, what was kept of it, or what ships with this program; undefined: nothing. */
  readonly origin: 'file' | 'mirror' | 'cache' | 'embedded' | undefined;
  /** When that was read, or confirmed by the mirror. */
  readonly since: Date | undefined;
  /** Of the metadata that ends first; undefined where nothing ends. */
  readonly expires: { readonly role: Role; readonly at: Date } | undefined;
  /** Why there is nothing newer, or nothing. */
  readonly fault: { readonly reason: string; readonly since: Date } | undefined;
}

/** One place a trusted root comes from. */
export interface TrustSource {
  /** Undefined while there is none that may be relied on. */
  current(): NamedTrustRoot | undefined;
  status(): TrustRootStatus;
  /** Looks for something newer. Never rejects: what goes wrong is in the status. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

/** Where the operator is told; a service's log fits. */
export interface TrustLog {
  info(message: string, fields: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
  error(message: string, fields: Readonly<Record<string, unknown>>): void;
}

export const SILENT: TrustLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** @throws TrustError */
export function readTrustRoot(name: string, root: Uint8Array, signingConfig?: Uint8Array): NamedTrustRoot {
  const trustedRoot = parseTrustedRoot(root);
  return {
    name,
    trustedRoot,
    signingConfig: signingConfig && parseSigningConfig(signingConfig),
    digest: encodeHex(sha256(encodeUtf8(serializeTrustedRoot(trustedRoot)))),
  };
}
