/** Somebody from outside may come in to a host. Networks are in CIDR form, such as "198.51.100.0/24" or "2001:db8::/32". */
export interface Opening {
  readonly protocol: "tcp" | "udp";
  readonly port: number;
  readonly from: readonly string[];
}

const ANYWHERE: readonly string[] = ["0.0.0.0/0", "::/0"];

/** What a host with an agent needs: Creel and its owner reach it over SSH, and all else is for the host itself to fetch. */
export const ONLY_SSH: readonly Opening[] = [{ protocol: "tcp", port: 22, from: ANYWHERE }];
