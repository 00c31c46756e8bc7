/** A file that a new agent finds in its workspace. */
export interface WorkspaceFile {
  /** Relative, with `/` between names; no name is `.`, `..` or has a control character in it. At most 255 bytes, each name at most 100. */
  readonly path: string;
  readonly content: Uint8Array;
  readonly executable: boolean;
}

/** What a folder holds, as it was in one look. */
export interface Workspace {
  /** Sorted by path. */
  readonly files: readonly WorkspaceFile[];
  /** What was left out, and what a person should know of what was not; a sentence each. */
  readonly notes: readonly string[];
}

/** Folders on the machine that works for the agent. The contract suite in `test/contract/workspace.ts` holds for every implementation. */
export interface Workspaces {
  /**
   * Reads the whole folder: at most 20 MB in 2000 files. Changes nothing, follows nothing out of it, and leaves out what belongs to version control.
   * @throws OpsError `config-invalid` that names the file: not there, not to be read, too large, neither file nor folder, or a link out of it.
   */
  read(folder: string, signal?: AbortSignal): Promise<Workspace>;
}
