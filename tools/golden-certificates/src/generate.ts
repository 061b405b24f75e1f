import type { KeyType } from '@sigstead/crypto';
import { makeAuthority, type Authority } from './authority.ts';
import { CertificateLog } from './certificate-log.ts';
import { makeClientKey, type ClientKey } from './client-key.ts';
import { Fulcio, FulcioRefusal, fulcioVersion, type FulcioAnswer } from './fulcio.ts';
import type { CaseGroup, ClientKeyKind, GoldenCase, RefusedConfiguration } from './golden-case.ts';
import { IssuerProxy } from './issuer-proxy.ts';
import { payloadOf, TokenIssuer } from './token-issuer.ts';
import type { ConfigurationVector, Vector, VectorConfiguration } from './vector.ts';

export interface GenerationPlan {
  /** Path of the fulcio program. */
  readonly program: string;
  /** Text of the public instance's configuration. */
  readonly publicConfiguration: string;
  readonly groups: readonly CaseGroup[];
  readonly refusedConfigurations: readonly RefusedConfiguration[];
  readonly clock: () => Date;
}

/** Everything Fulcio processes have in common. */
interface Surroundings extends GenerationPlan {
  readonly version: string;
  readonly proxy: IssuerProxy;
  readonly tokens: TokenIssuer;
  readonly log: CertificateLog;
  readonly authorityOf: (type: KeyType) => Promise<Authority>;
  readonly clientKeyOf: (kind: ClientKeyKind) => Promise<ClientKey>;
}

/** Asks Fulcio everything; vectors by folder, in the order of the cases. */
export async function generateVectors(plan: GenerationPlan): Promise<Map<string, Vector[]>> {
  const tokens = await TokenIssuer.make();
  const [proxy, log] = await Promise.all([IssuerProxy.start([tokens.jwk]), CertificateLog.start()]);
  try {
    const surroundings: Surroundings = {
      ...plan,
      version: fulcioVersion(plan.program),
      proxy,
      tokens,
      log,
      authorityOf: remembered((type: KeyType) => makeAuthority(type, plan.clock())),
      clientKeyOf: remembered(makeClientKey),
    };
    const vectors = new Map<string, Vector[]>();
    for (const { folder, cases } of plan.groups) vectors.set(folder, await askAll(cases, surroundings));
    vectors.set('configuration', await askConfigurations(plan.refusedConfigurations, surroundings));
    return vectors;
  } finally {
    await Promise.all([proxy.stop(), log.stop()]);
  }
}

/** One Fulcio for all cases of the same configuration, CA key and log. */
async function askAll(cases: readonly GoldenCase[], surroundings: Surroundings): Promise<Vector[]> {
  const vectors = new Map<GoldenCase, Vector>();
  for (const alike of groupAlike(cases)) {
    const [{ configuration = surroundings.publicConfiguration, authority: type = 'P-384', log }] = alike;
    const authority = await surroundings.authorityOf(type);
    const fulcio = await Fulcio.start({
      program: surroundings.program,
      configuration,
      authority,
      proxy: surroundings.proxy,
      log: log === true ? surroundings.log : undefined,
    });
    try {
      for (const one of alike) vectors.set(one, await ask(one, fulcio, authority, surroundings));
    } finally {
      await fulcio.stop();
    }
  }
  return cases.map((one) => vectors.get(one) as Vector);
}

function groupAlike(cases: readonly GoldenCase[]): [GoldenCase, ...GoldenCase[]][] {
  const groups = new Map<string, [GoldenCase, ...GoldenCase[]]>();
  for (const one of cases) {
    const key = JSON.stringify([one.configuration, one.authority, one.log]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups.values()];
}

async function ask(
  one: GoldenCase,
  fulcio: Fulcio,
  authority: Authority,
  { version, proxy, tokens, log, clientKeyOf, clock }: Surroundings,
): Promise<Vector> {
  const now = new Date(Math.floor(clock().getTime() / 1000) * 1000);
  const payload = payloadOf(one, now);
  const key = await clientKeyOf(one.key ?? 'P-256');
  proxy.issuer = String(one.claims['iss']);
  const { status, body } = await fulcio.certify(await tokens.sign(payload), key.signingRequest);
  const request = {
    name: one.name,
    fulcioVersion: version,
    configuration: configurationOf(one),
    requestedAt: now.toISOString(),
    claims: JSON.parse(payloadOf({ ...one, edit: (text) => text }, now)),
    ...(one.edit === undefined ? {} : { payload }),
  };
  if (status !== 200) return { ...request, refusal: { status, message: body.message ?? '' } };
  return {
    ...request,
    publicKey: `${key.publicKey}\n`,
    certificate: `${leafOf(body)}\n`,
    issuingCertificate: authority.chain[0].toPem(),
    ...(one.log === true
      ? { precertificate: log.precertificate?.toPem() ?? '', logKey: log.signer.publicKey.toPem() }
      : {}),
  };
}

function leafOf(body: FulcioAnswer['body']): string {
  const answer = body.signedCertificateEmbeddedSct ?? body.signedCertificateDetachedSct;
  const leaf = answer?.chain.certificates[0];
  if (leaf === undefined) throw new Error('Fulcio answered without a certificate');
  return leaf;
}

async function askConfigurations(
  refused: readonly RefusedConfiguration[],
  { program, version, proxy, authorityOf }: Surroundings,
): Promise<ConfigurationVector[]> {
  const vectors: ConfigurationVector[] = [];
  for (const { name, configuration } of refused) {
    const message = await refusalOf({ program, configuration, authority: await authorityOf('P-384'), proxy });
    if (message === undefined) throw new Error(`Fulcio started with the configuration ${name}`);
    vectors.push({
      name,
      fulcioVersion: version,
      configuration: { text: configuration },
      refusal: { message },
    });
  }
  return vectors;
}

async function refusalOf(settings: Parameters<typeof Fulcio.start>[0]): Promise<string | undefined> {
  try {
    const fulcio = await Fulcio.start(settings);
    await fulcio.stop();
    return undefined;
  } catch (error) {
    if (error instanceof FulcioRefusal) return error.message;
    throw error;
  }
}

function configurationOf({ configuration }: GoldenCase): VectorConfiguration {
  return configuration === undefined ? { public: true } : { text: configuration };
}

function remembered<K, V>(make: (key: K) => Promise<V>): (key: K) => Promise<V> {
  const known = new Map<K, Promise<V>>();
  return (key) => {
    const value = known.get(key) ?? make(key);
    known.set(key, value);
    return value;
  };
}
