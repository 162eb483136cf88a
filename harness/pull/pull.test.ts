import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { createServer as createTls } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { PublishedFile } from "../api.ts";
import { integer, random } from "../stats/random.ts";
import { zipOf } from "../weights/fixtures/zip.ts";
import { selfSigned } from "./fixtures/certificate.ts";
import { breakWhen, sendFile, serve, type TestServer } from "./fixtures/server.ts";
import { openClient, type PullItem, type PullOptions, pull, removePulled, stateOf } from "./index.ts";

const stream = random(3, "pull.test");
const content = Buffer.from(Array.from({ length: 200_000 }, () => integer(stream, 256)));
const sha256 = createHash("sha256").update(content).digest("hex");
const other = Buffer.from(content.map((byte) => 255 - byte));

function sha256Text(bytes: string | Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

let home: string;
let notices: string[];
/** Bytes of the file that are on disk, as the pull under way says. */
let received: number;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "sam-bench-pull-"));
  notices = [];
  received = 0;
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

test("a file comes, is checked, is put in its place under its id, and is not asked for again", async () => {
  const server = await open((request, response) => sendFile(request, response, content));
  const record = await bring(published(server));
  expect(record).toMatchObject({ bytes: content.length, sha256, trust: "published" });
  expect(readFileSync(weights()).equals(content)).toBe(true);
  expect((await bring(published(server))).pulledAt).toBe(record.pulledAt);
  expect(server.requests).toEqual(["/weights/model.pth"]);
  expect(readdirSync(join(home, "downloads"))).toEqual([]);
});

test("a file that a killed pull put in its place and did not record is recognised by its hash", async () => {
  const server = await open((request, response) => sendFile(request, response, content));
  const record = await bring(published(server));
  const records = join(home, "pulled");
  for (const name of readdirSync(records)) rmSync(join(records, name));
  expect(await bring(published(server))).toMatchObject({ sha256, bytes: content.length, places: record.places });
  expect(server.requests).toHaveLength(1);
  expect((await stateOf(home, published(server).file)).state).toBe("here");
  for (const name of readdirSync(records)) rmSync(join(records, name));
  writeFileSync(weights(), other);
  await bring(published(server));
  expect(server.requests).toHaveLength(2);
  expect(readFileSync(weights()).equals(content)).toBe(true);
});

test("a connection that breaks again and again is made anew from where it broke", async () => {
  const server = await open((request, response) =>
    sendFile(request, response, content, { breakAfter: 60_000, arrived }),
  );
  await bring(published(server));
  expect(readFileSync(weights()).equals(content)).toBe(true);
  const starts = server.requests.map((each) => Number(/bytes=(\d+)-/.exec(each)?.[1] ?? 0));
  expect(starts).toEqual([0, 60_000, 120_000, 180_000]);
});

test("a server that brings nothing new is given up, and the next pull goes on from what came", async () => {
  let sick = true;
  const server = await open((request, response, nth) => {
    if (!sick) return sendFile(request, response, content);
    return nth === 1 ? sendFile(request, response, content, { breakAfter: 50_000, arrived }) : response.destroy();
  });
  await expect(bring(published(server))).rejects.toThrow("the connection failed 3 times in a row");
  expect(await stateOf(home, published(server).file)).toEqual({ state: "partial", bytes: 50_000 });
  sick = false;
  await bring(published(server));
  expect(server.requests.at(-1)).toBe("/weights/model.pth bytes=50000-");
  expect(readFileSync(weights()).equals(content)).toBe(true);
});

test("a server that ignores ranges begins anew, and the file is whole", async () => {
  const server = await open((request, response, nth) =>
    sendFile(request, response, content, { ranges: "no", ...(nth === 1 ? { breakAfter: 90_000, arrived } : {}) }),
  );
  await bring(published(server));
  expect(server.requests).toHaveLength(2);
  expect(readFileSync(weights()).equals(content)).toBe(true);
});

test("a server that ignores ranges and always breaks at one place is given up", async () => {
  const server = await open((request, response) =>
    sendFile(request, response, content, { ranges: "no", breakAfter: 90_000, arrived }),
  );
  await expect(bring(published(server))).rejects.toThrow("the connection failed 3 times in a row");
});

test("a file that changed meanwhile is taken as a whole, not glued to the old one's beginning", async () => {
  const server = await open((request, response, nth) =>
    nth === 1
      ? sendFile(request, response, other, { etag: '"old"', breakAfter: 90_000, arrived })
      : sendFile(request, response, content, { etag: '"new"' }),
  );
  await bring(published(server));
  expect(readFileSync(weights()).equals(content)).toBe(true);
});

