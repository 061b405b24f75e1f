import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts, start, type Started } from '@sigstead/instance';

const START_TIMEOUT_MS = 30_000;

/** Debian's docker-registry: Distribution, without the referrers API. */
export class Distribution {
  readonly url: string;
  readonly #process: Started;

  private constructor(url: string, process: Started) {
    this.url = url;
    this.#process = process;
  }

  /** @param directory for its configuration and what is pushed */
  static async start(program: string, directory: string): Promise<Distribution> {
    const { registry: port } = await freePorts(['registry']);
    const configuration = join(directory, 'config.yml');
    await writeFile(
      configuration,
      `version: 0.1
log: { level: warn }
storage: { filesystem: { rootdirectory: ${JSON.stringify(join(directory, 'storage'))} } }
http: { addr: "127.0.0.1:${port}" }
`,
    );
    const registry = new Distribution(`http://127.0.0.1:${port}`, start([program, 'serve', configuration]));
    try {
      await registry.#untilReady();
      return registry;
    } catch (error) {
      await registry.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#process.stop('SIGKILL');
  }

  async #untilReady(): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!(await fetch(`${this.url}/v2/`).catch(() => undefined))?.ok) {
      if (this.#process.process.exitCode !== null || performance.now() > deadline) {
        throw new Error(`docker-registry does not come up:\n${this.#process.stderr()}`);
      }
      await delay(25);
    }
  }
}
