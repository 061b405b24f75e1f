import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { DEFAULT_ADMISSION, environmentSchema } from '../config.ts';
import { knownKinds } from './pod-images.ts';

const FOLDER = resolve(import.meta.dirname, '../../../../deploy/kubernetes');

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

function manifests(file: string): Manifest[] {
  return parseAllDocuments(readFileSync(join(FOLDER, file), 'utf8'), { uniqueKeys: true, merge: true }).map(
    (document) => {
      expect(document.errors).toEqual([]);
      return document.toJS() as Manifest;
    },
  );
}

function one(file: string, kind: string): Manifest {
  const [found] = manifests(file).filter((manifest) => manifest.kind === kind);
  if (found === undefined) throw new Error(`${file} has no ${kind}`);
  return found;
}

interface Container {
  readonly image: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
}

interface Webhook {
  readonly failurePolicy: string;
  readonly sideEffects: string;
  readonly timeoutSeconds: number;
  readonly admissionReviewVersions: readonly string[];
  readonly clientConfig: {
    readonly service: { name: string; namespace: string; path: string; port: number };
  };
  readonly matchConditions: readonly { readonly name: string; readonly expression: string }[];
  readonly rules: readonly { apiGroups: string[]; operations: string[]; resources: string[] }[];
}

const containerOf = (manifest: Manifest): Container =>
  (manifest['spec'] as { template: { spec: { containers: [Container] } } }).template.spec.containers[0];
const webhook = (): Webhook =>
  (one('webhook.yaml', 'ValidatingWebhookConfiguration')['webhooks'] as [Webhook])[0];

describe('manifests for Kubernetes', () => {
  it('set only what the verifier knows', () => {
    const { env } = containerOf(one('verifier.yaml', 'Deployment'));
    const known = new Set([...Object.keys(environmentSchema.in.shape), 'LOG_LEVEL']);
    expect(env.map(({ name }) => name).filter((name) => !known.has(name))).toEqual([]);
  });

  it('lead from the API server to the port that the verifier listens on', () => {
    const { env, ports } = containerOf(one('verifier.yaml', 'Deployment'));
    const service = one('verifier.yaml', 'Service');
    const { clientConfig } = webhook();
    expect(clientConfig.service).toEqual({
      name: service.metadata.name,
      namespace: service.metadata.namespace,
      path: '/admission/validate',
      port: 443,
    });
    const [{ port, targetPort }] = (service['spec'] as { ports: [{ port: number; targetPort: string }] })
      .ports;
    expect(port).toBe(443);
    const listening = ports.find(({ name }) => name === targetPort)?.containerPort;
    expect(String(listening)).toBe(env.find(({ name }) => name === 'TLS_PORT')?.value);
  });

  it('fail closed, and leave the verifier time to say why', () => {
    const { failurePolicy, sideEffects, timeoutSeconds, admissionReviewVersions } = webhook();
    expect([failurePolicy, sideEffects, admissionReviewVersions]).toEqual(['Fail', 'None', ['v1']]);
    expect(timeoutSeconds * 1000).toBeGreaterThan(DEFAULT_ADMISSION.timeoutMs);
  });

  it('leave out nothing but updates that keep the specification, or the template of pods in it', () => {
    const kept = (path: string): string => {
      const parts = path.split('.').map((_, at, names) => `.${names.slice(0, at + 1).join('.')}`);
      const missing = ['object', 'oldObject'].flatMap((one) => parts.map((part) => `!has(${one}${part})`));
      return ["request.operation != 'UPDATE'", ...missing, `object.${path} != oldObject.${path}`].join(
        ' || ',
      );
    };
    expect(webhook().matchConditions.map(({ expression }) => expression)).toEqual([
      kept('spec'),
      kept('spec.template'),
    ]);
  });

  it('can be applied again without taking out the CA that was put in, and have a place for one', () => {
    expect(webhook().clientConfig).not.toHaveProperty('caBundle');
    const text = readFileSync(join(FOLDER, 'webhook.yaml'), 'utf8').replace(
      /# caBundle: .*/,
      'caBundle: QQ==',
    );
    expect(parseAllDocuments(text)[0]?.toJS()).toHaveProperty('webhooks.0.clientConfig.caBundle', 'QQ==');
  });

  it('keep the webhook from what it needs itself', () => {
    const { metadata } = one('namespace.yaml', 'Namespace') as { metadata: object };
    expect(metadata).toMatchObject({ labels: { 'sigstead.dev/admission': 'exempt' } });
    for (const file of ['migrate.yaml', 'verifier.yaml']) {
      expect(new Set(manifests(file).map(({ metadata: { namespace } }) => namespace))).toEqual(
        new Set(['sigstead']),
      );
    }
  });

  it('ask about every kind that the verifier knows, and about no other', () => {
    const asked = webhook().rules.flatMap(({ apiGroups, resources, operations }) => {
      expect(operations).toEqual(['CREATE', 'UPDATE']);
      return resources
        .filter((resource) => !resource.includes('/'))
        .map((resource) => `${apiGroups.join()}/${KINDS[resource] ?? resource}`);
    });
    expect(asked.sort()).toEqual([...knownKinds].sort());
  });

  it('name images by digest, as they ask of everybody', () => {
    for (const manifest of [one('verifier.yaml', 'Deployment'), one('migrate.yaml', 'Job')]) {
      expect(containerOf(manifest).image).toMatch(/@sha256:[0-9a-f]{64}$/);
    }
  });
});

const KINDS: Readonly<Record<string, string>> = {
  pods: 'Pod',
  podtemplates: 'PodTemplate',
  replicationcontrollers: 'ReplicationController',
  deployments: 'Deployment',
  replicasets: 'ReplicaSet',
  statefulsets: 'StatefulSet',
  daemonsets: 'DaemonSet',
  jobs: 'Job',
  cronjobs: 'CronJob',
};
