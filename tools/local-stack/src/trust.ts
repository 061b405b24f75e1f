import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  readCeremony,
  renderTrustFiles,
  writeCeremony,
  writeDurably,
  type Ceremony,
} from '@sigstead/ceremony';
import type { Home } from './home.ts';

/** The host in the log's origin: fixed, whatever address or port the stack has. */
const LOG_HOST = 'localhost';

/** Keys and certificates of this state folder, made on first use. */
export async function openCeremony(home: Home, now: Date): Promise<Ceremony> {
  const known = await readCeremony(home.root);
  if (known !== undefined) return known;
  // The ceremony comes before the database. New keys for an old log would only destroy what is left of the old ones.
  if (existsSync(join(home.postgres, 'initialised'))) {
    throw new Error(
      `${home.root} has a database, but the record of its keys (ceremony.json) is gone: ` +
        'put it back, or delete the whole folder to begin anew',
    );
  }
  const plan = { organization: 'sigstead', logHost: LOG_HOST, ctShard: String(now.getUTCFullYear()) };
  return writeCeremony(home.root, plan, {
    now,
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
  });
}

/** What follows the port: trust files and the list of issuers, written anew at every start. */
export async function writeAddresses(
  home: Home,
  ceremony: Ceremony,
  publicUrl: string,
  internalUrl: string,
): Promise<void> {
  const issuers = ['github', 'email'].map((name) => ({ name, url: `${publicUrl}/issuers/${name}` }));
  const files = renderTrustFiles(ceremony, {
    certificateAuthority: publicUrl,
    transparencyLog: publicUrl,
    issuers: issuers.map(({ url }) => url),
  });
  for (const [name, content] of Object.entries(files)) await writeDurably(join(home.trust, name), content);
  const configs = issuers.map(({ name, url }) => ({
    issuerUrl: url,
    discoveryUrl: `${internalUrl}/issuers/${name}`,
    clientId: 'sigstore',
    ...(name === 'github' ? { type: 'ci-provider', ciProvider: 'github-workflow' } : { type: 'email' }),
  }));
  await writeDurably(
    join(home.certificateAuthority, 'issuers.json'),
    `${JSON.stringify(configs, null, 2)}\n`,
  );
}
