import { TrustError } from './errors.ts';
import type { Service, ServiceConfiguration } from './signing-config.ts';
import { isWithin } from './validity.ts';

/**
 * Chooses services as sigstore-go does: valid at the moment, of the highest supported API version and of no other,
 * newest start first, at most one per operator. Where sigstore-go draws lots (ANY, EXACT) the newest are taken, so that two
 * runs choose alike.
 *
 * @param supportedVersions major API versions the caller speaks
 * @throws TrustError SELECTION when none fits, or fewer than EXACT asks for
 */
export function selectServices(
  services: readonly Service[],
  configuration: ServiceConfiguration,
  supportedVersions: readonly number[],
  at: Date,
): Service[] {
  const fitting = services.filter(
    ({ majorApiVersion, validFor }) => supportedVersions.includes(majorApiVersion) && isWithin(validFor, at),
  );
  if (fitting.length === 0) {
    throw new TrustError(
      'SELECTION',
      `no service of API version ${supportedVersions.join(' or ')} at ${at.toISOString()}`,
    );
  }
  const version = Math.max(...fitting.map(({ majorApiVersion }) => majorApiVersion));
  const newestFirst = fitting
    .filter(({ majorApiVersion }) => majorApiVersion === version)
    .sort((a, b) => startOf(b) - startOf(a));
  const onePerOperator = newestFirst.filter(
    ({ operator }, i) => newestFirst.findIndex((other) => other.operator === operator) === i,
  );
  if (configuration.selector === 'ALL') return onePerOperator;
  const count = configuration.selector === 'ANY' ? 1 : (configuration.count ?? 0);
  if (count < 1 || count > onePerOperator.length) {
    throw new TrustError('SELECTION', `${onePerOperator.length} services to choose from, want ${count}`);
  }
  return onePerOperator.slice(0, count);
}

function startOf({ validFor }: Service): number {
  return validFor.start?.getTime() ?? Number.MIN_SAFE_INTEGER;
}
