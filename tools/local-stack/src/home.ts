import { access, constants, mkdir } from 'node:fs/promises';
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
  readonly timestampAuthority: string;
  readonly transparencyLog: string;
  readonly verifier: string;
  readonly trust: string;
}

/** @throws Error naming the folder when it cannot be made or written to */
export async function openHome(path: string): Promise<Home> {
  const root = resolve(path);
  try {
    await mkdir(root, { recursive: true });
    await access(root, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new Error(`the state folder ${root} (SIGSTEAD_HOME) cannot be used`, { cause });
  }
  return {
    root,
    postgres: join(root, 'postgres'),
    anchors: join(root, 'anchor'),
    issuerKeys: join(root, 'issuer'),
    registry: join(root, 'registry'),
    certificateAuthority: join(root, 'certificate-authority'),
    timestampAuthority: join(root, 'timestamp-authority'),
    transparencyLog: join(root, 'transparency-log'),
    verifier: join(root, 'verifier'),
    trust: join(root, 'trust'),
  };
}
