import { setting } from '@sigstead/server';
import { DEFAULT_ENTRY_POLICY, REKOR_V2_REQUEST_KINDS, rekorEntryTypes } from '@sigstead/tlog';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { anchorsOf, anchorVariables } from './anchor/anchor-settings.ts';
import type { AnchorSettings } from './anchor/open-anchor.ts';
import { databaseUrlOf } from '@sigstead/postgres';
import { LogError, messageOf } from './errors.ts';
import { OPERATION_NAMES } from './rekor/operations.ts';

const keyFiles = {
  /** PKCS#8 PEM, encrypted. */
  keyFile: z.string().min(1),
  passphraseFile: z.string().min(1),
};

const dottedOid = z.string().regex(/^[0-2](\.(0|[1-9][0-9]*))+$/);

/** Whose entries a Rekor log takes. */
const admission = {
  /** Pairs of key and hash that hashedrekord entries may have; Rekor's default unless told. */
  signingAlgorithms: z.array(z.enum(DEFAULT_ENTRY_POLICY.algorithms)).min(1).optional(),
  /** Who may log: entries by other keys are refused. Everybody unless told. */
  signers: z
    .strictObject({
      /** PEM public keys, one per file. */
      keyFiles: z.array(z.string().min(1)).default([]),
      /** PEM certificates for code signing, one chain per file, issuing CA first, root last. */
      chainFiles: z.array(z.string().min(1)).default([]),
    })
    .refine(({ keyFiles, chainFiles }) => keyFiles.length + chainFiles.length > 0, 'one signer at least')
    .optional(),
};

const rekorV1Schema = z.strictObject({
  kind: z.literal('rekor-v1'),
  /** Decimal, 1 to 2^63 - 1. Part of the origin and of every entry ID. */
  treeId: z
    .string()
    .regex(/^[1-9][0-9]{0,18}$/)
    .refine((text) => BigInt(text) < 1n << 63n, 'must fit an int64'),
  /** Host of the log's public URL: first word of the origin and signer name of checkpoints. Some clients compare it with the URL. */
  host: z.string().regex(/^[A-Za-z0-9.:-]{1,253}$/),
  ...keyFiles,
  /** Final size of a shard that takes no entries any more, decimal. Every later index rests on it. */
  treeLength: z
    .string()
    .regex(/^(0|[1-9][0-9]{0,15})$/)
    .optional(),
  /** Payloads of intoto entries up to this size are kept and given back; 0 keeps none. Rekor's default. */
  maxAttestationBytes: z
    .number()
    .int()
    .min(0)
    .max(16 * 1024 * 1024)
    .default(100 * 1024),
  /** Kinds of entries taken; all unless told. Those in the log are served in any case. */
  entryKinds: z.array(z.enum(rekorEntryTypes.kinds)).min(1).optional(),
  ...admission,
  /** Operations that answer 501. */
  disabledOperations: z.array(z.enum(OPERATION_NAMES)).default([]),
});

const cosigning = {
  /** Who cosigns checkpoints; nobody unless told. */
  witnesses: z
    .strictObject({
      /** C2SP tlog-policy, with a URL for every witness. */
      policyFile: z.string().min(1),
      /** For all of them together, per checkpoint. */
      timeoutMs: z.number().int().min(10).max(10_000).default(1_000),
      /** Without a quorum: publish all the same, as stock Rekor v2, or refuse the batch. */
      onMissing: z.enum(['publish', 'refuse']).default('publish'),
    })
    .optional(),
};

/** DNS name in lower case: labels of letters, digits and hyphens. */
const DNS_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

