import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TlsIdentity {
  readonly key: string;
  readonly cert: string;
}

/** A private CA for TLS, made by OpenSSL as an operator would. */
export class TlsAuthority {
  readonly certificate: string;
  readonly #key: string;

  constructor(name: string) {
    const { key, cert } = inFolder((run) => {
      run('req', '-x509', ...NEW_KEY, '-keyout', 'key', '-out', 'cert', '-days', '2', '-subj', `/CN=${name}`);
    });
    this.certificate = cert;
    this.#key = key;
  }

  /** @param names for this machine unless told */
  issue(names = 'DNS:localhost,IP:127.0.0.1'): TlsIdentity {
    return inFolder((run, folder) => {
      writeFileSync(join(folder, 'ca.key'), this.#key);
      writeFileSync(join(folder, 'ca.cert'), this.certificate);
      writeFileSync(join(folder, 'names'), `subjectAltName=${names}\n`);
      run('req', ...NEW_KEY, '-keyout', 'key', '-out', 'request', '-subj', '/CN=localhost');
      run(
        ...['x509', '-req', '-in', 'request', '-CA', 'ca.cert', '-CAkey', 'ca.key', '-CAcreateserial'],
        ...['-days', '1', '-extfile', 'names', '-out', 'cert'],
      );
    });
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

function inFolder(work: (run: (...args: string[]) => void, folder: string) => void): TlsIdentity {
  const folder = mkdtempSync(join(tmpdir(), 'tls-authority-'));
  try {
    work((...args) => void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' }), folder);
    return {
      key: readFileSync(join(folder, 'key'), 'utf8'),
      cert: readFileSync(join(folder, 'cert'), 'utf8'),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
