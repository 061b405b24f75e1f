import { Certificate } from '@sigstead/x509';
import { z } from 'zod';
import type { Ceremony } from './ceremony.ts';
import type { RekorV2Shard } from './rekor-v2-shard.ts';

const foundation = {
  organization: z.string().min(1),
  logHost: z.string().min(1),
  ctShard: z.string().min(1),
  createdAt: z.iso.datetime(),
  rekorTreeId: z.string().regex(/^[1-9][0-9]{0,18}$/),
  caChain: z.array(z.string()).min(2),
  rekorPublicKeyPem: z.string(),
  ctPublicKeyPem: z.string(),
};

const timestampsAndRevocations = {
  timestampChain: z.array(z.string()).min(2),
  revocationPublicKeyPem: z.string(),
};

const rekorV2ShardSchema = z.strictObject({
  origin: z.string().min(1),
  publicKeyPem: z.string(),
  start: z.iso.datetime(),
  end: z.iso.datetime().optional(),
});

const recordSchema = z.strictObject({
  version: z.literal(3),
  ...foundation,
  ...timestampsAndRevocations,
  rekorV2Shards: z.array(rekorV2ShardSchema).min(1),
});

/** Made before there was a Rekor v2 log. */
const secondRecordSchema = z.strictObject({
  version: z.literal(2),
  ...foundation,
  ...timestampsAndRevocations,
});

/** Records of 0.1 know no timestamp authority and no revocations either. */
const firstRecordSchema = z.strictObject({ version: z.literal(1), ...foundation });

type LaterPart = 'timestampChain' | 'revocationPublicKeyPem' | 'rekorV2Shards';

/** What a record holds: all of it, or what the version that wrote it made. */
export type KeptCeremony = Omit<Ceremony, LaterPart> & Partial<Pick<Ceremony, LaterPart>>;

/** `ceremony.json`: the public outcome as it is kept. */
export function serializeCeremony(ceremony: Ceremony): string {
  const record: z.input<typeof recordSchema> = {
    version: 3,
    organization: ceremony.organization,
    logHost: ceremony.logHost,
    ctShard: ceremony.ctShard,
    createdAt: ceremony.createdAt.toISOString(),
    rekorTreeId: ceremony.rekorTreeId,
    caChain: toPem(ceremony.caChain),
    rekorPublicKeyPem: ceremony.rekorPublicKeyPem,
    ctPublicKeyPem: ceremony.ctPublicKeyPem,
    timestampChain: toPem(ceremony.timestampChain),
    revocationPublicKeyPem: ceremony.revocationPublicKeyPem,
    rekorV2Shards: ceremony.rekorV2Shards.map(({ origin, publicKeyPem, validFor: { start, end } }) => ({
      origin,
      publicKeyPem,
      start: start.toISOString(),
      ...(end && { end: end.toISOString() }),
    })),
  };
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** @throws Error when the text is no record of this or an earlier version */
export function parseCeremony(text: string): KeptCeremony {
  const schema = z.discriminatedUnion('version', [recordSchema, secondRecordSchema, firstRecordSchema]);
  const record = schema.parse(JSON.parse(text));
  const { organization, logHost, ctShard, rekorTreeId, rekorPublicKeyPem, ctPublicKeyPem } = record;
  const first = {
    organization,
    logHost,
    ctShard,
    createdAt: new Date(record.createdAt),
    rekorTreeId,
    caChain: fromPem(record.caChain),
    rekorPublicKeyPem,
    ctPublicKeyPem,
  };
  if (record.version === 1) return first;
  const { timestampChain, revocationPublicKeyPem } = record;
  const second = { ...first, timestampChain: fromPem(timestampChain), revocationPublicKeyPem };
  if (record.version === 2) return second;
  return { ...second, rekorV2Shards: record.rekorV2Shards.map(readShard) };
}

function readShard({ origin, publicKeyPem, start, end }: z.output<typeof rekorV2ShardSchema>): RekorV2Shard {
  const validFor = { start: new Date(start), ...(end !== undefined && { end: new Date(end) }) };
  return { origin, publicKeyPem, validFor };
}

function toPem(chain: readonly Certificate[]): string[] {
  return chain.map((certificate) => certificate.toPem());
}

function fromPem(chain: readonly string[]): Certificate[] {
  return chain.map((pem) => Certificate.fromPem(pem));
}
