import {
  createLog,
  createRegistry,
  createService,
  type Face,
  type Log,
  type Service,
  type ServiceOptions,
} from '@sigstead/server';
import { ClockMonitor } from './clock-monitor.ts';
import type { TimestampAuthorityConfig } from './config.ts';
import { askTime } from './sntp-client.ts';
import { describeClock, TimestampDesk, type RequestMediaType } from './timestamp-desk.ts';
import { explainTimestampError, timestampErrors } from './timestamp-errors.ts';
import { TimestampMetrics } from './timestamp-metrics.ts';
import { timestampModule } from './timestamp.module.ts';
import { TimestampSigner } from './timestamp-signer.ts';

const MEDIA_TYPES: readonly RequestMediaType[] = ['application/timestamp-query', 'application/json'];

export interface TimestampAuthorityDependencies {
  readonly clock: () => Date;
  /** From a cryptographic source. */
  readonly randomBytes: (length: number) => Uint8Array;
  readonly log?: Log;
  /** Shared with other services of one process; one of its own unless given. */
  readonly registry?: NonNullable<ServiceOptions['registry']>;
}

/**
 * The timestamp authority as a service. When there are time servers to ask, it asks them once before it exists: a clock
 * that is wrong makes no first timestamp, servers that are away keep nothing down.
 *
 * @throws ConfigError when a file is unusable or key, chain and time do not fit together
 */
export async function createTimestampAuthority(
  config: TimestampAuthorityConfig,
  dependencies: TimestampAuthorityDependencies,
): Promise<Service> {
  const {
    clock,
    randomBytes,
    log = createLog('timestamp-authority'),
    registry = createRegistry(),
  } = dependencies;
  const signer = await TimestampSigner.open(config, clock());
  const metrics = new TimestampMetrics(registry, { notAfter: signer.notAfter, clock });
  const monitor = clockMonitor(config, { ...dependencies, log, metrics });
  const desk = new TimestampDesk({
    signer,
    policy: { accepted: config.acceptedPolicies, default: config.defaultPolicy },
    includeChain: config.includeChain,
    clock,
    randomBytes,
    clockState: () => monitor?.state,
    log,
  });
  const face: Face = { prefix: '/', errors: timestampErrors, bodyLimit: config.maxBodyBytes, cors: true };
  const service = await createService({
    name: 'timestamp-authority',
    module: timestampModule(desk, metrics),
    faces: [face, { ...face, prefix: '/api/v1/timestamp', mediaTypes: MEDIA_TYPES }],
    explain: explainTimestampError,
    checks: {
      chain: async () => {
        signer.assertValidAt(clock());
        return `valid until ${signer.notAfter.toISOString()}`;
      },
      clock: async () => {
        const detail = describeClock(monitor?.state);
        if (monitor?.state.verdict === 'wrong') throw new Error(detail);
        return detail;
      },
    },
    log,
    registry,
    onClose: async () => monitor?.stop(),
  });
  await monitor?.start();
  return service;
}

function clockMonitor(
  config: TimestampAuthorityConfig,
  {
    clock,
    randomBytes,
    log,
    metrics,
  }: TimestampAuthorityDependencies & { log: Log; metrics: TimestampMetrics },
): ClockMonitor | undefined {
  if (config.clockServers.length === 0) return undefined;
  return new ClockMonitor({
    servers: config.clockServers,
    threshold: config.clockThreshold,
    maxOffsetMs: config.clockMaxOffsetMs,
    periodMs: config.clockPeriodMs,
    ask: (server, signal) =>
      askTime(server, { clock, randomBytes, timeoutMs: config.clockTimeoutMs, signal }),
    observer: metrics,
    log,
  });
}
