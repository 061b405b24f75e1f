import { isJsonObject, type JsonObject } from '@sigstead/encoding';
import { requiredClaim } from '../claims.ts';
import { OidcError, quote } from '../errors.ts';
import type { Principal } from '../principal.ts';
import type { VerifiedToken } from '../verify-token.ts';
import { subjectsOf } from './proof-of-possession.ts';

/** RFC 1123 subdomain, as the API server demands of these names; nothing that could reach across the parts of the URI. */
const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/** A service account of a Kubernetes cluster. Fulcio certifies empty names too. */
export function kubernetesPrincipal({ claims, issuer }: VerifiedToken): Principal {
  const kubernetes = objectIn(claims, 'kubernetes.io');
  const namespace = nameIn(kubernetes, 'namespace', 'kubernetes.io.namespace');
  const account = nameIn(objectIn(kubernetes, 'serviceaccount'), 'name', 'kubernetes.io.serviceaccount.name');
  return {
    proofOfPossessionSubjects: subjectsOf(claims),
    subjectAlternativeName: {
      type: 'uri',
      value: `https://kubernetes.io/namespaces/${namespace}/serviceaccounts/${account}`,
    },
    claims: { issuer: issuer.issuerUrl, subject: requiredClaim(claims, 'sub') },
  };
}

function objectIn(claims: JsonObject, name: string): JsonObject {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return isJsonObject(value) ? value : {};
}

function nameIn(claims: JsonObject, name: string, claim: string): string {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (typeof value === 'string' && NAME.test(value)) return value;
  throw new OidcError('CLAIM', `claim ${claim}: ${quote(value)} is not a Kubernetes name`, { claim });
}
