import type { CertificateAuthority, TransparencyLogInstance } from './trusted-root.ts';

/**
 * How many parties stand behind logs or authorities of a trusted root, for thresholds: the instances of one operator count once
 * (sigstore_trustroot.proto), and so do those of one address where no operator is named.
 */
export function countOperators(
  instances: readonly (TransparencyLogInstance | CertificateAuthority)[],
): number {
  const parties: Party[] = [];
  for (const party of instances.map(partyOf)) {
    if (!parties.some((other) => isSame(party, other))) parties.push(party);
  }
  return parties.length;
}

interface Party {
  readonly address: string;
  readonly operator: string | undefined;
}

function partyOf(instance: TransparencyLogInstance | CertificateAuthority): Party {
  return {
    address: 'baseUrl' in instance ? instance.baseUrl : instance.uri,
    operator: instance.operator,
  };
}

function isSame(a: Party, b: Party): boolean {
  return a.address === b.address || (a.operator !== undefined && a.operator === b.operator);
}
