import type { IssuerSource, IssuerSourceStatus } from '@sigstead/issuer-access';
import { Gauge, type Registry } from 'prom-client';

/**
 * What /readyz tells of the issuers. A file that cannot be used is no reason to take the service out of use: it issues by
 * the last good one.
 */
export function describeIssuerSource({ issuers, readAt, fault }: IssuerSourceStatus): string {
  const inUse = `${issuers} of ${readAt.toISOString()}`;
  if (fault === undefined) return inUse;
  return `${inUse}; the file cannot be used since ${fault.since.toISOString()}: ${fault.reason}`;
}

/** For an alert on a configuration that was changed and is not in force. */
export function measureIssuers(registry: Registry, source: IssuerSource): void {
  const gauge = (name: string, help: string, read: (status: IssuerSourceStatus) => number): void => {
    const collect = function (this: Gauge): void {
      this.set(read(source.status()));
    };
    void new Gauge({ name, help, registers: [registry], collect });
  };
  gauge('sigstead_issuers', 'Configured issuers and patterns of issuers', ({ issuers }) => issuers);
  gauge(
    'sigstead_issuer_configuration_in_use',
    'Whether the issuer configuration is in use as the file has it',
    ({ fault }) => (fault === undefined ? 1 : 0),
  );
  gauge(
    'sigstead_issuer_configuration_read_timestamp_seconds',
    'When the issuer configuration in use was read',
    ({ readAt }) => Math.floor(readAt.getTime() / 1000),
  );
}