const rekorV2Schema = z.strictObject({
  kind: z.literal('rekor-v2'),
  /**
   * Unique name of the log, first line and signer name of its checkpoints. Clients compare it with the host name in the trusted root's
   * base URL, so it is a bare DNS name; nothing needs to answer there. Never derived from a port or a request.
   */
  origin: z.string().regex(DNS_NAME),
  ...keyFiles,
  /** Kinds of requests taken: all unless told. Older clients send dsse, which is logged as hashedrekord. */
  entryKinds: z.array(z.enum(REKOR_V2_REQUEST_KINDS)).min(1).optional(),
  ...admission,
  /** What a repeated submission gets: the entry with 201, or 409 with its index as stock Rekor v2 answers, which its clients take as a failure. */
  duplicates: z.enum(['entry', 'conflict']).default('entry'),
  ...cosigning,
});

const ctSchema = z
  .strictObject({
    kind: z.literal('ct'),
    /** Path segment under /ctlog/. */
    shard: z.string().regex(/^[a-z0-9-]{1,32}$/),
    /** Unique name of the log, its submission prefix without scheme. Never derived from a port or a request; localhost/ctlog/<shard> unless told. */
    origin: z
      .string()
      .regex(/^[A-Za-z0-9.:/-]{1,253}$/)
      .optional(),
    ...keyFiles,
    /** Ed25519, PKCS#8 PEM, encrypted: signs checkpoints beside the log's key, for witnesses, who know no signature of RFC 6962. */
    additionalKeyFile: z.string().min(1).optional(),
    /** Of the additional key; that of the log's key unless told. */
    additionalPassphraseFile: z.string().min(1).optional(),
    ...cosigning,
    /** PEM certificates of which the self-issued ones are the roots that logged chains must end in. Read again whenever it changes. */
    rootsFile: z.string().min(1),
    /** The leaf must list one of them; code signing unless told. */
    extendedKeyUsages: z.array(dottedOid).min(1).default(['1.3.6.1.5.5.7.3.3']),
    /** False refuses leaves that have expired. Logs record whatever was signed, so they are taken unless told. */
    acceptExpired: z.boolean().default(true),
    /** The leaf must end then or later: where a log's year begins. */
    notAfterStart: z.iso.datetime().optional(),
    /** The leaf must end before it: where the next log's year begins. */
    notAfterLimit: z.iso.datetime().optional(),
  })
  .refine(
    ({ additionalKeyFile, additionalPassphraseFile }) =>
      additionalKeyFile !== undefined || additionalPassphraseFile === undefined,
    'additionalPassphraseFile has no meaning without additionalKeyFile',
  )
  .refine(
    ({ additionalKeyFile, witnesses }) => additionalKeyFile !== undefined || witnesses === undefined,
    'witnesses need an additionalKeyFile',
  )
  .refine(
    ({ notAfterStart, notAfterLimit }) =>
      notAfterStart === undefined ||
      notAfterLimit === undefined ||
      Date.parse(notAfterStart) < Date.parse(notAfterLimit),
    'notAfterStart before notAfterLimit',
  );

/**
 * What LOGS_FILE holds. Of several CT logs, and of several rekor-v2 logs, the last is the active one. Several rekor-v1 logs are the
 * shards of one, oldest first; what the last one says of entries, attestations and operations holds for all.
 */
export const logsFileSchema = z
  .array(z.discriminatedUnion('kind', [rekorV1Schema, rekorV2Schema, ctSchema]))
  .min(1)
  .refine((logs) => {
    const shards = logs.filter((log) => log.kind === 'rekor-v1');
    return shards.every((shard, i) => (shard.treeLength === undefined) === (i === shards.length - 1));
  }, 'a treeLength for every rekor-v1 log but the last')
  .refine((logs) => {
    const treeIds = logs.flatMap((log) => (log.kind === 'rekor-v1' ? [log.treeId] : []));
    return new Set(treeIds).size === treeIds.length;
  }, 'each rekor-v1 tree once')
  .refine((logs) => {
    const origins = logs.flatMap((log) => (log.kind === 'rekor-v2' ? [log.origin] : []));
    return new Set(origins).size === origins.length;
  }, 'each rekor-v2 origin once')
  .refine((logs) => {
    const shards = logs.flatMap((log) => (log.kind === 'ct' ? [log.shard] : []));
    return new Set(shards).size === shards.length;
  }, 'each CT shard once');

