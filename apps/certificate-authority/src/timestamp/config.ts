import { derOid, EncodingError } from '@sigstead/encoding';
import { setting } from '@sigstead/server';
import { z } from 'zod';
import { parseClockServer, type ClockServer } from './clock-server.ts';

export interface TimestampAuthorityConfig {
  /** PKCS#8 PEM of the timestamp signer's key, encrypted. */
  readonly keyFile: string;
  readonly passphraseFile: string;
  /** PEM: the timestamp signer first, its self-signed root last. */
  readonly chainFile: string;
  /** Dotted identifiers a client may ask for. */
  readonly acceptedPolicies: readonly string[];
  /** One of them, for requests that ask for none. */
  readonly defaultPolicy: string;
  /** Whether clients that ask for the certificate get the whole chain. */
  readonly includeChain: boolean;
  readonly maxBodyBytes: number;
  /** Empty: nobody is asked whether our clock is right. */
  readonly clockServers: readonly ClockServer[];
  /** How many of them must say the same: more than half, at most all. */
  readonly clockThreshold: number;
  /** A clock that is further off than this does not make timestamps. */
  readonly clockMaxOffsetMs: number;
  readonly clockPeriodMs: number;
  /** For one answer of one server. */
  readonly clockTimeoutMs: number;
}

/** The policy of Sigstore's timestamp authority. */
const SIGSTORE_POLICY = '1.3.6.1.4.1.57264.2';
const MAX_CLOCK_SERVERS = 16;

const policyOid = z.string().refine(isOid, 'want a dotted OBJECT IDENTIFIER');

/** The environment of the service. */
export const timestampEnvironmentSchema = z
  .object({
    /** 3004, where Sigstore deployments have the timestamp authority; 0 picks a free port. */
    PORT: setting.port(3004),
    /** Loopback unless told. */
    HOST: setting.host(),
    TSA_KEY_FILE: setting.file(),
    TSA_PASSPHRASE_FILE: setting.file(),
    TSA_CHAIN_FILE: setting.file(),
    /** Upstream's default, which every Sigstore client takes. */
    ACCEPTED_POLICY_OIDS: setting
      .list()
      .transform((list) => (list.length === 0 ? [SIGSTORE_POLICY] : list))
      .pipe(z.array(policyOid).max(32)),
    DEFAULT_POLICY_OID: policyOid.default(SIGSTORE_POLICY),
    /** Off as upstream: clients take the chain from their trusted root. */
    INCLUDE_CHAIN: setting.flag(false),
    /** 1 MiB as upstream, although no request needs it. */
    MAX_BODY_BYTES: setting.positive(1024 * 1024),
    /** `host`, `host:port` or `[IPv6]:port`. None by default: a private network may have no time server to ask. */
    CLOCK_SERVERS: setting.list().transform((list, context) =>
      list.map((text) => {
        const server = parseClockServer(text);
        if (server !== undefined) return server;
        context.addIssue({
          code: 'custom',
          message: 'want host, host:port or [IPv6]:port, separated by commas',
        });
        return z.NEVER;
      }),
    ),
    /** A majority unless told. */
    CLOCK_THRESHOLD: z.coerce.number().int().positive().optional(),
    /** What every timestamp claims as its accuracy. */
    CLOCK_MAX_OFFSET_MS: setting.positive(1_000),
    CLOCK_PERIOD_MS: setting.positive(60_000),
    CLOCK_TIMEOUT_MS: setting.positive(2_000),
  })
  .superRefine((environment, context) => {
    const refuse = (name: keyof typeof environment, message: string) =>
      context.addIssue({ code: 'custom', path: [name], message });
    if (!environment.ACCEPTED_POLICY_OIDS.includes(environment.DEFAULT_POLICY_OID))
      refuse('DEFAULT_POLICY_OID', 'want one of ACCEPTED_POLICY_OIDS');
    const count = environment.CLOCK_SERVERS.length;
    if (count > MAX_CLOCK_SERVERS) refuse('CLOCK_SERVERS', `want at most ${MAX_CLOCK_SERVERS}`);
    const threshold = environment.CLOCK_THRESHOLD;
    if (threshold !== undefined && (threshold * 2 <= count || threshold > count))
      refuse('CLOCK_THRESHOLD', 'want more than half of CLOCK_SERVERS, and at most all');
  })
  .transform((environment) => ({
    host: environment.HOST,
    port: environment.PORT,
    service: {
      keyFile: environment.TSA_KEY_FILE,
      passphraseFile: environment.TSA_PASSPHRASE_FILE,
      chainFile: environment.TSA_CHAIN_FILE,
      acceptedPolicies: environment.ACCEPTED_POLICY_OIDS,
      defaultPolicy: environment.DEFAULT_POLICY_OID,
      includeChain: environment.INCLUDE_CHAIN,
      maxBodyBytes: environment.MAX_BODY_BYTES,
      clockServers: environment.CLOCK_SERVERS,
      clockThreshold: environment.CLOCK_THRESHOLD ?? majorityOf(environment.CLOCK_SERVERS.length),
      clockMaxOffsetMs: environment.CLOCK_MAX_OFFSET_MS,
      clockPeriodMs: environment.CLOCK_PERIOD_MS,
      clockTimeoutMs: environment.CLOCK_TIMEOUT_MS,
    } satisfies TimestampAuthorityConfig,
  }));

function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1;
}

function isOid(text: string): boolean {
  try {
    derOid(text);
    return true;
  } catch (error) {
    if (error instanceof EncodingError) return false;
    throw error;
  }
}
