import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { createServer as createTls } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { PublishedFile } from "../api.ts";
import { zipOf } from "../weights/fixtures/zip.ts";
import { selfSigned } from "./fixtures/certificate.ts";
import {
  arrived,
  bring,
  client,
  content,
  eachWithHome,
  home,
  notices,
  open,
  other,
  published,
  sha256,
  sha256Text,
  unhashed,
  weights,
} from "./fixtures/pulling.ts";
import { sendFile } from "./fixtures/server.ts";
import { type PullItem, removePulled } from "./index.ts";

eachWithHome();

test("redirects are followed, across servers and with ranges", async () => {
  const behind = await open((request, response) =>
    sendFile(request, response, content, { breakAfter: 150_000, arrived }),
  );
  const server = await open((_, response) => response.writeHead(302, { location: `${behind.url}/x?key=1` }).end());
  await bring(published(server));
  expect(behind.requests).toEqual(["/x?key=1", "/x?key=1 bytes=150000-"]);
  expect(readFileSync(weights()).equals(content)).toBe(true);
});

test("redirects in circles end", async () => {
  const server = await open((request, response) => response.writeHead(307, { location: request.url! }).end());
  await expect(bring(published(server))).rejects.toThrow("the server redirects in circles");
});

test("a redirect to a file on this machine is no way in", async () => {
  const server = await open((_, response) => response.writeHead(302, { location: "file:///etc/passwd" }).end());
  await expect(bring(published(server))).rejects.toThrow("file:///etc/passwd: not a web address");
});

test("plain http without a known hash is refused before anything is asked", async () => {
  const server = await open((request, response) => sendFile(request, response, content));
  await expect(bring(unhashed(server))).rejects.toThrow("plain http, and the file's hash is not known");
  expect(server.requests).toEqual([]);
});

test("the first download pins its hash, and another file is refused from then on, also after a removal", async () => {
  let served = content;
  const server = await open((request, response) => sendFile(request, response, served));
  const insecure = { insecureHttp: true };
  expect(await bring(unhashed(server), insecure)).toMatchObject({ trust: "first download", sha256 });
  expect(await removePulled(home, unhashed(server).file)).toBe(content.length);
  expect(existsSync(weights())).toBe(false);
  served = other;
  await expect(bring(unhashed(server), insecure)).rejects.toThrow("the file is not what it must be");
  served = content;
  // A pinned hash is a known one.
  expect(await bring(unhashed(server))).toMatchObject({ trust: "first download", sha256 });
});

test("a mirror gives files under their own names, and a hash of the user's stands in for the published one", async () => {
  const server = await open((request, response) => sendFile(request, response, other));
  const given = createHash("sha256").update(other).digest("hex");
  const item: PullItem = { file: { id: "model", url: "https://example.org/a/model.pth", bytes: 5, sha256 } };
  const record = await bring(item, { mirror: `${server.url}/mirror`, sha256: given });
  expect(server.requests).toEqual(["/mirror/model.pth"]);
  expect(record).toMatchObject({ trust: "given", sha256: given });
  expect(readFileSync(weights()).equals(other)).toBe(true);
});

test("two pulls at once download once, and both have the file", async () => {
  const server = await open((request, response) => setTimeout(() => sendFile(request, response, content), 300));
  const [one, two] = await Promise.all([bring(published(server)), bring(published(server))]);
  expect(one).toEqual(two);
  expect(server.requests).toHaveLength(1);
  expect(notices.join()).toContain("another process is pulling it; waiting for that");
  expect(readFileSync(weights()).equals(content)).toBe(true);
});

test("a dataset's archive is unpacked into its group's folder, beside what is there", async () => {
  const archive = zipOf([
    { name: "val/1.jpg", content: "one" },
    { name: "__MACOSX/val/._1.jpg", content: "finder" },
  ]);
  const server = await open((request, response) => sendFile(request, response, archive));
  const file: PublishedFile = { id: "photos", url: `${server.url}/val.zip`, archive: "zip" };
  const record = await bring({ file, group: "set" }, { insecureHttp: true });
  expect(record.places).toEqual([{ path: join("datasets", "set", "val"), bytes: 3 }]);
  expect(readFileSync(join(home, "datasets", "set", "val", "1.jpg"), "utf8")).toBe("one");
  expect(readdirSync(join(home, "datasets", "set"))).toEqual(["val"]);
  await removePulled(home, file);
  expect(readdirSync(join(home, "datasets", "set"))).toEqual([]);
});

