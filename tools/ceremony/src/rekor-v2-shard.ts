import type { Validity } from '@sigstead/trust';

export const REKOR_V2_KEY_TYPES = ['P-256', 'Ed25519'] as const;

export type RekorV2KeyType = (typeof REKOR_V2_KEY_TYPES)[number];

/** The public logs have Ed25519, but some clients take no trusted root with a log that is not ECDSA (policy-controller 0.15). */
export const DEFAULT_REKOR_V2_KEY_TYPE: RekorV2KeyType = 'P-256';

/** One shard of the Rekor v2 log: a name, a key, and when clients trust it. */
export interface RekorV2Shard {
  /** Bare DNS name, fixed for ever. Nothing answers there: what is dialled is the public URL of the log. */
  readonly origin: string;
  readonly publicKeyPem: string;
  readonly validFor: Validity & { readonly start: Date };
}

/** Labels of letters, digits and hyphens, the last one not of digits alone, which URLs take for an IPv4 address. */
const DNS_NAME = /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z]([a-z0-9-]*[a-z0-9])?$/;

/**
 * The origin of an instance's first shard, such as `log2026-1.log.example.com`. Clients compare it with the host of the base URL in the
 * trusted root, so a host that is an address or has a port becomes a name: `log2026-1.host-10-0-0-5`.
 */
export function firstRekorV2Origin(logHost: string, now: Date): string {
  const name = logHost.toLowerCase();
  const suffix = DNS_NAME.test(name)
    ? name
    : `host-${name.replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '')}`;
  return `log${now.getUTCFullYear()}-1.${suffix}`;
}

/**
 * The shards with another one behind them, and the window of the last one closed.
 *
 * @param next trusted from its `validFor.start` on: before it takes entries, since clients have to learn of it
 * @param end of the last one's window: no earlier than its last entry, the lifetime of a certificate and the skew of clocks after that
 * @throws RangeError when the windows would leave a gap, or the origin is taken
 */
export function followRekorV2Shard(
  shards: readonly RekorV2Shard[],
  next: RekorV2Shard,
  end: Date,
): readonly RekorV2Shard[] {
  if (shards.some(({ origin }) => origin === next.origin))
    throw new RangeError(`there is a shard ${next.origin} already`);
  if (end < next.validFor.start)
    throw new RangeError(`nothing would be trusted between ${end.toISOString()} and the next shard's start`);
  const last = shards.at(-1);
  if (last === undefined) return [next];
  return [...shards.slice(0, -1), { ...last, validFor: { ...last.validFor, end } }, next];
}
