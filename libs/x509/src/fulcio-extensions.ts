import { decodeUtf8, derUtf8String, DerReader, encodeUtf8, tags } from '@sigstead/encoding';
import type { Certificate } from './certificate.ts';
import { decoding, X509Error } from './errors.ts';
import type { Extension } from './extension.ts';
import { oids } from './oids.ts';

/**
 * What Fulcio certificates say about the token they were issued for: extensions 1.3.6.1.4.1.57264.1.N (Fulcio
 * `docs/oid-info.md`). An absent or empty claim is an absent extension.
 */
export interface FulcioClaims {
  /** .1 (deprecated form) and .8: both are always written. */
  readonly issuer: string;
  /** .2, deprecated */
  readonly githubWorkflowTrigger?: string;
  /** .3, deprecated */
  readonly githubWorkflowSha?: string;
  /** .4, deprecated */
  readonly githubWorkflowName?: string;
  /** .5, deprecated */
  readonly githubWorkflowRepository?: string;
  /** .6, deprecated */
  readonly githubWorkflowRef?: string;
  /** .9 */
  readonly buildSignerUri?: string;
  /** .10 */
  readonly buildSignerDigest?: string;
  /** .11 */
  readonly runnerEnvironment?: string;
  /** .12 */
  readonly sourceRepositoryUri?: string;
  /** .13 */
  readonly sourceRepositoryDigest?: string;
  /** .14 */
  readonly sourceRepositoryRef?: string;
  /** .15 */
  readonly sourceRepositoryIdentifier?: string;
  /** .16 */
  readonly sourceRepositoryOwnerUri?: string;
  /** .17 */
  readonly sourceRepositoryOwnerIdentifier?: string;
  /** .18 */
  readonly buildConfigUri?: string;
  /** .19 */
  readonly buildConfigDigest?: string;
  /** .20 */
  readonly buildTrigger?: string;
  /** .21 */
  readonly runInvocationUri?: string;
  /** .22 */
  readonly sourceRepositoryVisibilityAtSigning?: string;
  /** .23 */
  readonly deploymentEnvironment?: string;
  /** .24, the token's subject */
  readonly subject?: string;
}

/** N of the extension and the claim it carries, in the order in which certificates have them. */
export const FULCIO_EXTENSIONS: readonly { readonly n: number; readonly claim: keyof FulcioClaims }[] = [
  { n: 1, claim: 'issuer' },
  { n: 2, claim: 'githubWorkflowTrigger' },
  { n: 3, claim: 'githubWorkflowSha' },
  { n: 4, claim: 'githubWorkflowName' },
  { n: 5, claim: 'githubWorkflowRepository' },
  { n: 6, claim: 'githubWorkflowRef' },
  { n: 8, claim: 'issuer' },
  { n: 9, claim: 'buildSignerUri' },
  { n: 10, claim: 'buildSignerDigest' },
  { n: 11, claim: 'runnerEnvironment' },
  { n: 12, claim: 'sourceRepositoryUri' },
  { n: 13, claim: 'sourceRepositoryDigest' },
  { n: 14, claim: 'sourceRepositoryRef' },
  { n: 15, claim: 'sourceRepositoryIdentifier' },
  { n: 16, claim: 'sourceRepositoryOwnerUri' },
  { n: 17, claim: 'sourceRepositoryOwnerIdentifier' },
  { n: 18, claim: 'buildConfigUri' },
  { n: 19, claim: 'buildConfigDigest' },
  { n: 20, claim: 'buildTrigger' },
  { n: 21, claim: 'runInvocationUri' },
  { n: 22, claim: 'sourceRepositoryVisibilityAtSigning' },
  { n: 23, claim: 'deploymentEnvironment' },
  { n: 24, claim: 'subject' },
];

/** Up to .6 the extension holds the raw text, from .8 on a UTF8String. */
const LAST_RAW = 6;

/**
 * Extensions of these claims in numeric order, none critical.
 *
 * @throws X509Error PROFILE when the issuer is empty or a claim is not well-formed Unicode
 */
export function encodeFulcioExtensions(claims: FulcioClaims): Extension[] {
  if (claims.issuer === '') throw new X509Error('PROFILE', 'claims name no issuer');
  const extensions: Extension[] = [];
  for (const { n, claim } of FULCIO_EXTENSIONS) {
    const text = claims[claim];
    if (text === undefined || text === '') continue;
    if (/\p{Surrogate}/u.test(text)) throw new X509Error('PROFILE', `claim ${claim} has a lone surrogate`);
    const value = n <= LAST_RAW ? encodeUtf8(text) : derUtf8String(text);
    extensions.push({ oid: `${oids.fulcio}.${n}`, critical: false, value });
  }
  return extensions;
}

/**
 * Claims of a certificate. Strict about the inner form; an issuer may stand in .1, .8, both or (certificates that were issued for no
 * token) neither, but not two of them.
 *
 * @throws X509Error EXTENSION malformed value, ISSUER_CONFLICT .1 and .8 differ
 */
export function readFulcioExtensions(certificate: Certificate): Partial<FulcioClaims> {
  const claims: { -readonly [claim in keyof FulcioClaims]?: string } = {};
  for (const { n, claim } of FULCIO_EXTENSIONS) {
    const extension = certificate.extension(`${oids.fulcio}.${n}`);
    if (extension === undefined) continue;
    const text = decoding('EXTENSION', `extension ${extension.oid}`, () => claimText(n, extension.value));
    if (text === '') continue;
    if (claim === 'issuer' && claims.issuer !== undefined && claims.issuer !== text) {
      throw new X509Error('ISSUER_CONFLICT', 'extensions .1 and .8 name different issuers', {
        certificate: certificate.describe(),
      });
    }
    claims[claim] = text;
  }
  return claims;
}

function claimText(n: number, value: Uint8Array): string {
  if (n <= LAST_RAW) return decodeUtf8(value);
  const reader = new DerReader(value);
  const text = decodeUtf8(reader.read(tags.utf8String));
  reader.end();
  return text;
}
