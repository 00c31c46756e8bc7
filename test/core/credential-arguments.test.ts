import { describe, expect, test } from "vitest";
import { hideCredentials } from "../../src/core/credential-shapes.ts";

const hide = (text: string) => hideCredentials(text, "[redacted]");

describe("what a program is given to let it in is hidden, by the option before it", () => {
  test.each([
    ["curl -u ada:hunter2 https://example.org", "curl -u ada:[redacted] https://example.org"],
    ["curl -uada:hunter2 -fsSL https://example.org", "curl -uada:[redacted] -fsSL https://example.org"],
    ["curl -fsSLu ada:pw https://example.org", "curl -fsSLu ada:[redacted] https://example.org"],
    ["curl -u 'ada:two words' -o x", "curl -u 'ada:[redacted]' -o x"],
    ['curl -u "ada:it\\"s" -o x', 'curl -u "ada:[redacted]" -o x'],
    ["curl -u ada:'two words' -o x", "curl -u ada:[redacted]' -o x"],
    ["curl -u ada:pa:ss,w;rd& -o x", "curl -u ada:[redacted] -o x"],
    ["curl --user ada:hunter2", "curl --user ada:[redacted]"],
    ["curl --user=ada:hunter2", "curl --user=ada:[redacted]"],
    ["curl --proxy-user ada:hunter2 -x proxy:3128", "curl --proxy-user ada:[redacted] -x proxy:3128"],
    ["curl -U ada:hunter2", "curl -U ada:[redacted]"],
    ["curl --cert client.pem:hunter2", "curl --cert client.pem:[redacted]"],
    ["curl -u \\\n  ada:hunter2 https://example.org", "curl -u \\\n  ada:[redacted] https://example.org"],
    ["sh -c 'curl -u ada:hunter2 https://example.org'", "sh -c 'curl -u ada:[redacted] https://example.org'"],
    [
      '{"args":["curl","-u","ada:hunter2","https://example.org"]}',
      '{"args":["curl","-u","ada:[redacted]","https://example.org"]}',
    ],
    ['"[\\"curl\\",\\"-u\\",\\"ada:hunter2\\"]"', '"[\\"curl\\",\\"-u\\",\\"ada:[redacted]\\"]"'],
    ["['curl', '--user', 'ada:hunter2']", "['curl', '--user', 'ada:[redacted]']"],
    ["http -a ada:hunter2 example.org", "http -a ada:[redacted] example.org"],
    ["smbclient //nas/x -U ada%hunter2", "smbclient //nas/x -U ada%[redacted]"],
    ["lftp -u ada,hunter2 ftp.example.org", "lftp -u ada,[redacted] ftp.example.org"],
    ["wget --user ada --password hunter2 x", "wget --user ada --password [redacted] x"],
    ["wget --http-password=pw x", "wget --http-password=[redacted] x"],
    ["wget --password 'two words' x", "wget --password [redacted]' x"],
    ['["wget", "--password", "hunter2", "x"]', '["wget", "--password", [redacted]", "x"]'],
    ["java -storepass hunter2 -keypass hunter3 x", "java -storepass [redacted] -keypass [redacted] x"],
    ["openssl enc -passin pass:hunter2 -in x", "openssl enc -passin [redacted] -in x"],
    ["tool --gatewayToken hunter2 --api-key hunter3", "tool --gatewayToken [redacted] --api-key [redacted]"],
    ["gpg --batch --passphrase hunter2 x", "gpg --batch --passphrase [redacted] x"],
    ["mysql -uroot -phunter2 shop", "mysql -uroot -p[redacted] shop"],
    ["mysqldump --host db -p'hunter 2' shop", "mysqldump --host db -p[redacted]' shop"],
    ["mariadb-admin -u root -pX status", "mariadb-admin -u root -p[redacted] status"],
    ['["mysql","-pX"]', '["mysql","-p[redacted]"]'],
    ["7z x -phunter2 a.7z", "7z x -p[redacted] a.7z"],
    ["sshpass -p hunter2 ssh ada@host", "sshpass -p [redacted] ssh ada@host"],
    ["sshpass -phunter2 ssh ada@host", "sshpass -p[redacted] ssh ada@host"],
    ['["sshpass","-p","hunter2","ssh"]', '["sshpass","-p",[redacted]","ssh"]'],
    ["docker login -u ada -p hunter2 registry", "docker login -u ada -p [redacted] registry"],
    ["mongosh -u ada -p hunter2 shop", "mongosh -u ada -p [redacted] shop"],
    ["redis-cli -h db -a hunter2 ping", "redis-cli -h db -a [redacted] ping"],
    ["ldapsearch -D cn=ada -w hunter2 -b dc=x", "ldapsearch -D cn=ada -w [redacted] -b dc=x"],
    ["unzip -P hunter2 a.zip", "unzip -P [redacted] a.zip"],
    ["htpasswd -bc users ada hunter2", "htpasswd -bc users ada [redacted]"],
    ["echo ada:hunter2 | sudo chpasswd", "echo ada:[redacted] | sudo chpasswd"],
    ["machine host login ada password hunter2", "machine host login ada password [redacted]"],
    ["ssh-keygen -t ed25519 -N hunter2 -f key", "ssh-keygen -t ed25519 -N [redacted] -f key"],
    ["echo hunter2 | docker login -u ada --password-stdin", "echo [redacted] | docker login -u ada --password-stdin"],
    ["echo -n 'hunter 2' | sudo -S id", "echo -n [redacted]' | sudo -S id"],
    ["cqlsh -u ada -p hunter2", "cqlsh -u ada -p [redacted]"],
    ["requirepass hunter2", "requirepass [redacted]"],
    ["CREATE USER x IDENTIFIED BY 'hunter2'", "CREATE USER x IDENTIFIED BY [redacted]'"],
    ["ALTER ROLE x PASSWORD 'hunter2';", "ALTER ROLE x PASSWORD [redacted]';"],
    ["aws configure set aws_secret_access_key hunter2", "aws configure set aws_secret_access_key [redacted]"],
    [
      "openclaw config set channels.telegram.botToken hunter2",
      "openclaw config set channels.telegram.botToken [redacted]",
    ],
    ["MYSQL_PWD=hunter2 SSHPASS=hunter3 DB_PASS=hunter4", "MYSQL_PWD=[redacted] SSHPASS=[redacted] DB_PASS=[redacted]"],
  ])("%j", (text, shown) => {
    expect(hide(text)).toBe(shown);
  });
});

describe("what only looks like such an option stays", () => {
  test.each([
    "podman exec -u 1000:1000 openclaw-gateway id",
    "docker run --user 0:0 x",
    "date -u +%H:%M",
    "mysql -p shop",
    "mysql -P 3306 -u root",
    "journalctl -u creel.service: it failed",
    "journalctl --user -u ada",
    "systemctl --user status",
    "Usage: openclaw gateway --token <token> --port 18789",
    "Set --token or --password to go on.",
    "tool --token --force",
    "git clone -b main https://example.org/x",
    "ssh -p 22 ada@host",
    "mkdir -p /tmp/x",
    "echo hello | cat",
    "the password is wrong",
    "--user https://example.org",
    "12:30:15 -u: unknown option",
  ])("%j", (text) => {
    expect(hide(text)).toBe(text);
  });
});
