/** What somebody is asked for where nobody else reads along. Strings are Creel's own. */
export interface PrivateQuestion {
  /** Such as `The key for OpenAI`. At most 45 characters: Discord's dialogs take no more. */
  readonly title: string;
  /** What it is for, and where one gets it: a sentence or two. */
  readonly text: string;
  /** How to say where it is instead, such as `key:vault:NAME`, for who cannot be asked. */
  readonly instead: string;
}