test("of an archive the hash of every file is kept, and one with another byte is brought anew", async () => {
  const archive = zipOf([
    { name: "annotations/instances.json", content: "{}" },
    { name: "val/1.jpg", content: "one" },
  ]);
  const server = await open((request, response) => sendFile(request, response, archive));
  const item: PullItem = {
    file: { id: "photos", url: `${server.url}/val.zip`, archive: "zip", sha256: sha256Text(archive) },
    group: "set",
  };
  const record = await bring(item);
  const list = readFileSync(join(home, "pulled", "photos.sha256"), "utf8");
  const lines = [
    [sha256Text("{}"), "datasets/set/annotations/instances.json"],
    [sha256Text("one"), "datasets/set/val/1.jpg"],
  ];
  expect(list).toBe(lines.map((line) => `${line.join("  ")}\n`).join(""));
  expect(record.listSha256).toBe(sha256Text(list));
  await bring(item);
  expect(server.requests).toHaveLength(1);
  for (const [file, text] of [
    [join("datasets", "set", "annotations", "instances.json"), "[]"],
    [join("pulled", "photos.sha256"), list.replace("val", "Val")],
  ] as const) {
    const whole = readFileSync(join(home, file));
    writeFileSync(join(home, file), text);
    server.requests.length = 0;
    await bring(item);
    expect(server.requests).toHaveLength(1);
    expect(readFileSync(join(home, file))).toEqual(whole);
  }
});

test("a checkpoint's archive gives the checkpoint, an archive without one is refused", async () => {
  const archives = [zipOf([{ name: "weights/best.pt", content }]), zipOf([{ name: "readme.txt", content: "none" }])];
  const server = await open((request, response) => sendFile(request, response, archives[Number(request.url![1])]!));
  const file = (n: number): PublishedFile => ({ id: `model${n}`, url: `${server.url}/${n}.pt.zip`, archive: "zip" });
  await bring({ file: file(0) }, { insecureHttp: true });
  expect(readFileSync(join(home, "checkpoints", "model0.pt")).equals(content)).toBe(true);
  await expect(bring({ file: file(1) }, { insecureHttp: true })).rejects.toThrow("nothing of use in it");
  expect(readdirSync(join(home, "checkpoints"))).toEqual(["model0.pt"]);
});

test("a certificate that nobody vouches for is refused, even where the environment says not to look", async () => {
  const server = createTls(selfSigned, (_, response) => response.end(content)).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
  onTestFinished(() => void vi.unstubAllEnvs());
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/model.pth`;
  await expect(bring({ file: { id: "model", url, sha256 } })).rejects.toThrow(
    "the server's certificate is not to be trusted",
  );
});

test("the proxy that the environment names is gone through", async () => {
  const server = await open((request, response) => sendFile(request, response, content));
  const through: string[] = [];
  const proxy = createServer().listen(0, "127.0.0.1");
  proxy.on("connect", (request, socket) => {
    through.push(request.url!);
    const [host, port] = request.url!.split(":");
    const target = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      target.pipe(socket).pipe(target);
    });
    for (const end of [socket, target]) end.on("error", () => undefined);
  });
  await once(proxy, "listening");
  onTestFinished(() => void proxy.close());
  vi.stubEnv("http_proxy", `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  vi.stubEnv("no_proxy", "");
  onTestFinished(() => void vi.unstubAllEnvs());
  await bring(published(server), { client: client(5000) });
  expect(through).toEqual([new URL(server.url).host]);
  expect(readFileSync(weights()).equals(content)).toBe(true);
});

test("a file that was cut since is pulled again, a damaged record is named", async () => {
  const server = await open((request, response) => sendFile(request, response, content));
  await bring(published(server));
  writeFileSync(weights(), content.subarray(0, 100));
  await bring(published(server));
  expect(readFileSync(weights()).equals(content)).toBe(true);
  writeFileSync(join(home, "pulled", "model.json"), "{");
  await expect(bring(published(server))).rejects.toThrow("model.json: damaged record of a download");
});

