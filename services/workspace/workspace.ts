/** A file that a new agent finds in its workspace. */
export interface WorkspaceFile {
  /** Relative, with `/` between names; no name is `.`, `..` or has a control character in it. At most 100 bytes. */
  readonly path: string;
  readonly content: Uint8Array;
  readonly executable: boolean;
}

/** What a folder holds, as it was in one look. */
export interface Workspace {
  /** Sorted by path. */
  readonly files: readonly WorkspaceFile[];
  /** What a person should know of them; a sentence each. */
  readonly warnings: readonly string[];
}

/** Folders on the machine that works for the agent. */
export interface Workspaces {
  /**
   * Reads the whole folder: at most 20 MB in 2000 files. Changes nothing, gives nothing from outside of it, and leaves out what is version control's.
   * @throws OpsError `config-invalid` that names what is not there, cannot be read, is too much, leads out of it, or is neither file nor folder.
   */
  read(folder: string, signal?: AbortSignal): Promise<Workspace>;
}
