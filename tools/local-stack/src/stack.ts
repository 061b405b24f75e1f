import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  createCertificateAuthority,
  type CertificateAuthority,
  createTimestampAuthority,
  timestampEnvironmentSchema,
} from '@sigstead/certificate-authority';
import { claimDirectory } from '@sigstead/embedded-postgres';
import { createLog, createRegistry, readConfig, type LogLevel, type Service } from '@sigstead/server';
import { createSigner } from '@sigstead/signer';
import { createTransparencyLog } from '@sigstead/transparency-log';
import { createVerifier } from '@sigstead/verifier';
import { addressesOf } from './addresses.ts';
import { keptSecret, openDatabase, type Database } from './database.ts';
import { Front, type Route } from './front.ts';
import { openHome, type Home } from './home.ts';
import { createDevelopmentIssuer } from './issuer/index.ts';
import { choosePorts } from './ports.ts';
import { createDevelopmentRegistry } from './registry/index.ts';
import { openTls } from './tls.ts';
import { openKeys, writeAddresses } from './trust.ts';

export interface StackOptions {
  readonly home: string;
  /** 0 picks a free one and keeps it for this home. */
  readonly port: number;
  /** For TLS and gRPC; unless told 8443, or one picked for this home where that is taken. */
  readonly tlsPort?: number | undefined;
  /** `localhost` listens on both loopback addresses. */
  readonly host: string;
  readonly logLevel: LogLevel;
  /** Told what is going on, for work that takes a while. */
  readonly progress: (text: string) => void;
  /** Gives up starting; what was started is stopped first. */
  readonly signal?: AbortSignal;
}

export interface LocalStack {
  readonly publicUrl: string;
  /** The same over TLS, and gRPC. */
  readonly tlsUrl: string;
  /** Absolute path of the state folder. */
  readonly home: string;
  /** Drains every service, then stops PostgreSQL. */
  close(): Promise<void>;
}

/** Whoever has the stack to himself may sign as fast as it goes. */
const UNLIMITED = { artifactsPerMinute: 1_000_000, artifactBurst: 1_000_000 };

/** Registries of this machine, on any port, are spoken to as `docker` does: without TLS. */
const LOOPBACK = ['localhost:*', '127.0.0.1:*', '[::1]:*'];

/**
 * Body sizes and timeouts of the services as they come; only what joins them is said here.
 *
 * @throws PostgresError IN_USE when another process runs this state folder, before anything in it is touched
 */
export async function startStack(options: StackOptions): Promise<LocalStack> {
  const home = await openHome(options.home);
  const release = await claimDirectory(home.root);
  try {
    const stack = await startClaimed(home, options);
    return { ...stack, close: () => stack.close().finally(release) };
  } catch (error) {
    await release();
    throw error;
  }
}