test("two halves of different files are refused where the server does not tell them apart, and both are dropped", async () => {
  const server = await open((request, response, nth) =>
    sendFile(request, response, nth === 1 ? other : content, nth === 1 ? { breakAfter: 90_000, arrived } : {}),
  );
  await expect(bring(published(server))).rejects.toThrow("the file is not what it must be");
  expect(await stateOf(home, published(server).file)).toEqual({ state: "absent" });
  await bring(published(server));
  expect(readFileSync(weights()).equals(content)).toBe(true);
});

test("a silent server is asked again for the rest", async () => {
  const server = await open((request, response, nth) =>
    sendFile(request, response, content, nth === 1 ? { stallAfter: 70_000 } : {}),
  );
  await bring(published(server), { client: client(1000) });
  expect(server.requests).toEqual(["/weights/model.pth", "/weights/model.pth bytes=70000-"]);
  expect(readFileSync(weights()).equals(content)).toBe(true);
});

test("a server that says more than it sends is not believed", async () => {
  const server = await open((_, response) => {
    response.writeHead(200, { "content-length": content.length });
    response.write(content.subarray(0, 1000));
    breakWhen(() => arrived(1000), response);
  });
  await expect(bring(published(server))).rejects.toThrow("the connection failed 3 times in a row");
  expect(existsSync(weights())).toBe(false);
});

test("another length than published is refused before the first byte", async () => {
  const server = await open((request, response) => sendFile(request, response, content.subarray(1)));
  await expect(bring(published(server))).rejects.toThrow(
    "not the published file (found 199999 bytes, expected 200000 bytes)",
  );
  expect(await stateOf(home, published(server).file)).toEqual({ state: "absent" });
});

test("a server that says no length and sends without end is stopped at the published length", async () => {
  const server = await open((_, response) => {
    const more = () => {
      while (!response.destroyed && response.write(content));
    };
    response.on("drain", more);
    more();
  });
  await expect(bring(published(server))).rejects.toThrow("sends more than the file (found over 200000 bytes)");
});

test("a body without a length that ends too early is not the file", async () => {
  const server = await open((_, response) => {
    response.write(content.subarray(0, 1234));
    response.end();
  });
  await expect(bring(published(server))).rejects.toThrow("ended after 1234 of 200000 bytes");
});

test("another file of the same length is refused with both hashes and not kept", async () => {
  const server = await open((request, response) => sendFile(request, response, other));
  await expect(bring(published(server))).rejects.toThrow(`expected ${sha256}`);
  expect(existsSync(weights())).toBe(false);
  expect(readdirSync(join(home, "downloads"))).toEqual([]);
});

test.each([
  ["a web page", 200, { "content-type": "text/html; charset=utf-8" }, "the server sent a web page instead of the file"],
  ["a packed body", 200, { "content-encoding": "gzip" }, "the server packs the file on the way (gzip)"],
  ["not found", 404, {}, "the server does not give this file (found status 404)"],
  ["forbidden", 403, {}, "the server does not give this file (found status 403)"],
  ["busy", 503, {}, "the connection failed 3 times in a row (found status 503)"],
  ["a redirect to nowhere", 302, {}, "redirects to no address (found none)"],
])("%s is named", async (_, status, headers, message) => {
  const server = await open((_request, response) => response.writeHead(status, headers).end("<html>sign in</html>"));
  await expect(bring(published(server))).rejects.toThrow(message);
});

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
    response.writeHead(from === 0 ? 200 : 206, {
      "content-length": content.length - from,
      ...(from === 0 ? {} : { "content-range": `bytes ${from}-${content.length - 1}/${content.length}` }),
    });
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

const arrived = (bytes: number) => received >= bytes;
const weights = () => join(home, "checkpoints", "model.pth");

function published({ url }: TestServer): PullItem {
  return { file: { id: "model", url: `${url}/weights/model.pth`, bytes: content.length, sha256, licence: "MIT" } };
}

function unhashed({ url }: TestServer): PullItem {
  return { file: { id: "model", url: `${url}/weights/model.pth` } };
}

async function open(handler: Parameters<typeof serve>[0]): Promise<TestServer> {
  const server = await serve(handler);
  onTestFinished(() => server.close());
  return server;
}

function client(stallMs: number) {
  const opened = openClient({ stallMs });
  onTestFinished(() => opened.close());
  return opened;
}

function bring(item: PullItem, options: Partial<PullOptions> = {}) {
  return pull(item, {
    ...{ home, insecureHttp: false, attempts: 3, waitMs: 1 },
    progress(_, done) {
      received = done;
    },
    notice: (text) => void notices.push(text),
    ...options,
    client: options.client ?? client(5000),
  });
}
