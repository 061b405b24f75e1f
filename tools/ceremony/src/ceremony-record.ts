import { Certificate } from '@sigstead/x509';
import { z } from 'zod';
import type { Ceremony } from './ceremony.ts';

const recordSchema = z.strictObject({
  version: z.literal(2),
  organization: z.string().min(1),
  logHost: z.string().min(1),
  ctShard: z.string().min(1),
  createdAt: z.iso.datetime(),
  rekorTreeId: z.string().regex(/^[1-9][0-9]{0,18}$/),
  caChain: z.array(z.string()).min(2),
  rekorPublicKeyPem: z.string(),
  ctPublicKeyPem: z.string(),
  timestampChain: z.array(z.string()).min(2),
  revocationPublicKeyPem: z.string(),
});

/** Records of 0.1 know no timestamp authority and no revocations. */
const firstRecordSchema = recordSchema
  .omit({ timestampChain: true, revocationPublicKeyPem: true })
  .extend({ version: z.literal(1) });

/** What a record of 0.1 holds. */
export type FirstCeremony = Omit<Ceremony, 'timestampChain' | 'revocationPublicKeyPem'>;

/** `ceremony.json`: the public outcome as it is kept. */
export function serializeCeremony(ceremony: Ceremony): string {
  const record: z.input<typeof recordSchema> = {
    version: 2,
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
  };
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** @throws Error when the text is no record of this or an earlier version */
export function parseCeremony(text: string): Ceremony | FirstCeremony {
  const record = z.discriminatedUnion('version', [recordSchema, firstRecordSchema]).parse(JSON.parse(text));
  const { organization, logHost, ctShard, rekorTreeId, rekorPublicKeyPem, ctPublicKeyPem } = record;
  const first: FirstCeremony = {
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
  return { ...first, timestampChain: fromPem(timestampChain), revocationPublicKeyPem };
}

function toPem(chain: readonly Certificate[]): string[] {
  return chain.map((certificate) => certificate.toPem());
}

function fromPem(chain: readonly string[]): Certificate[] {
  return chain.map((pem) => Certificate.fromPem(pem));
}