export type LogSettings = z.infer<typeof logsFileSchema>[number];
export type RekorV1Settings = Extract<LogSettings, { kind: 'rekor-v1' }>;
export type RekorV2Settings = Extract<LogSettings, { kind: 'rekor-v2' }>;
export type CtSettings = Extract<LogSettings, { kind: 'ct' }>;

export interface TransparencyLogConfig {
  /** Connects as the service role, which may read and append. */
  readonly databaseUrl: string;
  readonly logsFile: string;
  /** Outside the database and outside every backup; shared by all replicas. */
  readonly anchors: AnchorSettings;
  readonly maxBodyBytes: number;
  /** Threads that check submitted entries; 0: the event loop's own. One less than there are cores, and at least one, unless told. */
  readonly admissionThreads?: number;
}

/** The environment of the service. */
export const environmentSchema = z
  .object({
    /** postgres://role:password@host/database, or without the password, which is then in the file. */
    DATABASE_URL: z.string().min(1),
    DATABASE_PASSWORD_FILE: setting.file().optional(),
    /** JSON, see {@link logsFileSchema}; relative paths in it resolve against its folder. */
    LOGS_FILE: setting.file(),
    ...anchorVariables,
    /** Loopback unless told, since a log without a proxy before it is for one machine. */
    HOST: setting.host(),
    PORT: setting.port(3000),
    /** A hashedrekord with a certificate has 4 KB; attestations with a bill of materials have megabytes. */
    MAX_BODY_BYTES: setting.positive(8 * 1024 * 1024),
    ADMISSION_THREADS: z.coerce.number().int().min(0).max(64).optional(),
  })
  .transform((environment, context) => ({
    host: environment.HOST,
    port: environment.PORT,
    service: {
      databaseUrl: databaseUrlOf(environment, 'DATABASE', context),
      logsFile: environment.LOGS_FILE,
      anchors: anchorsOf(environment, context),
      maxBodyBytes: environment.MAX_BODY_BYTES,
      ...(environment.ADMISSION_THREADS === undefined
        ? {}
        : { admissionThreads: environment.ADMISSION_THREADS }),
    } satisfies TransparencyLogConfig,
  }));

/**
 * The logs to serve, with absolute paths.
 *
 * @throws LogError CONFIGURATION naming the place in the file
 */
export function readLogsFile(path: string): LogSettings[] {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new LogError('CONFIGURATION', `the list of logs cannot be read: ${messageOf(cause)}`, { cause });
  }
  const parsed = logsFileSchema.safeParse(value);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'list'}: ${issue.message}`);
    throw new LogError('CONFIGURATION', `the list of logs is not usable: ${issues.join('; ')}`);
  }
  const absolute = (file: string): string => resolve(dirname(path), file);
  return parsed.data.map((log) => ({
    ...log,
    keyFile: absolute(log.keyFile),
    passphraseFile: absolute(log.passphraseFile),
    ...(log.kind === 'ct'
      ? {
          rootsFile: absolute(log.rootsFile),
          ...(log.additionalKeyFile === undefined
            ? {}
            : {
                additionalKeyFile: absolute(log.additionalKeyFile),
                additionalPassphraseFile: absolute(log.additionalPassphraseFile ?? log.passphraseFile),
              }),
        }
      : {}),
    ...(log.kind !== 'ct' && log.signers !== undefined
      ? {
          signers: {
            keyFiles: log.signers.keyFiles.map(absolute),
            chainFiles: log.signers.chainFiles.map(absolute),
          },
        }
      : {}),
    ...(log.kind !== 'rekor-v1' && log.witnesses !== undefined
      ? { witnesses: { ...log.witnesses, policyFile: absolute(log.witnesses.policyFile) } }
      : {}),
  }));
}