async function startClaimed(home: Home, options: StackOptions): Promise<LocalStack> {
  const { signal } = options;
  const { listen, dial } = addressesOf(options.host);
  const ports = await choosePorts(home.root, { http: options.port, tls: options.tlsPort }, listen);
  // Clients see one name, the services dial the address: nothing of ours depends on how `localhost` resolves.
  const publicUrl = `http://localhost:${ports.http}`;
  const tlsUrl = `https://localhost:${ports.tls}`;
  const internalUrl = `http://${dial}:${ports.http}`;
  const ceremony = await openKeys(home, new Date());
  await writeAddresses(home, ceremony, { publicUrl, internalUrl, tlsUrl });
  const tlsFiles = await openTls(home, options.host, new Date());
  options.progress('starting PostgreSQL ...');
  const database = await openDatabase(home, ports.postgres, signal);
  const opened: Service[] = [];
  let front: Front | undefined;
  const close = async () => {
    await front?.close();
    // Callers first: the signer uses the authority, which uses the log.
    for (const service of opened.toReversed()) await service.close();
    await database.server.stop();
  };
  try {
    signal?.throwIfAborted();
    options.progress('starting the services ...');
    const registry = createRegistry();
    const log = createLog('local-stack', options.logLevel);
    front = await Front.create(registry, log);
    // The front answers before all are there: the authority's first act may be a call of the log.
    await front.listen(ports.http, listen);
    await front.listenTls({ port: ports.tls, files: tlsFiles, log }, listen);
    const { routes, certificateAuthority } = await openServices(
      home,
      { publicUrl, internalUrl, database },
      options,
      registry,
      opened,
    );
    front.route(routes, certificateAuthority.grpc);
    // Asked now, the verifier gets the list of what is revoked, which nobody could answer before.
    await front.ready();
    signal?.throwIfAborted();
    return { publicUrl, tlsUrl, home: home.root, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Surroundings {
  readonly publicUrl: string;
  readonly internalUrl: string;
  readonly database: Database;
}

async function openServices(
  home: Home,
  { publicUrl, internalUrl, database }: Surroundings,
  { logLevel }: StackOptions,
  registry: Service['registry'],
  opened: Service[],
): Promise<{ routes: readonly Route[]; certificateAuthority: CertificateAuthority }> {
  const clock = () => new Date();
  const dependencies = (name: string) => ({ clock, fetch, registry, log: createLog(name, logLevel) });
  const open = async <T extends Service>(service: Promise<T>): Promise<T> => {
    const running = await service;
    opened.push(running);
    return running;
  };
  const issuer = await open(
    createDevelopmentIssuer({
      clock,
      log: createLog('issuer', logLevel),
      publicUrl,
      keysDirectory: home.issuerKeys,
    }),
  );
  const images = await open(
    createDevelopmentRegistry({ clock, log: createLog('registry', logLevel), directory: home.registry }),
  );
  const transparencyLog = await open(
    createTransparencyLog(
      {
        databaseUrl: database.logUrl,
        logsFile: join(home.transparencyLog, 'logs.json'),
        anchors: { directory: home.anchors },
        maxBodyBytes: 8 * 1024 * 1024,
      },
      dependencies('transparency-log'),
    ),
  );
  const certificateAuthority = await open(
    createCertificateAuthority(
      {
        authority: {
          keyFile: join(home.certificateAuthority, 'ca.key.pem'),
          passphraseFile: join(home.certificateAuthority, 'passphrase'),
          chainFile: join(home.certificateAuthority, 'chain.pem'),
        },
        ctPublicKeyFile: join(home.certificateAuthority, 'ct.pub.pem'),
        issuersFile: join(home.certificateAuthority, 'issuers.yaml'),
        ctLogUrl: internalUrl,
        ctTimeoutMs: 5_000,
        issuerTimeoutMs: 5_000,
        databaseUrl: database.authorityUrl,
        revocationKeyFile: join(home.certificateAuthority, 'revocation.key.pem'),
        revocationPassphraseFile: join(home.certificateAuthority, 'revocation.passphrase'),
        revocationLifetimeSeconds: 86_400,
      },
      {
        ...dependencies('certificate-authority'),
        randomBytes: (length) => new Uint8Array(randomBytes(length)),
      },
    ),
  );
  const timestampAuthority = await open(
    createTimestampAuthority(
      // Policies, bounds and the clock (nobody is asked) as the service has them unless told.
      readConfig(timestampEnvironmentSchema, {
        TSA_KEY_FILE: join(home.timestampAuthority, 'timestamp.key.pem'),
        TSA_PASSPHRASE_FILE: join(home.timestampAuthority, 'passphrase'),
        TSA_CHAIN_FILE: join(home.timestampAuthority, 'chain.pem'),
      }).service,
      {
        ...dependencies('timestamp-authority'),
        randomBytes: (length) => new Uint8Array(randomBytes(length)),
      },
    ),
  );
  const signer = await open(
    createSigner(
      {
        services: {
          caUrl: internalUrl,
          rekorUrl: internalUrl,
          rekorV2Url: internalUrl,
          tsaUrls: [`${internalUrl}/api/v1/timestamp`],
        },
        trustedRootFile: join(home.trust, 'trusted_root.json'),
        insecureRegistries: LOOPBACK,
        databaseUrl: database.signerUrl,
        limits: UNLIMITED,
      },
      dependencies('signer'),
    ),
  );
  const policyAdminTokenFile = join(home.verifier, 'policy-admin-token');
  await keptSecret(policyAdminTokenFile);
  const verifier = await open(
    createVerifier(
      {
        databaseUrl: database.verifierUrl,
        policyAdminTokenFile,
        rekorUrl: internalUrl,
        trustedRootFile: join(home.trust, 'trusted_root.json'),
        trustDirectory: home.trust,
        revocations: {
          source: { url: `${internalUrl}/ca/revocations` },
          publicKeyFile: join(home.trust, 'revocation.pub'),
          whenStale: 'require',
        },
        // Who tries revocation here wants to see it work.
        revocationsRefreshMs: 2_000,
        insecureRegistries: LOOPBACK,
      },
      dependencies('verifier'),
    ),
  );
  const routes = [
    ...under(certificateAuthority, [
      '/api/v2/signingCert',
      '/api/v2/trustBundle',
      '/api/v2/configuration',
      '/api/v1/signingCert',
      '/api/v1/rootCert',
      '/ca',
    ]),
    ...under(timestampAuthority, ['/api/v1/timestamp']),
    ...under(transparencyLog, [
      '/api/v1/log',
      '/api/v1/index',
      '/api/v2/log',
      '/api/v2/index',
      '/api/v2/checkpoint',
      '/api/v2/tile',
      '/checkpoint',
      '/tile',
      '/shards',
      '/ctlog',
      '/ct',
      '/ping',
    ]),
    ...under(signer, ['/api/v1/sign', '/api/v1/attest', '/signer']),
    ...under(verifier, [
      '/api/v1/verify',
      '/api/v1/policies',
      '/api/v1/policy-bindings',
      '/admission',
      '/trust',
      '/verifier',
    ]),
    ...under(images, ['/v2']),
    ...under(issuer, ['/issuers']),
  ];
  return { routes, certificateAuthority };
}

function under(service: Service, prefixes: readonly string[]): Route[] {
  return prefixes.map((prefix) => ({ prefix, service }));
}
