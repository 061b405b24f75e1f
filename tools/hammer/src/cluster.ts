import { freePorts, Instance, installedLog, type LogKind, type Started } from '@sigstead/instance';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openFace } from './open-face.ts';
import type { Falls, Target } from './hammer.ts';

const READY_MS = 60_000;
const READY_POLL_MS = 50;

/** A log of our own with several replicas, on an instance in a temporary folder. */
export class Cluster implements Falls {
  /** Replicas that found no database when they were started, and were started again. */
  restarts = 0;
  readonly #instance: Instance;
  readonly #ports: readonly number[];
  /** In the order of the ports. */
  readonly #replicas: Started[] = [];

  private constructor(instance: Instance, ports: readonly number[]) {
    this.#instance = instance;
    this.#ports = ports;
  }

  static async start(replicas: number): Promise<Cluster> {
    const names = Array.from({ length: replicas }, (_, i) => `replica ${i}`);
    const cluster = new Cluster(await Instance.prepare(), Object.values(await freePorts(names)));
    try {
      for (let i = 0; i < replicas; i++) await cluster.#start(i);
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  async target(kind: LogKind): Promise<Target> {
    const log = await installedLog(this.#instance, kind);
    const authority = join(this.#instance.directory, 'certificate-authority');
    return {
      urls: this.#ports.map((port) => `http://127.0.0.1:${port}${log.prefix}`),
      face: await openFace({ ...log, kind, authority }),
      falls: this,
    };
  }

  /** Without warning; it is started again, and its address stays. */
  async kill(index: number): Promise<void> {
    await this.#replicas[index]?.stop('SIGKILL');
    await this.#start(index);
  }

  crashDatabase(): Promise<void> {
    return this.#instance.crashPostgres();
  }

  async untilReady(): Promise<void> {
    const deadline = Date.now() + READY_MS;
    for (const port of this.#ports) {
      while ((await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.ok !== true) {
        if (Date.now() > deadline) throw new Error(`a replica is not ready after ${READY_MS} ms`);
        await delay(READY_POLL_MS);
      }
    }
  }

  stop(): Promise<void> {
    return this.#instance.stop();
  }

  /** A replica that ends because it finds no database is started again, as any supervisor would do. */
  async #start(index: number): Promise<void> {
    const deadline = Date.now() + READY_MS;
    for (;;) {
      try {
        const port = this.#ports[index] as number;
        this.#replicas[index] = await this.#instance.startReplica('transparencyLog', port, {
          LOG_LEVEL: 'silent',
        });
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        this.restarts += 1;
      }
    }
  }
}
