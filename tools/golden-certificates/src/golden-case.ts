import type { KeyType } from '@sigstead/crypto';

export type Claims = Readonly<Record<string, unknown>>;

export type ClientKeyKind = 'P-256' | 'P-384' | 'P-521' | 'RSA-2048' | 'RSA-3072' | 'RSA-4096' | 'Ed25519';

/** One identity that Fulcio is asked to certify. */
export interface GoldenCase {
  /** Unique within its group; the vector's file name. */
  readonly name: string;
  /** Fulcio configuration of our own, YAML; the public instance's when absent. */
  readonly configuration?: string;
  /** With `iss`. `aud`, `iat`, `nbf` and `exp` are added unless they are here. */
  readonly claims: Claims;
  /** Makes of the payload what JSON.stringify cannot write. */
  readonly edit?: (payload: string) => string;
  /** P-256 unless told. */
  readonly key?: ClientKeyKind;
  /** Of root and issuing CA, P-384 unless told. */
  readonly authority?: KeyType;
  /** Whether a certificate transparency log is asked, so that the certificate embeds a timestamp. */
  readonly log?: boolean;
}

/** Cases of one issuer type (or of one other subject); the folder of their vectors. */
export interface CaseGroup {
  readonly folder: string;
  readonly cases: readonly GoldenCase[];
}

/** A configuration that Fulcio does not start with. */
export interface RefusedConfiguration {
  readonly name: string;
  readonly configuration: string;
}

/** Cases that share all but some claims; an undefined claim is left out. */
export function variants(
  base: Omit<GoldenCase, 'name'>,
  overrides: Readonly<Record<string, Claims>>,
): GoldenCase[] {
  return Object.entries(overrides).map(([name, claims]) => ({
    ...base,
    name,
    claims: { ...base.claims, ...claims },
  }));
}

/** Cases that differ in the value of one claim. */
export function values(
  base: Omit<GoldenCase, 'name'>,
  claim: string,
  byName: Readonly<Record<string, unknown>>,
): GoldenCase[] {
  return variants(
    base,
    Object.fromEntries(Object.entries(byName).map(([name, value]) => [name, { [claim]: value }])),
  );
}