test("a file with one byte that differs is pulled again", async () => {
  const server = await open((request, response) => sendFile(request, response, content));
  await bring(published(server));
  const flipped = Buffer.from(content);
  flipped[100]! ^= 1;
  writeFileSync(weights(), flipped);
  await bring(published(server));
  expect(readFileSync(weights()).equals(content)).toBe(true);
});

test("a login of a mirror is sent to it, goes with no redirect to another server, and is shown and stored nowhere", async () => {
  const logins: (string | undefined)[] = [];
  const store = await open((request, response) => {
    logins.push(request.headers.authorization);
    sendFile(request, response, content);
  });
  const mirror = await open((request, response, nth) => {
    logins.push(request.headers.authorization);
    if (nth === 1) {
      response.destroy();
      return;
    }
    response
      .writeHead(302, { location: `${store.url.replace("//", "//key:topsecret@")}/file?signature=topsecret` })
      .end();
  });
  const record = await bring(published(mirror), { mirror: mirror.url.replace("//", "//user:topsecret@") });
  const mine = `Basic ${Buffer.from("user:topsecret").toString("base64")}`;
  expect(logins).toEqual([mine, mine, `Basic ${Buffer.from("key:topsecret").toString("base64")}`]);
  expect(record.url).toBe(`${mirror.url}/model.pth`);
  const stored = readdirSync(join(home, "pulled")).map((name) => readFileSync(join(home, "pulled", name), "utf8"));
  expect([...notices, ...stored].join("\n")).not.toContain("topsecret");
  expect(notices.join("\n")).toContain(`${mirror.url}/model.pth: `);
});

test.each([
  ["a refusal", (response: ServerResponse) => response.writeHead(403).end()],
  ["a web page", (response: ServerResponse) => response.writeHead(200, { "content-type": "text/html" }).end("<html>")],
  [
    "a redirect to nothing",
    (response: ServerResponse) => response.writeHead(302, { location: "http://u:topsecret@[" }).end(),
  ],
  ["another length", (response: ServerResponse) => response.writeHead(200, { "content-length": 7 }).end("topsecr")],
  [
    "another file",
    (response: ServerResponse) => response.writeHead(200, { "content-length": other.length }).end(other),
  ],
  ["a broken connection", (response: ServerResponse) => response.destroy()],
])("an error behind a signed redirect shows no secret: %s", async (_, answer) => {
  const store = await open((__, response) => void answer(response));
  const server = await open((__, response) => {
    response.writeHead(302, { location: `${store.url.replace("//", "//u:topsecret@")}/f?sig=topsecret` }).end();
  });
  const error = await bring(published(server)).catch((reason: unknown) => reason as Error & { hint?: string });
  expect(error).toBeInstanceOf(Error);
  expect([String(error), (error as { hint?: string }).hint, ...notices].join("\n")).not.toContain("topsecret");
  const left = readdirSync(join(home, "downloads")).map((name) =>
    readFileSync(join(home, "downloads", name), "latin1"),
  );
  expect(left.join("\n")).not.toContain("topsecret");
});

test("a mirror that is no address is shown without its login", async () => {
  const mirror = "https://user:topsecret@";
  const error = await bring({ file: { id: "model", url: "https://x.invalid/model.pth" } }, { mirror }).catch(String);
  expect(error).toContain("--mirror: not a web address (found https://");
  expect(error).not.toContain("topsecret");
});

test("a trickle is given up, although it brings something every time", async () => {
  const server = await open((request, response) => {
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    if (from > 0) response.setHeader("content-range", `bytes ${from}-${content.length - 1}/${content.length}`);
    response.writeHead(from === 0 ? 200 : 206, { "content-length": content.length - from });
    let at = from;
    const drip = setInterval(() => response.write(content.subarray(at, ++at)), 5);
    response.on("close", () => clearInterval(drip));
  });
  const pulled = bring(published(server), { slow: { bytes: 1000, ms: 100 } });
  await expect(pulled).rejects.toThrow(
    /the connection failed 3 times in a row \(found brought \d+ bytes in 0 s, less than 1000\)/,
  );
  expect(server.requests).toHaveLength(3);
});

test("a file of unknown length ends at the limit", async () => {
  const server = await open((_, response) => {
    response.writeHead(200);
    response.end(content);
  });
  await expect(bring(unhashed(server), { insecureHttp: true, mostBytes: 1000 })).rejects.toThrow(
    "the server sends more than the file (found over 1000 bytes)",
  );
});
