import { Certificate } from '@sigstead/x509';
import { z } from 'zod';
import type { Ceremony } from './ceremony.ts';

/** `ceremony.json`: the public outcome as it is kept. */
const recordSchema = z.strictObject({
  version: z.literal(1),
  organization: z.string().min(1),
  logHost: z.string().min(1),
  ctShard: z.string().min(1),
  createdAt: z.iso.datetime(),
  rekorTreeId: z.string().regex(/^[1-9][0-9]{0,18}$/),
  caChain: z.array(z.string()).min(2),
  rekorPublicKeyPem: z.string(),
  ctPublicKeyPem: z.string(),
});

export function serializeCeremony(ceremony: Ceremony): string {
  const record: z.input<typeof recordSchema> = {
    version: 1,
    organization: ceremony.organization,
    logHost: ceremony.logHost,
    ctShard: ceremony.ctShard,
    createdAt: ceremony.createdAt.toISOString(),
    rekorTreeId: ceremony.rekorTreeId,
    caChain: ceremony.caChain.map((certificate) => certificate.toPem()),
    rekorPublicKeyPem: ceremony.rekorPublicKeyPem,
    ctPublicKeyPem: ceremony.ctPublicKeyPem,
  };
  return `${JSON.stringify(record, null, 2)}\n`;
}

export function parseCeremony(text: string): Ceremony {
  const { version: _version, createdAt, caChain, ...rest } = recordSchema.parse(JSON.parse(text));
  return { ...rest, createdAt: new Date(createdAt), caChain: caChain.map((pem) => Certificate.fromPem(pem)) };
}
