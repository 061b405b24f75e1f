import {
  debianProgram,
  goProgram,
  npmPackages,
  pythonProgram,
  type Place,
  type Recipe,
  type Tool,
} from './recipes.ts';

export type ToolName = 'cosign' | 'crane' | 'docker-registry' | 'sigstore-js' | 'sigstore-python' | 'skopeo';

/** Which versions of others' work the matrix is about. Debian's are those of the machine. */
const RECIPES: Readonly<Record<ToolName, Recipe>> = {
  cosign: goProgram('cosign', 'github.com/sigstore/cosign/v3/cmd/cosign', 'v3.1.2'),
  crane: goProgram('crane', 'github.com/google/go-containerregistry/cmd/crane', 'v0.22.1'),
  skopeo: debianProgram('skopeo'),
  'docker-registry': debianProgram('docker-registry'),
  'sigstore-js': npmPackages({
    '@sigstore/bundle': '5.0.1',
    '@sigstore/protobuf-specs': '0.5.2',
    '@sigstore/sign': '5.1.0',
    '@sigstore/verify': '4.1.3',
  }),
  'sigstore-python': pythonProgram('sigstore', '4.5.0'),
};

/** The tools that a run needs, each at hand or with the reason why it is not. */
export class Toolbox {
  readonly #tools: ReadonlyMap<ToolName, Tool>;

  private constructor(tools: ReadonlyMap<ToolName, Tool>) {
    this.#tools = tools;
  }

  /** Installs, one after the other, what is not there yet. */
  static async fill(names: ReadonlySet<ToolName>, place: Place): Promise<Toolbox> {
    const tools = new Map<ToolName, Tool>();
    for (const name of [...names].sort()) tools.set(name, await RECIPES[name](place));
    return new Toolbox(tools);
  }

  /** Why some of these cannot be used, undefined when all can. */
  missing(names: Iterable<ToolName>): string | undefined {
    for (const name of names) {
      const tool = this.#tools.get(name);
      if (tool === undefined || 'missing' in tool) return `${name}: ${tool?.missing ?? 'was not asked for'}`;
    }
    return undefined;
  }

  /** @throws Error when it is missing */
  path(name: ToolName): string {
    const tool = this.#tools.get(name);
    if (tool === undefined || 'missing' in tool) throw new Error(`${name} is not there`);
    return tool.path;
  }
}
