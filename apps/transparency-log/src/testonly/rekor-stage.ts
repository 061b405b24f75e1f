import { makeAuthority } from './authority.ts';
import { startTestPostgres, type TestPostgres } from './postgres.ts';
import { RekorApi } from './rekor-api.ts';
import { install, startService, TREE_ID, type Installation, type RunningService } from './service.ts';

/** A PostgreSQL server and one service with a Rekor v1 log on it, for a whole spec. */
export class RekorStage {
  readonly api = new RekorApi(() => ({ url: this.url, treeId: TREE_ID, key: this.installation.rekorKey }));
  #postgres: TestPostgres | undefined;
  #installation: Installation | undefined;
  #running: RunningService | undefined;

  async start(): Promise<void> {
    this.#postgres = await startTestPostgres();
    this.#installation = await install(await makeAuthority());
    this.#running = await startService(
      this.#installation,
      (await this.#postgres.createDatabase()).serviceUrl,
    );
  }

  async stop(): Promise<void> {
    await this.#running?.service.close();
    await this.#installation?.remove();
    await this.#postgres?.stop();
  }

  get url(): string {
    return started(this.#running).url;
  }

  get installation(): Installation {
    return started(this.#installation);
  }

  get postgres(): TestPostgres {
    return started(this.#postgres);
  }
}

function started<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the stage was not started');
  return part;
}
