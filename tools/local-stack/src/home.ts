import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** Where the local stack keeps everything (`SIGSTEAD_HOME`, default `.sigstead`). */
export interface Home {
  readonly root: string;
  readonly postgres: string;
  readonly anchors: string;
  readonly issuerKeys: string;
  readonly registry: string;
  /** Written by the ceremony, read by the services. */
  readonly certificateAuthority: string;
  readonly transparencyLog: string;
  readonly trust: string;
}

export async function openHome(path: string): Promise<Home> {
  const root = resolve(path);
  await mkdir(root, { recursive: true });
  return {
    root,
    postgres: join(root, 'postgres'),
    anchors: join(root, 'anchor'),
    issuerKeys: join(root, 'issuer'),
    registry: join(root, 'registry'),
    certificateAuthority: join(root, 'certificate-authority'),
    transparencyLog: join(root, 'transparency-log'),
    trust: join(root, 'trust'),
  };
}
